"""Our own walk against git: random trees and random ignore files, nothing tracked."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from repositories import git, listed, own_home, repository, write

from codesearch.files.walk import Walk, ignoring_line
from codesearch.places import find_root


@pytest.fixture(autouse=True, scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    with own_home(home):
        yield home


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("bench") / "r")


def walked(top: Path) -> set[str]:
    return set(Walk(find_root(top), lambda _: True).files())


NAMES = [
    "a", "b", "ab", "aab", "b.c", ".a", "a b", "a ", "é", "aé", "a-b", "[a]", "!a", "#a", "a\\",
    "A", "*", "?", "^", "a\nb",
]  # fmt: skip
# What patterns are made of, with everything that is easily read in another way than git does.
ATOMS = [
    "a", "b", "c", ".", "*", "**", "?", "/", "/", "\\", "[", "]", "-", "^", "!", "#", " ", "é", "A",
    "[ab]", "[!a]", "[^b]", "[a-b]", "[]]", "[!]]", "[[:alpha:]]", "[[:punct:]]", "[[:x:]]", "[a-",
    "[a-[:digit:]]", "[\\]]", "[\\a-b]", "[--b]", "[[-a]", "[[:]", "[[:a]", "[b-a]", "[a\\-b]",
    "[[.a.]]", "[A-Z]", "[/]", "[!/]", "[a/b]", "**/", "/**", "/**/", "***", "\\ ", "\\#", "\\!",
    "\\/", "\r", "\t", "\0",
]  # fmt: skip

names = st.sampled_from(NAMES)
trees = st.lists(st.lists(names, min_size=1, max_size=4).map("/".join), min_size=1, max_size=12)
lines = st.builds(
    lambda before, atoms, behind: before + "".join(atoms) + behind,
    st.sampled_from(["", "", "", "!", "/", "!/"]),
    st.lists(st.sampled_from(ATOMS), min_size=1, max_size=6),
    st.sampled_from(["", "", "/", " "]),
)
contents = st.lists(lines, max_size=5).map("\n".join)
ignores = st.dictionaries(st.integers(0, 5), contents, min_size=1, max_size=3)


def make(top: Path, tree: list[str], ignore: dict[int, str]) -> None:
    """The tree, in which a path that is in the way of another is left out, and ignore files."""
    for entry in top.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    folders = [top]
    for path in tree:
        try:
            write(top, {path: ""})
        except OSError:
            continue
        folders += (top / path).parents[: path.count("/")]
    for number, content in ignore.items():
        (folders[number % len(folders)] / ".gitignore").write_bytes(os.fsencode(content))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees, ignores, contents, contents)
@example(["ab", "ac/d/b", "x"], {0: "a**/b"}, "", "")  # stars right behind a plain beginning
@example(["aéb"], {0: "a?b"}, "", "")  # a "?" is one byte
@example(["b"], {0: "[b-a]"}, "", "")  # a range that runs backwards holds its first character
@example(["a/b/c"], {0: "a/*\n!a/b"}, "", "")
@example(["a/b/c"], {0: "a\n!a/b"}, "", "")  # nothing comes back from an ignored folder
@example(["a "], {0: "a \\ \na\\ "}, "", "")
@example(["a"], {0: "\ufeffa"}, "", "")
@example(["a", "b"], {0: "a\r\nb\r\n"}, "", "")
@example(["a", "b"], {0: "!b"}, "a", "b")  # the order of the sources
def test_the_walk_finds_what_git_finds(
    bench: Path, home: Path, tree: list[str], ignore: dict[int, str], exclude: str, users: str
) -> None:
    make(bench, tree, ignore)
    write(bench, {".git/info/exclude": os.fsencode(exclude)})
    write(home, {".config/git/ignore": os.fsencode(users)})
    assert walked(bench) == listed(bench)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees, ignores)
def test_the_line_that_is_named_is_the_one_that_git_names(
    bench: Path, home: Path, tree: list[str], ignore: dict[int, str]
) -> None:
    make(bench, tree, ignore)
    write(bench, {".git/info/exclude": ""})
    write(home, {".config/git/ignore": ""})
    root = find_root(bench)
    paths = [path.relative_to(bench).as_posix() for path in bench.rglob("*")]
    paths = [path for path in paths if not path.startswith(".git/") and (bench / path).is_file()]
    asked = subprocess.run(
        ["git", "check-ignore", "-v", "-z", "--stdin"],
        cwd=bench,
        input=os.fsencode("\0".join(paths)),
        capture_output=True,
        check=False,
    )
    fields = os.fsdecode(asked.stdout).split("\0")
    expected = {
        path: f"{source}:{line}"
        for source, line, pattern, path in zip(*[iter(fields)] * 4, strict=False)
        if not pattern.startswith("!")
    }
    found = {path: ignoring_line(root, path, False) for path in paths}
    assert {path: line.source for path, line in found.items() if line} == expected


LETTERS = ["a", "B", "?", "*", "**", "/", "[a-c]", "[!b]"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(["a", "A", "b/a", "B", "ab/B", "É"]), min_size=1, max_size=4),
    st.lists(st.lists(st.sampled_from(LETTERS), min_size=1, max_size=3).map("".join), max_size=3),
)
def test_case_is_folded_where_git_folds_it(
    bench: Path, tree: list[str], patterns: list[str]
) -> None:
    make(bench, tree, {0: "\n".join(patterns)})
    git(bench, "config", "core.ignoreCase", "true")
    try:
        assert walked(bench) == listed(bench)
    finally:
        git(bench, "config", "core.ignoreCase", "false")


def test_the_users_file_is_found_where_git_finds_it(tmp_path: Path, home: Path) -> None:
    top = repository(tmp_path / "r")
    write(top, {"a": "", "b": "", "c": ""})
    write(home, {".config/git/ignore": "a", "mine": "b"})
    assert walked(top) == listed(top) == {"b", "c"}
    (home / ".gitconfig").write_text("[core]\nexcludesFile = ~/mine\n")
    try:
        assert walked(top) == listed(top) == {"a", "c"}
        git(top, "config", "core.excludesFile", str(tmp_path / "its"))
        write(tmp_path, {"its": "c"})
        assert walked(top) == listed(top) == {"a", "b"}
    finally:
        (home / ".gitconfig").unlink()
        (home / ".config" / "git" / "ignore").unlink()


@pytest.mark.parametrize("kind", ["folder", "link", "binary", "pipe"])
def test_an_ignore_file_that_is_none(tmp_path: Path, kind: str) -> None:
    top = repository(tmp_path / "r")
    write(top, {"a": "", "b": ""})
    ignore = top / ".gitignore"
    if kind == "folder":
        write(top, {".gitignore/a": ""})
    elif kind == "link":
        write(tmp_path, {"elsewhere": "a"})
        ignore.symlink_to(tmp_path / "elsewhere")  # git does not follow it either
    elif kind == "binary":
        ignore.write_bytes(b"\0\xff\xfe" * 1000 + b"\na\n")
    else:
        os.mkfifo(ignore)  # git itself would wait for ever
        assert walked(top) == {"a", "b"}
        return
    assert walked(top) == listed(top)
    assert "b" in walked(top)


def test_an_ignore_file_of_100_000_lines(tmp_path: Path) -> None:
    top = repository(tmp_path / "r")
    write(top, {"a123": "", "x/b5": "", "keep": "", "c.77": ""})
    many = [f"a{n}\n/x/b{n}\n" for n in range(49_000)] + [f"*.{n}\n" for n in range(2_000)]
    write(top, {".gitignore": "".join(many)})
    assert walked(top) == listed(top) == {"keep", ".gitignore"}


def test_borders_are_those_of_git(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a": ""})
    repository(top / "inner", {"b": ""})
    repository(top / "unborn")
    write(top, {"unborn/c": "", "fake/.git/x": "", "fake/d": "", "file/.git": "x", "file/e": ""})
    found = {path for path in listed(top) if not path.endswith("/")}
    assert walked(top) == found == {"a", "fake/d", "file/e"}


def test_below_a_root_without_git_repositories_are_folders(tmp_path: Path) -> None:
    repository(tmp_path / "one", {"a": "", ".gitignore": "c"})
    repository(tmp_path / "two", {"b": ""})
    write(tmp_path, {"one/c": ""})
    assert walked(tmp_path) == {"one/a", "one/.gitignore", "two/b"}


def test_a_folder_that_is_not_entered_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"a/b": "", "c/d": ""})
    asked: list[str] = []

    def enters(path: str) -> bool:
        asked.append(path)
        return path != "a"

    assert set(Walk(find_root(tmp_path), enters).files()) == {"c/d"}
    assert sorted(asked) == ["a", "c"]
