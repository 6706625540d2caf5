"""A snapshot must never be renewed where a scan would find something else."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import git, repository, write

from codesearch.files import Rules, Snapshot, scan, start_scan
from codesearch.places import find_root

RULES = Rules()


def settled(top: Path) -> Snapshot:
    """A snapshot of a tree whose times are all old enough to be trusted."""
    root = find_root(top)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        snapshot = Snapshot(root, RULES)
        with start_scan(root, RULES) as begun:
            snapshot.complete(begun.finish(), begun.missing)
        if snapshot.renewed():
            return snapshot
        time.sleep(0.01)
    raise AssertionError("it never was")


@pytest.fixture(params=["with git", "without"])
def top(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    files = {
        "a.py": "a = 1\n",
        "lib/b.py": "b = 1\n",
        "lib/deep/c.py": "c = 1\n",
        ".gitignore": "*.log\n/out/\n",
        "lib/.gitignore": "x.py\n",
        ".codesearchignore": "/docs/\n",
        "docs/d.py": "d = 1\n",
    }
    top = tmp_path / "r"
    if request.param == "with git":
        repository(top, files)
    write(top, {**files, "out/e.py": "e = 1\n", "empty/f.log": ""})
    return top


IN_PLACE = {"an edit", "an edit with the old time"}
CHANGES: dict[str, Callable[[Path], object]] = {
    "an edit": lambda t: (t / "a.py").write_text("a = 2\n"),
    "a new file": lambda t: (t / "lib" / "n.py").write_text("n = 1\n"),
    "a new file in a folder that had none": lambda t: (t / "empty" / "n.py").write_text("n = 1\n"),
    "a deletion": lambda t: (t / "lib" / "deep" / "c.py").unlink(),
    "a folder moved": lambda t: (t / "lib" / "deep").rename(t / "deep"),
    "a folder deleted": lambda t: shutil.rmtree(t / "lib"),
    "an atomic save": lambda t: ((t / "t~").write_text("a = 3\n"), (t / "t~").replace(t / "a.py")),
    "an edit with the old time": lambda t: (
        (t / "a.py").write_text("a = 4\n"),
        os.utime(t / "a.py", ns=(1, 1)),
    ),
    "an ignore file": lambda t: (t / ".gitignore").write_text("*.py\n"),
    "an inner ignore file": lambda t: (t / "lib" / ".gitignore").write_text("y.py\n"),
    "an ignore file of ours": lambda t: (t / ".codesearchignore").write_text("/lib/\n"),
    "a new ignore file": lambda t: (t / "lib" / "deep" / ".gitignore").write_text("c.py\n"),
    "a link in place of a file": lambda t: (
        (t / "a.py").unlink(),
        (t / "a.py").symlink_to("lib/b.py"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_that_a_scan_would_find_is_seen(top: Path, change: str) -> None:
    snapshot = settled(top)
    before = list(snapshot.files.values())
    CHANGES[change](top)
    now = scan(find_root(top), RULES)
    if snapshot.renewed():
        assert list(snapshot.files.values()) == now
        assert now != before
    else:
        assert change not in IN_PLACE


def test_an_edit_in_place_needs_no_scan(top: Path) -> None:
    snapshot = settled(top)
    for text in ("a = 2\n", "a = 3\n"):
        (top / "a.py").write_text(text)
        assert snapshot.renewed()
        assert list(snapshot.files.values()) == scan(find_root(top), RULES)
    (top / "a.py").unlink()
    (top / "a.py").mkdir()
    assert not snapshot.renewed()


def test_what_no_scan_would_find_is_not(top: Path) -> None:
    snapshot = settled(top)
    (top / "out" / "more").mkdir()
    (top / "out" / "more" / "x.py").write_text("x = 1\n")
    (top / "out" / "e.py").write_text("e = 2\n")
    before = dict(snapshot.files)
    assert snapshot.renewed()
    assert snapshot.files == before


def test_the_rules_outside_of_the_tree_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    top = repository(tmp_path / "r", {"a.py": "a = 1\n", "out/b.py": "b\n", ".gitignore": "out\n"})
    (home / "more").write_text("[user]\n\tname = A\n")
    for change in (
        lambda: (top / ".git" / "info" / "exclude").write_text("a.py\n"),
        lambda: git(top, "add", "-f", "out/b.py"),
        lambda: git(top, "config", "core.excludesFile", "~/mine"),
        lambda: (home / "mine").write_text("*.py\n"),
        lambda: (home / ".gitconfig").write_text("[include]\n\tpath = more\n"),
        lambda: (home / "more").write_text("[core]\n\texcludesFile = ~/others\n"),
        (top / ".git" / "info" / "exclude").unlink,
        lambda: (top / ".git" / "info" / "exclude").symlink_to(home / "mine"),
        lambda: (home / "mine").write_text("b.py\n"),
    ):
        snapshot = settled(top)
        change()
        assert not snapshot.renewed()


def test_a_listed_file_that_was_missing_is_seen_when_it_comes_back(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "a\n", "out/b.py": "b\n", ".gitignore": "out\n"})
    (top / "out" / "b.py").unlink()
    snapshot = settled(top)
    (top / "out" / "b.py").write_text("b = 2\n")
    assert not snapshot.renewed()


def test_a_folder_that_is_no_longer_left_out_is_seen(tmp_path: Path) -> None:
    files = {
        "a.py": "a = 1\n",
        "src/vendor/modules.txt": "# x\n",
        "src/vendor/x/b.go": "package x\n",
    }
    top = repository(tmp_path / "r", files)
    snapshot = settled(top)
    assert "src/vendor/x/b.go" not in snapshot.files
    (top / "src" / "vendor" / "modules.txt").unlink()
    assert not snapshot.renewed()
    assert "src/vendor/x/b.go" in settled(top).files
