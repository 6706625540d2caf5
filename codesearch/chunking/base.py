"""Lines: where a long text is cut, by nothing but length, blank lines and indentation.

This room knows no language. What it cuts between two lines is a statement boundary in all
of them but for the odd string that spans lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from codesearch.model import Chunk, Kind, SourceFile

#: Characters of code that one embedding takes in.
PIECE = 1_800
#: Lines of a piece of what is left of a module, and of a window of plain text.
LEFTOVER_LINES = 60
WINDOW_LINES = 40

_CLOSERS = (")", "]", "}", "end", "else", "</")
_TAB = 4


def cut(lines: Sequence[str], sizes: Sequence[int], limit: int) -> list[int]:
    """Where to cut lines into runs: the index of the first line of each run but the first.

    A run's sizes sum up to at most ``limit``, unless one line is larger. Of the places in the
    second half of what fits, the best is the least indented, after a blank line, latest.
    """
    starts: list[int] = []
    start, total, n = 0, 0, len(lines)
    rest = sum(sizes)
    i = 0
    while i < n and rest > limit:
        total += sizes[i]
        if total <= limit or i == start:
            i += 1
            continue
        best = _best(lines, sizes, start, i, limit)
        rest -= sum(sizes[start:best])
        starts.append(best)
        start = i = best
        total = 0
    return starts


def _best(lines: Sequence[str], sizes: Sequence[int], start: int, end: int, limit: int) -> int:
    """The best first line of the next run among ``start + 1 .. end``."""
    best, best_cost = end, 1 << 30
    filled = 0
    for i in range(start + 1, end + 1):
        filled += sizes[i - 1]
        if 2 * filled < limit:
            continue
        line = lines[i]
        text = line.lstrip()
        if not text:
            continue
        indent = len(line) - len(text)
        cost = 2 * (indent + (_TAB - 1) * line.count("\t", 0, indent))
        if text.startswith(_CLOSERS):
            cost += 16
        if lines[i - 1].strip():
            cost += 5
        if cost <= best_cost:
            best, best_cost = i, cost
    return best


def cuts(text: str) -> tuple[int, ...]:
    """The offsets at which further pieces of a long text begin, see ``Chunk.cuts``."""
    if len(text) <= PIECE:
        return ()
    lines = text.split("\n")
    sizes = [len(line) + 1 for line in lines]
    offsets: list[int] = []
    position = done = 0
    for index in [*cut(lines, sizes, PIECE), len(lines)]:
        end = position + sum(sizes[done:index])
        while end - position > PIECE + 1:  # one line alone is longer
            space = text.rfind(" ", position + PIECE // 2, position + PIECE)
            position = space + 1 if space > 0 else position + PIECE
            offsets.append(position)
        position, done = end, index
        offsets.append(end)
    return tuple(offset for offset in offsets if offset < len(text))


def plain(
    file: SourceFile,
    kind: Kind,
    lines: Sequence[str],
    first: int,
    limit: int,
    symbol: str = "",
    signature: str = "",
) -> list[Chunk]:
    """Lines without structure as chunks of at most ``limit`` lines.

    ``first`` is the number of the first of ``lines``. Blank lines at the edges are left out,
    and so is a run of nothing else.
    """
    found = []
    starts = [0, *cut(lines, [1] * len(lines), limit)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        a, b = start, end
        while a < b and not lines[a].strip():
            a += 1
        while a < b and not lines[b - 1].strip():
            b -= 1
        if a < b:
            text = "\n".join(lines[a:b])
            found.append(
                chunk_of(
                    file,
                    kind,
                    text,
                    first + a,
                    first + b - 1,
                    symbol=symbol,
                    signature=signature,
                )
            )
    return found


def chunk_of(
    file: SourceFile,
    kind: Kind,
    text: str,
    start_line: int,
    end_line: int,
    *,
    symbol: str = "",
    signature: str = "",
    doc: str = "",
    parameters: tuple[str, ...] = (),
    fingerprint: bytes = b"",
) -> Chunk:
    """A chunk of a file, its text cut where it is too long for one embedding."""
    return Chunk(
        path=file.path,
        language=file.language,
        kind=kind,
        symbol=symbol,
        signature=signature,
        doc=doc,
        parameters=parameters,
        start_line=start_line,
        end_line=end_line,
        text=text,
        cuts=cuts(text),
        fingerprint=fingerprint,
    )
