"""Keeping the tables small: sweeping, pruning, rewriting. For the holder of the writer's lock.

Nothing here changes what a reader reads; it can be killed anywhere and begun again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from codesearch.store import rows
from codesearch.store.database import Database, chunks_name, files_name, vectors_name
from codesearch.store.meta import Meta, read_meta, remove_meta, trees

#: How long replaced versions of a table are kept for those who still read them. Few do: questions
#: read an image. A program that updates all the time leaves this much history on the disk, so
#: it is no longer than a slow reader needs.
KEEP = timedelta(minutes=2)
# A table of small pieces gets slow to read and to commit to; rewriting it costs about 7 s a
# million chunks. The second term: the pieces of a first build, 2,000 chunks each, are not small.
_PIECES = 64
_ROWS_A_PIECE = 2_000
_OLD_VERSIONS = 32
_GARBAGE_ROWS = 2_000
SPARE_VECTORS = 20_000
_UNUSED = timedelta(days=30)


def sweep(db: Database, tree: str) -> int:
    """Deletes the chunk rows that no line of the manifest refers to; returns how many."""
    live = {rows.storable(p): commit for p, (_, commit) in db.manifest(tree).items()}
    table = db.open(chunks_name(tree))
    found = table.search().select(["path", "commit"]).with_row_id(True).to_arrow()
    columns = (found[name].to_pylist() for name in ("path", "commit", "_rowid"))
    dead = [row for path, number, row in zip(*columns, strict=True) if live.get(path) != number]
    delete(table, dead)
    return len(dead)


def prune(db: Database, mine: Meta) -> int:
    """Deletes the vectors of a model that no work tree refers to; returns how many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    used = [
        part.flatten()
        for tree, meta in _metas(db).items()
        if vectors_name(meta) == vectors_name(mine)
        for part in db.open(chunks_name(tree)).search().select(["keys"]).to_arrow()["keys"].chunks
    ]
    table = db.open(vectors_name(mine))
    stored = table.search().select(["key"]).with_row_id(True).to_arrow()
    is_used = pc.is_in(stored["key"], value_set=pa.chunked_array(used, pa.string()))
    dead = stored.filter(pc.invert(is_used))["_rowid"].to_pylist()
    delete(table, dead)
    return len(dead)


def discard(db: Database) -> None:
    """Deletes what nobody will come back for.

    That is: tables that an interrupted ``begin`` or ``drop`` left; and after a month without
    use the tables of work trees whose folder is gone and of models that no work tree has.
    """
    long_ago = time.time() - _UNUSED.total_seconds()
    metas = _metas(db)
    for tree, meta in list(metas.items()):
        if meta.updated < long_ago and meta.is_gone:
            remove_meta(db.folder, tree)
            del metas[tree]
    for name in unused(db, metas):
        db.drop(name)


def unused(db: Database, metas: Mapping[str, Meta | None]) -> list[str]:
    """The tables that belong to no work tree, except vectors that were used within a month."""
    long_ago = time.time() - _UNUSED.total_seconds()
    known = {name(tree) for tree in metas for name in (files_name, chunks_name)}
    known |= {vectors_name(meta) for meta in metas.values() if meta}
    return [
        name
        for name in db.tables("*")
        if name not in known
        and not (name.startswith("vectors_") and _last_commit(db, name) > long_ago)
    ]


def _last_commit(db: Database, name: str) -> float:
    """When a table last changed, Unix seconds; the table's own folder keeps its first time."""
    versions = db.path(name) / "_versions"
    return versions.stat().st_mtime if versions.is_dir() else 0.0


def _metas(db: Database) -> dict[str, Meta]:
    return {tree: meta for tree in trees(db.folder) if (meta := read_meta(db.folder, tree))}


def maintain(db: Database, tree: str, meta: Meta) -> None:
    """Sweeps, prunes and rewrites what is due; see ``Store.maintain``."""
    discard(db)
    files, chunks = db.open(files_name(tree)), db.open(chunks_name(tree))
    vectors = db.open(vectors_name(meta))
    live = sum(record.chunks for record, _ in db.manifest(tree).values())
    swept = chunks.count_rows() - live > _GARBAGE_ROWS + live // 4
    if swept:
        sweep(db, tree)
    if swept or is_untidy(db, chunks):
        rewrite(chunks)
    pruned = 0
    of_all_trees = sum(db.open(name).count_rows() for name in db.tables("*_chunks"))
    if vectors.count_rows() > SPARE_VECTORS + 2 * of_all_trees:
        pruned = prune(db, meta)
    if pruned or is_untidy(db, vectors):
        rewrite(vectors)
    if is_untidy(db, files):
        rewrite(files)


def is_untidy(db: Database, table: Any) -> bool:
    """Whether a table is in too many pieces, or has versions that can be deleted."""
    stats = table.stats()
    pieces = stats["fragment_stats"]["num_fragments"]
    more = int(stats["num_rows"]) // _ROWS_A_PIECE
    if pieces > _PIECES + more:
        return True
    since = time.time() - KEEP.total_seconds()
    versions = (db.path(table.name) / "_versions").glob("*.manifest")
    return sum(version.stat().st_mtime < since for version in versions) > _OLD_VERSIONS + more


def rewrite(table: Any) -> None:
    """Makes one piece of many and deletes the versions that nobody reads any more."""
    # Unverified: files that no version knows are what a killed writer left, since the one
    # writer is here. Only those older than the interval go.
    table.optimize(cleanup_older_than=KEEP, delete_unverified=True)


def delete(table: Any, ids: Sequence[int]) -> None:
    """Deletes rows by their ids."""
    for at in range(0, len(ids), 10_000):
        table.delete(f"_rowid IN ({','.join(map(str, ids[at : at + 10_000]))})")
