"""Class ``Store``: the tables of one work tree, and the vectors that all trees share.

There is no transaction over several tables; the order of single ones stands in for it. A batch
adds (A) vectors, then (B) chunk rows under a new random commit number, then (C) puts the
files' lines, which carry that number, into the manifest: one atomic step, and the moment at
which the batch is there.

Invariant: a chunk row counts only if the manifest's line of its file has the row's commit
number. So rows of a batch that was killed before C, of a file that was replaced and of one
that was removed are the same: garbage that no reader sees, swept when it is worth it. A batch
that is repeated has another number, so nothing is ever there twice.

Writing needs the writer's lock (``folder.writer``). Reading needs none: it works on pinned
versions of the tables, whose files are kept for a while after they were replaced.
"""

from __future__ import annotations

import re
import secrets
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesearch.errors import IndexMissing, StoreError
from codesearch.model import FileRecord
from codesearch.store import rows, tidy
from codesearch.store.database import Database, chunks_name, files_name, vectors_name
from codesearch.store.faults import corrupt, disk_errors, table_errors
from codesearch.store.meta import Meta, read_meta, remove_meta, write_meta
from codesearch.store.rows import StoredChunk

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

# Up to here a filter is faster than reading the key column: with 35,000 rows 10 keys take
# 7 ms and 500 take 20 ms either way. No scalar index: of 500,000 rows it could save 25 ms.
_FEW = 500
_LITERALS = 2_000  # in one SQL statement
_BATCH_ROWS = 1_024
_MISSING_HINT = "run `codesearch index`"


