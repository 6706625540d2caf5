"""Duplicates for people: a block for each on a terminal, else one line as compilers write it.

A line goes through a pipe to a person too: ``pre-commit`` reads it and prints it. So names are
never exact here: what could act on a terminal is shown as an escape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from textwrap import wrap

from codesearch import output
from codesearch.model import RULE_NAMES, Copy, Duplicate, DuplicateReport, Severity
from codesearch.output import Screen
from codesearch.report import diff, words

_COLOURS: Mapping[Severity, str] = {"error": "1;31", "warning": "1;33", "note": "1;36"}
_BOLD, _DIM = "1", "2"
_MOST_COPIES = 5
_MIN_PLACE, _MIN_SYMBOL = 16, 5

Namer = Callable[[str], str]


def answer(report: DuplicateReport, name: Namer, screen: Screen, *, sides: bool = False) -> str:
    """All of a report. In a pipe that is the findings alone; without any it is empty then.

    Args:
        report: what was found.
        name: the path to show for a path of the index.
        screen: what the other end can show.
        sides: show both functions, as ``--diff`` asks for.
    """
    if screen.columns is None and not screen.colour:
        if not sides:
            return "\n".join(line(finding, name) for finding in report.findings)
        return "\n\n".join(block(f, name, screen, sides=True) for f in report.findings)
    parts = [block(finding, name, screen, sides=sides) for finding in report.findings]
    parts.append(
        "\n".join(
            screen.paint(output.clip(text, screen.width, screen.ellipsis), _COLOURS["warning"])
            for text in unused(report, name)
        )
    )
    parts.append("\n".join(wrap(summary(report), screen.width)))
    return "\n\n".join(filter(None, parts))


def line(finding: Duplicate, name: Namer) -> str:
    """``src/a.py:10:1: CS003 'load_cfg' is 93 % like 'read_config' (src/b.py:40-71)``."""
    return f"{_at(finding, name)} {finding.rule} {words.sentence(finding, name)}"


def block(finding: Duplicate, name: Namer, screen: Screen, *, sides: bool = False) -> str:
    """A finding: a header, its further copies, and what differs from the nearest."""
    out = list(_header(finding, name, screen))
    out += _further(finding, name, screen)
    if sides:
        out += diff.both(finding, name, screen)
    else:
        out += diff.changes(finding, screen)
    return "\n".join(out)


def unused(report: DuplicateReport, name: Namer) -> list[str]:
    """``src/a.py:9: unused suppression of CS003``, one each."""
    out = []
    for found in report.unused:
        rules = output.visible(", ".join(found.rules))
        of = f" of {rules}" if rules else ""
        out.append(f"{output.visible(name(found.path))}:{found.line}: unused suppression{of}")
    return out


def summary(report: DuplicateReport) -> str:
    """``3 duplicates in 12 functions checked against 8,412 (1 exact, 2 near)``, and limits."""
    rules = Counter(finding.rule for finding in report.findings)
    number = len(report.findings)
    parts = [
        (output.plural(number, "duplicate") if number else "no duplicates")
        + f" in {output.plural(report.checked, 'function')} checked against {report.compared:,}"
    ]
    if rules:
        named = (f"{rules[rule]:,} {kind}" for rule, kind in RULE_NAMES.items() if rules[rule])
        parts[0] += f" ({', '.join(named)})"
    if report.suppressed:
        parts.append(f"{report.suppressed:,} suppressed")
    if report.accepted:
        parts.append(f"{report.accepted:,} accepted by the baseline")
    if report.pending:
        parts.append(f"{output.plural(report.pending, 'changed file')} not looked at")
    if not report.complete:
        parts.append("time was up before everything was compared")
    return "; ".join(parts)


def _at(finding: Duplicate, name: Namer) -> str:
    place = finding.place
    return f"{output.visible(name(place.path))}:{words.defined_at(place)}:{place.column}:"


def _header(finding: Duplicate, name: Namer, screen: Screen) -> Iterator[str]:
    """On one line where it fits, else on three."""
    at, rule, other = _at(finding, name), finding.rule, words.where(finding.best.place, name)
    before, after = words.relation(finding.best)
    colour = _COLOURS[finding.severity]
    paint = screen.paint
    said = [
        (words.called(finding.place), _BOLD),
        (f" {before} ", ""),
        (words.called(finding.best.place), _BOLD),
        (after, ""),
    ]
    whole = f"{at} {rule} {''.join(text for text, _ in said)} ({other})"
    if output.width(whole) <= screen.width:
        told = "".join(paint(text, code) for text, code in said)
        yield f"{paint(at, output.PATH)} {paint(rule, colour)} {told} ({paint(other, output.PATH)})"
        return
    room = screen.width - len(rule) - 1
    yield f"{paint(output.clip_left(at, room, screen.ellipsis), output.PATH)} {paint(rule, colour)}"
    yield "  " + output.fit(said, 0, screen.width - 2, screen)
    yield "  " + paint(output.clip_left(other, screen.width - 2, screen.ellipsis), output.PATH)


def _further(finding: Duplicate, name: Namer, screen: Screen) -> Iterator[str]:
    """The copies behind the nearest: ``  also CS003 91 %  src/c.py:5-20  load``."""
    others = finding.copies[1 : 1 + _MOST_COPIES]
    if not others:
        return
    likes = [f"{copy.rule} {_likeness(copy)}" for copy in others]
    wide = max(map(len, likes))
    leads = [f"  {'    ' if at else 'also'} {like:<{wide}}  " for at, like in enumerate(likes)]
    if screen.width - len(leads[0]) < _MIN_PLACE:
        leads = [f"  {copy.rule} " for copy in others]
    room = screen.width - len(leads[0])
    places = [words.where(copy.place, name) for copy in others]
    # The place is what a person goes to: the name gets what it leaves, if that is anything.
    column = min(max(map(output.width, places)), room)
    left = room - column - 2
    for copy, lead, place in zip(others, leads, places, strict=True):
        shown = output.clip_left(place, column, screen.ellipsis)
        pad = " " * (column - output.width(shown) + 2)
        symbol = output.visible(copy.place.symbol)
        symbol = output.clip(symbol, left, screen.ellipsis) if left >= _MIN_SYMBOL else ""
        row = screen.paint(lead, _DIM) + screen.paint(shown, output.PATH) + pad + symbol
        yield row.rstrip()
    more = words.more(finding, 1 + len(others))
    if more:
        yield screen.paint(" " * leads[-1].index("C") + more.strip(), _DIM)


def _likeness(copy: Copy) -> str:
    return words.percent(copy) if copy.rule == "CS003" else RULE_NAMES[copy.rule]
