"""One look for duplicates: what is asked about, what it is compared with, what is a finding."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from codesearch import files, languages
from codesearch.duplicates import purpose
from codesearch.duplicates.baseline import Census, pair
from codesearch.duplicates.before import Before
from codesearch.duplicates.clock import Clock
from codesearch.duplicates.functions import Function, is_passed
from codesearch.duplicates.gather import Material, Read, gathered
from codesearch.duplicates.groups import Edge, Group, best_matches, stars
from codesearch.duplicates.likeness import aligned
from codesearch.duplicates.pairs import pairs_of, rule_between
from codesearch.duplicates.show import Shown, place_of
from codesearch.files import Change
from codesearch.files.base import printable
from codesearch.model import (
    Copy,
    Duplicate,
    DuplicateReport,
    DuplicateRequest,
    IndexState,
    Rule,
    Severity,
    Unused,
)
from codesearch.places import Root

#: A report, and for a request that is ``accepting`` the pairs that were found, by their names in a
#: baseline, with how many of functions they are.
Found = tuple[DuplicateReport, dict[str, int]]

_UNKNOWN = (
    "CS004 is off: from where on its cosine means the same purpose was not measured for this model"
)
#: Copies of which a finding tells all; of the others it tells which they are.
_COPIES = 200


@dataclass(slots=True)
class _Looked:
    """What one look has come to."""

    functions: list[Function]
    asked: NDArray[np.bool_]
    edges: list[Edge] = field(default_factory=list)
    suppressed: int = 0
    accepted: int = 0
    complete: bool = True
    used: set[tuple[str, int]] = field(default_factory=set)  # suppressions, by path and line
    sought: frozenset[str] = frozenset()  # all pairs of these rules were looked for


def asked(
    root: Root, rules: files.Rules, request: DuplicateRequest, unsaved: Mapping[str, bytes]
) -> tuple[DuplicateRequest, Change | None]:
    """What is asked, and what a commit changes, in the modes that ask about it.

    Raises:
        ConfigError: this is no git repository, or there is no such commit.
    """
    if request.mode == "staged":
        change = files.staged(root, rules, languages.detect)
        if request.or_files and request.paths and change.is_empty:
            return replace(request, mode="files"), None
        return request, change
    if request.mode == "uncommitted":
        return request, files.uncommitted(root, rules, languages.detect, unsaved)
    if request.mode == "since":
        to, how = request.to or "HEAD", (root, rules, languages.detect)
        if request.base:
            return request, files.since(*how, request.base, to)
        return request, files.pushed(*how, to)
    return request, None


def begin(
    root: Root, rules: files.Rules, request: DuplicateRequest, unsaved: Mapping[str, bytes]
) -> Future[tuple[DuplicateRequest, Change | None]]:
    """Begins to ask git; what ``asked`` gives is the result. Meanwhile the index can be loaded."""
    beside = ThreadPoolExecutor(1)
    # With the environment of the process that asked, where a server answers.
    answer = beside.submit(copy_context().run, asked, root, rules, request, unsaved)
    beside.shutdown(wait=False)
    return answer


def find(
    material: Material, request: DuplicateRequest, threshold: float | None, start: float
) -> Found:
    """Looks for duplicates.

    Args:
        material: what is compared.
        request: what is asked.
        threshold: see ``Embedder.purpose``.
        start: when the look began, by ``time.perf_counter``.

    Returns:
        All but what only the index knows of itself.
    """
    view, change, read = material.view, material.change, material.read
    clock = Clock.of(request, start)
    compared = gathered(material, request, clock)
    looked = _Looked(compared.functions, np.array(compared.asked, bool))
    looked.complete = clock.is_running()
    pairs: dict[str, int] = {}
    shown = Shown(_reader(change, read))
    if looked.asked.any():
        edges, looked.complete = pairs_of(looked.functions, looked.asked, request, clock)
        if looked.complete:
            looked.sought = request.rules - {"CS004"}
        if "CS004" in request.rules and threshold is not None and not clock.is_over():
            looked.sought |= {"CS004"}
            taken = {n for e in edges for n in (e.left, e.right)}
            near = purpose.pairs(view, looked.functions, threshold, taken)
            edges += [e for e in near if looked.asked[e.left] or looked.asked[e.right]]
        edges = list(_without_known(looked, edges, compared.before))
        edges = list(_without_suppressed(looked, edges, shown))
        edges = list(_without_accepted(looked, edges, request, pairs))
        looked.edges = list(_without_old(looked, edges, compared.before, request, clock))
    if compared.pending or (change is not None and any(change.paths) and not view.layers):
        looked.sought = frozenset()  # what a comment is for may stand where nobody looked
    all_asked = request.mode == "all"
    asked = looked.asked.tolist()
    groups = stars(looked.edges) if all_asked else best_matches(looked.edges, asked)
    findings = list(_findings(looked, groups, request, shown, clock))
    notes = compared.notes
    if change is not None and change.is_empty:
        notes.append("nothing is staged")
    if request.mode == "files" and not request.or_files:
        notes += _passed(request.paths, read)
    if "CS004" in request.rules and threshold is None:
        notes.append(_UNKNOWN)
    report = DuplicateReport(
        mode=request.mode,
        findings=sorted(findings, key=lambda d: (d.place.path, d.place.start_line)),
        checked=int(looked.asked.sum()),
        compared=len(looked.functions),
        state=IndexState.STALE if compared.pending else IndexState.FRESH,
        pending=compared.pending,
        seconds=time.perf_counter() - start,
        suppressed=looked.suppressed,
        accepted=looked.accepted,
        unused=list(_unused(looked, shown)),
        complete=looked.complete,
        warnings=notes,
        lines=_lines(looked.functions),
    )
    return report, pairs


def _lines(functions: Sequence[Function]) -> Counter[str]:
    """How many lines of functions there are in each file; one in another has no more of them."""
    lines: Counter[str] = Counter()
    end: dict[str, int] = {}
    for f in sorted(functions, key=lambda f: f.start_line):
        last = max(end.get(f.path, 0), f.start_line - 1)
        end[f.path] = max(last, f.end_line)
        lines[f.path] += end[f.path] - last
    return lines


def _reader(change: Change | None, read: Read) -> Read:
    """Files as they were compared."""
    if change is None:
        return read
    held = {f.path: f for f in (*change.others, *change.new)}
    return lambda path: held[path] if path in held else read(path)


def _passed(given: Sequence[str], read: Read) -> Iterator[str]:
    """A sentence on those of the given paths that are left out, if any are."""
    out = [p for p in given if is_passed(p) or (is_passed(p + "/") and read(p) is None)]
    if out:
        more = f" and {len(out) - 1:,} more" if out[1:] else ""
        yield (
            f"left out: {printable(out[0])}{more}; vendored and generated code, migrations,"
            " translations and type stubs are not compared"
        )


# -- what is no finding ------------------------------------------------------------------


def _without_known(looked: _Looked, edges: Sequence[Edge], before: Before | None) -> Iterator[Edge]:
    """The pairs of functions that are still asked about once those that only moved are not."""
    if before is not None:
        for number in {n for e in edges for n in (e.left, e.right) if looked.asked[n]}:
            looked.asked[number] = not before.had(looked.functions[number])
    for edge in edges:
        if looked.asked[edge.left] or looked.asked[edge.right]:
            yield edge


def _without_old(
    looked: _Looked,
    edges: Sequence[Edge],
    before: Before | None,
    request: DuplicateRequest,
    clock: Clock,
) -> Iterator[Edge]:
    """The pairs that were none before the commit, or less of one: who edits one of two near
    copies makes no new pair."""
    was: dict[int, list[Function]] = {}
    for edge in edges:
        if before is None or edge.rule == "CS004":
            yield edge
            continue
        if clock.is_over():
            looked.complete = False
            return
        for number in {edge.left, edge.right} - was.keys():
            was[number] = before.versions(looked.functions[number])
        rules = (rule_between(a, b, request) for a, b in product(was[edge.left], was[edge.right]))
        if not any(rule is not None and rule <= edge.rule for rule in rules):
            yield edge


def _without_suppressed(looked: _Looked, edges: Sequence[Edge], shown: Shown) -> Iterator[Edge]:
    """The pairs of which neither function has a comment against this rule."""
    functions = looked.functions
    for edge in edges:
        held = False
        for number in (edge.left, edge.right):
            for s in shown.suppressions(functions[number]):
                if s.holds_for(edge.rule):
                    looked.used.add((functions[number].path, s.line))
                    held = True
        looked.suppressed += held
        if not held:
            yield edge


def _without_accepted(
    looked: _Looked, edges: Sequence[Edge], request: DuplicateRequest, pairs: dict[str, int]
) -> Iterator[Edge]:
    """The pairs that the baseline has not, or has fewer of."""
    if not edges:
        return
    census = Census(looked.functions, request.accepted)
    for edge in edges:
        both = looked.functions[edge.left], looked.functions[edge.right]
        if request.accepting:
            pairs |= census.named(*both, whole=request.mode == "all")
        if census.accepts(*both):
            looked.accepted += 1
        else:
            yield edge


# -- findings ----------------------------------------------------------------------------


def _findings(
    looked: _Looked, groups: Sequence[Group], request: DuplicateRequest, shown: Shown, clock: Clock
) -> Iterator[Duplicate]:
    functions = looked.functions
    if request.differences:
        shown.prepare(functions[n] for number, edges in groups for n in (number, *(
            e.other(number) for e in edges[:_COPIES]
        )))  # fmt: skip
    for number, edges in groups:
        own = functions[number]
        place = shown.place(own)
        copies = []
        for edge in edges[:_COPIES]:
            other = functions[edge.other(number)]
            there = shown.place(other)
            if there is not None:
                wanted = request.differences and not clock.is_over()
                differences = shown.differences(own, other) if wanted else []
                share = aligned(own, other)
                copies.append(Copy(there, edge.rule, edge.likeness, differences, share))
        if place is None or not copies:
            continue
        beyond = [
            Copy(place_of(functions[edge.other(number)]), edge.rule, edge.likeness)
            for edge in edges[_COPIES:]
        ]
        rule = copies[0].rule
        name = pair(own, functions[edges[0].other(number)]).replace(" ", "")
        yield Duplicate(rule, severity(rule, strict=request.strict), place, copies, name, beyond)


def severity(rule: Rule, *, strict: bool) -> Severity:
    """How bad a finding is."""
    if rule == "CS004":
        return "note"
    return "warning" if rule == "CS003" and not strict else "error"


def _unused(looked: _Looked, shown: Shown) -> Iterator[Unused]:
    """The comments in functions that were asked about by which nothing was left out, of those
    all of whose rules were looked for."""
    for f, asked in zip(looked.functions, looked.asked.tolist(), strict=True):
        if asked and looked.sought:
            for s in shown.suppressions(f):
                if (f.path, s.line) not in looked.used and looked.sought >= s.held:
                    yield Unused(f.path, s.line, s.rules)
