"""Queue, worker and clock on a real database."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ferry.jobs.cron import CronError, CronExpression, Ticker
from ferry.jobs.queue import JobQueue
from ferry.jobs.worker import Backoff, Permanent, Worker


@pytest.fixture
def queue(tmp_path: Path) -> JobQueue:
    return JobQueue(str(tmp_path / "jobs.db"))


def test_claimed_job_is_invisible_until_its_lease_ends(queue: JobQueue) -> None:
    queue.put("mail", {})
    assert queue.claim("one", lease_seconds=60) is not None
    assert queue.claim("two", lease_seconds=60) is None


def test_lease_of_a_crashed_worker_runs_out(queue: JobQueue) -> None:
    queue.put("mail", {})
    queue.claim("one", lease_seconds=-1)
    again = queue.claim("two", lease_seconds=60)
    assert again is not None
    assert again.attempts == 2


def test_job_goes_to_the_dead_letters_after_the_last_attempt(queue: JobQueue) -> None:
    worker = Worker(queue, "w", backoff=Backoff(first=0), max_attempts=2)

    @worker.handles("mail")
    def fail(payload: dict[str, object]) -> None:
        raise RuntimeError("smtp is down")

    queue.put("mail", {})
    worker.run_once()
    worker.run_once()
    assert [reason for _, reason in queue.dead_letters()] == ["RuntimeError: smtp is down"]


def test_permanent_failure_is_buried_at_once(queue: JobQueue) -> None:
    worker = Worker(queue, "w")

    @worker.handles("mail")
    def fail(payload: dict[str, object]) -> None:
        raise Permanent("no such address")

    queue.put("mail", {})
    worker.run_once()
    assert queue.depth()["dead"] == 1


def test_backoff_grows_up_to_its_cap() -> None:
    backoff = Backoff(first=1, factor=10, cap=50)
    assert backoff.delay(1) < backoff.delay(2) < backoff.delay(9) <= 55


def test_putting_twice_under_one_key_is_harmless(queue: JobQueue) -> None:
    assert queue.put("a", {}, unique_key="k") == queue.put("a", {}, unique_key="k")


def test_leap_day_is_found() -> None:
    expression = CronExpression.parse("0 0 29 2 *")
    assert expression.following(datetime(2025, 3, 1)) == datetime(2028, 2, 29)


def test_expression_with_four_fields_is_refused() -> None:
    with pytest.raises(CronError, match="expected 5 fields"):
        CronExpression.parse("* * * *")


def test_missed_runs_are_made_up_for_once(queue: JobQueue) -> None:
    ticker = Ticker(queue)
    ticker.add("report", "@hourly", {}, datetime(2025, 1, 1))
    assert ticker.tick(datetime(2025, 1, 1, 9, 30)) == ["report"]
    assert queue.depth()["waiting"] == 1
