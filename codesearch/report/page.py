"""The report as one page to look at: numbers, a map, every finding with its code side by side.

The page stands alone: style, script and data are inside it, it asks for nothing, and its
policy lets nothing else run. What comes from a repository is data in JSON, which the script
shows as text; ``page.js`` and its neighbours draw what depends on the room that there is.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import chain
from typing import Any

from codesearch import __version__
from codesearch.model.duplicates import RULE_NAMES, Copy, Duplicate, DuplicateReport, Place
from codesearch.output import LEXERS, duration, plural, visible
from codesearch.report import compare, trend

# Lexers are regular expressions that a hostile file could make slow: no more of a function.
_MAX_LEXED = 20_000

# By the first name that a token's type or one above it has; the style names their colours.
_COLOURS = {
    "Token.Comment": "c",
    "Token.Keyword": "k",
    "Token.Literal.Number": "m",
    "Token.Literal.String": "s",
    "Token.Name.Attribute": "na",
    "Token.Name.Builtin": "nb",
    "Token.Name.Class": "nc",
    "Token.Name.Decorator": "nd",
    "Token.Name.Function": "nf",
    "Token.Name.Tag": "nt",
    "Token.Operator.Word": "k",
}


def page(
    report: DuplicateReport,
    *,
    title: str,
    made: datetime,
    earlier: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The page, as HTML.

    Args:
        report: what was found; the places of its findings have their text.
        title: what was looked at, e.g. the repository's name.
        made: when; without a zone it is UTC.
        earlier: JSON documents of earlier runs, in any order, for the trend.
    """
    script = "\n".join(map(_asset, ("page.js", "page_code.js", "page_map.js")))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    numbers = _Numbers.of(report)
    today = trend.Point(trend.aware(made), numbers.share, len(report.findings))
    data, code = _data(report, numbers)
    parts = {
        "hash": f"sha256-{digest}",
        "title": html.escape(visible(title)),
        "subtitle": html.escape(_subtitle(report, today.made)),
        "notice": _notice(report),
        "numbers": _tiles(report, numbers),
        "trend": trend.charts(earlier, today),
        "none": f"No duplicates among {plural(report.checked, 'function')}.",
        "notes": _notes(report),
        "data": _json(data),
        "code": _json(code),
        "script": script,
        "style": _asset("page.css"),
    }
    # In one pass, so that nothing is looked for in what was put in.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _json(document: object) -> str:
    """JSON that can stand in a script element: ASCII, and no ``<`` that could end it."""
    return json.dumps(document, separators=(",", ":")).replace("<", "\\u003c")


# -- numbers -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What a report adds up to. A hint (CS004) is no duplicate: its lines do not count."""

    functions: int
    removable: int  # lines of copies, each once
    duplicated: Mapping[str, int]  # lines of functions and copies, by path
    lines: int  # of all functions

    @property
    def share(self) -> float:
        return self.removable / self.lines if self.lines else 0.0

    @classmethod
    def of(cls, report: DuplicateReport) -> _Numbers:
        functions: set[tuple[str, int, int, int]] = set()
        removable: set[tuple[str, int]] = set()
        duplicated: set[tuple[str, int]] = set()
        for finding in report.findings:
            places = [finding.place, *(copy.place for copy in finding.every)]
            functions.update((p.path, p.start_line, p.column, p.end_line) for p in places)
            copies = _copies(finding)
            removable.update(chain.from_iterable(map(_lines, copies)))
            if copies:
                duplicated.update(_lines(finding.place))
        duplicated |= removable
        return cls(
            functions=len(functions),
            removable=len(removable),
            duplicated=Counter(path for path, _ in duplicated),
            lines=sum(report.lines.values()),
        )


def _lines(place: Place) -> Iterator[tuple[str, int]]:
    return ((place.path, line) for line in range(place.start_line, place.end_line + 1))


def _copies(finding: Duplicate) -> list[Place]:
    return [copy.place for copy in finding.every if copy.rule != "CS004"]


# -- markup of our own words and numbers -------------------------------------------------


def _subtitle(report: DuplicateReport, made: datetime) -> str:
    counts = [
        f"{made:%Y-%m-%d %H:%M} {made.tzname()}",
        f"{plural(report.checked, 'function')} compared with {report.compared:,}",
        f"in {duration(report.seconds)}",
        f"codesearch {__version__}",
    ]
    return " \u00b7 ".join(counts)


def _problems(report: DuplicateReport) -> list[str]:
    """What keeps the report from being whole, and what else there was to say."""
    out = []
    if not report.complete:
        out.append("The time allowed was over before everything was compared.")
    if report.pending:
        out.append(f"{plural(report.pending, 'file')} changed since and not looked at.")
    return out + [visible(warning) for warning in report.warnings]


def _notice(report: DuplicateReport) -> str:
    problems = _problems(report)
    if not problems:
        return ""
    more = f' <a href="#notes">and {len(problems) - 1:,} more</a>' if len(problems) > 1 else ""
    return f'<p class="notice">{html.escape(problems[0])}{more}</p>'


