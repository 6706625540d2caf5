"""Extract: functions with the questions that they answer, a file a package.

``python -m training.extract --work DIR [--jobs N]`` streams the collected archives, cuts their
sources with the product's own chunker and writes ``DIR/functions/<registry>/<name>.jsonl.zst``.
A package's file is written whole or not at all, so the command can be stopped and run again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from training.collect import LISTS, Entry, listed, read_manifest
from training.package import Record, records

#: Functions of a package without a question; and functions in all.
MAX_SILENT = 400
MAX_FUNCTIONS = 20_000
MAX_CODE = 8_000
# A process is replaced after so many packages: the memory that a large one took comes back.
_PER_PROCESS = 100

log = logging.getLogger("training.extract")


def target(work: Path, entry: Entry) -> Path:
    """Where the functions of a package go."""
    name = entry.name.replace("/", "__")
    return work / "functions" / entry.registry / f"{name}.jsonl.zst"


def chosen(found: Sequence[Record]) -> Iterator[Record]:
    """All functions with questions and some without, in the order of the package.

    Which ones depends on nothing but their own names.
    """

    def order(record: Record) -> bytes:
        return hashlib.blake2b(f"{record.path}\0{record.symbol}".encode(), digest_size=8).digest()

    asked = [r for r in found if r.questions]
    silent = [r for r in found if not r.questions]
    kept = sorted(asked, key=order)[:MAX_FUNCTIONS] + sorted(silent, key=order)[:MAX_SILENT]
    ids = set(map(id, kept))
    return (record for record in found if id(record) in ids)


def lines(entry: Entry, found: Iterable[Record]) -> Iterator[str]:
    """The records as JSON lines."""
    for record in found:
        row = {
            "package": f"{entry.registry}:{entry.name}",
            "language": record.language,
            "path": record.path,
            "symbol": record.symbol,
            "kind": record.kind,
            "parameters": list(record.parameters),
            "doc": record.doc[:MAX_CODE],
            "code": record.code[:MAX_CODE],
            "questions": record.questions,
        }
        yield json.dumps(row, ensure_ascii=False) + "\n"


def extract(work: Path, entry: Entry) -> tuple[int, int]:
    """Writes one package's file; gives its functions and how many of them have a doc question."""
    import zstandard

    found = list(chosen(records(work / "archives" / entry.file)))
    data = "".join(lines(entry, found)).encode("utf-8", "replace")
    file = target(work, entry)
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    scratch.write_bytes(zstandard.ZstdCompressor(level=6).compress(data))
    scratch.replace(file)
    return len(found), sum(any(kind == "doc" for kind, _ in r.questions) for r in found)


def run(work: Path, jobs: int, lists: Path = LISTS) -> int:
    """Extracts every package that has no file yet; gives how many could not be.

    Of the packages that were fetched for their catalogues, no code is taken.
    """
    entries = read_manifest(work / "archives" / "manifest.jsonl")
    own = [entries[p.key] for p in listed(lists) if p.key in entries]
    todo = sorted((e for e in own if e.status == "ok"), key=_order)
    todo = [e for e in todo if not target(work, e).exists()]
    log.info("%d packages to extract", len(todo))
    run_ = _Run(work)
    while todo:  # again after a parser has taken its process with it
        with ProcessPoolExecutor(
            jobs, get_context("spawn"), max_tasks_per_child=_PER_PROCESS
        ) as pool:
            todo = run_.until_broken(pool, todo, jobs)
    log.info("%d packages, %d functions, %d documented", run_.done, run_.functions, run_.documented)
    for line in run_.failed:
        log.warning("failed: %s", line)
    return len(run_.failed)


class _Run:
    """Counts, and what could not be extracted."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.failed: list[str] = []
        self.done = self.functions = self.documented = 0

    def until_broken(
        self, pool: ProcessPoolExecutor, todo: Sequence[Entry], jobs: int
    ) -> list[Entry]:
        """Extracts packages in order; gives what is left when a process died."""
        rest = list(reversed(todo))
        running: dict[Future[tuple[int, int]], Entry] = {}
        while rest or running:
            while rest and len(running) < jobs:
                entry = rest.pop()
                try:
                    running[pool.submit(extract, self.work, entry)] = entry
                except BrokenProcessPool:
                    rest.append(entry)
                    break
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                self._count(running.pop(future), future)
        return rest[::-1]

    def _count(self, entry: Entry, future: Future[tuple[int, int]]) -> None:
        error = future.exception()
        if error is not None:  # also of those that ran beside one whose process died
            self.failed.append(f"{entry.registry}:{entry.name}: {error!r}"[:300])
            return
        functions, documented = future.result()
        self.functions += functions
        self.documented += documented
        self.done += 1
        if self.done % 50 == 0:
            log.info(
                "%d done, %d functions, %d with a doc", self.done, self.functions, self.documented
            )


def _order(entry: Entry) -> str:
    """All registries and languages early, always in the same order."""
    return hashlib.sha256(f"{entry.registry}:{entry.name}".encode()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.extract", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where everything is written")
    parser.add_argument("--jobs", type=int, default=1, help="packages at once")
    parser.add_argument("--lists", type=Path, default=LISTS, help="folder of the package lists")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    return 1 if run(given.work, given.jobs, given.lists) else 0


if __name__ == "__main__":
    sys.exit(main())
