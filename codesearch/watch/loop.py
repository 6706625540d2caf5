"""The loop of a process that keeps an index: wait for a hint, let it get quiet, look, update.

An index is also looked at when nothing was heard for a while, so an event that was lost delays
what is stored and changes no answer: questions look for themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from codesearch.errors import CodesearchError, ConfigError
from codesearch.index import Index
from codesearch.model import UpdateReport, WatchEvent
from codesearch.watch.events import Events, PollingNeeded

# Hints that keep coming are waited for so many times as long as a single one.
_AT_MOST = 5
_UNHEARD = 30.0  # seconds after which a look is due
_POLL = 1.0
# Rest, times what came before took: after an update; after a look or an update that found nothing;
# and between two looks where nothing is heard.
_PER_UPDATE, _PER_LOOK, _PER_POLL = 2, 20, 100
_FIRST_RETRY, _LAST_RETRY = 1.0, 60.0


@dataclass
class Watcher:
    """Keeps the index of a work tree up to date.

    Args:
        root: its top.
        index: gives the index, with the settings that hold now.
        update: brings it up to date; it is called only here, so never twice at a time.
        tell: called with everything that a person may want to know.
        debounce: seconds of quiet before an update.
        poll: look again and again instead of listening to the system.
    """

    root: Path
    index: Callable[[], Index]
    update: Callable[[], UpdateReport]
    tell: Callable[[WatchEvent], None]
    debounce: float
    poll: bool = False
    _called: threading.Event = field(default_factory=threading.Event)  # stopped, or in a hurry
    _is_stopped: bool = False
    _events: Events | None = None
    _kept: Index | None = None  # which the events are compared with
    _polling: str = ""  # why
    _rest: float = 0.0  # seconds before the next look
    _took: float = 0.0  # seconds of the last look
    _failures: int = 0  # one after the other

    def run(self) -> None:
        """Until it is interrupted or stopped.

        Raises:
            ConfigError: the work tree is gone.
            CodesearchError: the first update failed.
        """
        report = self.update()
        try:
            self._listen()
            self.tell(WatchEvent("ready", report, self._polling))
            while not self._is_stopped:
                self._wait()
                if not self._is_stopped:
                    self._look()
        finally:
            if self._events is not None:
                self._events.close()

    def hear(self) -> None:
        """Tells it from another thread that something may have changed."""
        if self._events is None:
            self._called.set()
        else:
            self._events.happened.set()

    def hurry(self) -> None:
        """Has it look at once, from another thread."""
        self._called.set()
        if self._events is not None:
            self._events.happened.set()

    def stop(self) -> None:
        """Ends it after the update that it is at, from another thread."""
        self._is_stopped = True
        self.hurry()

    def _listen(self) -> None:
        """Hears of changes from now on, in all folders that there are now."""
        if self._events is not None:
            self._events.close()
            self._events = None
        if self.poll:
            self._polling = "it was asked for"
            return
        index = self._kept = self.index()
        inside, outside = index.freshness.watched()
        try:
            self._events = Events(index.root, outside, inside, self._concerns)
            self._events.happened.set()  # what changed before was not heard
        except PollingNeeded as reason:
            self._polling = str(reason)

    def _concerns(self, path: str, comes: bool) -> bool:
        return self._kept is None or self._kept.freshness.concerns(path, comes)

    def _wait(self) -> None:
        """Until it is time to look."""
        try:
            if self._called.wait(self._rest):
                return
            if self._events is None:
                self._called.wait(max(_POLL, _PER_POLL * self._took))
                return
            happened = self._events.happened
            if self._failures or not happened.wait(_UNHEARD):
                return
            begin = time.monotonic()
            while time.monotonic() - begin < _AT_MOST * self.debounce:
                happened.clear()
                if self._called.is_set() or not happened.wait(self.debounce):
                    return
        finally:
            self._called.clear()

    def _look(self) -> None:
        begin = time.monotonic()
        if not self.root.is_dir():
            raise ConfigError(f"the folder {self.root} is gone")
        try:
            index = self._kept = self.index()
            behind = index.freshness.is_behind()
            self._took = time.monotonic() - begin
            stored = behind and self._store()
            took = time.monotonic() - begin
            self._rest = _PER_UPDATE * took if stored else min(_PER_LOOK * took, _POLL)
            if self._failures and not stored:
                self.tell(WatchEvent("ready", None, self._polling))  # all is well again
            self._failures = 0
            if self._events is not None and self._events.misses(index.freshness.watched()[0]):
                self._listen()
        except (CodesearchError, OSError) as error:
            self._rest = min(_FIRST_RETRY * 2**self._failures, _LAST_RETRY)
            self._failures += 1
            said = error if isinstance(error, CodesearchError) else CodesearchError(str(error))
            self.tell(WatchEvent("failed", None, said.message, said.hint))

    def _store(self) -> bool:
        """Whether there was anything to store."""
        report = self.update()
        if not (report.added or report.changed or report.removed):
            return False
        self.tell(WatchEvent("updated", report))
        if self._events is not None:
            # What was saved just before is read again, see ``FileStat.is_settled``.
            self._events.happened.set()
        return True
