"""What is wrong in an index folder, and how each of it is put right.

All rows are read and compared: files with their chunks, chunks with their vectors. Damage is
what this is here to find, so it never raises for it; only for a failing disk and the like.
For the holder of the writer's lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

from codesearch.errors import CodesearchError, IndexCorrupt
from codesearch.model import FileRecord, Finding
from codesearch.store import rows, tidy
from codesearch.store.access import DELETE, Case, fault
from codesearch.store.database import Database, chunks_name, files_name, vectors_name
from codesearch.store.faults import gist, table_errors, without_panics
from codesearch.store.folder import LANCE, OWNER, size_on_disk, wipe
from codesearch.store.meta import Meta, read_meta, remove_meta, remove_tree, trees

REBUILD = "builds it again from the files"
_FORGET = "forgets it until it is used again"
_BATCH_ROWS = 1_024
_Chunks = tuple[dict[str, list[int]], set[str], int, int]


def waste(path: Path, what: str, cure: str, mend: Callable[[], object], size: int = -1) -> Case:
    if size < 0:
        size = size_on_disk(path) if path.is_dir() else path.lstat().st_size
    where = f"{LANCE}/{path.name}" if path.suffix == ".lance" else path.name
    return Case(Finding("waste", where, what, cure, size), mend)


def leftover(path: Path, what: str) -> Case:
    return waste(path, what, DELETE, partial(remove_tree, path))


# -- what it holds -----------------------------------------------------------------------


@dataclass
class Checkup:
    """One look at an index folder.

    Args:
        folder: the index folder.
        tree: the work tree that is asked about; the others are looked at as well.
        made: format, settings, model's id and dimension that its index has to be made with.
    """

    folder: Path
    tree: str
    made: tuple[int, str, str, int]
    cases: list[Case] = field(default_factory=list)
    live: int = 0  # bytes
    #: None where the description of a work tree's index cannot be read.
    metas: dict[str, Meta | None] = field(default_factory=dict)

    def run(self) -> Checkup:
        with without_panics():
            return self._run()

    def _run(self) -> Checkup:
        self._db = Database(self.folder)
        self._loose_files()
        for tree in trees(self.folder):
            self._meta(tree)
        if self.tree not in self.metas:
            self._missing()
        if not (self.folder / LANCE).is_dir():
            if any(self.metas.values()):
                self._fault(LANCE, "all tables are missing", REBUILD, self._wipe)
            return self
        readable = {
            tree: meta
            for tree, meta in self.metas.items()
            if meta and meta.format == self.made[0] and (tree == self.tree or not meta.is_gone)
        }
        used = {tree: self._rows(tree) for tree in readable}
        for name in sorted({vectors_name(meta) for meta in readable.values()}):
            of = {t: used[t] for t, meta in readable.items() if vectors_name(meta) == name}
            self._vectors(name, of)
        for name in tidy.unused(self._db, self.metas):
            path = self._db.path(name)
            self.cases.append(leftover(path, "is a table that no work tree uses"))
        return self

    @property
    def is_sound(self) -> bool:
        """Whether the tables hold what they say, as far as they can tell themselves."""
        return not any(case.finding.severity == "fault" for case in self.cases)

    def forget(self, tree: str) -> None:
        """Deletes the index of one work tree; the vectors stay."""
        remove_meta(self.folder, tree)
        self._db.drop(files_name(tree))
        self._db.drop(chunks_name(tree))

    def _fault(self, where: str, what: str, cure: str, mend: Callable[[], object]) -> None:
        self.cases.append(fault(where, what, cure, mend))

    def _wipe(self) -> None:
        wipe(self.folder)

    def _cure(self, tree: str) -> str:
        return REBUILD if tree == self.tree else _FORGET

    # -- small files ---------------------------------------------------------------------

    def _loose_files(self) -> None:
        for pattern in ("*.tree.json.new", f"{OWNER}.new"):
            for path in self.folder.glob(pattern):
                self.cases.append(leftover(path, "was left by a writer that was killed"))
        owner = self.folder / OWNER
        if owner.is_dir():
            self.cases.append(leftover(owner, "is a folder, where a file should be"))

    def _meta(self, tree: str) -> None:
        name = f"{tree}.tree.json"
        self.metas[tree] = None
        again = partial(self.forget, tree)
        try:
            meta = read_meta(self.folder, tree)
        except IndexCorrupt:
            self._fault(name, "does not describe an index", self._cure(tree), again)
            return
        self.metas[tree] = meta
        if meta is None:  # deleted just now
            del self.metas[tree]
        elif tree == self.tree:
            if what := _other(meta, self.made):
                self._fault(name, f"was made with {what}", REBUILD, again)
        elif meta.is_gone:
            what = f"is the index of {meta.root}, which is not there any more"
            cure = "deletes what it holds"
            tables = [self._db.path(t) for t in (files_name(tree), chunks_name(tree))]
            size = sum(map(size_on_disk, tables))
            self.cases.append(waste(self.folder / name, what, cure, again, size))
        with suppress(OSError):
            self.live += (self.folder / name).lstat().st_size

    def _missing(self) -> None:
        mine = [t for t in (files_name(self.tree), chunks_name(self.tree)) if self._db.tables(t)]
        if mine:
            self.metas[self.tree] = None
            again = partial(self.forget, self.tree)
            self._fault(f"{self.tree}.tree.json", "is missing", REBUILD, again)

    # -- tables --------------------------------------------------------------------------

    def _read(
        self, name: str, cure: str, mend: Callable[[], object], read: Callable[[], Any]
    ) -> Any:
        """What was read of a table, or None and a finding."""
        try:
            with table_errors(self.folder):
                return read()
        except IndexCorrupt as error:
            what = gist(error)
        except CodesearchError:
            raise
        except (LookupError, TypeError) as error:  # values that no row has
            what = gist(error)
        self._fault(f"{LANCE}/{name}.lance", f"cannot be read: {what}", cure, mend)
        return None

    def _rows(self, tree: str) -> set[str]:
        """Compares files and chunks of a work tree; the keys of the vectors that they need."""
        files, chunks = files_name(tree), chunks_name(tree)
        again, cure = partial(self.forget, tree), self._cure(tree)
        manifest = self._read(files, cure, again, lambda: self._manifest(files, tree))
        if manifest is None:
            return set()
        found = self._read(chunks, cure, again, lambda: self._chunks(chunks, manifest))
        if found is None:
            return set()
        places, keys, garbage, size = cast("_Chunks", found)
        whole = {
            path: list(range(record.chunks))
            for path, (record, _) in manifest.items()
            if record.chunks
        }
        torn = [p for p, wanted in whole.items() if sorted(places.get(p, [])) != wanted]
        twice = sum(len(places[p]) != len(set(places[p])) for p in torn if p in places)
        where = f"{LANCE}/{chunks}.lance"
        if twice:
            self._fault(where, f"holds functions of {_n(twice, 'file')} twice", cure, again)
        if len(torn) > twice:
            what = f"functions of {_n(len(torn) - twice, 'file')} are missing"
            self._fault(where, what, cure, again)
        if garbage and not torn:
            what = f"{_n(garbage, 'row')} of files that changed"
            sweep = partial(self._swept, tree, chunks)
            self.cases.append(waste(self._db.path(chunks), what, "deletes them", sweep, size))
        for name in (files, chunks):
            self._tidy(name)
        return keys

    def _manifest(self, name: str, tree: str) -> dict[str, tuple[FileRecord, int]]:
        found = self._db.manifest(tree)
        if self._db.open(name).count_rows() != len(found):
            raise ValueError("a file is in it twice")
        return found

    def _chunks(self, name: str, manifest: Mapping[str, tuple[FileRecord, int]]) -> _Chunks:
        """Places of the chunks by file, their keys, and rows of garbage with their bytes."""
        table = self._db.pinned(name)
        places: dict[str, list[int]] = defaultdict(list)
        keys: set[str] = set()
        garbage = total = 0
        columns = rows.chunk_schema().names
        for batch in table.search().select(columns).to_batches(_BATCH_ROWS):
            for commit, ordinal, chunk, of_chunk in rows.to_chunks(batch):
                total += 1
                if chunk.path in manifest and manifest[chunk.path][1] == commit:
                    places[chunk.path].append(ordinal)
                    keys.update(of_chunk)
                else:
                    garbage += 1
        size = int(table.stats()["total_bytes"]) * garbage // max(total, 1)
        return places, keys, garbage, size

    def _vectors(self, name: str, used: Mapping[str, set[str]]) -> None:
        """Compares the vectors of a model with the keys that its work trees need."""
        found = self._read(name, REBUILD, self._wipe, lambda: self._rows_of_vectors(name))
        if found is None:
            return
        have, wrong, twice = found
        where = f"{LANCE}/{name}.lance"
        if wrong:
            what = f"{_n(len(wrong), 'vector')} with numbers that are none, or with two values"
            self._fault(where, what, REBUILD, partial(self._without, name, wrong, used))
        if twice:
            less = partial(self._without, name, twice, {})
            what = f"{_n(len(twice), 'vector')} stored twice"
            self.cases.append(waste(self._db.path(name), what, "deletes one of each", less, 0))
        for tree, keys in used.items():
            if lost := len(keys - have) if not wrong else 0:
                again = partial(self.forget, tree)
                self._fault(where, f"{_n(lost, 'vector')} missing", self._cure(tree), again)
        everywhere = sum(map(len, used.values()))
        if self.is_sound and len(have) > tidy.SPARE_VECTORS + 2 * everywhere:
            what = f"{_n(len(have - set().union(*used.values())), 'vector')} that nothing uses"
            meta = next(m for m in self.metas.values() if m and vectors_name(m) == name)
            prune = partial(self._pruned, meta, name)
            self.cases.append(waste(self._db.path(name), what, "deletes them", prune, 0))
        self._tidy(name)

    def _rows_of_vectors(self, name: str) -> tuple[set[str], list[int], list[int]]:
        """The keys, the rows that cannot be right, and those that are there once more."""
        import numpy as np
        import pyarrow as pa

        table = self._db.pinned(name)
        seen: dict[str, tuple[int, int]] = {}
        wrong: list[int] = []
        twice: list[int] = []
        query = table.search().select(["key", "vector"]).with_row_id(True)
        for batch in query.to_batches(_BATCH_ROWS):
            vectors = rows.to_vectors(pa.chunked_array([batch["vector"]]))
            fine = np.logical_and.reduce(np.isfinite(vectors), axis=1).tolist()
            names, ids = batch["key"].to_pylist(), batch["_rowid"].to_pylist()
            for key, row, ok, vector in zip(names, ids, fine, vectors, strict=True):
                value = hash(vector.tobytes())
                if not ok:
                    wrong.append(row)
                elif key not in seen:
                    seen[key] = row, value
                elif seen[key][1] == value:
                    twice.append(row)
                else:
                    wrong += [row, seen[key][0]]
        return set(seen), wrong, twice

    def _tidy(self, name: str) -> None:
        try:
            with table_errors(self.folder):
                table = self._db.open(name)
                self.live += int(table.stats()["total_bytes"])
                if not tidy.is_untidy(self._db, table):
                    return
        except IndexCorrupt:  # found and told above
            return
        path = self._db.path(name)
        size = max(size_on_disk(path) - int(table.stats()["total_bytes"]), 0)
        what = "is in many pieces or has many old versions"
        self.cases.append(waste(path, what, "rewrites it", partial(tidy.rewrite, table), size))

    # -- cures ---------------------------------------------------------------------------

    def _swept(self, tree: str, chunks: str) -> None:
        tidy.sweep(self._db, tree)
        tidy.rewrite(self._db.open(chunks))

    def _pruned(self, meta: Meta, name: str) -> None:
        tidy.prune(self._db, meta)
        tidy.rewrite(self._db.open(name))

    def _without(self, name: str, wrong: list[int], used: Mapping[str, set[str]]) -> None:
        tidy.delete(self._db.open(name), wrong)
        for tree in used:
            self.forget(tree)


def _other(meta: Meta, made: tuple[int, str, str, int]) -> str:
    """What is not as it should be made; empty if nothing."""
    number, settings, *model = made
    if meta.format != number:
        return f"{'a newer' if meta.format > number else 'an older'} version of codesearch"
    if [meta.embedder, meta.dimension] != model:
        return "another embedding model"
    return "other settings" if meta.settings != settings else ""


def _n(count: int, one: str) -> str:
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
