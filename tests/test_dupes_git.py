"""``codesearch dupes`` in real git repositories: what is asked about, what is a finding, what
becomes of bad input."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import copies
import pytest
from cli_runner import Ask, Done, Home
from copies import ASYNC, LEAST, OTHER, PYTHON
from repositories import git, own_home, repository, write

from codesearch import duplicates, places, store
from codesearch.duplicates import baseline

POSIX = os.name != "nt"
LINE = re.compile(
    r"(.+):(\d+):(\d+): (CS\d{3}) '(.+?)' is (.+) '(.+)' \((.+):(\d+)-(\d+)\)(?:,? and .*)?"
)
EXACT, RENAMED, NEAR = "CS001", "CS002", "CS003"


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_home(tmp_path_factory.mktemp("home")):
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("user"))


class Dupes(Protocol):
    """Runs ``codesearch dupes`` in this process."""

    def __call__(self, cwd: Path, *args: str | bytes, **environment: str) -> Done: ...


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> Ask:
    return Ask(monkeypatch, capfdbinary)


@pytest.fixture
def dupes(home: Home, ask: Ask) -> Dupes:
    def run(cwd: Path, *args: str | bytes, **environment: str) -> Done:
        return ask(home, "dupes", *args, cwd=cwd, **environment)

    return run


@pytest.fixture
def index(home: Home, ask: Ask) -> Any:
    """Indexes a repository."""

    def run(repo: Path, **environment: str) -> None:
        done = ask(home, "index", "-q", cwd=repo, **environment)
        assert done.returncode == 0, done.stderr

    return run


class Found(NamedTuple):
    rule: str
    path: str
    symbol: str
    other: str
    other_symbol: str


def report(done: Done) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["schema"] == "codesearch.duplicates/1"
    return document


def findings(done: Done) -> list[Found]:
    """What a run with ``--json`` found."""
    assert done.returncode in {0, 1}, done.stderr
    return [
        Found(
            f["rule"],
            f["place"]["path"],
            f["place"]["symbol"],
            f["other"]["path"],
            f["other"]["symbol"],
        )
        for f in report(done)["findings"]
    ]


def stage(repo: Path, files: dict[str, str | bytes]) -> None:
    write(repo, files)
    git(repo, "add", "-A", "-f", "--", *files)


def commit(repo: Path, files: dict[str, str | bytes], message: str = "next") -> str:
    stage(repo, files)
    git(repo, "commit", "-q", "-m", message)
    return git(repo, "rev-parse", "HEAD").strip()


def join(*functions: str) -> str:
    return "\n\n".join(functions)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A function is committed; nothing is indexed."""
    return repository(tmp_path / "repo", {"app/settings.py": PYTHON})


def made(top: Path, files: dict[str, str | bytes], home: Home) -> Path:
    """A repository in which files are committed and indexed."""
    repository(top, files)
    assert home.run("index", "-q", cwd=top).returncode == 0
    return top.resolve()


@pytest.fixture(scope="module")
def indexed(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, indexed."""
    files: dict[str, str | bytes] = {"app/settings.py": PYTHON, "app/reminders.py": OTHER}
    return made(tmp_path_factory.mktemp("indexed") / "repo", files, home)


def lent(top: Path) -> Iterator[Path]:
    """A repository; what a test does to its files is taken back behind it."""
    yield top
    git(top, "reset", "-q", "--hard")
    git(top, "clean", "-q", "-f", "-d", "-x")


@pytest.fixture
def known(indexed: Path) -> Iterator[Path]:
    yield from lent(indexed)


COPY = Found(RENAMED, "app/options.py", "read_options", "app/settings.py", "load_settings")


# -- a commit that is being made ---------------------------------------------------------


def test_a_staged_copy_is_found_and_says_where_the_original_is(dupes: Dupes, known: Path) -> None:
    stage(known, {"app/options.py": copies.renamed()})
    done = dupes(known, "--staged")
    assert done.returncode == 1
    line = LINE.fullmatch(done.stdout.strip())
    assert line is not None, done.stdout
    path, other = os.path.join("app", "options.py"), os.path.join("app", "settings.py")  # noqa: PTH118
    assert line[1] == path
    assert (line[2], line[4], line[5]) == ("1", RENAMED, "read_options")
    assert line.groups()[6:] == ("load_settings", other, "1", "13")
    assert done.stderr.startswith("1 duplicate in 1 function checked against 3 (1 renamed)")


def test_a_clean_commit_has_no_findings(dupes: Dupes, known: Path) -> None:
    changed = OTHER.replace("send_reminders", "remind").replace("minutes=15", "minutes=20")
    stage(known, {"app/reminders.py": changed, "README.md": "# Read me\n"})
    done = dupes(known, "--staged")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("no duplicates in 1 function checked against 2")


def test_nothing_staged_is_nothing_found(dupes: Dupes, known: Path) -> None:
    write(known, {"app/options.py": copies.renamed()})
    done = dupes(known, "--staged", "--json")
    assert findings(done) == []
    assert report(done)["checked"] == 0


def test_pairs_that_were_there_before_are_not_reported(dupes: Dupes, repo: Path) -> None:
    commit(repo, {"app/options.py": copies.renamed()})
    stage(repo, {"app/options.py": join(copies.renamed(), OTHER)})
    assert findings(dupes(repo, "--staged", "--json")) == []


NEARER = copies.renamed("parse").replace("return found", "log.debug(path)\n    return found")


@pytest.fixture(scope="module")
def alike(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two near copies are committed and indexed."""
    files: dict[str, str | bytes] = {
        "app/settings.py": PYTHON,
        "app/options.py": copies.edited(),
        "lib/reminders.py": OTHER,
    }
    return made(tmp_path_factory.mktemp("alike") / "repo", files, home)


@pytest.fixture
def pair(alike: Path) -> Iterator[Path]:
    yield from lent(alike)


def test_an_edit_of_an_old_pair_makes_no_new_one(dupes: Dupes, pair: Path) -> None:
    stage(pair, {"app/options.py": copies.edited().replace("< 2", "< 3")})
    done = dupes(pair, "--staged", "--json")
    assert (findings(done), report(done)["checked"]) == ([], 1)
    stage(pair, {"app/settings.py": PYTHON.replace("stream, 1", "stream, 2")})
    done = dupes(pair, "--staged", "--json")
    assert (findings(done), report(done)["checked"]) == ([], 2)
    git(pair, "rm", "-q", "-f", "app/settings.py")
    stage(pair, {"lib/moved.py": PYTHON})
    assert findings(dupes(pair, "--staged", "--json")) == []


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"app/options.py": copies.renamed()}, (RENAMED, "app/options.py", "app/settings.py")),
        ({"lib/new.py": copies.edited("late")}, (RENAMED, "lib/new.py", "app/options.py")),
        (
            {"lib/reminders.py": copies.edited("send_reminders")},
            (RENAMED, "lib/reminders.py", "app/options.py"),
        ),
        (
            {"app/options.py": copies.edited().replace("< 2", "< 3"), "lib/new.py": NEARER},
            (NEAR, "app/options.py", "lib/new.py"),
        ),
    ],
    ids=["more-alike", "third", "became-one", "edited-and-new"],
)
def test_a_pair_that_was_none_is_found_beside_an_old_one(
    dupes: Dupes, pair: Path, files: dict[str, str | bytes], found: tuple[str, str, str]
) -> None:
    stage(pair, files)
    (got,) = findings(dupes(pair, "--staged", found[1], "--json"))
    assert (got.rule, got.path, got.other) == found


def test_layout_and_comments_make_no_function_new(dupes: Dupes, repo: Path) -> None:
    both = join(PYTHON, copies.renamed())
    commit(repo, {"app/options.py": both})
    text = both.replace("    return ", "    # all of them\n\n    return ")
    assert text.count("# all of them") >= 2
    stage(repo, {"app/options.py": "import os\n\n\n" + text})
    done = dupes(repo, "--staged", "--json")
    assert findings(done) == []
    assert report(done)["checked"] == 0


def test_two_copies_in_one_commit_meet_once(dupes: Dupes, repo: Path) -> None:
    stage(repo, {"a.py": OTHER, "b.py": OTHER})
    done = dupes(repo, "--staged", "--json")
    assert findings(done) == [Found(EXACT, "a.py", "send_reminders", "b.py", "send_reminders")]


def test_what_is_staged_counts_and_not_the_work_tree(dupes: Dupes, known: Path) -> None:
    stage(known, {"app/options.py": copies.renamed()})
    write(known, {"app/options.py": "pass\n"})
    assert findings(dupes(known, "--staged", "--json")) == [COPY]
    stage(known, {"app/options.py": "pass\n"})
    write(known, {"app/options.py": copies.renamed()})
    assert findings(dupes(known, "--staged", "--json")) == []


