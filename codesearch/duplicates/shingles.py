"""Runs of four tokens of many functions as numbers, and what two functions share of them.

A shingle counts as often as it occurs (two methods that repeat one statement a different number of
times are not the same). How like two functions are is the Jaccard index of these multisets: what
they share over what there is in either. (Broder 1997, "On the resemblance and containment of
documents", for sets.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from codesearch.segment import distinct, ranges

U16 = NDArray[np.uint16]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

WIDTH = 4
#: Of a function's shingles that others have too, so many of the rarest make it a candidate ...
_RAREST = 48
#: ... with those who have them, unless those are more than this: what stands everywhere tells
#: nothing. Copies of the same tokens are put together before, so they are not among the many.
_MANY = 64
#: A candidate shares at least so many of them, or so large a part where there are fewer.
_SHARED, _SHARE = 8, 0.25
#: Of so many functions at a time: the pairs that share anything are far more than candidates.
BLOCK = 1_024
#: Numbers of 64 bits that stay in a processor's cache.
_CACHED = 1 << 14


class Shingles:
    """The shingles of ``n`` functions, each of at least ``WIDTH`` tokens.

    Args:
        tokens: a number a token, of all functions, one behind the other.
        lengths: how many tokens each has, shape (n,).
        asked: of which functions something is asked, shape (n,); of the others only those
            shingles are kept that one of these has.
    """

    def __init__(self, tokens: U16, lengths: I64, asked: Bool) -> None:
        self.n = len(lengths)
        self.sizes = lengths - (WIDTH - 1)
        keys, owner = _keys(tokens, lengths, asked)
        self._edges = np.searchsorted(owner, np.arange(self.n + 1))
        self._asked = asked
        order = np.argsort(keys, kind="stable")  # so owners ascend within a key
        keys, owner = keys[order], owner[order]
        is_key = _changes(keys)
        is_new = is_key | _changes(owner)
        run = np.cumsum(is_key, dtype=np.int32) - 1
        del keys
        # Of each function its shingles: the same number for the same occurrence of the same one.
        starts = np.flatnonzero(is_new)
        occurrence = np.arange(len(run)) - np.repeat(starts, np.diff(np.append(starts, len(run))))
        first = np.flatnonzero(is_key)
        most = np.maximum.reduceat(occurrence, first) + 1 if len(first) else occurrence
        self._of = np.empty(len(run), np.int32)
        self._of[order] = (np.cumsum(most) - most)[run] + occurrence
        self._count = int(most.sum())
        del order, occurrence
        # Of each shingle that a few functions share, who has it: the rows of one lie together.
        run, owner = run[is_new], owner[is_new]
        spread = np.bincount(run)
        few = ((spread > 1) & (spread <= _MANY))[run]
        run, self._owner = run[few], owner[few]
        self._starts = np.flatnonzero(_changes(run))
        self._spread = np.diff(np.append(self._starts, len(run)))
        self._run = np.repeat(np.arange(len(self._starts)), self._spread)
        at = np.flatnonzero(asked[self._owner])
        self._asking = at[np.lexsort((self._spread[self._run[at]], self._owner[at]))]
        self._asks = self._owner[self._asking]  # by function, its rarest first

    def candidates(self, first: int, stop: int) -> tuple[I64, I64]:
        """Pairs that may be alike, the first of each asked about, from ``first`` to ``stop``."""
        here = np.searchsorted(self._asks, [first, stop])
        at = self._asking[here[0] : here[1]]
        begins = np.flatnonzero(_changes(self._owner[at]))
        rank = np.arange(len(at)) - np.repeat(begins, np.diff(np.append(begins, len(at))))
        at = at[rank < _RAREST]
        held = np.bincount(self._owner[at], minlength=self.n)
        limits = np.clip(np.ceil(_SHARE * held), 1, _SHARED)
        runs = self._run[at]
        left = np.repeat(self._owner[at], self._spread[runs]).astype(np.int64)
        right = self._owner[ranges(self._starts[runs], self._spread[runs])]
        other = left != right
        pair, shared = np.unique(left[other] * self.n + right[other], return_counts=True)
        pair = pair[shared >= limits[pair // self.n]]
        return pair // self.n, pair % self.n

    def jaccard(self, left: I64, right: I64) -> F64:
        """What each pair shares; one of each is asked about. 0 to 1, shape of ``left``."""
        shared = np.zeros(len(left), np.int64)
        swap = ~self._asked[left]
        left, right = np.where(swap, right, left), np.where(swap, left, right)
        order = np.argsort(left, kind="stable")
        marked = np.zeros(self._count, bool)
        edges = self._edges
        begins = np.flatnonzero(_changes(left[order]))
        for begin, end in zip(begins, np.append(begins, len(order))[1:], strict=True):
            pairs = order[begin:end]
            own = self._of[edges[left[pairs[0]]] : edges[left[pairs[0]] + 1]]
            marked[own] = True
            others = right[pairs]
            width = edges[others + 1] - edges[others]
            hit = marked[self._of[ranges(edges[others], width)]]
            sums = np.concatenate([[0], np.cumsum(hit)])
            ends = np.cumsum(width)
            shared[pairs] = sums[ends] - sums[ends - width]
            marked[own] = False
        either = self.sizes[left] + self.sizes[right] - shared
        index: F64 = shared / np.maximum(either, 1)
        return index


def _keys(tokens: U16, lengths: I64, asked: Bool) -> tuple[NDArray[np.unsignedinteger], I32]:
    """A number for every place where four tokens begin, the same for the same four; whose it is.

    The places are in their order. Of functions that are not asked about, those are left out whose
    four tokens no other has that is.
    """
    ends = np.cumsum(lengths)
    if len(tokens) < WIDTH:
        return np.zeros(0, np.uint64), np.zeros(0, np.int32)
    # A number of 64 bits at every token, so that its bytes are those of four.
    data = np.ascontiguousarray(tokens, "<u2")
    keys = np.ndarray(len(data) - WIDTH + 1, "<u8", data, 0, (2,))
    if asked.all():
        at, found = np.arange(len(keys)), keys.astype(np.uint64)
    else:
        own = ranges((ends - lengths)[asked], np.maximum(lengths[asked] - WIDTH + 1, 0))
        wanted = distinct(keys[own].astype(np.uint64))
        at, found = _occurring(keys, wanted)
        place = np.minimum(np.searchsorted(wanted, found), len(wanted) - 1)
        same = wanted[place] == found
        # Small numbers are sorted many times as fast.
        at, found = at[same], place[same].astype(np.min_scalar_type(len(wanted)))
    owner = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    here = owner[at]
    whole = here == owner[at + WIDTH - 1]  # and not of two functions
    return found[whole], here[whole]


def _occurring(
    keys: NDArray[np.uint64], wanted: NDArray[np.uint64]
) -> tuple[I64, NDArray[np.uint64]]:
    """The keys that are nearly certainly among those wanted, and before them their places."""
    bits = min(len(wanted).bit_length() + 6, 24)
    mix, shift = np.uint64(0x9E3779B97F4A7C15), np.uint64(64 - bits)
    table = np.zeros(1 << bits, bool)
    table[(wanted * mix) >> shift] = True
    places, found = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)]
    for begin in range(0, len(keys), _CACHED):
        here = keys[begin : begin + _CACHED].astype(np.uint64)
        at = np.flatnonzero(table[(here * mix) >> shift])
        places.append(at + begin)
        found.append(here[at])
    return np.concatenate(places), np.concatenate(found)


def _changes(values: NDArray[np.generic]) -> Bool:
    """Where a value differs from the one before it; the first one does."""
    out = np.ones(len(values), bool)
    out[1:] = values[1:] != values[:-1]
    return out
