"""Keeping one repository's index up to date: a thread that watches, and one update at a time."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import Literal

from codesearch import places
from codesearch.errors import CodesearchError, ConsentNeeded, IndexLocked
from codesearch.index import Index
from codesearch.lsp.job import Approve, Cancelled, Job
from codesearch.model import Bill, Progress, UpdateReport, WatchEvent
from codesearch.watch import Watcher

_AGAIN = 5.0  # seconds until it is asked again whether another process still keeps the index
_LAST_RETRY = 60.0

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class State:
    """What an index is worth at the moment; ``error`` tells why it is "failed"."""

    state: Literal["starting", "missing", "indexing", "updating", "ready", "failed"]
    progress: Progress | None = None
    files: int | None = None
    functions: int | None = None
    is_remote: bool | None = None  # whether questions leave the machine; None: not known yet
    error: CodesearchError | None = None


class Keeper:
    """Keeps the index of one work tree.

    Where another process does so already it only updates what a question needs, and takes over
    once that process ends.

    Args:
        root: the work tree.
        index: gives its index, with the settings that hold now.
        job: makes an update, from whether it is full, who hears of it and who approves a price.
        serve: answers command lines while this is the process that keeps the index.
        tell: called with every state, in any thread.
        polls: called where the system does not tell of changes, so that somebody else may.
        debounce: seconds of quiet before changes are stored.
        is_automatic: whether an index that does not exist is built without being asked for.
    """

    def __init__(
        self,
        root: places.Root,
        index: Callable[[], Index],
        job: Callable[[bool, OnProgress, Approve], Job],
        *,
        serve: Callable[[], AbstractContextManager[object]],
        tell: Callable[[State], None],
        polls: Callable[[], None],
        debounce: float,
        is_automatic: bool,
    ) -> None:
        self._root = root
        self._index = index
        self._make = job
        self._serve = serve
        self._tell = tell
        self._polls = polls
        self._debounce = debounce
        self.state = State("starting")
        self._is_wanted = is_automatic  # whether one that does not exist is built
        self._is_paused = False  # whether it is left alone, though it exists
        self._is_closed = False
        self._awake = threading.Event()
        self._one = threading.Lock()  # one update at a time
        self._listeners: list[OnProgress] = []
        self._job: Job | None = None
        self._cancels = 0  # how often
        self._watcher: Watcher | None = None
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Begins, if it has not begun yet."""
        if not self._thread.is_alive():
            self._thread.start()

    # -- from other threads ----------------------------------------------------------------

    def hear(self) -> None:
        """Something may have changed."""
        watcher = self._watcher
        if watcher is not None:
            watcher.hear()

    def hurry(self) -> None:
        """An answer waits for an update."""
        watcher = self._watcher
        if watcher is not None:
            watcher.hurry()
        self._awake.set()

    def want(self) -> None:
        """Builds the index if there is none, unless somebody did not want that."""
        self._is_wanted = True
        self._awake.set()

    def update(self, *, full: bool, on_progress: OnProgress, approve: Approve) -> UpdateReport:
        """Updates the index now, and keeps it from now on.

        Raises:
            Cancelled: see ``cancel``.
            CodesearchError: what went wrong.
        """
        self._listeners.append(on_progress)
        try:
            report = self._updated(full, approve)
        except (Cancelled, CodesearchError) as error:
            self._settle(error)
            raise
        finally:
            self._listeners.remove(on_progress)
        self._is_wanted, self._is_paused = True, False
        self.hurry()
        return report

    def cancel(self) -> None:
        """Ends the update that goes on, and those that wait for it."""
        self._cancels += 1
        job = self._job
        if job is not None:
            job.cancel()

    def forget(self) -> None:
        """Leaves the index alone from now on, until somebody asks for it."""
        self._is_paused = True
        self._rest()
        with self._one:
            pass  # it is not at it any more

    def close(self) -> None:
        """Ends the thread."""
        self._is_closed = True
        self._rest()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _rest(self) -> None:
        self.cancel()
        watcher = self._watcher
        if watcher is not None:
            watcher.stop()
        self._awake.set()

    # -- the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        while not self._is_closed:
            hurried = self._awake.is_set()
            self._awake.clear()
            try:
                if self._is_paused or not (self._is_wanted or self._is_there()):
                    self._say(State("missing"))
                    self._awake.wait()
                else:
                    self._keep(hurried)
                    failures = 0
            except Cancelled:
                self._is_wanted = False
                if self._is_there() and not self._is_paused:
                    self._ready()
                    self._awake.wait(_LAST_RETRY)
            except Exception as error:
                said = error if isinstance(error, CodesearchError) else _unexpected(error)
                self._say(replace(self.state, state="failed", progress=None, error=said))
                # What nobody has agreed to is not asked about again by itself.
                again = None if isinstance(said, ConsentNeeded) else min(2.0**failures, _LAST_RETRY)
                self._awake.wait(again)
                failures += 1

    def _is_there(self) -> bool:
        return self._index().freshness.load()[1] is not None

    def _keep(self, hurried: bool) -> None:
        with ExitStack() as held:
            try:
                held.enter_context(self._index().kept())
            except IndexLocked:
                self._beside(hurried)
                return
            held.enter_context(self._serve())
            watcher = Watcher(
                self._root.path, self._index, self._stored, self._heard, debounce=self._debounce
            )
            self._watcher = watcher
            try:
                if not self._is_closed:
                    watcher.run()
            finally:
                self._watcher = None

    def _beside(self, hurried: bool) -> None:
        """While another process keeps the index; ``hurried`` if an answer waits for an update."""
        if hurried or not self._is_there():
            self._stored()
        self._ready()
        self._awake.wait(_AGAIN)

    def _stored(self) -> UpdateReport:
        if self._index().freshness.is_behind():
            return self._updated(False, _disagree)
        files, chunks = self._size()
        return UpdateReport(files, 0, 0, 0, chunks, 0, 0, (), 0.0)

    def _updated(self, full: bool, approve: Approve) -> UpdateReport:
        cancels = self._cancels
        with self._one:
            if cancels != self._cancels:
                raise Cancelled
            what: Literal["updating", "indexing"] = "updating"
            if full or not self._is_there():
                what = "indexing"
            told = 0.0

            def watch(progress: Progress) -> None:
                nonlocal told
                for listener in list(self._listeners):
                    listener(progress)
                now = time.monotonic()
                if now - told >= 0.1:
                    told = now
                    self._say(replace(self.state, state=what, progress=progress, error=None))

            self._say(replace(self.state, state=what, progress=None, error=None))
            self._job = job = self._make(full, watch, approve)
            if cancels != self._cancels:
                job.cancel()
            try:
                report = job.run()
            finally:
                self._job = None
        self._ready()
        return report

    def _heard(self, event: WatchEvent) -> None:
        if event.event == "failed":
            error = CodesearchError(event.detail, event.hint)
            self._say(replace(self.state, state="failed", progress=None, error=error))
            return
        self._ready()
        if event.event == "ready" and event.detail:
            self._polls()

    def _settle(self, error: Exception) -> None:
        """Says what holds after an update that was asked for and was not made."""
        if self._is_there() and not self._is_paused:
            self._ready()
        elif isinstance(error, CodesearchError):
            self._say(State("failed", error=error))
        else:
            self._say(State("missing"))

    def _ready(self) -> None:
        self._say(State("ready", None, *self._size(), self._index().is_remote))

    def _size(self) -> tuple[int, int]:
        """Files and chunks of the stored index."""
        stored = self._index().freshness.load()[1]
        if stored is None:
            return 0, 0
        return stored.segment.n_files - len(stored.segment.skips()), stored.segment.n_chunks

    def _say(self, state: State) -> None:
        self.state = state
        self._tell(state)


def _disagree(_: Bill) -> Future[bool]:
    """Nobody is asked about what happens by itself."""
    answer: Future[bool] = Future()
    answer.set_result(False)
    return answer


def _unexpected(error: Exception) -> CodesearchError:
    traceback.print_exception(error)  # an editor keeps what a server says on standard error
    return CodesearchError(f"unexpected {type(error).__name__}: {error}")
