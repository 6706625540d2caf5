"""The real pre-commit, in real repositories whose configuration names the hooks of this project.

Most scenarios run the hooks as they are described with the program under test. One has
pre-commit install the project from a clone, with all that it depends on, as it does for a user.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import copies
import pytest
import yaml
from cli_runner import Done, Home
from copies import OTHER, PYTHON
from repositories import own_home, write

from codesearch import places, store

ROOT = Path(__file__).parent.parent
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
CONFIG = ".pre-commit-config.yaml"
#: pip finds its settings and its cache there.
HOME = {name: os.environ[name] for name in ("HOME", "USERPROFILE") if name in os.environ}
FOUND = (
    "app/options.py:1:1: CS002 'read_options' is the same but for names and values as"
    " 'load_settings'"
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths are written otherwise there")


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_home(tmp_path_factory.mktemp("home")):
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("user"))


class Repository:
    """A repository in which pre-commit runs our hooks."""

    def __init__(self, folder: Path, home: Home, **variables: str) -> None:
        self.folder, self.home = folder, home
        identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER")
                    for what in ("NAME", "EMAIL")}  # fmt: skip
        self.variables = {
            **identity,
            "PRE_COMMIT_HOME": str(home.folder / "pre-commit"),
            "PRE_COMMIT_COLOR": "never",
            **variables,
        }

    def run(self, *command: str, **variables: str) -> Done:
        """A process, all of whose output is in ``stdout``."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.home.environment(), **self.variables, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=590,
            check=False,
        )

    def git(self, *args: str, **variables: str) -> Done:
        return self.run("git", *args, **variables)

    def must(self, *args: str) -> str:
        done = self.git(*args)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def pre_commit(self, *args: str, **variables: str) -> Done:
        return self.run(sys.executable, "-m", "pre_commit", *args, **variables)

    def stage(self, files: dict[str, str | bytes]) -> None:
        write(self.folder, files)
        self.must("add", "-f", "--", *files)

    def commit(self, *args: str, **variables: str) -> Done:
        return self.git("commit", "-q", "-m", "next", *args, **variables)

    def unchecked(self, files: dict[str, str | bytes]) -> None:
        """Commits files past the hooks."""
        self.stage(files)
        self.must("commit", "-q", "-m", "unchecked", "--no-verify")

    def refused(self, *args: str, **variables: str) -> str:
        """What a commit is refused with."""
        before = self.head
        done = self.commit(*args, **variables)
        assert done.returncode != 0, done.stdout
        assert "duplicate functions" in done.stdout
        assert self.head == before
        return done.stdout

    def passes(self, *args: str, **variables: str) -> None:
        before = self.head
        done = self.commit(*args, **variables)
        assert done.returncode == 0, done.stdout
        assert self.head != before

    @property
    def head(self) -> str:
        return self.git("rev-parse", "-q", "--verify", "HEAD").stdout.strip()


def made(folder: Path, home: Home, *hooks: str, **variables: str) -> Repository:
    """A new repository with our hooks, run by the program under test."""
    folder.mkdir(parents=True)
    repo = Repository(folder, home, **variables)
    repo.must("init", "-q", "-b", "main")
    ours = []
    for hook in HOOKS:
        entry = hook["entry"].replace(
            "codesearch", f"{shlex.quote(sys.executable)} -m codesearch", 1
        )
        ours.append({**hook, "language": "system", "entry": entry})
    repo.stage({CONFIG: json.dumps({"repos": [{"repo": "local", "hooks": ours}]})})
    for hook in hooks or ("pre-commit",):
        done = repo.pre_commit("install", "-t", hook)
        assert done.returncode == 0, done.stdout
    return repo


