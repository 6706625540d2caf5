from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesearch.model import Chunk, FileRecord, IndexState
from codesearch.segment import (
    KINDS,
    Damaged,
    Image,
    Segment,
    Strings,
    join,
    load,
    of_chunks,
    save,
    with_vectors,
)

WORDS = ["redirect", "close", "parse_config", "HTTPServer", "größe", "上限", "x", "self"]


def chunk(path: str, line: int, text: str, cuts: tuple[int, ...] = ()) -> Chunk:
    return Chunk(
        path, "python", "function", f"f{line}", "", "doc words", (), line, line, text, cuts
    )


def segment_of(files: dict[str, list[str]], dimension: int = 8) -> Segment:
    records = [FileRecord(p, len(p), 7, f"d{p}", "python", len(t)) for p, t in files.items()]
    chunks = [[chunk(p, i + 1, text) for i, text in enumerate(t)] for p, t in files.items()]
    made = of_chunks(records, chunks)
    rng = np.random.default_rng(len(files))
    rows = rng.normal(size=(made.n_pieces, dimension)).astype(np.float32)
    return with_vectors(made, rows)


def contents(s: Segment) -> dict[str, object]:
    """All that a segment says, in plain values that do not depend on how it was put together."""
    terms = s.vocabulary.all()
    postings = {
        t: [
            (int(s.chunk[i]), s.tf[i].tolist())
            for i in range(int(s.first_posting[n]), int(s.first_posting[n + 1]))
        ]
        for n, t in enumerate(terms)
    }
    return {
        "records": s.records(),
        "symbols": s.symbol.all(),
        "files": s.file.tolist(),
        "lines": s.start_line.tolist(),
        "lengths": s.lengths.tolist(),
        "postings": postings,
        "vectors": (s.vectors * s.scale[:, None]).round(4).tolist(),
    }


trees = st.dictionaries(
    st.sampled_from(["a.py", "b/c.py", "b.py", "z/ü.py", "b/\udcff.py"]),
    st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), max_size=4),
    max_size=5,
)


