"""Collect and extract: from an archive to a package's file of functions with questions."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import zstandard

from training import collect, extract
from training.collect import Collector, Package
from training.package import Record, records

LIBRARY = b'''"""Things."""


def parse_number(text):
    """Read a number from a :class:`str`.

    :param text: what to read
    """
    if not text:
        raise ValueError("there is no number in the text")
    return int(text)


def total(lines):
    # Only lines that hold something are counted
    numbers = [parse_number(line) for line in lines]
    return sum(numbers)


class Reader:
    """Reads numbers from many files."""

    def close(self):
        self.file.close()
        self.file = None
'''
TESTS = b"""
def test_rejects_text_without_digits():
    with raises(ValueError):
        parse_number("")
"""
README = b"""# Things

To read one number, give its text:

```python
parse_number("1")
```
"""
CHANGES = b"""# Changes

- `total()` now ignores lines that are empty (#12)
- Speed of `total()` and `parse_number()` is better
"""
FILES = {
    "package.json": b'{"name": "things", "version": "1.0.0", "license": "MIT"}',
    "things/numbers.py": LIBRARY,
    "things/copy.py": LIBRARY,
    "tests/test_numbers.py": TESTS,
    "README.md": README,
    "CHANGELOG.md": CHANGES,
    "things/_vendor/other.py": b"def vendored(a):\n    '''Is somebody's vendored code.'''\n",
    "deps/requests/api.py": b"def get(a):\n    '''Sends a request to a server.'''\n    return a\n",
    "things/made.py": b"# @generated\ndef made(a):\n    '''Was made by a tool.'''\n    return a\n",
    "node_modules/x/index.js": b"/** Adds two numbers. */\nfunction add(a, b) { return a + b; }",
}


def tarball(file: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file


def by_symbol(found: Sequence[Record]) -> dict[str, Record]:
    return {record.symbol: record for record in found}


def test_a_package_gives_functions_with_questions_of_every_kind(tmp_path: Path) -> None:
    found = by_symbol(records(tarball(tmp_path / "things-1.tgz", FILES)))
    assert sorted(found) == ["Reader", "Reader.close", "parse_number", "total"]
    assert sorted(found["parse_number"].questions) == [
        ("call", "Only lines that hold something are counted"),
        ("doc", "Read a number from a str."),
        ("error", "there is no number in the text"),
        ("readme", "To read one number, give its text"),
        ("test", "rejects text without digits"),
    ]
    assert found["total"].questions == [("changelog", "total() now ignores lines that are empty")]
    assert found["Reader"].questions == [("doc", "Reads numbers from many files.")]
    assert found["Reader.close"].questions == []
    assert '"""' not in found["parse_number"].code


def test_definitions_get_the_docs_of_their_declarations(tmp_path: Path) -> None:
    files = {
        "include/a.h": b"/* Opens the store for reading. */\nint store_open(struct store *s);\n\n"
        b"/* Is declared and nowhere defined. */\nint store_lost(struct store *s, int flags);\n",
        "src/a.c": b"int store_open(struct store *s)\n{\n\treturn s->open(s);\n}\n",
    }
    found = by_symbol(records(tarball(tmp_path / "a.tgz", files)))
    assert found["store_open"].path == "src/a.c"
    assert found["store_open"].questions == [("doc", "Opens the store for reading.")]
    assert found["store_lost"].questions == [("doc", "Is declared and nowhere defined.")]


def test_of_two_builds_of_a_source_one_is_kept(tmp_path: Path) -> None:
    code = b"/** Adds two numbers to one. */\n%sfunction add(a, b) {\n  return a + b;\n}\n"
    files = {"dist/cjs/add.js": code % b"", "src/add.js": code % b"export "}
    found = records(tarball(tmp_path / "a.tgz", files))
    assert [record.path for record in found] == ["src/add.js"]


def test_tests_inside_a_module_are_questions_and_no_answers(tmp_path: Path) -> None:
    code = b"""
fn shorten(text: &str) -> &str {
    text.split(' ').next().unwrap()
}

#[cfg(test)]
mod tests {
    #[test]
    fn keeps_only_the_first_word() {
        assert_eq!(super::shorten("a b"), "a");
    }
}
"""
    found = by_symbol(records(tarball(tmp_path / "a.tgz", {"src/lib.rs": code})))
    assert list(found) == ["shorten"]
    assert found["shorten"].questions == [("test", "keeps only the first word")]


def client(archives: Path) -> collect.Client:
    """A registry that has what lies in a folder."""

    def get(folder: Path, wanted: Sequence[tuple[str, str]]) -> Mapping[str, Path | str]:
        found: dict[str, Path | str] = {}
        for name, version in wanted:
            file = archives / f"{name}-{version}.tgz"
            if file.exists():
                found[name] = folder / file.name
                (folder / file.name).write_bytes(file.read_bytes())
        return found

    return get


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    folder = tmp_path / "registry"
    folder.mkdir()
    tarball(folder / "things-1.0.0.tgz", FILES)
    gpl = FILES["package.json"].replace(b"MIT", b"GPL-3.0")
    tarball(folder / "copyleft-1.0.0.tgz", {**FILES, "package.json": gpl})
    fork = b'{"name": "x", "license": "MIT", "repository": "https://h.org/pallets/flask"}'
    tarball(folder / "fork-1.0.0.tgz", {**FILES, "package.json": fork})
    return folder


def test_only_what_is_permissive_and_not_excluded_is_kept(tmp_path: Path, registry: Path) -> None:
    packages = [Package("npm", n, "1.0.0") for n in ("copyleft", "fork", "missing", "things")]
    failed = collect.run(tmp_path, packages, lambda _name, _work: client(registry))
    manifest = collect.read_manifest(tmp_path / "archives" / "manifest.jsonl")
    statuses = {entry.name: entry.status for entry in manifest.values()}
    assert failed == 1
    assert statuses == {
        "things": "ok",
        "copyleft": "refused: licence is not known to be permissive",
        "fork": "refused: belongs to flask",
        "missing": "failed: not served",
    }
    kept = [file.name for file in (tmp_path / "archives" / "npm").iterdir()]
    assert kept == ["things-1.0.0.tgz"]
    # What failed is tried again, what was refused or is there is not.
    again = Collector(tmp_path).wanted(packages)
    assert [package.name for package in again] == ["missing"]


def test_a_line_of_the_manifest_that_a_crash_cut_off_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / "manifest.jsonl").write_text('{"registry": "np', encoding="utf-8")
    collector = Collector(tmp_path)
    collector.fetch([Package("npm", "a", "1")], lambda _folder, _wanted: {})
    assert [entry.name for entry in Collector(tmp_path).known.values()] == ["a"]