def test_the_lines_are_those_of_what_is_staged(dupes: Dupes, known: Path) -> None:
    stage(known, {"app/options.py": "a = 1\nb = 2\n\n\n" + copies.renamed()})
    write(known, {"app/options.py": copies.renamed(), "app/settings.py": "\n" * 40 + PYTHON})
    (found,) = report(dupes(known, "--staged", "--json"))["findings"]
    assert (found["place"]["start_line"], found["place"]["end_line"]) == (5, 17)
    assert (found["other"]["start_line"], found["other"]["end_line"]) == (1, 13)
    text = [(d["left"]["text"], d["right"]["text"]) for d in found["differences"]]
    assert ("found", "values") in text


@pytest.mark.parametrize("now", ["changed", "deleted"])
def test_an_original_that_lies_otherwise_in_the_work_tree_is_met(
    dupes: Dupes, known: Path, now: str
) -> None:
    stage(known, {"app/options.py": copies.renamed()})
    if now == "deleted":
        (known / "app" / "settings.py").unlink()
    else:
        write(known, {"app/settings.py": OTHER})
    assert findings(dupes(known, "--staged", "--json")) == [COPY]


@pytest.mark.parametrize("announced", [False, True])
def test_what_is_in_no_commit_is_not_compared_with(
    dupes: Dupes, known: Path, announced: bool
) -> None:
    write(known, {"draft.py": OTHER.replace("send_reminders", "draft")})
    if announced:
        git(known, "add", "-N", "draft.py")
    stage(known, {"late.py": OTHER.replace("send_reminders", "late"), "app/reminders.py": "x = 1"})
    # It moved, and is nowhere else.
    assert findings(dupes(known, "--staged", "--json")) == []
    git(known, "add", "draft.py")
    assert len(findings(dupes(known, "--staged", "--json"))) == 1


def test_of_a_file_that_is_staged_empty_the_work_tree_does_not_count(
    dupes: Dupes, known: Path
) -> None:
    stage(known, {"app/empty.py": ""})
    git(known, "rm", "-q", "app/settings.py")
    stage(known, {"app/options.py": copies.renamed()})
    write(known, {"app/empty.py": PYTHON})
    assert findings(dupes(known, "--staged", "--json")) == []
    stage(known, {"app/empty.py": PYTHON, "app/settings.py": PYTHON})
    assert len(findings(dupes(known, "--staged", "--json"))) > 0


def test_a_move_is_no_finding(dupes: Dupes, known: Path) -> None:
    git(known, "mv", "app/settings.py", "app/moved.py")
    done = dupes(known, "--staged", "--json")
    assert findings(done) == []
    assert report(done)["checked"] == 0


def test_a_move_between_files_is_no_finding_and_one_more_copy_is(dupes: Dupes, known: Path) -> None:
    stage(known, {"app/settings.py": "x = 1\n", "app/reminders.py": join(OTHER, PYTHON)})
    assert findings(dupes(known, "--staged", "--json")) == []
    stage(known, {"app/more.py": PYTHON})
    found = findings(dupes(known, "--staged", "--json"))
    assert [f.rule for f in found] == [EXACT]
    assert {found[0].path, found[0].other} == {"app/reminders.py", "app/more.py"}


def test_a_move_with_an_edit_is_no_finding(dupes: Dupes, known: Path) -> None:
    git(known, "mv", "app/settings.py", "app/moved.py")
    stage(known, {"app/moved.py": copies.edited("load_settings")})
    done = dupes(known, "--staged", "--json")
    assert findings(done) == []
    assert report(done)["checked"] == 1


def test_a_file_that_was_copied_is_a_finding(dupes: Dupes, known: Path) -> None:
    stage(known, {"app/copied.py": PYTHON})
    (found,) = findings(dupes(known, "--staged", "--json"))
    assert (found.rule, found.path, found.other) == (EXACT, "app/copied.py", "app/settings.py")


def test_a_deletion_is_no_finding(dupes: Dupes, known: Path) -> None:
    git(known, "rm", "-q", "app/settings.py")
    assert findings(dupes(known, "--staged", "--json")) == []
    stage(known, {"app/options.py": copies.renamed()})
    assert findings(dupes(known, "--staged", "--json")) == []


def test_another_mode_makes_no_function_new(dupes: Dupes, repo: Path) -> None:
    commit(repo, {"app/options.py": copies.renamed()})
    git(repo, "update-index", "--chmod=+x", "app/options.py")
    done = dupes(repo, "--staged", "app", "--json")
    assert findings(done) == []
    assert report(done)["mode"] == "staged"


