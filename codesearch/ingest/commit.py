"""Carrying out a plan: embed and commit batch by batch, then one segment of the whole.

Embedding and committing happen in this process, one batch at a time, so that memory is
bounded and every finished batch is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from codesearch.embedding import Embedder
from codesearch.files import Rules
from codesearch.ingest.base import Plan, Prepared, key, passages
from codesearch.ingest.pool import prepare_all
from codesearch.model import Chunk, FileRecord, Progress, Skipped, SkipReason
from codesearch.places import Root
from codesearch.segment import Segment, join, of_chunks, with_vectors
from codesearch.store import Store

# From so many files on, the keys of all stored vectors are read once, instead of asking the
# store for those of each batch.
_MANY = 200

OnProgress = Callable[[Progress], None]


@dataclass(slots=True)
class Outcome:
    """What a run of ``ingest`` did."""

    segment: Segment
    embedded: int = 0
    reused: int = 0
    touched: int = 0
    skipped: list[Skipped] = field(default_factory=list)


def ingest(
    root: Root,
    rules: Rules,
    todo: Plan,
    manifest: Mapping[str, FileRecord],
    store: Store,
    embedder: Embedder,
    base: Segment | None,
    jobs: int | None,
    on_progress: OnProgress,
) -> Outcome:
    """Carries out a plan against the store and gives the segment of the result.

    ``base`` is the segment of what the manifest says, or None where the manifest is empty.

    Raises:
        StoreError, EmbedderError: what was committed before is kept.
    """
    outcome = Outcome(of_chunks([], []))
    parts: list[Segment] = []
    replaced = set(todo.removed)
    touched: dict[str, FileRecord] = {}
    done, total = 0, len(todo.work)
    on_progress(Progress("index", 0, total))
    known = {s.path: manifest[s.path] for s in todo.changed if s.path in manifest}
    stored = store.keys() if total > _MANY else None
    for prepared in prepare_all(root, todo.work, rules, known, jobs):
        parts.append(_commit(prepared, store, embedder, stored, outcome))
        replaced.update(r.path for r in prepared.records)
        replaced.update(prepared.gone)
        touched.update((r.path, r) for r in prepared.touched)
        outcome.skipped += [
            Skipped(r.path, SkipReason(r.skipped), r.detail) for r in prepared.records if r.skipped
        ]
        done += len(prepared.records) + len(prepared.touched) + len(prepared.gone)
        on_progress(Progress("index", done, total))
    on_progress(Progress("finish", 0, None))
    gone = sorted(replaced & manifest.keys() - {p for part in parts for p in part.path.all()})
    if gone:
        store.remove(gone)
    if touched:
        store.touch(list(touched.values()))
    outcome.touched = len(touched)
    store.sweep()
    outcome.segment = _joined(base, parts, replaced, touched)
    return outcome


def _commit(
    prepared: Prepared, store: Store, embedder: Embedder, stored: set[str] | None, out: Outcome
) -> Segment:
    """Stores one batch and gives its segment. ``stored`` holds the keys of all vectors that
    the store has, if that is known, and grows by the new ones."""
    flat = [c for of_file in prepared.chunks for c in of_file]
    texts = passages(flat)
    keys = [key(embedder.id, p) for p in texts]
    text_of = dict(zip(keys, texts, strict=True))
    asked = [k for k in text_of if stored is None or k in stored]
    found, reused = store.vectors(asked)
    reused = reused[found]
    have = [k for k, is_there in zip(asked, found.tolist(), strict=True) if is_there]
    there = set(have)
    missing = [k for k in text_of if k not in there]
    fresh = embedder.embed_documents([text_of[k] for k in missing])
    row = {k: i for i, k in enumerate([*have, *missing])}
    table = np.concatenate([reused.astype(np.float32), fresh])
    each = iter(keys)
    chunks = [(c, [next(each) for _ in range(len(c.cuts) + 1)]) for c in flat]
    store.commit(prepared.records, chunks, missing, fresh)
    if stored is not None:
        stored.update(missing)
    out.embedded += len(missing)
    out.reused += len(have)
    return with_vectors(prepared.segment, table[[row[k] for k in keys]])


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
        size, mtime = base.size.copy(), base.mtime_ns.copy()
        for i, name in enumerate(names):
            if name in touched:
                size[i], mtime[i] = touched[name].size, touched[name].mtime_ns
        base = replace(base, size=size, mtime_ns=mtime)
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
    wanted = manifest if paths is None else {p: manifest[p] for p in paths}
    by_path: dict[str, list[tuple[Chunk, Sequence[str]]]] = {p: [] for p in wanted}
    for batch in store.chunks(None if paths is None else list(wanted)):
        for item, keys in batch:
            by_path[item.path].append((item, keys))
    records = [wanted[p] for p in sorted(wanted)]
    segment = of_chunks(records, [[c for c, _ in by_path[r.path]] for r in records])
    order = sorted(wanted, key=lambda p: p.encode("utf-8", "surrogatepass"))
    keys = [k for p in order for _, of_chunk in by_path[p] for k in of_chunk]
    found, vectors = store.vectors(keys)
    if not found.all():
        raise LostVectors(f"{int((~found).sum())} vectors are missing")
    return with_vectors(segment, np.asarray(vectors, np.float32))


class LostVectors(Exception):
    """The store misses vectors that its chunks name: it has to be filled again."""
