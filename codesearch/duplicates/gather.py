"""What is compared in one look, and which functions are asked about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from codesearch import fingerprint
from codesearch.chunking import chunk_or_windows
from codesearch.duplicates import functions as scope
from codesearch.duplicates.functions import Function
from codesearch.files import Change
from codesearch.model import DuplicateRequest, SourceFile
from codesearch.paths import matches_glob
from codesearch.search import View

Read = Callable[[str], SourceFile | None]

#: Files that the index lacks and that are read for a commit; more would keep it waiting.
_FEW = 48
_SPACE = re.compile(r"\s+")


@dataclass(slots=True)
class Gathered:
    """All functions that are compared; ``asked`` tells of each whether it is asked about."""

    functions: list[Function]
    asked: list[bool]
    before: Before | None = None  # of a commit
    notes: list[str] = field(default_factory=list)
    pending: int = 0  # files that the index has otherwise, too many to be read


class Before:
    """What stood in the files that a commit changes, before it: what is new, and what only moved.

    Who edits one function of a file leaves the others as they were, which their text tells without
    parsing the old file. Whether one with other text still consists of the same tokens is asked
    only of functions of which there would be something to say.
    """

    def __init__(self, change: Change, cut: Callable[[SourceFile], list[Function]]):
        self._old = [(file, _SPACE.sub("", file.text)) for file in change.old]
        self._changed = {file.path for file in change.new}
        self._cut = cut
        self._parsed: dict[int, list[Function]] = {}
        self._kept: Counter[bytes] = Counter()

    def sift(self, new: Sequence[tuple[Function, str]]) -> list[bool]:
        """Which functions, each with its text, did not stand there before."""
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
        there = sum(fingerprint.exact(g.fingerprint) == content for g in self._named(f.name))
        if there <= self._kept[content]:
            return False
        self._kept[content] += 1
        return True

    def versions(self, f: Function) -> list[Function]:
        """What a function was: itself, where the commit leaves its file alone."""
        if f.path not in self._changed:
            return [f]
        content = fingerprint.exact(f.fingerprint)
        return [
            g
            for g in self._named(f.name)
            if (f.symbol and (g.path, g.symbol) == (f.path, f.symbol))
            or fingerprint.exact(g.fingerprint) == content
        ]

    def _named(self, name: str) -> Iterator[Function]:
        """The functions of the old files in which a name stands."""
        for number, (file, _) in enumerate(self._old):
            if name in file.text:
                if number not in self._parsed:
                    self._parsed[number] = self._cut(file)
                yield from self._parsed[number]


def gathered(
    view: View,
    request: DuplicateRequest,
    change: Change | None,
    behind: Collection[str],
    read: Read,
) -> Gathered:
    """All functions that count, and which of them are asked about.

    Args:
        view: the index.
        request: what is asked.
        change: what a commit changes, for the modes that ask about it.
        behind: the files that the index has otherwise than the work tree.
        read: gives a file as it lies in the work tree.
    """

    def counts(path: str) -> bool:
        if request.exclude and matches_glob(path, request.exclude):
            return False
        return scope.eligible_path(path, tests=request.tests)

    apart = [p for p in behind if counts(p) and (change is None or p in change.paths)]
    pending = len(apart) if len(apart) > _FEW else 0
    otherwise = frozenset(apart)
    is_asked = _under(request.paths)
    notes = [] if change is None else list(change.notes)
    if pending:
        apart = []
        notes.append(
            f"{pending:,} new or changed files are not in the index and were not compared with"
            " (run `codesearch index`)"
        )

    def eligible(path: str) -> bool:
        here = change is None or path in change.paths
        return here and path not in otherwise and counts(path)

    def cut(file: SourceFile) -> list[Function]:
        if not counts(file.path):
            return []
        found = scope.of_chunks(chunk_or_windows(file), request.min_tokens)
        return [f for f in found if request.tests or not scope.is_test(f)]

    found = list(scope.of_view(view, eligible, request.min_tokens, tests=request.tests))
    for file in filter(None, map(read, apart)):
        found += cut(file)
    if change is None:
        asked = [is_asked(f.path) for f in found]
        return Gathered(found, asked, None, notes, pending)
    for file in change.others:
        found += cut(file)
    new = list(_with_texts(change.new, cut))
    before = Before(change, cut)
    asked = [
        is_new and is_asked(f.path) for (f, _), is_new in zip(new, before.sift(new), strict=True)
    ]
    asked = [False] * len(found) + asked
    return Gathered([*found, *(f for f, _ in new)], asked, before, notes, pending)


def _with_texts(
    files: Sequence[SourceFile], cut: Callable[[SourceFile], list[Function]]
) -> Iterator[tuple[Function, str]]:
    for file in files:
        found = cut(file)
        lines = file.text.split("\n") if found else []
        for f in found:
            yield f, "\n".join(lines[f.start_line - 1 : f.end_line])


def _under(given: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path is one of those given or lies below one; all are where none is given."""
    wanted = {g.rstrip("/") for g in given}
    if not wanted or wanted & {"", "."}:
        return lambda _: True

    def is_under(path: str) -> bool:
        while path not in wanted:
            path, slash, _ = path.rpartition("/")
            if not slash:
                return False
        return True

    return is_under
