"""The list of files, from git and without it: the same set, whatever the repository is like."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repositories import git, listed, own_home, repository, write

from codesearch.files import Rules, read, scan, start_scan
from codesearch.files.git import Listing
from codesearch.model import FileStat, SkipReason
from codesearch.places import Root, find_root

RULES = Rules()


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_home(tmp_path_factory.mktemp("home")):
        yield


def paths(top: Path) -> list[str]:
    return [file.path for file in scan(find_root(top), RULES)]


def notes(top: Path) -> list[str]:
    with start_scan(find_root(top), RULES) as started:
        started.finish()
    return started.notes


def without_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(exist_ok=True)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def test_files_come_sorted_with_size_and_time(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"b.py": "12345", "a/z.py": "1", "a-b.py": "", "é.py": ""})
    found = scan(find_root(top), RULES)
    assert [file.path for file in found] == ["a-b.py", "a/z.py", "b.py", "é.py"]
    status = (top / "b.py").stat()
    assert found[2] == FileStat("b.py", 5, status.st_mtime_ns, status.st_ctime_ns)


def test_the_set_is_tracked_or_untracked_and_not_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = repository(
        tmp_path / "r", {"tracked.py": "", "ignored/but_tracked.py": "", "gone.py": ""}
    )
    write(top, {".gitignore": "ignored/\n", "new.py": "", "ignored/new.py": ""})
    (top / "gone.py").unlink()
    assert paths(top) == [".gitignore", "ignored/but_tracked.py", "new.py", "tracked.py"]
    without_git(monkeypatch, tmp_path)
    assert paths(top) == [".gitignore", "new.py", "tracked.py"]  # what is tracked is not known


NAMES = st.sampled_from(["a", "b", "ab", "a b", "é", "-x", "a\nb", '"q"', "'", "b.c"])
TREES = st.lists(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=10, unique=True
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("bench") / "r")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    TREES, st.lists(st.sampled_from(["a", "b/", "*b", "/é", "!a b", "-*"]), max_size=3), st.data()
)
def test_the_scan_is_what_git_lists_of_regular_files(
    bench: Path, tree: list[str], patterns: list[str], data: st.DataObject
) -> None:
    for entry in bench.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    (bench / ".git" / "index").unlink(missing_ok=True)
    made = []
    for path in tree:
        try:
            write(bench, {path: ""})
        except OSError:  # another file is in the way
            continue
        made.append(path)
    write(bench, {".gitignore": "\n".join(patterns)})
    tracked = data.draw(st.lists(st.sampled_from(made), unique=True))
    if tracked:
        git(bench, "--literal-pathspecs", "add", "-f", "--", *tracked)
    for path in data.draw(st.lists(st.sampled_from(made), unique=True, max_size=2)):
        (bench / path).unlink(missing_ok=True)
    expected = {path for path in listed(bench) if (bench / path).is_file()}
    assert set(paths(bench)) == expected


def test_every_name_that_a_file_can_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [
        "a\nb.py",
        '"q".py',
        "'.py",
        "-rf.py",
        "\udcff\udcfe.py",
        "é.py",
        " .py",
        "\x1b[31m.py",
        "\\.py",
    ]
    top = repository(tmp_path / "r", dict.fromkeys(names[::2], "x = 1\n"))
    write(top, dict.fromkeys(names, "x = 1\n"))
    assert set(paths(top)) == set(names)
    for file in scan(find_root(top), RULES):
        assert not isinstance(read(find_root(top), file, RULES, lambda *_: "python"), SkipReason)
    without_git(monkeypatch, tmp_path)
    assert set(paths(top)) == set(names)


def test_links_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"outside/secret.py": "x"})
    top = repository(tmp_path / "r", {"a.py": "", "folder/b.py": ""})
    (top / "link.py").symlink_to("a.py")
    (top / "loop").symlink_to(".")
    (top / "self").symlink_to("self")
    (top / "out").symlink_to(tmp_path / "outside")
    git(top, "add", "-A")
    shutil.rmtree(top / "folder")
    (top / "folder").symlink_to(tmp_path / "outside")
    write(tmp_path, {"outside/b.py": "not ours"})
    assert "folder/b.py" in listed(top)
    assert paths(top) == ["a.py"]
    without_git(monkeypatch, tmp_path)
    assert paths(top) == ["a.py"]


def test_submodules_and_nested_repositories_are_borders(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"lib.py": "x"})
    top = repository(tmp_path / "r", {"a.py": "x"})
    git(top, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "libs/in")
    repository(top / "nested", {"n.py": ""})
    repository(top / "empty")
    assert paths(top) == [".gitmodules", "a.py"]
    assert paths(top / "libs" / "in") == ["lib.py"]


def test_a_worktree_has_its_own_files(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    git(top, "worktree", "add", "-q", "../w", "-b", "other")
    write(tmp_path, {"w/b.py": "", "r/.git/info/exclude": "c.py\n", "w/c.py": ""})
    assert paths(tmp_path / "w") == ["a.py", "b.py"]


def test_a_conflict_lists_a_file_once(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "one\n"})
    git(top, "checkout", "-q", "-b", "other")
    write(top, {"a.py": "two\n"})
    git(top, "commit", "-q", "-am", "two")
    git(top, "checkout", "-q", "main")
    write(top, {"a.py": "three\n"})
    git(top, "commit", "-q", "-am", "three")
    git(top, "merge", "other", check=False)
    assert git(top, "ls-files", "-u")
    assert paths(top) == ["a.py"]


def test_a_sparse_checkout_lists_what_is_there(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a/x.py": "", "b/y.py": "", "c.py": ""})
    git(top, "sparse-checkout", "set", "--cone", "--sparse-index", "a")
    assert paths(top) == ["a/x.py", "c.py"]


def test_variables_that_git_gives_its_hooks_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = repository(tmp_path / "r", {"a.py": "", ".gitignore": "*.log2\n", "b.log2": ""})
    other = repository(tmp_path / "other", {"wrong.py": ""})
    for name, value in {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git" / "index"),
        "GIT_CEILING_DIRECTORIES": "/",
        "GIT_NAMESPACE": "x",
    }.items():
        monkeypatch.setenv(name, value)
    assert paths(top) == [".gitignore", "a.py", "b.log2"]


def test_settings_from_the_users_environment_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    write(tmp_path, {"mine": "b.py\n", "r/b.py": "", "r/c.py": ""})
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.excludesFile")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(tmp_path / "mine"))
    assert paths(top) == ["a.py", "c.py"]


def test_without_git_the_walk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    assert notes(top) == []
    without_git(monkeypatch, tmp_path)
    assert paths(top) == ["a.py"]
    assert "git was not found" in notes(top)[0]


def test_a_folder_that_never_was_a_repository_needs_no_note(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "", "b/.gitignore": "c.py\n", "b/c.py": "", "b/d.py": ""})
    assert paths(tmp_path) == ["a.py", "b/.gitignore", "b/d.py"]
    assert notes(tmp_path) == []


def test_a_damaged_repository_is_walked(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    (top / ".git" / "index").write_bytes(b"DIRC nonsense")
    assert paths(top) == ["a.py"]
    assert "git failed" in notes(top)[0]


@pytest.mark.skipif(os.name == "nt", reason="the program before git is a shell script")
def test_a_repository_that_git_refuses_is_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused as it refuses another user's, which only root could make: git's own switch."""
    top = repository(tmp_path / "r", {"a.py": ""})
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "{shutil.which("git")}" "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    assert paths(top) == ["a.py"]
    assert "safe.directory" in notes(top)[0]


