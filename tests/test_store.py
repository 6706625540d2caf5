"""The store, on a real LanceDB: what is committed is there, whatever happens to the process."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesearch import store
from codesearch.errors import IndexCorrupt, IndexLocked, IndexMissing, StoreError
from codesearch.model import Chunk, FileRecord
from codesearch.store import Store, meta, rows, tidy
from codesearch.store.meta import read_meta

DIMENSION = 8
MODEL = ("test/words", DIMENSION)
# The server forks children that have the library imported but never used: a child costs
# milliseconds instead of a second. Elsewhere they are spawned.
KINDS = multiprocessing.get_all_start_methods()
PROCESSES = multiprocessing.get_context("forkserver" if "forkserver" in KINDS else "spawn")
if "forkserver" in KINDS:
    multiprocessing.set_forkserver_preload(["lancedb", "pyarrow.compute", "filelock"])


def dice(seed: object = None) -> random.Random:
    """Reproducible with a seed; without one different in every run."""
    return random.Random(str(seed) if seed is not None else None)  # noqa: S311


def begun(folder: Path, tree: str = "tree", model: tuple[str, int] = MODEL) -> Store:
    new = Store(folder, tree)
    new.begin(1, "settings", model, str(folder))
    return new


def some_file(path: str, version: int, chunks: int = 3) -> tuple[FileRecord, list[Chunk]]:
    """A file whose every chunk tells its version, and so does its record."""
    made = [
        Chunk(
            path=path,
            language="python",
            kind="method",
            symbol=f"A.f{i}",
            signature=f"def f{i}(self):",
            doc=f"version {version}",
            parameters=("self", f"p{i}"),
            start_line=10 * i + 1,
            end_line=10 * i + 9,
            text=f"def f{i}(self):\n    return {version}\n" * 3,
            cuts=(16,) if i == 1 else (),
        )
        for i in range(chunks)
    ]
    return FileRecord(path, 100 + version, version, str(version), "python", chunks), made


def key(chunk: Chunk, piece: int) -> str:
    return f"{chunk.path}:{chunk.symbol}:{piece}:{chunk.doc}".encode("utf-8", "replace").hex()


def vector(of: str) -> np.ndarray:
    digits = np.frombuffer(of.encode()[-DIMENSION:].rjust(DIMENSION), np.uint8)
    return digits.astype(np.float32) / 128


def put(into: Store, *files: tuple[FileRecord, Sequence[Chunk]]) -> None:
    """What an update does with a batch: look up the vectors, then commit with the new ones."""
    records = [record for record, _ in files]
    chunks = [
        (c, [key(c, i) for i in range(len(c.pieces))]) for _, of_file in files for c in of_file
    ]
    keys = list(dict.fromkeys(k for _, ks in chunks for k in ks))
    found, _ = into.vectors(keys)
    new = [k for k, known in zip(keys, found, strict=True) if not known]
    into.commit(records, chunks, new, np.array([vector(k) for k in new]).reshape(-1, DIMENSION))


def content(of: Store) -> dict[str, tuple[FileRecord, list[Chunk]]]:
    """Everything a reader gets, with each chunk's vectors checked."""
    manifest = of.manifest()
    found = {path: (record, []) for path, record in manifest.items()}
    keys: list[str] = []
    for of_file in of.chunks():
        path = of_file[0][0].path
        assert not found[path][1], "a file came twice"
        found[path] = (manifest[path], [c for c, _ in of_file])
        for c, ks in of_file:
            assert list(ks) == [key(c, i) for i in range(len(c.pieces))]
            keys += ks
    known, vectors = of.vectors(keys)
    assert known.all()
    assert not keys or (vectors == np.array([vector(k) for k in keys], np.float16)).all()
    return found


def check_consistent(of: Store) -> dict[str, tuple[FileRecord, list[Chunk]]]:
    """Fails where a file's chunks are not those of the version that its record names."""
    found = content(of)
    for path, (record, chunks) in found.items():
        assert chunks == some_file(path, int(record.digest), record.chunks)[1]
    return found


# -- what is committed is there ------------------------------------------------------


def test_a_batch_is_read_back_as_it_was_by_another_store(tmp_path: Path) -> None:
    files = [some_file("a/b.py", 1), some_file("c.py", 2, 5)]
    skipped = (FileRecord("d.bin", 9, 1, "", "", 0, "binary", "a null byte"), [])
    put(begun(tmp_path), *files, skipped)
    assert content(Store(tmp_path, "tree")) == {r.path: (r, c) for r, c in [*files, skipped]}


def test_a_file_that_is_committed_again_is_replaced(tmp_path: Path) -> None:
    s = begun(tmp_path)
    put(s, some_file("a.py", 1, 5), some_file("b.py", 1))
    put(s, some_file("a.py", 2, 2))
    assert content(s) == {"a.py": some_file("a.py", 2, 2), "b.py": some_file("b.py", 1)}


