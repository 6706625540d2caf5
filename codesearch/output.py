"""The terminal: answers as people read them, and as one line a hit where nobody looks.

Everything here turns values into text; the command line prints it. What comes from a
repository (names, code) is untrusted: control characters, marks that reorder text and
bytes that are no text are shown as escapes and never reach the terminal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codesearch import terms
from codesearch.model import Chunk, Hit
from codesearch.snippet import Extent, Snippet, cut, defined_at

MIN_COLUMNS = 20
#: Characters of a question that count.
MAX_QUERY = 10_000
_MIN_SYMBOL = 12
_TAB = 4
# Lexers are regular expressions that a hostile file could make slow: no more than this at once.
_MAX_LEXED = 20_000


@dataclass(frozen=True, slots=True)
class Screen:
    """What the other end can show. ``columns`` is None where lines may be of any length."""

    columns: int | None = None
    colour: bool = False
    unicode: bool = True  # whether its encoding has an ellipsis

    @property
    def width(self) -> int:
        return 1_000_000 if self.columns is None else max(self.columns, MIN_COLUMNS)

    @property
    def ellipsis(self) -> str:
        return "\u2026" if self.unicode else "..."

    def paint(self, text: str, code: str) -> str:
        """Text in a colour: ``code`` are the numbers of an SGR sequence, e.g. ``1;35``."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text else text


# Sixteen colours, so that the theme of the terminal decides.
PATH, _LINES, _KIND, _SYMBOL, _SCORE, _DIM = "35", "32", "36", "1", "33", "2"


# -- text that is safe to show, and how wide it is ---------------------------------------

# Controls, bytes that are no text (as surrogates), line separators, and marks that reorder.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def visible(text: str) -> str:
    """Text with everything that could act on a terminal shown as an escape."""
    return text if text.isprintable() else _UNSAFE.sub(_escape, text)


def one_line(text: str) -> str:
    """Text without control characters, line ends and what is no Unicode."""
    return " ".join(re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text).split())


def plain_name(path: str) -> str:
    """A file's name for a program: exact, but on one line (controls are escaped)."""
    return _CONTROLS.sub(_escape, path)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is no text
        code -= 0xDC00
    return _NAMED.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def width(text: str) -> int:
    """Columns that safe text takes: East Asian wide characters two, combining marks none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if char < "\u0300":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def clip(text: str, columns: int, ellipsis: str = "\u2026") -> str:
    """The beginning of a safe text, ending in an ellipsis where it does not fit."""
    if width(text) <= columns:
        return text
    room = columns - width(ellipsis)
    out, used = [], 0
    for char in text:
        used += _columns(char)
        if used > room:
            break
        out.append(char)
    return "".join(out) + ellipsis


def clip_left(text: str, columns: int, ellipsis: str = "\u2026") -> str:
    """The end of a safe text, after an ellipsis where it does not fit."""
    return clip(text[::-1], columns, ellipsis[::-1])[::-1]


#: The text of a line in pieces, each with its colour.
Pieces = Sequence[tuple[str, str]]


# -- answers -----------------------------------------------------------------------------


def plain(hit: Hit, name: str, screen: Screen) -> str:
    """One line: ``path:start-end  kind Qualified.name  score``. ``name`` is the path to show."""
    lines = f":{hit.chunk.start_line}-{hit.chunk.end_line}"
    where = screen.paint(plain_name(name), PATH) + screen.paint(lines, _LINES)
    return f"{where}  {_what(hit, screen)}"


def vimgrep(hit: Hit, name: str) -> str:
    """``path:line:column:text`` of the line that defines the answer, for quickfix lists."""
    chunk = hit.chunk
    lines = chunk.text.split("\n")
    at = defined_at(chunk, lines)
    last = chunk.symbol.rpartition(".")[2]
    column = max(lines[at].find(last), 0) if last else 0
    column = len(lines[at][:column].encode("utf-8", "replace"))  # in bytes, as vim counts
    return f"{plain_name(name)}:{chunk.start_line + at}:{column + 1}:{visible(lines[at].strip())}"


def block(
    hit: Hit, name: str, words: Collection[str], extent: Extent, screen: Screen, *, explain: bool
) -> str:
    """A hit for a person: a header, the parts of its score if asked for, and its lines."""
    out = list(_header(hit, visible(name), screen))
    if explain:
        out += _parts(hit, screen)
    out += _code(cut(hit.chunk, words, extent), hit.chunk, set(words), screen)
    for other in hit.also:
        out.append(_also(other, screen))
        if explain:
            out += _parts(other, screen, indent=4)
    return "\n".join(out)


def _header(hit: Hit, name: str, screen: Screen) -> Iterator[str]:
    """On one line where it fits, else on two."""
    chunk, paint = hit.chunk, screen.paint
    lines = f":{chunk.start_line}-{chunk.end_line}"
    where = clip_left(name, screen.width - len(lines), screen.ellipsis)
    shown = paint(where, PATH) + paint(lines, _LINES)
    indent = "  "
    whole = len(lines) + width(where) + len(indent) + width(_what(hit, Screen()))
    if whole <= screen.width:
        yield shown + indent + _what(hit, screen)
    else:
        yield shown
        yield indent + _what(hit, screen, screen.width - len(indent))


def _what(hit: Hit, screen: Screen, columns: int = 1_000_000) -> str:
    """``kind Qualified.name  score``; without room the kind gives way, then the name's head."""
    kind, symbol = hit.chunk.kind, visible(hit.chunk.symbol)
    score = f"{hit.score:.2f}" + ("" if hit.fresh else " (changed)")
    if hit.relation:
        score += f", {hit.relation}" + ("" if " " in hit.relation else " copy")
    room = columns - len(score) - 2
    if not symbol:
        what = screen.paint(clip(kind, room, screen.ellipsis), _KIND)
    else:
        lead = f"{kind} "
        if width(symbol) > room - len(lead) < _MIN_SYMBOL:
            lead = ""
        symbol = clip_left(symbol, room - len(lead), screen.ellipsis)
        what = screen.paint(lead, _KIND) + screen.paint(symbol, _SYMBOL)
    return f"{what}  {screen.paint(score, _SCORE)}"


