"""Whatever is done to a work tree, and however often it is asked or stored meanwhile, the index
gives what an index made anew would give."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from repositories import git, own_home, repository, write

from codesearch.config import Settings
from codesearch.index import Index
from codesearch.ingest import Standby
from codesearch.model import SearchRequest

EVERYTHING = SearchRequest("number of steps", top_k=1000, mode="lexical")
Found = set[tuple[str, str, str]]


def found(index: Index) -> Found:
    """Everything that the index can give: path, symbol, lines."""
    hits = index.search(EVERYTHING).hits
    assert all(hit.fresh for hit in hits)
    shown = [(h.chunk.path, h.chunk.symbol, h.chunk.text) for h in hits]
    assert len(shown) == len(set(shown)), "something is there twice"
    return set(shown)


def truth(top: Path, home: Path) -> Found:
    """The same of an index made anew."""
    index = Index.open(top, Settings(index_home=home))
    try:
        return found(index)
    finally:
        index.clean()


NAMES = st.sampled_from(["a.py", "b.py", "in/a.py", "in/b.py", "in/deep/c.py", "out/d.py"])
FUNCTIONS = st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True)


def text(numbers: list[int]) -> str:
    return "\n\n".join(f"def step_{n}():\n    return {n}  # number of steps\n" for n in numbers)


class Edits(RuleBasedStateMachine):
    """Edits of files and folders, updates and questions in any order."""

    @initialize()
    def begin(self) -> None:
        self.place = Path(tempfile.mkdtemp())
        self.home = own_home(self.place / "home")
        self.home.__enter__()
        self.top = repository(self.place / "tree", {"a.py": text([1]), "in/a.py": text([2])})
        self.standby = Standby()
        self.stays = Index.open(self.top, self.settings, self.standby)
        self.stays.update()

    @property
    def settings(self) -> Settings:
        return Settings(index_home=self.place / "index")

    def teardown(self) -> None:
        self.standby.close()
        self.home.__exit__(None, None, None)
        shutil.rmtree(self.place)

    def files(self) -> list[Path]:
        return sorted(self.top.glob("**/*.py"))

    @rule(name=NAMES, numbers=FUNCTIONS)
    def write(self, name: str, numbers: list[int]) -> None:
        write(self.top, {name: text(numbers)})

    @rule(which=st.integers(0, 99), numbers=FUNCTIONS)
    def save_by_renaming(self, which: int, numbers: list[int]) -> None:
        if files := self.files():
            file = files[which % len(files)]
            file.with_suffix(".new").write_text(text(numbers))
            file.with_suffix(".new").replace(file)

    @rule(which=st.integers(0, 99), number=st.integers(0, 9))
    def keep_size_and_time(self, which: int, number: int) -> None:
        if files := self.files():
            file = files[which % len(files)]
            status = file.stat()
            file.write_text(text([number]))
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    @rule(which=st.integers(0, 99), ahead=st.booleans())
    def touch(self, which: int, ahead: bool) -> None:
        if files := self.files():
            when = 4 * 10**18 if ahead else 10**18
            os.utime(files[which % len(files)], ns=(when, when))

    @rule(which=st.integers(0, 99))
    def delete(self, which: int) -> None:
        if files := self.files():
            files[which % len(files)].unlink()

    @rule(which=st.integers(0, 99), name=NAMES)
    def move(self, which: int, name: str) -> None:
        if files := self.files():
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            files[which % len(files)].replace(self.top / name)

    @rule(back=st.booleans())
    def move_folder(self, back: bool) -> None:
        source, target = ("other", "in") if back else ("in", "other")
        if (self.top / source).exists() and not (self.top / target).exists():
            (self.top / source).rename(self.top / target)

    @rule(line=st.sampled_from(["", "/in/\n", "a.py\n", "!a.py\n"]), ours=st.booleans())
    def ignore(self, line: str, ours: bool) -> None:
        (self.top / (".codesearchignore" if ours else ".gitignore")).write_text(line)

    @rule(message=st.sampled_from(["one", "two"]))
    def commit_or_go_back(self, message: str) -> None:
        if message == "one":
            git(self.top, "add", "-A")
            git(self.top, "commit", "-q", "--allow-empty", "-m", message)
        else:
            git(self.top, "stash", "-u", "-q", check=False)

    @rule()
    def update(self) -> None:
        Index.open(self.top, self.settings).update()

    @rule()
    def update_by_the_one_that_stays(self) -> None:
        self.stays.update()

    @invariant()
    def every_index_gives_the_truth(self) -> None:
        if hasattr(self, "place"):
            wanted = truth(self.top, self.place / "anew")
            assert found(self.stays) == wanted, "the one that stays"
            assert found(Index.open(self.top, self.settings)) == wanted, "one opened now"


TestEdits = Edits.TestCase
TestEdits.settings = settings(
    max_examples=8, stateful_step_count=10, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def rebase(top: Path) -> None:
    git(top, "checkout", "-q", "-b", "topic", "HEAD~1")
    write(top, {"in/topic.py": text([7])})
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "topic")
    git(top, "rebase", "-q", "main")


def conflict(top: Path) -> None:
    git(top, "checkout", "-q", "-b", "topic", "HEAD~1")
    write(top, {"b.py": text([8])})
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "topic")
    git(top, "rebase", "-q", "main", check=False)
    assert "<<<<<<<" in (top / "b.py").read_text()


def stash(top: Path) -> None:
    write(top, {"a.py": text([9]), "untracked.py": text([6])})
    git(top, "stash", "-u", "-q")


def pop(top: Path) -> None:
    stash(top)
    git(top, "stash", "pop", "-q")


def submodule(top: Path) -> None:
    inner = repository(top.parent / "inner", {"lib.py": text([5])})
    git(top, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")


def a_repository_inside(top: Path) -> None:
    repository(top / "in", {})


STATES: dict[str, Callable[[Path], object]] = {
    "a rebase": rebase,
    "a rebase that stopped at a conflict": conflict,
    "a stash": stash,
    "a stash brought back": pop,
    "a hard reset": lambda top: git(top, "reset", "-q", "--hard", "HEAD~1"),
    "a detached head": lambda top: git(top, "checkout", "-q", "HEAD~1"),
    "a sparse checkout": lambda top: git(top, "sparse-checkout", "set", "--cone", "in"),
    "a file no longer tracked": lambda top: git(top, "rm", "-q", "--cached", "b.py"),
    "a new submodule": submodule,
    "a repository that became one of its own": a_repository_inside,
    "a clean": lambda top: (write(top, {"u.py": text([4])}), git(top, "clean", "-qfd")),
}


@pytest.mark.parametrize("state", STATES)
def test_whatever_git_did_the_index_is_as_one_made_anew(tmp_path: Path, state: str) -> None:
    with own_home(tmp_path / "home"):
        top = repository(tmp_path / "tree", {"a.py": text([1]), "in/c.py": text([2])})
        write(top, {"b.py": text([3])})
        git(top, "add", "-A")
        git(top, "commit", "-q", "-m", "second")
        standby = Standby()
        try:
            stays = Index.open(top, Settings(index_home=tmp_path / "index"), standby)
            stays.update()
            STATES[state](top)
            wanted = truth(top, tmp_path / "anew")
            assert found(stays) == wanted
            assert found(Index.open(top, Settings(index_home=tmp_path / "index"))) == wanted
        finally:
            standby.close()


def test_a_shallow_clone_is_indexed_like_any(tmp_path: Path) -> None:
    with own_home(tmp_path / "home"):
        source = repository(tmp_path / "source", {"a.py": text([1])})
        git(tmp_path, "clone", "-q", "--depth", "1", source.as_uri(), "clone")
        index = Index.open(tmp_path / "clone", Settings(index_home=tmp_path / "index"))
        assert {symbol for _, symbol, _ in found(index)} == {"step_1"}
