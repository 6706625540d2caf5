"""Functions that are there more than once, and what was found out about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from codesearch.model.answers import IndexState

#: What is found. The numbers are for suppressions and for other programs.
Rule = Literal[
    "CS001",  # exact: the same tokens once comments and layout are gone (Type-1)
    "CS002",  # renamed: the same once local names and literals are gone (Type-2)
    "CS003",  # near: copied, then edited (Type-3)
    "CS004",  # similar purpose: near in meaning, by the embedding (Type-4); a hint
]
RULE_NAMES: dict[Rule, str] = {
    "CS001": "exact",
    "CS002": "renamed",
    "CS003": "near",
    "CS004": "similar purpose",
}

#: The file of accepted pairs, at the root of a repository.
BASELINE = ".codesearch-baseline.json"
#: How like a near copy is at least, where nothing else was said.
THRESHOLD = 0.6

Severity = Literal["error", "warning", "note"]

#: Half-open ranges of characters, in the texts of two functions: what stands in one where the
#: other has something else. A range may be empty, then the other side has something more.
Difference = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Place:
    """A function in a file.

    ``text`` is all of its lines, from ``start_line`` on, as compared. ``line`` and ``column`` (both
    1-based) are where its definition begins, below the comments and attributes above it.
    """

    path: str
    language: str
    symbol: str
    start_line: int
    end_line: int
    tokens: int
    text: str = ""
    line: int = 0
    column: int = 1


@dataclass(frozen=True, slots=True)
class Copy:
    """Another function that a finding's function is like.

    ``likeness`` is 1.0 for the same; below that it is what was compared with the threshold.
    ``aligned`` is what a person is told: the share of the tokens that both have in the same order,
    but for local names and literals; 0 where it was not counted. ``differences`` are between the
    finding's own text and ``place.text``, in order.
    """

    place: Place
    rule: Rule
    likeness: float
    differences: Sequence[Difference] = ()
    aligned: float = 0.0


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A finding: a function and its copies, the nearest first; at least one.

    ``beyond`` are further copies, where there are too many to tell more of them than which they
    are: without text and differences, as the index has them.
    ``fingerprint`` names the pair of the function and its nearest copy by what they consist of,
    in either order, whatever lines and files they are in: 32 hex digits.
    """

    rule: Rule
    severity: Severity
    place: Place
    copies: Sequence[Copy]
    fingerprint: str
    beyond: Sequence[Copy] = ()

    @property
    def best(self) -> Copy:
        return self.copies[0]

    @property
    def every(self) -> list[Copy]:
        """All copies."""
        return [*self.copies, *self.beyond]


@dataclass(frozen=True, slots=True)
class Unused:
    """A suppression that suppresses nothing (any more)."""

    path: str
    line: int
    rules: Sequence[str]


DuplicateMode = Literal["staged", "since", "uncommitted", "all", "files"]


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """What a look for duplicates found. Findings are sorted by path and line."""

    mode: DuplicateMode
    findings: Sequence[Duplicate]
    checked: int  # functions that were asked about
    compared: int  # functions that they were compared with
    state: IndexState
    pending: int  # files that differ from the index and were not looked at
    seconds: float
    suppressed: int = 0  # by a comment
    accepted: int = 0  # by the baseline
    unused: Sequence[Unused] = ()
    warnings: Sequence[str] = ()
    complete: bool = True  # whether everything was compared within the time allowed
    lines: Mapping[str, int] = field(default_factory=dict)  # of functions compared, by path


@dataclass(frozen=True, slots=True)
class DuplicateRequest:
    """Which functions are asked about, and what counts as a finding."""

    mode: DuplicateMode
    paths: Sequence[str] = ()  # folders or files, of which functions are asked about; empty: all
    line: int = 0  # with a path: only functions that this line belongs to
    base: str = ""  # with "since": the commit before; empty: what no remote has
    to: str = ""  # and the last one; empty: HEAD
    or_files: bool = False  # with "staged": ask about files as they lie where nothing is staged
    threshold: float = THRESHOLD  # of likeness
    min_tokens: int = 50
    tests: bool = False  # whether functions of tests are compared
    exclude: tuple[str, ...] = ()  # patterns of files whose functions are not compared
    rules: frozenset[str] = frozenset(("CS001", "CS002", "CS003"))
    strict: bool = False  # whether near copies are errors too
    accepted: Mapping[str, int] = field(default_factory=dict)  # the baseline's pairs
    accepting: bool = False  # whether the pairs are wanted, for a baseline
    differences: bool = True  # whether it matters where copies differ: their files are parsed then
    seconds: float | None = None  # how long it may take; None: as long as it takes

    @property
    def is_of_hook(self) -> bool:
        """Whether a commit or a push waits for the answer."""
        return self.mode == "staged" or bool(self.to)
