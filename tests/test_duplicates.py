"""Duplicates in the library: what two functions share, what is a copy, what is one finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import copies
import numpy as np
import pytest
from copies import ASYNC, LEAST, PYTHON
from hypothesis import given, settings
from hypothesis import strategies as st

from codesearch import fingerprint
from codesearch.chunking import chunk
from codesearch.duplicates import baseline, show, suppressions
from codesearch.duplicates.clock import Clock
from codesearch.duplicates.functions import (
    Function,
    are_twins,
    eligible_path,
    is_nested,
    is_parallel,
    of_chunks,
)
from codesearch.duplicates.groups import Edge, best_matches, stars
from codesearch.duplicates.likeness import Likeness, are_tables, rule_of
from codesearch.duplicates.shingles import WIDTH, Shingles
from codesearch.duplicates.show import differing
from codesearch.duplicates.siblings import are_siblings
from codesearch.duplicates.versions import Versions
from codesearch.errors import ConfigError
from codesearch.model import SourceFile
from codesearch.search import View


def function(text: str, path: str = "a.py", language: str = "python") -> Function:
    """The largest function of a text."""
    found = of_chunks(chunk(SourceFile(path, text, "", language)))
    return max(found, key=lambda f: f.tokens)


def likeness(a: Function, b: Function) -> float:
    both = Likeness([a, b], np.array([True, False]))
    return float(both.of(np.array([0]), np.array([1]))[0])


# -- shingles ----------------------------------------------------------------------------

STREAMS = st.lists(
    st.lists(st.integers(0, 4), min_size=WIDTH, max_size=30).map(lambda s: np.array(s, np.uint16)),
    min_size=2,
    max_size=12,
)


def shared(a: Sequence[int], b: Sequence[int]) -> float:
    """The Jaccard index of the multisets of runs, the slow way."""
    one, other = (
        Counter(tuple(s[i : i + WIDTH]) for i in range(len(s) - WIDTH + 1)) for s in (a, b)
    )
    return (one & other).total() / (one | other).total()


def shingles_of(streams: Sequence[np.ndarray], asked: np.ndarray) -> Shingles:
    return Shingles(np.concatenate(streams), np.array([len(s) for s in streams]), asked)


def candidates(shingles: Shingles, first: int, stop: int) -> set[tuple[int, int]]:
    left, right = shingles.candidates(first, stop)
    return set(zip(left.tolist(), right.tolist(), strict=True))


@settings(deadline=None)
@given(STREAMS, st.data())
def test_what_two_functions_share_is_the_jaccard_index_of_multisets(
    streams: list[np.ndarray], data: st.DataObject
) -> None:
    n = len(streams)
    asked = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    asked[data.draw(st.integers(0, n - 1))] = True
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j and (asked[i] or asked[j])]
    left, right = (np.array(side) for side in zip(*pairs, strict=True))
    found = shingles_of(streams, asked).jaccard(left, right)
    wanted = [shared(streams[i].tolist(), streams[j].tolist()) for i, j in pairs]
    assert found == pytest.approx(wanted)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_functions_that_share_most_are_candidates(seed: int, copies: int) -> None:
    """Also among many others, and where a third of the tokens was changed in one run."""
    rng = np.random.default_rng(seed)
    words = rng.zipf(1.3, 40_000).clip(max=60_000).astype(np.uint16)
    streams = [words[at : at + int(rng.integers(50, 200))] for at in range(0, 30_000, 200)]
    pairs = set()
    for _ in range(copies):
        original = int(rng.integers(len(streams)))
        stream = streams[original].copy()
        at = int(rng.integers(len(stream)))
        stream[at : at + len(stream) // 3] = rng.integers(0, 60_000)
        streams.append(stream)
        pairs.add((original, len(streams) - 1))
    shingles = shingles_of(streams, np.ones(len(streams), bool))
    found = candidates(shingles, 0, len(streams))
    near = {
        (i, j) for i, j in pairs if float(shingles.jaccard(np.array([i]), np.array([j]))[0]) >= 0.5
    }
    assert {p for p in near if p not in found and p[::-1] not in found} == set()
    middle = int(rng.integers(len(streams)))
    parts = candidates(shingles, 0, middle) | candidates(shingles, middle, len(streams))
    assert parts == found


def test_only_pairs_with_a_function_that_is_asked_about_are_candidates() -> None:
    stream = function(PYTHON).fingerprint
    streams = [fingerprint.codes(stream)] * 3
    shingles = shingles_of(streams, np.array([False, True, False]))
    assert candidates(shingles, 0, 3) == {(1, 0), (1, 2)}


def test_no_functions_have_no_candidates() -> None:
    nothing = Likeness([], np.zeros(0, bool))
    assert [len(side) for side in nothing.candidates(Clock(None))] == [0, 0]


# -- versions of a file ------------------------------------------------------------------


def test_two_functions_of_one_name_on_one_line_are_told_apart() -> None:
    one = copies.JAVASCRIPT.replace("\n", " ")
    text = f"{one} {one.replace('indexOf', 'lastIndexOf')}"
    versions = Versions(View([]))
    was = versions.functions(SourceFile("a.js", text, "1", "javascript"))
    now = versions.functions(SourceFile("a.js", f"{text}\n", "2", "javascript"))
    assert [f.fingerprint for f, _ in now] == [f.fingerprint for f, _ in was]
    assert len({f.fingerprint for f, _ in was}) == 2


# -- what a pair is ----------------------------------------------------------------------


def test_a_copy_with_other_comments_is_exact() -> None:
    original = function(PYTHON)
    copy = function(PYTHON.replace('"""Reads a file of settings."""', "# reads"), "b.py")
    assert rule_of(original, copy) == "CS001"
    assert likeness(original, copy) == 1


def test_a_copy_with_other_variables_is_renamed() -> None:
    original, copy = function(PYTHON), function(copies.renamed(), "b.py")
    assert rule_of(original, copy) == "CS002"
    assert likeness(original, copy) == 1


def test_a_copy_that_was_edited_is_near() -> None:
    original, copy = function(PYTHON), function(copies.edited(), "b.py")
    assert rule_of(original, copy) == "CS003"
    assert 0.6 < likeness(original, copy) < 1


def test_functions_that_have_nothing_in_common_are_not_alike() -> None:
    assert likeness(function(PYTHON), function(LEAST)) < 0.3


def test_swapped_arguments_are_no_renaming() -> None:
    swapped = copies.renamed().replace("line.partition", "key.partition")
    swapped = swapped.replace("key, equals", "line, equals")
    assert rule_of(function(PYTHON), function(swapped)) == "CS003"


def test_repetition_is_a_difference() -> None:
    once = "def f(self, data):\n    self.begin(data)\n" + "    self.put(data)\n" * 3
    often = "def f(self, data):\n    self.begin(data)\n" + "    self.put(data)\n" * 30
    assert likeness(function(once), function(often)) < 0.5


# -- what is alike by design -------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<", ">"),
        ('"nothing is due"', '"nothing is left"'),
        ("is None", "is not None"),
        ("task.done", "task.begun"),
    ],
)
def test_the_counterpart_of_a_short_function_is_a_sibling(old: str, new: str) -> None:
    other = LEAST.replace("earliest", "latest").replace(old, new)
    assert are_siblings(function(LEAST), function(other, "b.py"))


@pytest.mark.parametrize(
    "other",
    [
        LEAST.replace("<", ">"),  # it has the same name
        LEAST.replace("earliest", "first").replace("best", "top").replace("task", "job"),
        LEAST.replace("earliest", "first").replace(
            "    return", "    log.info('found %s at %s', best, now)\n    return"
        ),
    ],
)
def test_a_copy_of_a_short_function_is_no_sibling(other: str) -> None:
    assert not are_siblings(function(LEAST), function(other, "b.py"))


def test_tables_of_other_constants_are_no_copies() -> None:
    rows = "".join(f"        ('option-{n}', {n}, True),\n" for n in range(20))
    one, other, same = (
        function(f"def {name}(self):\n    return [\n{text}    ]\n", f"{name}.py")
        for name, text in (
            ("a", rows),
            ("b", rows.replace("option", "flag").replace(", ", ", 1")),
            ("c", rows),
        )
    )
    assert are_tables(one, other)
    assert not are_tables(one, same)
    assert not are_tables(function(PYTHON), function(copies.renamed()))


def test_long_functions_are_no_siblings() -> None:
    body = PYTHON + "".join(PYTHON.splitlines(True)[2:])
    other = body.replace("load_settings", "load_all").replace("stream, 1", "stream, 2")
    assert not are_siblings(function(body), function(other))


@pytest.mark.parametrize("name", ["load_settings", "aload_settings", "load_settings_async"])
def test_the_asynchronous_form_is_a_twin(name: str) -> None:
    other = function(ASYNC.replace("load_settings", name))
    assert are_twins(function(PYTHON), other)
    assert are_twins(other, function(PYTHON))


def test_an_asynchronous_function_of_another_name_is_no_twin() -> None:
    assert not are_twins(function(PYTHON), function(ASYNC.replace("load_settings", "fetch")))


def test_the_same_method_of_another_class_is_parallel() -> None:
    one, other = (function(copies.method(PYTHON, name)) for name in "AB")
    assert is_parallel(one, other)
    assert not is_parallel(one, replace(one, path="b.py"))
    assert not is_parallel(function(PYTHON), function(PYTHON, "b.py"))
    assert not is_parallel(one, function(PYTHON))


def test_a_function_is_not_compared_with_what_it_holds() -> None:
    outer = function(PYTHON)
    assert is_nested(outer, outer)
    assert not is_nested(outer, function(PYTHON, "b.py"))


@pytest.mark.parametrize(
    "path",
    [
        "shop/migrations/0001_first.py",
        "vendor/a.go",
        "src/a.pyi",
        "lib/third_party/x.c",
        "a.d.ts",
        "app/a.esm.js",
    ],
)
def test_what_nobody_would_share_is_not_compared(path: str) -> None:
    assert not eligible_path(path, tests=True)


def test_tests_are_compared_if_asked_for() -> None:
    assert not eligible_path("tests/test_a.py", tests=False)
    assert eligible_path("tests/test_a.py", tests=True)
    assert eligible_path("src/generator.py", tests=False)


# -- findings ----------------------------------------------------------------------------


def edge(left: int, right: int, how: float = 0.8) -> Edge:
    return Edge(left, right, how, "CS003")


def test_copies_of_one_function_are_one_group() -> None:
    edges = [edge(0, 1), edge(0, 2, 0.9), edge(1, 2), edge(5, 6)]
    assert [(n, [e.other(n) for e in found]) for n, found in stars(edges)] == [
        (0, [2, 1]),
        (5, [6]),
    ]


def test_a_chain_is_not_one_group() -> None:
    chain = [edge(i, i + 1) for i in range(6)]
    groups = stars(chain)
    assert all(len(found) <= 2 for _, found in groups)
    covered = {n for number, found in groups for n in (number, *(e.other(number) for e in found))}
    assert covered == set(range(7))


def test_a_function_left_over_is_named_beside_the_nearest() -> None:
    # 1 has most copies and takes 0 and 2; 3 is only like 2.
    groups = stars([edge(0, 1), edge(1, 2), edge(1, 4), edge(2, 3)])
    assert (3, [edge(2, 3)]) in groups


def test_a_new_function_has_one_best_match() -> None:
    edges = [edge(0, 9, 0.7), edge(1, 9, 0.9), edge(2, 9, 0.8)]
    asked = [n == 9 for n in range(10)]
    assert best_matches(edges, asked) == [(9, [edges[1]])]


def test_two_new_functions_meet_once() -> None:
    assert best_matches([edge(0, 1)], [True, True]) == [(0, [edge(0, 1)])]


# -- what is shown of them ---------------------------------------------------------------


@given(*[st.lists(st.sampled_from("abc"), max_size=12)] * 2)
def test_what_differs_turns_the_one_into_the_other(one: list[str], other: list[str]) -> None:
    made, at = [], 0
    for i, i_end, j, j_end in differing(one, other):
        assert one[i:i_end] != other[j:j_end]
        made += [*one[at:i], *other[j:j_end]]
        at = i_end
    assert made + one[at:] == other


def test_what_is_the_same_at_both_ends_is_not_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take seconds: of the same tokens over and over every one is like every other."""
    aligned: list[int] = []
    matcher = show.SequenceMatcher

    def counted(*args: Any, **more: Any) -> Any:
        aligned.append(len(args[1]) + len(args[2]))
        return matcher(*args, **more)

    monkeypatch.setattr(show, "SequenceMatcher", counted)
    same = ["1", ","] * 2_000
    assert list(differing(same, same)) == []
    assert list(differing([*same, "a", *same], [*same, "b", "c", *same])) == [
        (4_000, 4_001, 4_000, 4_002)
    ]
    assert aligned == [3]


