"""Roots and index folders, asked of real repositories; nothing here needs git once they exist."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import git, own_home, repository

from codesearch import places
from codesearch.errors import ConfigError
from codesearch.places import Root, find_root, git_setting, index_folder, read_small, tree_key


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_home(tmp_path_factory.mktemp("home")):
        yield


def test_the_root_is_the_top_of_the_work_tree(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a/b/c.py": "x"})
    for path in (top, top / "a", top / "a" / "b", top / "a" / "b" / "c.py"):
        assert find_root(path) == Root(top, top / ".git", top / ".git")


def test_git_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = repository(tmp_path / "r", {"a.py": "x"})
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_root(top).is_git


def test_a_worktree_has_its_own_root_and_shares_the_common_folder(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "x"})
    git(top, "worktree", "add", "-q", "../w", "-b", "other")
    root = find_root(tmp_path / "w" / "a.py")
    assert root.path == (tmp_path / "w").resolve()
    assert root.git_dir == top / ".git" / "worktrees" / "w"
    assert root.common_dir == top / ".git"


def test_worktrees_share_an_index_and_have_keys_of_their_own(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "x"})
    git(top, "worktree", "add", "-q", "../w", "-b", "other")
    one, two = find_root(top), find_root(tmp_path / "w")
    assert index_folder(one, None) == index_folder(two, None)
    assert tree_key(one) != tree_key(two)
    assert tree_key(one) == tree_key(find_root(top))


def test_a_submodule_is_a_root_of_its_own(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"lib.py": "x"})
    outer = repository(tmp_path / "outer", {"a.py": "x"})
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "libs/in")
    root = find_root(outer / "libs" / "in" / "lib.py")
    assert root.path == outer / "libs" / "in"
    assert root.common_dir == outer / ".git" / "modules" / "libs" / "in"
    assert index_folder(root, Path("/i")) != index_folder(find_root(outer), Path("/i"))


def test_a_nested_repository_is_a_root_of_its_own(tmp_path: Path) -> None:
    outer = repository(tmp_path / "outer", {"a.py": "x"})
    inner = repository(outer / "inner")
    assert find_root(inner).path == inner


def test_a_git_folder_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    git(tmp_path / "r", "init", "-q", f"--separate-git-dir={tmp_path / 'g'}")
    assert find_root(tmp_path / "r").git_dir == (tmp_path / "g").resolve()


def test_the_root_is_resolved(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "x"})
    (tmp_path / "link").symlink_to(top)
    assert find_root(tmp_path / "link").path == top


@pytest.mark.parametrize("marker", ["codesearch.toml", ".codesearchignore"])
def test_without_git_a_marker_above_is_the_root(tmp_path: Path, marker: str) -> None:
    (tmp_path / "p" / "a" / "b").mkdir(parents=True)
    (tmp_path / "p" / marker).touch()
    (tmp_path / marker).touch()
    root = find_root(tmp_path / "p" / "a" / "b")
    assert root == Root((tmp_path / "p").resolve())
    assert not root.is_git


def test_without_anything_the_folder_itself_is_the_root(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "f.py").touch()
    assert find_root(tmp_path / "a").path == (tmp_path / "a").resolve()
    assert find_root(tmp_path / "a" / "f.py").path == (tmp_path / "a").resolve()


def test_a_repository_wins_over_a_nearer_marker(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a/codesearch.toml": ""})
    assert find_root(top / "a").path == top


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"gitdir: ",
        b"gitdir: nowhere\n",
        b"gitdir: .\n",
        b"gitdir: .git\n",
        b"gitdir: a\0b\n",
        b"gitdir: " + b"x" * 100_000,
        b"gitdir: /dev/zero\n",
        b"\xff\xfe\xff",
    ],
)
def test_a_git_file_that_makes_no_sense_is_no_repository(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".git").write_bytes(content)
    assert find_root(tmp_path) == Root(tmp_path.resolve())


@pytest.mark.parametrize("missing", ["HEAD", "objects", "refs"])
def test_a_git_folder_that_git_would_not_take_is_none(tmp_path: Path, missing: str) -> None:
    outer = repository(tmp_path / "outer", {"a.py": "x"})
    inner = repository(outer / "inner")
    path = inner / ".git" / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert git(inner, "rev-parse", "--show-toplevel").strip() == str(outer)
    assert find_root(inner).path == outer


@pytest.mark.parametrize("content", [b"nowhere\n", b"\0", b"x" * 100_000, b"/dev/zero", b""])
def test_a_common_folder_that_makes_no_sense_is_no_repository(
    tmp_path: Path, content: bytes
) -> None:
    top = repository(tmp_path / "r", {"a.py": "x"})
    git(top, "worktree", "add", "-q", "../w", "-b", "other")
    (top / ".git" / "worktrees" / "w" / "commondir").write_bytes(content)
    assert not find_root(tmp_path / "w").is_git


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_in_place_of_a_git_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".git")
    assert not find_root(tmp_path).is_git
    assert read_small(tmp_path / ".git", 10) is None


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "b.git")
    for path in (tmp_path / "b.git", tmp_path / "b.git" / "refs"):
        with pytest.raises(ConfigError, match="bare git repository"):
            find_root(path)


def test_a_bare_repository_with_worktrees_beside_it_is_refused_and_they_are_not(
    tmp_path: Path,
) -> None:
    source = repository(tmp_path / "r", {"a.py": "x"})
    git(tmp_path, "clone", "-q", "--bare", str(source), "p/.git")
    git(tmp_path / "p", "worktree", "add", "-q", "w")
    with pytest.raises(ConfigError, match="bare git repository"):
        find_root(tmp_path / "p")
    assert find_root(tmp_path / "p" / "w").path == (tmp_path / "p" / "w").resolve()


def test_gits_own_folder_is_refused(tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {"a.py": "x"})
    with pytest.raises(ConfigError, match="git's own folder") as caught:
        find_root(top / ".git" / "hooks")
    assert caught.value.hint


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        find_root(tmp_path / "nothing")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigError):
        find_root(tmp_path / "loop")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o000, 0o300, 0o600])
def test_a_folder_that_cannot_be_opened_is_refused(mode: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "locked")
        folder.mkdir(mode=mode)
        root = os.geteuid() == 0
        if root:
            Path(name).chmod(0o755)
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            with pytest.raises(ConfigError, match="cannot be opened: permission denied"):
                find_root(folder)
        finally:
            if root:
                os.seteuid(0)


def test_without_any_home_the_index_has_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(os, "geteuid"):
        pytest.skip("there is always a home on Windows")
    import pwd

    monkeypatch.delenv("HOME", raising=False)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert places.user_file() is None
    with pytest.raises(ConfigError, match="no home folder") as told:
        index_folder(find_root(tmp_path), None)
    assert "CODESEARCH_INDEX" in told.value.hint
    assert index_folder(find_root(tmp_path), tmp_path).parent == tmp_path


def test_index_folders_are_named_after_the_repository(tmp_path: Path) -> None:
    home = tmp_path / "home"
    top = repository(tmp_path / "My Project", {"a.py": "x"})
    folder = index_folder(find_root(top), home)
    assert folder.parent == home
    name, _, digest = folder.name.rpartition("-")
    assert name == "My-Project"
    assert len(digest) == 12
    assert int(digest, 16) >= 0
    assert not home.exists()


def test_roots_of_one_name_have_folders_of_their_own(tmp_path: Path) -> None:
    one, two = tmp_path / "a" / "p", tmp_path / "b" / "p"
    folders = {index_folder(Root(path), tmp_path) for path in (one, two)}
    assert len(folders) == 2


@pytest.mark.parametrize("name", ["...", "a\nb", "\udcff", "x" * 200, "-", "CON", "ü"])
def test_an_odd_name_gives_a_plain_folder(name: str) -> None:
    folder = index_folder(Root(Path("/r") / name), Path("/home"))
    assert folder.parent == Path("/home")
    assert folder.name.isascii()
    assert folder.name.isprintable()
    assert not folder.name.startswith((".", "-"))
    assert len(folder.name) < 60


def test_without_a_home_the_cache_of_the_system_is_used(tmp_path: Path) -> None:
    assert index_folder(Root(tmp_path), None).parent.name == "codesearch"


@pytest.mark.parametrize(
    "text",
    [
        "[core]\n\texcludesFile = ~/x y\n",
        "[CORE] excludesfile=a",
        '[core]\nexcludesfile = "a # b"\n',
        "[core]\nexcludesfile = a ; words\n",
        "[core]\nexcludesfile = one\n[other]\nexcludesfile = two\n",
        '[core "sub"]\nexcludesfile = two\n',
        "[core]\nexcludesfile = one\nexcludesfile = two\n",
        "# [core]\n; excludesfile = a\n",
        "[core]\n# excludesfile = a\n",
        '[core]\nexcludesfile = "a\\\\b"\n',
        "[core]\n excludesfile =\n",
        "",
    ],
)
def test_settings_are_read_as_git_reads_them(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    asked = subprocess.run(
        ["git", "config", "--file", str(file), "--get", "core.excludesfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    expected = asked.stdout.removesuffix("\n") if asked.returncode == 0 else None
    assert git_setting(file, "core.excludesFile") == expected


def test_a_key_without_a_value_is_true(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[core]\nbare\n")
    assert git_setting(tmp_path / "config", "core.bare") == "true"
    assert git_setting(tmp_path / "none", "core.bare") is None


def test_a_disk_and_a_home_folder_are_refused_until_they_are_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for folder in (tmp_path, Path(tmp_path.anchor)):
        with pytest.raises(ConfigError, match="holds more than a project"):
            find_root(folder)
    (tmp_path / ".codesearchignore").touch()
    assert find_root(tmp_path) == Root(tmp_path.resolve())
