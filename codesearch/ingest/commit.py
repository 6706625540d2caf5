"""Carrying out a plan: embed and commit batch by batch, then one segment of the whole.

Embedding and committing happen in this process, one batch at a time, so that memory is
bounded and every finished batch is kept.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from codesearch.embedding import Embedder
from codesearch.errors import Paused
from codesearch.ingest.pool import prepare_all
from codesearch.ingest.prepare import Plan, Prepared, Site, embed, finished, identify
from codesearch.model import Bill, FileRecord, Progress
from codesearch.segment import Segment, join, of_chunks, with_vectors
from codesearch.store import Store, StoredChunk

OnProgress = Callable[[Progress], None]
#: Asked whether a price is agreed to.
Approve = Callable[[Bill], bool]
#: Told what was sent, also where the run went no further.
Receipt = Callable[[Bill], None]

_MANY_CHUNKS = 5_000  # rows that are read back from the store before they are counted


@dataclass(slots=True)
class Outcome:
    """What a run of ``ingest`` did."""

    segment: Segment
    embedded: int = 0
    reused: int = 0
    touched: int = 0
    paused: Paused | None = None  # why not all was done


def ingest(
    site: Site,
    todo: Plan,
    manifest: Mapping[str, FileRecord],
    store: Store,
    base: Segment | None,
    on_progress: OnProgress,
) -> Outcome:
    """Carries out a plan against the store and gives the segment of the result.

    ``base`` is the segment of what the manifest says, or None where the manifest is empty.

    Raises:
        StoreError, EmbedderError: what was committed before is kept.

    Where a paid backend pauses, the segment is that of what was done.
    """
    outcome = Outcome(of_chunks([], []))
    parts: list[Segment] = []
    replaced = set(todo.removed)
    touched: dict[str, FileRecord] = {}
    done, total = 0, len(todo.work)
    on_progress(Progress("index", 0, total))
    known = {s.path: manifest[s.path] for s in todo.changed if s.path in manifest}
    with _collector_paused():
        for batch in prepare_all(site, todo.work, known, store.keys):
            prepared = batch
            if prepared.records:
                try:
                    part = _commit(prepared, store, site.embedder, outcome)
                except Paused as paused:
                    outcome.paused = paused
                    prepared = _what_is_paid(prepared, store, site.embedder)
                    part = _commit(prepared, store, site.embedder, outcome)
                parts.append(part)
            replaced.update(r.path for r in prepared.records)
            replaced.update(prepared.gone)
            touched.update((r.path, r) for r in prepared.touched)
            done += len(prepared.records) + len(prepared.touched) + len(prepared.gone)
            on_progress(Progress("index", done, total))
            if outcome.paused is not None:
                break
    on_progress(Progress("finish", 0, None))
    gone = sorted(replaced & manifest.keys() - {p for part in parts for p in part.path.all()})
    if gone:
        store.remove(gone)
    outcome.touched = len(touched)
    # What can't be trusted (an unreadable file) is looked at each time, and is written once.
    touched = {path: r for path, r in touched.items() if manifest[path] != r}
    if touched:
        store.touch(list(touched.values()))
    outcome.segment = _joined(base, parts, replaced, touched)
    return outcome


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A batch has many objects that live as long as it does, and no cycles worth a search."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _commit(prepared: Prepared, store: Store, embedder: Embedder, out: Outcome) -> Segment:
    """Stores one batch, with the vectors that are neither made nor stored yet, and gives its
    segment."""
    if not prepared.keys:
        identify(prepared, embedder)
    new = list(prepared.made)
    asked = list(dict.fromkeys(k for k in prepared.keys if k not in prepared.made))
    found, stored = store.vectors(asked)
    missing = {k for k, is_there in zip(asked, found.tolist(), strict=True) if not is_there}
    embed(prepared, embedder, missing)
    new += [k for k in asked if k in missing]
    vectors = np.array([prepared.made[k] for k in new], np.float16)
    each = iter(prepared.keys)
    chunks = [
        (c, [next(each) for _ in range(len(c.cuts) + 1)])
        for of_file in prepared.chunks
        for c in of_file
    ]
    store.commit(prepared.records, chunks, new, vectors.reshape(len(new), embedder.dimension))
    out.embedded += len(new)
    out.reused += len(asked) - len(missing)
    prepared.made.update((k, v) for k, v in zip(asked, stored, strict=True) if k not in missing)
    return finished(prepared, embedder.dimension)


def _what_is_paid(prepared: Prepared, store: Store, embedder: Embedder) -> Prepared:
    """Of a batch, the files whose vectors are all there, without asking a paid backend again."""
    passages = prepared.passages()
    found, _ = store.vectors(prepared.keys)
    there = [
        has or row is not None
        for has, row in zip(found.tolist(), embedder.kept(passages), strict=True)  # type: ignore[attr-defined]
    ]
    whole: list[int] = []
    at = 0
    for number, of_file in enumerate(prepared.chunks):
        count = sum(len(c.cuts) + 1 for c in of_file)
        if all(there[at : at + count]):
            whole.append(number)
        at += count
    records = [prepared.records[i] for i in whole]
    chunks = [prepared.chunks[i] for i in whole]
    return Prepared(of_chunks(records, chunks), records, chunks, prepared.touched, prepared.gone)


def _joined(
    base: Segment | None,
    parts: Sequence[Segment],
    replaced: set[str],
    touched: Mapping[str, FileRecord],
) -> Segment:
    if base is None:
        return join(parts, [None] * len(parts)) if parts else of_chunks([], [])
    names = base.path.all()
    if touched:
        size, stamp = base.size.copy(), base.stamp.copy()
        for i, name in enumerate(names):
            if name in touched:
                size[i], stamp[i] = touched[name].size, touched[name].stamp
        base = replace(base, size=size, stamp=stamp)
    keep = np.array([name not in replaced for name in names], bool)
    if not parts and keep.all():
        return base
    return join([base, *parts], [keep, *[None] * len(parts)])


def from_store(
    store: Store, manifest: Mapping[str, FileRecord], paths: Sequence[str] | None
) -> Segment:
    """The segment of what the store holds, parsed never, counted anew.

    ``paths`` limits it to some files. For a segment that was lost or fell behind.
    """
    wanted = dict(manifest) if paths is None else {p: manifest[p] for p in paths}
    parts: list[Segment] = []
    held: list[list[StoredChunk]] = []
    for of_file in store.chunks(paths):
        held.append(of_file)
        if sum(map(len, held)) >= _MANY_CHUNKS:
            parts.append(_counted(store, held, wanted))
            held = []
    parts.append(_counted(store, held, wanted))
    rest = [r for r in wanted.values() if not r.chunks]
    parts.append(of_chunks(rest, [[] for _ in rest]))
    return join(parts, [None] * len(parts))


def _counted(
    store: Store, files: Sequence[Sequence[StoredChunk]], manifest: Mapping[str, FileRecord]
) -> Segment:
    ordered = sorted(files, key=lambda of_file: os.fsencode(of_file[0][0].path))
    keys = [k for of_file in ordered for _, of_chunk in of_file for k in of_chunk]
    found, vectors = store.vectors(keys)
    if not found.all():
        raise LostVectors(f"{int((~found).sum())} vectors are missing")
    records = [manifest[of_file[0][0].path] for of_file in ordered]
    segment = of_chunks(records, [[c for c, _ in of_file] for of_file in ordered])
    return with_vectors(segment, np.asarray(vectors, np.float32))


class LostVectors(Exception):
    """The store misses vectors that its chunks name: it has to be filled again."""