def _also(hit: Hit, screen: Screen) -> str:
    """A further function of the same file: ``  start-end  kind name  score``."""
    lines = f"{hit.chunk.start_line}-{hit.chunk.end_line}"
    room = screen.width - len(lines) - 4
    return f"  {screen.paint(lines, _LINES)}  {_what(hit, screen, room)}"


def _parts(hit: Hit, screen: Screen, indent: int = 2) -> list[str]:
    rows = [(visible(name), f"{value:.2f}") for name, value in hit.parts.items()]
    if not rows:
        return []
    left = max(len(name) for name, _ in rows)
    right = max(len(value) for _, value in rows)
    room = screen.width - indent
    lines = (clip(f"{n:<{left}}  {v:>{right}}", room, screen.ellipsis) for n, v in rows)
    return [" " * indent + screen.paint(line, _DIM) for line in lines]


def _code(snippet: Snippet, chunk: Chunk, words: set[str], screen: Screen) -> Iterator[str]:
    """The lines with their numbers, without the indentation that all of them share."""
    lines = [line.expandtabs(_TAB).rstrip() for line in snippet.lines]
    numbers = range(snippet.start_line, snippet.start_line + len(lines))
    gutter = len(str(numbers[-1]))
    margin = min(map(_indent, filter(None, lines)), default=0)
    shown = [(number, line, margin) for number, line in zip(numbers, lines, strict=True)]
    if snippet.head:
        number, head = snippet.head[0], snippet.head[1].expandtabs(_TAB).rstrip()
        # Far below the definition the indentation says little, and takes the room.
        margin = min(margin, max(_indent(head), margin - _TAB))
        shown = [(number, head, _indent(head)), *((n, line, margin) for n, line, _ in shown)]
    wanted = [n - chunk.start_line for n, _, _ in shown]
    coloured: Mapping[int, Pieces] = colours(chunk, wanted) if screen.colour else {}
    for at, (number, text, skipped) in enumerate(shown):
        if at and number > shown[at - 1][0] + 1:
            yield screen.paint(f"{screen.ellipsis:>{gutter}}", _DIM)
        pieces: Pieces = coloured.get(number - chunk.start_line) or [(text, "")]
        pieces = _emphasised(pieces, words) if screen.colour else pieces
        line = fit(pieces, skipped, screen.width - gutter - 2, screen)
        yield (screen.paint(f"{number:>{gutter}}", _DIM) + "  " + line).rstrip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def fit(pieces: Pieces, margin: int, room: int, screen: Screen) -> str:
    """Coloured pieces of a line, from column ``margin`` on, cut to so many columns."""
    out = []
    skip = margin
    whole = sum(width(visible(text)) for text, _ in pieces) - margin
    left = room if whole <= room else room - width(screen.ellipsis)
    for raw, code in pieces:
        text = visible(raw[skip:])
        skip = max(0, skip - len(raw))
        kept = text if width(text) <= left else clip(text, left, "")
        out.append(screen.paint(kept, code))
        left -= width(kept)
        if kept != text:
            break
    return "".join(out) + (screen.ellipsis if whole > room else "")