class Store:
    """One work tree's index in an index folder. Opens nothing until it is used.

    Args:
        folder: the index folder; all work trees of a repository have the same.
        tree: the work tree's name in it: letters, digits, ``-`` and ``_``.

    Every method raises ``IndexCorrupt`` where the tables are damaged (the cure is
    ``folder.wipe`` and ``begin``), ``IndexMissing`` before ``begin``, and ``StoreError``
    for a full disk, a read-only folder and the like. What was committed before is kept.
    """

    def __init__(self, folder: Path, tree: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", tree):
            raise ValueError(f"not a name for a work tree: {tree!r}")
        self.folder = folder.absolute()
        self.tree = tree
        self._db = Database(self.folder)
        self._files = files_name(tree)
        self._chunks = chunks_name(tree)

    # -- what it is ------------------------------------------------------------------

    @property
    def meta(self) -> Meta:
        """The facts about the index, as they are on the disk now."""
        found = read_meta(self.folder, self.tree)
        if found is None:
            raise IndexMissing(f"there is no index in {self.folder}", _MISSING_HINT)
        return found

    @property
    def generation(self) -> int:
        """Moves with every change; see ``Meta``."""
        return self.meta.generation

    @property
    def created(self) -> float:
        """When the index was begun, Unix seconds."""
        return self.meta.created

    def matches(self, format: int, settings: str, model: tuple[str, int]) -> bool:  # noqa: A002
        """Whether there is an index, made in this format with these settings and this model."""
        found = read_meta(self.folder, self.tree)
        return found is not None and (
            (found.format, found.settings, found.embedder, found.dimension)
            == (format, settings, *model)
        )

    def begin(self, format: int, settings: str, model: tuple[str, int], root: str) -> None:  # noqa: A002
        """Makes an empty index of the work tree in place of what there was; keeps all vectors.

        Args:
            format: of what the index folder holds, a number of the caller's.
            settings: a digest of the settings that change what is stored.
            model: the embedder's id and dimension.
            root: the work tree.
        """
        self.drop()
        now = time.time()
        meta = Meta(format, settings, *model, root, created=now, updated=now, generation=0)
        with table_errors(self.folder):
            self._db.create(self._files, rows.file_schema())
            self._db.create(self._chunks, rows.chunk_schema())
            self._db.create(vectors_name(meta), rows.vector_schema(meta.dimension))
        self._move(meta)

    def drop(self) -> None:
        """Forgets the work tree; its vectors stay until they are pruned."""
        with disk_errors(self.folder):
            remove_meta(self.folder, self.tree)
            self._db.drop(self._files)
            self._db.drop(self._chunks)

    # -- reading ---------------------------------------------------------------------

    def manifest(self) -> dict[str, FileRecord]:
        """Every file that was seen, also those without chunks, by path."""
        with self._tables():
            return {path: r for path, (r, _) in self._db.manifest(self.tree).items()}

    def chunks(self, paths: Collection[str] | None = None) -> Iterator[list[StoredChunk]]:
        """The chunks, a list a file, each list whole and in the order of the file.

        Files without chunks give no list. Memory is bounded: rows are read in batches.

        Args:
            paths: only of these files; those that are not in the manifest are passed over.
        """
        with self._tables():
            manifest, table = self._consistent()
            wanted = manifest.keys() if paths is None else manifest.keys() & set(paths)
            if not wanted:
                return
            query = table.search().select(rows.chunk_schema().names)
            if len(wanted) <= _FEW:
                query = query.where(f"path IN ({rows.quoted(wanted)})")
            open_files: dict[str, list[tuple[int, StoredChunk]]] = {}
            whole = 0
            for batch in query.to_batches(_BATCH_ROWS):
                for commit, ordinal, chunk, keys in rows.to_chunks(batch):
                    if chunk.path not in wanted or manifest[chunk.path][1] != commit:
                        continue
                    of_file = open_files.setdefault(chunk.path, [])
                    of_file.append((ordinal, (chunk, keys)))
                    if len(of_file) == manifest[chunk.path][0].chunks:
                        del open_files[chunk.path]
                        whole += 1
                        of_file.sort(key=lambda row: row[0])
                        yield [stored for _, stored in of_file]
            if open_files or whole != sum(manifest[p][0].chunks > 0 for p in wanted):
                raise corrupt(self.folder, "chunks are missing")

    def keys(self) -> set[str]:
        """The keys of all vectors that are stored for this model."""
        with self._tables() as meta:
            table = self._db.pinned(vectors_name(meta))
            return set(table.search().select(["key"]).to_arrow()["key"].to_pylist())

    def vectors(self, keys: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        """The vectors stored under some keys.

        Returns:
            Which keys were found, shape (n,), and their vectors, shape (n, dimension), in the
            order of ``keys``; the row of a key that was not found is zero.
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        with self._tables() as meta:
            found = np.zeros(len(keys), np.bool_)
            vectors = np.zeros((len(keys), meta.dimension), np.float16)
            if not len(keys):
                return found, vectors
            wanted = pa.array(keys, pa.string())
            table = self._db.pinned(vectors_name(meta))
            if len(keys) <= _FEW:
                stored = (
                    table.search()
                    .where(f"key IN ({rows.quoted(keys)})")
                    .select(["key", "vector"])
                    .to_arrow()
                )
            else:
                column = table.search().select(["key"]).with_row_id(True).to_arrow()
                ids = column.filter(pc.is_in(column["key"], value_set=wanted))["_rowid"].to_pylist()
                if not ids:
                    return found, vectors
                stored = table.take_row_ids(ids).select(["key", "vector"]).to_arrow()
            if len(stored):
                place = pc.index_in(wanted, value_set=stored["key"])
                rank = place.fill_null(-1).to_numpy(zero_copy_only=False)
                found = rank >= 0
                vectors[found] = rows.to_vectors(stored["vector"])[rank[found]]
        return found, vectors

    # -- writing ---------------------------------------------------------------------

    def commit(
        self,
        records: Sequence[FileRecord],
        chunks: Sequence[StoredChunk],
        keys: Sequence[str],
        vectors: NDArray[np.floating[Any]],
    ) -> None:
        """Stores one batch of files, new or in place of what they were: all of it or nothing.

        Args:
            records: one for each file of the batch.
            chunks: of those files, each file's in order; a record says how many its file has.
            keys: of the vectors that are new (``vectors`` tells which are not).
            vectors: shape (len(keys), dimension), any float type; stored as float16.

        Raises:
            StoreError: a vector is not finite, or too large for float16.
            ValueError: the arguments do not fit together.
        """
        counted = Counter(chunk.path for chunk, _ in chunks)
        if len({r.path for r in records}) != len(records):
            raise ValueError("two records of one file")
        if counted != {r.path: r.chunks for r in records if r.chunks}:
            raise ValueError("the records say another number of chunks than there are")
        meta = self.meta
        new = _checked(meta, keys, vectors)
        number = secrets.randbits(62)
        chunk_rows = rows.of_chunks(chunks, number)
        with self._tables():
            if len(new):
                self._db.open(vectors_name(meta)).add(new)
            if len(chunk_rows):
                self._db.open(self._chunks).add(chunk_rows)
        self._put([(r, number) for r in records])

    def touch(self, records: Sequence[FileRecord]) -> None:
        """Puts another size and time to files whose content is the same."""
        with self._tables():
            manifest = self._db.manifest(self.tree)
        known = [(r, *manifest[r.path]) for r in records if r.path in manifest]
        self._put([(replace(was, size=r.size, stamp=r.stamp), commit) for r, was, commit in known])

    def remove(self, paths: Sequence[str]) -> None:
        """Forgets files. Those that are not there are passed over."""
        if not paths:
            return
        with self._tables() as meta:
            self._move(meta)
            files = self._db.open(self._files)
            for at in range(0, len(paths), _LITERALS):
                files.delete(f"path IN ({rows.quoted(paths[at : at + _LITERALS])})")

    # -- tidying ---------------------------------------------------------------------

    def sweep(self) -> int:
        """Deletes the chunk rows that the manifest does not refer to; returns how many."""
        with self._tables():
            return tidy.sweep(self._db, self.tree)

    def prune(self) -> int:
        """Deletes the vectors that no work tree refers to; returns how many."""
        with self._tables() as meta:
            return tidy.prune(self._db, meta)

    def maintain(self) -> None:
        """Tidies up if it is due: for the end of every update.

        A table is rewritten when updates left it in too many pieces, when much of it is garbage,
        or when a former rewriting left old versions behind, which can be deleted after two
        minutes. So the folder stays within a small multiple of what the index needs, and
        a few small updates cost nothing.
        """
        with self._tables() as meta:
            tidy.maintain(self._db, self.tree, meta)

    # -- parts -----------------------------------------------------------------------

    @contextmanager
    def _tables(self) -> Iterator[Meta]:
        """Around all work on the tables: asks first whether there have to be any."""
        meta = self.meta
        with table_errors(self.folder):
            yield meta

    def _consistent(self) -> tuple[dict[str, tuple[FileRecord, int]], Any]:
        """A manifest and a pinned chunks table that holds every row it refers to."""
        files = self._db.open(self._files)
        for _ in range(100):
            version = files.version
            manifest, table = self._db.manifest(self.tree), self._db.pinned(self._chunks)
            # Rows are swept only after a newer manifest has let go of them.
            if files.version == version:
                return manifest, table
        raise StoreError(
            f"the index in {self.folder} is being written all the time", "run it again"
        )

    def _put(self, records: Sequence[tuple[FileRecord, int]]) -> None:
        if not records:
            return
        table = rows.of_files(records)
        with self._tables() as meta:
            self._move(meta)
            (
                self._db.open(self._files)
                .merge_insert("path")
                .when_matched_update_all()
                .when_not_matched_insert_all()
                .execute(table)
            )

    def _move(self, meta: Meta) -> None:
        with disk_errors(self.folder):
            write_meta(self.folder, self.tree, meta.moved())


def _checked(meta: Meta, keys: Sequence[str], vectors: NDArray[np.floating[Any]]) -> pa.Table:
    """Rows for the vectors table, each key once."""
    import numpy as np

    if vectors.shape != (len(keys), meta.dimension):
        raise ValueError(f"{len(keys)} keys, dimension {meta.dimension}: {vectors.shape}")
    with np.errstate(over="ignore"):
        halves = vectors.astype(np.float16)
    if not np.isfinite(halves).all():
        raise StoreError(
            f"{meta.embedder} gave a vector that is not finite; its batch was not stored",
            "run it again; if it stays, choose another backend",
        )
    first = {key: row for row, key in reversed(list(enumerate(keys)))}
    return rows.of_vectors(list(first), halves[list(first.values())])
