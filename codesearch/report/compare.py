"""Two functions side by side: which lines face each other, and what on them differs.

This room knows lines and columns, not how they are shown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, pairwise, zip_longest

from codesearch.model import Copy, Place

TAB = 4
# Aligning takes more than linear time; whoever reads on behind that many lines counts himself.
_MOST_ALIGNED = 1_000

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a function in which it differs from another. It may be empty."""

    start_line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line without tabs and trailing blanks; ``spans`` are the columns that differ."""

    number: int
    text: str
    spans: Sequence[Range] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """Lines that face each other; one of them may be missing."""

    left: Line | None
    right: Line | None
    same: bool  # but for layout

    @property
    def lines(self) -> list[Line]:
        return [line for line in (self.left, self.right) if line is not None]

    @property
    def differs(self) -> bool:
        """Whether tokens differ; comments may differ without."""
        return any(line.spans for line in self.lines)


def passages(place: Place, copy: Copy) -> Iterator[tuple[Passage, Passage]]:
    """The differences of a function and its copy as text, in order."""
    left, right = _Text(place), _Text(copy.place)
    for one, other in copy.differences:
        yield left.passage(one), right.passage(other)


def rows(place: Place, copy: Copy) -> list[Row]:
    """All lines of a function and its copy; lines that are alike face each other."""
    left = _Text(place).lines(one for one, _ in copy.differences)
    right = _Text(copy.place).lines(other for _, other in copy.differences)
    most = _MOST_ALIGNED
    match = SequenceMatcher(
        None, [_common(line) for line in left[:most]], [_common(line) for line in right[:most]]
    )
    blocks = [(left[a:b], right[c:d]) for _, a, b, c, d in match.get_opcodes()]
    blocks.append((left[most:], right[most:]))
    return [_row(*pair) for block in blocks for pair in zip_longest(*block)]


def _row(left: Line | None, right: Line | None) -> Row:
    same = left is not None and right is not None and _common(left) == _common(right)
    row = Row(left, right, same)
    return Row(left, right, same=False) if row.differs else row


def _common(line: Line) -> str:
    """What a line has in common with the one that faces it: all but layout and what differs."""
    edges = [0, *(edge for span in line.spans for edge in span), len(line.text)]
    kept = "".join(line.text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))
    return "".join(kept.split()) or ("\n" if line.spans else "")


class _Text:
    """A function's text and where its lines begin."""

    def __init__(self, place: Place) -> None:
        self._first, self._text = place.start_line, place.text
        self._raw = place.text.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self._raw[:-1])]

    def _line_of(self, at: int) -> int:
        return bisect_right(self._starts, at) - 1

    def passage(self, found: Range) -> Passage:
        start, end = found
        last = self._line_of(max(start, end - 1))
        return Passage(
            self._first + self._line_of(start), self._first + last, self._text[start:end]
        )

    def lines(self, differing: Iterable[Range]) -> list[Line]:
        spans: list[list[Range]] = [[] for _ in self._raw]
        for start, end in differing:
            for at in range(self._line_of(start), self._line_of(max(start, end - 1)) + 1):
                span = self._on_line(at, start, end)
                if span[0] < span[1]:
                    spans[at].append(span)
        return [
            _line(self._first + at, raw, found)
            for at, (raw, found) in enumerate(zip(self._raw, spans, strict=True))
        ]

    def _on_line(self, at: int, start: int, end: int) -> Range:
        """What of a range lies on a line, without the blanks around it."""
        raw, begin = self._raw[at], self._starts[at]
        start, end = max(start - begin, 0), min(end - begin, len(raw))
        part = raw[start:end]
        return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def _line(number: int, raw: str, spans: Sequence[Range]) -> Line:
    """The line as it is shown, its spans moved by what the tabs take."""
    edges = sorted({0, *(edge for span in spans for edge in span), len(raw)})
    moved, parts, at, column = {0: 0}, [], 0, 0
    for start, end in pairwise(edges):
        shift = column % TAB
        part = (" " * shift + raw[start:end]).expandtabs(TAB)[shift:]
        parts.append(part)
        at += len(part)
        moved[end] = at
        column = len(part) - part.rindex("\r") - 1 if "\r" in part else column + len(part)
    text = "".join(parts).rstrip()
    return Line(number, text, [(moved[start], moved[end]) for start, end in spans])
