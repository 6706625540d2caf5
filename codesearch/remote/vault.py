"""What was paid for, kept for the whole machine: vectors by the digest of their text.

One SQLite file: work trees, branches and clones of a repository share it, several processes may use
it at once, and what was kept survives a kill at any moment. It also remembers who agreed to what,
what was spent, and how the services count tokens.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codesearch.remote.database import Database

F16 = NDArray[np.float16]

KEY_BYTES = 16
_MANY = 500  # keys in one statement
_ENOUGH = 2_000.0  # estimated tokens from which on a measured ratio is believed
_RATIOS = 0.3, 3.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS space (
  id INTEGER PRIMARY KEY, model TEXT NOT NULL, dimension INTEGER NOT NULL,
  UNIQUE (model, dimension)
);
CREATE TABLE IF NOT EXISTS vector (
  space INTEGER NOT NULL, key BLOB NOT NULL, day INTEGER NOT NULL, value BLOB NOT NULL,
  UNIQUE (space, key)
);
CREATE TABLE IF NOT EXISTS consent (
  service TEXT NOT NULL, place TEXT NOT NULL, given REAL NOT NULL, UNIQUE (service, place)
);
CREATE TABLE IF NOT EXISTS spent (
  model TEXT NOT NULL, day INTEGER NOT NULL, texts INTEGER NOT NULL, tokens REAL NOT NULL,
  dollars REAL, UNIQUE (model, day)
);
CREATE TABLE IF NOT EXISTS unasked (day INTEGER PRIMARY KEY, dollars REAL NOT NULL);
CREATE TABLE IF NOT EXISTS counted (
  model TEXT PRIMARY KEY, estimated REAL NOT NULL, reported REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS job (
  name TEXT PRIMARY KEY, model TEXT NOT NULL, dimension INTEGER NOT NULL, place TEXT NOT NULL,
  begun REAL NOT NULL, texts INTEGER NOT NULL, tokens REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS promised (job TEXT NOT NULL, key BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS promised_key ON promised (key);
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a model took so far."""

    model: str
    texts: int
    tokens: int
    dollars: float | None


@dataclass(frozen=True, slots=True)
class Job:
    """Texts that were handed over to be embedded later."""

    name: str  # by which the service knows it
    model: str
    dimension: int
    place: str
    begun: float  # Unix seconds
    texts: int
    tokens: float


def vault_in(folder: Path) -> Vault:
    """The vault of a folder."""
    return Vault(folder / "paid.sqlite3")


