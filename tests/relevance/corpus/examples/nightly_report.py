"""Schedule a report for every night and work on the queue until interrupted."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ferry.jobs.cron import Ticker
from ferry.jobs.queue import JobQueue
from ferry.jobs.worker import Worker
from ferry.render.template import Environment


def write_report(payload: dict[str, object]) -> None:
    page = Environment(Path("templates")).render("report.html", payload)
    Path("report.html").write_text(page, encoding="utf-8")


def main() -> None:
    queue = JobQueue("jobs.db")
    ticker = Ticker(queue)
    ticker.add("report", "0 3 * * *", {"title": "Last night"}, datetime.now())
    worker = Worker(queue, "example")
    worker.handles("report")(write_report)
    while True:
        ticker.tick(datetime.now())
        if not worker.run_once():
            break


if __name__ == "__main__":
    main()