def test_the_first_commit(dupes: Dupes, tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    done = dupes(repo, "--staged", "--json")
    assert (findings(done), report(done)["compared"]) == ([], 0)
    stage(repo, {"a.py": PYTHON, "b.py": copies.renamed(), "c.py": OTHER})
    write(repo, {"d.py": PYTHON})
    found = findings(dupes(repo, "--staged", "--json"))
    assert [(f.rule, f.path, f.other) for f in found] == [(RENAMED, "a.py", "b.py")]


def test_the_first_commit_within_no_time(dupes: Dupes, tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    stage(repo, {"a.py": PYTHON, "b.py": copies.renamed()})
    told = report(dupes(repo, "--staged", "--time-budget", "0", "--json"))
    assert (told["checked"], told["complete"]) == (0, False)


@pytest.mark.parametrize("renewed", [False, True])
def test_of_a_changed_file_all_functions_are_compared_with(
    dupes: Dupes, known: Path, index: Any, renewed: bool
) -> None:
    """Whether the index has the file as it was or as it is staged."""
    try:
        stage(
            known, {"app/settings.py": join("LIMIT = 3", PYTHON), "app/more.py": copies.renamed()}
        )
        if renewed:
            index(known)
        done = dupes(known, "--staged", "--json")
        assert findings(done) == [
            (RENAMED, "app/more.py", "read_options", "app/settings.py", "load_settings")
        ]
        first = report(done)["findings"][0]["other"]["start_line"]
        assert first == 3
    finally:
        git(known, "reset", "-q", "--hard")
        index(known)


def test_no_vectors_and_so_no_backend_is_needed(dupes: Dupes, known: Path) -> None:
    stage(known, {"app/more.py": copies.renamed()})
    done = dupes(known, "--staged", "--json", CODESEARCH_BACKEND="model2vec")
    assert [f.rule for f in findings(done)] == [RENAMED]
    assert done.stderr == ""


def test_what_was_added_since_the_index_was_made_is_met(dupes: Dupes, known: Path) -> None:
    was = git(known, "rev-parse", "HEAD").strip()
    try:
        commit(known, {"lib/late.js": copies.JAVASCRIPT, "bin/late": "#!/bin/sh\n"})
        stage(known, {"lib/more.js": copies.JAVASCRIPT})
        found = findings(dupes(known, "--staged", "--json"))
        assert [(f.rule, f.path, f.other) for f in found] == [(EXACT, "lib/more.js", "lib/late.js")]
    finally:
        git(known, "reset", "-q", "--hard", was)


def test_paths_narrow_what_is_asked_about(dupes: Dupes, known: Path) -> None:
    stage(known, {"app/options.py": copies.renamed(), "lib/more.py": copies.renamed("more")})
    found = findings(dupes(known, "--staged", "lib", "--json"))
    assert [f.path for f in found] == ["lib/more.py"]
    found = findings(dupes(known / "app", "--staged", "options.py", "--json"))
    assert [f.path for f in found] == ["app/options.py"]


def test_paths_without_anything_staged_are_looked_at_as_they_lie_by_pre_commit_alone(
    dupes: Dupes, repo: Path, index: Any
) -> None:
    commit(repo, {"app/options.py": copies.renamed()})
    index(repo)
    both = "app/options.py", "app/settings.py"
    done = dupes(repo, "--staged", *both, "--json", PRE_COMMIT="1")
    assert report(done)["mode"] == "files"
    assert len(findings(done)) == 1
    for paths, told in ((both, {}), (["."], {}), (["."], {"PRE_COMMIT": "1"}), ([], {})):
        done = dupes(repo, "--staged", *paths, "--json", **told)
        assert (done.returncode, findings(done), report(done)["checked"]) == (0, [], 0)
        assert report(done)["mode"] == "staged"
        assert report(done)["warnings"] == ["nothing is staged"]
        assert "warning: nothing is staged\n" in done.stderr


# -- merges ------------------------------------------------------------------------------


def merging(repo: Path) -> None:
    """A merge with a conflict in a file that has nothing to do with it; it is not resolved."""
    commit(repo, {"notes.txt": "begin\n"})
    git(repo, "checkout", "-q", "-b", "theirs")
    commit(repo, {"notes.txt": "theirs\n", "app/options.py": copies.renamed()})
    git(repo, "checkout", "-q", "main")
    commit(repo, {"notes.txt": "ours\n", "app/reminders.py": OTHER})
    git(repo, "merge", "-q", "theirs", check=False)
    assert "UU notes.txt" in git(repo, "status", "--porcelain")


def test_what_came_with_the_other_branch_is_no_finding(dupes: Dupes, repo: Path) -> None:
    merging(repo)
    stage(repo, {"notes.txt": "both\n"})
    assert "app/options.py" in git(repo, "diff", "--cached", "--name-only")
    done = dupes(repo, "--staged", "--json")
    assert findings(done) == []
    assert report(done)["checked"] == 0


def test_paths_of_a_merge_that_changes_nothing_by_itself_are_not_looked_at(
    dupes: Dupes, repo: Path
) -> None:
    """pre-commit gives the files that were in conflict, even if one side was taken whole."""
    merging(repo)
    git(repo, "checkout", "-q", "--theirs", "notes.txt")
    git(repo, "add", "notes.txt")
    done = dupes(repo, "--staged", "notes.txt", "app/options.py", "--json")
    assert findings(done) == []
    assert report(done)["mode"] == "staged"


def test_what_a_merge_adds_by_itself_is_a_finding(dupes: Dupes, repo: Path) -> None:
    merging(repo)
    mine = join(OTHER, copies.edited("load_more"))
    stage(repo, {"notes.txt": "both\n", "app/one.py": LEAST, "app/reminders.py": mine})
    stage(repo, {"app/two.py": LEAST})
    done = dupes(repo, "--staged", "--json")
    assert [(f.path, f.other) for f in findings(done)] == [("app/one.py", "app/two.py")]
    assert report(done)["checked"] == 3


def test_an_unresolved_merge_can_be_asked_about(dupes: Dupes, repo: Path) -> None:
    merging(repo)
    assert findings(dupes(repo, "--staged", "--json")) == []


# -- since a branch ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def forked(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On a branch a copy was committed; main has gone on meanwhile. Indexed on the branch."""
    top = repository(tmp_path_factory.mktemp("forked") / "repo", {"app/settings.py": PYTHON})
    git(top, "checkout", "-q", "-b", "feature")
    commit(top, {"app/options.py": copies.renamed()})
    git(top, "tag", "-a", "v1", "-m", "v1", "HEAD~1")
    git(top, "checkout", "-q", "main")
    commit(top, {"app/reminders.py": OTHER, "app/again.py": OTHER})
    git(top, "checkout", "-q", "feature")
    assert home.run("index", "-q", cwd=top).returncode == 0
    return top


@pytest.fixture
def branched(forked: Path) -> Iterator[Path]:
    before = git(forked, "rev-parse", "feature").strip()
    yield forked
    git(forked, "checkout", "-q", "-f", "-B", "feature", before)
    git(forked, "clean", "-q", "-f", "-d", "-x")


def test_what_a_branch_adds_is_found(dupes: Dupes, branched: Path) -> None:
    done = dupes(branched, "--base-ref", "main", "--json")
    assert findings(done) == [COPY]
    assert (done.returncode, report(done)["mode"]) == (1, "since")


def test_neither_the_work_tree_nor_the_index_counts_since_a_branch(
    dupes: Dupes, branched: Path
) -> None:
    stage(branched, {"app/options.py": OTHER, "app/settings.py": "x = 1\n", "staged.py": PYTHON})
    write(branched, {"loose.py": PYTHON})
    assert findings(dupes(branched, "--base-ref", "main", "--json")) == [COPY]


def test_a_branch_that_was_merged_into_is_compared_from_where_it_left(
    dupes: Dupes, branched: Path
) -> None:
    git(branched, "merge", "-q", "-m", "merge", "main")
    found = findings(dupes(branched, "--base-ref", "main", "--json"))
    assert [f.path for f in found] == ["app/options.py"]


def test_a_branch_without_a_common_commit_is_compared_with_the_other(
    dupes: Dupes, branched: Path
) -> None:
    git(branched, "checkout", "-q", "--orphan", "alone")
    git(branched, "commit", "-q", "-m", "alone")
    try:
        assert git(branched, "merge-base", "main", "alone", check=False) == ""
        found = findings(dupes(branched, "--base-ref", "main", "--json"))
    finally:
        git(branched, "checkout", "-q", "-f", "feature")
        git(branched, "branch", "-q", "-D", "alone")
    assert [f.path for f in found] == ["app/options.py"]


def test_a_commit_can_be_named_in_any_way(dupes: Dupes, branched: Path) -> None:
    git(branched, "checkout", "-q", "--detach")
    for name in ("HEAD~1", "v1", git(branched, "rev-parse", "HEAD~1").strip(), "@{-1}~1"):
        assert findings(dupes(branched, "--base-ref", name, "--json")) == [COPY]
    assert findings(dupes(branched, "--base-ref", "HEAD", "--json")) == []


@pytest.mark.parametrize("name", ["no-such-branch", "HEAD:app", "a..b", "", "x\ny", "HEAD^5"])
def test_a_commit_that_does_not_exist_is_a_sentence(dupes: Dupes, repo: Path, name: str) -> None:
    done = dupes(repo, "--base-ref", name or " ")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no commit ")
    assert "hint: fetch it" in done.stderr


@pytest.mark.parametrize("name", ["--output=TRAP", "-h", "--exec=touch TRAP"])
def test_a_commit_that_looks_like_a_flag_is_never_given_to_git(
    dupes: Dupes, repo: Path, tmp_path: Path, name: str
) -> None:
    trap = tmp_path / "trap"
    done = dupes(repo, f"--base-ref={name.replace('TRAP', str(trap))}")
    assert done.returncode == 2
    assert "is no commit" in done.stderr
    assert not trap.exists()


def test_what_a_shallow_clone_lacks_is_a_sentence(
    dupes: Dupes, branched: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", branched.as_uri(), str(clone))
    done = dupes(clone, "--base-ref", "origin/main")
    assert done.returncode == 2
    assert "there is no commit 'origin/main'" in done.stderr


def test_pre_commit_says_which_commits_are_pushed(dupes: Dupes, branched: Path) -> None:
    told = {"PRE_COMMIT_FROM_REF": "main", "PRE_COMMIT_TO_REF": "feature"}
    git(branched, "checkout", "-q", "main")
    done = dupes(branched, "--staged", "--json", **told)
    assert findings(done) == [COPY]
    assert report(done)["mode"] == "since"


def test_of_a_branch_that_is_pushed_whole_counts_what_no_remote_has(
    dupes: Dupes, repo: Path, tmp_path: Path
) -> None:
    """Whatever is staged. pre-commit tells no commits where the remote has not even the first."""
    told = {
        "PRE_COMMIT": "1",
        "PRE_COMMIT_REMOTE_NAME": "backup",
        "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/main",
        "CODESEARCH_INDEX": str(tmp_path / "none"),
    }

    def push() -> tuple[list[Found], list[str]]:
        done = dupes(repo, "--staged", "--json", **told)
        assert report(done)["mode"] == "since"
        assert not (tmp_path / "none").exists(), "no hook builds an index"
        _, *notes = report(done)["warnings"]  # first that there is no index
        return findings(done), notes

    old = commit(repo, {"app/options.py": copies.renamed()})
    git(repo, "checkout", "-q", "-b", "other")
    stage(repo, {"staged.py": PYTHON})
    found, notes = push()
    assert [{f.path, f.other} for f in found] == [{COPY.path, COPY.other}]
    assert notes == ["no remote has anything of refs/heads/main yet: all of it is new"]
    git(repo, "update-ref", "refs/remotes/origin/main", old)
    assert push() == ([], [])
    git(repo, "checkout", "-q", "-f", "main")
    commit(repo, {"late.py": OTHER})
    assert push() == ([], [])
    commit(repo, {"later.py": OTHER})
    found, notes = push()
    assert [{f.path, f.other} for f in found] == [{"late.py", "later.py"}]
    assert notes == []


def test_a_pushed_branch_that_took_in_another_is_compared_from_there(
    dupes: Dupes, branched: Path
) -> None:
    git(branched, "update-ref", "refs/remotes/origin/old", "feature~1")
    git(branched, "update-ref", "refs/remotes/origin/main", "main")
    git(branched, "merge", "-q", "-m", "merge", "main")
    try:
        told = {"PRE_COMMIT_REMOTE_NAME": "backup", "PRE_COMMIT_LOCAL_BRANCH": "feature"}
        done = dupes(branched, "--staged", "--json", **told)
    finally:
        for name in ("old", "main"):
            git(branched, "update-ref", "-d", f"refs/remotes/origin/{name}")
    assert [f.path for f in findings(done)] == ["app/options.py"]


# -- everything, files, folders ----------------------------------------------------------


@pytest.fixture(scope="module")
def full(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with all kinds of likeness, indexed; nothing in it is changed."""
    files: dict[str, str | bytes] = {
        "app/settings.py": PYTHON,
        "app/options.py": copies.renamed(),
        "lib/parse.py": copies.edited("parse_lines"),
        "lib/reminders.py": OTHER,
        "lib/again.py": OTHER,
        "tests/test_settings.py": PYTHON,
    }
    return made(tmp_path_factory.mktemp("full") / "repo", files, home)


def test_everything_is_shown_in_groups(dupes: Dupes, full: Path) -> None:
    done = dupes(full, "--json")
    assert done.returncode == 1
    document = report(done)
    assert (document["mode"], document["checked"], document["compared"]) == ("all", 5, 5)
    groups = [
        {f["place"]["path"], f["other"]["path"], *(also["path"] for also in f["also"])}
        for f in document["findings"]
    ]
    assert len(groups) == 2
    assert {"app/settings.py", "app/options.py", "lib/parse.py"} in groups
    assert {"lib/reminders.py", "lib/again.py"} in groups
    assert report(dupes(full, "--all", "--json"))["findings"] == document["findings"]


def test_copies_beyond_those_that_are_named_are_counted(
    dupes: Dupes, repo: Path, index: Any
) -> None:
    commit(repo, {"more.py": join(*[PYTHON] * 230)})
    index(repo)
    document = report(dupes(repo, "--json"))
    (found,) = document["findings"]
    assert (len(found["also"]), found["more"]) == (199, 30)
    assert found["message"].endswith("and 229 more")
    summary = document["summary"]
    assert (summary["functions"], summary["duplicated_lines"]) == (231, 230 * 13)


def test_a_folder_is_compared_with_the_whole_repository(dupes: Dupes, full: Path) -> None:
    found = findings(dupes(full, "lib", "--json"))
    assert [(f.rule, f.path) for f in found] == [(EXACT, "lib/again.py"), (NEAR, "lib/parse.py")]
    assert found[1].other.startswith("app/")
    inside = findings(dupes(full / "lib", ".", "--json"))
    assert inside == found


def test_a_file_is_compared_with_the_whole_repository(dupes: Dupes, full: Path) -> None:
    found = findings(dupes(full, "app/options.py", "--json"))
    assert found == [COPY]
    assert findings(dupes(full / "app", "options.py", "../lib/reminders.py", "--json")) == [
        COPY,
        Found(EXACT, "lib/reminders.py", "send_reminders", "lib/again.py", "send_reminders"),
    ]


@pytest.fixture
def relations(home: Home, ask: Ask) -> Any:
    """What ``similar`` says that functions are to the one at a line."""

    def run(repo: Path, at: str, **environment: str) -> dict[str, str]:
        done = ask(home, "similar", at, "--json", cwd=repo, **environment)
        assert done.returncode == 0, done.stderr
        hits = json.loads(done.stdout)["results"]
        return {hit["path"]: hit["relation"] for hit in hits if "relation" in hit}

    return run


def test_similar_says_of_copies_what_dupes_says(dupes: Dupes, full: Path, relations: Any) -> None:
    tests = {"tests/test_settings.py": "exact"}  # ``similar`` asks for any function
    assert relations(full, "app/settings.py:1") == {
        "app/options.py": "renamed",
        "lib/parse.py": "near",
        **tests,
    }
    most = {"CODESEARCH_DUPES_THRESHOLD": "1"}
    assert relations(full, "app/settings.py:1", **most) == {"app/options.py": "renamed", **tests}
    long = {"CODESEARCH_DUPES_MIN_TOKENS": "1000"}
    assert relations(full, "app/settings.py:1", **long) == {}
    assert findings(dupes(full, "app/settings.py", "--json", **long)) == []


def test_similar_says_nothing_of_what_is_alike_by_design(empty: Path, relations: Any) -> None:
    """The asynchronous form, and the same method of two classes."""
    stage(empty, {
        "plain.py": PYTHON,
        "waits.py": ASYNC,
        "b.py": copies.method(copies.edited("load_settings"), "B"),
        "c.py": copies.method(PYTHON, "C"),
    })  # fmt: skip
    assert "waits.py" not in relations(empty, "plain.py:1")
    assert relations(empty, "b.py:2") == {"plain.py": "near"}


def test_tests_are_left_out_unless_they_are_asked_for(dupes: Dupes, full: Path) -> None:
    assert "tests/" not in dupes(full, "--json").stdout
    assert report(dupes(full, "--include-tests", "--json"))["compared"] == 6
    found = findings(dupes(full, "tests", "--include-tests", "--json"))
    assert [(f.rule, f.path) for f in found] == [(EXACT, "tests/test_settings.py")]
    assert findings(dupes(full, "tests", "--json")) == []


def test_given_paths_that_are_left_out_are_named(dupes: Dupes, repo: Path, index: Any) -> None:
    commit(
        repo, {"app/versions/old.py": PYTHON, "vendor/a.py": PYTHON, "bin/gen": "#!/bin/sh\nls\n"}
    )
    index(repo)

    def told(*args: str, **environment: str) -> list[str]:
        done = dupes(repo, *args, "--json", **environment)
        assert findings(done) == []
        return [said.partition(";")[0] for said in report(done)["warnings"]]

    assert told("app/versions") == ["left out: app/versions"]
    both = told("app/versions/old.py", "app", "vendor")
    assert both == ["left out: app/versions/old.py and 1 more"]
    assert told("app") == told("app/settings.py") == told("bin/gen") == told() == []
    # pre-commit names all files, whatever they are.
    assert told("--staged", "vendor/a.py", "app/settings.py", PRE_COMMIT="1") == []


@pytest.mark.parametrize(
    ("flags", "rules"),
    [
        ([], [EXACT, RENAMED]),
        (["--select", "CS001"], [EXACT]),
        (["--select", "cs001,cs003"], [EXACT, NEAR]),
        (["--ignore", "CS001"], [RENAMED]),
        (["--ignore", "CS001", "--ignore", "CS002"], [NEAR]),
        (["--select", "CS003", "--ignore", "CS003"], []),
    ],
)
def test_rules_are_chosen(dupes: Dupes, full: Path, flags: list[str], rules: list[str]) -> None:
    done = dupes(full, "--json", *flags)
    assert sorted(f.rule for f in findings(done)) == rules
    assert done.returncode == (1 if rules else 0)


@pytest.mark.parametrize(
    ("only", "fail_on", "strict", "code"),
    [
        (NEAR, "warning", False, 1),
        (NEAR, "error", False, 0),
        (NEAR, "error", True, 1),
        (NEAR, "never", True, 0),
        (EXACT, "error", False, 1),
        (EXACT, "never", False, 0),
    ],
)
def test_what_fails(
    dupes: Dupes, full: Path, only: str, fail_on: str, strict: bool, code: int
) -> None:
    flags = ["--strict"] if strict else []
    done = dupes(full, "--select", only, "--fail-on", fail_on, "--json", *flags)
    assert done.returncode == code
    severity = "warning" if only == NEAR and not strict else "error"
    found = report(done)["findings"]
    assert found
    assert {f["severity"] for f in found} == {severity}


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["--staged", "--all"], "ask different questions"),
        (["--staged", "--base-ref", "HEAD"], "ask different questions"),
        (["--all", "app"], "--all asks about everything"),
        (["--trend", "a.json"], "--trend is shown on the page"),
        (["nothing.py"], "there is no file or folder nothing.py"),
        (["--select", "CS999"], "CS999"),
        (["--threshold", "2"], "--dupes-threshold must be a number from 0.3 to 1"),
        (["--min-tokens", "3"], "--dupes-min-tokens must be"),
        (["--fail-on", "sometimes"], "sometimes"),
        (["--format", "xml"], "xml"),
        (["--time-budget", "-1"], "--time-budget"),
        (["--no-such-flag"], "there is no flag --no-such-flag"),
    ],
)
def test_a_wrong_command_line_is_a_sentence(
    dupes: Dupes, full: Path, args: list[str], why: str
) -> None:
    done = dupes(full, *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr
    assert "unexpected" not in done.stderr


FORMATS = {
    "json": lambda text: json.loads(text)["findings"],
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
    "sarif": lambda text: json.loads(text)["runs"][0]["results"],
    "github": lambda text: [line for line in text.splitlines() if line.startswith("::")],
    "gitlab": json.loads,
    "text": lambda text: [LINE.fullmatch(line) for line in text.splitlines()],
}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_the_same_findings(dupes: Dupes, full: Path, form: str) -> None:
    done = dupes(full, "--format", form)
    found = FORMATS[form](done.stdout)
    assert done.returncode == 1
    assert len(found) == 2
    assert all(found)


def test_a_report_goes_to_a_file(dupes: Dupes, full: Path, tmp_path: Path) -> None:
    file, page = tmp_path / "found.json", tmp_path / "page.html"
    done = dupes(full, "--json", "-o", str(file), "--html", str(page))
    assert (done.returncode, done.stdout) == (1, "")
    assert len(json.loads(file.read_text("utf-8"))["findings"]) == 2
    assert page.read_text("utf-8").lower().startswith("<!doctype html>")
    blocked = dupes(full, "-o", str(tmp_path / "none" / "a.json"))
    assert blocked.returncode == 2
    assert "cannot be written" in blocked.stderr


def test_a_time_budget_that_is_over_is_said(dupes: Dupes, full: Path) -> None:
    done = dupes(full, "lib/parse.py", "--time-budget", "0", "--json")
    assert findings(done) == []
    assert (done.returncode, report(done)["complete"]) == (0, False)
    assert "not everything was compared within 0 s" in done.stderr
    assert dupes(full, "lib/parse.py", "--time-budget", "0", "--strict").returncode == 2
    enough = dupes(full, "lib/parse.py", "--time-budget", "100", "--strict", "--json")
    assert (enough.returncode, report(enough)["complete"]) == (1, True)


def test_what_was_found_within_the_time_fails(dupes: Dupes, full: Path) -> None:
    done = dupes(full, "--time-budget", "0", "--json")
    assert {f.rule for f in findings(done)} == {EXACT, RENAMED}
    assert done.returncode == 1


# -- what is no finding ------------------------------------------------------------------


def new(dupes: Dupes, repo: Path, files: dict[str, str | bytes], *flags: str) -> list[str]:
    """The rules of what is found in a first commit with these files."""
    stage(repo, files)
    return [f.rule for f in findings(dupes(repo, "--staged", "--json", *flags))]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (PYTHON, ASYNC, []),
        (PYTHON, ASYNC.replace("load_settings", "aload_settings"), []),
        (PYTHON, ASYNC.replace("load_settings", "load_settings_async"), []),
        (PYTHON, "async " + copies.renamed(), [NEAR]),
        (copies.method(PYTHON, "A"), copies.method(copies.edited("load_settings"), "B"), []),
        (copies.method(PYTHON, "A"), copies.method(PYTHON, "B"), [EXACT]),
        (copies.method(PYTHON, "A"), copies.method(copies.edited("parse"), "B"), [NEAR]),
        (PYTHON, copies.method(PYTHON, "A"), [NEAR]),
        (PYTHON, OTHER, []),
    ],
    ids=[
        "twins", "twins-a", "twins-async", "not-twins", "same-method", "same-method-exact",
        "other-method", "method-function", "unlike",
    ],
)  # fmt: skip
def test_what_is_alike_by_design(
    dupes: Dupes, empty: Path, one: str, other: str, found: list[str]
) -> None:
    assert new(dupes, empty, {"a.py": one, "b.py": other}) == found


def test_a_function_is_no_copy_of_what_is_in_it(dupes: Dupes, empty: Path) -> None:
    inner = "".join(f"    {line}" for line in PYTHON.splitlines(True))
    outer = f"def make_loader(log):\n{inner}    return load_settings\n"
    assert new(dupes, empty, {"a.py": outer}) == []
    stage(empty, {"b.py": PYTHON})
    (found,) = findings(dupes(empty, "--staged", "--json"))
    assert {found.path, found.other} == {"a.py", "b.py"}


def test_lines_of_a_function_in_another_count_once(dupes: Dupes, empty: Path) -> None:
    """One that is long and holds several is taken apart, and is still compared."""
    inner = [PYTHON, OTHER, LEAST]
    lines = [f"    {line}\n" for line in "\n".join([*inner, "# and more" * 300]).splitlines()]
    stage(empty, {"a.py": f"def make(log):\n{''.join(lines)}    return log\n"})
    stage(empty, dict(zip(("b.py", "c.py", "d.py"), inner, strict=True)))
    document = report(dupes(empty, "--staged", "--json"))
    assert document["compared"] == 7
    each = sum(text.count("\n") for text in inner)
    assert document["summary"]["duplicated_lines"] == each
    assert document["summary"]["lines"] == each + (1 + len(lines) + 1)


def test_counterparts_are_no_finding(dupes: Dupes, empty: Path) -> None:
    last = LEAST.replace("earliest", "latest").replace("< best.deadline", "> best.deadline")
    assert last != LEAST
    assert new(dupes, empty, {"a.py": LEAST, "b.py": last}) == []
    # Of the same name, or with other variables, it is a copy.
    assert new(dupes, empty, {"b.py": last.replace("latest", "earliest")}) == [NEAR]
    assert new(dupes, empty, {"b.py": last.replace("task", "job").replace("best", "x")}) == [NEAR]


@pytest.mark.parametrize(
    "path",
    [
        "app/migrations/0001_first.py", "vendor/lib.py", "third_party/lib.py",
        "app/generated/client.py", "tests/helpers.py", "app/test_settings.py", "stubs/lib.pyi",
        "node_modules/lib.py", ".venv/lib/site.py",
    ],
)  # fmt: skip
def test_what_is_not_to_be_shared_is_not_compared(dupes: Dupes, empty: Path, path: str) -> None:
    assert new(dupes, empty, {"app/settings.py": PYTHON, path: PYTHON}) == []
    assert new(dupes, empty, {"app/beside.py": PYTHON}) == [EXACT]


def test_short_functions_are_not_compared(dupes: Dupes, empty: Path) -> None:
    short = "def add_all(numbers):\n    total = 0\n    for n in numbers:\n        total += n\n"
    short += "    return total / len(numbers)\n"
    assert new(dupes, empty, {"a.py": short, "b.py": short}) == []
    assert new(dupes, empty, {}, "--min-tokens", "20") == [EXACT]


# -- comments that accept ----------------------------------------------------------------

LANGUAGES = {
    "py": (PYTHON, "#"),
    "js": (copies.JAVASCRIPT, "//"),
    "go": (copies.GO, "//"),
    "rs": (copies.RUST, "//"),
    "lua": (copies.LUA, "--"),
}


@pytest.mark.parametrize("suffix", LANGUAGES)
def test_a_comment_accepts_a_copy(dupes: Dupes, empty: Path, suffix: str) -> None:
    text, mark = LANGUAGES[suffix]
    head = "package a\n\n" if suffix == "go" else ""
    said = f"{mark} codesearch: ignore[CS001] the two will part\n"
    copy = f"b/b.{suffix}"
    assert new(dupes, empty, {f"a.{suffix}": head + text, copy: head + text}) == [EXACT]
    stage(empty, {copy: head + said + text})
    done = dupes(empty, "--staged", "--json")
    assert (done.returncode, findings(done)) == (0, [])
    assert (report(done)["suppressed"], report(done)["unused_suppressions"]) == (1, [])


@pytest.mark.parametrize(
    ("comment", "accepts"),
    [
        ("# codesearch: ignore", True),
        ("# codesearch:ignore", True),
        ("# codesearch: ignore[CS001, CS002] both", True),
        ("# codesearch: ignore[CS003]", False),
        ("# codesearch: ignore[]", True),
        ("# codesearch ignore", False),
        ("# codesearch: ignored", False),
    ],
)
@pytest.mark.parametrize("above", [True, False], ids=["above", "behind"])
def test_comments_name_rules(
    dupes: Dupes, empty: Path, comment: str, accepts: bool, above: bool
) -> None:
    head, _, body = PYTHON.partition("\n")
    text = f"{comment}\n{PYTHON}" if above else f"{head}  {comment}\n{body}"
    rules = new(dupes, empty, {"a.py": PYTHON, "b.py": text})
    assert rules == ([] if accepts else [EXACT])


def test_a_comment_on_the_original_accepts_too(dupes: Dupes, empty: Path) -> None:
    commit(empty, {"a.py": f"# codesearch: ignore meant so\n{PYTHON}"})
    assert new(dupes, empty, {"b.py": PYTHON}) == []


def test_a_comment_that_accepts_nothing_is_said(dupes: Dupes, empty: Path) -> None:
    text = f"# codesearch: ignore[CS003]\n{PYTHON}"
    stage(empty, {"a.py": text})
    done = dupes(empty, "--staged")
    assert done.returncode == 0
    assert "a.py:1: unused suppression of CS003" in done.stderr
    document = report(dupes(empty, "--staged", "--json"))
    assert document["unused_suppressions"] == [{"path": "a.py", "line": 1, "rules": ["CS003"]}]
    # Whose function is not asked about has no unused comments: the other one may be elsewhere.
    git(empty, "commit", "-q", "-m", "first")
    stage(empty, {"b.py": OTHER})
    assert report(dupes(empty, "--staged", "--json"))["unused_suppressions"] == []


@pytest.mark.parametrize(
    ("named", "flags", "setting", "unused"),
    [
        ("[CS001]", [], "", False),
        ("[CS001]", ["--ignore", "CS001"], "", False),
        ("[CS001]", ["--select", "CS002,CS003"], "", False),
        ("[CS001]", [], 'dupes-ignore = ["CS001"]', False),
        ("[CS002]", ["--ignore", "CS001"], "", True),
        ("[CS002, CS003]", ["--ignore", "CS003"], "", False),
        ("[CS004]", [], "", False),
        ("[CS004]", ["--select", "CS004"], "", True),
        ("", ["--ignore", "CS001"], "", False),
        ("[CS9]", ["--select", "CS001"], "", True),
    ],
)
def test_only_comments_on_rules_that_were_looked_for_are_unused(
    dupes: Dupes, empty: Path, named: str, flags: list[str], setting: str, unused: bool
) -> None:
    text = f"# codesearch: ignore{named}\n{PYTHON}"
    stage(empty, {"a.py": text, "b.py": PYTHON, "codesearch.toml": setting})
    document = report(dupes(empty, "--staged", "--json", *flags))
    assert [u["path"] for u in document["unused_suppressions"]] == ["a.py"] * unused


def test_a_comment_whose_pair_may_stand_where_nobody_looked_is_not_unused(
    dupes: Dupes, repo: Path, index: Any
) -> None:
    text = f"# codesearch: ignore[CS002]\n{copies.renamed()}"
    stage(repo, {"app/options.py": text})  # nothing is indexed
    assert report(dupes(repo, "--staged", "--json"))["unused_suppressions"] == []
    index(repo)
    stage(repo, {"app/options.py": text.replace("CS002", "CS003")})
    document = report(dupes(repo, "--staged", "--json"))
    assert [u["path"] for u in document["unused_suppressions"]] == ["app/options.py"]
    assert len(document["findings"]) == 1


# -- the baseline ------------------------------------------------------------------------

BASELINE = ".codesearch-baseline.json"


def accept(dupes: Dupes, repo: Path) -> None:
    done = dupes(repo, "--staged", "--update-baseline")
    assert done.returncode == 0, done.stderr
    assert "accepted in" in done.stderr


def test_an_accepted_pair_is_no_finding_wherever_it_moves(dupes: Dupes, empty: Path) -> None:
    assert new(dupes, empty, {"a.py": PYTHON, "b.py": copies.renamed()}) == [RENAMED]
    accept(dupes, empty)
    done = dupes(empty, "--staged", "--json")
    assert (done.returncode, findings(done), report(done)["accepted"]) == (0, [], 1)
    git(empty, "mv", "a.py", "moved.py")
    stage(empty, {"b.py": "x = 1\n\n\n" + copies.renamed()})
    assert new(dupes, empty, {}) == []
    stage(empty, {"b.py": copies.edited()})
    assert new(dupes, empty, {}) == [NEAR]


def test_a_third_copy_of_an_accepted_pair_is_new(dupes: Dupes, empty: Path) -> None:
    stage(empty, {"a.py": PYTHON, "b.py": PYTHON})
    accept(dupes, empty)
    assert new(dupes, empty, {}) == []
    assert set(new(dupes, empty, {"c.py": PYTHON})) == {EXACT}
    accept(dupes, empty)
    assert new(dupes, empty, {}) == []
    git(empty, "rm", "-q", "-f", "c.py")
    assert new(dupes, empty, {}) == []


def test_an_accepted_pair_stays_accepted_in_other_modes(
    dupes: Dupes, repo: Path, index: Any
) -> None:
    commit(repo, {"app/options.py": copies.renamed()})
    index(repo)
    assert dupes(repo, "--update-baseline").returncode == 0
    for args in ([], ["app/options.py"], ["app"]):
        done = dupes(repo, "--json", *args)
        assert (findings(done), report(done)["accepted"]) == ([], 1)


def test_a_hook_takes_the_baseline_that_will_be_committed(dupes: Dupes, empty: Path) -> None:
    def found(*flags: str, **told: str) -> set[str]:
        return {f.rule for f in findings(dupes(empty, "--staged", "--json", *flags, **told))}

    stage(empty, {"a.py": PYTHON, "b.py": PYTHON})
    accept(dupes, empty)
    git(empty, "add", BASELINE)
    (empty / BASELINE).unlink()
    assert found() == set()
    git(empty, "checkout", "-q", BASELINE)
    stage(empty, {"c.py": PYTHON})
    accept(dupes, empty)
    assert found() == found("--baseline", BASELINE) == {EXACT}
    git(empty, "add", BASELINE)
    assert found() == set()
    # And before a push that of the commit that goes.
    git(empty, "commit", "-q", "-m", "first")
    git(empty, "rm", "-q", BASELINE)
    told = {"PRE_COMMIT_REMOTE_NAME": "origin", "PRE_COMMIT_LOCAL_BRANCH": "main"}
    assert found(**told) == set()
    git(empty, "commit", "-q", "-m", "without")
    assert found(**told) == {EXACT}


def test_baselines_of_two_branches_merge(dupes: Dupes, empty: Path) -> None:
    fillers = [PYTHON.replace("load_settings", f"load_{n}") for n in range(12)]
    stage(empty, {"a.py": join(*fillers), "b.py": join(*fillers)})
    accept(dupes, empty)
    commit(empty, {BASELINE: (empty / BASELINE).read_bytes()})
    for branch, text in {"one": OTHER, "two": LEAST}.items():
        git(empty, "checkout", "-q", "-b", branch, "main")
        stage(empty, {f"{branch}/a.py": text, f"{branch}/b.py": text})
        accept(dupes, empty)
        commit(empty, {BASELINE: (empty / BASELINE).read_bytes()})
    git(empty, "merge", "-q", "-m", "merge", "one")
    git(empty, "checkout", "-q", "--orphan", "alone")  # so that all of it is asked about
    done = dupes(empty, "--staged", "--json")
    assert findings(done) == []
    assert report(done)["accepted"] > 2
    stage(empty, {"c.py": OTHER})
    assert set(new(dupes, empty, {})) == {EXACT}


def pairs(repo: Path) -> list[str]:
    """The accepted pairs; an empty line ends them."""
    *found, end = json.loads((repo / BASELINE).read_text("utf-8"))["pairs"]
    assert end == ""
    return found


def test_a_wider_baseline_is_kept_by_a_narrow_update(dupes: Dupes, empty: Path) -> None:
    stage(empty, {"a.py": PYTHON, "b.py": PYTHON})
    accept(dupes, empty)
    before = pairs(empty)
    assert len(before) == 1
    git(empty, "commit", "-q", "-m", "first")
    stage(empty, {"c.py": OTHER, "d.py": OTHER})
    accept(dupes, empty)
    after = pairs(empty)
    assert len(after) == 2
    assert set(before) < set(after)


def test_what_is_accepted_for_all_is_accepted_for_each(
    dupes: Dupes, repo: Path, index: Any
) -> None:
    """Of copies under many names a report for all compares one with the others."""
    more = {"b.py": copies.renamed("parse_b"), "c.py": copies.renamed("parse_c")}
    commit(repo, {**more, "d.py": copies.edited("d"), "e.py": copies.renamed("parse_e")})
    index(repo)
    assert dupes(repo, "--update-baseline").returncode == 0
    for args in ([], ["b.py"], ["c.py"], ["d.py"], ["e.py"], ["app"]):
        assert findings(dupes(repo, "--json", *args)) == [], args


def test_a_large_family_is_accepted_and_one_more_of_it_is_new(
    dupes: Dupes, repo: Path, index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = [copies.renamed(f"parse_{n}").replace('"#"', f'"#{n}"') for n in range(30)]
    commit(repo, {"b.py": join(*family), "c.py": copies.edited("c")})
    index(repo)
    assert f"{31 * 30 // 2 + 31} pairs accepted" in dupes(repo, "--update-baseline").stderr
    assert [p.startswith("form ") for p in pairs(repo)] == [False] * 31 + [True]
    for args in ([], ["b.py"], ["c.py"], ["app"]):
        assert findings(dupes(repo, "--json", *args)) == [], args
    more = {"b.py": join(*family, copies.renamed("parse_more"))}
    assert set(new(dupes, repo, more)) == {RENAMED}
    git(repo, "reset", "-q", "--hard")
    # Only who accepts pays for it.
    monkeypatch.setattr(baseline.Census, "named", None)
    assert findings(dupes(repo, "--json")) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"schema": "other/1", "pairs": []}', b"\xff\xfe", b"[" * 100_000,
     b'{"schema": "codesearch.baseline/1", "pairs": [1]}', b'{"schema": "codesearch.baseline/1"}'],
)  # fmt: skip
def test_a_damaged_baseline_is_a_sentence(dupes: Dupes, empty: Path, content: bytes) -> None:
    write(empty, {BASELINE: content})
    for flags in (["--staged", "--strict"], ["--all"]):
        done = dupes(empty, *flags)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{BASELINE} is no baseline of duplicates" in done.stderr
    done = dupes(empty, "--staged")  # no commit is held up by it
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{BASELINE} is no baseline of duplicates: duplicates were not looked" in done.stderr


@pytest.mark.parametrize("target", ["/dev/zero", "../outside", "nowhere"])
def test_a_baseline_that_is_a_link_is_not_followed(dupes: Dupes, empty: Path, target: str) -> None:
    outside = empty.parent / "outside"
    outside.write_text("precious")
    (empty / BASELINE).symlink_to(target)
    assert dupes(empty, "--all").returncode == 2
    done = dupes(empty, "--all", "--update-baseline")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a link" in done.stderr
    assert outside.read_text() == "precious"


def test_another_baseline_can_be_named(dupes: Dupes, empty: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "accepted.json")
    stage(empty, {"a.py": PYTHON, "b.py": PYTHON})
    assert dupes(empty, "--staged", "--update-baseline", "--baseline", file).returncode == 0
    assert new(dupes, empty, {}, "--baseline", file) == []
    assert new(dupes, empty, {}) == [EXACT]


# -- settings of the repository ----------------------------------------------------------


@pytest.mark.parametrize("file", ["codesearch.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    ("setting", "flags", "found"),
    [
        ("", [], [EXACT, NEAR]),
        ('dupes-ignore = ["CS003"]', [], [EXACT]),
        ('dupes-ignore = ["CS001", "CS003"]', [], []),
        ('dupes-ignore = ["CS003"]', ["--select", "CS003"], []),
        ('dupes-exclude = ["lib/**"]', [], []),
        ('dupes-exclude = ["app/a.py"]', [], [EXACT]),
        ("dupes-threshold = 1.0", [], [EXACT]),
        ("dupes-threshold = 1.0", ["--threshold", "0.6"], [EXACT, NEAR]),
        ("dupes-min-tokens = 80", [], [NEAR]),
        ("dupes-min-tokens = 5000", [], []),
        ("dupes-min-tokens = 5000", ["--min-tokens", "50"], [EXACT, NEAR]),
    ],
)
def test_settings(
    dupes: Dupes, empty: Path, file: str, setting: str, flags: list[str], found: list[str]
) -> None:
    files: dict[str, str | bytes] = {
        "app/a.py": PYTHON, "lib/near.py": copies.edited(), "lib/b.py": LEAST, "lib/c.py": LEAST,
        file: f"[tool.codesearch]\n{setting}\n" if file == "pyproject.toml" else setting,
    }  # fmt: skip
    assert sorted(new(dupes, empty, files, *flags)) == found


@pytest.mark.parametrize(
    "setting",
    ["dupes-threshold = 7", 'dupes-ignore = ["CS9"]', "dupes-min-tokens = 1", "dupes-exclude = 3",
     "dupes-treshold = 0.5"],
)  # fmt: skip
def test_a_wrong_setting_is_a_sentence(dupes: Dupes, empty: Path, setting: str) -> None:
    write(empty, {"codesearch.toml": setting})
    done = dupes(empty, "--staged")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: codesearch.toml: ")


# -- bad input ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\x00\x01\x02\xff" * 500,
        b"def broken(:\n  ]]]] return (((\n",
        b"<<<<<<< HEAD\n" + OTHER.encode() + b"=======\nx = 1\n>>>>>>> theirs\n",
        b"x = 1\n" * 400_000,
        b"a = [" * 3_000,
        b"x = '" + b"a" * 50_000 + b"'\n",
    ],
    ids=["empty", "blank", "binary", "broken", "conflict", "giant", "deep", "wide"],
)
def test_bad_code_neither_blocks_nor_hides_a_copy(
    dupes: Dupes, empty: Path, content: bytes
) -> None:
    stage(empty, {"bad.py": content})
    done = dupes(empty, "--staged")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    stage(empty, {"a.py": PYTHON, "b.py": copies.renamed()})
    assert findings(dupes(empty, "--staged", "--json")) == [
        Found(RENAMED, "a.py", "load_settings", "b.py", "read_options")
    ]


def test_functions_around_broken_code_are_compared(dupes: Dupes, empty: Path) -> None:
    broken = join(PYTHON, "def broken(:\n    ]]\n", OTHER)
    stage(empty, {"a.py": broken, "b.py": PYTHON})
    assert len(findings(dupes(empty, "--staged", "--json"))) == 1


def giant(name: str, tokens: int) -> str:
    lines = [f"    total += read(values[{n}]) * {n}" for n in range(tokens // 12)]
    return f"def {name}(values):\n    total = 0\n" + "\n".join(lines) + "\n    return total\n"


def test_a_giant_function_ends_soon(dupes: Dupes, empty: Path) -> None:
    one, other = giant("sum_of", 20_000), giant("total_of", 20_000)
    assert len(one) < 1_000_000
    stage(empty, {"a.py": one, "b.py": other.replace("total = 0", "total = 1\n    log(values)")})
    begin = time.process_time()
    found = findings(dupes(empty, "--staged", "--json"))
    assert [f.rule for f in found] == [NEAR]
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("notes.xyz", PYTHON),
        ("notes.txt", PYTHON),
        ("README.md", PYTHON),
        ("data.json", json.dumps({"code": PYTHON})),
        ("lock", PYTHON),
    ],
)
def test_files_without_functions_have_none(dupes: Dupes, empty: Path, path: str, text: str) -> None:
    assert new(dupes, empty, {path: text, "other/" + path: text}) == []


def test_line_ends_are_no_difference(dupes: Dupes, empty: Path) -> None:
    git(empty, "config", "core.autocrlf", "false")
    files: dict[str, str | bytes] = {"a.py": PYTHON, "b.py": PYTHON.replace("\n", "\r\n").encode()}
    assert new(dupes, empty, files) == [EXACT]
    place = report(dupes(empty, "--staged", "--json"))["findings"][0]["other"]
    assert (place["path"], place["start_line"], place["end_line"]) == ("b.py", 1, 13)


def test_line_ends_that_git_converts_are_no_change(dupes: Dupes, repo: Path) -> None:
    git(repo, "config", "core.autocrlf", "true")
    both = join(PYTHON, copies.renamed()).replace("\n", "\r\n").encode()
    commit(repo, {"app/options.py": both})
    stage(repo, {"app/options.py": both + b"\r\n# end\r\n"})
    done = dupes(repo, "--staged", "--json")
    assert (findings(done), report(done)["checked"]) == ([], 0)


NAMES = [
    "it's.py", 'say "hi".py', "a\nb.py", "tab\there.py", "-x.py", "--all.py", "$(touch x).py",
    ":(glob)a.py", "ümlaut.py", "日本.py", "\x1b[31mred.py", "a b.py", "*.py", "HEAD.py",
]  # fmt: skip


@pytest.mark.skipif(not POSIX, reason="such names cannot be")
@pytest.mark.parametrize("name", NAMES)
def test_names_of_files(dupes: Dupes, empty: Path, name: str) -> None:
    write(empty, {name: copies.renamed(), "mm/zz.py": PYTHON})
    git(empty, "add", "-A")
    done = dupes(empty, "--staged", "--json")
    (found,) = findings(done)
    assert {found.path, found.other} == {name, "mm/zz.py"}
    text = dupes(empty, "--staged").stdout
    assert text.count("\n") == 1
    assert "\x1b" not in text
    narrow = dupes(empty, "--staged", "--json", "--", name)
    assert [(f.path, f.other) for f in findings(narrow)] == [(name, "mm/zz.py")]
    assert not (empty / "x").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_names_that_are_no_text(dupes: Dupes, repo: Path) -> None:
    name = b"caf\xe9.py"
    (repo / os.fsdecode(name)).write_text(copies.renamed())
    git(repo, "add", "-A")
    stage(repo, {"zz.py": copies.edited("parse")})
    done = dupes(repo, "--staged", "--json")
    (found,) = report(done)["findings"]
    assert found["place"]["path"] == "caf\ufffd.py"
    assert found["place"]["path_bytes"] == "Y2Fm6S5weQ=="
    assert dupes(repo, "--staged").returncode == 1
    assert [f.path for f in findings(dupes(repo, "--staged", "--json", name))] == ["caf\ufffd.py"]


@pytest.mark.skipif(not POSIX, reason="links need a right there")
def test_links_are_not_followed(dupes: Dupes, repo: Path, tmp_path: Path) -> None:
    write(tmp_path, {"outside.py": copies.renamed(), "folder/a.py": copies.renamed()})
    (repo / "link.py").symlink_to(tmp_path / "outside.py")
    (repo / "inside.py").symlink_to("app/settings.py")
    (repo / "linked").symlink_to(tmp_path / "folder")
    git(repo, "add", "-A")
    stage(repo, {"zz.py": copies.edited()})
    done = dupes(repo, "--staged", "--json")
    assert findings(done) == []
    assert report(done)["compared"] == 1


def test_a_file_that_became_a_link_is_no_original(
    dupes: Dupes, known: Path, tmp_path: Path
) -> None:
    write(tmp_path, {"outside.py": PYTHON})
    (known / "app" / "settings.py").unlink()
    (known / "app" / "settings.py").symlink_to(tmp_path / "outside.py")
    git(known, "add", "-A")
    stage(known, {"app/options.py": copies.edited("parse")})
    assert findings(dupes(known, "--staged", "--json")) == []


# -- repositories of all kinds -----------------------------------------------------------


@pytest.mark.parametrize("args", [["--staged"], ["--base-ref", "HEAD"]])
def test_without_git_there_is_a_sentence(dupes: Dupes, tmp_path: Path, args: list[str]) -> None:
    write(tmp_path / "folder", {"a.py": PYTHON})
    done = dupes(tmp_path / "folder", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not a git repository" in done.stderr
    assert "hint: give files, or --all" in done.stderr


def test_a_bare_repository_is_a_sentence(dupes: Dupes, repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    for args in (["--staged"], ["--base-ref", "HEAD"], []):
        done = dupes(tmp_path / "bare.git", *args)
        assert (done.returncode, done.stdout) == (2, "")
        assert "is a bare git repository" in done.stderr


def test_no_commits_yet_and_a_branch_to_compare_with(dupes: Dupes, empty: Path) -> None:
    stage(empty, {"a.py": PYTHON})
    done = dupes(empty, "--base-ref", "HEAD")
    assert done.returncode == 2
    assert "there is no commit 'HEAD'" in done.stderr


def test_a_work_tree_beside_has_its_own_index(dupes: Dupes, repo: Path, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    git(repo, "worktree", "add", "-q", str(beside), "-b", "side")
    stage(beside, {"a.py": OTHER, "b.py": OTHER})
    stage(repo, {"c.py": LEAST, "d.py": LEAST})
    assert [f.path for f in findings(dupes(beside, "--staged", "--json"))] == ["a.py"]
    assert [f.path for f in findings(dupes(repo, "--staged", "--json"))] == ["c.py"]


def test_submodules_are_other_repositories(dupes: Dupes, repo: Path, tmp_path: Path) -> None:
    library = repository(tmp_path / "library", {"lib.py": copies.renamed()})
    allow = ("-c", "protocol.file.allow=always")
    git(repo, *allow, "submodule", "--quiet", "add", str(library), "library")
    stage(repo, {"more.py": copies.edited("more")})
    done = dupes(repo, "--staged", "--json")
    assert findings(done) == []
    assert report(done)["compared"] == 1
    inside = repo / "library"
    stage(inside, {"a.py": OTHER, "b.py": OTHER})
    assert [f.path for f in findings(dupes(inside, "--staged", "--json"))] == ["a.py"]
    git(inside, "commit", "-q", "-m", "copies")
    git(repo, "add", "library")
    assert findings(dupes(repo, "--staged", "--json")) == []


def test_a_commit_of_a_submodule_alone_looks_at_no_paths(
    dupes: Dupes, repo: Path, tmp_path: Path
) -> None:
    library = repository(tmp_path / "library", {"lib.py": "x = 1\n"})
    commit(repo, {"app/options.py": copies.renamed()})
    git(
        repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "sub"
    )
    git(repo, "commit", "-q", "-m", "sub")
    commit(repo / "sub", {"lib.py": "x = 2\n"})
    git(repo, "add", "sub")
    done = dupes(repo, "--staged", "app", "--json")
    assert (findings(done), report(done)["mode"]) == ([], "staged")


def trap(tmp_path: Path) -> tuple[str, Path]:
    """A program that leaves a file behind when it is run, and that file."""
    program, sprung = tmp_path / "trap", tmp_path / "sprung"
    program.write_text(f"#!/bin/sh\necho run >> '{sprung}'\ncat\n")
    program.chmod(0o755)
    return str(program), sprung


@pytest.mark.skipif(not POSIX, reason="the trap is a shell script")
@pytest.mark.parametrize(
    ("settings", "springs"),
    [
        ({"core.fsmonitor": "TRAP"}, ["status"]),
        ({"diff.evil.textconv": "TRAP"}, ["diff", "HEAD"]),
        ({"diff.external": "TRAP"}, ["diff", "HEAD"]),
        ({"filter.evil.clean": "TRAP"}, ["add", "-A"]),
        ({"filter.Evil.clean": "TRAP", "filter.Evil.required": "true"}, ["add", "-A"]),
        ({"filter.evil.process": "TRAP"}, ["add", "-A"]),
    ],
    ids=["fsmonitor", "textconv", "external", "clean", "required", "process"],
)  # fmt: skip
def test_no_program_of_the_repository_is_run(
    dupes: Dupes, repo: Path, tmp_path: Path, settings: dict[str, str], springs: list[str]
) -> None:
    commit(repo, {".gitattributes": "*.py filter=evil diff=evil\n", "late.py": "x = 1\n"})
    if "filter.Evil.clean" in settings:
        commit(repo, {".gitattributes": "*.py filter=Evil\n"})
    program, sprung = trap(tmp_path)
    stage(repo, {"a.py": OTHER, "b.py": OTHER, "app/settings.py": PYTHON + "\n"})
    for name, value in settings.items():
        git(repo, "config", name, value.replace("TRAP", program))
    # Of files as young as the index git does not believe the times: it reads them.
    text = (repo / "late.py").read_text()
    write(
        repo,
        {"late.py": text.replace("1", "2"), "app/settings.py": PYTHON.replace("1", "2") + "\n"},
    )
    now = (repo / ".git" / "index").stat().st_mtime_ns
    for name in ("late.py", "app/settings.py"):
        os.utime(repo / name, ns=(now, now))
    for args in (["--staged"], ["--base-ref", "HEAD"], ["--base-ref", "HEAD~1"]):
        done = dupes(repo, *args, "--json")
        assert done.returncode in {0, 1}, done.stderr
        assert not sprung.exists(), args
    assert len(findings(dupes(repo, "--staged", "--json"))) == 1
    git(repo, *springs, check=False)
    assert sprung.exists(), "the trap was meant to work"


@pytest.mark.skipif(not POSIX, reason="the trap is a shell script")
def test_a_filter_that_cannot_be_switched_off_is_not_run(
    dupes: Dupes, repo: Path, tmp_path: Path
) -> None:
    commit(repo, {".gitattributes": "*.py filter=a=b\n"})
    program, sprung = trap(tmp_path)
    git(repo, "config", "--file", ".git/config", "filter.a=b.clean", program)
    write(repo, {"app/settings.py": PYTHON.replace("1", "2")})
    done = dupes(repo, "--staged", "--strict")
    assert done.returncode == 2
    assert "cannot be switched off" in done.stderr
    assert not sprung.exists()


# -- never a commit blocked by accident --------------------------------------------------


def test_without_an_index_the_commit_itself_is_compared(dupes: Dupes, repo: Path) -> None:
    stage(repo, {"app/options.py": copies.renamed()})
    done = dupes(repo, "--staged")
    assert (done.returncode, done.stdout) == (0, "")
    assert "is not indexed: only what the commit itself changes was compared" in done.stderr
    assert dupes(repo, "--staged", "--strict").returncode == 2
    stage(repo, {"app/more.py": copies.renamed("more")})
    assert dupes(repo, "--staged").returncode == 1


def index_of(repo: Path, home: Path) -> Path:
    return places.index_folder(places.find_root(repo), home)


def test_what_becomes_of_a_commit_while_the_index_is_written_or_damaged(
    dupes: Dupes, repo: Path, index: Any, tmp_path: Path
) -> None:
    """One index for all of it: to build one takes a while."""
    where = {"CODESEARCH_INDEX": str(tmp_path / "indexes")}
    index(repo, **where)
    stage(repo, {"app/options.py": copies.renamed()})
    folder = index_of(repo, tmp_path / "indexes")
    with store.writer(folder):
        done = dupes(repo, "--staged", "--json", "--strict", **where)
        assert findings(done) == [COPY]
        assert "waiting" not in done.stderr
    images = [f for f in folder.rglob("*") if f.is_file() and "segment" in f.name]
    assert images, sorted(folder.rglob("*"))
    for content in (b"", b"nonsense" * 100, None):
        for image in images:
            image.unlink() if content is None else image.write_bytes(content)
        done = dupes(repo, "--staged", **where)
        assert done.returncode in {0, 1}
        assert "unexpected" not in done.stderr
    shutil.rmtree(folder)
    folder.write_text("in the way")
    done = dupes(repo, "--staged", **where)
    assert done.returncode == 0
    assert "warning: " in done.stderr


def test_what_git_cannot_say_blocks_nothing(dupes: Dupes, repo: Path) -> None:
    stage(repo, {"a.py": OTHER, "b.py": OTHER})
    (repo / ".git" / "index").write_bytes(b"nonsense")
    done = dupes(repo, "--staged")
    assert (done.returncode, done.stdout) == (0, "")
    assert "warning: git failed: " in done.stderr
    assert "duplicates were not looked for" in done.stderr
    strict = dupes(repo, "--staged", "--strict")
    assert strict.returncode == 2
    assert strict.stderr.startswith("error: git failed: ")


def test_a_lost_object_blocks_nothing(dupes: Dupes, repo: Path) -> None:
    stage(repo, {"a.py": OTHER, "b.py": OTHER, "c.py": LEAST, "d.py": LEAST})
    blob = git(repo, "rev-parse", ":c.py").strip()
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert [f.path for f in findings(dupes(repo, "--staged", "--json"))] == ["a.py"]


@pytest.mark.parametrize("error", [RuntimeError("a mistake"), OSError(28, "No space left")])
def test_a_mistake_of_ours_blocks_nothing(
    dupes: Dupes, repo: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    stage(repo, {"a.py": OTHER, "b.py": OTHER})
    monkeypatch.setattr(duplicates, "find", fail)
    done = dupes(repo, "--staged")
    assert (done.returncode, done.stdout) == (0, "")
    assert str(error) in done.stderr
    assert "duplicates were not looked for" in done.stderr
    assert dupes(repo, "--staged", "--strict").returncode == 2


def test_what_a_partial_clone_lacks_is_a_sentence(
    dupes: Dupes, branched: Path, tmp_path: Path
) -> None:
    commit(branched, {"app/options.py": copies.edited()})
    git(branched, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--filter=blob:none", branched.as_uri(), str(clone))
    done = dupes(clone, "--base-ref", "HEAD~1")
    assert done.returncode == 2
    assert "git fetch --refetch --no-filter" in done.stderr
    told = {"PRE_COMMIT_FROM_REF": "HEAD~1", "PRE_COMMIT_TO_REF": "HEAD"}
    assert dupes(clone, "--staged", **told).returncode == 0
