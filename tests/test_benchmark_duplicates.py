"""The arithmetic of ``benchmarks/duplicates.py``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def measures() -> ModuleType:
    file = Path(__file__).parent.parent / "benchmarks" / "duplicates_measures.py"
    spec = importlib.util.spec_from_file_location("duplicates_measures", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_a_threshold_does_not_split_equal_scores(measures: ModuleType) -> None:
    for labels in ([True, False, True, False], [False, True, False, True]):
        points = measures.curve([0.9, 0.5, 0.5, 0.1], labels)
        assert [p.threshold for p in points] == [0.9, 0.5, 0.1]
        assert [p.recall for p in points] == [labels[0] / 2, (labels[0] + 1) / 2, 1.0]
    same = measures.curve([0.5] * 4, [True, True, False, False])
    assert [(p.precision, p.recall) for p in same] == [(0.5, 1.0)]
    assert measures.average_precision(same) == 0.5, "equal scores are worth as much as dice"


def test_what_a_curve_comes_to(measures: ModuleType) -> None:
    points = measures.curve([0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False])
    assert measures.average_precision(points) == pytest.approx((1 + 1 + 3 / 4) / 3)
    top = measures.best(points)
    assert (top.threshold, top.precision, top.recall) == (0.6, 0.75, 1.0)
    assert top.f1 == pytest.approx(6 / 7)
    assert measures.recall_at(points, 0.99) == pytest.approx(2 / 3)
    assert measures.recall_at(points, 0.75) == 1.0
    assert measures.recall_at(measures.curve([0.9, 0.1], [False, True]), 0.99) == 0.0


def test_who_says_yes_or_no(measures: ModuleType) -> None:
    labels = [True, True, True, False]
    assert measures.decided([True, True, False, True], labels) == pytest.approx(
        (2 / 3, 2 / 3, 2 / 3)
    )
    assert measures.decided([False] * 4, labels) == (1.0, 0.0, 0.0)
    assert measures.f1(0.0, 0.0) == 0.0
