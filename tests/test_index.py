"""The whole way: a real repository on disk, a real store, questions and their answers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codesearch import segment
from codesearch.config import Settings
from codesearch.errors import ConfigError, IndexMissing, IndexOutdated
from codesearch.index import Index
from codesearch.model import FileStat, IndexState, SearchRequest

GREETER = '''"""Greetings."""


def greet_visitor(name):
    """Say hello to whoever comes in."""
    return f"hello {name}"


class Door:
    """Opens and closes."""

    def close_quietly(self):
        self.state = "closed"
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "src").mkdir(parents=True)
    (root / "src" / "greeter.py").write_text(GREETER)
    (root / "src" / "money.py").write_text("def count_coins(purse):\n    return sum(purse)\n")
    (root / "tests").mkdir()
    (root / "tests" / "test_money.py").write_text(
        "def test_count_coins():\n    assert count_coins([1]) == 1\n"
    )
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.fixture
def opened(tree: Path, tmp_path: Path) -> Callable[..., Index]:
    def reopen(**settings: object) -> Index:
        return Index.open(tree, Settings(index_home=tmp_path / "home", **settings))  # type: ignore[arg-type]

    return reopen


def symbols(index: Index, query: str, **request: object) -> list[str]:
    answer = index.search(SearchRequest(query, **request))  # type: ignore[arg-type]
    return [hit.chunk.symbol for hit in answer.hits]


def images(index: Index) -> list[Path]:
    return sorted(index.folder.glob("*.segment"))


def test_the_first_question_builds_the_index(opened: Callable[..., Index]) -> None:
    index = opened()
    assert index.state() is IndexState.MISSING
    answer = index.search(SearchRequest("say hello to a visitor"))
    assert answer.hits[0].chunk.symbol == "greet_visitor"
    assert answer.hits[0].chunk.text.startswith("def greet_visitor")
    assert (answer.hits[0].chunk.start_line, answer.hits[0].chunk.end_line) == (4, 6)
    assert answer.state is IndexState.FRESH
    assert index.state() is IndexState.FRESH


def test_an_edit_shows_in_the_next_answer_without_a_commit(
    opened: Callable[..., Index], tree: Path
) -> None:
    index = opened()
    index.update()
    before = images(index)
    (tree / "src" / "money.py").write_text("def empty_the_wallet(purse):\n    purse.clear()\n")
    answer = index.search(SearchRequest("empty wallet"))
    assert answer.hits[0].chunk.symbol == "empty_the_wallet"
    assert answer.pending == 1
    assert "count_coins" not in symbols(index, "count coins")
    assert images(index) == before
    assert index.state() is IndexState.STALE
    assert symbols(opened(), "empty wallet")[0] == "empty_the_wallet", "a new process agrees"


def test_without_refresh_a_hit_of_a_changed_file_is_corrected_and_marked(
    opened: Callable[..., Index], tree: Path
) -> None:
    opened().update()
    (tree / "src" / "money.py").write_text("MOVED = 1\n\n\ndef count_coins(purse):\n    return 0\n")
    answer = opened().search(SearchRequest("count coins greet"), refresh=False)
    of = {h.chunk.path: h for h in answer.hits}
    assert (of["src/money.py"].fresh, of["src/greeter.py"].fresh) == (False, True)
    assert of["src/money.py"].chunk.text == "def count_coins(purse):\n    return 0"
    assert (of["src/money.py"].chunk.start_line, of["src/money.py"].chunk.end_line) == (4, 5)


def test_a_function_that_is_gone_from_its_file_is_not_shown(
    opened: Callable[..., Index], tree: Path
) -> None:
    opened().update()
    (tree / "src" / "money.py").write_text("def burn_notes(purse):\n    return 0\n")
    for by_file in (False, True):
        request = SearchRequest("count coins greet", by_file=by_file)
        answer = opened().search(request, refresh=False)
        shown = [h.chunk.symbol for hit in answer.hits for h in (hit, *hit.also)]
        assert "count_coins" not in shown
        assert shown


def test_a_deleted_and_a_renamed_file_are_never_shown_as_they_were(
    opened: Callable[..., Index], tree: Path
) -> None:
    index = opened()
    index.update()
    (tree / "src" / "money.py").rename(tree / "src" / "cash.py")
    (tree / "src" / "greeter.py").unlink()
    answer = index.search(SearchRequest("count coins", tests="exclude"))
    assert [h.chunk.path for h in answer.hits] == ["src/cash.py"]
    assert "greet_visitor" not in symbols(index, "greet visitor hello")


def test_a_stored_update_and_the_overlay_answer_alike(
    opened: Callable[..., Index], tree: Path
) -> None:
    index = opened()
    index.update()
    (tree / "src" / "extra.py").write_text("def shake_hands():\n    return 'visitor'\n")
    (tree / "src" / "money.py").unlink()
    overlaid = index.search(SearchRequest("visitor hands coins"))
    index.update()
    stored = index.search(SearchRequest("visitor hands coins"))
    assert stored.pending == 0
    # How rare a word is differs until it is stored, so neighbours may change places.
    before, after = ([(h.chunk.path, h.chunk.symbol) for h in a.hits] for a in (overlaid, stored))
    assert before[0] == after[0] == ("src/extra.py", "shake_hands")
    assert set(before) == set(after)


def test_many_changes_are_stored_before_the_answer(
    opened: Callable[..., Index], tree: Path
) -> None:
    index = opened()
    index.update()
    for number in range(60):
        (tree / "src" / f"part{number}.py").write_text(f"def step_{number}():\n    return 1\n")
    assert symbols(index, "step_42")[0] == "step_42"
    assert index.state() is IndexState.FRESH


def test_unchanged_files_and_functions_are_not_done_again(
    opened: Callable[..., Index], tree: Path
) -> None:
    index = opened()
    first = index.update()
    assert (first.added, first.reused) == (3, 0)
    assert first.embedded > 0
    again = index.update()
    assert (again.added, again.changed, again.removed, again.embedded) == (0, 0, 0, 0)
    os.utime(tree / "src" / "money.py", ns=(1, 1))
    touched = index.update()
    assert (touched.changed, touched.embedded) == (0, 0)
    text = (tree / "src" / "greeter.py").read_text()
    (tree / "src" / "greeter.py").write_text(text + "\n\ndef wave():\n    return 'bye'\n")
    grown = index.update()
    assert grown.changed == 1
    assert grown.embedded == 1, "only the new function"
    assert grown.reused > 0


def test_another_branch_brings_its_vectors_back(opened: Callable[..., Index], tree: Path) -> None:
    index = opened()
    index.update()
    old = (tree / "src" / "greeter.py").read_text()
    (tree / "src" / "greeter.py").write_text("def unrelated():\n    pass\n")
    index.update()
    (tree / "src" / "greeter.py").write_text(old)
    assert index.update().embedded == 0


def test_full_parses_everything_and_keeps_the_vectors(opened: Callable[..., Index]) -> None:
    index = opened()
    chunks = index.update().chunks
    report = index.update(full=True)
    assert (report.added, report.embedded, report.chunks) == (3, 0, chunks)


def test_a_dry_run_counts_and_writes_nothing(opened: Callable[..., Index]) -> None:
    index = opened()
    report = index.update(dry_run=True)
    assert report.dry_run
    assert report.tokens > 10
    assert not index.folder.exists()
    assert index.update().chunks == report.chunks


def test_a_dry_run_counts_as_the_update_does(opened: Callable[..., Index], tree: Path) -> None:
    (tree / "image.py").write_bytes(b"\0\1\2")
    index = opened()
    index.update()
    os.utime(tree / "src" / "money.py", ns=(1, 1))
    (tree / "src" / "greeter.py").unlink()
    (tree / "src" / "more.py").write_text("def more():\n    return 1\n")
    would, did = index.update(dry_run=True), index.update()
    for name in ("files", "added", "changed", "removed", "skipped"):
        assert getattr(would, name) == getattr(did, name), name
    assert (did.files, did.changed, len(did.skipped)) == (3, 0, 1)


def test_an_edit_that_its_time_hides_shows_in_the_next_answer(
    opened: Callable[..., Index], tree: Path
) -> None:
    """The same size and the same time, which lies ahead and so can't be trusted."""
    index = opened()
    index.update()
    file = tree / "src" / "money.py"
    for name in ("first", "other"):
        file.write_text(f"def {name}_attempt():\n    return 1\n")
        os.utime(file, ns=(4 * 10**18, 4 * 10**18))
        assert symbols(index, f"{name}_attempt")[0] == f"{name}_attempt"


