"""What is compared in one look, and which functions are asked about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from weakref import WeakKeyDictionary

from codesearch.duplicates import functions as scope
from codesearch.duplicates.before import Before
from codesearch.duplicates.clock import Clock
from codesearch.duplicates.functions import Function
from codesearch.duplicates.versions import Versions
from codesearch.files import Change
from codesearch.model import DuplicateRequest, SourceFile
from codesearch.paths import matches_glob
from codesearch.search import View

Read = Callable[[str], SourceFile | None]

_MADE: WeakKeyDictionary[View, tuple[object, Sequence[Function]]] = WeakKeyDictionary()

#: Files that the index lacks and that are read for a commit; more would keep it waiting.
_FEW = 48


@dataclass(frozen=True, slots=True)
class Material:
    """What a look has before it: an index, and what is otherwise than in it.

    ``change`` is what a commit changes, for the modes that ask about one, and ``behind`` the files
    that the index has otherwise than the work tree. ``read`` gives a file as it lies there.
    """

    view: View
    change: Change | None
    behind: Collection[str]
    read: Read


@dataclass(slots=True)
class Gathered:
    """All functions that are compared; ``asked`` tells of each whether it is asked about."""

    functions: list[Function]
    asked: list[bool]
    before: Before | None = None  # of a commit
    notes: list[str] = field(default_factory=list)
    pending: int = 0  # files that the index has otherwise, too many to be read


def known(view: View, request: DuplicateRequest) -> Sequence[Function]:
    """The functions of an index that a request may compare, whatever a commit changes of them.

    They are kept as long as the view is.
    """
    how = request.min_tokens, request.tests, request.exclude
    made = _MADE.get(view)
    if made is None or made[0] != how:
        counts = partial(_counts, request)
        of_view = scope.of_view(view, counts, request.min_tokens, tests=request.tests)
        made = _MADE[view] = how, list(of_view)
    return made[1]


def _counts(request: DuplicateRequest, path: str) -> bool:
    if request.exclude and matches_glob(path, request.exclude):
        return False
    return scope.eligible_path(path, tests=request.tests)


def gathered(material: Material, request: DuplicateRequest, clock: Clock) -> Gathered:
    """All functions that count, and which of them are asked about.

    Args:
        material: where they are.
        request: what is asked.
        clock: how long it may take; when it is over, files of a commit are left out.
    """
    view, change = material.view, material.change
    counts = partial(_counts, request)
    apart = [p for p in material.behind if counts(p) and (change is None or p in change.paths)]
    pending = len(apart) if len(apart) > _FEW else 0
    otherwise = frozenset(apart)
    is_under = _under(request.paths)
    notes = [] if change is None else list(change.notes)
    if pending:
        apart = []
        notes.append(
            f"{pending:,} new or changed files are not in the index and were not compared with"
            " (run `codesearch index`)"
        )

    def is_asked(f: Function) -> bool:
        return is_under(f.path) and (not request.line or f.start_line <= request.line <= f.end_line)

    def is_compared(f: Function) -> bool:
        return scope.is_long_enough(f, request.min_tokens) and (
            request.tests or not scope.is_test(f)
        )

    versions = Versions(view)

    def cut(file: SourceFile) -> list[tuple[Function, str]]:
        if not counts(file.path):
            return []
        return [(f, lines) for f, lines in versions.functions(file) if is_compared(f)]

    def cut_alone(file: SourceFile) -> list[Function]:
        return [f for f, _ in cut(file)]

    found = [
        f
        for f in known(view, request)
        if f.path not in otherwise and (change is None or f.path in change.paths)
    ]
    for file in filter(None, map(material.read, apart)):
        found += cut_alone(file)
    if change is None:
        asked = [is_asked(f) for f in found]
        return Gathered(found, asked, None, notes, pending)
    for file in filter(versions.has, change.old):
        cut_alone(file)  # what it has of these is known of the new ones
    new = [pair for file in takewhile(clock.is_running, change.new) for pair in cut(file)]
    for file in takewhile(clock.is_running, change.others):
        found += cut_alone(file)
    before = Before(change, cut_alone)
    asked = [is_new and is_asked(f) for (f, _), is_new in zip(new, before.sift(new), strict=True)]
    asked = [False] * len(found) + asked
    whole = [*found, *(f for f, _ in new)]
    return Gathered(whole, asked, before, notes, pending)


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
