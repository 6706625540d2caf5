"""The trained model's reader: tokens, sums, and what is said of weights that are not whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from codesearch.embedding.static import FOLDER, StaticEmbedder
from codesearch.embedding.vocabulary import Vocabulary
from codesearch.errors import EmbedderError
from codesearch.model import Passage
from training.export import quantised

TOKENS = [
    "redirect",
    "max",
    "max redirect",
    "verbindung",
    "conn",
    "##ect",
    "##io",
    "c",
    "重試",
    "重",
]


def vocabulary() -> Vocabulary:
    return Vocabulary(TOKENS)


def named(rows: list[int]) -> list[str]:
    return [TOKENS[row] for row in rows]


def test_a_word_gives_its_parts_and_the_pairs_of_neighbours() -> None:
    assert named(vocabulary().of_word("maxRedirects")) == ["max", "redirect", "max redirect"]
    assert named(vocabulary().of_word("redirect_max")) == ["redirect", "max", "max redirect"]


def test_a_part_without_a_token_gives_the_longest_pieces() -> None:
    assert named(vocabulary().of_word("connectio")) == ["conn", "##ect", "##io"]
    assert named(vocabulary().of_word("connxect")) == ["conn", "##ect"]
    assert named(vocabulary().of_word("zzz")) == []


def test_the_words_of_a_question_are_neighbours_too() -> None:
    assert named(vocabulary().of_question("Verbindung: redirects, max")) == [
        "verbindung",
        "redirect",
        "max",
        "max redirect",
    ]


@given(st.text(max_size=200))
def test_any_text_has_tokens_of_the_vocabulary(text: str) -> None:
    rows = vocabulary().of_question(text)
    assert all(0 <= row < len(TOKENS) for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model with a direction of its own for each token."""
    n = len(TOKENS)
    rows, scale = quantised(np.eye(n, dtype=np.float32))
    np.save(tmp_path / "rows.npy", rows)
    np.save(tmp_path / "scale.npy", scale)
    np.save(tmp_path / "asked.npy", np.ones(n, np.float16))
    (tmp_path / "tokens.txt").write_text("\n".join(TOKENS) + "\n", encoding="utf-8")
    about = {
        "id": "test/1",
        "weight": 1.0,
        "floor": 0.2,
        "fields": {"code": 1.0, "doc": 0.5, "symbol": 1.0, "path": 0.0},
        "damping": 0.0,
    }
    (tmp_path / "about.json").write_text(json.dumps(about), encoding="utf-8")
    return tmp_path


def test_a_long_body_does_not_drown_the_name(folder: Path) -> None:
    body = "redirect(redirect(redirect(redirect(redirect))))"
    (vector,) = StaticEmbedder(folder).embed_documents([Passage("a.py", "max", "", body)])
    by_token = dict(zip(TOKENS, vector.tolist(), strict=True))
    assert by_token["max"] == pytest.approx(by_token["redirect"], abs=1e-3)
    assert np.linalg.norm(vector) == pytest.approx(1)


def test_often_counts_as_a_logarithm(folder: Path) -> None:
    passage = Passage("a.py", "", "", "redirect redirect redirect max")
    (vector,) = StaticEmbedder(folder).embed_documents([passage])
    by_token = dict(zip(TOKENS, vector.tolist(), strict=True))
    ratio = np.log1p(3) / np.log1p(1)
    assert by_token["redirect"] / by_token["max"] == pytest.approx(ratio, rel=1e-3)


def test_tokens_of_the_code_count_less_the_nearer_they_are_to_the_whole(folder: Path) -> None:
    file = folder / "about.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(about | {"damping": 1.8}), encoding="utf-8")
    passages = [
        Passage("a.py", "", "", "redirect redirect redirect max"),
        Passage("a.py", "max", "", "redirect redirect redirect max"),
        Passage("a.py", "max", "", ""),
    ]
    found = StaticEmbedder(folder).embed_documents(passages)
    alone, named, silent = [dict(zip(TOKENS, v.tolist(), strict=True)) for v in found]

    def expected(whole: NDArray[np.float64]) -> float:
        redirect, top = whole / np.linalg.norm(whole)
        return np.log(4) / np.log(2) * np.exp(-1.8 * (redirect - top))

    code = np.array([np.log(4), np.log(2)])
    assert alone["redirect"] / alone["max"] == pytest.approx(expected(code), rel=1e-2)
    ratio = expected(code / np.linalg.norm(code) + [0, 1])
    weights = np.array([ratio, 1]) / np.hypot(ratio, 1) + [0, 1]
    assert named["redirect"] / named["max"] == pytest.approx(weights[0] / weights[1], rel=1e-2)
    assert silent["max"] == pytest.approx(1)


def test_tokens_of_a_question_count_less_the_nearer_they_are_to_the_whole(folder: Path) -> None:
    asked = np.where(np.array(TOKENS) == "redirect", 2, 1)
    np.save(folder / "asked.npy", asked.astype(np.float16))
    plain = dict(zip(TOKENS, StaticEmbedder(folder).embed_query("redirect, max"), strict=True))
    assert plain["redirect"] / plain["max"] == pytest.approx(2, rel=1e-2)
    file = folder / "about.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(about | {"damping": 1.8}), encoding="utf-8")
    found = dict(zip(TOKENS, StaticEmbedder(folder).embed_query("redirect, max"), strict=True))
    expected = 2 * np.exp(-1.8 * (plain["redirect"] - plain["max"]))
    assert found["redirect"] / found["max"] == pytest.approx(expected, rel=1e-2)


@given(arrays(np.float32, (3, 8), elements=st.floats(-4, 4, width=32)))
def test_four_bits_are_near_to_the_number(rows: NDArray[np.float32]) -> None:
    packed, scale = quantised(rows)
    assert packed.shape == (3, 4)
    found = np.stack([packed % 16, packed // 16], axis=2).reshape(rows.shape) - 8.0
    assert np.abs(found).max() <= 7
    error = np.square(found * scale[:, None].astype(np.float32) - rows).sum(axis=1)
    step = np.abs(rows).max(axis=1) / 7
    assert (error <= 8 * (step / 2) ** 2 * 1.01 + 1e-4).all()


def test_a_passage_is_the_same_alone_and_among_others(folder: Path) -> None:
    passages = [Passage(f"p{i}.py", "max", "", w) for i, w in enumerate(["", *TOKENS[:4], "zz"])]
    model = StaticEmbedder(folder)
    together = model.embed_documents(passages)
    for passage, row in zip(passages, together, strict=True):
        assert np.array_equal(model.embed_documents([passage])[0], row)


@pytest.mark.parametrize("name", ["about.json", "rows.npy", "scale.npy", "tokens.txt"])
def test_weights_that_are_not_whole_are_told(folder: Path, name: str) -> None:
    file = folder / name
    file.write_bytes(file.read_bytes()[:7])
    with pytest.raises(EmbedderError, match="the embedded model cannot be read") as caught:
        StaticEmbedder(folder).embed_query("max")
    assert caught.value.hint == "install codesearch again"
    file.unlink()
    with pytest.raises(EmbedderError):
        StaticEmbedder(folder)


def test_the_shipped_weights_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 16_000_000
