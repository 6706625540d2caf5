"""Repositories that want something run, read or written; each trick is first shown to work."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import git, listed, own_home, repository, write

from codesearch.files import Rules, read, scan, start_scan, why
from codesearch.files.base import Unlisted
from codesearch.files.git import Listing, find_git
from codesearch.model import FileStat, Skipped, SkipReason
from codesearch.places import find_root

RULES = Rules()

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the tricks are shell scripts")


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_home(tmp_path_factory.mktemp("home")):
        yield


def trap(tmp_path: Path) -> tuple[Path, Path]:
    """A program that leaves a file behind when it is run, and that file."""
    program, sprung = tmp_path / "trap", tmp_path / "sprung"
    program.write_text(f"#!/bin/sh\necho run >> '{sprung}'\nexit 1\n")
    program.chmod(0o755)
    return program, sprung


def everything(top: Path) -> None:
    """All that asks git."""
    root = find_root(top)
    scan(root, RULES)
    for path in ("a.py", "ignored.py", "nothing.py", "folder"):
        why(root, RULES, path)


def test_a_file_system_monitor_is_not_run(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    program, sprung = trap(tmp_path)
    git(top, "config", "core.fsmonitor", str(program))
    git(top, "config", "core.untrackedCache", "true")
    git(top, "status", check=False)
    assert sprung.exists()
    sprung.unlink()
    everything(top)
    assert not sprung.exists()


def test_hooks_are_not_run_and_the_index_is_not_written(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    program, sprung = trap(tmp_path)
    shutil.copy(program, top / ".git" / "hooks" / "post-index-change")
    os.utime(top / "a.py", (1, 1))  # git would like to note the new time
    before = (top / ".git" / "index").read_bytes()
    everything(top)
    assert not sprung.exists()
    assert (top / ".git" / "index").read_bytes() == before
    git(top, "status")
    assert sprung.exists()


@pytest.mark.parametrize(
    "remote",
    [
        {"remote.origin.url": "ssh://example.org/r", "core.sshCommand": "TRAP"},
        {"remote.origin.url": ".", "remote.origin.uploadPack": "TRAP"},
        {"remote.origin.url": "ext::TRAP", "protocol.ext.allow": "always"},
    ],
    ids=["ssh", "file", "ext"],
)
def test_missing_objects_are_not_fetched(tmp_path: Path, remote: dict[str, str]) -> None:
    """A sparse index names trees; where one is missing git would ask the "remote" for it."""
    top = repository(tmp_path / "r", {"in/a.py": "", "out/b.py": "", "c.py": ""})
    git(top, "sparse-checkout", "set", "--cone", "--sparse-index", "in")
    tree = git(top, "rev-parse", "HEAD:out").strip()
    program, sprung = trap(tmp_path)
    git(top, "config", "core.repositoryFormatVersion", "1")
    git(top, "config", "extensions.partialClone", "origin")
    git(top, "config", "remote.origin.promisor", "true")
    for name, value in remote.items():
        git(top, "config", name, value.replace("TRAP", str(program)))
    (top / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    git(top, "ls-files", "-co", "--exclude-standard", check=False)
    assert sprung.exists()
    sprung.unlink()
    everything(top)
    assert not sprung.exists()
    assert {file.path for file in scan(find_root(top), RULES)} == {"in/a.py", "c.py"}


@pytest.mark.parametrize("elsewhere", ["..", "../elsewhere"])
def test_the_work_tree_cannot_be_set_elsewhere(tmp_path: Path, elsewhere: str) -> None:
    write(tmp_path, {"elsewhere/secret.py": ""})
    top = repository(tmp_path / "r", {"a.py": "", "b.py": ""})
    write(top, {".git/info/exclude": "b.py\n"})
    git(top, "config", "core.worktree", str(tmp_path / "r" / elsewhere))
    assert find_root(top).path == top
    with start_scan(find_root(top), RULES) as started:
        assert [file.path for file in started.finish()] == ["a.py", "b.py"]
    assert started.notes == []


@pytest.mark.parametrize("name", ["../secret.py", "aa/../../secret.py", ".git/config"])
def test_names_in_the_index_cannot_lead_out(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"secret.py": "x = 1\n"})
    plain = "x" * len(name)
    top = repository(tmp_path / "r", {plain: "x = 1\n", "zz.py": "x = 1\n"})
    index = top / ".git" / "index"
    body = index.read_bytes()[:-20].replace(plain.encode(), name.encode())
    index.write_bytes(body + hashlib.sha1(body, usedforsecurity=False).digest())
    assert name in listed(top)
    root = find_root(top)
    assert [file.path for file in scan(root, Rules(include=("*",)))] == [plain, "zz.py"]
    got = read(root, FileStat(name, 6, 0), RULES, lambda *_: "python")
    assert isinstance(got, Skipped)
    assert not why(root, RULES, name).included


def test_a_program_in_the_work_tree_is_not_taken_for_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    program, sprung = trap(tmp_path)
    shutil.copy(program, top / "git")
    monkeypatch.chdir(top)
    real = find_git()
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", os.environ["PATH"]]))
    subprocess.run(["git"], check=False)
    assert sprung.exists()
    sprung.unlink()
    everything(top)
    assert not sprung.exists()
    assert find_git() == real


def test_ignore_settings_that_block_git_end_in_a_walk(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    os.mkfifo(tmp_path / "pipe")
    git(top, "config", "core.excludesFile", str(tmp_path / "pipe"))
    root, program = find_root(top), find_git()
    assert program is not None
    answer = Listing(root, program).finish(seconds=0.2)
    assert isinstance(answer, Unlisted)
    assert "did not answer" in answer.reason


def test_what_git_says_cannot_disturb_a_terminal(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    (top / ".git" / "config").write_text("[core]\n\x1b[31mred\n")
    with start_scan(find_root(top), RULES) as started:
        started.finish()
    assert started.notes
    assert all(note.isprintable() for note in started.notes)


def test_a_file_is_not_read_through_a_folder_that_became_a_link(tmp_path: Path) -> None:
    write(tmp_path, {"outside/b.py": "secret = 1\n", "r/folder/b.py": "mine = 1\n"})
    root = find_root(tmp_path / "r")
    (file,) = scan(root, RULES)
    shutil.rmtree(root.path / "folder")
    (root.path / "folder").symlink_to(tmp_path / "outside")
    got = read(root, file, RULES, lambda *_: "python")
    assert got == Skipped("folder/b.py", SkipReason.SPECIAL, "symbolic link")
