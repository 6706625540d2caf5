"""Preparing many files with worker processes, a bounded number of batches ahead.

The parsers hold the interpreter's lock, so threads would not help.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context

from codesearch.files import Rules
from codesearch.ingest.base import Prepared, prepare
from codesearch.model import FileRecord, FileStat
from codesearch.places import Root

_BATCH_BYTES = 1_500_000
_BATCH_FILES = 250
#: Below this much source a pool of processes costs more than it saves.
_POOL_BYTES = 2_000_000


def prepare_all(
    root: Root,
    work: Sequence[FileStat],
    rules: Rules,
    known: Mapping[str, FileRecord],
    jobs: int | None,
) -> Iterator[Prepared]:
    """Prepares files batch by batch, in any order. ``known``: see ``prepare``."""
    batches = list(_batches(work))
    workers = min(jobs or os.cpu_count() or 1, len(batches))
    if workers < 2 or sum(s.size for s in work) < _POOL_BYTES:
        for batch in batches:
            yield prepare(root, batch, rules, known)
        return
    context = get_context("spawn")  # fork copies the store's threads in a state that deadlocks
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting = iter(batches)
        running: set[Future[Prepared]] = set()
        try:
            while True:
                # A few batches ahead and no more: what is prepared and not yet committed
                # is held in memory.
                for batch in islice(waiting, workers + 1 - len(running)):
                    of_batch = {s.path: known[s.path] for s in batch if s.path in known}
                    running.add(pool.submit(prepare, root, batch, rules, of_batch))
                if not running:
                    return
                ready, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


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
