"""Reading one file: opened once, never followed out of the root, decoded, or a reason why not.

What is wrong with a file is a ``Skipped``; nothing here raises for a bad one. The room does not
know languages; the caller's detector tells them.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Callable
from functools import cache

from codesearch.files.base import Rules, is_inside
from codesearch.files.exclusions import is_link
from codesearch.files.ignore import IgnoreList, as_bytes
from codesearch.model import FileStat, Skipped, SkipReason, SourceFile
from codesearch.places import Root

#: The language of a file, from its path and the beginning of its text.
Detect = Callable[[str, str], str]

# Formats that are written by hand when they are small and by programs when they are large.
_DATA_SUFFIXES = frozenset({"json", "json5", "xml", "yaml", "yml", "plist", "html", "htm"})
_MAX_DATA_BYTES = 100_000

# Of a file this long, lines of this length on average mean that no person wrote them. Prose is
# often one line a paragraph, so it is held to the longest line only.
_DENSE_FROM = 5_000
_DENSE_AVERAGE = 300
_MAX_LONG_SHARE = 0.67
_PROSE = frozenset({"text", "markdown", "restructuredtext"})

# A file says at its top that a program wrote it, at most below its licence.
_HEAD_LINES = 40
_HEAD_CHARS = 6_000
_NEAR = 2


def read(root: Root, file: FileStat, rules: Rules, detect: Detect) -> SourceFile | Skipped:
    """Read and decode one file, or say why it is left out.

    Args:
        file: only its path counts: size and times may have changed since.
        detect: gives the language's name for a path and the beginning of the text.
    """
    data = _bytes_of(root, file.path, rules)
    if isinstance(data, Skipped):
        return data
    text = decode(data)
    if isinstance(text, SkipReason):
        return Skipped(file.path, text, "no text in UTF-8, UTF-16, UTF-32 or Windows-1252")
    if not text or text.isspace():
        return Skipped(file.path, SkipReason.EMPTY)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    language = detect(file.path, text)
    wrong = _not_by_hand(text, language, rules)
    if wrong is not None and not _is_included(file.path, rules):
        return Skipped(file.path, *wrong)
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return SourceFile(file.path, text, digest, language)


def _bytes_of(root: Root, path: str, rules: Rules) -> bytes | Skipped:
    if not is_inside(path):
        return Skipped(path, SkipReason.UNREADABLE, "not a path inside the root")
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT"):
        flags |= getattr(os, name, 0)
    full = os.path.join(root.path, path)  # noqa: PTH118 (this runs for every file)
    try:
        if _is_linked(full, len(full) - len(path)):
            return Skipped(path, SkipReason.SPECIAL, "symbolic link")
        descriptor = os.open(full, flags)
    except (OSError, ValueError) as error:
        return _unreadable(path, error)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return Skipped(path, SkipReason.SPECIAL, "folder, pipe, socket or device")
        limit = _limit(path, rules)
        if before.st_size > limit:
            return Skipped(path, SkipReason.TOO_LARGE, _too_large(before.st_size, limit))
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(limit + 1)
        after = os.fstat(descriptor)
    except OSError as error:
        return _unreadable(path, error)
    finally:
        os.close(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or (
        len(data) != after.st_size
    ):
        return Skipped(path, SkipReason.UNREADABLE, "it changed while it was read")
    return data


def _is_linked(full: str, inner: int) -> bool:
    """Whether a path, or a folder on the way to it from position ``inner`` on, leads elsewhere."""
    end = full.find("/", inner)
    while end >= 0:
        if is_link(os.lstat(full[:end])):
            return True
        end = full.find("/", end + 1)
    return is_link(os.lstat(full))


def _unreadable(path: str, error: Exception) -> Skipped:
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Skipped(path, SkipReason.UNREADABLE, detail)


def _limit(path: str, rules: Rules) -> int:
    if path.rpartition(".")[2].lower() in _DATA_SUFFIXES:
        return min(rules.max_file_bytes, _MAX_DATA_BYTES)
    return rules.max_file_bytes


def _too_large(size: int, limit: int) -> str:
    return f"{_size(size)} (limit {_size(limit)})"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{count / 1e3:.0f} kB"


# Decoding ------------------------------------------------------------------------------------

_MARKS = (  # UTF-32's mark begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Controls that text files hold: tab, line ends, form feed, vertical tab, escape, end of file.
_CONTROLS = bytes(set(range(32)) - {8, 9, 10, 11, 12, 13, 26, 27}) + b"\x7f"
_HIGH = bytes(range(128, 256))
_MAX_HIGH_SHARE = 0.3
# Where Windows-1252 differs from Latin-1; five of these bytes mean nothing in it.
_WINDOWS_1252 = {
    byte: text for byte in range(128, 160) if (text := bytes([byte]).decode("cp1252", "ignore"))
}


def decode(data: bytes) -> str | SkipReason:
    """The text of a file's bytes, or BINARY or UNDECODABLE.

    By its byte order mark; UTF-16 without one if it is all plain text; UTF-8; and else
    Windows-1252, of which Latin-1 is a part, if the bytes look like a language written in it.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                return SkipReason.UNDECODABLE
            return SkipReason.BINARY if "\0" in text else text
    if b"\0" in data:
        return _unmarked_utf16(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(data)


def _unmarked_utf16(data: bytes) -> str | SkipReason:
    """UTF-16 of ASCII characters only: every other byte is zero, and no control among the rest.

    Numbers of 16 bits that are all letters do not happen, so this takes no data for text.
    """
    for zeros, letters, encoding in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
        kept = data[letters::2]
        if (
            len(data) % 2 == 0
            and not data[zeros::2].strip(b"\0")
            and kept.isascii()
            and b"\0" not in kept
            and len(kept.translate(None, _CONTROLS)) == len(kept)
        ):
            return data.decode(encoding)
    return SkipReason.BINARY


def _legacy(data: bytes) -> str | SkipReason:
    if len(data.translate(None, _CONTROLS)) < len(data):
        return SkipReason.BINARY
    # Mostly valid UTF-8 is UTF-8 with damage; in a text of one byte a character, bytes that happen
    # to be valid are rare.
    text = data.decode("utf-8", "replace")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if foreign > 2 * text.count("\ufffd"):
        return text
    high = len(data) - len(data.translate(None, _HIGH))
    if high > _MAX_HIGH_SHARE * len(data):
        return SkipReason.UNDECODABLE
    return data.decode("latin-1").translate(_WINDOWS_1252)


# Written by a program ------------------------------------------------------------------------


def _not_by_hand(text: str, language: str, rules: Rules) -> tuple[SkipReason, str] | None:
    """Why the text is not what a person wrote, if it seems so."""
    line = _generated_line(text)
    if line:
        return SkipReason.GENERATED, f"line {line} says so"
    if len(text) <= _DENSE_FROM:
        return None
    average = len(text) // (text.count("\n") + 1)
    if language not in _PROSE and average > _DENSE_AVERAGE:
        return SkipReason.LONG_LINES, f"{average:,} characters a line on average"
    if len(text) > rules.max_line_chars:
        long = [len(line) for line in text.split("\n") if len(line) > rules.max_line_chars]
        # One embedded picture makes no data of a source file.
        if sum(long) > _MAX_LONG_SHARE * len(text):
            return (
                SkipReason.LONG_LINES,
                f"{max(long):,} characters (limit {rules.max_line_chars:,})",
            )
    return None


# Only comments count, so that a generator is not taken for what it generates.
_COMMENT = re.compile(r"\s*(?:#+|//[/!]*|/\*+!?|\*+|--+|;+|%+|\(\*|<!--+|\"\"\")\s*")


@cache
def _says_alone() -> re.Pattern[str]:
    return re.compile(
        r"@generated\b|<auto-?generated\b|automatically generated by (?:rust-bindgen|swig)"
        r"|a bison parser, made by|a lexical scanner generated by"
    )


@cache
def _hands_off() -> re.Pattern[str]:
    return re.compile(
        r"\b(?:do not|don't|never)\s+(?:manually\s+|hand[- ]?)?(?:edit|modify|change)\b"
        r"|\bdo not make changes\b"
        r"|\bnot\s+(?:intended\s+)?(?:to\s+)?be\s+(?:manually\s+|hand[- ]?)?(?:edited|modified)\b"
    )


def _generated_line(text: str) -> int:
    """The line among the first at which a file says that a program wrote it, or 0.

    By a mark that says so alone, or by the word "generated" with a warning not to edit at most
    two lines away (Go's convention has both in one line).
    """
    head = text[:_HEAD_CHARS].lower()
    if "generated" not in head and "bison parser" not in head:
        return 0
    made, warned = -_HEAD_LINES, 2 * _HEAD_LINES
    for number, line in enumerate(head.split("\n", _HEAD_LINES)[:_HEAD_LINES], 1):
        comment = _COMMENT.match(line)
        if comment is None:
            continue
        if _says_alone().match(line, comment.end()):
            return number
        made = number if "generated" in line else made
        warned = number if _hands_off().search(line, comment.end()) else warned
        if abs(made - warned) <= _NEAR:
            return number
    return 0


@cache
def _included(include: tuple[str, ...]) -> IgnoreList:
    return IgnoreList([as_bytes(line) for line in include], "settings")


def _is_included(path: str, rules: Rules) -> bool:
    """Whether the settings name the file, or a folder above it, as one to take in."""
    included = _included(rules.include)
    parts = as_bytes(path).split("/")
    for depth in range(len(parts), 0, -1):
        index = included.find("/".join(parts[:depth]), parts[depth - 1], depth < len(parts))
        if index >= 0:
            return not included.negated(index)
    return False
