"""Functions that do the same in other words: a hint, by the vectors of the index.

A cosine alone can't tell: ``encode`` and ``decode`` are nearer than two ways to parse a date, and
so are a function and the one that it calls. So two functions must be nearest to each other, stand
in different files, not name one another, and consist of other tokens; and what is left is still a
hint, never an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from codesearch import fingerprint
from codesearch.duplicates.functions import Function, are_twins
from codesearch.duplicates.groups import Edge
from codesearch.search import View

#: Functions that share so much of their words are variants of each other, or copies.
_ALIKE = 0.5
_ROWS = 1_024


def pairs(
    view: View, functions: Sequence[Function], threshold: float, taken: Collection[int]
) -> Iterator[Edge]:
    """Pairs of functions that seem to serve one purpose.

    Args:
        view: the index whose vectors count.
        functions: those that are compared.
        threshold: the cosine from which on a pair counts, of the index's model.
        taken: numbers of functions of which more is known.
    """
    known = [i for i, f in enumerate(functions) if f.number >= 0]
    if len(known) < 2:
        return
    vectors = np.stack([view.vector(functions[i].number) for i in known])
    cosine, nearest = _nearest(vectors)
    for at in np.flatnonzero(cosine >= threshold).tolist():
        other = int(nearest[at])
        left, right = known[at], known[other]
        mutual = int(nearest[other]) == at and at < other
        if mutual and left not in taken and right not in taken:
            a, b = functions[left], functions[right]
            if not (a.path == b.path or a.name == b.name or are_known(a, b)):
                yield Edge(left, right, float(cosine[at]), "CS004")


def _nearest(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Of each row the cosine of the nearest other one, and which that is."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float32)
    vectors /= np.where(length > 0, length, 1)
    cosine = np.empty(len(vectors), np.float32)
    nearest = np.empty(len(vectors), np.int64)
    for at in range(0, len(vectors), _ROWS):
        block = vectors[at : at + _ROWS] @ vectors.T
        rows = np.arange(len(block))
        block[rows, at + rows] = -1
        nearest[at : at + _ROWS] = block.argmax(axis=1)
        cosine[at : at + _ROWS] = block[rows, nearest[at : at + _ROWS]]
    return cosine, nearest


def are_known(a: Function, b: Function) -> bool:
    """Whether two functions are near for another reason than their purpose."""
    if are_twins(a, b):
        return True
    one, other = (fingerprint.words(f.fingerprint)[: f.tokens].tolist() for f in (a, b))
    if fingerprint.number(a.name) in other or fingerprint.number(b.name) in one:
        return True
    left, right = Counter(one), Counter(other)
    return (left & right).total() >= _ALIKE * (left | right).total()
