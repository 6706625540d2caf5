"""Wire JSON of duplicates: a document for a report, or an object for each finding.

What holds for every document of ``protocol`` holds here.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from codesearch.model import RULE_NAMES, Duplicate, DuplicateReport, Place
from codesearch.protocol import DUPLICATES, Document, named
from codesearch.report import compare, words


def duplicates(report: DuplicateReport, *, root: str, made: datetime) -> Document:
    """What a look for duplicates found. ``made`` is when; two reports can be compared by it."""
    return {
        "schema": DUPLICATES,
        **named("root", root),
        "mode": report.mode,
        "made": made.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "took_ms": round(report.seconds * 1000),
        "index": {"state": report.state.value, "pending_files": report.pending},
        "checked": report.checked,
        "compared": report.compared,
        "complete": report.complete,
        "summary": _summary(report),
        "suppressed": report.suppressed,
        "accepted": report.accepted,
        "unused_suppressions": [
            {**named("path", unused.path), "line": unused.line, "rules": list(unused.rules)}
            for unused in report.unused
        ],
        "warnings": list(report.warnings),
        "findings": [duplicate(finding) for finding in report.findings],
    }


def _summary(report: DuplicateReport) -> Document:
    """``duplicated_lines`` could go: those of copies, each once however often it was found."""
    rules = Counter(finding.rule for finding in report.findings)
    copies = [copy.place for finding in report.findings for copy in finding.every]
    functions = {
        (p.path, p.start_line, p.column, p.end_line)
        for p in [*copies, *(finding.place for finding in report.findings)]
    }
    # A hint is no line that could go.
    sure = [c.place for f in report.findings if f.rule != "CS004" for c in f.every]
    lines = {(p.path, line) for p in sure for line in range(p.start_line, p.end_line + 1)}
    return {
        "findings": len(report.findings),
        "rules": {rule: rules[rule] for rule in RULE_NAMES},
        "functions": len(functions),
        "duplicated_lines": len(lines),
        "lines": sum(report.lines.values()),
    }


def duplicate(finding: Duplicate) -> Document:
    """A finding: a function, its nearest copy and how the two differ, and its further copies.

    ``more`` are copies beyond those, only counted.
    """
    best, *others = finding.copies
    return {
        "rule": finding.rule,
        "name": RULE_NAMES[finding.rule],
        "severity": finding.severity,
        "likeness": round(best.likeness, 4),
        "aligned": round(best.aligned, 4),
        "fingerprint": finding.fingerprint,
        "message": words.sentence(finding),
        "place": _place(finding.place),
        "other": _place(best.place),
        "differences": [
            {"left": _passage(left), "right": _passage(right)}
            for left, right in compare.passages(finding.place, best)
        ],
        "also": [
            {**_place(copy.place), "rule": copy.rule, "likeness": round(copy.likeness, 4)}
            for copy in others
        ],
        "more": len(finding.beyond),
    }


def _place(place: Place) -> Document:
    return {
        **named("path", place.path),
        "language": place.language,
        "symbol": place.symbol,
        "start_line": place.start_line,
        "end_line": place.end_line,
        "line": words.defined_at(place),
        "column": place.column,
        "tokens": place.tokens,
    }


def _passage(passage: compare.Passage) -> Document:
    return {"start_line": passage.start_line, "end_line": passage.end_line, "text": passage.text}
