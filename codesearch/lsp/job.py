"""An update of an index in a process of its own.

The store's library takes half of the memory of a process that has loaded it, and holds on to it; an
editor's server stays for days. So updates run in a process that ends with them. It can be killed
at any moment: what is stored by then is whole, and the next update goes on from there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from codesearch import errors, ingest, places
from codesearch.config import Settings
from codesearch.errors import CodesearchError
from codesearch.index import Index
from codesearch.model import Bill, Progress, UpdateReport

#: Asks whether a price is agreed to; the answer may take as long as a person does.
Approve = Callable[[Bill], "Future[bool]"]

# An update yields to what a person does meanwhile.
_NICE = 5


class Cancelled(Exception):
    """Somebody did not want the update any more."""


@dataclass(frozen=True)
class Failure:
    """An error of the other process, which need not be fit for a pipe itself."""

    kind: str
    message: str
    hint: str

    def error(self) -> CodesearchError:
        kind = getattr(errors, self.kind, CodesearchError)
        return kind(self.message, self.hint)


class Job:
    """One update.

    Args:
        root: of which work tree.
        settings: what holds for it.
        full: build it from scratch.
        on_progress: told how far it is, in the thread that runs it.
        approve: asks a person whether a price is agreed to.
    """

    def __init__(
        self,
        root: places.Root,
        settings: Settings,
        *,
        full: bool,
        on_progress: Callable[[Progress], None],
        approve: Approve,
    ) -> None:
        self._told = root, settings, full
        self._on_progress = on_progress
        self._approve = approve
        self._process: Any = None
        self._lock = threading.Lock()
        self._is_cancelled = False
        self._asked: Future[bool] | None = None

    def run(self) -> UpdateReport:
        """Waits for it.

        Raises:
            Cancelled: see ``cancel``.
            CodesearchError: what went wrong.
        """
        context = ingest.processes()
        ours, theirs = context.Pipe()
        with self._lock:
            if self._is_cancelled:
                raise Cancelled
            self._process = context.Process(target=_update, args=(theirs, *self._told))
            self._process.start()
        theirs.close()
        try:
            return self._listen(ours)
        except (EOFError, OSError):
            if self._is_cancelled:
                raise Cancelled from None
            self._process.join()
            raise CodesearchError(
                f"the process that updates the index ended early ({self._process.exitcode})",
                "codesearch doctor looks whether the index is whole",
            ) from None
        finally:
            ours.close()
            self._process.join()

    def _listen(self, connection: Connection) -> UpdateReport:
        while True:
            said = connection.recv()
            if isinstance(said, Progress):
                self._on_progress(said)
            elif isinstance(said, Bill):
                connection.send(self._agreed(said))
            elif isinstance(said, Failure):
                raise said.error()
            elif isinstance(said, UpdateReport):
                return said

    def _agreed(self, bill: Bill) -> bool:
        with self._lock:
            if self._is_cancelled:
                raise EOFError
            self._asked = self._approve(bill)
        try:
            return self._asked.result()
        except CancelledError:
            return False

    def cancel(self) -> None:
        """Ends it, from another thread."""
        with self._lock:
            self._is_cancelled = True
            if self._asked is not None:
                self._asked.cancel()
            if self._process is not None:
                self._process.kill()


def _update(connection: Connection, root: places.Root, settings: Settings, full: bool) -> None:
    """What the process does."""
    ingest.end_with_parent()
    with suppress(OSError, AttributeError):
        os.nice(_NICE)

    def approve(bill: Bill) -> bool:
        connection.send(bill)
        return bool(connection.recv())

    try:
        found: UpdateReport | Failure = Index(root, settings).update(
            full=full, on_progress=connection.send, approve=approve
        )
    except CodesearchError as error:
        found = Failure(type(error).__name__, error.message, error.hint)
    except Exception as error:
        found = Failure("CodesearchError", f"unexpected {type(error).__name__}: {error}", "")
    connection.send(found)
    connection.close()