def test_a_file_whose_content_did_not_change_can_be_chunked_anew(tmp_path: Path) -> None:
    s = begun(tmp_path)
    put(s, some_file("a.py", 1, 5))
    put(s, some_file("a.py", 1, 2))
    assert content(s) == {"a.py": some_file("a.py", 1, 2)}


def test_a_removed_file_is_gone_and_unknown_ones_are_passed_over(tmp_path: Path) -> None:
    s = begun(tmp_path)
    put(s, some_file("a.py", 1), some_file("b.py", 1))
    s.remove(["a.py", "never.py"])
    assert content(s) == {"b.py": some_file("b.py", 1)}
    put(s, some_file("a.py", 3))
    assert content(s).keys() == {"a.py", "b.py"}


def test_touch_changes_size_and_time_and_keeps_the_chunks(tmp_path: Path) -> None:
    s = begun(tmp_path)
    record, chunks = some_file("a.py", 1)
    put(s, (record, chunks))
    touched = FileRecord("a.py", 77, 88, record.digest, record.language, record.chunks)
    s.touch([touched, FileRecord("never.py", 1, 1, "", "", 0)])
    assert content(s) == {"a.py": (touched, chunks)}


def test_chunks_of_some_files_only(tmp_path: Path) -> None:
    s = begun(tmp_path)
    put(s, *(some_file(f"{i}.py", i, 1) for i in range(600)))
    for wanted in ([], ["7.py", "never.py"], [f"{i}.py" for i in range(599)]):
        got = [of_file[0][0].path for of_file in s.chunks(wanted)]
        assert sorted(got) == sorted(set(wanted) - {"never.py"})


ODD = [
    "it's.py",
    'q"q',
    "new\nline",
    "back\\slash",
    "%25_",
    "\x10dcff",
    "\udcff\udc80.py",
    "\u00e9\u4e2d",
    "--;",
]


def test_every_operation_works_with_any_file_name(tmp_path: Path) -> None:
    s = begun(tmp_path)
    put(s, *(some_file(name, 1) for name in ODD))
    assert content(s) == {name: some_file(name, 1) for name in ODD}
    for name in ODD:
        assert [c.path for of_file in s.chunks([name]) for c, _ in of_file] == [name] * 3
        put(s, some_file(name, 2, 1))
    s.touch([some_file(name, 2, 1)[0] for name in ODD])
    assert content(s) == {name: some_file(name, 2, 1) for name in ODD}
    s.remove(ODD[:5])
    assert content(s).keys() == set(ODD[5:])
    s.sweep()
    assert content(s).keys() == set(ODD[5:])


@given(st.text(st.characters()))
def test_any_string_can_be_stored(text: str) -> None:
    assert rows.original(rows.storable(text)) == text
    rows.storable(text).encode()


def test_any_sequence_of_operations_leaves_what_a_dictionary_would(tmp_path: Path) -> None:
    chance = dice(5)
    s = begun(tmp_path)
    expected: dict[str, tuple[FileRecord, list[Chunk]]] = {}
    for version in range(60):
        paths = chance.sample([f"{i}.py" for i in range(9)], chance.randint(1, 5))
        match chance.choice(["commit", "commit", "commit", "remove", "touch", "tidy", "new store"]):
            case "commit":
                batch = [some_file(p, version, chance.randint(0, 4)) for p in paths]
                put(s, *batch)
                expected |= {r.path: (r, c) for r, c in batch}
            case "remove":
                s.remove(paths)
                expected = {p: f for p, f in expected.items() if p not in paths}
            case "touch":
                known = [expected[p][0] for p in paths if p in expected]
                s.touch(known)
            case "tidy":
                s.sweep()
                s.prune()
                for name in s._db.tables("*"):
                    tidy.rewrite(s._db.open(name))
            case "new store":
                s = Store(tmp_path, "tree")
        assert content(s) == expected


# -- vectors -------------------------------------------------------------------------


def test_vectors_come_in_the_order_asked_for_whatever_the_number(tmp_path: Path) -> None:
    s = begun(tmp_path)
    keys = [f"{i:032x}" for i in range(3000)]
    values = np.random.default_rng(1).standard_normal((3000, DIMENSION)).astype(np.float32)
    for at in range(0, 3000, 1000):
        s.commit([], [], keys[at : at + 1000], values[at : at + 1000])
    for count in (0, 1, 10, 500, 501, 2999):
        asked = dice(count).sample(range(3000), count)
        mixed = [*(keys[i] for i in asked), "missing", *(keys[i] for i in asked[:2])]
        found, vectors = s.vectors(mixed)
        assert found.tolist() == [True] * count + [False] + [True] * len(asked[:2])
        assert vectors.shape == (len(mixed), DIMENSION)
        assert (vectors[:count] == values[asked].astype(np.float16)).all()
        assert not vectors[count].any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e6])
