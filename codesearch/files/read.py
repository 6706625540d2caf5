"""Reading one file: opened once, never followed out of the root, decoded, or a reason why not.

What is wrong with a file is a ``Skipped``; nothing here raises for a bad one. The room does not
know languages; the caller's detector tells them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from functools import cache

from codesearch.files.base import Rules, is_inside
from codesearch.files.byhand import not_by_hand
from codesearch.files.decode import decode
from codesearch.files.exclusions import LINK, is_link
from codesearch.files.ignore import IgnoreList, as_bytes
from codesearch.model import FileStat, Skipped, SkipReason, SourceFile
from codesearch.places import Root

#: The language of a file, from its path and the beginning of its text.
Detect = Callable[[str, str], str]

# Formats that are written by hand when they are small and by programs when they are large.
_DATA_SUFFIXES = frozenset({"json", "json5", "xml", "yaml", "yml", "plist", "html", "htm"})
_MAX_DATA_BYTES = 100_000

_FLAGS = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT"):
    _FLAGS |= getattr(os, _name, 0)

_NO_FILE = "folder, pipe, socket or device"


def read(root: Root, file: FileStat, rules: Rules, detect: Detect) -> SourceFile | Skipped:
    """Read and decode one file, or say why it is left out.

    Args:
        file: size and times do not count: they may have changed since.
        detect: gives the language's name for a path and the beginning of the text.
    """
    path, unsaved = file.path, file.unsaved
    data = _bytes_of(root, path, rules) if unsaved is None else _limited(path, unsaved, rules)
    return data if isinstance(data, Skipped) else of_bytes(path, data, rules, detect)


def of_bytes(path: str, data: bytes, rules: Rules, detect: Detect) -> SourceFile | Skipped:
    """The same for a file's content, wherever it comes from."""
    text = decode(data)
    if isinstance(text, SkipReason):
        return Skipped(path, text, "no text in UTF-8, UTF-16, UTF-32 or Windows-1252")
    if not text or text.isspace():
        return Skipped(path, SkipReason.EMPTY)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    language = detect(path, text)
    wrong = not_by_hand(text, language, rules)
    if wrong is not None and not _is_included(path, rules):
        return Skipped(path, *wrong)
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return SourceFile(path, text, digest, language)


def _bytes_of(root: Root, path: str, rules: Rules) -> bytes | Skipped:
    if not is_inside(path):
        return Skipped(path, SkipReason.UNREADABLE, "not a path inside the root")
    full = os.path.join(root.path, path)  # noqa: PTH118 (this runs for every file)
    try:
        special = _special(full, len(full) - len(path))
        if special:
            return Skipped(path, SkipReason.SPECIAL, special)
        descriptor = os.open(full, _FLAGS)
    except (OSError, ValueError) as error:
        return _unreadable(path, error)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return Skipped(path, SkipReason.SPECIAL, _NO_FILE)
        limit = limit_of(path, rules)
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


def _limited(path: str, data: bytes, rules: Rules) -> bytes | Skipped:
    limit = limit_of(path, rules)
    if len(data) > limit:
        return Skipped(path, SkipReason.TOO_LARGE, _too_large(len(data), limit))
    return data


def _special(full: str, inner: int) -> str:
    """What a path is if no file, or a folder on the way from ``inner`` on that leads elsewhere."""
    end = full.find("/", inner)
    while end >= 0:
        if is_link(os.lstat(full[:end])):
            return LINK.rule
        end = full.find("/", end + 1)
    status = os.lstat(full)
    if is_link(status):
        return LINK.rule
    return "" if stat.S_ISREG(status.st_mode) else _NO_FILE


def _unreadable(path: str, error: Exception) -> Skipped:
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Skipped(path, SkipReason.UNREADABLE, detail)


def limit_of(path: str, rules: Rules) -> int:
    """How many bytes a file may have."""
    if path.rpartition(".")[2].lower() in _DATA_SUFFIXES:
        return min(rules.max_file_bytes, _MAX_DATA_BYTES)
    return rules.max_file_bytes


def _too_large(size: int, limit: int) -> str:
    return f"{_size(size)} (limit {_size(limit)})"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{count / 1e3:.0f} kB"


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
