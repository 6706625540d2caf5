"""Preparing many files with worker processes, a bounded number of batches ahead.

The parsers hold the interpreter's lock, so threads would not help. A backend that runs on this
machine embeds in the workers too: there the words of the chunks are still at hand.

A parser is native code that somebody else wrote, and a file may be written to harm it. When a
worker dies, or is still at a batch long after its time, what it held is halved until the file
is alone that did it; that file is cut without its parser.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from codesearch import config
from codesearch.embedding import Embedder
from codesearch.errors import CodesearchError
from codesearch.files import Rules
from codesearch.ingest.prepare import Prepared, Site, embed, identify, prepare
from codesearch.model import Chunk, FileRecord, FileStat, SourceFile
from codesearch.places import Root

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.context import SpawnContext

_BATCH_BYTES = 1_500_000
_BATCH_FILES = 250
#: Below this much source a pool of processes costs more than it saves.
_POOL_BYTES = 2_000_000

#: More workers than one process can commit the work of only take memory.
_MOST_WORKERS = 8
#: After so many seconds with a file, and as many more for each hundred files in its batch, a
#: worker ends itself: a hundred times what ordinary files take, and more than the bounds of
#: ``chunking`` allow a single one.
_SECONDS = 30.0

Keys = Callable[[], set[str]]
Batch = Sequence[FileStat]


def prepare_all(
    site: Site,
    work: Batch,
    known: Mapping[str, FileRecord],
    stored: Keys | None,
) -> Iterator[Prepared]:
    """Prepares files batch by batch, in any order.

    Args:
        known: see ``prepare``.
        stored: gives the keys of the vectors that need not be made; None: make none. Workers
            make those of a local backend; where there are none, they are left to the caller.

    Raises:
        CodesearchError: workers die whatever they do.
    """
    batches = list(_batches(work))
    workers = min(site.jobs or _usual_workers(), len(batches))
    if workers < 2 or sum(s.size for s in work) < _POOL_BYTES:
        for batch in batches:
            if site.standby is None:
                yield prepare(site.root, batch, site.rules, known)
            else:
                yield from site.standby.prepare(site, batch, known)
        return
    load = site.load if stored is not None and site.embedder.in_workers else None
    there = stored() if stored is not None and load is not None else set[str]()
    task = _Task(load, there, _SECONDS)
    waiting = iter(batches)
    while lost := (yield from _pooled(site, task, waiting, known, workers)):
        for held in lost:
            yield from _isolated(site, task, held, known)


def _usual_workers() -> int:
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return min(allowed or 1, _MOST_WORKERS)


def _isolated(
    site: Site, task: _Task, batch: Batch, known: Mapping[str, FileRecord]
) -> Iterator[Prepared]:
    """Prepares a batch with which a worker died, all but the file that did it as ever."""
    if not (yield from _pooled(site, task, [batch], known, 1)):
        return
    if len(batch) > 1:
        half = len(batch) // 2
        yield from _isolated(site, task, batch[:half], known)
        yield from _isolated(site, task, batch[half:], known)
    elif (yield from _pooled(site, task, [batch], known, 1, parsed=False)):
        raise CodesearchError(
            f"a worker process ended before its work was done, at {batch[0].path}",
            "is there too little memory? Set CODESEARCH_JOBS=1 and run it again",
        )


def _pooled(
    site: Site,
    task: _Task,
    batches: Iterable[Batch],
    known: Mapping[str, FileRecord],
    workers: int,
    *,
    parsed: bool = True,
) -> Generator[Prepared, None, list[Batch]]:
    """Prepares batches in worker processes, until one of these dies.

    Takes from ``batches`` what it begins. Returns those that were begun and are not done.
    """
    # Imported here: questions about an unchanged tree need none of it.
    from concurrent.futures import FIRST_COMPLETED, Future, wait
    from concurrent.futures.process import BrokenProcessPool

    waiting = iter(batches)
    running: dict[Future[Prepared], Batch] = {}
    lost: list[Batch] = []
    with _executor(workers, task) as pool:
        try:
            while True:
                # A few batches ahead and no more: what is prepared and not yet committed
                # is held in memory.
                while not lost and len(running) <= workers:
                    batch = next(waiting, None)
                    if batch is None:
                        break
                    of_batch = {s.path: known[s.path] for s in batch if s.path in known}
                    try:
                        with _deaf():
                            future = pool.submit(
                                _work, site.root, site.rules, batch, of_batch, parsed
                            )
                        running[future] = batch
                    except BrokenProcessPool:
                        lost.append(batch)
                if not running:
                    return lost
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    batch = running.pop(future)
                    try:
                        prepared = future.result()
                    except BrokenProcessPool:
                        lost.append(batch)
                    else:
                        yield prepared
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes that begin meanwhile do not hear Ctrl-C, which a terminal sends to all of them:
    whoever began them ends them. Their first own line would be too late to say so.
    """
    if sys.platform == "win32":
        yield
        return
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