def test_a_vector_that_is_not_finite_is_refused_with_its_batch(tmp_path: Path, bad: float) -> None:
    s = begun(tmp_path)
    record, chunks = some_file("a.py", 1, 1)
    values = np.ones((1, DIMENSION))
    values[0, 3] = bad
    with pytest.raises(StoreError, match="test/words gave a vector that is not finite"):
        s.commit([record], [(chunks[0], ["k"])], ["k"], values)
    assert s.manifest() == {}
    assert not s.vectors(["k"])[0].any()


def test_arguments_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    s = begun(tmp_path)
    record, chunks = some_file("a.py", 1, 2)
    none = np.zeros((0, DIMENSION))
    with pytest.raises(ValueError, match="number of chunks"):
        s.commit([record], [(chunks[0], ["k"])], [], none)
    with pytest.raises(ValueError, match="two records"):
        s.commit([record, record], [(c, ["k"]) for c in chunks], [], none)
    with pytest.raises(ValueError, match="dimension"):
        s.commit([], [], ["k"], np.zeros((1, DIMENSION + 1)))
    with pytest.raises(ValueError, match="not a name"):
        Store(tmp_path, "../up")


def test_vectors_of_two_models_never_mix(tmp_path: Path) -> None:
    first, second = begun(tmp_path, "a"), begun(tmp_path, "b", ("test-words", DIMENSION))
    first.commit([], [], ["k"], np.ones((1, DIMENSION)))
    assert not second.vectors(["k"])[0].any()


# -- work trees, generations ---------------------------------------------------------


def test_work_trees_have_their_own_files_and_share_vectors(tmp_path: Path) -> None:
    one, two = begun(tmp_path, "one"), begun(tmp_path, "two")
    put(one, some_file("a.py", 1))
    assert content(two) == {}
    record, chunks = some_file("a.py", 1)
    two.commit([record], [(c, [key(c, i) for i in range(len(c.pieces))]) for c in chunks], [],
               np.zeros((0, DIMENSION)))  # fmt: skip
    put(two, some_file("b.py", 1))
    put(one, some_file("c.py", 1))
    assert one.prune() == two.prune() == 0
    assert content(one).keys() == {"a.py", "c.py"}
    two.remove(["b.py"])
    two.sweep()
    one.drop()
    assert two.prune() == 8
    assert content(two) == {"a.py": some_file("a.py", 1)}
    with pytest.raises(IndexMissing):
        one.manifest()
    two.remove(["a.py"])
    two.sweep()
    assert two.prune() == 4


def test_begin_forgets_the_files_and_keeps_the_vectors(tmp_path: Path) -> None:
    s = begun(tmp_path)
    put(s, some_file("a.py", 1))
    assert s.matches(1, "settings", MODEL)
    assert not s.matches(2, "settings", MODEL)
    assert not s.matches(1, "others", MODEL)
    assert not s.matches(1, "settings", ("test/words", 9))
    s.begin(2, "settings", MODEL, "/elsewhere")
    assert s.matches(2, "settings", MODEL)
    assert content(s) == {}
    _, chunks = some_file("a.py", 1)
    assert s.keys() == {key(c, i) for c in chunks for i in range(len(c.pieces))}
    assert s.vectors([key(chunks[0], 0)])[0].all()


def test_the_generation_moves_with_every_change_and_never_comes_again(tmp_path: Path) -> None:
    s = begun(tmp_path)
    seen = [s.generation]
    changes: list[Callable[[], object]] = [
        lambda: put(s, some_file("a.py", 1)),
        lambda: s.touch([some_file("a.py", 1)[0]]),
        lambda: s.remove(["a.py"]),
        lambda: begun(tmp_path),
        lambda: store.wipe(tmp_path),
        lambda: begun(tmp_path),
    ]
    for change in changes:
        change()
        if read_meta(tmp_path, "tree"):
            seen.append(Store(tmp_path, "tree").generation)
    assert seen == sorted(set(seen))
    s.sweep()
    s.maintain()
    assert s.generation == seen[-1]


def test_the_generation_is_ahead_when_the_commit_itself_fails(tmp_path: Path) -> None:
    s = begun(tmp_path)
    before = s.generation
    shutil.rmtree(s._db.path("tree_files") / "_versions")
    with pytest.raises(IndexCorrupt):
        put(s, some_file("a.py", 1))
    assert s.generation > before


