"""Pairs of functions that are accepted as they are, in a file that is kept with the repository.

A pair is named by what both functions consist of, so it stands wherever they move and whatever
is above them, and goes when one of them is changed. A line is a pair: two branches that
accept different ones merge without a conflict. The number behind a pair is how many pairs of
functions of that content there were, so that a third copy is a new finding.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from codesearch import fingerprint
from codesearch.duplicates.functions import Function
from codesearch.errors import ConfigError

SCHEMA = "codesearch.baseline/1"

_MAX_BYTES = 50_000_000
_PAIR = re.compile(r"([0-9a-f]{16}) ([0-9a-f]{16}) ([1-9][0-9]{0,8})")


def pair(a: Function, b: Function) -> str:
    """The name of a pair: the same in either order."""
    return " ".join(sorted(fingerprint.exact(f.fingerprint).hex() for f in (a, b)))


class Census:
    """How many functions there are of each content."""

    def __init__(self, functions: Iterable[Function]) -> None:
        self._counts = Counter(fingerprint.exact(f.fingerprint).hex() for f in functions)

    def pairs(self, name: str) -> int:
        """How many pairs of functions have this name."""
        one, other = name.split(" ")
        n = self._counts[one]
        return n * (n - 1) // 2 if one == other else n * self._counts[other]


def load(file: Path) -> Mapping[str, int]:
    """The accepted pairs, each with how many there may be; none where there is no file.

    Raises:
        ConfigError: it cannot be read, or is no such file.
    """
    try:
        return parsed(_read(file), str(file))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None


def parsed(data: bytes, name: str) -> Mapping[str, int]:
    """The accepted pairs in the content of a file, which has this name.

    Raises:
        ConfigError: it is no such file.
    """
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{name} is larger than {_MAX_BYTES // 1_000_000} MB")
    try:
        found = json.loads(data.decode("utf-8"))
        lines = found["pairs"] if found["schema"] == SCHEMA else found[""]
        matches = [_PAIR.fullmatch(line) for line in lines]
        return {f"{m[1]} {m[2]}": int(m[3]) for m in matches if m}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(
            f"{name} is no baseline of duplicates",
            "make it anew with: codesearch dupes --all --update-baseline",
        ) from None


def _read(file: Path) -> bytes:
    """The content of a regular file: a repository can hold a link or a pipe of this name."""
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(file, os.O_RDONLY | flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ConfigError(f"{file} is not a regular file")
        return stream.read(_MAX_BYTES + 1)


def save(file: Path, pairs: Mapping[str, int]) -> None:
    """Writes the file in place of one that is there, never through a link.

    Raises:
        ConfigError: it can't be written.
    """
    if file.is_symlink():
        raise ConfigError(f"{file} is a link", "remove it, or name another file with --baseline")
    beside = file.with_name(file.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        with beside.open("x", encoding="utf-8") as stream:
            stream.write(text(pairs))
        beside.replace(file)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None


def text(pairs: Mapping[str, int]) -> str:
    """The content of the file."""
    # With an empty last line every pair's line ends with a comma, so adding one changes one line.
    lines = "".join(f'  "{name} {count}",\n' for name, count in sorted(pairs.items()))
    return f'{{"schema": "{SCHEMA}",\n "pairs": [\n{lines}  ""\n ]}}\n'
