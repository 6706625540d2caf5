"""tree-sitter within bounds: one parse and one query over a file's bytes, or nothing.

tree-sitter answers to its time limit only between its steps, and the query not at all. So what
would take it minutes is recognised before. This room does not know what matches mean.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from codesearch.languages import Grammar

if TYPE_CHECKING:
    from tree_sitter import Language, Node

#: Seconds of processor time for the parser: that the machine is busy changes no chunks.
BUDGET = 2.0

#: Bytes handed to the parser at a time. Predicates read a name through the same function.
_READ = 4_096
#: Unfinished matches at any moment: bounds the query on hostile input.
_MATCH_LIMIT = 65_536
#: How often a parse is tried again without a statement, and how many bytes it must cost.
_RETRIES = 5
_LOST = 1_000
_STATEMENT = re.compile(rb";[ \t]*\n|\n[ \t]*\n")
#: Brackets in brackets that are too many, see ``_is_deep``.
_DEEP = 1_000
_NO_BRACKETS = bytes(set(range(256)) - set(b"()[]{}"))
#: Two samples of a file of so many bytes are parsed first, several of one that parses slowly:
#: the parser asks every hundred steps, so often, and at so few bytes a time.
_LARGE = 32_000
_ASKED = 32
_STRIDE = 64
#: Seconds between two looks at the clock of processor time, which are dear.
_LOOK = 0.1
#: Samples of a file, the bytes of the first, the seconds of a small one and of one step, see
#: ``_is_dense``. Steps in ordinary code of twenty languages, cut anywhere, stayed below 0.0012.
_SAMPLES = 8
_SAMPLE = 3_000
_SAMPLE_SECONDS = 0.1
_STEP_SECONDS = 0.004
#: Trees that a query would not get through in about a second: their nodes, their levels, the
#: children of a node with an error (in ordinary code at most some hundred); and the
#: descendants from which on a node is looked at.
_NODES = 1_500_000
_DEPTH = 4_000
_WIDTH = 10_000
_BIG = 5_000

Matches = list[tuple[int, "dict[str, list[Node]]"]]


def matches(grammar: Grammar, data: bytes) -> Matches | None:
    """What the grammar's query finds, pattern by pattern; None if it would take too long.

    ``data`` is what the parser is to see, see ``masked``.

    Raises:
        GrammarError: the grammar's parser or query cannot be used.
    """
    from tree_sitter import Parser, QueryCursor

    query = grammar.query
    if _is_deep(data) or (len(data) > _LARGE and _is_dense(grammar.language, data, 2)):
        return None
    asked, dense = 0, None
    look, began = time.monotonic() + _LOOK, 0.0

    def late(offset: int, _: object) -> bool:
        nonlocal asked, dense, look, began
        asked += 1
        if dense is None and asked >= _ASKED and offset < _STRIDE * asked:
            dense = _is_dense(grammar.language, data, _SAMPLES)
        if dense or time.monotonic() < look:
            return bool(dense)
        now = time.thread_time()
        look, began = time.monotonic() + _LOOK, began or now
        return now - began > BUDGET

    def read(offset: int, _: object) -> bytes:
        return data[offset : offset + _READ]

    for _ in range(_RETRIES):
        # A parser of its own every time: after a cancelled parse it would resume that one.
        try:
            tree = Parser(grammar.language).parse(read, progress_callback=late)
        except ValueError:  # cancelled
            return None
        if _is_degenerate(tree.root_node):
            return None
        without = _without_error(tree.root_node, data)
        if without is None:
            break
        data = without
    # The query has no progress callback: the binding crashes with one (tree_sitter 0.26.1).
    return QueryCursor(query, match_limit=_MATCH_LIMIT).matches(tree.root_node)


def masked(grammar: Grammar, data: bytes) -> bytes:
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


def _without_error(root: Node, data: bytes) -> bytes | None:
    """The bytes without the statement at which a large part of the file became one error.

    That is mostly a macro; the parser knows again what follows it. None if all is well.
    """
    if not root.has_error:
        return None
    for node in root.children:
        start, length = node.start_byte, node.end_byte - node.start_byte
        if node.is_error and length > _LOST and length * 5 > len(data):
            found = _STATEMENT.search(data, start, start + _LOST)
            end = found.end() if found else data.find(b"\n", start) + 1
            hidden = re.sub(rb"[^\n]", b" ", data[start:end])
            return data[:start] + hidden + data[end:]
    return None


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


def _is_dense(language: Language, data: bytes, samples: int) -> bool:
    """Whether the parser has trouble with one of several samples of a file.

    At the end of a text whose constructs are all open it takes quadratic time or more in one
    step, in which it asks nobody. A text that is so all over can be known by a part of it; the
    parts grow to a sixteenth of the text, so that what is left is bounded too.
    """
    size = _SAMPLE
    while True:
        room = max(0, len(data) - size)
        starts = {room * i // samples for i in range(1, samples + 1)}
        # With a last line break, see Source.
        if any(_is_slow(language, data[start : start + size] + b"\n") for start in starts):
            return True
        size *= 4
        if 16 * size > len(data):
            return False


def _is_slow(language: Language, sample: bytes) -> bool:
    """Whether the parser takes long, or one of its steps most of the time, and not little."""
    # On a busy machine only processor time tells, but asking for it is dear.
    return all(_takes_long(language, sample, clock) for clock in (time.monotonic, time.thread_time))


def _takes_long(language: Language, sample: bytes, clock: Callable[[], float]) -> bool:
    from tree_sitter import Parser

    began = last = clock()
    longest, allowed = 0.0, _SAMPLE_SECONDS * max(1.0, len(sample) / 20_000)

    def ask(*_: object) -> bool:
        nonlocal last, longest
        now = clock()
        longest, last = max(longest, now - last), now
        dominant = longest > _STEP_SECONDS and 2 * longest > now - began
        return dominant or now - began > allowed

    try:
        Parser(language).parse(lambda at, _: sample[at:], progress_callback=ask)
    except ValueError:  # cancelled
        return True
    return ask()


def _is_degenerate(root: Node) -> bool:
    """Whether a query would not end in time.

    It takes quadratic time in the flat lists that errors leave and in the depth of a tree,
    which it counts in 16 bits besides. Only nodes with many descendants are visited, so this
    costs nothing for an ordinary file.
    """
    if root.descendant_count > _NODES:
        return True
    cursor, depth = root.walk(), 0
    while node := cursor.node:
        if depth > _DEPTH or (node.child_count > _WIDTH and node.has_error):
            return True
        if node.descendant_count > _BIG and cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            depth -= 1
            if not cursor.goto_parent():
                return False
    return False
