"""Annotations of GitHub Actions: lines that a workflow prints and GitHub shows beside the code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from codesearch import output
from codesearch.model import RULE_NAMES, Duplicate, DuplicateReport, Severity
from codesearch.report import words

_COMMANDS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}
# GitHub shows that many of each in a step, and drops the rest without a word.
_MOST = 10


def commands(report: DuplicateReport) -> str:
    """A line for each finding that GitHub will show, errors first, and one for those it won't.

    Paths are relative to the root, in which a workflow runs. Without findings it is empty.
    """
    return "\n".join(_lines(report))


def _lines(report: DuplicateReport) -> Iterator[str]:
    counts = Counter(finding.severity for finding in report.findings)
    left = dict.fromkeys(_COMMANDS, _MOST)
    if any(count > _MOST for count in counts.values()):
        left["note"] -= 1  # the last line is a notice too
    more = 0
    for finding in words.most_severe_first(report.findings):
        if left[finding.severity]:
            left[finding.severity] -= 1
            yield _annotation(finding)
        else:
            more += 1
    if more:
        yield f"::notice::{output.plural(more, 'more duplicate')} found; GitHub shows no more here"


def _annotation(finding: Duplicate) -> str:
    place = finding.place
    properties = {
        "file": place.path,
        "line": str(words.defined_at(place)),
        "endLine": str(place.end_line),
        "col": str(place.column),
        "title": f"{finding.rule} {RULE_NAMES[finding.rule]}",
    }
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {told}::{_data(words.sentence(finding))}"


def _data(text: str) -> str:
    """Text as the runner wants it. What it doesn't unescape, a terminal must not act on."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return output.visible(text)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
