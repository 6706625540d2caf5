"""From an outline to chunks: texts, signatures, docs, and the pieces that are left over.

A chunk's text is its extent without its doc; a container's has the signatures of its members
in their place. What no entry covers is cut into pieces of the module, so that together the
chunks hold every line of the file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from codesearch.chunking import base, tokens
from codesearch.chunking.comments import clean
from codesearch.chunking.outline import Entry, Outline
from codesearch.chunking.parse import Source, parse
from codesearch.languages import Grammar
from codesearch.model import Chunk, Kind, SourceFile

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_SIGNATURE = 300
#: A gap of at most this many lines may be trivia.
TRIVIA_LINES = 6
TRIVIA_BYTES = 600
#: What shares a line with an entry belongs to it, if it is shorter (bytes).
REST_OF_LINE = 400

_TAIL = re.compile(r"(?:\s*(?:[{=:;,\\]|\b(?:do|where|begin)\b))+$")
_INSIDE = re.compile(r"(?<=[(\[]) |,? (?=[)\]])")
_BLANKS = re.compile(r"\n(?:[ \t]*\n)+")
_NOTHING = re.compile(r"\W*")
_CLOSING = re.compile(rb"[)\]}][^\w\s]*(?:\s*(?://|/\*|#).*)?|#\s*endif\b.*|end[);,]*")

Edit = tuple[int, int, bytes]
#: Fingerprints by a function's symbol and its whole lines, which they depend on and on no more:
#: to make them takes most of the time that a file takes.
Known = Mapping[tuple[str, str], bytes]


def chunk(grammar: Grammar, file: SourceFile, known: Known) -> list[Chunk] | None:
    """The chunks of a file in a language with a parser; None if parsing took too long.

    Raises:
        GrammarError: the grammar's parser or query cannot be used.
    """
    parsed = parse(grammar, Source(file.text))
    if parsed is None:
        return None
    writer = _Writer(grammar, file, Outline(grammar, parsed), known)
    found = writer.leftovers()  # first: it gives trivia to the entries
    found.extend(writer.entries())
    found.sort(key=lambda c: (c.start_line, -c.end_line))
    return found


def tokens_of(
    grammar: Grammar, file: SourceFile, wanted: Collection[tuple[int, str]]
) -> dict[tuple[int, str], list[tuple[int, int, str]]]:
    """The tokens of some functions; see ``chunking.tokens_of``."""
    parsed = parse(grammar, Source(file.text))
    if parsed is None:
        return {}
    outline = Outline(grammar, parsed)
    _Writer(grammar, file, outline, {}).leftovers()  # so that entries begin where chunks do
    source, found = outline.source, {}
    for key, each in tokens.located(outline, wanted):
        first = position = source.starts[key[0] - 1]
        offset = 0
        places = []
        for token in each:
            if token.start < position:  # the body of a here-document, say
                position, offset = first, 0
            offset += len(source.text(position, token.start))
            end = offset + len(token.text)
            places.append((offset, end, token.text))
            position, offset = token.end, end
        found[key] = places
    return found


class _Writer:
    def __init__(self, grammar: Grammar, file: SourceFile, outline: Outline, known: Known) -> None:
        self.grammar = grammar
        self.file = file
        self.outline = outline
        self.known = known
        self.source = outline.source
        self.marks = outline.marks
        self.starts = [mark.start for mark in outline.marks]
        self.trivia = re.compile(grammar.trivia or r"\W*")

    def entries(self) -> Iterator[Chunk]:
        """A chunk for every entry, outer ones first."""
        stack = [iter(self.outline.entries)]
        while stack:
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
                continue
            yield self._chunk(entry)
            if entry.children:
                stack.append(iter(entry.children))

    def _chunk(self, entry: Entry) -> Chunk:
        edits = [edit for a, b in entry.docs if (edit := self._without_line(a, b))]
        edits += [(child.start, child.end, self._stand_in(child)) for child in entry.children]
        text = self._rendered(entry.start, entry.end, edits)
        if entry.children:
            text = _BLANKS.sub("\n\n", text)
        source = self.source
        first, last = source.row(entry.start), source.row(max(entry.start, entry.end - 1))
        return base.chunk_of(
            self.file,
            cast("Kind", entry.kind),
            text.strip("\n").rstrip(),
            first + 1,
            last + 1,
            symbol=entry.symbol,
            signature=self._signature(entry),
            doc=self._doc(entry),
            parameters=self._parameters(entry),
            fingerprint=self._fingerprint(entry, first, last),
        )

    def _fingerprint(self, entry: Entry, first: int, last: int) -> bytes:
        if self.known:
            lines = self.source.text(self.source.starts[first], self.source.end_of(last))
            if (entry.symbol, lines) in self.known:
                return self.known[entry.symbol, lines]
        return tokens.of_entry(self.outline, entry)

    def _without_line(self, start: int, end: int) -> Edit | None:
        """Takes a doc out with its lines; None if other code shares them."""
        source = self.source
        line, stop = source.line_start(start), source.line_end(end)
        if source.data[line:start].strip() or source.data[end:stop].strip(b" \t\r;,"):
            return None
        return line, stop + 1, b""

    def _stand_in(self, child: Entry) -> bytes:
        """What a container shows of a member."""
        data = self.source.data
        first = data[child.start : child.end]
        indent = first[: len(first) - len(first.lstrip())]
        return indent + self._signature(child).encode("utf-8", "replace")

    def _rendered(self, start: int, end: int, edits: list[Edit]) -> str:
        edits.sort()
        parts: list[bytes] = []
        data, position = self.source.data, start
        for a, b, new in edits:
            if position <= a < end:
                parts.append(data[position:a])
                parts.append(new)
                position = min(b, end)
        parts.append(data[position:end])
        return b"".join(parts).decode("utf-8", "replace")

    def _signature(self, entry: Entry) -> str:
        """On one line, without body, comments and attributes."""
        if entry.signature:
            return entry.signature
        definition = entry.definition
        body = definition.body_node()
        start = definition.outer
        end = definition.outer_end
        if body is not None and start < body.start_byte < end:
            end = body.start_byte
        end = min(end, start + 8 * MAX_SIGNATURE)
        text, position = "", start
        for index in range(bisect_left(self.starts, start), bisect_left(self.starts, end)):
            mark = self.marks[index]
            text += self.source.text(position, mark.start) + " "
            position = mark.end
        text = " ".join((text + self.source.text(position, end)).split())
        text = _TAIL.sub("", _INSIDE.sub("", text))
        if len(text) > MAX_SIGNATURE:
            text = text[: MAX_SIGNATURE - 3].rstrip() + "..."
        entry.signature = text
        return text

    def _doc(self, entry: Entry) -> str:
        """The doc's words; comments in adjacent lines are one text."""
        docs: list[str] = []
        data = self.source.data
        start = end = -1
        for a, b in entry.docs:
            if end >= 0 and not data[end:a].strip():
                end = b
                continue
            if end >= 0:
                docs.append(clean(self.source.text(start, end)))
            start, end = a, b
        if end >= 0:
            docs.append(clean(self.source.text(start, end)))
        return "\n\n".join(doc for doc in docs if doc)

    def _parameters(self, entry: Entry) -> tuple[str, ...]:
        """Names of the first clause that has any: of ``f [] = 0; f (x : xs) = ...`` the second."""
        query = self.grammar.parameter_query
        if query is None:
            return ()
        from tree_sitter import QueryCursor

        cursor = QueryCursor(query)
        cursor.set_max_start_depth(0)
        for clause in (entry.definition, *entry.clauses):
            node = clause.parameter_list()
            if node is None:
                continue
            found: list[Node] = cursor.captures(node).get("parameter", [])
            names = [self.source.text(*n.byte_range) for n in sorted(found, key=_start)]
            kept = tuple(dict.fromkeys(n for n in names if n not in self.grammar.receivers))
            if kept:
                return kept
        return ()

    def leftovers(self) -> list[Chunk]:
        """Pieces of what is between the outline's entries; trivia is given to the entries."""
        found: list[Chunk] = []
        before: Entry | None = None
        for after in [*self.outline.entries, None]:
            position = before.end if before else 0
            if after is not None:
                line = self.source.line_start(after.start)
                if position <= line and after.start - line < REST_OF_LINE:
                    after.start = line
            stop = after.start if after else len(self.source.data)
            if before is not None and position < stop:
                position = self._close(before, stop, after)
            if self.source.data[position:stop].strip():
                if (before or after) and self._is_trivia(position, stop):
                    if before is not None and (after is None or self._hangs(position, stop)):
                        before.end = position + len(self.source.data[position:stop].rstrip())
                    elif after is not None:
                        after.start = self._first_line(position, stop)
                else:
                    lines = self.source.text(position, stop).split("\n")
                    first = self.source.row(position) + 1
                    found += base.plain(self.file, "module", lines, first, base.LEFTOVER_LINES)
            before = after
        return found

    def _first_line(self, start: int, stop: int) -> int:
        """Where the first line that is not blank begins."""
        gap = self.source.data[start:stop]
        return max(start, self.source.line_start(start + len(gap) - len(gap.lstrip())))

    def _hangs(self, start: int, stop: int) -> bool:
        """Whether a gap's lines touch what is before them and not what is behind."""
        gap = self.source.data[start:stop]
        above, below = gap[: -len(gap.lstrip())], gap[len(gap.rstrip()) :]
        return above.count(b"\n") < 2 <= below.count(b"\n")

    def _close(self, before: Entry, stop: int, after: Entry | None) -> int:
        """Gives an entry its line's rest and closing lines directly below; gives the new end."""
        data, end = self.source.data, before.end
        column = 0
        if after is not None:
            column = after.definition.outer - self.source.line_start(after.definition.outer)
        position = end
        for number, line in enumerate(data[end : min(stop, end + 1_000)].split(b"\n")):
            bare = line.strip()
            deeper = after is not None and len(line) - len(line.lstrip()) > column
            comment = deeper and self._is_trivia(position, position + len(line))
            rest = not number and len(line) < min(REST_OF_LINE, stop - end)
            if bare and (rest or _CLOSING.fullmatch(bare) or comment):
                before.end = position + len(line)
            elif number:  # the first is what is left of the entry's own line
                break
            position += len(line) + 1
        return before.end

    def _is_trivia(self, start: int, stop: int) -> bool:
        """Whether a gap has nothing but short comments, punctuation and the grammar's trivia."""
        data = self.source.data
        if stop - start > TRIVIA_BYTES or data[start:stop].strip().count(b"\n") >= TRIVIA_LINES:
            return False
        rest, position = b"", start
        for index in range(bisect_left(self.starts, start), bisect_left(self.starts, stop)):
            mark = self.marks[index]
            if mark.is_comment:
                rest += data[position : mark.start]
                position = mark.end
        rest += data[position:stop]
        return all(
            _NOTHING.fullmatch(line) or self.trivia.fullmatch(line.strip())
            for line in rest.decode("utf-8", "replace").split("\n")
        )


def _start(node: Node) -> int:
    return node.start_byte