# -- the baseline ------------------------------------------------------------------------


def test_a_pair_has_one_name_in_either_order() -> None:
    one, other = function(PYTHON), function(LEAST)
    assert baseline.pair(one, other) == baseline.pair(other, one)
    assert baseline.pair(one, one) != baseline.pair(one, other)


def test_a_third_copy_makes_more_pairs() -> None:
    one, other = function(PYTHON), function(LEAST)
    same, mixed = baseline.pair(one, one), baseline.pair(one, other)
    assert baseline.Census([one, one]).pairs(same) == 1
    assert baseline.Census([one, one, one]).pairs(same) == 3
    assert baseline.Census([one, one, other]).pairs(mixed) == 2


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["", "form "]), *[st.integers(0, 2**64 - 1)] * 2).map(
            lambda p: p[0] + " ".join(sorted(f"{n:016x}" for n in p[1:]))
        ),
        st.integers(1, 10**18 - 1),
    )
)
def test_a_baseline_can_be_read_back_and_has_a_pair_a_line(pairs: dict[str, int]) -> None:
    text = baseline.text(pairs)
    assert text.count("\n") == len(pairs) + 4
    assert baseline.parsed(text.encode(), "b.json") == pairs


def test_a_baseline_is_saved_and_loaded(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    assert baseline.load(file) == {}
    pairs = {f"{1:016x} {2:016x}": 3}
    baseline.save(file, pairs)
    assert baseline.load(file) == pairs
    assert list(tmp_path.iterdir()) == [file]


def test_what_could_not_be_loaded_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.json"
    pairs = {f"{n:016x} {n:016x}": 1 for n in range(30)}
    monkeypatch.setattr(baseline, "_MAX_BYTES", len(baseline.text(pairs)))
    baseline.save(file, pairs)
    assert baseline.load(file) == pairs
    with pytest.raises(ConfigError, match="more than a baseline can hold"):
        baseline.save(file, {**pairs, f"{30:016x} {30:016x}": 1})
    assert baseline.load(file) == pairs
    file.write_text(file.read_text() + " ")
    with pytest.raises(ConfigError, match="is larger than"):
        baseline.load(file)


def family(size: int) -> list[Function]:
    """Functions that differ in a name and a literal."""
    texts = (PYTHON.replace("load_settings", f"load_{n}") for n in range(size))
    return [function(text.replace('"#"', f'"#{n}"')) for n, text in enumerate(texts)]


def test_a_large_family_is_accepted_in_one_line() -> None:
    many = family(20)
    census = baseline.Census(many)
    (name,) = pairs = census.named(many[0], many[1], whole=True)
    assert name.startswith("form ")
    assert pairs[name] == 20 * 19 // 2
    known = baseline.Census(many, pairs)
    assert all(known.accepts(many[0], other) for other in many[1:])
    assert not baseline.Census([*many, function(copies.renamed())], pairs).accepts(many[0], many[1])
    assert baseline.Census(many[:19], pairs).accepts(many[0], many[1])


def test_a_large_family_beside_another_is_accepted_in_one_line() -> None:
    many, other = family(300), function(copies.edited())
    pairs = baseline.Census([*many, other]).named(other, many[7], whole=True)
    assert list(pairs.values()) == [300]
    assert baseline.Census([*many, other], pairs).accepts(many[9], other)
    assert not baseline.Census([*many, other, other], pairs).accepts(many[9], other)


def test_a_small_family_is_accepted_pair_by_pair() -> None:
    few = family(3)
    pairs = baseline.Census([*few, few[0]]).named(few[0], few[1], whole=True)
    # Two are the same: that is a pair too, and the others are met twice.
    assert sorted(pairs.values()) == [1, 1, 2, 2]
    assert not any(name.startswith("form") for name in pairs)
    assert baseline.Census([*few, few[0]], pairs).accepts(few[1], few[2])
    narrow = baseline.Census(few).named(few[0], few[1], whole=False)
    assert narrow == {baseline.pair(few[0], few[1]): 1}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"schema": "other/1", "pairs": []}', '{"schema": "codesearch.baseline/1"}',
     '{"schema": "codesearch.baseline/1", "pairs": 3}',
     '{"schema": "codesearch.baseline/1", "pairs": [3]}', "[" * 100_000, "\udcff"],
)  # fmt: skip
def test_a_damaged_baseline_is_an_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match="is no baseline"):
        baseline.load(file)


# -- suppressions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("# codesearch: ignore[CS003] on purpose", ("CS003",)),
        ("// codesearch: ignore[CS001, CS003]", ("CS001", "CS003")),
        ("/* codesearch:ignore */", ()),
        ("-- codesearch: ignore", ()),
    ],
)
def test_a_comment_suppresses(line: str, rules: tuple[str, ...]) -> None:
    (found,) = suppressions.of(["", line, "def f(): ..."], 2, 3)
    assert (found.line, found.rules) == (2, rules)
    assert found.holds_for("CS003")
    assert found.holds_for("CS002") == (not rules)


def test_a_comment_below_the_definition_does_not() -> None:
    assert suppressions.of(["def f():", "    # codesearch: ignore", "    pass"], 1, 1) == []


def test_whether_a_function_may_have_one_is_in_its_fingerprint() -> None:
    told = function("# codesearch: ignore[CS003] why not\n" + PYTHON)
    assert suppressions.may_be_in(told.fingerprint)
    assert not suppressions.may_be_in(function(PYTHON).fingerprint)
