"""Which pairs of functions are findings: like enough, and not so by design."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from codesearch import fingerprint
from codesearch.duplicates import functions as scope
from codesearch.duplicates.clock import Clock
from codesearch.duplicates.design import Conventions, is_by_design
from codesearch.duplicates.functions import Function
from codesearch.duplicates.groups import Edge
from codesearch.duplicates.likeness import Likeness, aligned, rule_of
from codesearch.model import DuplicateRequest, Rule

#: Near copies have at least so many of their tokens in the same order: runs that are repeated in
#: both functions can be many without that.
_ALIGNED = 0.6
#: Of a family so many functions are tried.
_TRIES = 8


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
    conventions = Conventions(functions)
    by_design = set[int]()  # functions whose nearest one is so by design
    found: list[Edge] = []
    met = set[tuple[int, int]]()
    chosen: list[int] = []
    is_asked = asked.tolist()

    def look(left: int, right: int, likeness: float) -> list[Edge]:
        a, b = functions[left], functions[right]
        rule = rule_of(a, b)
        if scope.is_nested(a, b):
            return []
        if is_by_design(a, b, likeness, rule, conventions):
            by_design.update((left, right))
            return []
        if all(n in by_design for n in (left, right) if is_asked[n]) and likeness < 1:
            return []
        edge = _finding(functions, left, right, likeness, rule, request)
        return [] if edge is None else [edge]

    for family in _families(functions):
        if not any(is_asked[n] for n in family):
            chosen.append(family[0])
            continue
        equals = _equals(functions, family, asked)
        for left, right in _within(equals, asked):
            if (left, right) not in met:
                met |= {(left, right), (right, left)}
                found += look(left, right, 1.0)
        new = [n for group in equals for n in group if asked[n]]
        known = [n for group in equals for n in group if not asked[n]]
        chosen += new[:1] if request.mode == "all" else [*new[:_TRIES], *known[:1]]
    if clock.is_over():
        return found, False
    numbers = np.array(sorted(chosen), np.int64)
    some = [functions[n] for n in numbers.tolist()]
    likeness = Likeness(some, asked[numbers], request.threshold)
    lefts, rights = likeness.candidates(clock)
    if clock.is_over():
        return found, False
    like = likeness.of(lefts, rights)
    over = np.flatnonzero(like >= request.threshold)
    for at in over[np.argsort(-like[over], kind="stable")].tolist():
        if clock.is_over():
            return found, False
        left, right = int(numbers[lefts[at]]), int(numbers[rights[at]])
        if (left, right) not in met:
            found += look(left, right, float(like[at]))
    return found, True


def _families(functions: Sequence[Function]) -> Iterator[list[int]]:
    """Functions of the same form and outside names: compared among themselves once and for all."""
    families: dict[bytes, list[int]] = {}
    for number, f in enumerate(functions):
        families.setdefault(fingerprint.form(f.fingerprint), []).append(number)
    yield from families.values()


def _equals(
    functions: Sequence[Function], family: list[int], asked: NDArray[np.bool_]
) -> list[list[int]]:
    """A family in groups of functions of the same tokens; first what is not asked about."""
    groups: dict[bytes, list[int]] = {}
    for number in sorted(family, key=lambda n: bool(asked[n])):
        groups.setdefault(fingerprint.exact(functions[number].fingerprint), []).append(number)
    return list(groups.values())


def _within(equals: list[list[int]], asked: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """The pairs of a family that are tried: every function that is asked about with the first ones
    of its own tokens, and one of these with the first ones of the others. A few of them, since
    some may be alike by design; not all, since a family can have thousands."""
    heads = [group[0] for group in equals[:_TRIES]]
    for group in equals:
        mine = [n for n in group if asked[n]]
        partners = [(n, other) for n in mine for other in group[:_TRIES]]
        partners += [(n, other) for n in mine[:1] for other in heads]
        for number, other in partners:
            if number != other:
                yield min(number, other), max(number, other)


def rule_between(a: Function, b: Function, request: DuplicateRequest) -> Rule | None:
    """What two functions are as a finding, whatever there is beside them."""
    like = 1.0
    if not np.array_equal(fingerprint.codes(a.fingerprint), fingerprint.codes(b.fingerprint)):
        both = Likeness([a, b], np.array([True, True]))
        like = float(both.of(np.array([0]), np.array([1]))[0])
    edge = judge([a, b], 0, 1, like, request) if like >= request.threshold else None
    return None if edge is None else edge.rule


def judge(
    functions: Sequence[Function], left: int, right: int, likeness: float, request: DuplicateRequest
) -> Edge | None:
    """The pair as a finding, or None where it is none."""
    a, b = functions[left], functions[right]
    rule = rule_of(a, b)
    if scope.is_nested(a, b) or is_by_design(a, b, likeness, rule):
        return None
    return _finding(functions, left, right, likeness, rule, request)


def _finding(
    functions: Sequence[Function],
    left: int,
    right: int,
    likeness: float,
    rule: Rule,
    request: DuplicateRequest,
) -> Edge | None:
    """A pair that is not so by design as a finding, or None where it is none."""
    a, b = functions[left], functions[right]
    if rule not in request.rules:
        return None
    if rule == "CS003":
        if aligned(a, b) < _ALIGNED:
            return None
        likeness = min(likeness, 0.99)
    return Edge(left, right, likeness, rule, _apart(a, b))


def _apart(a: Function, b: Function) -> int:
    """0 in one type, 1 in one file, 2 in one folder, 3 elsewhere; more under another name."""
    if a.path == b.path:
        far = int(a.container != b.container)
    else:
        far = 2 + (a.path.rpartition("/")[0] != b.path.rpartition("/")[0])
    return far + 4 * (a.name != b.name)
