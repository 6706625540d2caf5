"""What is shown of a finding: the lines of both functions, and where they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from codesearch import chunking, fingerprint
from codesearch.duplicates import suppressions
from codesearch.duplicates.functions import Function
from codesearch.duplicates.suppressions import Suppression
from codesearch.model import Difference, Place, SourceFile

#: Functions of more tokens are shown without their differences: it would take seconds.
_MANY = 4_000

Tokens = list[tuple[int, int, str]]


class Shown:
    """Functions as they stand in their files; each file is read once.

    Args:
        read: gives a file as it was compared, or None where it is gone.
    """

    def __init__(self, read: Callable[[str], SourceFile | None]) -> None:
        self._read = read
        self._files: dict[str, SourceFile | None] = {}
        self._split: dict[str, list[str]] = {}
        self._tokens: dict[tuple[str, int, str], Tokens] = {}

    def prepare(self, functions: Iterable[Function]) -> None:
        """Parses some functions, those of a file together."""
        wanted: dict[str, list[Function]] = {}
        for f in {_key(f): f for f in functions}.values():
            if _key(f) not in self._tokens:
                self._tokens[_key(f)] = []
                wanted.setdefault(f.path, []).append(f)
        for path, some in wanted.items():
            file = self._file(path)
            if file is not None:
                missing = self._take(replace(file, text=_alone(file.text, some)), some)
                if missing:
                    self._take(file, missing)

    def _take(self, file: SourceFile, wanted: list[Function]) -> list[Function]:
        """Finds the tokens of functions; those that are not found as they were compared."""
        keys = {(f.start_line, name) for f in wanted for name in (f.symbol, f.name)}
        found = chunking.tokens_of(file, keys)
        missing = []
        for f in wanted:
            tokens = found.get((f.start_line, f.symbol)) or found.get((f.start_line, f.name), [])
            if fingerprint.content(_texts(tokens)) == fingerprint.exact(f.fingerprint):
                self._tokens[_key(f)] = tokens
            else:
                missing.append(f)
        return missing

    def _file(self, path: str) -> SourceFile | None:
        if path not in self._files:
            self._files[path] = self._read(path)
        return self._files[path]

    def _lines(self, path: str) -> list[str]:
        if path not in self._split:
            file = self._file(path)
            self._split[path] = [] if file is None else file.text.split("\n")
        return self._split[path]

    def place(self, f: Function) -> Place | None:
        """A function with its lines; None where they are gone."""
        lines = self._lines(f.path)[f.start_line - 1 : f.end_line]
        return place_of(f, "\n".join(lines)) if lines else None

    def suppressions(self, f: Function) -> list[Suppression]:
        """The comments that leave a function out."""
        if not suppressions.may_be_in(f.fingerprint):
            return []
        line, _ = fingerprint.place(f.fingerprint)
        return suppressions.of(self._lines(f.path), f.start_line, f.start_line + line)

    def differences(self, a: Function, b: Function) -> list[Difference]:
        """Where the tokens of two functions differ, as ranges of characters of their texts."""
        self.prepare([a, b])
        one, other = self._tokens[_key(a)], self._tokens[_key(b)]
        if not one or not other or len(one) + len(other) > 2 * _MANY:
            return []
        return [
            (_span(one, i, i_end), _span(other, j, j_end))
            for i, i_end, j, j_end in differing(_texts(one), _texts(other))
        ]


def _key(f: Function) -> tuple[str, int, str]:
    return f.path, f.start_line, f.symbol


def _alone(text: str, functions: Sequence[Function]) -> str:
    """A file with nothing but some of its functions, at their lines: most can be told so too, and
    parsing a whole file takes many times as long."""
    kept = {n for f in functions for n in range(f.start_line - 1, f.end_line)}
    lines = text.split("\n")
    return "\n".join(line if n in kept else "" for n, line in enumerate(lines[: max(kept) + 1]))


def differing(one: list[str], other: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where two lists differ: a range of the one, and what the other has in its place."""
    # What is the same at both ends is most of it, and costs the matcher more than linear time.
    shorter = min(len(one), len(other))
    before = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    rest = range(1, shorter - before + 1)
    behind = next((i - 1 for i in rest if one[-i] != other[-i]), len(rest))
    one, other = one[before : len(one) - behind], other[before : len(other) - behind]
    if one or other:
        for tag, i, i_end, j, j_end in SequenceMatcher(
            None, one, other, autojunk=False
        ).get_opcodes():
            if tag != "equal":
                yield before + i, before + i_end, before + j, before + j_end


def place_of(f: Function, text: str = "") -> Place:
    """Where a function is."""
    line, column = fingerprint.place(f.fingerprint)
    return Place(
        path=f.path,
        language=f.language,
        symbol=f.symbol,
        start_line=f.start_line,
        end_line=f.end_line,
        tokens=f.tokens,
        text=text,
        line=f.start_line + line,
        column=column + 1,
    )


def _texts(tokens: Tokens) -> list[str]:
    return [text for _, _, text in tokens]


def _span(tokens: Tokens, first: int, end: int) -> tuple[int, int]:
    """From the first of some tokens to the last; behind the one before where there are none."""
    if first < end:
        return tokens[first][0], tokens[end - 1][1]
    place = tokens[first - 1][1] if first else tokens[0][0]
    return place, place
