"""One update of a work tree's index, from the lock to the new segment.

Whatever is found damaged on the way is deleted and made again, once, and said in a note.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codesearch import files, store
from codesearch.errors import IndexCorrupt, IndexMissing, StoreError
from codesearch.ingest.commit import LostVectors, OnProgress, from_store, ingest
from codesearch.ingest.pool import prepare_all
from codesearch.ingest.prepare import FORMAT, Site, estimate_tokens, identify, plan
from codesearch.model import FileRecord, IndexState, Progress, Skipped, SkipReason, UpdateReport
from codesearch.segment import Segment, Stored, join

if TYPE_CHECKING:
    from codesearch.embedding.remote import Survey

_DAMAGED = "the index was damaged and has been rebuilt"

MADE_WITH = {
    IndexState.OLD_FORMAT: "another version of codesearch",
    IndexState.OTHER_SETTINGS: "other settings",
    IndexState.OTHER_MODEL: "another embedding model",
}


def update(
    site: Site, full: bool, on_progress: OnProgress, on_wait: Callable[[str], None]
) -> UpdateReport:
    """Makes the stored index equal to the work tree. One writer at a time.

    Raises:
        StoreError: the folder can't be written. EmbedderError: the backend failed. What was
        committed before is kept, and the next update goes on from there; after a Paused it can be
        searched too.
    """
    start = time.perf_counter()
    with store.writer(site.folder, on_wait):
        try:
            return _update(site, full, [], on_progress, start)
        except (IndexCorrupt, LostVectors):
            store.wipe(site.folder)
            return _update(site, True, [_DAMAGED], on_progress, start)


def _update(
    site: Site, full: bool, notes: list[str], on_progress: OnProgress, start: float
) -> UpdateReport:
    state, stored = site.image.load(whole=True)
    if state in MADE_WITH:
        which = ""
        if state is IndexState.OTHER_MODEL:
            model, dimension = site.model
            which = f" ({site.image.made_with()}; now {model}, {dimension})"
        notes.append(f"the index had been made with {MADE_WITH[state]}{which} and was rebuilt")
        full = True
    db = store.Store(site.folder, site.tree)
    held = db.matches(FORMAT, site.settings, site.model)
    if not notes and (state is IndexState.CORRUPT or (stored is not None and not held)):
        notes.append(_DAMAGED)
    if full or not held:
        db.begin(FORMAT, site.settings, site.model, str(site.root.path))
    manifest = db.manifest()
    base = _base(db, manifest, stored)
    on_progress(Progress("scan", 0, None))
    with files.start_scan(site.root, site.rules) as scan:
        stats = scan.finish()
    notes += scan.notes
    todo = plan(stats, {p: (r.size, r.stamp) for p, r in manifest.items()})
    out = ingest(site, todo, manifest, db, base, on_progress)
    db.maintain()
    if stored is None or out.segment is not stored.segment:
        try:
            site.image.save(out.segment, db.generation, db.created)
        except OSError as error:
            raise _disk_error(error, site.folder) from error
    if out.paused is not None:
        raise out.paused
    skipped = out.segment.skips()
    return UpdateReport(
        files=out.segment.n_files - len(skipped),
        added=len(todo.added),
        changed=len(todo.changed) - out.touched,
        removed=len(todo.removed),
        chunks=out.segment.n_chunks,
        embedded=out.embedded,
        reused=out.reused,
        skipped=skipped,
        seconds=time.perf_counter() - start,
        notes=notes,
    )


def _base(
    db: store.Store, manifest: Mapping[str, FileRecord], stored: Stored | None
) -> Segment | None:
    """The segment of the manifest: the stored one, mended where it lags behind the store."""
    if not manifest:
        return None
    if stored is None:
        return from_store(db, manifest, None)
    s = stored.segment
    if stored.generation == db.generation:
        return s
    same = [
        (now := manifest.get(was.path)) is not None
        and (now.digest, now.size, now.stamp) == (was.digest, was.size, was.stamp)
        for was in s.records()
    ]
    held = {p for p, ok in zip(s.path.all(), same, strict=True) if ok}
    rest = from_store(db, manifest, sorted(manifest.keys() - held))
    return join([s, rest], [np.array(same, bool), None])


def preview(
    site: Site, full: bool, on_progress: OnProgress, survey: Survey | None = None
) -> UpdateReport:
    """What an update would do: reads and cuts the files, writes nothing.

    ``survey`` adds up what a remote backend would be sent.
    """
    start = time.perf_counter()
    _, stored = site.image.load()
    after = {} if stored is None or full else {r.path: r for r in stored.segment.records()}
    todo = plan(
        files.scan(site.root, site.rules),
        {path: (r.size, r.stamp) for path, r in after.items()},
    )
    known = {s.path: after[s.path] for s in todo.changed}
    for path in todo.removed:
        del after[path]
    chunks = tokens = done = pieces = touched = 0
    held = set[str]() if survey is None or survey.of_all else _held(site)
    for batch in prepare_all(site, todo.work, known, None):
        flat = [c for of_file in batch.chunks for c in of_file]
        chunks += len(flat)
        pieces += batch.segment.n_pieces
        tokens += estimate_tokens(flat)
        touched += len(batch.touched)
        if survey is not None:
            identify(batch, site.embedder)
            each = zip(batch.keys, batch.passages(), strict=True)
            survey.add([passage for key, passage in each if key not in held])
        after.update((r.path, r) for r in batch.records)
        for path in batch.gone:
            after.pop(path, None)
        done += len(batch.records) + len(batch.touched) + len(batch.gone)
        on_progress(Progress("price", done, len(todo.work)))
    skipped = [
        Skipped(r.path, SkipReason(r.skipped), r.detail) for r in after.values() if r.skipped
    ]
    return UpdateReport(
        files=len(after) - len(skipped),
        added=len(todo.added),
        changed=len(todo.changed) - touched,
        removed=len(todo.removed),
        chunks=chunks,
        embedded=pieces,
        reused=0,
        skipped=skipped,
        seconds=time.perf_counter() - start,
        dry_run=True,
        tokens=tokens,
        bill=None if survey is None else survey.bill(),
    )


def _held(site: Site) -> set[str]:
    """The keys of the vectors that the store has."""
    db = store.Store(site.folder, site.tree)
    try:
        return db.keys() if db.matches(FORMAT, site.settings, site.model) else set()
    except (IndexCorrupt, IndexMissing):
        return set()


def _disk_error(error: OSError, folder: Path) -> StoreError:
    if error.errno == errno.ENOSPC:
        return StoreError(f"the disk is full: {folder}", "free some space and run it again")
    return StoreError(
        f"can't write the index in {folder}: {error.strerror}",
        "set CODESEARCH_INDEX to a folder that you can write",
    )
