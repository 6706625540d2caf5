"""Passages as sums of their words' vectors: what the trained and the hashing model share.

The words of code repeat: a repository has a hundred times more of them than different ones, so
a word's vector is made once and kept. Knows no model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codesearch import terms
from codesearch.model import Passage

F32 = NDArray[np.float32]

_PATH_PARTS = 4
_MAX_ROWS = 40_000  # about 40 MB


@dataclass(frozen=True, slots=True)
class Fields:
    """How often each field of a passage counts."""

    code: float = 1.0
    doc: float = 1.0
    symbol: float = 2.0  # the symbol and the path: a name says what a body does
    path: float = 2.0


class WordSums:
    """The directions of passages: over their words, log(1 + occurrences) times the word's vector.

    Args:
        vectors: of some words, shape (len(words), dimension).
    """

    def __init__(
        self, dimension: int, vectors: Callable[[Sequence[str]], F32], fields: Fields
    ) -> None:
        self._dimension = dimension
        self._vectors = vectors
        self._fields = fields
        self._rows = _Rows(dimension)

    def __call__(self, passages: Sequence[Passage]) -> F32:
        """Unit vectors, shape (len(passages), dimension); zeros where there are no words."""
        if len(self._rows) > _MAX_ROWS:
            self._rows = _Rows(self._dimension)
        weighed = [self._weigh(passage) for passage in passages]
        table = self._rows.table(self._vectors)
        out = np.empty((len(passages), self._dimension), np.float32)
        for row, (rows, weights) in zip(out, weighed, strict=True):
            row[:] = unit(weights @ table[rows])
        return out

    def _weigh(self, passage: Passage) -> tuple[list[int], F32]:
        """The rows of a passage's words and how much each counts."""
        rows: list[int] = []
        counts: list[int] = []
        factors: list[float] = []
        for text, factor in (
            (passage.code, self._fields.code),
            (passage.doc, self._fields.doc),
            (passage.symbol, self._fields.symbol),
            ("/".join(passage.path.split("/")[-_PATH_PARTS:]), self._fields.path),
        ):
            if text:
                found = terms.tally(text)
                rows += map(self._rows.__getitem__, found)
                counts += found.values()
                factors += [factor] * len(found)
        return rows, np.log1p(np.array(counts, np.float32)) * np.array(factors, np.float32)


def unit(vector: F32) -> F32:
    """The vector at length one; zeros as they are."""
    out: F32 = vector / np.float32(math.sqrt(vector @ vector) or 1)
    return out


class _Rows(dict[str, int]):
    """Word -> its row in ``table``. Rows are numbered one by one and filled together, which takes
    a third of the time.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self._table = np.zeros((1024, dimension), np.float32)
        self._new: list[str] = []

    def __missing__(self, word: str) -> int:
        row = self[word] = len(self)
        self._new.append(word)
        return row

    def table(self, vectors: Callable[[Sequence[str]], F32]) -> F32:
        """The rows of all words met so far."""
        if self._new:
            first = len(self) - len(self._new)
            if len(self) > len(self._table):
                rows = max(len(self), 2 * len(self._table))
                grown = np.zeros((rows, self._table.shape[1]), np.float32)
                grown[:first] = self._table[:first]
                self._table = grown
            self._table[first : len(self)] = vectors(self._new)
            self._new.clear()
        return self._table