class Vault(Database):
    """One file of paid vectors. May be used by several threads.

    Args:
        file: need not exist; is made when something is kept.

    Every method raises ``StoreError`` where the file cannot be read or written.
    """

    schema = _SCHEMA

    # -- vectors -----------------------------------------------------------------------

    def find(self, model: str, dimension: int, keys: Iterable[bytes]) -> dict[bytes, F16]:
        """The vectors kept under some keys, of length one.

        A longer one of the same model is cut (Kusupati et al.: Matryoshka Representation Learning,
        2022): its first numbers are a vector of their own.
        """
        found: dict[bytes, F16] = {}
        for key, has, value in self._rows(model, dimension, list(dict.fromkeys(keys)), "value"):
            vector = np.frombuffer(value, np.float16)
            if len(vector) != has:
                continue
            if has != dimension:
                cut = vector[:dimension].astype(np.float32)
                length = float(np.linalg.norm(cut))
                vector = (cut / (length or 1.0)).astype(np.float16)
            found.setdefault(key, vector)
        return found

    def has(self, model: str, dimension: int, keys: Iterable[bytes]) -> set[bytes]:
        """Which of some keys have a vector."""
        return {key for key, _, _ in self._rows(model, dimension, list(keys), "NULL")}

    def _rows(
        self, model: str, dimension: int, keys: Sequence[bytes], column: str
    ) -> Iterator[tuple[bytes, int, bytes]]:
        """Key, dimension and value, the nearest dimension first."""
        if not self.file.exists():
            return
        with self.reading() as db:
            spaces = db.execute(
                "SELECT id, dimension FROM space WHERE model = ? AND dimension >= ? ORDER BY 2",
                (model, dimension),
            ).fetchall()
            for space, has in spaces:
                for at in range(0, len(keys), _MANY):
                    part = keys[at : at + _MANY]
                    marks = ",".join("?" * len(part))
                    rows = db.execute(
                        f"SELECT key, {column} FROM vector WHERE space = ? AND key IN ({marks})",  # noqa: S608
                        (space, *part),
                    ).fetchall()
                    yield from ((key, has, value) for key, value in rows)

    def keep(self, model: str, dimension: int, vectors: Mapping[bytes, F16]) -> int:
        """Keeps vectors at once; those that are there already stay. How many are new."""
        day = int(time.time() // 86_400)
        with self.writing() as db:
            space = self._space(db, model, dimension)
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO vector VALUES (?, ?, ?, ?)",
                [(space, key, day, v.astype("<f2").tobytes()) for key, v in vectors.items()],
            )
            return db.total_changes - before

    @staticmethod
    def _space(db: sqlite3.Connection, model: str, dimension: int) -> int:
        db.execute(
            "INSERT OR IGNORE INTO space (model, dimension) VALUES (?, ?)", (model, dimension)
        )
        row = db.execute(
            "SELECT id FROM space WHERE model = ? AND dimension = ?", (model, dimension)
        ).fetchone()
        return int(row[0])

    def counts(self) -> list[tuple[str, int, int]]:
        """Model, dimension and number of vectors."""
        if not self.file.exists():
            return []
        with self.reading() as db:
            return db.execute(
                "SELECT model, dimension, COUNT(*) FROM space JOIN vector ON space = id"
                " GROUP BY id ORDER BY model, dimension"
            ).fetchall()

    def clear(self, older_than: float | None = None) -> int:
        """Deletes the vectors, or those paid for more than so many days ago. How many.

        With all of them the jobs are forgotten that were not fetched yet.
        """
        if not self.file.exists():
            return 0
        with self.writing() as db:
            limit = 1 << 40 if older_than is None else time.time() // 86_400 - older_than
            count = db.execute("DELETE FROM vector WHERE day < ?", (limit,)).rowcount
            if older_than is None:
                db.execute("DELETE FROM job")
                db.execute("DELETE FROM promised")
        with self.failing():
            self.connected().execute("VACUUM")
        return int(count)

    # -- who agreed, and what was spent ------------------------------------------------

    def agreed(self, service: str, place: str) -> bool:
        """Whether it was agreed that a repository's code is sent to a service."""
        if not self.file.exists():
            return False
        with self.reading() as db:
            return bool(
                db.execute(
                    "SELECT 1 FROM consent WHERE service = ? AND place = ?", (service, place)
                ).fetchone()
            )

    def agree(self, service: str, place: str) -> None:
        with self.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO consent VALUES (?, ?, ?)", (service, place, time.time())
            )

    def note(
        self, model: str, texts: int, tokens: float, dollars: float | None,
        counted: tuple[float, float] = (0.0, 0.0),
    ) -> None:  # fmt: skip
        """Adds to what was spent today. ``counted``: tokens as estimated and as reported."""
        if not (texts or tokens):
            return
        day = int(time.time() // 86_400)
        with self.writing() as db:
            db.execute(
                "INSERT INTO spent VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " texts = texts + excluded.texts, tokens = tokens + excluded.tokens,"
                " dollars = dollars + excluded.dollars",
                (model, day, texts, tokens, dollars),
            )
            if counted[0]:
                db.execute(
                    "INSERT INTO counted VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
                    " estimated = estimated + excluded.estimated,"
                    " reported = reported + excluded.reported",
                    (model, *counted),
                )

    def unasked(self) -> float:
        """The dollars that were spent today without being asked about."""
        if not self.file.exists():
            return 0.0
        with self.reading() as db:
            row = db.execute(
                "SELECT dollars FROM unasked WHERE day = ?", (int(time.time() // 86_400),)
            ).fetchone()
        return float(row[0]) if row else 0.0

    def add_unasked(self, dollars: float) -> None:
        with self.writing() as db:
            db.execute(
                "INSERT INTO unasked VALUES (?, ?) ON CONFLICT DO UPDATE SET"
                " dollars = dollars + excluded.dollars",
                (int(time.time() // 86_400), dollars),
            )

    def spent(self) -> list[Spent]:
        if not self.file.exists():
            return []
        with self.reading() as db:
            rows = db.execute(
                "SELECT model, SUM(texts), SUM(tokens), SUM(dollars) FROM spent GROUP BY model"
            ).fetchall()
        return [
            Spent(model, texts, round(tokens), dollars) for model, texts, tokens, dollars in rows
        ]

    def ratio(self, model: str) -> float:
        """Tokens that a service counts for one of our estimate, as far as is known."""
        if not self.file.exists():
            return 1.0
        with self.reading() as db:
            row = db.execute(
                "SELECT estimated, reported FROM counted WHERE model = ?", (model,)
            ).fetchone()
        if row is None or row[0] < _ENOUGH:
            return 1.0
        low, high = _RATIOS
        return float(min(max(row[1] / row[0], low), high))

    # -- what is on its way ------------------------------------------------------------

    def promise(self, job: Job, keys: Sequence[bytes]) -> list[bytes]:
        """Notes a job before it is begun, so that nobody pays for its texts a second time.

        Returns the keys that are its own: the others are of another process's job.
        """
        with self.writing() as db:
            rows = db.execute(
                "SELECT key FROM promised JOIN job ON job = name WHERE model = ?", (job.model,)
            ).fetchall()
            taken = {key for (key,) in rows}
            own = [key for key in keys if key not in taken]
            if own:
                db.execute("INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(job))
                db.executemany("INSERT INTO promised VALUES (?, ?)", [(job.name, k) for k in own])
        return own

    def begun(self, before: str, name: str) -> None:
        """A job has the name now by which the service knows it."""
        with self.writing() as db:
            db.execute("UPDATE job SET name = ? WHERE name = ?", (name, before))
            db.execute("UPDATE promised SET job = ? WHERE job = ?", (name, before))

    def jobs(self, model: str | None = None) -> list[Job]:
        """The jobs that were not fetched yet, of a model or of all, oldest first."""
        if not self.file.exists():
            return []
        with self.reading() as db:
            jobs = [Job(*row) for row in db.execute("SELECT * FROM job ORDER BY begun")]
        return [job for job in jobs if model in {None, job.model}]

    def promised(self, model: str, dimension: int, keys: Collection[bytes]) -> set[bytes]:
        """Which of some keys are of texts of a job that was not fetched yet."""
        if not self.file.exists():
            return set()
        with self.reading() as db:
            rows = db.execute(
                "SELECT key FROM promised JOIN job ON job = name"
                " WHERE model = ? AND dimension >= ?",
                (model, dimension),
            ).fetchall()
        return {key for (key,) in rows} & set(keys)

    def fulfil(self, name: str) -> None:
        """Forgets a job: it was fetched, or will never be."""
        with self.writing() as db:
            db.execute("DELETE FROM job WHERE name = ?", (name,))
            db.execute("DELETE FROM promised WHERE job = ?", (name,))

    # -- a damaged file ----------------------------------------------------------------

    def save_from(self, old: sqlite3.Connection) -> int:
        """Keeps what can be read of another file. How many vectors."""
        saved = 0
        for space, model, dimension in old.execute("SELECT * FROM space").fetchall():
            saved += self._saved(old, space, model, dimension)
        return saved

    def _saved(self, old: sqlite3.Connection, space: int, model: str, dimension: int) -> int:
        found: dict[bytes, F16] = {}
        with suppress(sqlite3.Error):
            for key, value in old.execute(
                "SELECT key, value FROM vector WHERE space = ?", (space,)
            ):
                vector = np.frombuffer(value, np.float16)
                if len(vector) == dimension and np.isfinite(vector).all():
                    found[key] = vector
        return self.keep(model, dimension, found)
