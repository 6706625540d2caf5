"""The rules of ARCHITECTURE.md: one direction of imports, one owner a library, short files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "codesearch"

# A module imports only from a lower row; a module named here as a folder stands for all in it.
ROWS: list[set[str]] = [
    {"model", "errors"},
    {"config", "fingerprint", "imports", "languages", "paths", "places", "terms"},
    {"remote"},
    {"gemini"},
    {"files", "chunking", "segment", "rank", "store", "embedding", "snippet"},
    {"ingest", "search", "asking"},
    {"duplicates"},
    {"freshness"},
    {"index"},
    {"protocol", "output", "watch", "server"},
    {"report"},
    {"lsp"},
    {"cli"},
]
ROW = {name: row for row, names in enumerate(ROWS) for name in names}

OWNERS = {
    "lancedb": {"store"},
    "pyarrow": {"store"},
    "tree_sitter": {"languages", "chunking"},
    "click": {"cli"},
    "platformdirs": {"places"},
    "filelock": {"store"},
    "pygments": {"output", "report"},
    "watchdog": {"watch"},
    "pygls": {"lsp"},
    "lsprotocol": {"lsp"},
    "google": {"gemini"},
    "detect_secrets": {"remote"},
    "tenacity": {"remote"},
    "sqlite3": {"remote"},
    "openai": {"embedding"},
    "model2vec": {"embedding"},
    "sentence_transformers": {"embedding"},
}
MAX_LINES = 400

FILES = sorted(PACKAGE.rglob("*.py"))


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(file: Path) -> Iterator[tuple[str, bool]]:
    """Every module that a file imports, with whether the import is inside a function."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            for alias in node.names:
                whole = node.module or ""
                yield (
                    (f"{whole}.{alias.name}" if whole == "codesearch" else whole),
                    (id(node) in inside),
                )


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_go_down(file: Path) -> None:
    own = room(file)
    if own in {"__init__", "__main__"}:
        return
    assert own in ROW, f"{own} has no row: give it one in ARCHITECTURE.md and here"
    for name, _inside in imports(file):
        if not name.startswith("codesearch."):
            continue
        other = name.split(".")[1]
        if other == "__version__":
            continue
        if other == own:
            assert file.parent != PACKAGE, f"{file} imports itself"
            continue
        assert ROW[other] < ROW[own], f"{own} may not import {other}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_heavy_libraries_have_one_owner_and_are_imported_on_use(file: Path) -> None:
    for name, inside in imports(file):
        library = name.split(".")[0]
        owners = OWNERS.get(library)
        if owners is None:
            continue
        assert room(file) in owners, f"{file} imports {library}; only {owners} may"
        # The vault and the language server are imported on use as a whole.
        if library not in {"click", "sqlite3", "pygls", "lsprotocol"}:
            assert inside or _type_checking_only(file, name), f"{file}: import {name} on use"


def _type_checking_only(file: Path, name: str) -> bool:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import) and name in {a.name for a in inner.names}:
                    return True
                if isinstance(inner, ast.ImportFrom) and inner.module == name:
                    return True
    return False


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_files_are_short_and_say_what_they_are(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES, f"{file} has outgrown one job"
    assert ast.get_docstring(ast.parse(text)), f"{file} does not say what this room does"


def test_environment_is_read_in_one_place() -> None:
    readers = {room(f) for f in FILES if "os.environ" in f.read_text(encoding="utf-8")}
    # The server's client can't wait for anything to be imported.
    assert readers <= {"config", "server"}
