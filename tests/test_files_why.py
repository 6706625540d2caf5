"""Each answer to "why is my file missing" names the rule and where it stands; and it is true."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import git, own_home, repository, write

from codesearch import languages
from codesearch.files import Rules, read, scan, why
from codesearch.model import SourceFile
from codesearch.places import Root, find_root


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    write(home, {".config/git/ignore": "users.py\n"})
    with own_home(home):
        yield


RULES = Rules(exclude=("settings.py",), include=("third_party/",), max_file_bytes=5000)
FILES = {
    ".gitignore": "# words\n\nbuild/\n*.tmp\n!keep.tmp\n",
    ".codesearchignore": "mine.py\n!vendor/\n",
    "tracked.py": "x = 1\n",
    "build/tracked.py": "x = 1\n",
    "settings.py": "x = 1\n",
    "mine.py": "x = 1\n",
    "vendor/back.py": "x = 1\n",
    "third_party/back.py": "x = 1\n",
    "node_modules/a.js": "x = 1\n",
    "yarn.lock": "x\n",
    ".env": "KEY=1\n",
    "large.py": "x = 1\n" * 1000,
    "image.py": "a\0b",
    "made.py": "# @generated\nx = 1\n",
    "empty.py": "",
    "sub/.gitignore": "only_here.py\n",
}
LATER = {
    "new.py": "x = 1\n",
    "keep.tmp": "x = 1\n",
    "a.tmp": "x = 1\n",
    "build/new.py": "x = 1\n",
    "sub/only_here.py": "x = 1\n",
    "excluded.py": "x = 1\n",
    "users.py": "x = 1\n",
}
EXPECTED = {
    "tracked.py": (True, "no rule excludes it", "git"),
    "new.py": (True, "no rule excludes it", "git"),
    "keep.tmp": (True, "no rule excludes it", "git"),
    "build/tracked.py": (True, "no rule excludes it", "git"),
    "vendor/back.py": (True, "no rule excludes it", "git"),
    "a.tmp": (False, "*.tmp", ".gitignore:4"),
    "build/new.py": (False, "build/", ".gitignore:3"),
    "build": (True, "no rule excludes the folder", "git"),  # for what is tracked in it
    "sub/only_here.py": (False, "only_here.py", "sub/.gitignore:1"),
    "excluded.py": (False, "/excluded.py", ".git/info/exclude:1"),
    "settings.py": (False, "settings.py", "settings"),
    "mine.py": (False, "mine.py", ".codesearchignore:1"),
    "node_modules/a.js": (False, "vendored", "built-in"),
    "node_modules": (False, "vendored", "built-in"),
    "yarn.lock": (False, "lock file", "built-in"),
    ".env": (False, "may hold secrets", "built-in"),
    ".git/config": (False, "version control", "built-in"),
    "large.py": (False, "too large: 6 kB (limit 5 kB)", "content"),
    "made.py": (False, "generated: line 1 says so", "content"),
    "empty.py": (False, "empty", "content"),
    "gone.py": (False, "No such file or directory", "file system"),
    "link.py": (False, "symbolic link", "file system"),
    "out/a.py": (False, "inside the symbolic link out", "file system"),
    "pipe.py": (False, "not a regular file", "file system"),
    "tracked.py/x": (False, "not a regular file", "file system"),
    "libs/in": (False, "the submodule libs/in", "git"),
    "libs/in/lib.py": (False, "inside the submodule libs/in", "git"),
    "nested/n.py": (False, "inside the nested repository nested", "git"),
    "tree/tracked.py": (False, "inside the work tree tree", "git"),
    "sub": (True, "no rule excludes the folder", "git"),
}


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory, _home: None) -> Path:
    base = tmp_path_factory.mktemp("why")
    inner = repository(base / "inner", {"lib.py": "x = 1\n"})
    top = repository(base / "r", FILES)
    git(top, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "libs/in")
    repository(top / "nested", {"n.py": "x = 1\n"})
    git(top, "worktree", "add", "-q", "tree", "-b", "other")
    write(top, LATER)
    write(top, {".git/info/exclude": "/excluded.py\n"})
    (top / "link.py").symlink_to("tracked.py")
    write(base, {"outside/a.py": "x = 1\n"})
    (top / "out").symlink_to(base / "outside")
    os.mkfifo(top / "pipe.py")
    return top


@pytest.mark.parametrize("path", EXPECTED)
def test_the_rule_and_its_place_are_named(top: Path, path: str) -> None:
    verdict = why(find_root(top), RULES, path)
    assert (verdict.included, verdict.rule, verdict.source) == EXPECTED[path]
    assert verdict.path == path


def test_the_users_own_file_is_named(top: Path) -> None:
    verdict = why(find_root(top), RULES, "users.py")
    assert (verdict.included, verdict.rule) == (False, "users.py")
    assert verdict.source.endswith(".config/git/ignore:1")


@pytest.mark.parametrize("with_git", [True, False])
def test_the_answer_is_what_a_scan_and_a_reading_do(
    top: Path, with_git: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not with_git:
        monkeypatch.setenv("PATH", str(tmp_path))
    root = find_root(top)
    listed = {
        file.path
        for file in scan(root, RULES)
        if isinstance(read(root, file, RULES, languages.detect), SourceFile)
    }
    there = {
        path.relative_to(top).as_posix()
        for path in top.rglob("*")
        if not path.is_dir() or path.is_symlink()
    }
    answers = {path for path in there if why(root, RULES, path).included}
    assert answers == listed
    assert len(listed) > 5


def test_without_git_the_same_lines_are_named(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    tracked_only = {"build", "build/tracked.py"}
    for path, expected in EXPECTED.items():
        if path not in tracked_only:
            verdict = why(find_root(top), RULES, path)
            assert (verdict.included, verdict.rule, verdict.source) == expected, path


def test_a_line_that_takes_back_is_named(tmp_path: Path) -> None:
    write(tmp_path, {".codesearchignore": "\n!*.min.js\n", "a.min.js": "x = 1\n", "b.js": "x\n"})
    root = Root(tmp_path)
    verdict = why(root, Rules(), "a.min.js")
    assert (verdict.included, verdict.rule, verdict.source) == (
        True,
        "!*.min.js",
        ".codesearchignore:2",
    )
    assert why(root, Rules(), "b.js").source == "file system"


def test_paths_may_be_absolute_and_untidy(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = find_root(top)
    for path in (
        str(top / "tracked.py"),
        "./tracked.py",
        "sub/../tracked.py",
        "sub//../tracked.py",
    ):
        verdict = why(root, RULES, path)
        assert (verdict.path, verdict.included) == ("tracked.py", True)
    assert why(root, RULES, ".").included
    assert why(root, RULES, str(top)).included


def test_paths_through_a_link_to_the_root(top: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(top)
    assert why(find_root(top), RULES, str(tmp_path / "link" / "tracked.py")).included


@pytest.mark.parametrize("path", ["../outside/a.py", "/etc/passwd", "sub/../../x", "a\0b"])
def test_what_lies_outside_is_said(top: Path, path: str) -> None:
    verdict = why(find_root(top), RULES, path)
    assert (verdict.included, verdict.rule) == (False, "outside of the root")


def test_odd_names_and_lines_that_no_terminal_should_see_raw(tmp_path: Path) -> None:
    top = repository(tmp_path / "r")
    write(top, {".gitignore": "\x1b*red*\n", "\x1b[31mred.py": "x = 1\n", "-x\n.py": "x = 1\n"})
    write(top, {":(top)*.py": "x = 1\n"})
    assert why(find_root(top), Rules(), ":(top)*.py").included
    (top / ".gitignore").write_text("\x1b*red*\n:*\n")
    assert why(find_root(top), Rules(), ":(top)*.py").source == ".gitignore:2"
    verdict = why(find_root(top), Rules(), "\x1b[31mred.py")
    assert verdict.rule == "?*red*"
    assert why(find_root(top), Rules(), "-x\n.py").included
