"""Worker processes and the files that kill them: a parser that crashes, one that never returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from repositories import own_home, repository

from codesearch.config import Settings
from codesearch.errors import CodesearchError
from codesearch.index import Index
from codesearch.ingest import pool
from codesearch.model import SearchRequest

CRASH = "import os\n\n\ndef language():\n    os.abort()\n"
# Holds the interpreter's lock as a parser does: no thread of Python's could end this.
HANG = "import ctypes\n\n\ndef language():\n    ctypes.PyDLL(None).pause()\n"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], Index]]:
    body = "\n".join(f"def double_{i}(a):\n    return a + a * {i}\n" for i in range(700))
    sources: dict[str, str | bytes] = {f"m{i:02}.py": body for i in range(80)}
    for name in ("b.lua", "m40.lua"):
        sources[name] = "function anchor_harbour(ship)\n  return ship.moored\nend\n"
    with own_home(tmp_path / "home"):
        repository(tmp_path / "tree", sources)
        settings = Settings(index_home=tmp_path / "index", jobs=2)
        yield lambda: Index.open(tmp_path / "tree", settings)


@pytest.fixture
def lua_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a module in the place of Lua's parser, for workers begun from now on."""

    def put(source: str) -> None:
        (tmp_path / "parsers").mkdir()
        (tmp_path / "parsers" / "tree_sitter_lua.py").write_text(source)
        monkeypatch.syspath_prepend(str(tmp_path / "parsers"))

    return put


@pytest.mark.parametrize("how", [CRASH, HANG], ids=["crashes", "hangs"])
def test_files_that_kill_their_worker_are_cut_without_their_parser(
    opened: Callable[[], Index],
    lua_is: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    lua_is(how)
    monkeypatch.setattr(pool, "_SECONDS", 2.0)
    monkeypatch.setattr(pool, "_BATCH_FILES", 4)
    report = opened().update()
    assert report.added == 82
    index = opened()
    found = index.search(SearchRequest("anchor_harbour", top_k=2)).hits
    assert {hit.chunk.path for hit in found} == {"b.lua", "m40.lua"}
    assert {hit.chunk.kind for hit in found} == {"text"}
    assert index.search(SearchRequest("double_699")).hits
    assert index.update().changed == 0


def test_workers_that_always_die_are_told(
    opened: Callable[[], Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_SECONDS", 1e-6)
    with pytest.raises(CodesearchError, match=r"ended before its work was done, at .*\.(py|lua)$"):
        opened().update()
