"""A few rounds of ``benchmarks/kills.py``, and what disks and clocks do to an index."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from codesearch.config import Settings
from codesearch.index import Index
from codesearch.model import SearchRequest


def benchmark() -> ModuleType:
    file = Path(__file__).parent.parent / "benchmarks" / "kills.py"
    spec = importlib.util.spec_from_file_location("kills", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["kills"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_whatever_is_killed_answers_stay_right(tmp_path: Path) -> None:
    kills = benchmark()
    stress = kills.Stress(tmp_path, seed=int.from_bytes(os.urandom(2)), files=12)
    stress.usual = dict.fromkeys(kills.COMMANDS, 1.0) | {"search": 0.3, "clean": 0.3}
    stress.run("index")
    for number in range(12):
        stress.round(number, quick=True)
    assert stress.wrong == [], f"seed {stress.seed}"


# -- clocks ------------------------------------------------------------------------------


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], Index]:
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    settings = Settings(index_home=tmp_path / "home")
    return lambda: Index.open(root, settings)


def first(index: Index, query: str) -> list[str]:
    answer = index.search(SearchRequest(query))
    return [hit.chunk.symbol for hit in answer.hits if hit.chunk.symbol == query]


DAY = 86_400 * 10**9


@pytest.mark.parametrize("jump", [-400 * DAY, -DAY, -3 * 10**9, 3 * 10**9, DAY, 400 * DAY])
def test_edits_show_whatever_the_clock_says(opened: Callable[[], Index], jump: int) -> None:
    """Each edit has the size of the one before, and a time from before or after it."""
    index = opened()
    file = index.root / "clock.py"
    names = ["first_tick", "other_tock", "third_tick", "after_tock"]
    for number, name in enumerate(names):
        file.write_text(f"def {name}():\n    return 1\n")
        now = file.stat().st_mtime_ns + jump * (number + 1)
        os.utime(file, ns=(now, now))
        assert first(index, name) == [name]
        assert first(opened(), name) == [name]
        if number % 2:
            index.update()
        if number:
            assert first(opened(), names[number - 1]) == []


def test_an_edit_at_the_same_moment_with_the_same_size_shows(
    opened: Callable[[], Index],
) -> None:
    """The clock jumped back after the file was saved: its time will come again."""
    index = opened()
    file = index.root / "clock.py"
    file.write_text("def first_tick():\n    return 1\n")
    then = file.stat().st_mtime_ns + 3600 * 10**9
    os.utime(file, ns=(then, then))
    index.update()
    file.write_text("def other_tock():\n    return 1\n")
    os.utime(file, ns=(then, then))
    assert first(opened(), "other_tock") == ["other_tock"]
    assert first(opened(), "first_tick") == []


def test_the_clock_of_the_index_may_jump_back(
    opened: Callable[[], Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Generations move all the same, and upkeep goes on."""
    index = opened()
    for number in range(3):
        (index.root / f"a{number}.py").write_text(f"def step_{number}():\n    return 1\n")
        index.update()
    (described,) = index.folder.glob("*.tree.json")
    before = json.loads(described.read_text())["generation"]
    real = time.time_ns
    monkeypatch.setattr("time.time_ns", lambda: real() - 400 * DAY)
    monkeypatch.setattr("time.time", lambda: (real() - 400 * DAY) / 1e9)
    for number in range(3, 6):
        (index.root / f"a{number}.py").write_text(f"def step_{number}():\n    return 1\n")
        index.update()
        assert first(opened(), f"step_{number}") == [f"step_{number}"]
    assert json.loads(described.read_text())["generation"] > before
    assert not index.examine().is_faulty