@given(trees, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_joining_parts_gives_the_segment_of_the_whole(files: dict[str, list[str]], at: int) -> None:
    names = list(files)
    whole = of_chunks_of(files)
    parts = [of_chunks_of({n: files[n] for n in some}) for some in (names[:at], names[at:])]
    assert contents(join(parts, [None, None])) == contents(whole)


def of_chunks_of(files: dict[str, list[str]]) -> Segment:
    """With vectors that depend on the text alone, so that parts and whole agree."""
    records = [FileRecord(p, 1, 2, p, "python", len(t)) for p, t in files.items()]
    chunks = [[chunk(p, i + 1, text) for i, text in enumerate(t)] for p, t in files.items()]
    made = of_chunks(records, chunks)
    texts = [files[p][i] for p in sorted(files, key=lambda p: p.encode("utf-8", "surrogatepass"))
             for i in range(len(files[p]))]  # fmt: skip
    rows = np.array([[len(t), t.count("e"), 1] for t in texts], np.float32).reshape(-1, 3)
    return with_vectors(made, rows)


def test_a_file_that_is_not_kept_leaves_no_trace() -> None:
    old = of_chunks_of({"a.py": ["unique_word close"], "b.py": ["close"]})
    new = of_chunks_of({"a.py": ["other"]})
    keep = np.array([name != "a.py" for name in old.path.all()])
    assert contents(join([old, new], [keep, None])) == contents(
        of_chunks_of({"a.py": ["other"], "b.py": ["close"]})
    )


def test_terms_are_counted_by_field() -> None:
    record = FileRecord("net/close.py", 1, 2, "d", "python", 1)
    item = Chunk(
        "net/close.py",
        "python",
        "method",
        "Store.close",
        "",
        "Close it.",
        (),
        1,
        2,
        "x.close() close",
    )
    made = of_chunks([record], [[item]])
    row = made.vocabulary.find("clos")
    assert made.tf[int(made.first_posting[row])].tolist() == [2, 1, 1, 1]
    assert KINDS[int(made.kind[0])] == "method"


def test_strings_find_what_they_hold_and_nothing_else() -> None:
    items = sorted(["", "a", "ab", "b", "ü", "上"], key=str.encode)
    column = Strings.of(items)
    assert [column.find(s) for s in items] == list(range(len(items)))
    assert column.find("aa") == column.find("zz") == -1
    assert column.all() == items


def test_a_saved_segment_is_loaded_as_it_was(tmp_path: Path) -> None:
    made = segment_of({"a.py": ["close it", "redirect"], "b.py": []})
    save(made, tmp_path / "s", {"generation": 3})
    got, facts = load(tmp_path / "s")
    assert facts == {"generation": 3}
    assert contents(got) == contents(made)
    assert [f.name for f in tmp_path.iterdir()] == ["s"], "no temporary file is left"


def test_an_empty_segment_is_saved_and_loaded(tmp_path: Path) -> None:
    save(of_chunks([], []), tmp_path / "s", {})
    assert load(tmp_path / "s")[0].n_chunks == 0


@pytest.mark.parametrize("size", [0, 5, 100, 700, -1])
def test_a_torn_segment_is_damaged_not_wrong(tmp_path: Path, size: int) -> None:
    file = tmp_path / "s"
    save(segment_of({"a.py": ["close it"]}), file, {})
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(Damaged):
        load(file)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_no_changed_bit_of_the_numbers_is_overlooked(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("fuzz") / "s"
    saved = segment_of({"a.py": ["close it", "open it"], "b.py": ["größe"]})
    save(saved, file, {})
    raw = bytearray(file.read_bytes())
    number = data.draw(st.integers(0, len(saved.vectors.tobytes()) - 1))
    at = raw.index(saved.vectors.tobytes()) + number
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(raw)
    load(file)
    with pytest.raises(Damaged, match="checksum"):
        load(file, whole=True)


@given(st.binary(max_size=400))
@settings(max_examples=40, deadline=None)
def test_any_bytes_are_damaged_not_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.mktemp("fuzz") / "s"
    file.write_bytes(data)
    with pytest.raises(Damaged):
        load(file)


def image(folder: Path, **other: object) -> Image:
    facts = {"format": 1, "settings": "k", "model": ("m", 8)} | other
    return Image(folder, "tree", **facts)  # type: ignore[arg-type]


def test_an_image_is_as_good_as_what_it_was_made_with(tmp_path: Path) -> None:
    assert image(tmp_path).load() == (IndexState.MISSING, None)
    image(tmp_path).save(segment_of({"a.py": ["close"]}), 5, 0.0)
    state, stored = image(tmp_path).load()
    assert state is IndexState.FRESH
    assert stored is not None
    assert stored.generation == 5
    assert stored.known == {"a.py": (4, 7)}
    assert image(tmp_path, format=2).load()[0] is IndexState.OLD_FORMAT
    assert image(tmp_path, settings="l").load()[0] is IndexState.OTHER_SETTINGS
    assert image(tmp_path, model=("n", 8)).load()[0] is IndexState.OTHER_MODEL
    assert Image(tmp_path, "other", 1, "k", ("m", 8)).load()[0] is IndexState.MISSING


def test_a_new_image_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    here = image(tmp_path)
    for generation in range(12):
        here.save(segment_of({"a.py": ["close"] * generation}), generation, 0.0)
    assert len(here.files()) == 1
    stored = here.load()[1]
    assert stored is not None
    assert stored.generation == 11


def test_an_image_that_is_replaced_while_it_is_opened_is_not_damaged(tmp_path: Path) -> None:
    here = image(tmp_path)
    here.save(segment_of({"a.py": ["close"]}), 0, 0.0)
    script = """
import sys
from pathlib import Path
from codesearch.segment import Image, of_chunks
here = Image(Path(sys.argv[1]), "tree", 1, "k", ("m", 8))
for generation in range(400):
    here.save(of_chunks([], []), generation, 0.0)
"""
    states = set()
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) as writer:
        while writer.poll() is None:
            states.add(here.load()[0])
    assert states == {IndexState.FRESH}


def test_files_of_other_names_are_no_images(tmp_path: Path) -> None:
    tree = image(tmp_path)
    for end in ("x", "", "1-2"):
        (tmp_path / f"{tree.tree}-{end}.segment").write_bytes(b"")
    assert tree.load()[0] is IndexState.MISSING
    tree.save(segment_of({"a.py": ["close"]}), 5, 0.0)
    assert [f.name for f in tree.files()] == [f"{tree.tree}-1.segment"]


def test_where_no_folder_can_be_there_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "none", tmp_path / "file", tmp_path / ("x" * 300)):
        assert image(folder).load()[0] is IndexState.MISSING


def test_what_a_killed_writer_left_is_used_up(tmp_path: Path) -> None:
    (tmp_path / "tree-1.segment.new").write_bytes(b"half")
    image(tmp_path).save(segment_of({"a.py": ["close"]}), 0, 0.0)
    assert [f.name for f in tmp_path.iterdir()] == ["tree-1.segment"]


def test_a_held_image_is_not_loaded_again(tmp_path: Path) -> None:
    here = image(tmp_path)
    here.save(segment_of({"a.py": ["close"]}), 1, 0.0)
    held = here.load()[1]
    assert here.load(held)[1] is held
    here.save(segment_of({"a.py": ["close"]}), 2, 0.0)
    assert here.load(held)[1] is not held
