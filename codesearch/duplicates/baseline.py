"""Pairs of functions that are accepted as they are, in a file that is kept with the repository.

A pair is named by what both functions consist of, so it stands wherever they move and whatever
is above them, and goes when one of them is changed. A line is a pair: two branches that
accept different ones merge without a conflict. The number behind a pair is how many pairs of
functions of that content there were, so that a third copy is a new finding. Where many functions
differ in nothing but local names and literals, one line stands for all pairs of that form.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import product
from pathlib import Path

from codesearch import fingerprint
from codesearch.duplicates.functions import Function
from codesearch.errors import ConfigError

SCHEMA = "codesearch.baseline/1"

_MAX_BYTES = 50_000_000
_PAIR = re.compile(r"((?:form )?[0-9a-f]{16} [0-9a-f]{16}) ([1-9][0-9]{0,17})")
#: Pairs of as many contents are accepted by their form: the lines would grow by the square.
_MANY = 200


def pair(a: Function, b: Function) -> str:
    """The name of a pair: the same in either order."""
    return " ".join(sorted((_content(a), _content(b))))


def _content(f: Function) -> str:
    return fingerprint.exact(f.fingerprint).hex()


def _form(f: Function) -> str:
    return blake2b(fingerprint.form(f.fingerprint), digest_size=8).hexdigest()


class Census:
    """How many functions there are of each content and of each form, and what is accepted."""

    def __init__(
        self, functions: Sequence[Function], accepted: Mapping[str, int] | None = None
    ) -> None:
        self._functions = functions
        self._accepted = accepted or {}
        self._forms_count = any(name.startswith("form ") for name in self._accepted)
        self._contents = Counter(map(_content, functions))

    @cached_property
    def _by_form(self) -> dict[str, Counter[str]]:
        """The contents of each form."""
        found: dict[str, Counter[str]] = {}
        for f in self._functions:
            found.setdefault(_form(f), Counter())[_content(f)] += 1
        return found

    def pairs(self, name: str) -> int:
        """How many pairs of functions have this name."""
        *form, one, other = name.split(" ")
        n, m = (
            self._by_form[each].total() if form else self._contents[each] for each in (one, other)
        )
        return n * (n - 1) // 2 if one == other else n * m

    def accepts(self, a: Function, b: Function) -> bool:
        """Whether a pair is accepted, and no more functions make such a pair than then."""
        name = pair(a, b)
        if self.pairs(name) <= self._accepted.get(name, 0):
            return True
        if not self._forms_count:
            return False
        name = self._form_pair(a, b)
        return self.pairs(name) <= self._accepted.get(name, 0)

    def named(self, a: Function, b: Function, *, whole: bool) -> dict[str, int]:
        """The pairs to be accepted with this one, by their names.

        A look at the ``whole`` compares only one function of a form, another look may meet any.
        """
        names = [pair(a, b)]
        if whole:
            one, other = self._by_form[_form(a)], self._by_form[_form(b)]
            if len(one) * len(other) > _MANY:
                names = [self._form_pair(a, b)]
            else:
                names = [" ".join(sorted(both)) for both in product(one, other)]
        return {name: count for name in names if (count := self.pairs(name))}

    def _form_pair(self, a: Function, b: Function) -> str:
        return " ".join(("form", *sorted((_form(a), _form(b)))))


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
        return {m[1]: int(m[2]) for m in matches if m}
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
    content = text(pairs).encode("utf-8")
    if len(content) > _MAX_BYTES:
        raise ConfigError(
            f"{len(pairs):,} pairs are more than a baseline can hold",
            "leave files out with dupes-exclude",
        )
    beside = file.with_name(file.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        with beside.open("xb") as stream:
            stream.write(content)
        beside.replace(file)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None


def text(pairs: Mapping[str, int]) -> str:
    """The content of the file."""
    # With an empty last line every pair's line ends with a comma, so adding one changes one line.
    lines = "".join(f'  "{name} {count}",\n' for name, count in sorted(pairs.items()))
    return f'{{"schema": "{SCHEMA}",\n "pairs": [\n{lines}  ""\n ]}}\n'
