"""The LanceDB database of an index folder: opening, pinning and making tables.

The library is imported when a table is first opened (it takes a second). Knows the tables'
names and the manifest, not what is done with them.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesearch.imports import without_probing
from codesearch.model import FileRecord
from codesearch.store import rows
from codesearch.store.faults import corrupt
from codesearch.store.folder import LANCE
from codesearch.store.meta import Meta, remove_tree

if TYPE_CHECKING:
    import pyarrow as pa


def files_name(tree: str) -> str:
    return f"{tree}_files"


def chunks_name(tree: str) -> str:
    return f"{tree}_chunks"


def vectors_name(meta: Meta) -> str:
    """Vectors of two models, or of one in two dimensions, never lie in one table."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", meta.embedder)[:40]
    unique = blake2b(meta.embedder.encode(), digest_size=4).hexdigest()
    return f"vectors_{slug}_{unique}_{meta.dimension}"


class Database:
    """The tables of one index folder. Callers translate the library's exceptions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @cached_property
    def _connection(self) -> Any:
        with without_probing():
            import lancedb

        # The caches hold metadata of every file ever opened, up to gigabytes by default: a
        # resident process would grow. Interval zero: a handle that stays open sees what other
        # processes commit.
        session = lancedb.Session(index_cache_size_bytes=0, metadata_cache_size_bytes=32 << 20)
        return lancedb.connect(
            self.folder / LANCE, read_consistency_interval=timedelta(0), session=session
        )

    def path(self, name: str) -> Path:
        return self.folder / LANCE / f"{name}.lance"

    def tables(self, pattern: str) -> list[str]:
        """The names of the tables that match, sorted."""
        return sorted(p.stem for p in (self.folder / LANCE).glob(f"{pattern}.lance"))

    def create(self, name: str, schema: pa.Schema) -> None:
        """Makes an empty table if there is none."""
        self._connection.create_table(name, schema=schema, exist_ok=True)

    def drop(self, name: str) -> None:
        """Deletes a table, whatever state it is in."""
        remove_tree(self.path(name))

    def open(self, name: str) -> Any:
        if not self.path(name).is_dir():  # connecting would create the folder
            raise corrupt(self.folder, f"the table {name} is missing")
        return self._connection.open_table(name)

    def pinned(self, name: str) -> Any:
        """A table as it is now, whatever is committed or tidied meanwhile."""
        table = self.open(name)
        table.checkout(table.version)
        return table

    def manifest(self, tree: str) -> dict[str, tuple[FileRecord, int]]:
        """Each file's record and its commit, by path."""
        names = rows.file_schema().names
        return rows.to_files(self.open(files_name(tree)).search().select(names).to_arrow())
