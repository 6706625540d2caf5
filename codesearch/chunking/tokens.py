"""The tokens of a function, for comparing it with others: texts, roles, places.

What is a comment, a literal and an identifier is in the grammar. Of identifiers, those that name
something outside the function are told by where they stand: before a call's bracket, behind
a dot, in a type; so that a copy whose variables were renamed still looks the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from codesearch import fingerprint
from codesearch.chunking.outline import Entry, Outline
from codesearch.chunking.parse import FUNCTIONS, Definition, Source
from codesearch.fingerprint import Role
from codesearch.languages import Grammar

if TYPE_CHECKING:
    from tree_sitter import Node

#: Longer functions have no fingerprint: nobody calls that a copy.
_MOST = 20_000

_TYPE = re.compile(r"type(?!d)|annotation")
_ACCESS = frozenset((".", "::", "?.", "&.", "\\"))
_CALL = frozenset(("(", "!"))
_NAMING = frozenset(("name", "target"))
_NAMED = re.compile(r"argument|invocation|call")
_CALLED = frozenset(("function", "method", "macro"))


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a function; ``start`` and ``end`` are offsets of bytes in its file."""

    start: int
    end: int
    text: str
    role: Role


def of_entry(outline: Outline, entry: Entry) -> bytes:
    """The fingerprint of a function of an outline; empty for anything else, and for tiny ones."""
    if entry.definition.kind not in FUNCTIONS or entry.end - entry.start < 2 * fingerprint.FEWEST:
        return b""
    found = list(tokens(outline, entry))
    if not fingerprint.FEWEST <= len(found) <= _MOST:
        return b""
    begin = _body(entry)
    inside = sum(t.start >= begin for t in found)
    source, first = outline.source, found[0].start
    last = max(t.end for t in found if t.text)
    return fingerprint.of(
        [(t.text, t.role) for t in found],
        _remarks(outline, entry),
        body=inside,
        line=source.row(first) - source.row(entry.start),
        column=len(source.text(source.line_start(first), first)),
        height=source.row(last - 1) - source.row(first),
    )


def _body(entry: Entry) -> int:
    """Where the first body begins; the end, if there are declarations only."""
    for definition in (entry.definition, *entry.clauses):
        if not definition.declared:
            body = definition.body_node()
            return definition.start if body is None else body.start_byte
    return entry.end


def located(
    outline: Outline, wanted: Collection[tuple[int, str]]
) -> Iterator[tuple[tuple[int, str], list[Token]]]:
    """The tokens of some functions of an outline, known by their first line and symbol."""
    stack = list(outline.entries)
    while stack:
        entry = stack.pop()
        stack += entry.children
        key = outline.source.row(entry.start) + 1, entry.symbol
        if key in wanted and entry.definition.kind in FUNCTIONS:
            yield key, list(tokens(outline, entry))


def tokens(outline: Outline, entry: Entry) -> Iterator[Token]:
    """The tokens of a function with all its clauses, in order, without comments and attributes."""
    own = {node.id for d in (entry.definition, *entry.clauses) for node in d.name}
    docs = set(entry.docs)
    for definition in (entry.definition, *entry.clauses):
        leaves = _leaves(outline.grammar, outline.source, definition, docs)
        following = [*leaves[1:], None]
        before = ""
        for leaf, after in zip(leaves, following, strict=True):
            role = leaf.role
            if leaf.id in own:
                role = Role.LOCAL
            elif role is Role.LOCAL:
                role = _role(leaf, before, after)
            yield Token(leaf.start, leaf.end, leaf.text, role)
            before = leaf.text


@dataclass(slots=True)
class _Leaf:
    start: int
    end: int
    text: str
    role: Role
    id: int
    parent: str  # the kind of node that it is in
    field: str  # and what it is there


def _role(leaf: _Leaf, before: str, after: _Leaf | None) -> Role:
    """Whether an identifier is a local name, or that of something outside."""
    outside = (
        # With a space between, "f (x)" may be an argument and what follows it.
        (after is not None and after.text in _CALL and after.start == leaf.end)
        or before in _ACCESS
        or leaf.text[:1].isupper()
        or "type" in leaf.field
        or leaf.field in _CALLED
        or (leaf.field in _NAMING and _NAMED.search(leaf.parent) is not None)
        or _TYPE.search(leaf.parent) is not None
    )
    return Role.NAME if outside else Role.LOCAL


def _leaves(
    grammar: Grammar, source: Source, definition: Definition, docs: set[tuple[int, int]]
) -> list[_Leaf]:
    """What a definition consists of, from the parser's tree."""
    names, literals, passed, layout = grammar.compared
    start, stop = definition.start, definition.end
    found: list[_Leaf] = []
    cursor = _around(definition).walk()
    depth = 0
    parents: list[tuple[str, str]] = [("", "")]  # the kind, and what a path is in its own
    while True:
        node = cast("Node", cursor.node)
        if len(found) > _MOST:
            return found
        kind, begin, end = node.kind_id, node.start_byte, node.end_byte
        inside = start <= begin and end <= stop
        descend = end > start and begin < stop and kind not in passed
        if descend and inside and (begin, end) in docs:
            descend = False
        elif descend and inside and (node.child_count == 0 or kind in names or kind in literals):
            descend = False
            raw = source.text(begin, end)
            text = raw.strip()
            parent = field = ""
            if kind in literals:
                role = Role.LITERAL
            elif not node.is_named or not _is_name(text):
                role = Role.SYNTAX
            elif kind in names:
                role, (parent, outer) = Role.LOCAL, parents[-1]
                field = cursor.field_name or outer
            else:
                role = Role.NAME
            if text:
                if text != raw:  # some kinds take in white space
                    begin += len(raw[: len(raw) - len(raw.lstrip())].encode())
                    end = begin + len(text.encode())
                found.append(_Leaf(begin, end, text, role, node.id, parent, field))
        # A path of one name is what its name is.
        path = cursor.field_name or "" if descend and node.child_count == 1 else ""
        # What lies before is passed over at once: a whole file's definitions can be siblings.
        if descend and (
            cursor.goto_first_child()
            if begin >= start
            else cursor.goto_first_child_for_byte(start) is not None
        ):
            depth += 1
            parents.append((node.type, path))
            continue
        past = begin >= stop
        while depth and (past or not cursor.goto_next_sibling()):
            cursor.goto_parent()
            past = False
            parents.pop()
            depth -= 1
            if layout and cast("Node", cursor.node).kind_id in layout:
                end = cast("Node", cursor.node).end_byte
                if start < end <= stop:  # its end is told by nothing but layout
                    found.append(_Leaf(end, end, "", Role.SYNTAX, -1, "", ""))
        if not depth:
            return found


def _is_name(text: str) -> bool:
    return text[:1].isalpha() or text[:1] in ("_", "$", "@", "`")


def _around(definition: Definition) -> Node:
    """The smallest node known to hold all of a definition: a body can be a sibling of its head."""
    node = definition.node
    while node.end_byte < definition.end or node.start_byte > definition.start:
        if node.parent is None:
            break
        node = node.parent
    return node


def _remarks(outline: Outline, entry: Entry) -> Iterator[str]:
    """Comments, docs and attributes of a function."""
    marks, starts = outline.marks, outline.starts
    first = bisect_left(starts, entry.start)
    spans = {(m.start, m.end) for m in marks[first : bisect_left(starts, entry.end)]}
    for definition in (entry.definition, *entry.clauses):
        spans.update(definition.docs)
    for start, end in sorted(spans):
        yield outline.source.text(start, end)