def test_an_open_store_sees_what_another_commits(tmp_path: Path) -> None:
    early = begun(tmp_path)
    assert content(early) == {}
    put(Store(tmp_path, "tree"), some_file("a.py", 1))
    assert content(early) == {"a.py": some_file("a.py", 1)}


# -- tidying -------------------------------------------------------------------------


def test_many_small_updates_are_rewritten_and_old_versions_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = begun(tmp_path)
    for version in range(70):
        put(s, some_file("a.py", version))
    names = s._db.tables("*")
    s.maintain()
    for name in names:
        assert s._db.open(name).stats()["fragment_stats"]["num_fragments"] <= 1
    data = s._db.path("tree_chunks") / "data"
    assert len(list(data.iterdir())) == 71, "a reader may still need the old ones"
    put(s, some_file("a.py", 100))
    monkeypatch.setattr(tidy, "KEEP", timedelta(milliseconds=1))
    s.maintain()
    for name in names:
        assert len(list((s._db.path(name) / "data").iterdir())) <= 3
    assert content(s) == {"a.py": some_file("a.py", 100)}


def test_garbage_rows_are_swept_when_there_is_much_of_it(tmp_path: Path) -> None:
    s = begun(tmp_path)
    table = s._db.open("tree_chunks")
    for version in range(5):
        put(s, *(some_file(f"{i}.py", version, 60) for i in range(10)))
        s.maintain()
        assert table.count_rows() <= 600 + 2000 + 150
    assert table.count_rows() == 600
    put(s, some_file("0.py", 9))
    assert table.count_rows() == 603
    assert s.sweep() == 60
    assert s.sweep() == 0


def test_files_that_a_killed_writer_left_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = begun(tmp_path)
    put(s, some_file("a.py", 1))
    left = s._db.path("tree_chunks") / "data" / f"{'01' * 12}{'ab' * 13}.lance"
    left.write_bytes(b"half a file")
    monkeypatch.setattr(tidy, "KEEP", timedelta(milliseconds=1))
    tidy.rewrite(s._db.open("tree_chunks"))
    assert not left.exists()
    assert content(s).keys() == {"a.py"}


def test_what_nobody_comes_back_for_is_discarded(tmp_path: Path) -> None:
    s = begun(tmp_path)
    put(s, some_file("a.py", 1))
    begun(tmp_path, "left")
    meta.remove_meta(tmp_path, "left")  # as when a drop was killed
    other = begun(tmp_path, "gone", ("other/model", DIMENSION))
    s.maintain()
    assert not s._db.tables("left_*")
    assert s._db.tables("gone_*"), "a work tree may be away for a while"
    month_ago = other.meta.updated - 31 * 86400
    shifted = json.loads(meta._file(tmp_path, "gone").read_text())
    shifted |= {"root": str(tmp_path / "nowhere"), "updated": month_ago}
    meta._file(tmp_path, "gone").write_text(json.dumps(shifted))
    s.maintain()
    assert not s._db.tables("gone_*")
    spare = [n for n in s._db.tables("vectors_*") if "other-model" in n]
    assert spare, "vectors can have cost money"
    os.utime(s._db.path(spare[0]), (month_ago, month_ago))
    s.maintain()
    assert s._db.tables(spare[0]), "it was begun long ago, but used since"
    os.utime(s._db.path(spare[0]) / "_versions", (month_ago, month_ago))
    s.maintain()
    assert len(s._db.tables("vectors_*")) == 1
    assert content(s).keys() == {"a.py"}


def test_vectors_that_nothing_refers_to_are_pruned_when_there_are_many(tmp_path: Path) -> None:
    s = begun(tmp_path)
    put(s, some_file("a.py", 1))
    many = tidy.SPARE_VECTORS + 100
    s.commit([], [], [f"{i:032x}" for i in range(many)], np.zeros((many, DIMENSION)))
    s.maintain()
    assert content(s).keys() == {"a.py"}
    assert s._db.open(s._db.tables("vectors_*")[0]).count_rows() == 4


def test_a_folder_stays_small_however_many_updates_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"SPARE_VECTORS": 100, "_PIECES": 8, "_OLD_VERSIONS": 8, "_GARBAGE_ROWS": 50}
    for name, value in limits.items():
        monkeypatch.setattr(tidy, name, value)
    monkeypatch.setattr(tidy, "KEEP", timedelta(milliseconds=100))
    s = begun(tmp_path / "index")
    put(s, *(some_file(f"{i}.py", 0) for i in range(10)))
    sizes, counts, rows_of_vectors = [], [], []
    for version in range(1, 301):
        put(s, some_file(f"{version % 10}.py", version))
        if version % 7 == 0:
            s.remove([f"{version % 9}.py"])
        s.maintain()
        sizes.append(store.size_on_disk(s.folder))
        counts.append(sum(f.is_file() for f in s.folder.rglob("*")))
        rows_of_vectors.append(s._db.open(s._db.tables("vectors_*")[0]).count_rows())
    assert max(sizes[200:]) < 1.5 * max(sizes[:100]), "it does not grow"
    assert max(counts[200:]) < 1.5 * max(counts[:100])
    assert max(rows_of_vectors) <= 100 + 2 * (40 + 50) + 4
    check_consistent(s)
    monkeypatch.setattr(tidy, "KEEP", timedelta(milliseconds=1))
    for name in s._db.tables("*"):
        tidy.rewrite(s._db.open(name))
    assert store.size_on_disk(s.folder) < 60_000


