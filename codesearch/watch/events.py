"""The system's file events, as one question: may something have changed?

Events get lost (a checkout of thousands of files overflows the queue and nothing tells which),
arrive twice, late, or for what an editor wrote and took away again. So all that is taken from
them is that it is time to look. Knows watchdog, and no index.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

#: Asked with an event's path and whether an entry of a folder came or went there.
Concerns = Callable[[str, bool], bool]

# A folder that is not indexed and holds at least so many folders is not watched.
_HEAVY = 200
# Each is a thread.
_MOST_WATCHES = 100
_COME_OR_GO = {"created", "deleted", "moved"}


class PollingNeeded(Exception):
    """The system can't tell of changes here; says why, as the end of a sentence."""


class Events:
    """Listens to a work tree until it is closed.

    Args:
        top: the work tree.
        outside: further folders, watched without those in them: git's own.
        inside: the folders of the work tree that are indexed, relative, each with "/" at its end.
        concerns: whether an event matters; called in a thread of its own.

    Raises:
        PollingNeeded: the system refuses, or would not tell of everything.
    """

    def __init__(
        self, top: Path, outside: Iterable[Path], inside: Iterable[str], concerns: Concerns
    ) -> None:
        from watchdog import events
        from watchdog.observers import Observer

        handler = events.FileSystemEventHandler()
        handler.dispatch = self._take  # type: ignore[method-assign]

        # Without those of opening and closing, of which our own looking would make thousands.
        wanted = [
            getattr(events, f"{kind}{what}Event")
            for kind in ("File", "Dir")
            for what in ("Created", "Deleted", "Modified", "Moved")
        ]
        #: Set when something that matters may have changed.
        self.happened = threading.Event()
        self._concerns = concerns
        self._observer: BaseObserver = Observer()
        folders = set(inside)
        # Its only words are of events that were lost: time to look.
        self._log = _Heard(self.happened)
        logging.getLogger("watchdog").addHandler(self._log)
        logging.getLogger("watchdog").propagate = False
        warnings.filterwarnings("ignore", module="watchdog")
        self._watched = _cover(top, folders) if sys.platform == "linux" else {"": True}
        watches = {str(top / folder): deep for folder, deep in self._watched.items()}
        watches |= {str(folder): False for folder in outside if folder.is_dir()}
        try:
            for path, deep in watches.items():
                self._observer.schedule(handler, path, recursive=deep, event_filter=wanted)
            self._observer.start()
        except OSError as error:
            self.close()
            raise PollingNeeded(_why(error)) from error
        held = _watches_held()
        if held is not None and held < len(folders):
            self.close()
            raise PollingNeeded(_why(OSError(errno.ENOSPC, "")))

    def misses(self, inside: Iterable[str]) -> bool:
        """Whether there are folders by now of which nothing is heard."""
        if self._watched.get(""):
            return False
        deep = tuple(folder for folder, is_deep in self._watched.items() if is_deep)
        return any(f not in self._watched and not f.startswith(deep) for f in inside)

    def close(self) -> None:
        """Stops listening."""
        logging.getLogger("watchdog").removeHandler(self._log)
        self._observer.unschedule_all()
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def _take(self, event: FileSystemEvent) -> None:
        comes = event.event_type in _COME_OR_GO
        paths = [os.fsdecode(p) for p in (event.src_path, event.dest_path) if p]
        if any(self._concerns(path, comes) for path in paths):
            self.happened.set()


class _Heard(logging.Handler):
    """Takes every message as a hint."""

    def __init__(self, happened: threading.Event) -> None:
        super().__init__(logging.WARNING)
        self._happened = happened

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002
        self._happened.set()


def _why(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EMFILE}:
        return (
            "the system watches no more folders for this user"
            " (sysctl fs.inotify.max_user_watches and max_user_instances raise the limit)"
        )
    return f"the system can't watch it: {error.strerror or error}"


def _cover(top: Path, inside: set[str]) -> dict[str, bool]:
    """Folders to watch so that all of ``inside`` are: each with whether those in it are too.

    As few as possible, but without the folders that are not indexed and hold many: a tree of
    installed packages would take more watches than the rest together.
    """
    todo, found = [""], dict[str, bool]()
    heavy = [f for f in _borders(top, inside) if _is_heavy(top / f)]
    above = {folder[: i + 1] for folder in heavy for i, c in enumerate(folder[:-1]) if c == "/"}
    if heavy:
        above.add("")
    while todo:
        folder = todo.pop()
        found[folder] = folder not in above
        if folder in above:
            todo += [f for f in _folders_in(top, folder) if f not in heavy]
    return found if len(found) <= _MOST_WATCHES else {"": True}


def _borders(top: Path, inside: set[str]) -> list[str]:
    """The uppermost folders that are not in ``inside``."""
    return [f for folder in inside for f in _folders_in(top, folder) if f not in inside]


def _folders_in(top: Path, folder: str) -> list[str]:
    with suppress(OSError), os.scandir(top / folder) as entries:
        return [f"{folder}{e.name}/" for e in entries if e.is_dir(follow_symlinks=False)]
    return []


def _is_heavy(folder: Path) -> bool:
    found = 0
    for _, names, _ in os.walk(folder):
        found += len(names)
        if found >= _HEAVY:
            return True
    return False


def _watches_held() -> int | None:
    """How many folders this process watches, as Linux counts them: what could not be watched below
    a folder is passed over in silence otherwise."""
    if sys.platform != "linux":
        return None
    found = 0
    for entry in Path("/proc/self/fdinfo").glob("*"):
        with suppress(OSError):
            found += entry.read_text().count("inotify wd:")
    return found
