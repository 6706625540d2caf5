"""The arithmetic of ``duplicates.py``: how well scores, or yes and no, tell clones from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """What comes of reporting all pairs whose score is at least ``threshold``; shares, 0 to 1."""

    threshold: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return f1(self.precision, self.recall)


def f1(precision: float, recall: float) -> float:
    """The harmonic mean of both."""
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0


def decided(found: Sequence[bool], labels: Sequence[bool]) -> tuple[float, float, float]:
    """Precision, recall and F1 of who says yes or no. Who says no to all has precision 1."""
    hits = sum(f and label for f, label in zip(found, labels, strict=True))
    precision = hits / sum(found) if any(found) else 1.0
    recall = hits / sum(labels) if any(labels) else 0.0
    return precision, recall, f1(precision, recall)


def curve(scores: Sequence[float], labels: Sequence[bool]) -> list[Point]:
    """A point a score that occurs, the highest first: no threshold splits equal scores."""
    ordered = sorted(zip(scores, labels, strict=True), key=lambda pair: -pair[0])
    positives = sum(labels)
    points: list[Point] = []
    hits = 0
    for number, (score, label) in enumerate(ordered, 1):
        hits += label
        if number == len(ordered) or ordered[number][0] != score:
            points.append(Point(score, hits / number, hits / positives if positives else 0.0))
    return points


def best(points: Sequence[Point]) -> Point:
    """The point with the highest F1."""
    return max(points, key=lambda point: point.f1)


def average_precision(points: Sequence[Point]) -> float:
    """The precision at each point, weighed by the recall that it adds; nothing interpolated."""
    before, total = 0.0, 0.0
    for point in points:
        total += (point.recall - before) * point.precision
        before = point.recall
    return total


def recall_at(points: Sequence[Point], precision: float) -> float:
    """The highest recall of a threshold with at least this precision; 0 if there is none."""
    return max((p.recall for p in points if p.precision >= precision), default=0.0)
