"""Snippets: which lines of an answer to show.

A function can be long; its answer to the question is often a few lines of it. This room
finds them from the words of the question. It knows no terminal and no JSON, and it reads
no file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from codesearch import terms
from codesearch.model import Chunk

WINDOW = 8
#: An answer this much longer than the window is shown whole: a cut would save nothing.
TOLERANCE = 2


@dataclass(frozen=True, slots=True)
class Extent:
    """How much to show: all, so many lines around the best line, or (None) the best window."""

    full: bool = False
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Snippet:
    """Some consecutive lines, and where they begin.

    ``head`` is the line that defines the symbol, with its number, where the lines begin
    below it.
    """

    start_line: int
    lines: tuple[str, ...]
    head: tuple[int, str] | None = None


def cut(chunk: Chunk, words: Collection[str], extent: Extent) -> Snippet:
    """The lines of a chunk that say most about the question.

    Args:
        chunk: an answer, its ``text`` the lines ``start_line`` to ``end_line`` of the file.
        words: the question's terms, as ``terms.question_terms`` gives them.
        extent: how much of it.
    """
    lines = chunk.text.split("\n")
    definition = defined_at(chunk, lines)
    begin, end = _range(lines, set(words), definition, extent)
    while begin < end - 1 and not lines[begin].strip():
        begin += 1
    while begin < end - 1 and not lines[end - 1].strip():
        end -= 1
    head = (chunk.start_line + definition, lines[definition]) if definition < begin else None
    return Snippet(chunk.start_line + begin, tuple(lines[begin:end]), head)


def defined_at(chunk: Chunk, lines: Sequence[str]) -> int:
    """The index of the line that names the chunk's symbol, below its comments; 0 if none does."""
    name = chunk.symbol.rpartition(".")[2]
    signature = chunk.signature.split("\n", 1)[0].strip()
    if signature:
        for i, line in enumerate(lines):
            if line.strip().startswith(signature):
                return i
    if name:
        for i, line in enumerate(lines):
            if name in line:
                return i
    return 0


def _range(lines: list[str], words: set[str], definition: int, extent: Extent) -> tuple[int, int]:
    whole = (0, len(lines))
    around = extent.before is not None or extent.after is not None
    if extent.full or (len(lines) <= WINDOW + TOLERANCE and not around):
        return whole
    found = [_met(line, words) if words else frozenset() for line in lines]
    if around:
        best = max(range(len(lines)), key=lambda i: (len(found[i]), i == definition, -i))
        return max(0, best - (extent.before or 0)), min(len(lines), best + (extent.after or 0) + 1)
    begin = _densest(found)
    return begin, begin + WINDOW


def _met(line: str, words: set[str]) -> frozenset[str]:
    return frozenset(t for w in terms.words(line) for t in terms.expand(w) if t in words)


def _densest(found: list[frozenset[str]]) -> int:
    """Where the window begins that meets the most distinct words, then the most lines with
    any, then has these in its middle; the first of equals, so the beginning if nothing is met.
    """
    best, best_key = 0, (0, 0, 0.0)
    for begin in range(len(found) - WINDOW + 1):
        met = [i for i in range(begin, begin + WINDOW) if found[i]]
        if not met:
            continue
        distinct = len(frozenset().union(*(found[i] for i in met)))
        middle = sum(met) / len(met) - begin - (WINDOW - 1) / 2
        key = (distinct, len(met), -abs(middle))
        if key > best_key:
            best, best_key = begin, key
    return best