def _tiles(report: DuplicateReport, numbers: _Numbers) -> str:
    rules = Counter(finding.rule for finding in report.findings)
    named = ", ".join(f"{rules[rule]:,} {RULE_NAMES[rule]}" for rule in RULE_NAMES if rules[rule])
    tiles = [
        ("Findings", f"{len(report.findings):,}", named or "none of any rule"),
        ("Functions involved", f"{numbers.functions:,}", f"of {report.compared:,} compared"),
        ("Lines that could go", f"{numbers.removable:,}", "if one of each group stayed"),
    ]
    if numbers.lines:
        tiles.append(
            (
                "Share of all lines",
                trend.percent(numbers.share),
                f"of {plural(numbers.lines, 'line')} of functions",
            )
        )
    return "".join(
        f'<div><dt>{name}</dt><dd class="value">{value}</dd><dd>{more}</dd></div>'
        for name, value, more in tiles
    )


def _notes(report: DuplicateReport) -> str:
    said = _problems(report)
    if report.suppressed:
        said.append(f"{plural(report.suppressed, 'finding')} suppressed by a comment.")
    if report.accepted:
        said.append(f"{plural(report.accepted, 'finding')} accepted by the baseline.")
    unused = [
        f"{visible(one.path)}:{one.line}: {visible(', '.join(one.rules)) or 'all rules'}"
        for one in report.unused
    ]
    lists = [
        _list("About this run", said),
        _list("Suppressions that suppress nothing", unused),
    ]
    if not any(lists):
        return ""
    return (
        '<section aria-labelledby="notes-title" id="notes"><h2 id="notes-title">Notes</h2>'
        f'<div class="notes">{"".join(lists)}</div></section>'
    )


def _list(name: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f"<div><h3>{name}</h3><ul>{items}</ul></div>" if lines else ""


# -- data for the script -----------------------------------------------------------------


def _data(report: DuplicateReport, numbers: _Numbers) -> tuple[dict[str, Any], list[Any]]:
    """What the list and the map need at once; the functions' text, which is large, apart."""
    places: dict[Place, int] = {}

    def number(place: Place) -> int:
        return places.setdefault(place, len(places))

    findings = [
        {
            "rule": finding.rule,
            "severity": finding.severity,
            "lines": sum(p.end_line - p.start_line + 1 for p in _copies(finding)),
            "place": number(finding.place),
            "copies": [
                {
                    "place": number(copy.place),
                    "rule": copy.rule,
                    "likeness": _share(copy.aligned or copy.likeness),
                    "differences": list(_units(finding.place, copy)),
                    "facing": "".join(map(_facing, compare.rows(finding.place, copy))),
                }
                for copy in finding.copies
            ],
            "more": len(finding.beyond),
        }
        for finding in report.findings
    ]
    lines = {path: report.lines.get(path, 0) for path in {*report.lines, *numbers.duplicated}}
    data = {
        "rules": RULE_NAMES,
        "findings": findings,
        "places": [
            {
                "path": visible(place.path),
                "symbol": visible(place.symbol),
                "language": visible(place.language),
                "start": place.start_line,
                "line": place.line or place.start_line,
            }
            for place in places
        ],
        "files": [
            (
                visible(path),
                max(n, numbers.duplicated.get(path, 0)),
                numbers.duplicated.get(path, 0),
            )
            for path, n in sorted(lines.items())
        ]
        if report.lines
        else [],
    }
    lexers: dict[str, Any] = {}
    return data, [(place.text, _runs(place, lexers)) for place in places]


def _facing(row: compare.Row) -> str:
    """One letter a row: lines on both sides, on the left alone, on the right alone."""
    return "b" if row.left and row.right else "l" if row.left else "r"


def _units(place: Place, copy: Copy) -> Iterator[int]:
    """The ranges of a copy's differences, four numbers each, as JavaScript counts characters."""
    own, other = place.text, copy.place.text
    for (start, end), (other_start, other_end) in copy.differences:
        yield _unit(own, start)
        yield _unit(own, end)
        yield _unit(other, other_start)
        yield _unit(other, other_end)


def _unit(text: str, offset: int) -> int:
    """An offset in UTF-16, where a character beyond the first 65,536 counts twice."""
    if text.isascii():
        return offset
    return offset + sum(char > "\uffff" for char in text[:offset])


def _runs(place: Place, lexers: dict[str, Any]) -> str:
    """How a function is coloured: ``k3`` for three characters of a keyword, ``2`` for two plain."""
    text = place.text[:_MAX_LEXED]
    if place.language not in lexers:
        lexers[place.language] = _lexer(place.language)
    lexer = lexers[place.language]
    if lexer is None:
        return ""
    runs: list[tuple[str, int]] = []
    at = 0
    for start, token, value in lexer.get_tokens_unprocessed(text):
        if start != at:  # a lexer of lexers may go back; better no colours than wrong ones
            return ""
        at += len(value)
        colour, length = _colour(token), _unit(value, len(value))
        if runs and runs[-1][0] == colour:
            length += runs.pop()[1]
        runs.append((colour, length))
    return "".join(f"{colour}{length} " for colour, length in runs)


def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(LEXERS.get(language, language), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@cache
def _colour(token: Any) -> str:
    """The colour of a pygments token type, or of the nearest type above it that has one."""
    while token is not None:
        if colour := _COLOURS.get(str(token)):
            return colour
        token = token.parent
    return ""


def _share(number: float) -> float:
    return number if math.isfinite(number) else 0.0
