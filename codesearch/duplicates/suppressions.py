"""Comments by which a function is left out: ``codesearch: ignore[CS003] reason``.

They stand on the line of a definition or above it, in a comment of whatever language; without
rules they hold for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codesearch import fingerprint
from codesearch.model import RULE_NAMES, Rule

_COMMENT = re.compile(r"codesearch:\s*ignore\b(?:\s*\[([^\]\n]*)\])?")
_FIRST, _SECOND = fingerprint.number("codesearch"), fingerprint.number("ignore")


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment: its 1-based line, and the rules that it names."""

    line: int
    rules: Sequence[str]

    def holds_for(self, rule: Rule) -> bool:
        return not self.rules or rule in self.rules

    @property
    def held(self) -> frozenset[Rule]:
        """The rules that it holds for, of those that there are."""
        return frozenset(rule for rule in RULE_NAMES if self.holds_for(rule))


def may_be_in(print_: bytes) -> bool:
    """Whether a function with this fingerprint may have such a comment; not whether it does."""
    words = fingerprint.words(print_)[fingerprint.size(print_) :]
    if len(words) < 2:
        return False
    return bool(np.any((words[:-1] == _FIRST) & (words[1:] == _SECOND)))


def of(lines: Sequence[str], first: int, definition: int) -> list[Suppression]:
    """The suppressions of a function.

    Args:
        lines: of its file.
        first: the number of its first line, 1-based; attributes and comments above belong to it.
        definition: the number of the line where it is defined.
    """
    found = []
    for number in range(first, min(definition, len(lines)) + 1):
        for match in _COMMENT.finditer(lines[number - 1]):
            rules = tuple(r.strip() for r in (match[1] or "").split(",") if r.strip())
            found.append(Suppression(number, rules))
    return found
