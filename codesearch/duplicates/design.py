"""Pairs that are alike by design: somebody meant them to be, or only one of them is ever there.

What a language, a framework or a platform demands is written twice because it has to be. Such a
pair is no finding, and nothing that is less like one of its functions is a finding for it either:
a worse partner says less than the one that everybody knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from codesearch import fingerprint
from codesearch.duplicates.functions import Function, are_twins, is_parallel
from codesearch.duplicates.likeness import are_tables
from codesearch.duplicates.siblings import are_siblings
from codesearch.model import Rule
from codesearch.paths import is_example

#: From here on two functions that are parallel by design are a real copy.
COPIED = 0.95
#: What of two known variants is worth sharing has so many tokens in one run. Of 48 reports of two
#: functions of one type that were read, 23 of the 29 that would be acted upon have that, and 3 of
#: the 19 that are parallel.
_PIECE = 40
#: From here on two functions of one file are a copy that was edited here and there. With .85 one
#: report in six would go, and of copies that were put into their own file and edited every third.
_EDITED = 0.7
#: Shorter bodies of known variants do little but forward to one call, which is shared already.
_WHOLE = 32
#: A symbol that so many files have is a convention; helpers are copied more often than methods.
_USUAL = {"method": 3, "function": 5}

# Languages in which a build leaves out what is for other platforms. Anywhere else all of it is
# loaded, and two files that say the same could be one.
_BUILT = frozenset(("c", "cpp", "go", "objective-c", "rust", "swift", "zig"))
# fmt: off
_PLATFORMS = frozenset({
    "aix", "android", "bsd", "cygwin", "darwin", "dragonfly", "freebsd", "fuchsia", "haiku",
    "illumos", "ios", "linux", "macos", "mingw", "msvc", "netbsd", "nto", "openbsd", "osx", "plan9",
    "posix", "qnx", "solaris", "sunos", "tvos", "unix", "unsupported", "wasi", "wasm", "watchos",
    "win32", "win64", "windows", "epoll", "evport", "iocp", "kqueue",
    "386", "aarch64", "amd64", "arm64", "avx", "avx2", "avx512", "loong64", "mips", "mips64",
    "ppc64", "ppc64le", "riscv64", "s390x", "sse2", "sse4", "ssse3", "x64", "x86",
})
# Words that mean other things as well: only where both files have one.
_MAYBE = frozenset({
    "apple", "arm", "generic", "mac", "neon", "other", "others", "poll", "select", "sse", "stub",
    "win",
})
# fmt: on
_WORD = re.compile(r"[A-Z]?[a-z]+\d*[a-z]*|[A-Z]+(?![a-z])\d*|\d+")


class Conventions:
    """Names that so many files of a repository have that copying does not explain it."""

    def __init__(self, functions: Sequence[Function]) -> None:
        self._functions = functions

    @cached_property
    def _usual(self) -> set[tuple[str, str]]:
        files: dict[tuple[str, str], set[str]] = {}
        for f in self._functions:
            files.setdefault((f.kind, f.symbol), set()).add(f.path)
        return {key for key, paths in files.items() if len(paths) >= _USUAL[key[0]]}

    def demand(self, a: Function, b: Function) -> bool:
        """Whether two functions have one name because everything of their kind has it."""
        return a.symbol == b.symbol and (a.kind, a.symbol) in self._usual


def is_by_design(
    a: Function, b: Function, likeness: float, rule: Rule, conventions: Conventions | None = None
) -> bool:
    """Whether two functions that are alike have to be, or are known to be.

    Args:
        a: one function.
        b: the other.
        likeness: how like they are.
        rule: what they are, if that is a finding.
        conventions: of all functions; None where only these two are known.
    """
    if are_alternatives(a, b) or are_twins(a, b) or stand_alone(a, b):
        return True
    parallel, in_one_file = is_parallel(a, b), a.name != b.name and a.path == b.path
    demanded = parallel or (conventions is not None and conventions.demand(a, b))
    if demanded and likeness < COPIED:
        return True
    if (parallel or in_one_file) and min(fingerprint.body(f.fingerprint) for f in (a, b)) < _WHOLE:
        return True
    if rule == "CS001":
        return False
    if are_siblings(a, b) or are_tables(a, b):
        return True
    known = parallel or (in_one_file and likeness < _EDITED)
    return known and not share_a_piece(a, b)


def are_alternatives(a: Function, b: Function) -> bool:
    """Whether a program has only one of the two, or the language tells them apart.

    A symbol that a file has twice is overloaded, or conditions are around it; a package of Go has
    it once. Files of the same name but for a platform's are for one platform each.
    """
    if a.name != b.name or a.language != b.language:
        return False
    if a.symbol == b.symbol and (
        a.path == b.path or (a.language == "go" and _folder(a) == _folder(b))
    ):
        return True
    if a.language not in _BUILT:
        return False
    one, other = _words(a), _words(b)
    if len(one) == len(other):
        differ = {
            word for pair in zip(one, other, strict=True) if len({*pair}) > 1 for word in pair
        }
        return bool(differ) and differ <= _PLATFORMS | _MAYBE
    bare = [[w for w in words if w not in _PLATFORMS] for words in (one, other)]
    return bare[0] == bare[1]


def _folder(f: Function) -> str:
    return f.path.rpartition("/")[0]


def _words(f: Function) -> list[str]:
    """What a function's path and what is around it consist of."""
    return [word.lower() for word in _WORD.findall(f"{f.path} {f.container}")]


def stand_alone(a: Function, b: Function) -> bool:
    """Whether one of two files is an example, which has to show everything itself."""
    return a.path != b.path and (is_example(a.path) or is_example(b.path))


def share_a_piece(a: Function, b: Function) -> bool:
    """Whether the bodies have a long run of tokens in common, but for local names and literals."""
    one, other = (
        fingerprint.codes(f.fingerprint)[f.tokens - fingerprint.body(f.fingerprint) :].tobytes()
        for f in (a, b)
    )
    width, step = 2 * _PIECE, 2  # a code is two bytes
    pieces = {one[at : at + width] for at in range(0, len(one) - width + 1, step)}
    return any(other[at : at + width] in pieces for at in range(0, len(other) - width + 1, step))