def test_an_empty_folder(tmp_path: Path) -> None:
    assert paths(tmp_path) == []
    assert paths(repository(tmp_path / "r")) == []


@pytest.mark.parametrize("is_git", [True, False])
def test_a_folder_that_vanishes_is_empty(tmp_path: Path, is_git: bool) -> None:
    top = tmp_path / "r"
    repository(top, {"a.py": ""}) if is_git else write(top, {"a.py": ""})
    root = find_root(top)
    shutil.rmtree(top)
    with start_scan(root, RULES) as started:
        assert started.finish() == []
    assert started.notes


def test_files_that_vanish_between_listing_and_looking(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "", "b/c.py": "", "d.py": ""})
    with start_scan(find_root(top), RULES) as started:
        shutil.rmtree(top / "b")
        (top / "a.py").unlink()
        assert [file.path for file in started.finish()] == ["d.py"]


def test_a_scan_that_is_given_up_ends_git(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": ""})
    with start_scan(find_root(top), RULES) as started:
        assert isinstance(started._listing, Listing)
        process = started._listing._process
    assert process.returncode is not None


@pytest.mark.parametrize("is_git", [True, False])
def test_a_thousand_levels(tmp_path: Path, is_git: bool) -> None:
    top = repository(tmp_path / "r") if is_git else tmp_path
    deep = "/".join(["d"] * 1000)
    here = os.open(top, os.O_RDONLY)
    try:
        for _ in range(1000):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(os.open("a.py", os.O_CREAT, dir_fd=here))
        assert paths(top) == [deep + "/a.py"]
    finally:
        os.close(here)
        subprocess.run(["rm", "-rf", str(top / "d")], check=True)


def test_pipes_and_sockets_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = repository(tmp_path / "r", {"a.py": "", "was.py": ""})
    os.mkfifo(top / "pipe.py")
    (top / "was.py").unlink()
    os.mkfifo(top / "was.py")
    assert paths(top) == ["a.py"]
    without_git(monkeypatch, tmp_path)
    assert paths(top) == ["a.py"]


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder of a user who may not read everything, and that user."""
    import tempfile

    if os.geteuid() != 0:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder).resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
        try:
            yield Path(folder).resolve()
        finally:
            os.seteuid(0)


@pytest.mark.parametrize("is_git", [True, False])
def test_what_may_not_be_read_stops_nothing(as_nobody: Path, is_git: bool) -> None:
    write(as_nobody, {"a.py": "x = 1\n", "locked/b.py": "", "no.py": "x = 1\n"})
    if is_git:
        subprocess.run(["git", "init", "-q"], cwd=as_nobody, check=True)
    (as_nobody / "locked").chmod(0)
    (as_nobody / "no.py").chmod(0)
    try:
        assert paths(as_nobody) == ["a.py", "no.py"]
        assert "locked" in notes(as_nobody)[0]
        assert "warning" not in notes(as_nobody)[0], "who prints it says so"
        got = read(find_root(as_nobody), FileStat("no.py", 6, 0), RULES, lambda *_: "python")
        assert (got.reason, got.detail) == (SkipReason.UNREADABLE, "Permission denied")  # type: ignore[union-attr]
    finally:
        (as_nobody / "locked").chmod(0o700)


def test_a_root_that_is_given_by_hand_needs_no_git(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": ""})
    assert [file.path for file in scan(Root(tmp_path), RULES)] == ["a.py"]
