"""Preparing many files with worker processes, a bounded number of batches ahead.

The parsers hold the interpreter's lock, so threads would not help. A backend that runs on this
machine embeds in the workers too: there the words of the chunks are still at hand.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from codesearch import embedding
from codesearch.embedding import Embedder
from codesearch.errors import CodesearchError
from codesearch.files import Rules
from codesearch.ingest.base import Prepared, Site, embed, identify, prepare
from codesearch.model import FileRecord, FileStat
from codesearch.places import Root

_BATCH_BYTES = 1_500_000
_BATCH_FILES = 250
#: Below this much source a pool of processes costs more than it saves.
_POOL_BYTES = 2_000_000

Keys = Callable[[], set[str]]


def prepare_all(
    site: Site,
    work: Sequence[FileStat],
    known: Mapping[str, FileRecord],
    stored: Keys | None,
) -> Iterator[Prepared]:
    """Prepares files batch by batch, in any order.

    Args:
        known: see ``prepare``.
        stored: gives the keys of the vectors that need not be made; None: make none. Workers
            make those of a local backend; where there are none, they are left to the caller.
    """
    batches = list(_batches(work))
    workers = min(site.jobs or os.cpu_count() or 1, len(batches))
    if workers < 2 or sum(s.size for s in work) < _POOL_BYTES:
        for batch in batches:
            yield prepare(site.root, batch, site.rules, known)
        return
    backend = None if stored is None or site.embedder.remote else site.backend
    there = stored() if stored is not None and backend is not None else set[str]()
    yield from _pooled(_Task(site.root, site.rules, backend, there), batches, known, workers)


def _pooled(
    task: _Task,
    batches: Sequence[Sequence[FileStat]],
    known: Mapping[str, FileRecord],
    workers: int,
) -> Iterator[Prepared]:
    # Imported here: questions about an unchanged tree need none of it.
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    context = get_context("spawn")  # fork copies the store's threads in a state that deadlocks
    with ProcessPoolExecutor(workers, context, _begin, (task,)) as pool:
        waiting = iter(batches)
        running: set[Future[Prepared]] = set()
        try:
            while True:
                # A few batches ahead and no more: what is prepared and not yet committed
                # is held in memory.
                for batch in islice(waiting, workers + 1 - len(running)):
                    of_batch = {s.path: known[s.path] for s in batch if s.path in known}
                    with _deaf():
                        running.add(pool.submit(_work, batch, of_batch))
                if not running:
                    return
                ready, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield future.result()
        except BrokenProcessPool:
            raise CodesearchError(
                "a worker process ended before its work was done",
                "is there too little memory? Set CODESEARCH_JOBS=1 and run it again",
            ) from None
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


class _Task:
    """What a worker process holds: how to prepare, and which vectors to make."""

    def __init__(self, root: Root, rules: Rules, backend: str | None, stored: set[str]) -> None:
        self.root = root
        self.rules = rules
        self.backend = backend
        self.stored = stored
        self.embedder: Embedder | None = None  # loaded in the worker


_task: _Task


def _begin(task: _Task) -> None:
    global _task  # noqa: PLW0603 (a worker process has one task for all its life)
    _task = task
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where ``_deaf`` can't
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if task.backend is not None:
        task.embedder = embedding.load(task.backend)
    # A worker makes many objects that live as long as their batch, and no cycles worth a
    # search: without the collector it is a tenth faster.
    gc.disable()


def _end_with_parent() -> None:
    """A pool's workers hold both ends of its pipes: none would see that a parent was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(batch: Sequence[FileStat], known: Mapping[str, FileRecord]) -> Prepared:
    prepared = prepare(_task.root, batch, _task.rules, known)
    if _task.embedder is not None:
        identify(prepared, _task.embedder)
        embed(prepared, _task.embedder, {k for k in prepared.keys if k not in _task.stored})
    return prepared


def _batches(work: Sequence[FileStat]) -> Iterator[list[FileStat]]:
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
