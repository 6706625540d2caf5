"""Ignore files: which line of one decides about a path.

``codesearch.paths`` knows what a pattern means; this room keeps many of them so that a path is
looked up, not compared with every line. Paths are matched by their bytes, as git does: a ``?`` is
one byte of a name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from codesearch.files.base import printable
from codesearch.paths import Pattern, parse_pattern, translate
from codesearch.places import read_small

_MAX_BYTES = 8_000_000
_MAX_LINE = 8192  # no path is longer
_MAX_JOINED = 256  # globs in one expression; beyond, its compilation costs more than it saves


def as_bytes(path: str) -> str:
    """A path as a string in which every character is one byte of it."""
    return path if path.isascii() else os.fsencode(path).decode("latin-1")


def as_path(text: str) -> str:
    """The opposite of ``as_bytes``."""
    return text if text.isascii() else os.fsdecode(text.encode("latin-1"))


class IgnoreList:
    """The patterns of one ignore file, the last that matches decides.

    Args:
        lines: the file's lines, without line ends, as ``as_bytes`` gives them.
        source: how the file is named to a person.
        fold: whether the case of ASCII letters means nothing (git's ``core.ignoreCase``).
    """

    def __init__(self, lines: Sequence[str], source: str, fold: bool = False) -> None:
        self.source = source
        self._fold = fold
        self._patterns: list[tuple[int, Pattern]] = []
        # By (for folders only, anchored): the last pattern that is just this text.
        self._plain: dict[tuple[bool, bool], dict[str, int]] = {}
        self._globs: list[int] = []
        self._compiled: dict[int, re.Pattern[str] | None] = {}
        suffixes, joined = [], {True: [], False: []}  # type: tuple[list[str], dict[bool, list[str]]]
        for number, line in enumerate(lines, 1):
            pattern = parse_pattern(line) if len(line) <= _MAX_LINE else None
            if pattern is None:
                continue
            index = len(self._patterns)
            self._patterns.append((number, pattern))
            body = self._folded(pattern.body)
            if not _special(body):
                kind = (pattern.folders_only, pattern.anchored)
                self._plain.setdefault(kind, {})[body] = index
                continue
            self._globs.append(index)
            if not pattern.anchored and body[0] == "*" and not _special(body[1:]):
                suffixes.append(body[1:])
            elif len(self._globs) <= _MAX_JOINED:
                joined[pattern.anchored].append(translate(pattern.body) or "(?!)")
        self.negates = any(pattern.negated for _, pattern in self._patterns)
        self._suffixes = tuple(suffixes)
        self._quick = len(self._globs) <= _MAX_JOINED
        self._names = self._compile("|".join(joined[False])) if joined[False] else None
        self._paths = self._compile("|".join(joined[True])) if joined[True] else None

    @classmethod
    def read(
        cls, file: Path, source: str, *, follow: bool, fold: bool = False
    ) -> IgnoreList | None:
        """The patterns of a file; None if there is none, or none that is a regular file."""
        data = read_small(file, _MAX_BYTES, follow=follow)
        if data is None:
            return None
        text = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
        lines = [line.removesuffix("\r").partition("\0")[0] for line in text.split("\n")]
        return cls(lines, source, fold)

    def find(self, path: str, name: str, is_folder: bool) -> int:
        """The index of the last pattern that matches, or -1.

        Args:
            path: from the folder of the file on; ``name`` is its last part. Both as bytes.
        """
        if self._fold:
            path, name = self._folded(path), self._folded(name)
        best = -1
        for (folders_only, anchored), plain in self._plain.items():
            if is_folder or not folders_only:
                best = max(best, plain.get(path if anchored else name, -1))
        if self._globs and self._may_match_glob(path, name):
            for index in reversed(self._globs):
                if index < best:
                    break
                pattern = self._patterns[index][1]
                if pattern.folders_only and not is_folder:
                    continue
                regex = self._regex(index)
                if regex and regex.fullmatch(path if pattern.anchored else name):
                    return index
        return best

    def negated(self, index: int) -> bool:
        return self._patterns[index][1].negated

    def line(self, index: int) -> tuple[str, int]:
        """A pattern's text, fit to be shown, and its line in the file."""
        number, pattern = self._patterns[index]
        return printable(as_path(pattern.text)), number

    def _may_match_glob(self, path: str, name: str) -> bool:
        return (
            not self._quick
            or name.endswith(self._suffixes)
            or (self._names is not None and self._names.fullmatch(name) is not None)
            or (self._paths is not None and self._paths.fullmatch(path) is not None)
        )

    def _regex(self, index: int) -> re.Pattern[str] | None:
        if index not in self._compiled:
            body = translate(self._patterns[index][1].body)
            self._compiled[index] = None if body is None else self._compile(body)
        return self._compiled[index]

    def _compile(self, body: str) -> re.Pattern[str]:
        return re.compile(body, re.DOTALL | (re.IGNORECASE | re.ASCII if self._fold else 0))

    def _folded(self, text: str) -> str:
        return text.encode("latin-1").lower().decode("latin-1") if self._fold else text


def _special(body: str) -> bool:
    return any(char in body for char in "*?[\\")


#: Ignore lists that apply in a folder with the length of the path to each one's own folder
#: (and its slash); the first that has a match decides.
Stack = tuple[tuple[int, IgnoreList], ...]


def decide(stack: Stack, path: str, name: str, is_folder: bool) -> tuple[IgnoreList, int] | None:
    """The list and the pattern that decide about a path (as bytes); None if none speaks of it."""
    for length, patterns in stack:
        index = patterns.find(path[length:], name, is_folder)
        if index >= 0:
            return patterns, index
    return None
