"""Sentences about duplicates: every format says of a finding the same in the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from codesearch import output
from codesearch.model import Copy, Duplicate, Place, Rule, Severity

#: What a rule finds, in a few words and in full.
RULES: Mapping[Rule, tuple[str, str]] = {
    "CS001": (
        "The function is there already",
        (
            "Another function consists of the same tokens; only comments and layout may differ. "
            "Call that one, or keep the code of both in one place."
        ),
    ),
    "CS002": (
        "The function is there already under other names",
        (
            "Another function is the same once local names and literals are set aside. "
            "Call that one, or give what both share a place of its own."
        ),
    ),
    "CS003": (
        "The function is an edited copy",
        (
            "Most of the function stands in another one too, as if it had been copied and then "
            "edited. What both share may deserve a place of its own, unless they differ on purpose."
        ),
    ),
    "CS004": (
        "Another function may have the same purpose",
        (
            "Another function is near in meaning, whatever its code looks like. This is a hint: "
            "the two may well do different things."
        ),
    ),
}
#: How serious a rule's findings are unless somebody says otherwise.
LEVELS: Mapping[Rule, Severity] = {
    "CS001": "error",
    "CS002": "error",
    "CS003": "warning",
    "CS004": "note",
}

_ORDER: tuple[Severity, ...] = ("error", "warning", "note")
_MOST_SYMBOL = 200


def most_severe_first(findings: Iterable[Duplicate]) -> list[Duplicate]:
    """Errors, warnings, notes; among equals the order stays."""
    return sorted(findings, key=lambda finding: _ORDER.index(finding.severity))


def called(place: Place) -> str:
    """A function's name in quotes, safe to show."""
    if not place.symbol:
        return "a function without a name"
    return f"'{shown(place.symbol)}'"


def shown(symbol: str) -> str:
    """A symbol, safe to show and not endless."""
    return output.clip(output.visible(symbol), _MOST_SYMBOL)


def where(place: Place, name: Callable[[str], str] = str) -> str:
    """``src/b.py:40-71``, safe to show."""
    return f"{output.visible(name(place.path))}:{place.start_line}-{place.end_line}"


def defined_at(place: Place) -> int:
    """The line to point at; what stands above it are comments and attributes."""
    return place.line or place.start_line


def relation(copy: Copy) -> tuple[str, str]:
    """What stands between the names of a function and its copy, and what behind them."""
    if copy.rule == "CS001":
        return "is the same as", ""
    if copy.rule == "CS002":
        return "is the same but for names and values as", ""
    if copy.rule == "CS003":
        return f"is {percent(copy)} like", ""
    return "seems to do what", " does"


def percent(copy: Copy) -> str:
    """``93 %``. What is not the same is never 100 % like."""
    return f"{min(round(100 * (copy.aligned or copy.likeness)), 99)} %"


def more(finding: Duplicate, told: int = 1) -> str:
    """`` and 3 more`` copies, if there are more than were told of."""
    left = len(finding.every) - told
    return f" and {left:,} more" if left > 0 else ""


def _others(finding: Duplicate) -> str:
    """The same behind a sentence about the best copy, which need not hold for the others."""
    every = finding.every
    if all(copy.rule == finding.rule for copy in every):
        return more(finding)
    return f", and like {len(every) - 1:,} more"


def sentence(finding: Duplicate, name: Callable[[str], str] = str) -> str:
    """``'load_cfg' is 93 % like 'read_config' (src/b.py:40-71)``, on one line, without a stop.

    Args:
        finding: what to tell of.
        name: the path to show for a path of the index.
    """
    best = finding.best
    before, after = relation(best)
    other = f"{called(best.place)}{after} ({where(best.place, name)})"
    return f"{called(finding.place)} {before} {other}{_others(finding)}"
