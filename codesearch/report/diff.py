"""Two functions for people: the lines that differ, or both of them side by side.

Everything is given line by line, no wider than the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from codesearch import output
from codesearch.model import Chunk, Duplicate, Place
from codesearch.output import Pieces, Screen
from codesearch.report import words
from codesearch.report.compare import Line, Row, rows

#: Below that many columns, two functions stand one under the other.
SIDES = 80

_MOST_LINES = 12  # that differ; ``--diff`` shows all
_CONTEXT = 3  # equal lines around those that differ
_KEPT = 12  # columns of what is equal, where a line is too long
_LEFT, _RIGHT, _DIM = "31", "32", "2"
_REVERSED = ";7"

Colours = Mapping[int, Pieces]  # by the line's number
Namer = Callable[[str], str]


def changes(finding: Duplicate, screen: Screen) -> Iterator[str]:
    """The lines on which tokens differ, each under the one that it stands for."""
    found = rows(finding.place, finding.best)
    differing = [at for at, row in enumerate(found) if row.differs]
    shown: list[Row | None] = []
    left, last = _MOST_LINES, -1
    for at in differing:
        left -= len(found[at].lines)
        if left < 0:
            break
        if shown and at > last + 1:
            shown.append(None)
        shown.append(found[at])
        last = at
    yield from _under(shown, screen, {}, {})
    more = sum(len(found[at].lines) for at in differing if at > last)
    if more:
        note = f"{screen.ellipsis} {output.plural(more, 'more line')} differ"
        note += "s; see --diff" if more == 1 else "; see --diff"
        yield screen.paint(output.clip(note, screen.width, screen.ellipsis), _DIM)


def both(finding: Duplicate, name: Namer, screen: Screen) -> Iterator[str]:
    """Both functions, side by side where there is room; long equal parts are left out."""
    place, other = finding.place, finding.best.place
    if not place.text and not other.text:
        return
    shown = _folded(rows(place, finding.best))
    left, right = (_colours(p) if screen.colour else {} for p in (place, other))
    names = words.where(place, name), words.where(other, name)
    if screen.width >= SIDES:
        yield from _beside(shown, names, screen, left, right)
    else:
        for sign, code, text in zip("-+", (_LEFT, _RIGHT), names, strict=True):
            shown_name = output.clip_left(text, screen.width - 2, screen.ellipsis)
            yield screen.paint(f"{sign} {shown_name}", code)
        yield from _under(shown, screen, left, right)


def _folded(found: Sequence[Row]) -> list[Row | None]:
    """The rows, with None for equal ones that are far from any that differs."""
    out: list[Row | None] = []
    for same, group in groupby(found, lambda row: row.same):
        block = list(group)
        if same and len(block) > 2 * _CONTEXT + 1:
            out += [*block[:_CONTEXT], None, *block[-_CONTEXT:]]
        else:
            out += block
    return out


# -- one under the other -----------------------------------------------------------------


def _under(
    shown: Sequence[Row | None], screen: Screen, left: Colours, right: Colours
) -> Iterator[str]:
    real = [row for row in shown if row]
    gutter = _gutter([line for row in real for line in row.lines])
    margins = [_margin([row.left for row in real]), _margin([row.right for row in real])]
    room = max(screen.width - gutter - 3, 1)
    for row in shown:
        if row is None:
            yield screen.paint(f"{screen.ellipsis:>{gutter}}", _DIM)
            continue
        sides = [
            (row.left, margins[0], left, "-", _LEFT),
            (row.right, margins[1], right, "+", _RIGHT),
        ]
        for line, margin, colours, sign, code in sides[:1] if row.same else sides:
            if line is not None:
                mark = " " if row.same else screen.paint(sign, code)
                number = screen.paint(f"{line.number:>{gutter}}", _DIM)
                text = _shown(line, margin, room, colours, code, screen)
                yield f"{number} {mark} {text}".rstrip()


# -- side by side ------------------------------------------------------------------------


def _beside(
    shown: Sequence[Row | None],
    names: tuple[str, str],
    screen: Screen,
    left: Colours,
    right: Colours,
) -> Iterator[str]:
    real = [row for row in shown if row]
    lefts = [row.left for row in real if row.left]
    rights = [row.right for row in real if row.right]
    gutters = _gutter(lefts), _gutter(rights)
    margins = _margin(lefts), _margin(rights)
    room = screen.width - sum(gutters) - 5
    longest = [
        max((output.width(output.visible(line.text)) - margin for line in lines), default=0)
        for lines, margin in ((lefts, margins[0]), (rights, margins[1]))
    ]
    # The left column takes what it needs, and no more than half where both are too long.
    columns = max(min(longest[0], max(room // 2, room - longest[1])), 1)
    wide = gutters[0] + 1 + columns
    heads = [
        output.clip_left(text, most, screen.ellipsis)
        for text, most in zip(names, (wide, screen.width - wide - 3), strict=True)
    ]
    pad = " " * (wide - output.width(heads[0]))
    yield screen.paint(heads[0], output.PATH) + pad + "   " + screen.paint(heads[1], output.PATH)
    for row in shown:
        if row is None:
            yield screen.paint(f"{screen.ellipsis:>{gutters[0]}}", _DIM)
            continue
        one = _cell(row.left, gutters[0], margins[0], columns, left, _LEFT, screen)
        other = _cell(row.right, gutters[1], margins[1], room - columns, right, _RIGHT, screen)
        plain = _cell(row.left, gutters[0], margins[0], columns, {}, "", _bare(screen))
        pad = " " * (wide - output.width(plain))
        yield f"{one}{pad} {_sign(row)} {other}".rstrip()


def _cell(
    line: Line | None,
    gutter: int,
    margin: int,
    room: int,
    colours: Colours,
    code: str,
    screen: Screen,
) -> str:
    if line is None:
        return ""
    number = screen.paint(f"{line.number:>{gutter}}", _DIM)
    return f"{number} {_shown(line, margin, room, colours, code, screen)}"


def _sign(row: Row) -> str:
    if row.same:
        return " "
    return "|" if row.left and row.right else "<" if row.left else ">"


# -- a line ------------------------------------------------------------------------------


def _shown(line: Line, margin: int, room: int, colours: Colours, code: str, screen: Screen) -> str:
    """The text from a column on, with what differs in reverse, cut to so many columns."""
    pieces = colours.get(line.number) or [(line.text, "")]
    codes = [painted for text, painted in pieces for _ in text]
    chars = list(line.text)
    for start, end in line.spans:
        codes[start:end] = [code + _REVERSED] * (end - start)
    if line.spans and output.width(output.visible(line.text)) - margin > room:
        for start, end in _equal(line, margin):
            chars[start:end] = [screen.ellipsis, *[""] * (end - start - 1)]
    cells = list(zip(chars, codes, strict=True))[margin:]
    runs = [
        ("".join(char for char, _ in run), painted)
        for painted, run in groupby(cells, lambda cell: cell[1])
    ]
    return output.fit(runs, 0, room, screen)


def _equal(line: Line, margin: int) -> Iterator[tuple[int, int]]:
    """Long parts up to the last difference that say nothing about it, but for their ends."""
    at = margin
    for start, end in line.spans:
        if start - at > 2 * _KEPT + 1:
            yield at + _KEPT, start - _KEPT
        at = end


def _colours(place: Place) -> Colours:
    chunk = Chunk(
        path=place.path, language=place.language, kind="function", symbol=place.symbol,
        signature="", doc="", parameters=(), start_line=place.start_line,
        end_line=place.end_line, text=place.text,
    )  # fmt: skip
    wanted = range(place.text.count("\n") + 1)
    found = output.colours(chunk, wanted)
    return {place.start_line + at: pieces for at, pieces in found.items()}


def _gutter(lines: Sequence[Line]) -> int:
    return len(str(max((line.number for line in lines), default=0)))


def _margin(lines: Sequence[Line | None]) -> int:
    """The indentation that all of them share."""
    texts = [line.text for line in lines if line and line.text]
    return min((len(text) - len(text.lstrip(" ")) for text in texts), default=0)


def _bare(screen: Screen) -> Screen:
    return replace(screen, colour=False)
