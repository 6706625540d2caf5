"""How duplication went: two small charts from the documents of earlier runs, as markup.

The documents may have been made or altered by anything: only numbers and dates are taken from
them, and what is not as it should be is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from codesearch.protocol import DUPLICATES


@dataclass(frozen=True, slots=True)
class Point:
    """A run. ``share`` is that of the lines that could go among those of all functions."""

    made: datetime
    share: float
    findings: int


def charts(earlier: Sequence[Mapping[str, Any]], today: Point) -> str:
    """The earlier runs and today's, in order of time; nothing where there is only today's."""
    points = [point for point in map(_point, earlier) if point and point.made < today.made]
    if not points:
        return ""
    points = [*sorted(points, key=lambda point: point.made), today]
    days = [point.made for point in points]
    drawn = (
        _chart("Share of lines that could go", days, [point.share for point in points], percent),
        _chart("Findings", days, [point.findings for point in points], "{:,.0f}".format),
    )
    return (
        '<section aria-labelledby="trend-title" id="trend"><h2 id="trend-title">Over time</h2>'
        f'<div class="charts">{"".join(drawn)}</div></section>'
    )


def aware(moment: datetime) -> datetime:
    """A time with a zone, UTC where none is given, so that all can be compared."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def percent(share: float) -> str:
    """``3.2 %``"""
    return f"{100 * share:.1f} %"


def _point(document: Mapping[str, Any]) -> Point | None:
    try:
        summary = document["summary"]
        found, twice, lines = (summary[key] for key in ("findings", "duplicated_lines", "lines"))
        made = aware(datetime.fromisoformat(document["made"]))
    except (KeyError, TypeError, ValueError):
        return None
    if document.get("schema") != DUPLICATES or {type(n) for n in (found, twice, lines)} != {int}:
        return None
    return Point(made, twice / lines, found) if found >= 0 and 0 <= twice <= lines > 0 else None


def _chart(
    name: str, days: Sequence[datetime], values: Sequence[float], say: Callable[[float], str]
) -> str:
    """A line over zero. It is stretched to the room that there is; strokes and dots are not."""
    span = (days[-1] - days[0]).total_seconds()
    top = max(values) or 1
    spots = [
        f"{100 * (day - days[0]).total_seconds() / span:.2f},{100 - 100 * value / top:.2f}"
        for day, value in zip(days, values, strict=True)
    ]
    dots = "".join(
        f'<path class="dot" d="M{spot}h0"><title>{day:%Y-%m-%d}: {say(value)}</title></path>'
        for spot, day, value in zip(spots, days, values, strict=True)
    )
    first, last = f"{days[0]:%Y-%m-%d}", f"{days[-1]:%Y-%m-%d}"
    told = f"{name}: {say(values[0])} on {first}, {say(values[-1])} on {last}; {len(days)} runs"
    return (
        f'<figure class="chart"><figcaption><span>{name}</span>'
        f"<span>{say(values[0])} \u2192 <b>{say(values[-1])}</b></span></figcaption>"
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{told}">'
        f'<path class="base" d="M0,100H100"/><path class="run" d="M{" ".join(spots)}"/>{dots}</svg>'
        f'<div class="dates"><span>{first}</span><span>{last}</span></div></figure>'
    )
