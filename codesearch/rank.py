"""Ranking: pure functions from what is known of every chunk to one score.

All arrays run over the ``n`` chunks that may answer. Nothing here knows where the numbers
come from: not the segment, not the embedder, not the terminal. The recipe and its constants
were chosen on questions about public repositories; ARCHITECTURE.md says what each term
brings and how to measure it again.
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
FIELD_WEIGHT = np.array([1.0, 1.0, 4.0, 4.0], np.float32)
FIELD_B = np.array([0.75, 0.5, 0.3, 0.3], np.float32)
K1 = 1.2
FILE_K1 = 2.0
FILE_B = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each term of the sum counts. The lexical and vector terms lie in 0..1."""

    semantic: float = 3.0  # times what the embedder says of itself
    test: float = -0.8
    length: float = 0.15
    container: float = -0.6
    leftover: float = -0.4
    file_lexical: float = 0.3
    file_mean: float = 0.3
    exact: float = 0.8
    stem: float = 0.5
    short_words: float = 6.0
    best_of_file: int = 8


@dataclass(slots=True)
class Evidence:
    """What is known of each chunk for one question."""

    file: Int  # which file it lies in, chunks of a file adjacent
    bm25: Floats  # BM25F of the chunk, 0 where no word meets
    cosine: Floats  # best piece, 0 where there are no vectors
    file_bm25: Floats  # BM25 of its whole file
    words: Floats  # terms in its code
    exact: Floats  # 1: a word of the question is its name; 0.8: but for case and underscores
    stem: Floats  # share of the words of its file's name that the question has
    test: Bool
    prose: Bool  # documentation and plain text
    container: Bool
    leftover: Bool
    question_words: int
    one_word: bool
    penalise_tests: bool
    penalise_prose: bool


@dataclass(slots=True)
class Scores:
    """The total of each chunk and the terms that it is the sum of."""

    total: Floats
    parts: Mapping[str, Floats] = field(default_factory=dict)


def idf(documents: int, frequency: int) -> float:
    """Inverse document frequency as BM25 has it, never negative (Lucene's form)."""
    return float(np.log1p((documents - frequency + 0.5) / (frequency + 0.5)))


def add_bm25f(
    scores: Floats, chunk: NDArray[np.integer[Any]], tf: NDArray[np.uint8], norms: Floats, weight: float
) -> None:
    """Adds one term's BM25F to ``scores`` in place.

    ``chunk`` (m): the chunks that hold the term, each once; ``tf`` (m, 4): its counts;
    ``norms`` (n, 4): field weight over length normalisation, see ``field_norms``.
    """
    frequency = np.einsum("ij,ij->i", tf, norms[chunk], dtype=np.float32)
    scores[chunk] += weight * frequency / (K1 + frequency)


def field_norms(lengths: NDArray[np.uint16], average: Floats) -> Floats:
    """Shape (n, 4): the factor of a term's count in each field of each chunk."""
    ratio = lengths.astype(np.float32) / np.maximum(average, 1e-6)
    return (FIELD_WEIGHT / (1.0 - FIELD_B + FIELD_B * ratio)).astype(np.float32)


def file_bm25(frequency: Floats, length: Floats, average: float) -> Floats:
    """BM25's saturated frequency of one term in whole files, without its idf."""
    return (
        frequency / (FILE_K1 * (1 - FILE_B + FILE_B * length / max(average, 1e-6)) + frequency)
    ).astype(np.float32)


def score(e: Evidence, semantic: float, weights: Weights | None = None) -> Scores:
    """The recipe: lexical plus vector evidence, then what the syntax and the file tell.

    ``semantic`` is the embedder's own weight in 0..1; 0 leaves vectors out.
    """
    w = weights or Weights()
    if not len(e.bm25):
        return Scores(np.zeros(0, np.float32))
    short = min(1.0, w.short_words / max(e.question_words, 1))
    lexical = e.bm25 / _peak(e.bm25)
    vector = w.semantic * semantic * np.maximum(e.cosine, 0)
    core = lexical + vector
    exact = w.exact * e.exact + (e.exact * (e.container + e.stem) if e.one_word else 0)
    parts: dict[str, Floats] = {
        "lexical": lexical,
        "semantic": vector,
        "definition": np.asarray(exact, np.float32),
        "file_name": w.stem * short * e.stem,
        "file_words": w.file_lexical * e.file_bm25 / _peak(e.file_bm25),
        "file_rest": w.file_mean * _best_of_file(core, e.file, w.best_of_file),
        "length": w.length * np.log1p(e.words),
        "kind": (1 - short) * (w.container * e.container + w.leftover * e.leftover),
    }
    if e.penalise_tests:
        parts["test"] = w.test * e.test.astype(np.float32)
    if e.penalise_prose:
        parts["prose"] = w.test * e.prose.astype(np.float32)
    total: Floats = np.sum(list(parts.values()), axis=0, dtype=np.float32)
    return Scores(total, parts)


def _best_of_file(core: Floats, file: Int, best: int) -> Floats:
    """Mean of the best few chunks of each chunk's file, over the largest such mean."""
    order = np.lexsort((-core, file))
    starts = np.flatnonzero(np.r_[True, file[order][1:] != file[order][:-1]])
    sizes = np.diff(np.r_[starts, len(order)])
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    sums = np.add.reduceat(np.where(place < best, core[order], 0), starts)
    means = sums / np.minimum(sizes, best)
    out = np.empty(len(core), np.float32)
    out[order] = np.repeat(means / _peak(means), sizes)
    return out


def _peak(values: NDArray[np.floating]) -> float:
    return max(float(values.max(initial=0.0)), 1e-6)
