"""Documents by section and any other text by windows of lines; no parser is needed.

A section is what stands between two headings; its symbol is the path of headings that leads
to it (``Install > From source``). A heading with nothing below it is part of the next section.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from codesearch.chunking import base
from codesearch.model import Chunk, SourceFile

#: A section of more lines is answered in parts.
LONG_SECTION = 80

Heading = tuple[int, int, int, str]  # indices of its first line and of its body, level, title

_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_NO_PARAGRAPH = re.compile(r" {4}|\t|[ ]{0,3}(?:[-*+>|#<]|\d+[.)]|`{3}|~{3}|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)$")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+")
_MARKUP = re.compile(r":[\w:+.-]+:(?=`)|[*`]+|!?\[([^\]]*)\]\([^)]*\)|<[^>]*>")
_MAX_TITLE = 120


def windows(file: SourceFile) -> list[Chunk]:
    """Any text: windows of about 40 lines, cut at blank lines."""
    return base.plain(file, "text", file.text.split("\n"), 1, base.WINDOW_LINES)


def sections(file: SourceFile, format_name: str) -> list[Chunk]:
    """A document by its sections. ``format_name`` is "markdown" or "restructuredtext"."""
    lines = file.text.split("\n")
    found: list[Chunk] = []
    path: list[tuple[int, str]] = []
    start = body = 0
    for first, below, level, title in [*_HEADINGS[format_name](lines), (len(lines), 0, 0, "")]:
        is_last = first == len(lines)
        if is_last or any(line.strip() for line in lines[body:first]):
            found += _section(file, lines[start:first], start + 1, path)
            start = first
        body = below
        while path and path[-1][0] >= level:
            path.pop()
        path.append((level, title))
    return found


def _section(
    file: SourceFile, lines: Sequence[str], first: int, path: Sequence[tuple[int, str]]
) -> list[Chunk]:
    limit = len(lines) if len(lines) <= LONG_SECTION else base.LEFTOVER_LINES
    symbol = " > ".join(title for _, title in path if title)
    signature = path[-1][1] if path else ""
    return base.plain(
        file, "section", lines, first, max(limit, 1), symbol=symbol, signature=signature
    )


def _markdown(lines: Sequence[str]) -> Iterator[Heading]:
    """ATX and setext headings outside of fenced code and front matter (CommonMark 0.31)."""
    index = _front_matter(lines)
    fence = ""
    while index < len(lines):
        line = lines[index]
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        elif heading := _ATX.match(line):
            title = line[heading.end() :].strip()
            bare = title.rstrip("#")
            title = bare.rstrip() if not bare or bare[-1] in " \t" else title
            yield index, index + 1, len(heading[1]), _plain(title)
        elif (
            index
            and (under := _SETEXT.fullmatch(line))
            and not _NO_PARAGRAPH.match(lines[index - 1])
            and (index == 1 or not lines[index - 2].strip())
        ):
            level = 1 if under[1][0] == "=" else 2
            yield index - 1, index + 1, level, _plain(lines[index - 1])
        index += 1


def _front_matter(lines: Sequence[str]) -> int:
    """The index of the first line after a YAML or TOML block at the top."""
    if lines[0].rstrip() in ("---", "+++"):
        for index in range(1, min(len(lines), 200)):
            if lines[index].rstrip() in (lines[0].rstrip(), "..."):
                return index + 1
    return 0


def _restructuredtext(lines: Sequence[str]) -> Iterator[Heading]:
    """Titles with an adornment below, or below and above; levels in the order of their styles."""
    styles: list[str] = []
    index = 1
    while index < len(lines):
        title, line = lines[index - 1], lines[index].rstrip()
        found = False
        if _ADORNMENT.fullmatch(line) and title.strip() and len(line) >= min(4, len(title)):
            above = lines[index - 2].rstrip() if index > 1 else ""
            over = above == line
            found = over or (not above and not title[0].isspace())
            if found and not _ADORNMENT.fullmatch(title.rstrip()):
                style = line[0] * (2 if over else 1)
                if style not in styles:
                    styles.append(style)
                first = index - 2 if over else index - 1
                yield first, index + 1, styles.index(style) + 1, _plain(title)
        index += 2 if found else 1


def _plain(title: str) -> str:
    return _MARKUP.sub(lambda m: m[1] or "", title[: 4 * _MAX_TITLE]).strip()[:_MAX_TITLE]


_HEADINGS: dict[str, Callable[[Sequence[str]], Iterator[Heading]]] = {
    "markdown": _markdown,
    "restructuredtext": _restructuredtext,
}
