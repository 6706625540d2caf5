"""Ranking: pure functions from what is known of every chunk to one score.

All arrays run over the ``n`` chunks that may answer. Nothing here knows where the numbers
come from: not the segment, not the embedder, not the terminal. The recipe and its constants
were chosen on questions about public repositories; CONTRIBUTING.md says how to measure a
change of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]

# BM25F (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009, section 3.6): the
# weight and the length normalisation b of the fields code, doc, symbol and path.
FIELD_WEIGHT = np.array([1.0, 2.0, 4.0, 4.0], np.float32)
FIELD_B = np.array([0.75, 0.5, 0.3, 0.3], np.float32)
K1 = 0.9
FILE_K1 = 2.0
FILE_B = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each term of the sum counts. The lexical and vector terms lie in 0..1."""

    semantic: float = 1.75  # times what the embedder says of itself
    ideal: float = 0.35  # how far the words that no chunk has weaken those that one has
    test: float = -1.2
    prose: float = -1.2
    length: float = 0.11
    container: float = -0.8
    leftover: float = -0.6
    file_lexical: float = 0.3
    file_mean: float = 0.8
    exact: float = 0.5
    stem: float = 0.65
    short_words: float = 6.0


WEIGHTS = Weights()
_TINY = 1e-6
_LONG = 1000  # terms in a very long function