# -- other processes -----------------------------------------------------------------


def hold(folder: Path, ready: object) -> None:
    with store.writer(folder):
        ready.set()  # type: ignore[attr-defined]
        multiprocessing.Event().wait()


def test_the_second_writer_is_told_who_the_first_is_and_a_dead_one_blocks_nobody(
    tmp_path: Path,
) -> None:
    ready = PROCESSES.Event()
    first = PROCESSES.Process(target=hold, args=(tmp_path, ready))
    first.start()
    try:
        assert ready.wait(30)
        told: list[str] = []
        locked = pytest.raises(IndexLocked, match=rf"process {first.pid} \(.*\) is writing")
        with locked, store.writer(tmp_path, told.append, wait=0.1):
            pass
        assert [t.startswith(f"process {first.pid} (") for t in told] == [True]
        assert store.delete(tmp_path / "other") == 0
        with pytest.raises(IndexLocked):
            store.delete(tmp_path)
    finally:
        first.kill()
        first.join()
    with store.writer(tmp_path, told.append, wait=5):
        assert len(told) == 1
    assert not (tmp_path / "write.owner.json").exists()


def put_same(folder: Path, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    for version in range(5):
        with store.writer(folder):
            put(Store(folder, "tree"), *(some_file(f"{i}.py", version) for i in range(20)))


def test_two_writers_of_the_same_keys_store_each_once(tmp_path: Path) -> None:
    with store.writer(tmp_path):
        s = begun(tmp_path)
    start = PROCESSES.Barrier(2)
    both = [PROCESSES.Process(target=put_same, args=(tmp_path, start)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    table = s._db.open(s._db.tables("vectors_*")[0])
    stored = table.search().select(["key"]).to_arrow()["key"].to_pylist()
    assert len(stored) == len(set(stored)) == 5 * 20 * 4
    assert check_consistent(s).keys() == {f"{i}.py" for i in range(20)}


def die_before_table(folder: Path, count: int) -> None:
    """Commits a file, and is killed when the commit is about to open its ``count``-th table."""
    s = Store(folder, "tree")
    real, opened = s._db.open, []

    def opening(name: str) -> object:
        opened.append(name)
        if len(opened) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(name)

    record, chunks = some_file("a.py", 2)
    keys = [key(c, i) for c in chunks for i in range(len(c.pieces))]
    each = iter(keys)
    stored = [(c, [next(each) for _ in c.pieces]) for c in chunks]
    vectors = np.array([vector(k) for k in keys])
    s._db.open = opening  # type: ignore[method-assign]
    with store.writer(folder):
        s.commit([record], stored, keys, vectors)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_writer_killed_between_two_tables_leaves_what_was_there_before(
    tmp_path: Path, count: int
) -> None:
    s = begun(tmp_path)
    put(s, some_file("a.py", 1))
    process = PROCESSES.Process(target=die_before_table, args=(tmp_path, count))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert content(s) == {"a.py": some_file("a.py", 1)}
    assert s._db.open("tree_chunks").count_rows() == (3 if count < 3 else 6)
    put(s, some_file("a.py", 2))
    assert content(s) == {"a.py": some_file("a.py", 2)}
    assert s.sweep() == (3 if count < 3 else 6)
    assert content(s) == {"a.py": some_file("a.py", 2)}
    table = s._db.open(s._db.tables("vectors_*")[0])
    assert table.count_rows() == 8, "vectors of the killed batch are used again"


def write_until_killed(folder: Path, done: Path, seed: int) -> None:
    """Commits, removes and tidies in a loop; after each change notes the state that it made."""
    chance = dice(seed)
    with store.writer(folder, wait=10), done.open("a", encoding="utf-8") as notes:
        s = Store(folder, "tree")
        version = seed * 10_000
        while True:
            version += 1
            paths = chance.sample([f"{i}.py" for i in range(12)], 5)
            action = chance.choice(["put", "put", "put", "remove", "sweep", "rewrite", "prune"])
            if action == "put":
                put(s, *(some_file(p, version, chance.randint(1, 5)) for p in paths))
            elif action == "remove":
                s.remove(paths[:2])
            elif action == "sweep":
                s.sweep()
            elif action == "prune":
                s.prune()
            else:
                tidy.rewrite(s._db.open(chance.choice(s._db.tables("*"))))
            state = {p: r.digest for p, r in s.manifest().items()}
            notes.write(json.dumps(state) + "\n")
            notes.flush()


def test_a_writer_killed_at_any_moment_loses_at_most_its_last_batch(tmp_path: Path) -> None:
    chance = dice()
    s = begun(tmp_path / "index")
    done = tmp_path / "done"
    done.touch()
    for seed in range(1, 21):
        size = done.stat().st_size
        process = PROCESSES.Process(
            target=write_until_killed, args=(tmp_path / "index", done, seed)
        )
        process.start()
        while done.stat().st_size == size and process.is_alive():  # until it has begun
            process.join(0.002)
        process.join(chance.uniform(0, 0.05))
        assert process.is_alive(), "it may not end by itself"
        process.kill()
        process.join()
        found = check_consistent(Store(tmp_path / "index", "tree"))
        # What it noted is there, or what the change after that made: of one batch, whole.
        noted = json.loads(done.read_text(encoding="utf-8").rpartition("\n")[0].rpartition("\n")[2])
        state = {p: r.digest for p, (r, _) in found.items()}
        newer = {d for p, d in state.items() if noted.get(p) != d}
        gone = noted.keys() - state.keys()
        assert len(newer) <= 1
        assert not newer or not gone
        assert len(gone) <= 2
        if newer:
            assert list(state.values()).count(newer.pop()) == 5
    s.sweep()
    assert s._db.open("tree_chunks").count_rows() == sum(r.chunks for r in s.manifest().values())


def write_until_told(folder: Path, stop: object) -> None:
    version = 0
    with store.writer(folder):
        s = Store(folder, "tree")
        while not stop.is_set():  # type: ignore[attr-defined]
            version += 1
            put(s, *(some_file(f"{i}.py", version, 1 + version % 4) for i in range(30)))
            s.sweep()
            if version % 5 == 0:
                for name in s._db.tables("*"):
                    tidy.rewrite(s._db.open(name))


def test_readers_see_whole_states_while_a_writer_commits_sweeps_and_rewrites(
    tmp_path: Path,
) -> None:
    s = begun(tmp_path)
    stop = PROCESSES.Event()
    process = PROCESSES.Process(target=write_until_told, args=(tmp_path, stop))
    process.start()
    try:
        seen: set[str] = set()
        while len(seen) < 12:
            assert process.is_alive()
            versions = set()
            for of_file in s.chunks():
                c = of_file[0][0]
                version = int(c.doc.split()[1])
                assert [x for x, _ in of_file] == some_file(c.path, version, len(of_file))[1]
                versions.add(version)
            assert len(versions) <= 1, "one batch holds all files"
            seen |= {str(v) for v in versions}
    finally:
        stop.set()
        process.join(30)
    assert process.exitcode == 0


def test_a_reader_notices_that_a_file_was_replaced_and_swept_while_it_opened_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = begun(tmp_path)
    put(s, some_file("a.py", 1))
    real = s._db.pinned
    versions = iter([2, 3])

    def pinned(name: str) -> object:
        if name == "tree_chunks" and (version := next(versions, 0)):
            other = Store(tmp_path, "tree")
            put(other, some_file("a.py", version))
            other.sweep()
        return real(name)

    monkeypatch.setattr(s._db, "pinned", pinned)
    assert [[c for c, _ in of_file] for of_file in s.chunks()] == [some_file("a.py", 3)[1]]


def test_a_file_is_in_order_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    s = begun(tmp_path)
    record, chunks = some_file("a.py", 1, 5)
    table = rows.of_chunks([(c, ["k"]) for c in chunks], 7)
    s._db.open("tree_chunks").add(table.take([3, 0, 4, 1, 2]))
    s._put([(record, 7)])
    assert [[c for c, _ in of_file] for of_file in s.chunks()] == [chunks]


# -- damage --------------------------------------------------------------------------


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def newest(folder: Path) -> Path:
    return min((folder / "_versions").glob("*.manifest"))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "folder gone": shutil.rmtree,
    "folder is a file": lambda t: (shutil.rmtree(t), t.write_text("")),
    "data gone": lambda t: [f.unlink() for f in (t / "data").iterdir()],
    "one data file gone": lambda t: min((t / "data").iterdir()).unlink(),
    "data torn": lambda t: [truncated(f) for f in (t / "data").iterdir()],
    "data empty": lambda t: [os.truncate(f, 0) for f in (t / "data").iterdir()],
    "versions gone": lambda t: shutil.rmtree(t / "_versions"),
    "newest version torn": lambda t: truncated(newest(t)),
    "newest version empty": lambda t: os.truncate(newest(t), 0),
    "newest version of noise": lambda t: newest(t).write_bytes(dice(1).randbytes(500)),
}


@pytest.mark.parametrize("table", ["tree_files", "tree_chunks", "vectors"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_apart_and_wiping_cures_it(tmp_path: Path, damage: str, table: str) -> None:
    s = begun(tmp_path)
    put(s, *(some_file(f"{i}.py", 1) for i in range(5)))
    put(s, some_file("0.py", 2))
    DAMAGE[damage](s._db.path(s._db.tables(f"{table}*")[0]))
    with pytest.raises(IndexCorrupt, match="is damaged: ") as caught:
        content(Store(tmp_path, "tree"))
    assert str(tmp_path) in caught.value.message
    assert "\n" not in caught.value.message
    assert ".rs:" not in caught.value.message
    assert caught.value.hint
    store.wipe(tmp_path)
    assert read_meta(tmp_path, "tree") is None
    again = begun(tmp_path)
    put(again, some_file("a.py", 1))
    assert content(again) == {"a.py": some_file("a.py", 1)}


def test_any_file_lost_or_torn_gives_an_earlier_state_or_damage_never_a_wrong_one(
    tmp_path: Path,
) -> None:
    s = begun(tmp_path)
    states = [content(s)]
    for version in range(3):
        put(s, *(some_file(f"{i}.py", version, 1 + version) for i in range(version, 8)))
        states.append(content(s))
    s.remove(["7.py"])
    states.append(content(s))
    s.sweep()
    for file in sorted(f for f in (tmp_path / "lance").rglob("*") if f.is_file()):
        whole = file.read_bytes()
        for tear in (Path.unlink, truncated):
            tear(file)
            with suppress(IndexCorrupt):
                assert content_or_lost(Store(tmp_path, "tree")) in [None, *states]
            file.write_bytes(whole)
    assert content(Store(tmp_path, "tree")) == states[-1]


def content_or_lost(of: Store) -> dict[str, tuple[FileRecord, list[Chunk]]] | None:
    keys = [k for of_file in of.chunks() for _, ks in of_file for k in ks]
    return content(of) if of.vectors(keys)[0].all() else None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "\x00" * 200])
def test_a_torn_description_of_the_index_is_damage(tmp_path: Path, text: str) -> None:
    s = begun(tmp_path)
    meta._file(tmp_path, "tree").write_text(text)
    with pytest.raises(IndexCorrupt, match="does not describe an index"):
        s.matches(1, "settings", MODEL)
    store.wipe(tmp_path)
    assert not s.matches(1, "settings", MODEL)


def test_before_begin_nothing_is_there_and_nothing_is_created(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    s = Store(folder, "tree")
    record, _ = some_file("a.py", 1, 0)
    for use in (
        s.manifest,
        lambda: list(s.chunks()),
        lambda: s.vectors(["k"]),
        lambda: put(s, (record, [])),
        lambda: s.touch([record]),
        lambda: s.remove(["a.py"]),
        s.sweep,
        s.prune,
        s.maintain,
    ):
        with pytest.raises(IndexMissing):
            use()
    assert read_meta(folder, "tree") is None
    assert not folder.exists()


# -- the disk ------------------------------------------------------------------------


def fill(s: Store) -> tuple[StoreError, int]:
    noise = dice(3)
    for version in range(1000):
        record, chunks = some_file(f"{version}.py", version, 20)
        long = [
            Chunk(c.path, "text", "text", "", "", "", (), 1, 2, noise.randbytes(4000).hex())
            for c in chunks
        ]
        try:
            s.commit([record], [(c, []) for c in long], [], np.zeros((0, DIMENSION)))
        except StoreError as error:
            return error, version
    raise AssertionError("the disk did not fill up")


def test_a_full_disk_is_said_and_nothing_committed_is_lost(small_disk: Path) -> None:
    folder = small_disk / "index"
    with store.writer(folder):
        s = begun(folder)
        error, count = fill(s)
    assert error.message == f"the disk is full: the index in {folder} could not be written"
    assert not isinstance(error, IndexCorrupt)
    assert s.manifest().keys() == {f"{i}.py" for i in range(count)}
    assert sum(len(of_file) for of_file in s.chunks()) == 20 * count
    with suppress(OSError), (small_disk / "fill").open("wb", buffering=0) as out:
        while True:
            out.write(bytes(512))
    with store.writer(folder, wait=0), pytest.raises(StoreError, match="the disk is full"):
        put(s, some_file("b.py", 1))
    assert store.delete(folder) > 1_000_000
    assert not folder.exists()


def test_a_read_only_folder_can_be_read_and_says_why_it_is_not_written(
    tmp_path: Path, small_disk: Path
) -> None:
    folder = small_disk / "index"
    with store.writer(folder):
        s = begun(folder)
        put(s, some_file("a.py", 1))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert content(Store(folder, "tree")) == {"a.py": some_file("a.py", 1)}
    for write in (lambda: put(s, some_file("a.py", 2)), lambda: s.remove(["a.py"]), s.drop):
        with pytest.raises(StoreError, match="is read-only or not yours: Read-only file system"):
            write()
    for place in (folder, small_disk / "new"):
        with pytest.raises(StoreError, match="read-only"), store.writer(place):
            pass


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_without_permission_says_so() -> None:
    with tempfile.TemporaryDirectory() as above:  # pytest's own folders are closed to others
        Path(above).chmod(0o755)
        folder = Path(above) / "index"
        s = begun(folder)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = os.geteuid() == 0
        if root:  # whom permissions do not bind
            os.seteuid(65534)
        try:
            with pytest.raises(StoreError, match="Permission denied"):
                put(s, some_file("a.py", 1))
            with pytest.raises(StoreError, match="Permission denied"), store.writer(folder):
                pass
        finally:
            if root:
                os.seteuid(0)
            for path in (folder, *folder.rglob("*")):
                path.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such names")
def test_a_folder_that_the_library_cannot_name_is_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has control characters") as told:
        begun(tmp_path / "a\nb")
    assert not isinstance(told.value, IndexCorrupt)


def limited(folder: Path, said: object) -> None:
    import resource

    s = Store(folder, "tree")
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    error, _ = fill(s)
    said.put(error.message)  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_limit_on_file_size_is_said(tmp_path: Path) -> None:
    begun(tmp_path)
    said = PROCESSES.Queue()
    process = PROCESSES.Process(target=limited, args=(tmp_path, said))
    process.start()
    assert said.get(timeout=30).startswith("a limit on the size of files stopped the index in")
    process.join()
    assert content(Store(tmp_path, "tree")) == {}


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("")
    for folder in (tmp_path / "index", tmp_path / "index" / "below"):
        with pytest.raises(StoreError, match="could not be used") as caught, store.writer(folder):
            pass
        assert not isinstance(caught.value, IndexCorrupt)


# -- the folder as a whole -----------------------------------------------------------


def test_only_index_folders_are_listed_and_deleted(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("precious")
    (tmp_path / "file").write_text("precious")
    roots = [tmp_path / "root1", tmp_path / "root2"]
    roots[0].mkdir()
    for name, root in zip(["one", "two"], roots, strict=True):
        with store.writer(tmp_path / "home" / name):
            Store(tmp_path / "home" / name, "tree").begin(1, "s", MODEL, str(root))
    shutil.move(tmp_path / "photos", tmp_path / "home")
    one, two = store.folders(tmp_path / "home")
    assert (one.name, two.name) == ("one", "two")
    assert [store.is_orphan(f) for f in (one, two)] == [False, True]
    size = sum(f.stat().st_size for f in one.rglob("*") if f.is_file())
    assert store.size_on_disk(one) == size
    assert store.delete(one) >= size
    assert not one.exists()
    assert store.delete(tmp_path / "home" / "photos") == 0
    assert sorted(f.name for f in (tmp_path / "home").iterdir()) == ["photos", "two"]
    assert (tmp_path / "home" / "photos" / "a.jpg").read_text() == "precious"
    assert store.folders(tmp_path / "nowhere") == []


def test_a_torn_tag_is_written_anew_by_the_next_writer(tmp_path: Path) -> None:
    with store.writer(tmp_path / "index"):
        begun(tmp_path / "index")
    (tmp_path / "index" / "CACHEDIR.TAG").write_text("")
    (tmp_path / "index" / ".gitignore").unlink()
    (tmp_path / "index" / ".gitignore").mkdir()
    assert store.folders(tmp_path) == []
    with store.writer(tmp_path / "index"):
        pass
    assert store.folders(tmp_path) == [tmp_path / "index"]
    assert (tmp_path / "index" / ".gitignore").read_text().endswith("*\n")


SCRIPT = """
import sys
from pathlib import Path
from codesearch import store
folder = Path(sys.argv[1])
s = store.Store(folder, "tree")
assert not s.matches(1, "settings", ("m", 4))
heavy = {"lancedb", "pyarrow", "numpy", "filelock"} & set(sys.modules)
assert not heavy, heavy
import numpy
with store.writer(folder):
    s.begin(1, "settings", ("m", 4), "/root")
    s.commit([], [], ["k"], numpy.ones((1, 4)))
    s.maintain()
assert s.vectors(["k"])[0].all() and list(s.chunks()) == []
"""


def test_it_imports_nothing_heavy_before_it_must_and_prints_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