def _emphasised(pieces: Pieces, words: set[str]) -> Pieces:
    """The same pieces with the words of the question in bold."""
    out = []
    for text, code in pieces:
        at = 0
        for word in re.finditer(r"\w+", text) if words else ():
            if not words.isdisjoint(terms.expand(word[0])):
                out.append((text[at : word.start()], code))
                out.append((word[0], "1" if code in {"", _DIM} else f"{code};1"))
                at = word.end()
        out.append((text[at:], code))
    return out


# -- colours of code ---------------------------------------------------------------------

# By the first of these that holds a token's type. Names as pygments gives them.
_TOKENS = (
    ("Token.Comment", _DIM),
    ("Token.Literal.String", "32"),
    ("Token.Literal.Number", "36"),
    ("Token.Keyword", "35"),
    ("Token.Operator.Word", "35"),
    ("Token.Name.Decorator", "33"),
    ("Token.Name.Function", "34"),
    ("Token.Name.Class", "34"),
    ("Token.Name.Builtin", "36"),
)
#: Where pygments has another name for a language.
LEXERS = {"jsx": "javascript", "ocaml-interface": "ocaml"}


def colours(chunk: Chunk, wanted: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """Coloured pieces of the wanted lines, by index into the chunk's lines."""
    lexer = _lexer(chunk.language)
    if lexer is None:
        return {}
    lines = [line.expandtabs(_TAB).rstrip() for line in chunk.text.split("\n")[: max(wanted) + 1]]
    code = "\n".join(lines)
    if len(code) > _MAX_LEXED:
        return {}
    out: dict[int, list[tuple[str, str]]] = {}
    number = 0
    for token, text in lexer.get_tokens(code):
        colour = _colour(str(token))
        first, *others = text.split("\n")
        out.setdefault(number, []).append((first, colour))
        for more in others:
            number += 1
            out.setdefault(number, []).append((more, colour))
    return {n: out[n] for n in wanted if n in out and "".join(t for t, _ in out[n]) == lines[n]}


def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(LEXERS.get(language, language), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _colour(token: str) -> str:
    return next((code for prefix, code in _TOKENS if token.startswith(prefix)), "")


# -- tables and numbers ------------------------------------------------------------------


def table(rows: Sequence[Sequence[str]], screen: Screen) -> str:
    """Aligned columns, two blanks apart; the first is dim, the last is cut at the edge."""
    safe = [[visible(cell) for cell in row] for row in rows]
    wide = [max(width(row[i]) for row in safe) for i in range(len(safe[0]) - 1)]
    room = max(screen.width - sum(wide) - 2 * len(wide), MIN_COLUMNS // 2)
    out = []
    for *cells, last in safe:
        lead = [c + " " * (w - width(c)) for c, w in zip(cells, wide, strict=True)]
        lead[0] = screen.paint(lead[0], _DIM)
        out.append("  ".join([*lead, clip(last, room, screen.ellipsis)]).rstrip())
    return "\n".join(out)


def listing(rows: Sequence[tuple[str, str]], screen: Screen) -> str:
    """Names and values; a long value goes on under itself, so that nothing of it is lost."""
    from textwrap import wrap

    left = max(width(name) for name, _ in rows)
    room = max(screen.width - left - 2, MIN_COLUMNS // 2)
    out = []
    for name, value in rows:
        lines = wrap(visible(value), room, break_long_words=False, break_on_hyphens=False)
        out.append(f"{screen.paint(f'{name:<{left}}', _DIM)}  {lines[0] if lines else ''}".rstrip())
        out += [" " * (left + 2) + line for line in lines[1:]]
    return "\n".join(out)


def counts(numbers: Mapping[str, int], most: int = 8) -> str:
    """``python 2,100, html 200, 4 others``."""
    shown = [f"{name} {n:,}" for name, n in list(numbers.items())[:most]]
    if len(numbers) > most:
        shown.append(f"{len(numbers) - most} others")
    return ", ".join(shown)


def plural(n: int, one: str) -> str:
    return f"{n:,} {one}" if n == 1 else f"{n:,} {one}s"


def size(n: int) -> str:
    """Bytes with a decimal unit."""
    if n < 1000:
        return plural(n, "byte")
    power = min(len(str(n)) - 1, 11) // 3
    return f"{n / 1000**power:.1f} {('kB', 'MB', 'GB')[power - 1]}"


def duration(seconds: float) -> str:
    """``0.04 s``, ``2.5 s``, ``12 s``, ``3 min 20 s``."""
    if seconds < 10:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"


def age(seconds: float) -> str:
    """``3 minutes ago``."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return plural(int(seconds // length), unit) + " ago"
    return "just now"
