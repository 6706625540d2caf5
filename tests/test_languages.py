"""Which language a file is in, and grammars that say what is wrong with them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesearch import languages
from codesearch.errors import GrammarError
from codesearch.languages import grammars as files


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("a/b.py", "", "python"),
        ("A.PY", "", "python"),
        ("stubs/a.pyi", "", "python"),
        ("wscript", "", "python"),
        ("a.jsx", "", "javascript"),
        ("a.d.ts", "", "typescript"),
        ("a.tsx", "", "tsx"),
        ("a.ts", '<?xml version="1.0"?>\n<TS>', "text"),  # a translation of Qt
        ("a.go", "", "go"),
        ("a.c", "", "c"),
        ("a.C", "", "cpp"),
        ("README.md", "", "markdown"),
        ("index.rst", "", "restructuredtext"),
        ("Makefile", "", "text"),
        ("a.unknown", "", "text"),
        ("py", "", "text"),
        ("a.", "", "text"),
        ("", "", "text"),
        ("dir.py/file", "", "text"),
        ("run", "#!/usr/bin/env python3\n", "python"),
        ("run", "#!/usr/bin/env -S python3 -u\n", "python"),
        ("run", "#!/usr/bin/env -S PATH=/x python3.11\n", "python"),
        ("run", "#! /usr/local/bin/node --harmony\n", "javascript"),
        ("run", "#!\n", "text"),
        ("run", "#!/usr/bin/env\n", "text"),
        ("run", "#!/bin/unheard-of\n", "text"),
        ("run.txt", "#!/usr/bin/python\n", "python"),
        ("a.go", "#!/usr/bin/python\n", "go"),  # the ending knows better
        ("bad\udcff.py", "", "python"),
    ],
)
def test_language_by_name_ending_and_shebang(path: str, head: str, language: str) -> None:
    assert languages.detect(path, head) == language
    assert languages.detect(path, head.encode()) == language


@pytest.mark.parametrize(
    ("head", "language"),
    [
        ("", "c"),
        ("#include <stdio.h>\nint open(const char *path);\nstruct a { int x; };\n", "c"),
        ('/* a class: std::string */\n#define A "std::x"\nint a;\n', "c"),
        ("#pragma once\nnamespace a {\n}\n", "cpp"),
        ("class Store {\n public:\n  int x;\n};\n", "cpp"),
        ("template <typename T>\nT max(T a, T b);\n", "cpp"),
        ("#include <vector>\n", "cpp"),
        ("inline void f() { std::sort(); }\n", "cpp"),
        ("class Store;\nusing Key = int;\n", "cpp"),
        ("#import <Foundation/Foundation.h>\n@interface Store : NSObject\n@end\n", "objective-c"),
    ],
)
def test_headers_are_told_apart_by_their_content(head: str, language: str) -> None:
    assert languages.detect("src/a.h", head) == language
    assert languages.detect("src/a.h", head.encode()) == language


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("src/a.py", True), ("A.PY", True), ("a.h", True), ("bin/run", True), ("Makefile", True),
        ("a.tar.gz", False), ("po/de.mo", False), (".hidden", False), ("a.py/b.png", False),
    ],
)  # fmt: skip
def test_a_name_tells_what_cannot_be_code(path: str, may: bool) -> None:
    assert languages.may_be_code(path) is may


def test_head_beyond_its_size_is_not_looked_at() -> None:
    assert languages.detect("a.h", "\n" * languages.HEAD + "namespace a {\n") == "c"


def test_every_ending_has_one_language_without_a_condition_at_most() -> None:
    claims: dict[str, list[str]] = {}
    for name in languages.names():
        grammar = languages.grammar(name)
        for ending in grammar.extensions:
            if ending not in grammar.contents:
                claims.setdefault(ending, []).append(name)
        assert set(grammar.contents) <= set(grammar.extensions)
    assert {e: names for e, names in claims.items() if len(names) > 1} == {}


def test_heads_hold_all_that_detection_needs() -> None:
    for name in languages.names():
        text = (languages.folder() / f"{name}.toml").read_text(encoding="utf-8")
        head = tomllib.loads(text.partition("\n\n")[0])
        whole = tomllib.loads(text)
        for key in ("name", "aliases", "extensions", "files", "shebangs", "contents"):
            assert head.get(key) == whole.get(key), f"{name}: {key} is not in the first paragraph"


def test_names_aliases_and_near_misses() -> None:
    assert languages.canonical("PY") == "python"
    assert languages.canonical("ts") == "typescript"
    assert languages.canonical("c++") == "cpp"
    assert languages.canonical("rs") == "rust"
    assert languages.canonical("text") == "text"
    assert languages.grammar("js") is languages.grammar("javascript")
    with pytest.raises(GrammarError, match="'pythn'") as error:
        languages.canonical("pythn")
    assert error.value.hint == "did you mean python?"
    with pytest.raises(GrammarError, match="plain text"):
        languages.grammar("text")


def test_aliases_are_no_other_language() -> None:
    seen: dict[str, str] = {}
    for name in languages.names():
        for spelling in (name, *languages.grammar(name).aliases):
            assert seen.setdefault(spelling, name) == name, spelling
            assert spelling == spelling.lower()


def test_detection_imports_no_parser() -> None:
    code = (
        "import sys\n"
        "from codesearch import languages\n"
        "assert languages.detect('a.py') == 'python'\n"
        "assert languages.digest()\n"
        "print([m for m in sys.modules if m.startswith('tree_sitter')])\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.fixture
def grammars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in place of the project's grammars."""
    caches = (languages._table, files.load, files.sources)
    for cached in caches:
        cached.cache_clear()
    monkeypatch.setattr(files, "folder", lambda: tmp_path)
    yield tmp_path
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


