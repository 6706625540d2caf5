"""From pairs to findings: one best match for a new function, groups for a whole repository."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from codesearch.model import Rule


class Edge(NamedTuple):
    """A pair of functions, by their numbers, that is a finding."""

    left: int
    right: int
    likeness: float
    rule: Rule
    apart: int = 0  # how far from each other they stand: which of equal copies is named

    def other(self, number: int) -> int:
        return self.right if number == self.left else self.left


#: A function and its copies, the nearest first.
Group = tuple[int, list[Edge]]


def best_matches(edges: Iterable[Edge], asked: Sequence[bool]) -> list[Group]:
    """For each function that is asked about its nearest one; two that are new meet once."""
    found: list[Group] = []
    done = set[int]()
    for edge in _ordered(edges):
        for number in (edge.left, edge.right):
            if asked[number] and number not in done:
                done |= {number}
                if asked[edge.other(number)]:
                    done.add(edge.other(number))
                found.append((number, [edge]))
                break
    return found


def stars(edges: Iterable[Edge]) -> list[Group]:
    """Groups of functions that are all like the one in their middle.

    Chains are not followed: the tenth copy of a copy may have nothing to do with the first. So of
    the functions that are left the one with most copies takes them, until there are none.
    """
    near: dict[int, list[Edge]] = {}
    for edge in _ordered(edges):
        near.setdefault(edge.left, []).append(edge)
        near.setdefault(edge.right, []).append(edge)
    found: list[Group] = []
    taken = set[int]()
    for number in sorted(near, key=lambda n: (-len(near[n]), n)):
        if number in taken:
            continue
        copies = [e for e in near[number] if e.other(number) not in taken]
        if not copies:  # all that it is like are in other groups: it is named beside the nearest
            copies = near[number][:1]
        taken |= {number, *(e.other(number) for e in copies)}
        found.append((number, copies))
    return found


def _ordered(edges: Iterable[Edge]) -> list[Edge]:
    return sorted(edges, key=lambda e: (-e.likeness, e.rule, e.apart, e.left, e.right))
