"""What stood in the files that a commit changes, before it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from codesearch import fingerprint
from codesearch.duplicates.functions import Function
from codesearch.files import Change
from codesearch.model import SourceFile

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")


class Before:
    """Tells what of a commit is new, what only moved, and what an edited function was.

    Who edits one function of a file leaves the others as they were, which their text tells without
    parsing the old file. Whether one with other text still consists of the same tokens is asked
    only of functions of which there would be something to say.

    Args:
        change: the commit.
        functions: gives those functions of an old file that are compared.
    """

    def __init__(self, change: Change, functions: Callable[[SourceFile], list[Function]]) -> None:
        self._old = [(file, _SPACE.sub("", file.text)) for file in change.old]
        self._changed = {file.path for file in change.new}
        self._functions = functions
        self._parsed: dict[int, list[Function]] = {}
        self._words: dict[int, frozenset[str]] = {}
        self._lines: dict[Function, str] = {}
        self._kept: Counter[bytes] = Counter()

    def sift(self, new: Sequence[tuple[Function, str]]) -> list[bool]:
        """Which functions, each with its lines, did not stand there before."""
        self._lines = dict(new)
        texts = [_SPACE.sub("", text) for _, text in new]
        left = {t: sum(old.count(t) for _, old in self._old) for t in set(texts)}
        own: dict[str, str] = {}
        for file, old in self._old:
            own[file.path] = own.get(file.path, "") + old
        out = [True] * len(new)
        # Of a function and its copy the one is new that is not where it was.
        moved = [texts[i] not in own.get(f.path, "") for i, (f, _) in enumerate(new)]
        for at in sorted(range(len(new)), key=moved.__getitem__):
            if left[texts[at]] > 0:
                left[texts[at]] -= 1
                out[at] = False
                self._kept[fingerprint.exact(new[at][0].fingerprint)] += 1
        return out

    def had(self, f: Function) -> bool:
        """Whether a function that is not there by its text is there by its tokens."""
        content = fingerprint.exact(f.fingerprint)
        if sum(1 for _ in self._equal(f)) <= self._kept[content]:
            return False
        self._kept[content] += 1
        return True

    def versions(self, f: Function) -> list[Function]:
        """What a function was: itself, where the commit leaves its file alone."""
        if f.path not in self._changed:
            return [f]
        found = list(self._equal(f))
        for number, (file, _) in enumerate(self._old):
            if f.symbol and file.path == f.path and f.name in file.text:
                found += (g for g in self._of(number) if g.symbol == f.symbol)
        return found

    def _equal(self, f: Function) -> Iterator[Function]:
        """The old functions of the same tokens."""
        words = _words_of_code(f, self._lines[f])
        content = fingerprint.exact(f.fingerprint)
        for number, (file, _) in enumerate(self._old):
            if number not in self._words:
                self._words[number] = frozenset(_WORD.findall(file.text))
            if words <= self._words[number]:
                for g in self._of(number):
                    if fingerprint.exact(g.fingerprint) == content:
                        yield g

    def _of(self, number: int) -> list[Function]:
        if number not in self._parsed:
            self._parsed[number] = self._functions(self._old[number][0])
        return self._parsed[number]


def _words_of_code(f: Function, lines: str) -> frozenset[str]:
    """Those words of a function that are tokens of it, not of its comments and strings alone."""
    tokens = frozenset(fingerprint.words(f.fingerprint)[: f.tokens].tolist())
    return frozenset(w for w in _WORD.findall(lines) if fingerprint.number(w) in tokens)