class Standby:
    """A worker process that stays, for a process that stays: it prepares what is too little to
    begin workers for.

    A parser that crashes or hangs then ends the worker only. May be used by several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def prepare(self, site: Site, batch: Batch, known: Mapping[str, FileRecord]) -> list[Prepared]:
        """As ``prepare_all``, without vectors."""
        from concurrent.futures.process import BrokenProcessPool

        of_batch = {s.path: known[s.path] for s in batch if s.path in known}
        with self._lock:
            pool = self._begun()
            try:
                with _deaf():
                    future = pool.submit(_work, site.root, site.rules, batch, of_batch, True)
                return [future.result()]
            except BrokenProcessPool:
                pool.shutdown()
                self._pool = None
                return list(_isolated(site, _STANDBY, batch, known))

    def cut(self, site: Site, file: SourceFile) -> list[Chunk]:
        """What a file that was read is cut into."""
        stat = FileStat(file.path, 0, 0, unsaved=file.text.encode("utf-8"))
        (prepared,) = self.prepare(site, [stat], {})
        return [chunk for of_file in prepared.chunks for chunk in of_file]

    def begin(self) -> None:
        """Begins the worker now, before there is work for it, and waits until it is there."""
        with self._lock, suppress(OSError, RuntimeError):  # its first work will tell what is wrong
            with _deaf():
                future = self._begun().submit(os.getpid)
            future.result()

    def _begun(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = _executor(1, _STANDBY)
        return self._pool

    def close(self) -> None:
        """Ends the worker, after what it is at."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown()
                self._pool = None


def _executor(workers: int, task: _Task) -> ProcessPoolExecutor:
    # Imported here: questions about an unchanged tree need none of it.
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(workers, processes(), _begin, (task,))


def processes() -> SpawnContext:
    """How processes are begun: not by fork, which copies the store's threads in a state that
    deadlocks, and without a look into the current folder."""
    from multiprocessing import get_context

    config.guard_children()
    return get_context("spawn")


class _Task:
    """What a worker process holds: which vectors to make, and how long a file may take."""

    def __init__(
        self, load: Callable[[], Embedder] | None, stored: set[str], seconds: float
    ) -> None:
        self.load = load
        self.stored = stored
        self.seconds = seconds
        self.embedder: Embedder | None = None  # loaded in the worker


_STANDBY = _Task(None, set(), _SECONDS)

_task: _Task


def _begin(task: _Task) -> None:
    global _task  # noqa: PLW0603 (a worker process has one task for all its life)
    _task = task
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where ``_deaf`` can't
    end_with_parent()
    if task.load is not None:
        task.embedder = task.load()
    # A worker makes many objects that live as long as their batch, and no cycles worth a
    # search: without the collector it is a tenth faster.
    gc.disable()


def end_with_parent() -> None:
    """Has a process end when the one that began it does, also if it was killed.

    A pool's workers hold both ends of its pipes: none would see it otherwise.
    """
    import multiprocessing

    def end() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _work(
    root: Root, rules: Rules, batch: Batch, known: Mapping[str, FileRecord], parsed: bool
) -> Prepared:
    # Not a thread of ours, which would wait for the interpreter's lock as long as a parser does.
    with Path(os.devnull).open("w") as nowhere:
        seconds = _task.seconds * (1 + len(batch) / 100)
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        prepared = prepare(root, batch, rules, known, parsed=parsed)
        faulthandler.cancel_dump_traceback_later()
    if _task.embedder is not None:
        identify(prepared, _task.embedder)
        embed(prepared, _task.embedder, {k for k in prepared.keys if k not in _task.stored})
    return prepared


def _batches(work: Batch) -> Iterator[list[FileStat]]:
    batch: list[FileStat] = []
    size = 0
    for stat in work:
        if batch and (size + stat.size > _BATCH_BYTES or len(batch) >= _BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(stat)
        size += stat.size
    if batch:
        yield batch
