"""Parsing: one pass of tree-sitter and one query over a file, within a time budget.

Gives the definitions of a file as a tree of their own, and its comments and attributes as
sorted ranges. All offsets are of UTF-8 bytes. What becomes a chunk is decided in outline.py.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING

from codesearch.languages import DEFINED, Grammar

if TYPE_CHECKING:
    from tree_sitter import Language, Node

#: Seconds for the parser and the query together, see ``parse``.
BUDGET = 2.0

FUNCTIONS = frozenset({"function", "method"})
_WRAPPER = "wrapper"
#: Bytes handed to the parser at a time. Predicates read a name through the same function.
_READ = 4_096
#: Unfinished matches at any moment: bounds the query on hostile input.
_MATCH_LIMIT = 65_536
#: Brackets in brackets that are too many, see ``_is_deep``.
_DEEP = 1_000
_NO_BRACKETS = bytes(set(range(256)) - set(b"()[]{}"))
#: The parser asks every hundred steps: so often, and at so few bytes a time, it has trouble.
_ASKED = 32
_STRIDE = 64
#: Samples of a file, the bytes and seconds of each, see ``_is_dense``.
_SAMPLES = 8
_SAMPLE = 1_000
_SAMPLE_SECONDS = 0.015
#: Tokens in a row, levels and descendants that are too many, see ``_is_degenerate``.
_MANY = 20_000
_KEYWORDS = re.compile(rb"[a-z]\w*\b")
_SPACE = b" \t\r\n"
#: What captures stand for: a kind, and whether it is a mere declaration.
_ROLES: dict[str, tuple[str, bool]] = {
    **{capture: (capture, False) for capture in ("comment", "attribute", _WRAPPER)},
    **{f"definition.{kind}": (kind, False) for kind in DEFINED},
    **{f"declaration.{kind}": (kind, True) for kind in DEFINED},
}


class Source:
    """A file's bytes with its line starts; rows are 0-based."""

    def __init__(self, text: str) -> None:
        # A lone surrogate is no character: it becomes "?", and everything stays decodable.
        self.data = text.encode("utf-8", "replace")
        lengths = (len(line) + 1 for line in self.data.split(b"\n"))
        self.starts = list(accumulate(lengths, initial=0))[:-1]

    def row(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def line_start(self, offset: int) -> int:
        return self.starts[bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Where the line of ``offset`` ends, before its line break."""
        row = bisect_right(self.starts, offset)
        return self.starts[row] - 1 if row < len(self.starts) else len(self.data)

    def text(self, start: int, end: int) -> str:
        return self.data[start:end].decode("utf-8", "replace")


@dataclass(slots=True)
class Mark:
    """A comment or an attribute. ``doc`` is the range that holds a comment's words.

    A plain one is so by its kind alone and may stand between the clauses of a function.
    """

    start: int
    end: int
    is_comment: bool
    is_plain: bool
    doc: tuple[int, int]


@dataclass(slots=True, eq=False)
class Definition:
    """What a pattern of the grammar matched, with the definitions inside it.

    ``outer`` and ``outer_end`` take in what wraps it (``export``, decorators). ``inner``
    counts the named functions at any depth.
    """

    kind: str
    declared: bool
    start: int
    end: int
    outer: int
    outer_end: int
    node: Node
    fixed_name: str = ""
    name: list[Node] = field(default_factory=list)  # its parts, usually one
    title: Node | None = None
    scope: Node | None = None
    value: Node | None = None
    parameters: Node | None = None
    body: Node | None = None
    docs: list[tuple[int, int]] = field(default_factory=list)
    children: list[Definition] = field(default_factory=list)
    inner: int = 0

    @property
    def named(self) -> bool:
        return bool(self.name or self.title or self.fixed_name)

    def body_node(self) -> Node | None:
        return self.body or (self.value or self.node).child_by_field_name("body")

    def parameter_list(self) -> Node | None:
        if self.parameters is not None:
            return self.parameters
        node = self.value or self.node
        return node.child_by_field_name("parameters") or node.child_by_field_name("parameter")


@dataclass(slots=True)
class Parsed:
    source: Source
    definitions: list[Definition]
    marks: list[Mark]
    ends: list[int]  # of the marks


def parse(grammar: Grammar, source: Source) -> Parsed | None:
    """The definitions of a file, or None if the budget was spent.

    Raises:
        GrammarError: the grammar's parser or query cannot be used.
    """
    from tree_sitter import Parser, QueryCursor

    query = grammar.query
    if _is_deep(source.data):
        return None
    data = _masked(grammar, source.data)
    deadline = time.monotonic() + BUDGET

    asked, dense = 0, None

    def late(offset: int, _: object) -> bool:
        nonlocal asked, dense
        asked += 1
        if dense is None and asked >= _ASKED and offset < _STRIDE * asked:
            dense = _is_dense(grammar.language, data, offset)
        return bool(dense) or time.monotonic() > deadline

    def read(offset: int, _: object) -> bytes:
        return data[offset : offset + _READ]

    # A parser of its own for every file: after a cancelled parse it would resume that one.
    try:
        tree = Parser(grammar.language).parse(read, progress_callback=late)
    except ValueError:  # cancelled
        return None
    if _is_degenerate(tree.root_node):
        return None
    # The query has no progress callback: the binding crashes with one (tree_sitter 0.26.1).
    matches = QueryCursor(query, match_limit=_MATCH_LIMIT).matches(tree.root_node)
    return None if time.monotonic() > deadline else _collect(grammar, source, data, matches)


def _is_deep(data: bytes) -> bool:
    """Whether brackets nest so deeply that nobody wrote them.

    An error inside them takes the parser minutes, see ``_is_dense``.
    """
    brackets = data.translate(None, _NO_BRACKETS)
    if len(brackets) <= _DEEP:
        return False
    depth = 0
    for bracket in brackets:
        if bracket in b"([{":
            depth += 1
            if depth > _DEEP:
                return True
        elif depth:
            depth -= 1
    return False


def _is_dense(language: Language, data: bytes, offset: int) -> bool:
    """Whether samples of a file that parses slowly take the parser far too long.

    At the end of a text whose constructs are all open it takes more than quadratic time in one
    step, in which it asks nobody. Ordinary code takes below a millisecond a sample.
    """
    from tree_sitter import Parser

    starts = [len(data) * i // _SAMPLES for i in range(_SAMPLES)]
    for start in [max(0, offset - _SAMPLE // 2), *starts]:
        began = time.thread_time()
        Parser(language).parse(data[start : start + _SAMPLE])
        if time.thread_time() - began > _SAMPLE_SECONDS:
            return True
    return False


def _is_degenerate(root: Node) -> bool:
    """Whether a query would not end in time.

    For every token it looks for the next named one, which takes quadratic time in the flat
    list of tokens that an error leaves; and it counts depth in 16 bits. Only nodes with many
    descendants are visited, so this costs nothing for an ordinary file.
    """
    cursor, run, depth = root.walk(), 0, 0
    while node := cursor.node:
        run = 0 if node.is_named else run + 1
        if run > _MANY or depth > _MANY:
            return True
        if node.descendant_count > _MANY and cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            depth -= 1
            if not cursor.goto_parent():
                return False
    return False


def _masked(grammar: Grammar, data: bytes) -> bytes:
    """The bytes with what ``masked`` matches overwritten by spaces, line breaks kept.

    A named group becomes something that the parser does know: ``name`` a name, ``call`` a pair
    of parentheses, and any other its own name, e.g. ``enum``.
    """
    if not grammar.masked:
        return data
    pattern = re.compile(grammar.masked.encode(), re.MULTILINE)
    labels = {index: label.encode() for label, index in pattern.groupindex.items()}
    out = bytearray(data)
    for match in pattern.finditer(data):
        for group in range(1, pattern.groups + 1) if pattern.groups else (0,):
            a, b = match.span(group)
            if a < 0:
                continue
            label = labels.get(group, b"")
            out[a:b] = re.sub(rb"[^\n]", b"_" if label == b"name" else b" ", data[a:b])
            stand_in = {b"name": b"", b"call": b"()"}.get(label, label)
            if len(stand_in) <= b - a:
                out[a : a + len(stand_in)] = stand_in
    return bytes(out)


def _collect(
    grammar: Grammar,
    source: Source,
    masked: bytes,
    matches: list[tuple[int, dict[str, list[Node]]]],
) -> Parsed:
    data, query = source.data, grammar.query
    found: dict[int, Definition] = {}
    marks: list[Mark] = []
    matches.sort(key=itemgetter(0))  # an earlier pattern decides
    for pattern, captures in matches:
        role = node = None
        for capture, nodes in captures.items():
            role = _ROLES.get(capture)
            if role is not None:
                node = nodes[0]
                break
        if role is None or node is None:
            continue
        kind, declared = role
        start = node.start_byte
        end = _trimmed(data, start, node.end_byte)  # some kinds take in a line break
        if end == start:
            continue
        if kind in ("comment", "attribute"):
            inner = captures.get("doc")
            words = (inner[0].start_byte, inner[0].end_byte) if inner else (start, end)
            plain = node.type in grammar.comments or node.type in grammar.attributes
            comment = kind == "comment" and not data.startswith(b"#!", start)
            marks.append(Mark(start, end, comment, plain, words))
            continue
        definition = found.get(node.id)
        if definition is None:
            if masked is not data:
                start = _unmasked(source, masked, start)
            definition = Definition(kind, declared, start, end, start, end, node)
            found[node.id] = definition
            settings = query.pattern_settings(pattern)
            if settings:
                definition.fixed_name = settings.get("name") or ""
        if kind == definition.kind and declared == definition.declared:
            _add(definition, captures)
    marks = list(_outermost(marks))
    _release(found.values(), marks, source)
    return Parsed(source, _nested(list(found.values()), data), marks, [mark.end for mark in marks])


def _unmasked(source: Source, masked: bytes, start: int) -> int:
    """Takes in what is masked on the line before."""
    line = source.line_start(start)
    before = source.data[line:start]
    return start if masked[line:start].strip() else start - len(before.lstrip())


def _add(definition: Definition, captures: dict[str, list[Node]]) -> None:
    """Takes captures that the definition does not have yet."""
    for capture, nodes in captures.items():
        if capture == "name":
            definition.name = definition.name or nodes
        elif capture == "value":
            definition.value = definition.value or _reached(definition, nodes[0])
        elif capture == "body":
            definition.body = definition.body or _reached(definition, nodes[0])
        elif capture == "parameters":
            definition.parameters = definition.parameters or nodes[0]
        elif capture == "doc":
            if not definition.docs:
                definition.docs = [(nodes[0].start_byte, nodes[-1].end_byte)]
        elif capture == "title":
            definition.title = definition.title or nodes[0]
        elif capture == "scope":
            definition.scope = definition.scope or nodes[0]
        elif capture == "head":
            definition.start = definition.outer = min(definition.start, nodes[0].start_byte)


def _trimmed(data: bytes, start: int, end: int) -> int:
    """The end of a range without white space at its end."""
    while end > start and data[end - 1] in _SPACE:
        end -= 1
    return end


def _release(found: Iterable[Definition], marks: list[Mark], source: Source) -> None:
    """Ends definitions before comments that come last in them without being indented deeper.

    Where layout stands for brackets, parsers take the doc of what follows for a part of a body.
    """
    data = source.data
    last = {mark.end: mark for mark in marks if mark.is_comment}
    for definition in found:
        begin = source.line_start(definition.start)
        margin = data[begin : definition.start]
        indent = len(margin) - len(margin.lstrip())
        while (mark := last.get(definition.end)) and mark.start > definition.start:
            line = source.line_start(mark.start)
            if mark.start - line > indent or data[line : mark.start].strip():
                break
            end = _trimmed(data, definition.start, mark.start)
            definition.end = definition.outer_end = end


def _reached(definition: Definition, node: Node) -> Node:
    """A part of the definition: behind its node too, as bodies are siblings in some grammars."""
    definition.end = definition.outer_end = max(definition.end, node.end_byte)
    return node


def _outermost(marks: list[Mark]) -> Iterator[Mark]:
    """Sorted, without those inside another one, so that ends are sorted too."""
    marks.sort(key=lambda mark: (mark.start, -mark.end))
    last = -1
    for mark in marks:
        if mark.start >= last:
            last = mark.end
            yield mark


def _nested(found: list[Definition], data: bytes) -> list[Definition]:
    """Definitions as a tree, each wrapper merged with the one definition that it wraps."""
    found.sort(key=lambda d: (d.start, -d.end, d.kind != _WRAPPER))
    root: list[Definition] = []
    stack: list[Definition] = []
    for definition in found:
        while stack and stack[-1].end <= definition.start:
            stack.pop()
        (stack[-1].children if stack else root).append(definition)
        stack.append(definition)
    for definition in reversed(found):  # inner ones first
        if definition.children:
            definition.children = _unwrapped(definition.children, data)
            for child in definition.children:
                own = child.kind in FUNCTIONS and not child.declared and child.named
                definition.inner += child.inner + own
    return _unwrapped(root, data)


def _unwrapped(children: list[Definition], data: bytes) -> list[Definition]:
    out: list[Definition] = []
    for child in children:
        if child.kind != _WRAPPER:
            out.append(child)
            continue
        if len(child.children) == 1:
            wrapped = child.children[0]
            gap = child.end - wrapped.outer_end
            if gap < 80 and not data[wrapped.outer_end : child.end].strip(b" \t\r\n;,"):
                wrapped.outer, wrapped.outer_end = child.start, child.end
        else:
            _share(child, data)
        out.extend(child.children)
    return out


def _share(wrapper: Definition, data: bytes) -> None:
    """Gives each of several definitions its part of the wrapper: ``let rec f = .. and g = ..``."""
    position = wrapper.start
    for child in wrapper.children:
        before = data[max(position, child.outer - 80) : child.outer].rpartition(b"\n")[2].lstrip()
        if _KEYWORDS.match(before):
            child.outer -= len(before)
        position = child.outer_end