@pytest.fixture(scope="module")
def shared(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """An indexed repository with one commit; each test begins with it."""
    repo = made(tmp_path_factory.mktemp("work") / "repo", home)
    repo.unchecked({"app/settings.py": PYTHON, "app/reminders.py": OTHER, "notes.txt": "begin\n"})
    done = home.run("index", "-q", cwd=repo.folder)
    assert done.returncode == 0, done.stderr
    repo.must("tag", "first")
    return repo


@pytest.fixture
def repo(shared: Repository) -> Iterator[Repository]:
    yield shared
    shared.git("merge", "--abort")
    shared.must("checkout", "-q", "-f", "-B", "main", "first")
    shared.must("reset", "-q", "--hard")
    shared.must("clean", "-q", "-f", "-d", "-x")


def test_a_commit_with_a_copy_is_refused_and_says_where_the_original_is(repo: Repository) -> None:
    repo.stage({"app/options.py": copies.renamed(), "app/more.py": "x = 1\n"})
    told = repo.refused()
    assert f"{FOUND} (app/settings.py:1-13)" in told
    assert "- hook id: codesearch-dupes\n- exit code: 1\n" in told
    repo.stage({"app/options.py": "# codesearch: ignore[CS002] for now\n" + copies.renamed()})
    repo.passes()


def test_a_clean_commit_passes(repo: Repository) -> None:
    repo.stage(
        {"app/more.py": OTHER.replace("send", "x").replace("guest", "y")[:200], "b.md": "# B"}
    )
    repo.passes()


def test_all_files_are_looked_at_where_nothing_is_staged(repo: Repository) -> None:
    done = repo.pre_commit("run", "--all-files")
    assert done.returncode == 0, done.stdout
    repo.unchecked({"app/options.py": copies.renamed()})
    done = repo.pre_commit("run", "codesearch-dupes", "--all-files")
    assert done.returncode == 1
    assert "app/settings.py:1:1: CS002 'load_settings' is the same but for" in done.stdout
    one = repo.pre_commit("run", "codesearch-dupes", "--files", "app/reminders.py")
    assert one.returncode == 0, one.stdout
    since = repo.pre_commit("run", "--from-ref", "first", "--to-ref", "HEAD")
    assert since.returncode == 1
    assert FOUND in since.stdout


def test_the_hook_for_everything_is_run_by_hand(repo: Repository) -> None:
    done = repo.pre_commit("run", "codesearch-dupes-all", "--hook-stage", "manual")
    assert done.returncode == 0, done.stdout
    assert "Passed" in done.stdout
    repo.unchecked({"app/options.py": copies.renamed()})
    done = repo.pre_commit("run", "codesearch-dupes-all", "--hook-stage", "manual")
    assert done.returncode == 1
    assert "CS002" in done.stdout
    at_a_commit = repo.pre_commit("run", "codesearch-dupes-all")
    assert "No hook with id `codesearch-dupes-all`" in at_a_commit.stdout


def test_of_a_file_that_is_staged_in_part_that_part_counts(repo: Repository) -> None:
    repo.stage({"app/options.py": copies.renamed()})
    write(repo.folder, {"app/options.py": "x = 1\n"})
    assert FOUND in repo.refused()
    assert (repo.folder / "app" / "options.py").read_text() == "x = 1\n"
    repo.stage({"app/options.py": "x = 1\n"})
    write(repo.folder, {"app/options.py": copies.renamed(), "app/loose.py": PYTHON})
    repo.passes()
    assert (repo.folder / "app" / "options.py").read_text() == copies.renamed()


def test_moves_and_deletions_pass(repo: Repository) -> None:
    repo.must("mv", "app/settings.py", "app/renamed.py")
    repo.passes()
    repo.must("mv", "app/renamed.py", "app/again.py")
    repo.stage({"app/again.py": "import os\n\n\n" + PYTHON})
    repo.passes()
    repo.must("rm", "-q", "app/again.py")
    repo.passes()
    repo.stage({"app/options.py": copies.renamed()})
    repo.passes()


def test_a_merge_passes_with_what_came_with_the_other_branch(repo: Repository) -> None:
    repo.must("checkout", "-q", "-B", "theirs")
    repo.unchecked({"app/options.py": copies.renamed(), "notes.txt": "theirs\n"})
    repo.must("checkout", "-q", "main")
    repo.unchecked({"notes.txt": "ours\n"})
    assert repo.git("merge", "-q", "theirs").returncode != 0
    repo.stage({"notes.txt": "both\n", "app/late.py": OTHER.replace("send_reminders", "remind")})
    told = repo.refused()
    assert "app/late.py" in told
    assert "app/options.py" not in told
    repo.must("rm", "-q", "-f", "app/late.py")
    repo.passes()
    assert len(repo.must("rev-list", "--parents", "-n", "1", "HEAD").split()) == 3


def test_a_merge_without_conflicts_passes(repo: Repository) -> None:
    """Of one side that was taken whole pre-commit gives the files, though nothing is new."""
    repo.must("checkout", "-q", "-B", "theirs")
    repo.unchecked({"app/options.py": copies.renamed(), "notes.txt": "theirs\n"})
    repo.must("checkout", "-q", "main")
    repo.unchecked({"app/options.py": copies.edited("read"), "notes.txt": "ours\n"})
    assert repo.git("merge", "-q", "theirs").returncode != 0
    repo.must("checkout", "-q", "--theirs", "app/options.py", "notes.txt")
    repo.must("add", "app/options.py", "notes.txt")
    repo.passes()


def test_commits_that_take_other_files_than_those_staged(repo: Repository) -> None:
    """git gives its hooks another index then."""
    write(repo.folder, {"app/settings.py": PYTHON + "\n\n" + OTHER})
    assert "app/settings.py:16:1: CS001" in repo.refused("-a")
    assert "app/settings.py:16:1: CS001" in repo.refused("app/settings.py")
    repo.stage({"app/options.py": copies.renamed()})
    write(repo.folder, {"app/settings.py": PYTHON, "notes.txt": "other\n"})
    repo.passes("notes.txt")  # and what is staged stays so
    assert repo.must("diff", "--cached", "--name-only") == "app/options.py"
    assert FOUND in repo.refused("--amend")
    repo.passes("--amend", "notes.txt", "-m", "other words")


def test_a_plain_hook_of_git(repo: Repository) -> None:
    """The same without pre-commit, which hides nothing of what is not staged."""
    hook = repo.folder / ".git" / "hooks" / "pre-commit"
    kept = hook.read_text()
    program = shlex.quote(sys.executable)
    hook.write_text(f"#!/bin/sh\nexec {program} -m codesearch dupes --staged\n")
    try:
        repo.stage({"app/options.py": copies.renamed()})
        write(repo.folder, {"app/options.py": "x = 1\n", "app/settings.py": "x = 1\n"})
        done = repo.commit()
        assert done.returncode == 1
        assert f"{FOUND} (app/settings.py:1-13)" in done.stdout
        repo.passes("-a")
        write(repo.folder, {"app/reminders.py": OTHER + "\n\n" + PYTHON, "a.py": OTHER})
        repo.must("add", "a.py")
        assert "a.py:1:1" in repo.commit().stdout
        repo.passes("app/reminders.py")
        repo.passes("--allow-empty", "--only")
    finally:
        hook.write_text(kept)


def test_a_work_tree_beside(repo: Repository, tmp_path: Path) -> None:
    repo.must("worktree", "add", "-q", str(tmp_path / "beside"), "-b", "beside")
    try:
        beside = Repository(tmp_path / "beside", repo.home)
        beside.stage({"app/a.py": copies.renamed("a"), "app/b.py": copies.renamed("b")})
        assert "app/a.py:1:1: CS" in beside.refused()
        beside.must("rm", "-q", "-f", "app/b.py")
        beside.passes()
    finally:
        repo.must("worktree", "remove", "--force", str(tmp_path / "beside"))
        repo.must("branch", "-q", "-D", "beside")


def test_an_index_that_is_missing_or_written_holds_no_commit_up(
    repo: Repository, tmp_path: Path
) -> None:
    repo.stage({"app/options.py": copies.renamed()})
    folders = repo.home.folder / ".cache" / "codesearch"
    folder = places.index_folder(places.find_root(repo.folder), folders)
    assert folder.is_dir()
    with store.writer(folder):
        assert FOUND in repo.refused()
    repo.passes(CODESEARCH_INDEX=str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
    repo.stage({"app/more.py": copies.renamed("more"), "app/yet.py": copies.renamed("yet")})
    assert "app/more.py" in repo.refused(CODESEARCH_INDEX=str(tmp_path / "none"))


def test_a_name_that_looks_like_a_flag_holds_no_commit_up(repo: Repository) -> None:
    repo.stage({"-x.py": "x = 1\n", "--all": "y = 1\n"})
    repo.passes()


def test_the_first_commit(home: Home, tmp_path: Path) -> None:
    repo = made(tmp_path / "repo", home)
    repo.stage({"app/settings.py": PYTHON, "app/options.py": copies.renamed()})
    assert FOUND in repo.refused()
    repo.must("rm", "-q", "--cached", "app/options.py")
    repo.passes()


def test_a_push(home: Home, tmp_path: Path) -> None:
    repo = made(tmp_path / "repo", home, "pre-push")
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "far.git")], check=True)
    repo.must("remote", "add", "origin", str(tmp_path / "far.git"))

    def far() -> str:
        return repo.must("ls-remote", "origin", "refs/heads/main").partition("\t")[0]

    # All of a new branch goes, and is compared with itself: the hook builds no index.
    repo.unchecked({"app/settings.py": PYTHON, "app/options.py": copies.renamed()})
    repo.stage({"staged.py": OTHER})
    done = repo.git("push", "-q", "origin", "main")
    assert done.returncode != 0
    assert FOUND in done.stdout
    assert far() == ""
    repo.must("rm", "-q", "-f", "app/options.py")
    repo.must("commit", "-q", "-m", "less", "--no-verify")
    done = repo.git("push", "-q", "origin", "main")
    assert done.returncode == 0, done.stdout
    pushed = far()
    assert pushed == repo.head
    # From then on what is not there yet, whatever lies in the work tree.
    assert home.run("index", "-q", cwd=repo.folder).returncode == 0
    repo.unchecked({"app/options.py": copies.renamed()})
    write(repo.folder, {"app/options.py": "x = 1\n"})
    done = repo.git("push", "-q", "origin", "main")
    assert done.returncode != 0
    assert FOUND in done.stdout
    assert far() == pushed
    repo.unchecked({"app/options.py": "x = 1\n"})
    done = repo.git("push", "-q", "origin", "main")
    assert done.returncode == 0, done.stdout
    assert far() == repo.head
    # A new branch from a known commit.
    repo.must("checkout", "-q", "-b", "more")
    repo.unchecked({"app/more.py": copies.renamed("more"), "app/yet.py": copies.renamed("yet")})
    assert "app/more.py" in repo.git("push", "-q", "origin", "more").stdout
    assert repo.must("ls-remote", "origin", "refs/heads/more") == ""


