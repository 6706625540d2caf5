"""GitLab's Code Quality report: a list of issues, shown in a merge request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b

from codesearch.model import DuplicateReport, Severity
from codesearch.protocol import Document, exact
from codesearch.report import words

_SEVERITIES: Mapping[Severity, str] = {"error": "major", "warning": "minor", "note": "info"}


def issues(report: DuplicateReport) -> list[Document]:
    """The issues, for ``protocol.encode``. Paths are relative to the root.

    GitLab tells new issues from old by their fingerprints. A finding's own is that of a pair
    of texts, which may be found in several places, so the place is a part of it, without lines.
    """
    out = []
    seen: Counter[str] = Counter()
    for finding in report.findings:
        place = finding.place
        known = "\0".join((finding.fingerprint, place.path, place.symbol))
        seen[known] += 1
        out.append(
            {
                "description": words.sentence(finding),
                "check_name": finding.rule,
                "fingerprint": _digest(known, seen[known]),
                "severity": _SEVERITIES[finding.severity],
                "location": {
                    "path": place.path,
                    "lines": {"begin": words.defined_at(place), "end": place.end_line},
                },
            }
        )
    return out


def _digest(known: str, number: int) -> str:
    return blake2b(exact(f"{known}\0{number}"), digest_size=16).hexdigest()
