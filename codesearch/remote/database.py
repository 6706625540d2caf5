"""One SQLite file for several processes and threads: opening, transactions, damage.

What was committed survives a kill at any moment. A damaged file is moved away, with what lies
beside it, and a new one is begun with what can be read of it. Knows no table.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from codesearch.errors import StoreError

_BUSY_SECONDS = 60.0
_STEP = 0.05
# What SQLite says of a file that is none of its own, or not whole.
_DAMAGED = ("malformed", "not a database")


class Database(ABC):
    """May be used by several threads.

    Args:
        file: need not exist; is made when something is written.
    """

    schema = ""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.RLock()
        self._open: sqlite3.Connection | None = None
        self._opened = (0, 0)

    def close(self) -> None:
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        beside = (self.file.with_name(self.file.name + suffix) for suffix in ("", "-wal", "-shm"))
        return sum(file.stat().st_size for file in beside if file.exists())

    @abstractmethod
    def save_from(self, old: sqlite3.Connection) -> int:
        """Takes over what can be read of a damaged file. How much."""

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self.failing():
            yield self.connected()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self.failing():
            db = self.connected()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:  # not on a full disk, where it was rolled back already
                    db.execute("ROLLBACK")

    def connected(self) -> sqlite3.Connection:
        if self._open is not None and self._file_id() != self._opened:
            self.close()  # another process has moved it away
        if self._open is None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            if not self.file.exists():
                # What vectors say of private code is nobody else's business.
                self.file.touch(mode=0o600)
            db = sqlite3.connect(
                self.file, _BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._begin(db)
            self._open, self._opened = db, self._file_id()
        return self._open

    def _file_id(self) -> tuple[int, int]:
        try:
            seen = self.file.stat()
        except FileNotFoundError:
            return 0, 0
        return seen.st_dev, seen.st_ino

    def _begin(self, db: sqlite3.Connection) -> None:
        end = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                db.execute("PRAGMA journal_mode = WAL")  # it does not wait by itself
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(_STEP)
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(self.schema)

    @contextmanager
    def failing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if any(words in str(error) for words in _DAMAGED):
                kept = self._set_aside()
                raise StoreError(
                    f"the paid vectors in {self.file} were damaged: {error}",
                    f"{kept:,} could be saved; run it again to go on with those",
                ) from error
            raise StoreError(
                f"the paid vectors in {self.file} cannot be used: {error}",
                "is the disk full, or the folder read-only?",
            ) from error
        except OSError as error:
            raise StoreError(
                f"the paid vectors in {self.file} cannot be used: {error.strerror}",
                "set CODESEARCH_INDEX to a folder that you can write",
            ) from error

    def _set_aside(self) -> int:
        """Moves a damaged file away and begins a new one with what can be read of it."""
        self.close()
        aside = self.file.with_name(f"{self.file.name}.damaged-{time.time_ns() // 1_000_000}")
        for suffix in ("-wal", "-shm", ""):
            with suppress(OSError):
                beside = self.file.with_name(self.file.name + suffix)
                beside.replace(aside.with_name(aside.name + suffix))
        saved = 0
        with suppress(sqlite3.Error, StoreError):
            saved = self.save_from(sqlite3.connect(aside, isolation_level=None))
        return saved
