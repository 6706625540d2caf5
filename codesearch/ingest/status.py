"""What there is to say about an index."""

from __future__ import annotations

from collections import Counter

from codesearch import store
from codesearch.ingest.prepare import Site
from codesearch.model import IndexState, Status
from codesearch.segment import KINDS, Stored, of_chunks


def status(
    site: Site, backend: str, state: IndexState, stored: Stored | None, pending: int
) -> Status:
    """Everything about an index.

    Args:
        site: whose it is.
        backend: the name of the embedding backend.
        state: what it is worth before anything is refreshed.
        stored: it, where it can be used.
        pending: how many files differ from it.
    """
    s = of_chunks([], []) if stored is None else stored.segment
    skipped = len(s.skips())
    return Status(
        root=str(site.root.path),
        folder=str(site.folder),
        state=IndexState.STALE if pending else state,
        backend=backend,
        model=site.embedder.id,
        dimension=site.embedder.dimension,
        remote=site.embedder.remote,
        files=s.n_files - skipped,
        skipped=skipped,
        chunks=s.n_chunks,
        languages=dict(Counter(x for x in s.language.all() if x).most_common()),
        kinds=dict(Counter(KINDS[k] for k in s.kind.tolist()).most_common()),
        bytes_on_disk=store.size_on_disk(site.folder),
        created=None if stored is None else stored.facts["created"],
        updated=None if stored is None else stored.facts["updated"],
        pending=pending,
        made_with=site.image.made_with() if state is IndexState.OTHER_MODEL else "",
    )
