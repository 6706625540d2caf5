"""The job table: what waits, what runs, what has failed for good."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, payload TEXT NOT NULL,
    priority INTEGER NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    lease REAL, owner TEXT, dead INTEGER NOT NULL DEFAULT 0, reason TEXT
);
CREATE INDEX IF NOT EXISTS job_due ON job (dead, due, priority);
"""


@dataclass
class Job:
    id: str
    name: str
    payload: dict[str, object]
    priority: int
    due: float
    attempts: int


class JobQueue:
    """A durable queue in SQLite that several workers may share."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(SCHEMA)

    def put(
        self,
        name: str,
        payload: dict[str, object],
        *,
        delay: float = 0.0,
        priority: int = 5,
        unique_key: str | None = None,
    ) -> str:
        """Add a job and give its id.

        With ``unique_key`` a job that is waiting under the same key is left as it is,
        and its id comes back: putting twice is harmless.
        """
        identity = uuid.uuid5(uuid.NAMESPACE_URL, unique_key).hex if unique_key else uuid.uuid4().hex
        self._db.execute(
            "INSERT OR IGNORE INTO job (id, name, payload, priority, due) VALUES (?, ?, ?, ?, ?)",
            (identity, name, json.dumps(payload), priority, time.time() + delay),
        )
        return identity

    def claim(self, owner: str, lease_seconds: float) -> Job | None:
        """Take the most urgent due job for a worker, so that no other one gets it.

        The job comes back to the queue by itself when its lease runs out, which is how
        the work of a crashed process is not lost.
        """
        now = time.time()
        row = self._db.execute(
            """
            UPDATE job SET owner = ?, lease = ?, attempts = attempts + 1
            WHERE id = (
                SELECT id FROM job
                WHERE dead = 0 AND due <= ? AND (lease IS NULL OR lease < ?)
                ORDER BY priority, due LIMIT 1
            )
            RETURNING id, name, payload, priority, due, attempts
            """,
            (owner, now + lease_seconds, now, now),
        ).fetchone()
        if row is None:
            return None
        identity, name, payload, priority, due, attempts = row
        return Job(identity, name, json.loads(payload), priority, due, attempts)

    def extend(self, job: Job, owner: str, lease_seconds: float) -> bool:
        cursor = self._db.execute(
            "UPDATE job SET lease = ? WHERE id = ? AND owner = ?",
            (time.time() + lease_seconds, job.id, owner),
        )
        return cursor.rowcount == 1

    def finish(self, job: Job) -> None:
        self._db.execute("DELETE FROM job WHERE id = ?", (job.id,))

    def postpone(self, job: Job, seconds: float, reason: str) -> None:
        self._db.execute(
            "UPDATE job SET due = ?, lease = NULL, owner = NULL, reason = ? WHERE id = ?",
            (time.time() + seconds, reason, job.id),
        )

    def bury(self, job: Job, reason: str) -> None:
        """Move a job to the dead letters, where it stays until someone looks at it."""
        self._db.execute(
            "UPDATE job SET dead = 1, lease = NULL, owner = NULL, reason = ? WHERE id = ?",
            (reason, job.id),
        )

    def dead_letters(self) -> Iterator[tuple[Job, str]]:
        rows = self._db.execute(
            "SELECT id, name, payload, priority, due, attempts, reason FROM job WHERE dead = 1"
        )
        for identity, name, payload, priority, due, attempts, reason in rows:
            yield Job(identity, name, json.loads(payload), priority, due, attempts), reason

    def revive(self, job_id: str) -> bool:
        cursor = self._db.execute(
            "UPDATE job SET dead = 0, attempts = 0, due = ?, reason = NULL WHERE id = ? AND dead = 1",
            (time.time(), job_id),
        )
        return cursor.rowcount == 1

    def depth(self) -> dict[str, int]:
        """How many jobs wait, run and lie dead, for the metrics page."""
        now = time.time()
        waiting, running, dead = self._db.execute(
            """
            SELECT SUM(dead = 0 AND (lease IS NULL OR lease < :now)),
                   SUM(dead = 0 AND lease >= :now), SUM(dead = 1) FROM job
            """,
            {"now": now},
        ).fetchone()
        return {"waiting": waiting or 0, "running": running or 0, "dead": dead or 0}

    def close(self) -> None:
        self._db.close()