@dataclass(slots=True)
class Evidence:
    """What is known of each chunk for one question."""

    bm25: Floats  # BM25F of the chunk, 0 where no word meets
    cosine: Floats  # best piece, 0 where there are no vectors
    file_bm25: Floats  # BM25 of its whole file
    file_best: Floats  # see ``best_of_file``
    words: Floats  # terms in its code
    exact: Floats  # how surely a word of the question is its name, 0..1
    stem: Floats  # share of the words of its file's name that the question has
    test: Bool
    prose: Bool  # documentation and plain text
    container: Bool
    leftover: Bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the question itself decides how evidence counts."""

    words: int
    semantic: float  # the embedder's own weight in 0..1; 0 leaves vectors out
    penalise_tests: bool
    penalise_prose: bool
    bm25_peak: float  # the largest of all chunks that may answer
    bm25_ideal: float  # what a chunk would have that is full of every word of the question
    file_peak: float  # the same of their files


@dataclass(slots=True)
class Scores:
    """The total of each chunk, about 0..1, and the terms that it is the sum of."""

    total: Floats
    parts: Mapping[str, Floats] = field(default_factory=dict)


def idf(documents: int, frequency: int) -> float:
    """Inverse document frequency as BM25 has it, never negative (Lucene's form)."""
    return float(np.log1p((documents - frequency + 0.5) / (frequency + 0.5)))


def add_bm25f(
    scores: Floats,
    chunk: NDArray[np.integer[Any]],
    tf: NDArray[np.uint8],
    norms: Floats,
    weight: float,
) -> None:
    """Adds one term's BM25F to ``scores`` in place.

    ``chunk`` (m): the chunks that hold the term, each once; ``tf`` (m, 4): its counts;
    ``norms`` (n, 4): field weight over length normalisation, see ``field_norms``.
    """
    frequency = np.einsum("ij,ij->i", tf, norms[chunk], dtype=np.float32)
    scores[chunk] += weight * frequency / (K1 + frequency)


def field_norms(lengths: NDArray[np.uint16], average: Floats) -> Floats:
    """Shape (n, 4): the factor of a term's count in each field of each chunk."""
    ratio = lengths.astype(np.float32) / np.maximum(average, _TINY)
    return (FIELD_WEIGHT / (1.0 - FIELD_B + FIELD_B * ratio)).astype(np.float32)


def file_bm25(frequency: Floats, length: Floats, average: float) -> Floats:
    """BM25's saturated frequency of one term in whole files, without its idf."""
    return (
        frequency / (FILE_K1 * (1 - FILE_B + FILE_B * length / max(average, _TINY)) + frequency)
    ).astype(np.float32)


def core(
    bm25: Floats, cosine: Floats, asked: Asked, weights: Weights | None = None
) -> tuple[Floats, Floats]:
    """The lexical and the vector term of the sum.

    Where even the best chunk has few of the question's words (another human language, a
    paraphrase), those that it has are chance, and words count less beside vectors.
    """
    w = weights or WEIGHTS
    peak = (1 - w.ideal) * asked.bm25_peak + w.ideal * asked.bm25_ideal
    return bm25 / max(peak, _TINY), w.semantic * asked.semantic * np.maximum(cosine, 0)


# Read off multilingual-e5-small, whose cosine of unrelated questions and code is about 0.79.
_STRETCH = 1.5
#: A spread cosine at or below this says nothing.
SPREAD_FLOOR = 0.15


def spread(cosine: Floats) -> Floats:
    """Cosines of a model that was never measured, so that most code lies at 0 for a question.

    Of many models all texts point in much the same direction (Ethayarajh: How Contextual are
    Contextualized Word Representations?, 2019), so that a cosine of 0.7 may say nothing.
    """
    if not len(cosine):
        return cosine
    middle = float(np.median(cosine))
    return (_STRETCH * (cosine - middle) / max(1.0 - middle, _TINY)).astype(np.float32)


def score(e: Evidence, asked: Asked, weights: Weights | None = None) -> Scores:
    """The recipe: lexical plus vector evidence, then what the syntax and the file tell."""
    w = weights or WEIGHTS
    short = min(1.0, w.short_words / max(asked.words, 1))
    lexical, vector = core(e.bm25, e.cosine, asked, w)
    one_word = e.exact * (e.container + e.stem) if asked.words == 1 else 0
    parts: dict[str, Floats] = {
        "lexical": lexical,
        "semantic": vector,
        "definition": np.asarray(w.exact * e.exact + one_word, np.float32),
        "file_name": w.stem * short * e.stem,
        "file_words": w.file_lexical * e.file_bm25 / max(asked.file_peak, _TINY),
        "file_rest": w.file_mean * e.file_best,
        **prior(e, asked, w),
    }
    top = _ceiling(asked, w)
    parts = {name: part / top for name, part in parts.items()}
    total: Floats = np.sum(list(parts.values()), axis=0, dtype=np.float32)
    return Scores(total, parts)


def _ceiling(asked: Asked, w: Weights) -> float:
    """About the best sum that a chunk can have, so that scores lie in 0..1."""
    lexical_and_vector = 1 + w.semantic * asked.semantic
    length = w.length * float(np.log1p(_LONG))
    return lexical_and_vector + w.exact + w.stem + w.file_lexical + w.file_mean + length


def prior(e: Evidence, asked: Asked, weights: Weights | None = None) -> dict[str, Floats]:
    """The terms that do not depend on the question's words."""
    w = weights or WEIGHTS
    short = min(1.0, w.short_words / max(asked.words, 1))
    parts: dict[str, Floats] = {
        "length": w.length * np.log1p(e.words),
        "kind": (1 - short) * (w.container * e.container + w.leftover * e.leftover),
    }
    if asked.penalise_tests:
        parts["test"] = w.test * e.test.astype(np.float32)
    if asked.penalise_prose:
        parts["prose"] = w.prose * e.prose.astype(np.float32)
    return parts


def best_of_file(values: Floats, file: Int, best: int = 8) -> Floats:
    """Of the file of each chunk: the mean of its ``best`` largest values, over the largest mean.

    All chunks of a file must be given for its mean to be right.
    """
    if not len(values):
        return np.zeros(0, np.float32)
    order = np.lexsort((-values, file))
    starts = np.flatnonzero(np.diff(file[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    sums = np.add.reduceat(np.where(place < best, values[order], 0), starts)
    means = sums / np.minimum(sizes, best)
    out = np.empty(len(values), np.float32)
    out[order] = np.repeat(means / max(float(means.max()), _TINY), sizes)
    return out
