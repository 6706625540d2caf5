"""Which pairs of functions are findings: like enough, and not so by design."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codesearch import fingerprint
from codesearch.duplicates import functions as scope
from codesearch.duplicates.functions import Function
from codesearch.duplicates.groups import Edge
from codesearch.duplicates.likeness import COPIED, Likeness, aligned, rule_of
from codesearch.duplicates.siblings import are_siblings
from codesearch.model import DuplicateRequest

#: Near copies have at least so many of their tokens in the same order: runs that are repeated in
#: both functions can be many without that.
_ALIGNED = 0.6


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a look may take."""

    end: float | None

    @classmethod
    def of(cls, request: DuplicateRequest, start: float) -> Clock:
        return cls(None if request.seconds is None else start + request.seconds)

    def is_over(self) -> bool:
        return self.end is not None and time.perf_counter() > self.end


def pairs_of(
    functions: Sequence[Function],
    asked: NDArray[np.bool_],
    request: DuplicateRequest,
    clock: Clock,
) -> tuple[list[Edge], bool]:
    """The pairs that are findings, and whether there was time to compare everything.

    Args:
        functions: all that are compared.
        asked: which of them are asked about: one of each pair.
        request: what counts.
        clock: how long it may take.
    """
    found: list[Edge] = []
    met = set[tuple[int, int]]()
    chosen: list[int] = []
    for family in _families(functions):
        pairs, representatives = _within(family, asked, everything=request.mode == "all")
        chosen += representatives
        for left, right in pairs:
            edge = judge(functions, left, right, 1.0, request)
            if edge is not None:
                met |= {(left, right), (right, left)}
                found.append(edge)
    if clock.is_over():
        return found, False
    numbers = np.array(sorted(chosen), np.int64)
    likeness = Likeness([functions[n] for n in numbers.tolist()], asked[numbers])
    lefts, rights = likeness.candidates()
    if clock.is_over():
        return found, False
    like = likeness.of(lefts, rights)
    over = np.flatnonzero(like >= request.threshold)
    by_design = set[int]()  # functions whose nearest one is so by design
    for at in over[np.argsort(-like[over], kind="stable")].tolist():
        if clock.is_over():
            return found, False
        left, right = int(numbers[lefts[at]]), int(numbers[rights[at]])
        if (left, right) in met:
            continue
        if are_siblings(functions[left], functions[right]):
            by_design |= {left, right}
        elif not all(n in by_design for n in (left, right) if asked[n]):
            edge = judge(functions, left, right, float(like[at]), request)
            if edge is not None:
                found.append(edge)
    return found, True


def _families(functions: Sequence[Function]) -> Iterator[list[int]]:
    """Functions of the same form and outside names: compared among themselves once and for all."""
    families: dict[bytes, list[int]] = {}
    for number, f in enumerate(functions):
        families.setdefault(fingerprint.codes(f.fingerprint).tobytes(), []).append(number)
    yield from families.values()


def _within(
    family: list[int], asked: NDArray[np.bool_], *, everything: bool
) -> tuple[list[tuple[int, int]], list[int]]:
    """The pairs of a family, and who is compared with other families for it."""
    first, *rest = family
    if everything:
        return [(first, other) for other in rest], [first]
    mine = [n for n in family if asked[n]]
    others = [n for n in family if not asked[n]]
    pairs = [(n, other) for n in mine for other in (*others, *(m for m in mine if m > n))]
    return pairs, [*mine, *others[:1]]


def judge(
    functions: Sequence[Function], left: int, right: int, likeness: float, request: DuplicateRequest
) -> Edge | None:
    """The pair as a finding, or None where it is none."""
    a, b = functions[left], functions[right]
    if scope.is_nested(a, b) or scope.are_twins(a, b):
        return None
    if likeness < COPIED and scope.is_parallel(a, b):
        return None
    rule = rule_of(a, b)
    if rule not in request.rules or (rule != "CS001" and are_siblings(a, b)):
        return None
    if rule == "CS003":
        if aligned(a, b) < _ALIGNED:
            return None
        likeness = min(likeness, 0.99)
    apart = (a.path != b.path) + (a.path != b.path or a.container != b.container)
    return Edge(left, right, likeness, rule, apart)