HEAD = 'name = "x"\nextensions = ["x"]\n\nparser = "tree_sitter_python"\n'


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("name = ", "grammars/x.toml is no TOML", ""),
        (HEAD + 'definitons = ""\n', "unknown key 'definitons'", "did you mean definitions?"),
        (HEAD + "[duplicates]\nliteral = []\n", "unknown key 'literal'", "did you mean literals?"),
        ('name = "y"\n\nparser = "z"\n', "name is 'y'", ""),
        ('name = "x"\n', "needs one of parser, sections and statements", ""),
        (HEAD + 'extends = "y"\n', "there is no grammar 'y'", ""),
    ],
)
def test_wrong_grammar_file_says_what_is_wrong(
    grammars: Path, text: str, message: str, hint: str
) -> None:
    (grammars / "x.toml").write_text(text)
    with pytest.raises(GrammarError, match=message) as error:
        languages.grammar("x")
    assert error.value.hint == hint


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ("(no_such_node) @definition.function", "definitions: Invalid node type"),
        ("(module", "definitions: "),
        ("(module) @definition.klass", "unknown capture @definition.klass"),
        ("(module) @nmae", "unknown capture @nmae"),
    ],
)
def test_wrong_query_says_what_is_wrong(grammars: Path, definitions: str, message: str) -> None:
    (grammars / "x.toml").write_text(f"{HEAD}definitions = '{definitions}'\n")
    with pytest.raises(GrammarError, match=message):
        _ = languages.grammar("x").query


def test_missing_parser_says_how_to_get_it(grammars: Path) -> None:
    (grammars / "x.toml").write_text('name = "x"\n\nparser = "tree_sitter_missing"\n')
    with pytest.raises(GrammarError, match="the parser of x cannot be loaded") as error:
        _ = languages.grammar("x").language
    assert error.value.hint == "install it with: pip install --upgrade tree-sitter-missing"


def test_no_grammars_at_all(grammars: Path) -> None:
    with pytest.raises(GrammarError, match="no grammars in"):
        languages.names()


def test_extending_takes_keys_and_puts_own_patterns_first(grammars: Path) -> None:
    (grammars / "base.toml").write_text(
        'name = "base"\naliases = ["b"]\nextensions = ["b"]\n\nparser = "p"\ntrivia = "t"\n'
        'definitions = "old"\n[duplicates]\nidentifiers = ["i"]\nliterals = ["l"]\n'
    )
    (grammars / "x.toml").write_text(
        'name = "x"\nextensions = ["x"]\n\nextends = "base"\nentry = "other"\n'
        'definitions = "new"\n[duplicates]\nliterals = ["own"]\n'
    )
    grammar = languages.grammar("x")
    assert (grammar.parser, grammar.entry, grammar.trivia) == ("p", "other", "t")
    assert (grammar.aliases, grammar.extensions) == ((), ("x",))
    assert grammar.definitions.split() == ["new", "old"]
    assert grammar.duplicates.identifiers == ("i",)
    assert grammar.duplicates.literals == ("own",)


def test_digest_is_of_what_makes_chunks(grammars: Path) -> None:
    def digest(text: str) -> str:
        (grammars / "x.toml").write_text(text)
        files.sources.cache_clear()
        return languages.digest()

    first = digest(HEAD)
    assert digest(f"{HEAD}\n[[example]]\nsource = 'other'\n") == digest(f"{HEAD}\n")
    assert digest(f"{HEAD}trivia = 'x'\n") != first
