"""Recurring jobs: five-field expressions and the clock that fires them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ferry.jobs.queue import JobQueue

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6))
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}


class CronError(ValueError):
    pass


def parse_field(text: str, name: str, low: int, high: int) -> frozenset[int]:
    """The values that one field allows: lists, ranges and steps of numbers, or a star."""
    values: set[int] = set()
    for part in text.split(","):
        span, _, step_text = part.partition("/")
        step = int(step_text) if step_text.isdigit() else 1
        if span == "*":
            first, last = low, high
        elif "-" in span:
            left, _, right = span.partition("-")
            if not (left.isdigit() and right.isdigit()):
                raise CronError(f"{name}: {part!r} is not a range")
            first, last = int(left), int(right)
        elif span.isdigit():
            first = int(span)
            last = high if step_text else first
        else:
            raise CronError(f"{name}: cannot read {part!r}")
        if first < low or last > high or first > last or step < 1:
            raise CronError(f"{name}: {part!r} is outside {low}-{high}")
        values.update(range(first, last + 1, step))
    return frozenset(values)


@dataclass(frozen=True)
class CronExpression:
    minute: frozenset[int]
    hour: frozenset[int]
    day: frozenset[int]
    month: frozenset[int]
    weekday: frozenset[int]
    day_or_weekday: bool

    @classmethod
    def parse(cls, text: str) -> CronExpression:
        parts = NICKNAMES.get(text, text).split()
        if len(parts) != len(FIELDS):
            raise CronError(f"expected 5 fields, got {len(parts)} in {text!r}")
        sets = [parse_field(part, *spec) for part, spec in zip(parts, FIELDS, strict=True)]
        return cls(*sets, day_or_weekday=parts[2] != "*" and parts[4] != "*")

    def matches(self, moment: datetime) -> bool:
        if moment.minute not in self.minute or moment.hour not in self.hour:
            return False
        return self._matches_date(moment)

    def _matches_date(self, moment: datetime) -> bool:
        if moment.month not in self.month:
            return False
        day = moment.day in self.day
        weekday = (moment.weekday() + 1) % 7 in self.weekday
        return day or weekday if self.day_or_weekday else day and weekday

    def following(self, after: datetime) -> datetime:
        """The first matching minute strictly after a moment, searched four years ahead.

        Whole days that cannot match are skipped, so even the 29th of February is found
        at once.
        """
        moment = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
        horizon = moment + timedelta(days=4 * 366)
        while moment < horizon:
            if not self._matches_date(moment):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif moment.hour not in self.hour:
                moment = moment.replace(minute=0) + timedelta(hours=1)
            elif moment.minute not in self.minute:
                moment += timedelta(minutes=1)
            else:
                return moment
        raise CronError("the expression never matches")


class Ticker:
    """Puts recurring jobs on the queue when their minute comes."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._entries: dict[str, tuple[CronExpression, dict[str, object]]] = {}
        self._next: dict[str, datetime] = {}

    def add(self, name: str, expression: str, payload: dict[str, object], now: datetime) -> None:
        parsed = CronExpression.parse(expression)
        self._entries[name] = (parsed, payload)
        self._next[name] = parsed.following(now)

    def tick(self, now: datetime) -> list[str]:
        """Queue all that is due; a run that was missed while we slept is made up for once."""
        fired = []
        for name, (expression, payload) in self._entries.items():
            due = self._next[name]
            if due > now:
                continue
            self._queue.put(name, payload, unique_key=f"{name}@{due:%Y%m%d%H%M}")
            self._next[name] = expression.following(now)
            fired.append(name)
        return fired