def test_submodules(home: Home, tmp_path: Path) -> None:
    library = made(tmp_path / "library", home)
    library.unchecked({"lib.py": PYTHON})
    repo = made(tmp_path / "repo", home)
    allow = ("-c", "protocol.file.allow=always")
    repo.must(*allow, "submodule", "--quiet", "add", str(library.folder), "library")
    repo.stage({"app/settings.py": copies.renamed()})
    repo.passes()  # what the submodule holds is another repository's
    inside = Repository(repo.folder / "library", home)
    assert inside.pre_commit("install").returncode == 0
    inside.stage({"a.py": copies.edited("a"), "b.py": copies.edited("b")})
    assert "a.py:1:1: CS" in inside.refused()
    inside.must("rm", "-q", "-f", "b.py")
    inside.passes()
    repo.must("add", "library")
    repo.passes()


def test_the_hooks_as_a_user_installs_them(home: Home, tmp_path: Path) -> None:
    """pre-commit clones the project and installs it with pip: the one test that takes long."""
    ours = tmp_path / "ours"
    ours.mkdir()
    for name in ("codesearch", "grammars"):
        shutil.copytree(ROOT / name, ours / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, ours / name)
    project = Repository(ours, home)
    project.must("init", "-q", "-b", "main")
    project.must("add", "-A", "-f")
    project.must("commit", "-q", "-m", "as it lies here")

    (tmp_path / "repo").mkdir()
    # Nothing but what pre-commit installs may be found.
    path = os.pathsep.join(
        p for p in os.environ["PATH"].split(os.pathsep) if not Path(p, "codesearch").exists()
    )
    repo = Repository(
        tmp_path / "repo", home, PRE_COMMIT_HOME=str(tmp_path / "pre-commit"), PATH=path
    )
    repo.must("init", "-q", "-b", "main")
    hooks = [{"id": hook["id"]} for hook in HOOKS]
    wanted = {"repo": str(ours), "rev": project.head, "hooks": hooks}
    repo.stage({CONFIG: json.dumps({"repos": [wanted]}), "app/settings.py": PYTHON})
    assert repo.pre_commit("install").returncode == 0
    done = repo.pre_commit("install-hooks", **HOME)
    assert done.returncode == 0, done.stdout
    repo.passes()

    # --all-files indexes the repository; from then on commits are compared with all of it.
    done = repo.pre_commit("run", "--all-files")
    assert done.returncode == 0, done.stdout
    repo.stage({"app/options.py": copies.renamed(), "notes.md": "# Notes\n"})
    assert f"{FOUND} (app/settings.py:1-13)" in repo.refused()
    repo.unchecked({})
    everything = repo.pre_commit("run", "codesearch-dupes-all", "--hook-stage", "manual")
    assert everything.returncode == 1
    assert "CS002" in everything.stdout
