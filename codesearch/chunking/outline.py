"""The outline of a file: which definitions are chunks, where they begin and end, their names.

Invariant: the extents of an outline's entries lie in order, do not overlap, and lie within
their parent's, so that what they leave over is well defined and nothing is lost.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codesearch.chunking.parse import FUNCTIONS, Definition, Mark, Parsed
from codesearch.languages import Grammar
from codesearch.model import CONTAINER_KINDS

if TYPE_CHECKING:
    from tree_sitter import Node

#: A function longer than this (bytes) that holds this many others is taken apart.
BIG_FUNCTION = 4_000
MANY_INNER = 3
#: A declaration longer than this (lines) is a chunk of its own without a doc comment too.
SHORT_DECLARATION = 5
#: Definitions nested deeper belong to what they are in.
MAX_DEPTH = 20
MAX_NAME = 200
MAX_PARTS = 8  # nodes of a name

_HEADED = CONTAINER_KINDS | {"module"}
_CALLABLE = FUNCTIONS | {"macro"}
_TYPE_ARGUMENTS = re.compile(r"(?<=\w)<(?!=)[^<>]*>")
_CONVERSION = re.compile(r"(\boperator [^(]+)\(.*")  # of C++: its name has no node of its own
_WORD = re.compile(r"\w")
_QUOTES = "\"'`"


@dataclass(slots=True)
class Entry:
    """A definition that becomes a chunk. ``docs`` are ranges of bytes, in order."""

    definition: Definition
    kind: str
    symbol: str
    titled: bool
    start: int
    end: int
    docs: list[tuple[int, int]]
    children: list[Entry] = field(default_factory=list)
    clauses: list[Definition] = field(default_factory=list)  # joined to it, see ``merge``
    headed: bool = False  # what is above it begins a function anew
    provisional: bool = False  # a short declaration that waits for its definition
    signature: str = ""


@dataclass(slots=True)
class _Level:
    """Definitions that are still to be placed, and where."""

    rest: Iterator[Definition]
    sink: list[Entry]
    prefix: str
    titled: bool
    kind: str  # of the entry around, or empty
    floor: int  # nothing placed here may begin before it
    end: int  # or reach further
    depth: int


class Outline:
    """Builds ``entries`` from what the parser found."""

    def __init__(self, grammar: Grammar, parsed: Parsed) -> None:
        self.grammar = grammar
        self.source = parsed.source
        self.marks = parsed.marks
        self.ends = parsed.ends
        self.trailing = re.compile(grammar.trailing.encode()) if grammar.trailing else None
        self.starts = [mark.start for mark in parsed.marks]
        self.entries: list[Entry] = []
        self._place(parsed.definitions)

    def _place(self, definitions: list[Definition]) -> None:
        top = _Level(iter(definitions), self.entries, "", False, "", 0, len(self.source.data), 0)
        stack = [top]
        while stack:
            level = stack[-1]
            definition = next(level.rest, None)
            if definition is None:
                _drop_waiting(level.sink)
                stack.pop()
                continue
            inside = self._enter(definition, level)
            if inside is not None:
                stack.append(inside)

    def _enter(self, definition: Definition, level: _Level) -> _Level | None:
        """Places one definition; gives the level of what is in it, if that is placed too."""
        kind = definition.kind
        if kind in _CALLABLE:
            whole = definition.end - definition.start
            opened = whole > BIG_FUNCTION and definition.inner >= MANY_INNER
        elif kind in _HEADED or kind == "namespace":
            opened = True
        else:
            opened = definition.inner > 0
        opened = opened and level.depth < MAX_DEPTH
        inside = iter(definition.children)
        if not definition.named and (kind in FUNCTIONS or kind == "namespace"):
            return self._transparent(level, inside, level.prefix, level.titled) if opened else None
        symbol, titled = self._symbol(definition, level)
        if kind == "namespace":
            return self._transparent(level, inside, symbol, titled) if opened else None
        entry = self._entry(definition, level, symbol, titled)
        if entry is None:
            return None
        if self.grammar.merge and self._merged(entry, level, opened):
            return None
        level.sink.append(entry)
        if not (opened and definition.children):
            return None
        begin = definition.outer
        return _Level(
            inside, entry.children, symbol, titled, entry.kind, begin, entry.end, level.depth + 1
        )

    def _transparent(
        self, level: _Level, inside: Iterator[Definition], prefix: str, titled: bool
    ) -> _Level:
        return _Level(
            inside, level.sink, prefix, titled, level.kind, level.floor, level.end, level.depth + 1
        )

    def _entry(
        self, definition: Definition, level: _Level, symbol: str, titled: bool
    ) -> Entry | None:
        """The definition with its extent; None if it stays in what surrounds it."""
        kind = definition.kind
        if kind == "function" and level.kind in CONTAINER_KINDS:
            kind = "method"
        floor = level.sink[-1].end if level.sink else level.floor
        start, docs, headed = self._above(definition.outer, floor)
        end, below = self._behind(definition.outer, definition.outer_end)
        docs += definition.docs + below
        end = min(end, level.end)
        short = definition.declared and not definition.inner and not docs
        if short:
            row = self.source.row
            short = row(definition.outer_end) - row(definition.outer) < SHORT_DECLARATION
            if short and not self.grammar.merge:
                return None
        start = max(start, floor)
        return Entry(
            definition, kind, symbol, titled, start, end, docs, headed=headed, provisional=short
        )

    def _merged(self, entry: Entry, level: _Level, opened: bool) -> bool:
        """Joins a function to the one before it if they are clauses of one."""
        last = level.sink[-1] if level.sink else None
        if last is not None and last.kind in _CALLABLE and entry.kind in _CALLABLE:
            clause = last.symbol == entry.symbol and not entry.headed and not opened
            if clause and self._is_blank(last.end, entry.start):
                last.end = entry.end
                last.docs += entry.docs
                last.provisional = last.provisional and entry.provisional
                last.clauses.append(entry.definition)
                return True
        _drop_waiting(level.sink)
        return False

    def _is_blank(self, start: int, stop: int) -> bool:
        """Whether there is nothing but comments."""
        data, position = self.source.data, start
        for index in range(bisect_left(self.starts, start), bisect_left(self.starts, stop)):
            mark = self.marks[index]
            if data[position : mark.start].strip():
                return False
            position = mark.end
        return not data[position:stop].strip()

    def _above(self, start: int, floor: int) -> tuple[int, list[tuple[int, int]], bool]:
        """Takes in the comments and attributes directly above.

        Gives the start, the comments' ranges, and whether any of them is not plain.
        """
        source = self.source
        line = source.line_start(start)
        if line < floor or source.data[line:start].strip():
            return start, [], False
        column, begin = start - line, line
        docs: list[tuple[int, int]] = []
        headed = False
        index = bisect_right(self.ends, line) - 1
        while index >= 0:
            mark = self.marks[index]
            above = source.line_start(mark.start)
            between = source.data[mark.end : begin]
            # A comment that is written as a doc may be followed by a blank line.
            breaks = 2 if not docs and source.data.startswith((b"/**", b"="), mark.start) else 1
            if above < floor or between.strip() or between.count(b"\n") > breaks:
                break
            if mark.start - above != column or source.data[above : mark.start].strip():
                break
            if mark.is_comment:
                docs.append(mark.doc)
            headed = headed or not mark.is_plain
            begin = above
            index -= 1
        docs.reverse()
        return begin, docs, headed

    def _behind(self, start: int, end: int) -> tuple[int, list[tuple[int, int]]]:
        """Takes in what ends the line, if that is a comment or punctuation at most.

        Gives the end and the range of a doc comment that stands behind or below.
        """
        source = self.source
        stop = source.line_end(end)
        index = bisect_left(self.starts, end)
        mark = self.marks[index] if index < len(self.marks) else None
        if mark is not None and mark.is_comment and self._trails(mark, start, end):
            return source.line_end(mark.end), [mark.doc]
        if mark is not None and mark.start < stop:
            rest = source.data[end : mark.start] + source.data[mark.end : stop]
            closed = mark.is_comment and mark.end <= stop
        else:
            rest, closed = source.data[end:stop], True
        return stop if closed and not rest.strip(b" \t\r;,") else end, []

    def _trails(self, mark: Mark, start: int, end: int) -> bool:
        """Whether a comment documents what is before it, by its form and by a blank line below."""
        source = self.source
        if self.trailing is None or not self.trailing.match(source.data, mark.start):
            return False
        between = source.data[end : mark.start]
        below = source.line_end(mark.end)
        if between.strip() or between.count(b"\n") > 1 or source.data[mark.end : below].strip():
            return False
        if b"\n" not in between:
            return True
        line = source.data[below + 1 : source.line_end(below + 1)]
        column = start - source.line_start(start)
        indent = len(line) - len(line.lstrip())
        return mark.start - source.line_start(mark.start) == column and (
            not line.strip() or indent < column
        )

    def _symbol(self, definition: Definition, level: _Level) -> tuple[str, bool]:
        """The qualified symbol, and whether a title is part of it."""
        prefix, titled = ("", False) if definition.unscoped else (level.prefix, level.titled)
        title = definition.title
        name, own = (self._title(title), True) if title else (self.name(definition), False)
        titled = titled or own
        if not name or not prefix:
            return name or prefix, titled
        return f"{prefix}{' > ' if titled else '.'}{name}"[-MAX_NAME:], titled

    def _title(self, node: Node) -> str:
        return _unquoted(self._text(node.start_byte, node.end_byte))

    def name(self, definition: Definition) -> str:
        """The definition's own name with its written scope, dotted."""
        if definition.fixed_name or not definition.name:
            return definition.fixed_name
        nodes = definition.name[:MAX_PARTS]
        name = "".join(self._text(*node.byte_range) for node in nodes)[: 4 * MAX_NAME]
        if definition.scope is not None:
            scope = self._text(definition.scope.start_byte, definition.scope.end_byte)
            name = f"{scope}.{name}"
        if name.isidentifier() or not _WORD.search(name):  # the latter is an operator
            return name[:MAX_NAME]
        name = _CONVERSION.sub(r"\1", name)
        while "<" in name:
            shorter = _TYPE_ARGUMENTS.sub("", name)
            if shorter == name:
                break
            name = shorter
        for separator in self.grammar.separators:
            name = name.replace(separator, ".")
        parts = _unquoted(name.strip(".")).split(".")
        kept = [part for part in parts if part not in self.grammar.omitted]
        return ".".join(kept or parts[-1:])[:MAX_NAME]

    def _text(self, start: int, end: int) -> str:
        """Source on one line; of something long, its beginning."""
        return " ".join(self.source.text(start, min(end, start + 4 * MAX_NAME)).split())


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] in _QUOTES and text[0] == text[-1]
    return text[1:-1] if quoted else text


def _drop_waiting(entries: list[Entry]) -> None:
    """A short declaration without its definition below it stays in what surrounds it."""
    if entries and entries[-1].provisional:
        entries.pop()