def test_a_listed_package_must_not_be_excluded(tmp_path: Path) -> None:
    (tmp_path / "npm.txt").write_text("things 1.0.0 MIT\nexpress 4.0.0 MIT\n", encoding="utf-8")
    with pytest.raises(ValueError, match="express"):
        collect.listed(tmp_path)


def test_a_judgement_by_hand_counts_for_the_licence_and_the_size_only(
    tmp_path: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = b'{"name": "x", "license": "GPL-3.0", "repository": "https://h.org/pallets/flask"}'
    tarball(registry / "fork-1.0.0.tgz", {**FILES, "package.json": fork})
    (registry / "broken-1.0.0.tgz").write_bytes(b"broken")
    names = ("broken", "copyleft", "fork", "things")
    unclear = "refused: licence is not known to be permissive"

    def statuses(by_hand: str) -> dict[str, tuple[str, str]]:
        packages = [Package("npm", name, "1.0.0", "ISC", by_hand) for name in names]
        collect.run(tmp_path, packages, lambda _name, _work: client(registry))
        assert not Collector(tmp_path).wanted(packages)
        manifest = collect.read_manifest(tmp_path / "archives" / "manifest.jsonl")
        return {entry.name: (entry.status, entry.licence) for entry in manifest.values()}

    monkeypatch.setattr(collect, "MAX_ARCHIVE", 1)
    assert {status for status, _ in statuses("").values()} == {"refused: too large"}
    # What was refused is looked at again when it has been judged.
    assert statuses("its catalogues are") == {
        "broken": ("refused: has no name that exclusions could be checked by", ""),
        "copyleft": ("ok by hand", "ISC"),
        "fork": ("refused: belongs to flask", ""),
        "things": ("ok by hand", "MIT"),
    }
    # Its code was not judged, and is not taken even where a list of code names it.
    assert extract.run(tmp_path, 1, listing(tmp_path, "things 1.0.0 MIT")) == 0
    assert not list((tmp_path / "functions").rglob("*.zst"))
    # And when the judgement is withdrawn.
    monkeypatch.setattr(collect, "MAX_ARCHIVE", 1_000_000)
    found = statuses("")
    assert (found["copyleft"], found["things"]) == ((unclear, ""), ("ok", "MIT"))


def test_only_lists_of_catalogues_may_be_judged_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "npm.txt"
    file.write_text(
        "# by hand: a remark\na 1 MIT\nb 2 BSD-3-Clause  # by hand: LICENSE: for po/*\n",
        encoding="utf-8",
    )
    with pytest.raises(ValueError, match="b cannot be judged by hand"):
        collect.listed(tmp_path)
    monkeypatch.setattr(collect, "PARALLEL", tmp_path)
    assert collect.listed(tmp_path) == [
        Package("npm", "a", "1", "MIT"),
        Package("npm", "b", "2", "BSD-3-Clause", "LICENSE: for po/*"),
    ]
    for line in ("c 1 MIT  # by hand:", "c 1  # by hand: LICENSE", "c 1 MIT # by hand:  "):
        file.write_text(line + "\n", encoding="utf-8")
        with pytest.raises(ValueError, match="c is judged by hand without"):
            collect.listed(tmp_path)


def test_extract_writes_each_package_once_and_always_the_same(
    tmp_path: Path, registry: Path
) -> None:
    lists = listing(tmp_path, "things 1.0.0 MIT")
    collect.run(tmp_path, collect.listed(lists), lambda _name, _work: client(registry))
    assert extract.run(tmp_path, 1, lists) == 0
    file = tmp_path / "functions" / "npm" / "things.jsonl.zst"
    first = file.read_bytes()
    text = zstandard.ZstdDecompressor().decompress(first).decode("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    assert {row["package"] for row in rows} == {"npm:things"}
    assert {row["symbol"] for row in rows} == {"Reader", "Reader.close", "parse_number", "total"}
    assert rows[0]["language"] == "python"
    assert rows[0]["parameters"] == ["text"]
    stamp = file.stat().st_mtime_ns
    assert extract.run(tmp_path, 1, lists) == 0
    assert file.stat().st_mtime_ns == stamp
    file.unlink()
    assert extract.run(tmp_path, 1, lists) == 0
    assert file.read_bytes() == first


def test_no_code_is_taken_of_packages_of_other_lists(tmp_path: Path, registry: Path) -> None:
    packages = [Package("npm", "things", "1.0.0")]
    collect.run(tmp_path, packages, lambda _name, _work: client(registry))
    assert extract.run(tmp_path, 1, listing(tmp_path, "")) == 0
    assert not (tmp_path / "functions").exists()


def listing(folder: Path, lines: str) -> Path:
    lists = folder / "lists"
    lists.mkdir()
    (lists / "npm.txt").write_text(f"{lines}\n", encoding="utf-8")
    return lists


def test_functions_without_questions_are_few_and_chosen_by_their_names() -> None:
    found = [Record("python", "a.py", f"f{n}", "function", (), "", "code") for n in range(900)]
    found[7].questions.append(("doc", "says something"))
    kept = [record.symbol for record in extract.chosen(found)]
    assert len(kept) == extract.MAX_SILENT + 1
    assert "f7" in kept
    rest = [record.symbol for record in extract.chosen(found[:100])]
    assert len(rest) == 100
