"""SARIF 2.1.0, the format of code scanners: what GitHub, Azure and editors read.

It is the same on every machine: paths are relative to the root, which is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from codesearch import __version__, output
from codesearch.model import RULE_NAMES, Duplicate, DuplicateReport, Place, Severity
from codesearch.protocol import Document, exact
from codesearch.report import words

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
# GitHub refuses a file with more results, or with more places in one of them.
_MOST_RESULTS, _MOST_PLACES = 25_000, 999
_MOST_LINKS = 5
_RULES = list(RULE_NAMES)


def log(report: DuplicateReport) -> Document:
    """A SARIF log with one run, for ``protocol.encode``."""
    results = words.most_severe_first(report.findings)[:_MOST_RESULTS]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The root of the repository."}}
                },
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": list(_notifications(report)),
                    }
                ],
                "results": [_result(finding) for finding in results],
            }
        ],
    }


def _driver() -> Document:
    return {
        "name": "codesearch",
        "version": __version__,
        "rules": [
            {
                "id": rule,
                "name": RULE_NAMES[rule],
                "shortDescription": {"text": f"{short}."},
                "fullDescription": {"text": full},
                "help": {"text": full},
                "defaultConfiguration": {"level": words.LEVELS[rule]},
            }
            for rule, (short, full) in words.RULES.items()
        ],
    }


def _result(finding: Duplicate) -> Document:
    related = finding.copies[:_MOST_PLACES]
    return {
        "ruleId": finding.rule,
        "ruleIndex": _RULES.index(finding.rule),
        "level": finding.severity,
        "message": {"text": _message(finding)},
        "locations": [_location(finding.place)],
        "relatedLocations": [
            {"id": number, **_location(copy.place), "message": {"text": _text(_told(copy.place))}}
            for number, copy in enumerate(related, 1)
        ],
        "partialFingerprints": {"codesearchDuplicate/v1": finding.fingerprint},
    }


def _message(finding: Duplicate) -> str:
    """The sentence of all formats, with links to the related locations by their ids."""
    links = [
        f"[{_text(words.where(copy.place))}]({number})"
        for number, copy in enumerate(finding.copies[:_MOST_LINKS], 1)
    ]
    before, after = words.relation(finding.best)
    one, other = (_text(words.called(p)) for p in (finding.place, finding.best.place))
    text = f"{one} {before} {other}{after} ({links[0]})."
    if links[1:]:
        text += f" Also: {', '.join(links[1:])}{words.more(finding, len(links))}."
    return text


def _told(place: Place) -> str:
    return f"{words.called(place)} in {words.where(place)}"


def _text(text: str) -> str:
    """Text in a message: brackets would begin a link, braces a placeholder."""
    for char in "\\[]":
        text = text.replace(char, "\\" + char)
    return text.replace("{", "{{").replace("}", "}}")


def _location(place: Place) -> Document:
    region = {
        "startLine": words.defined_at(place),
        "startColumn": place.column,
        "endLine": place.end_line,
    }
    return {"physicalLocation": {"artifactLocation": _artifact(place.path), "region": region}}


def _artifact(path: str) -> Document:
    return {"uri": quote(exact(path), safe="/"), "uriBaseId": _ROOT}


def _notifications(report: DuplicateReport) -> Iterator[Document]:
    for warning in report.warnings:
        yield _notification("warning", warning)
    if not report.complete:
        yield _notification("warning", "time was up before everything was compared")
    more = len(report.findings) - _MOST_RESULTS
    if more > 0:
        yield _notification("warning", f"{more:,} more findings are left out, the least severe")
    for unused in report.unused:
        rules = ", ".join(unused.rules)
        found = _notification("note", f"unused suppression{f' of {rules}' if rules else ''}")
        place = {"artifactLocation": _artifact(unused.path), "region": {"startLine": unused.line}}
        yield {**found, "locations": [{"physicalLocation": place}]}


def _notification(level: Severity, text: str) -> Document:
    return {"level": level, "message": {"text": _text(output.visible(text))}}
