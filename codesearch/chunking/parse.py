"""From a query's matches to the definitions of a file, as a tree of their own.

Comments and attributes are sorted ranges beside it. All offsets are of UTF-8 bytes. What
becomes a chunk is decided in outline.py.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING

from codesearch.chunking.bounded import Matches, masked, matches
from codesearch.languages import DEFINED, Grammar

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS = frozenset({"function", "method"})
_WRAPPER = "wrapper"
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
        # Without a last line break a parser's scanner may never end (Perl's, in a here-document).
        self.data = (text if text.endswith("\n") else f"{text}\n").encode("utf-8", "replace")
        lengths = (len(line) + 1 for line in self.data.split(b"\n"))
        self.starts = list(accumulate(lengths, initial=0))[:-1]

    def row(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def line_start(self, offset: int) -> int:
        return self.starts[bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Where the line of ``offset`` ends, before its line break."""
        return self.end_of(bisect_right(self.starts, offset) - 1)

    def end_of(self, row: int) -> int:
        """Where a line ends, before its line break."""
        return self.starts[row + 1] - 1 if row + 1 < len(self.starts) else len(self.data)

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
    unscoped: bool = False
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
    """The definitions of a file, or None if finding them would take too long.

    Raises:
        GrammarError: the grammar's parser or query cannot be used.
    """
    seen = masked(grammar, source.data)
    found = matches(grammar, seen)
    return None if found is None else _collect(grammar, source, seen, found)


def _collect(
    grammar: Grammar,
    source: Source,
    seen: bytes,
    found_matches: Matches,
) -> Parsed:
    data, query = source.data, grammar.query
    found: dict[int, Definition] = {}
    marks: list[Mark] = []
    found_matches.sort(key=itemgetter(0))  # an earlier pattern decides
    for pattern, captures in found_matches:
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
            if seen is not data:
                start = _unmasked(source, seen, start)
            definition = Definition(kind, declared, start, end, start, end, node)
            found[node.id] = definition
            settings = query.pattern_settings(pattern)
            if settings:
                definition.fixed_name = settings.get("name") or ""
                definition.unscoped = settings.get("scope") == "none"
        if kind == definition.kind and declared == definition.declared:
            _add(definition, captures)
    marks = list(_outermost(marks))
    _release(found.values(), marks, source)
    return Parsed(source, _nested(list(found.values()), data), marks, [mark.end for mark in marks])


def _unmasked(source: Source, seen: bytes, start: int) -> int:
    """Takes in what is masked on the line before."""
    line = source.line_start(start)
    before = source.data[line:start]
    return start if seen[line:start].strip() else start - len(before.lstrip())


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
            if len(definition.children) == 1 and _is_same(definition, definition.children[0]):
                definition.children = definition.children[0].children
            for child in definition.children:
                own = child.kind in FUNCTIONS and not child.declared and child.named
                definition.inner += child.inner + own
    return _unwrapped(root, data)


def _is_same(outer: Definition, inner: Definition) -> bool:
    """Whether two definitions share a body: ``typedef struct node {} node_t``."""
    body = outer.body_node()
    return body is not None and body == inner.body_node()


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
