"""Which functions are compared, and which pairs are alike because somebody meant them to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codesearch import fingerprint, paths
from codesearch.model import Chunk
from codesearch.search import View
from codesearch.segment import KINDS, TEST, Segment, distinct

_FUNCTIONS = [KINDS.index(kind) for kind in ("function", "method")]
# What is written by programs, once, or by others: not to be shared with anything.
_PASSED = re.compile(
    r"(?:^|/)(?:migrations?|versions|alembic|locales?|vendor|vendored|_vendor|third[-_]?party|"
    r"external|deps|node_modules|bower_components|generated|gen)/|\.pyi$|\.d\.ts$|"
    r"\.(?:esm|umd|iife|min|bundle)\.[cm]?js$"
)
# Like tests these repeat what they measure, each for itself.
_BENCHMARKS = re.compile(
    r"(?:^|/)(?:[^/]+[-_])?bench(?:es|marks?|marking|suite)?/|[a-z0-9]Benchmarks?\.\w+$|"
    r"[_.]bench\.\w+$"
)
_TESTS = frozenset(("test", "tests"))
_ASYNC = re.compile(r"\b(?:async|suspend|Promise|\w*Future<|Task<)")
_WORD_ENDS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Function:
    """A function that may be compared."""

    path: str
    language: str
    kind: str
    symbol: str
    signature: str
    start_line: int
    end_line: int  # of its last token
    fingerprint: bytes
    number: int = -1  # of its chunk in the view; -1 where it is in none

    @property
    def tokens(self) -> int:
        return fingerprint.size(self.fingerprint)

    @property
    def name(self) -> str:
        return self.symbol.rpartition(".")[2]

    @property
    def container(self) -> str:
        return self.symbol.rpartition(".")[0]


def eligible_path(path: str, *, tests: bool) -> bool:
    """Whether the functions of a file are compared."""
    if not tests and (paths.is_test(path) or _BENCHMARKS.search(path)):
        return False
    return not is_passed(path)


def is_passed(path: str) -> bool:
    """Whether a path, "/" behind that of a folder, is of what programs or others write."""
    return _PASSED.search(path) is not None


def is_test(f: Function) -> bool:
    """Whether a function is a test by its name, as those are that stand beside the code."""
    *around, name = f.symbol.split(".")
    return name.startswith("test_") or not _TESTS.isdisjoint(around)


def of_view(
    view: View, eligible: Callable[[str], bool], fewest: int, *, tests: bool
) -> Iterator[Function]:
    """The functions of an index that are compared, of at least so many tokens.

    Args:
        view: the index.
        eligible: whether a path's functions are compared.
        fewest: tokens.
        tests: whether those of tests are.
    """
    base = 0
    for layer, first in zip(view.layers, view.bases.tolist(), strict=False):
        s = layer.segment
        known = s.path.all()
        wanted = view.alive[base : base + s.n_files] & (tests | ((s.flags & TEST) == 0))
        base += s.n_files
        here = np.flatnonzero(wanted[s.file] & np.isin(s.kind, _FUNCTIONS))
        sizes, bodies = fingerprint.counts(s.fingerprint.blob, s.fingerprint.offsets, here)
        here = here[(sizes >= fewest) & (2 * bodies >= fewest)]
        for file in distinct(s.file[here]).tolist():
            wanted[file] = eligible(known[file])
        found = _stored(s, here[wanted[s.file[here]]], first)
        yield from (f for f in found if tests or not is_test(f))


def of_file(view: View, path: str) -> Iterator[Function]:
    """The functions of an indexed file, of any size that has a fingerprint."""
    bases = zip(view.layers, view.bases.tolist(), view.file_bases.tolist(), strict=False)
    for layer, first, first_file in bases:
        s = layer.segment
        file = s.path.find(path)
        if file >= 0 and view.alive[first_file + file]:
            here = np.arange(s.first_chunk[file], s.first_chunk[file + 1], dtype=np.int64)
            yield from (f for f in _stored(s, here, first) if f.fingerprint)


def of_number(view: View, number: int) -> Function:
    """A chunk of an index as a function; the fingerprint of what is none is empty."""
    s, local = view.at(number)
    (found,) = _stored(s, np.array([local]), number - local)
    return found


def _stored(s: Segment, which: NDArray[np.int64], first: int) -> Iterator[Function]:
    """Chunks of a segment, whose first one has the number ``first``, as functions."""
    files = s.file[which].astype(np.int64)
    prints = s.fingerprint.some_bytes(which)
    starts = s.start_line[which].tolist()
    ends = [
        start + fingerprint.last_line(print_) if print_ else end
        for start, end, print_ in zip(starts, s.end_line[which].tolist(), prints, strict=True)
    ]
    return map(
        Function,
        s.path.some(files), s.language.some(files), [KINDS[k] for k in s.kind[which].tolist()],
        s.symbol.some(which), s.signature.some(which), starts, ends, prints,
        (which + first).tolist(),
    )  # fmt: skip


def of_chunks(chunks: Iterable[Chunk]) -> list[Function]:
    """The functions of a file that was just cut, of any size that has a fingerprint."""
    return [
        Function(
            c.path, c.language, c.kind, c.symbol, c.signature,
            c.start_line, c.start_line + fingerprint.last_line(c.fingerprint), c.fingerprint,
        )
        for c in chunks
        if c.fingerprint
    ]  # fmt: skip


def is_long_enough(f: Function, fewest: int) -> bool:
    """Whether a function has so many tokens, half of so many in its body: signatures say little."""
    return f.tokens >= fewest and 2 * fingerprint.body(f.fingerprint) >= fewest


def is_nested(a: Function, b: Function) -> bool:
    """Whether one function holds the other, or is the other."""
    return a.path == b.path and a.start_line <= b.end_line and b.start_line <= a.end_line


def is_parallel(a: Function, b: Function) -> bool:
    """Whether two functions are the same method of two types, or the constructors of two.

    Such are alike by design, so that only a real copy is worth a word. A function that has the
    same name in another file, and a method of a type of the same name, is what copying gives.
    """
    if not a.kind == b.kind == "method" or a.symbol == b.symbol:
        return False
    return a.name == b.name or (_is_constructor(a) and _is_constructor(b))


def _is_constructor(f: Function) -> bool:
    """Whether a method has the name of its type."""
    return f.name == f.container.rpartition(".")[2]


def are_twins(a: Function, b: Function) -> bool:
    """Whether one is the asynchronous form of the other: nobody can do without the second."""
    if _is_async(a) == _is_async(b):
        return False
    one, other = _plain_name(a.name), _plain_name(b.name)
    return one == other or one == "a" + other or other == "a" + one


def _is_async(f: Function) -> bool:
    """By a word before the name or the parameters, or by what it gives: "use_async" is none."""
    before, *rest = re.split(rf"(?<!\w){re.escape(f.name)}(?!\w)", f.signature, maxsplit=1)
    behind = "".join(rest)
    between, given = behind.partition("(")[0], behind.rpartition(")")[2]
    return any(_ASYNC.search(part) for part in (before, between, given))


def _plain_name(name: str) -> str:
    words = [w.lower() for w in _WORD_ENDS.split(name) if w]
    return "".join(w for w in words if w not in {"async", "sync", "aio"})
