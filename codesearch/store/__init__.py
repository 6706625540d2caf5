"""The durable truth of an index: which files were seen, their chunks, and every vector.

Updates, rebuilds and maintenance come here; queries do not, they read a segment derived
from it. One folder serves a repository: each of its work trees has its own files and chunks,
all of them share the vectors. This room knows LanceDB, and does not know what a vector
means, how code is cut or where on the disk the folder has its place.
"""

from __future__ import annotations

from codesearch.store.access import DELETE, Case, access, fault, is_readable, mend
from codesearch.store.check import REBUILD, Checkup, leftover
from codesearch.store.folder import (
    delete,
    folders,
    is_orphan,
    keeper,
    shrink,
    size_on_disk,
    wipe,
    writer,
)
from codesearch.store.meta import remove_tree
from codesearch.store.rows import StoredChunk
from codesearch.store.tables import Store

__all__ = [
    "DELETE",
    "REBUILD",
    "Case",
    "Checkup",
    "Store",
    "StoredChunk",
    "access",
    "delete",
    "fault",
    "folders",
    "is_orphan",
    "is_readable",
    "keeper",
    "leftover",
    "mend",
    "remove_tree",
    "shrink",
    "size_on_disk",
    "wipe",
    "writer",
]
