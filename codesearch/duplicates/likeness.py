"""How like two functions are, and what that makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from codesearch import fingerprint
from codesearch.duplicates.clock import Clock
from codesearch.duplicates.functions import Function
from codesearch.duplicates.shingles import BLOCK, WIDTH, Shingles
from codesearch.model import Rule
from codesearch.segment import distinct

# A copy can be told in three ways: its words are still those of the original, or its words but
# for the names that it gives, or at least its form. Words that are shared say more than a form that
# is, so the measures are not the same; these numbers let one threshold serve all three.
_WORDS, _FORM = 0.15, -0.3
# Words are also those of comments: the same docs above another body are no copy.
_DOCS = 0.3
#: Of the tokens of a table so many are literals; every other one stands between two.
_TABLE = 0.3
#: The same of one that only declares: names and calls are around its literals.
_DECLARED = 0.05
_DECISIONS = frozenset(
    fingerprint.number(word)
    for word in "if elif elsif unless for foreach while until loop do switch match case when select"
    " try catch except rescue guard".split()
)

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


class Likeness:
    """What is alike among some functions, with at least one that is ``asked`` about in a pair.

    Args:
        functions: those that are compared.
        asked: which are asked about, shape of ``functions``.
        least: what a pair has to be like to matter; for less, ``of`` may say too little.
    """

    def __init__(self, functions: Sequence[Function], asked: Bool, least: float = 0.0) -> None:
        self._n, self._asked = len(functions), asked
        codes, words = fingerprint.streams([f.fingerprint for f in functions])
        self._names = Shingles(*codes, asked)
        # Nearly all functions share the forms of some tokens; few can be as like as it takes.
        tokens, lengths = codes
        near = _of_like_size(lengths, asked, least - _FORM)
        tokens = fingerprint.blind(tokens[np.repeat(near, lengths)])
        self._form = Shingles(tokens, np.where(near, lengths, 0), asked)
        self._words = Shingles(*words, asked)

    def candidates(self, clock: Clock) -> tuple[I64, I64]:
        """Pairs that may be alike, each once, the first of each asked about.

        Where the time is over, those that were found.
        """
        n, found = self._n, [np.zeros(0, np.int64)]
        for first in range(0, n, BLOCK):
            if clock.is_over():
                break
            pairs = []
            for shingles in (self._names, self._form, self._words):
                left, right = shingles.candidates(first, first + BLOCK)
                # A pair of which both are asked about is met from both sides.
                swap = self._asked[right] & (right < left)
                pairs.append(np.where(swap, right * n + left, left * n + right))
            found.append(distinct(np.concatenate(pairs)))
        pair = distinct(np.concatenate(found))
        return pair // max(n, 1), pair % max(n, 1)

    def of(self, left: I64, right: I64) -> F64:
        """How like the functions of each pair are, from 0 to 1.

        1 only where the tokens are the same but for local names and literals.
        """
        names = self._names.jaccard(left, right)
        words = np.minimum(self._words.jaccard(left, right) + _WORDS, names + _DOCS)
        form = self._form.jaccard(left, right) + _FORM
        like: F64 = np.maximum(names, np.minimum(np.maximum(words, form), 0.99))
        return like


def _of_like_size(sizes: I64, asked: Bool, least: float) -> Bool:
    """Which functions are at least so like one that is asked about by the numbers of their tokens,
    the smaller over the larger: what they share over what is in either is no more."""
    of_asked = np.sort(sizes[asked])
    low = np.searchsorted(of_asked, np.floor(sizes * least) - WIDTH)
    high = np.searchsorted(of_asked, np.ceil(sizes / max(least, 1e-6)) + WIDTH, side="right")
    near: Bool = low < high
    return near


def aligned(a: Function, b: Function) -> float:
    """The share of their tokens that two functions have in the same order, 0 to 1.

    Twice the length of the longest common subsequence over both lengths, counted with a bit a
    token (Crochemore et al. 2001, "A fast and practical bit-vector algorithm for the longest common
    subsequence problem"). Local names and literals are all the same.
    """
    one, other = (fingerprint.codes(f.fingerprint).tolist() for f in (a, b))
    places: dict[int, int] = {}
    for at, code in enumerate(one):
        places[code] = places.get(code, 0) | 1 << at
    rows = whole = (1 << len(one)) - 1
    for code in other:
        here = rows & places.get(code, 0)
        rows = (rows + here | rows - here) & whole
    common = len(one) - rows.bit_count()
    return 2 * common / (len(one) + len(other))


def are_tables(a: Function, b: Function) -> bool:
    """Whether two functions mostly put down values, and most of these are not the same.

    Tables of constants, options and schemas are alike in form whatever is in them. What decides
    something is none, unless nearly all of it are literals.
    """
    both = []
    for f in (a, b):
        values = fingerprint.words(f.fingerprint)[: f.tokens]
        decides = not _DECISIONS.isdisjoint(values.tolist())
        values = values[fingerprint.is_literal(fingerprint.codes(f.fingerprint))]
        if len(values) < (_TABLE if decides else _DECLARED) * f.tokens:
            return False
        both.append(Counter(values.tolist()))
    one, other = both
    return (one & other).total() < 0.5 * max(one.total(), other.total())


def rule_of(a: Function, b: Function) -> Rule:
    """What a pair is that is like enough."""
    one, other = a.fingerprint, b.fingerprint
    if fingerprint.exact(one) == fingerprint.exact(other):
        return "CS001"
    # One operator of two hundred tokens leaves a likeness of .97, so that is not asked: a function
    # that compares with "<" instead of ">" is not the same but for its names.
    same = np.array_equal(fingerprint.codes(one), fingerprint.codes(other))
    return "CS002" if same and fingerprint.renamed(one) == fingerprint.renamed(other) else "CS003"
