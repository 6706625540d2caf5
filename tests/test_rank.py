from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesearch import rank


def evidence(n: int, **known: object) -> rank.Evidence:
    zero = np.zeros(n, np.float32)
    no = np.zeros(n, bool)
    values: dict[str, object] = {
        "bm25": zero, "cosine": zero, "file_bm25": zero, "file_best": zero,
        "words": np.full(n, 20, np.float32), "exact": zero, "stem": zero, "test": no, "prose": no,
        "container": no, "leftover": no,
    }  # fmt: skip
    values |= {k: np.asarray(v) if isinstance(v, list) else v for k, v in known.items()}
    return rank.Evidence(**values)  # type: ignore[arg-type]


def asked(e: rank.Evidence, **known: object) -> rank.Asked:
    values: dict[str, object] = {
        "words": 5, "semantic": 1.0, "penalise_tests": True, "penalise_prose": True,
        "bm25_peak": float(e.bm25.max(initial=0)), "bm25_ideal": float(e.bm25.max(initial=0)),
        "file_peak": float(e.file_bm25.max(initial=0)),
    }  # fmt: skip
    return rank.Asked(**(values | known))  # type: ignore[arg-type]


def order(e: rank.Evidence, **known: object) -> list[int]:
    return np.argsort(-rank.score(e, asked(e, **known)).total, kind="stable").tolist()


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"bm25": [1.0, 5.0]}, "more of the question's words"),
        ({"cosine": [0.1, 0.6]}, "nearer in meaning"),
        ({"exact": [0.0, 1.0]}, "the asked name"),
        ({"stem": [0.0, 1.0]}, "the file is named so"),
        ({"test": [True, False]}, "tests stand back"),
        ({"prose": [True, False]}, "documentation stands back"),
        ({"file_bm25": [1.0, 9.0]}, "the file is about it"),
        ({"file_best": [0.2, 1.0]}, "the rest of the file is about it"),
        ({"words": [3, 60]}, "a stub says less"),
    ],
)
def test_each_kind_of_evidence_moves_the_second_ahead(known: dict[str, object], why: str) -> None:
    assert order(evidence(2, **known)) == [1, 0], why


def test_a_long_question_means_a_function() -> None:
    for kind in ("leftover", "container"):
        e = evidence(2, **{kind: [True, False]})
        assert order(e, words=20) == [1, 0]
        assert order(e, words=2) == [0, 1], "a short one may mean either"


def test_one_word_asks_for_a_type_by_its_name() -> None:
    e = evidence(2, exact=[1.0, 1.0], container=[False, True])
    assert order(e, words=1) == [1, 0]


def test_the_best_of_a_file_are_its_largest_values() -> None:
    values = np.array([3, 1, 2, 9, 0], np.float32)
    file = np.array([4, 4, 4, 7, 7])
    assert np.allclose(rank.best_of_file(values, file, 2), np.array([2.5] * 3 + [4.5] * 2) / 4.5)


def test_the_parts_add_up_to_the_total() -> None:
    rng = np.random.default_rng(0)
    e = evidence(
        50,
        bm25=rng.random(50).astype(np.float32),
        cosine=rng.random(50).astype(np.float32),
        test=rng.random(50) > 0.5,
    )
    scored = rank.score(e, asked(e))
    assert np.allclose(scored.total, sum(scored.parts.values()), atol=1e-5)


def test_tests_keep_their_place_when_they_are_asked_for() -> None:
    e = evidence(2, bm25=[2.0, 1.0], test=[True, False])
    assert order(e, penalise_tests=False) == [0, 1]


def test_without_semantic_weight_vectors_do_not_count() -> None:
    assert order(evidence(2, bm25=[2.0, 1.9], cosine=[0.0, 1.0]), semantic=0.0) == [0, 1]


def test_no_chunk_is_no_score() -> None:
    assert len(rank.score(evidence(0), asked(evidence(0))).total) == 0


def test_rare_words_weigh_more_and_none_weighs_less_than_nothing() -> None:
    weights = [rank.idf(1000, n) for n in (1, 10, 500, 1000)]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] >= 0


def test_a_word_in_the_name_outweighs_one_in_the_body_and_length_dampens() -> None:
    lengths = np.array([[50, 0, 2, 3], [50, 0, 2, 3], [500, 0, 2, 3]], np.uint16)
    norms = rank.field_norms(lengths, np.array([50, 1, 2, 3], np.float32))
    scores = np.zeros(3, np.float32)
    tf = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]], np.uint8)
    rank.add_bm25f(scores, np.array([0, 1, 2], np.uint32), tf, norms, 1.0)
    assert scores[1] > scores[0] > scores[2] > 0


@given(st.lists(st.floats(0.5, 1.0), min_size=3, max_size=30))
def test_spread_cosines_keep_their_order_and_lie_around_zero(values: list[float]) -> None:
    cosine = np.array(values, np.float32)
    out = rank.spread(cosine)
    assert np.median(out) == pytest.approx(0, abs=1e-5)
    assert out.max() <= 1.5 + 1e-5
    assert (np.diff(out[np.argsort(cosine, kind="stable")]) >= 0).all()
    assert not len(rank.spread(cosine[:0]))
