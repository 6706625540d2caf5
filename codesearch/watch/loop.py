"""The loop of a process that keeps an index: wait for a hint, let it get quiet, look, update.

An index is also looked at when nothing was heard for a while, so an event that was lost delays
what is stored and changes no answer: questions look for themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from codesearch.errors import CodesearchError, ConfigError
from codesearch.index import Index
from codesearch.model import Progress, UpdateReport, WatchEvent
from codesearch.watch.events import Events, PollingNeeded

# Hints that keep coming are waited for so many times as long as a single one.
_AT_MOST = 5
_UNHEARD = 30.0  # seconds after which a look is due
_POLL = 1.0
# A look, or an update that found nothing, may take a hundredth of the time; an update a third.
_SHARE_OF_LOOKS, _SHARE_OF_UPDATES = 100, 2
_FIRST_RETRY, _LAST_RETRY = 1.0, 60.0


@dataclass
class Watcher:
    """Keeps the index of a work tree up to date.

    Args:
        index: gives the index, with the settings that hold now.
        tell: called with everything that a person may want to know.
        on_progress: of an update.
        debounce: seconds of quiet before an update.
        poll: look again and again instead of listening to the system.
    """

    index: Callable[[], Index]
    tell: Callable[[WatchEvent], None]
    on_progress: Callable[[Progress], None]
    debounce: float
    poll: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _events: Events | None = None
    _kept: Index | None = None  # which the events are compared with
    _polling: str = ""  # why
    _rest: float = 0.0  # seconds before the next look
    _took: float = 0.0  # seconds of the last look
    _failures: int = 0  # one after the other

    def stop(self) -> None:
        """Ends ``run``; from another thread, or from a signal's handler."""
        self._stop.set()

    def run(self) -> None:
        """Until ``stop``.

        Raises:
            ConfigError: the work tree is gone.
            CodesearchError: the first update failed.
        """
        report = self._update()
        self._listen()
        try:
            self.tell(WatchEvent("ready", report, self._polling))
            while not self._stop.is_set():
                self._wait()
                if not self._stop.is_set():
                    self._look()
        finally:
            if self._events is not None:
                self._events.close()

    def _listen(self) -> None:
        """Hears of changes from now on, in all folders that there are now."""
        if self._events is not None:
            self._events.close()
            self._events = None
        if self.poll:
            self._polling = "it was asked for"
            return
        index = self._kept = self.index()
        inside, outside = index.watched()
        try:
            self._events = Events(index.root, outside, inside, self._concerns)
            self._events.happened.set()  # what changed before was not heard
        except PollingNeeded as reason:
            self._polling = str(reason)

    def _concerns(self, path: str, comes: bool) -> bool:
        return self._kept is None or self._kept.concerns(path, comes)

    def _wait(self) -> None:
        """Until it is time to look."""
        if self._rest:
            self._stop.wait(self._rest)
        if self._events is None:
            self._stop.wait(max(_POLL, _SHARE_OF_LOOKS * self._took))
            return
        happened = self._events.happened
        if self._failures or not happened.wait(_UNHEARD):
            return
        begin = time.monotonic()
        while not self._stop.is_set() and time.monotonic() - begin < _AT_MOST * self.debounce:
            happened.clear()
            if not happened.wait(self.debounce):
                return

    def _look(self) -> None:
        begin = time.monotonic()
        try:
            index = self._kept = self.index()
            if not index.root.is_dir():
                raise ConfigError(f"the folder {index.root} is gone")
            behind = index.is_behind()
            self._took = time.monotonic() - begin
            if behind:
                self.tell(WatchEvent("updated", self._update()))
            self._rest = _SHARE_OF_UPDATES * (time.monotonic() - begin)
            self._failures = 0
            if self._events is not None and self._events.misses(index.watched()[0]):
                self._listen()
        except ConfigError:
            raise
        except CodesearchError as error:
            self._rest = min(_FIRST_RETRY * 2**self._failures, _LAST_RETRY)
            self._failures += 1
            self.tell(WatchEvent("failed", None, error.message, error.hint))

    def _update(self) -> UpdateReport:
        def wait(writer: str) -> None:
            self.tell(WatchEvent("waiting", detail=writer))

        return self.index().update(on_progress=self.on_progress, on_wait=wait)