def test_an_edit_that_keeps_size_and_time_shows_in_the_next_answer(
    opened: Callable[..., Index], tree: Path
) -> None:
    """As ``cp -p``, ``rsync -t`` and unpacked archives make them: the inode's time tells."""
    file = tree / "src" / "money.py"
    file.write_text("def first_attempt():\n    return 1\n")
    os.utime(file, ns=(10**18, 10**18))
    index = opened()
    index.update()
    file.write_text("def other_attempt():\n    return 1\n")
    os.utime(file, ns=(10**18, 10**18))
    assert symbols(index, "other_attempt")[0] == "other_attempt"
    assert "first_attempt" not in symbols(index, "first_attempt")


def test_what_can_never_be_trusted_is_not_stored_again_and_again(
    opened: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a file that may not be read, or one whose time lies ahead."""
    monkeypatch.setattr(FileStat, "is_settled", lambda *_: False)
    index = opened()
    index.update()
    before = images(index)
    report = opened().update()
    assert (report.added, report.changed, report.removed) == (0, 0, 0)
    assert images(index) == before


def test_equal_answers_keep_their_order_when_one_is_edited(
    opened: Callable[..., Index], tree: Path
) -> None:
    for name in "abc":
        (tree / f"{name}.py").write_text("def twin():\n    return 1\n")
    index = opened()
    index.update()
    (tree / "b.py").write_text("def twin():\n    return 1\n\n")
    answer = index.search(SearchRequest("twin"))
    assert answer.pending == 1
    assert [h.chunk.path for h in answer.hits] == ["a.py", "b.py", "c.py"]


def test_other_settings_are_said_and_the_index_is_made_anew(
    opened: Callable[..., Index],
) -> None:
    opened().update()
    index = opened(max_file_bytes=40)
    assert index.state() is IndexState.OTHER_SETTINGS
    with pytest.raises(IndexOutdated, match="other settings"):
        index.search(SearchRequest("coins"), refresh=False)
    with pytest.raises(IndexOutdated, match="other settings"):
        index.files()
    report = index.update()
    assert any("other settings" in note for note in report.notes)
    assert report.files < 3


@pytest.mark.parametrize("is_git", [True, False])
def test_an_index_in_the_repository_is_no_part_of_it(tree: Path, is_git: bool) -> None:
    if not is_git:
        shutil.rmtree(tree / ".git")
    for home in (tree, tree / "home"):
        index = Index.open(tree, Settings(index_home=home))
        index.update()
        assert len(index.files()) == 3
        assert index.state() is IndexState.FRESH


def test_without_refresh_nothing_is_built(opened: Callable[..., Index]) -> None:
    with pytest.raises(IndexMissing):
        opened().search(SearchRequest("coins"), refresh=False)


@pytest.mark.parametrize("damage", ["delete", "cut", "garbage", "inside"])
def test_a_lost_segment_is_made_again_without_embedding(
    opened: Callable[..., Index], damage: str
) -> None:
    opened().update()
    (image,) = images(opened())
    if damage == "delete":
        image.unlink()
    elif damage == "inside":
        data = image.read_bytes()
        image.write_bytes(data[:4096] + b"\xff" * (len(data) - 8192) + data[-4096:])
    else:
        image.write_bytes(image.read_bytes()[:999] if damage == "cut" else os.urandom(5000))
    assert symbols(opened(), "say hello to a visitor")[0] == "greet_visitor"
    assert opened().update().embedded == 0


def test_an_update_builds_upon_no_damaged_numbers(opened: Callable[..., Index], tree: Path) -> None:
    opened().update()
    (image,) = images(opened())
    data = bytearray(image.read_bytes())
    data[-1000:] = bytes(b ^ 0x55 for b in data[-1000:])  # vectors: any numbers will do there
    image.write_bytes(data)
    (tree / "new.py").write_text("def empty_the_wallet(purse):\n    purse.clear()\n")
    report = opened().update()
    assert report.notes == ["the index was damaged and has been rebuilt"]
    assert report.embedded == 1, "the others come from the store"
    assert symbols(opened(), "say hello to a visitor")[0] == "greet_visitor"


@pytest.mark.parametrize(
    "lost",
    [
        "*.tree.json",
        "lance/*_files.lance/_versions/*",
        "lance/*_files.lance/data/*",
        "lance/*_chunks.lance/data/*",
        "lance/vectors_*.lance/data/*",
        "lance/vectors_*.lance",
        "lance",
    ],
)
def test_a_half_deleted_store_is_rebuilt_and_said(
    opened: Callable[..., Index], tree: Path, lost: str
) -> None:
    index = opened()
    index.update()
    gone = list(index.folder.glob(lost))
    assert gone
    for path in gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if "chunks" in lost:  # they are read only to make a lost segment again
        for image in images(index):
            image.unlink()
    (tree / "src" / "more.py").write_text("def ring_the_bell():\n    return 1\n")
    report = opened().update()
    assert symbols(opened(), "ring bell")[0] == "ring_the_bell"
    assert symbols(opened(), "say hello to a visitor")[0] == "greet_visitor"
    assert any("rebuilt" in note for note in report.notes)


def test_a_segment_behind_the_store_is_mended(
    opened: Callable[..., Index], tree: Path, tmp_path: Path
) -> None:
    """As after a crash between the last commit and the new segment."""
    index = opened()
    index.update()
    (old,) = images(index)
    shutil.copy(old, tmp_path / "old")
    (tree / "src" / "money.py").write_text("def pay_the_bill():\n    return 0\n")
    index.update()
    for new in images(index):
        new.unlink()
    shutil.copy(tmp_path / "old", old)
    assert symbols(opened(), "pay the bill")[0] == "pay_the_bill"
    report = opened().update()
    assert report.embedded == 0
    assert "count_coins" not in symbols(opened(), "count coins")


BUILD = """
import sys
from pathlib import Path
from codesearch.config import Settings
from codesearch.index import Index
if __name__ == "__main__":
    index = Index.open(Path(sys.argv[1]), Settings(index_home=Path(sys.argv[2]), jobs=1))
    print("begun", flush=True)
    index.update(on_progress=lambda p: print(p.stage, p.done, flush=True))
"""


def big(tree: Path, files: int = 300) -> None:
    for number in range(files):
        body = "\n\n".join(
            f"def job_{number}_{k}(a, b):\n    return {number * 13 + k} * a + b" for k in range(12)
        )
        (tree / "src" / f"jobs_{number}.py").write_text(body)


def run(script: str, *args: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)], stdout=subprocess.PIPE, text=True
    )


def test_an_interrupted_build_goes_on_where_it_stopped(
    opened: Callable[..., Index], tree: Path, tmp_path: Path
) -> None:
    big(tree)
    total = opened().update(dry_run=True).embedded
    process = run(BUILD, tree, tmp_path / "home")
    assert process.stdout is not None
    for line in process.stdout:
        stage, _, done = line.strip().partition(" ")
        if stage == "index" and int(done or 0) > 0:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    report = opened().update()
    assert 0 < report.embedded < total, "what was committed is not embedded again"
    assert report.chunks == opened().update(full=True).chunks
    assert symbols(opened(), "job_250_3")[0] == "job_250_3"


def test_two_processes_build_one_index(
    opened: Callable[..., Index], tree: Path, tmp_path: Path
) -> None:
    big(tree, 40)
    both = [run(BUILD, tree, tmp_path / "home") for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    report = opened().update()
    assert (report.added, report.changed, report.embedded, report.notes) == (0, 0, 0, [])
    names = symbols(opened(), "job_17_3", top_k=50)
    assert names[0] == "job_17_3"
    assert len(names) == len(set(names)), "no function is there twice"


def test_filters(opened: Callable[..., Index], tree: Path) -> None:
    (tree / "web.js").write_text("export function countCoins() { return 1 }\n")
    index = opened()
    assert symbols(index, "count coins", languages=("javascript",)) == ["countCoins"]
    assert "countCoins" not in symbols(index, "count coins", not_languages=("javascript",))
    assert symbols(index, "count coins", tests="only") == ["test_count_coins"]
    assert "test_count_coins" not in symbols(index, "count coins", tests="exclude")
    assert symbols(index, "close", kinds=("method",)) == ["Door.close_quietly"]
    assert symbols(index, "coins hello", symbol="GREET") == ["greet_visitor"]
    assert set(symbols(index, "count coins", paths=("src",))) == {"count_coins"}
    assert symbols(index, "count coins", globs=("*.js",)) == ["countCoins"]
    assert symbols(index, "count_coins", top_k=1) == ["count_coins"]
    assert index.search(SearchRequest("count coins", top_k=1)).truncated
    assert symbols(index, "count coins", min_score=1e9) == []


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "lexical"])
def test_every_mode_finds_it(opened: Callable[..., Index], mode: str) -> None:
    assert symbols(opened(), "count the coins of a purse", mode=mode)[0] == "count_coins"


def test_a_question_about_nothing_here_has_no_answer(opened: Callable[..., Index]) -> None:
    assert symbols(opened(), "xylophone kubernetes") == []


def test_by_file_gives_each_file_once_with_its_next_functions(
    opened: Callable[..., Index],
) -> None:
    answer = opened().search(SearchRequest("visitor door close hello", by_file=True))
    assert [h.chunk.path for h in answer.hits] == ["src/greeter.py"]
    assert {h.chunk.symbol for h in answer.hits[0].also} >= {"Door.close_quietly"}


def test_similar_finds_the_like_and_not_itself(opened: Callable[..., Index], tree: Path) -> None:
    (tree / "src" / "twin.py").write_text("def count_notes(purse):\n    return sum(purse)\n")
    index = opened()
    answer = index.similar(("src/money.py", 2), SearchRequest(""))
    names = [h.chunk.symbol for h in answer.hits]
    assert names[0] == "count_notes"
    assert "count_coins" not in names
    pasted = index.similar("def f(purse):\n    return sum(purse)", SearchRequest(""))
    assert {h.chunk.symbol for h in pasted.hits[:2]} == {"count_notes", "count_coins"}
    with pytest.raises(ConfigError, match=r"money\.py:99"):
        index.similar(("src/money.py", 99), SearchRequest(""))


def test_worktrees_have_their_own_files_and_share_vectors(
    opened: Callable[..., Index], tree: Path, tmp_path: Path
) -> None:
    git = ["git", "-C", str(tree), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", str(tmp_path / "other")], check=True)
    opened().update()
    other = Index.open(tmp_path / "other", Settings(index_home=tmp_path / "home"))
    report = other.update()
    assert (report.added, report.embedded) == (3, 0)
    (tmp_path / "other" / "src" / "money.py").unlink()
    assert "count_coins" not in symbols(other, "count coins")
    assert symbols(opened(), "count coins")[0] == "count_coins"


def test_the_answer_is_the_same_whatever_the_order_of_the_files(
    opened: Callable[..., Index], tree: Path, tmp_path: Path
) -> None:
    (tree / "a.py").write_text("def twin():\n    return 1\n")
    (tree / "b.py").write_text("def twin():\n    return 1\n")
    paths = [h.chunk.path for h in opened().search(SearchRequest("twin")).hits]
    assert paths == ["a.py", "b.py"]


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file or folder"):
        Index.open(tmp_path / "nowhere", Settings())


def test_an_empty_folder_is_an_empty_index(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    index = Index.open(tmp_path / "empty", Settings(index_home=tmp_path / "home"))
    assert index.update().chunks == 0
    assert index.search(SearchRequest("anything")).hits == []


def test_status_counts_what_is_there(opened: Callable[..., Index], tree: Path) -> None:
    (tree / "image.py").write_bytes(b"\0\1\2")
    index = opened()
    index.update()
    status = index.status()
    assert (status.files, status.skipped, status.pending) == (3, 1, 0)
    assert status.languages == {"python": 3}
    assert status.state is IndexState.FRESH
    assert status.bytes_on_disk > 1000
    assert {r.path for r in index.files() if r.skipped} == {"image.py"}
    assert segment.KINDS[0] in status.kinds


def test_clean_leaves_nothing(opened: Callable[..., Index]) -> None:
    index = opened()
    index.update()
    assert index.clean() > 1000
    assert not index.folder.exists()
    assert index.state() is IndexState.MISSING
    assert symbols(index, "count coins")[0] == "count_coins", "and it is built again"
