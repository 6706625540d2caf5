"""``Index``: the library's face. It delegates, and decides when an update has to come first."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from codesearch import embedding, files, ingest, languages, places, search, segment, store, terms
from codesearch.config import Settings
from codesearch.errors import ConfigError, Elsewhere
from codesearch.freshness import Freshness, Seen
from codesearch.model import (
    Chunk,
    FileRecord,
    Health,
    IndexState,
    Progress,
    SearchRequest,
    SearchResult,
    Shrunk,
    Status,
    UpdateReport,
    Verdict,
)
from codesearch.search import Question, View

OnProgress = Callable[[Progress], None]
OnWait = Callable[[str], None]


def _silent(_: object) -> None:
    pass


class Index:
    """The index of one work tree.

    Args:
        root: the work tree.
        settings: what holds for it.
        standby: for a process that stays: its worker. A question then looks whether anything
            changed since the last one instead of scanning anew, and never waits for an update.
    """

    def __init__(
        self, root: places.Root, settings: Settings, standby: ingest.Standby | None = None
    ) -> None:
        self._settings = settings
        self._standby = standby
        self._root = root
        self._rules = files.Rules(
            max_file_bytes=settings.max_file_bytes,
            exclude=settings.exclude,
            include=settings.include,
        )
        self.folder = places.index_folder(root, settings.index_home)

    @classmethod
    def open(cls, path: Path, settings: Settings, standby: ingest.Standby | None = None) -> Index:
        """The index of the work tree that holds a path.

        Raises:
            ConfigError: there is no such path, or it lies in a bare repository.
        """
        if not path.exists():
            raise ConfigError(f"there is no file or folder {path}", "check the path")
        return cls(places.find_root(path), settings, standby)

    @property
    def root(self) -> Path:
        return self._root.path

    @cached_property
    def _embedder(self) -> embedding.Embedder:
        loaded = embedding.load(self._settings.backend)
        if loaded.remote and self._settings.offline:
            raise ConfigError(
                f"the backend {self._settings.backend!r} needs the network, and it is forbidden",
                "leave out --offline, or choose --backend local",
            )
        return loaded

    @cached_property
    def _site(self) -> ingest.Site:
        said = f"{terms.VERSION}|{languages.digest()}|{self._rules.key()}"
        return ingest.Site(
            root=self._root,
            folder=self.folder,
            tree=places.tree_key(self._root),
            rules=self._rules,
            settings=blake2b(said.encode(), digest_size=8).hexdigest(),
            backend=self._settings.backend,
            embedder=self._embedder,
            jobs=self._settings.jobs,
            standby=self._standby,
        )

    def model(self) -> tuple[str, int]:
        """The embedder's id and dimension."""
        return self._site.model

    @cached_property
    def _fresh(self) -> Freshness:
        return Freshness(self._site)

    # -- what there is ---------------------------------------------------------------

    def state(self) -> IndexState:
        """What the stored index is worth, before anything is refreshed."""
        state, stored = self._fresh.load()
        if stored is None:
            return state
        return IndexState.STALE if self._fresh.pending(stored) else IndexState.FRESH

    def status(self) -> Status:
        """Everything about the index; scans the work tree for what is pending."""
        state, stored = self._fresh.load()
        s = segment.of_chunks([], []) if stored is None else stored.segment
        pending = 0 if stored is None else self._fresh.pending(stored)
        skipped = len(s.skips())
        return Status(
            root=str(self.root),
            folder=str(self.folder),
            state=IndexState.STALE if pending else state,
            backend=self._settings.backend,
            model=self._embedder.id,
            dimension=self._embedder.dimension,
            remote=self._embedder.remote,
            files=s.n_files - skipped,
            skipped=skipped,
            chunks=s.n_chunks,
            languages=dict(Counter(x for x in s.language.all() if x).most_common()),
            kinds=dict(Counter(segment.KINDS[k] for k in s.kind.tolist()).most_common()),
            bytes_on_disk=store.size_on_disk(self.folder),
            created=None if stored is None else stored.facts["created"],
            updated=None if stored is None else stored.facts["updated"],
            pending=pending,
        )

    def files(self) -> list[FileRecord]:
        """The manifest of the stored index, skipped files too, sorted by path.

        Raises:
            IndexMissing, IndexOutdated: there is none that can be used.
        """
        state, stored = self._fresh.load()
        if stored is None:
            raise self._fresh.unusable(state, "run `codesearch index` first")
        return stored.segment.records()

    def why(self, path: str) -> Verdict:
        """Which rule decides whether a path is indexed."""
        return files.why(self._root, self._rules, path)

    # -- keeping it ------------------------------------------------------------------

    def update(
        self,
        *,
        full: bool = False,
        dry_run: bool = False,
        on_progress: OnProgress | None = None,
        on_wait: OnWait | None = None,
    ) -> UpdateReport:
        """Makes the stored index equal to the work tree; see ``ingest.update``."""
        if dry_run:
            return ingest.preview(self._site, full, on_progress or _silent)
        return ingest.update(self._site, full, on_progress or _silent, on_wait or _silent)

    def warm(self) -> None:
        """Loads what the next question needs, in a process that stays."""
        if self._standby is not None:
            self._standby.begin()
        seen = self._fresh.now()
        if seen is not None:
            seen.view.load()

    def is_behind(self) -> bool:
        """Whether an update would change something; cheap, for a process that stays."""
        return self._fresh.is_behind()

    def concerns(self, path: str, comes: bool) -> bool:
        """Whether a file event could matter; see ``Freshness``."""
        return self._fresh.concerns(path, comes)

    def watched(self) -> tuple[frozenset[str], list[Path]]:
        """Where changes matter: the work tree's folders, each with "/" at its end, and git's."""
        r = self._root
        outside = [] if r.git_dir is None or r.common_dir is None else [
            r.git_dir, r.common_dir / "info",
        ]  # fmt: skip
        return self._fresh.snapshot.folders, outside

    def kept(self) -> AbstractContextManager[None]:
        """Makes this process the one that keeps the index of this work tree up to date.

        Raises:
            IndexLocked: another process does.
        """
        return store.keeper(self.folder, self._site.tree)

    def clean(self, *, orphans: bool = False, everything: bool = False) -> int:
        """Deletes this repository's index; with ``orphans`` only indexes whose repository is
        gone, with ``everything`` all indexes. Returns the bytes freed."""
        self._fresh.forget()
        if everything or orphans:
            ours = store.folders(self.folder.parent)
            return sum(store.delete(f) for f in ours if everything or store.is_orphan(f))
        return store.delete(self.folder)

    def shrink(self, limit: int) -> Shrunk:
        """Deletes indexes until all together take at most ``limit`` bytes; see ``store.shrink``."""
        self._fresh.forget()
        return store.shrink(self.folder.parent, limit, self.folder)

    def examine(self, *, on_wait: OnWait | None = None) -> Health:
        """What is wrong in the index folder; changes nothing. See ``ingest.examine``."""
        return ingest.examine(self._site, on_wait or _silent)

    def mend(
        self, *, on_progress: OnProgress | None = None, on_wait: OnWait | None = None
    ) -> Health:
        """Puts right what ``examine`` finds, and examines again."""
        self._fresh.forget()
        return ingest.mend(self._site, on_progress or _silent, on_wait or _silent)

    # -- asking it -------------------------------------------------------------------

    def search(
        self,
        request: SearchRequest,
        *,
        refresh: bool = True,
        on_progress: OnProgress | None = None,
        on_wait: OnWait | None = None,
    ) -> SearchResult:
        """Answers a question; refreshes the index first, and builds it if there is none.

        Raises:
            IndexMissing, IndexOutdated: with ``refresh`` off and nothing usable stored.
            Elsewhere: an update is needed first, in a process that stays.
        """
        start = time.perf_counter()

        def ask() -> SearchResult:
            seen = self._view(refresh, on_progress, on_wait)
            return self._answer(seen, search.question(request, self._embedder), request, start)

        return self._mended(ask)

    def similar(
        self,
        target: str | tuple[str, int],
        request: SearchRequest,
        *,
        refresh: bool = True,
        on_progress: OnProgress | None = None,
        on_wait: OnWait | None = None,
    ) -> SearchResult:
        """Code like the given text, or like the function at (path, line).

        Raises:
            ConfigError: no function lies there.
        """
        start = time.perf_counter()

        def ask() -> SearchResult:
            seen = self._view(refresh, on_progress, on_wait)
            if isinstance(target, str):
                like, itself = Chunk("", "", "function", "", "", "", (), 1, 1, target), -1
            else:
                like, itself = self._chunk_at(seen.view, *target)
            vector = self._embedder.embed_documents(ingest.passages([like])[:1])[0]
            asked = search.likeness(like.text, seen.view, vector)
            return self._answer(seen, asked, request, start, itself)

        return self._mended(ask)

    def _mended(self, ask: Callable[[], SearchResult]) -> SearchResult:
        """The answer; an image that is damaged inside is deleted on the way and made anew.

        Its header and size are checked when it is opened, its numbers only by using them.
        """
        try:
            return ask()
        except (IndexError, ValueError):
            _, stored = self._fresh.load()
            if stored is None:
                raise
            self._fresh.forget()
            stored.file.unlink(missing_ok=True)
            return ask()

    def _answer(
        self, seen: Seen, asked: Question, request: SearchRequest, start: float,
        itself: int = -1,
    ) -> SearchResult:  # fmt: skip
        view, state, pending, notes = seen
        sources = search.Sources(self._root, self._rules, parses=self._standby is None)
        hits, more = search.run(view, asked, request, self._embedder, sources, itself)
        return SearchResult(hits, state, pending, time.perf_counter() - start, more, notes)

    def _chunk_at(self, view: View, path: str, line: int) -> tuple[Chunk, int]:
        number = view.locate(path, line)
        found = None if number < 0 else search.shown(
            view, number, search.Sources(self._root, self._rules)
        )  # fmt: skip
        if found is None:
            raise ConfigError(
                f"{path}:{line} lies in no indexed function",
                f"`codesearch files --why {path}` tells whether the file is indexed",
            )
        return found[0], number

    def _view(self, refresh: bool, on_progress: OnProgress | None, on_wait: OnWait | None) -> Seen:
        if not refresh:
            return self._fresh.as_stored(fresh=False)
        seen = self._fresh.now()
        if seen is not None:
            return seen
        if self._standby is not None:
            raise Elsewhere(f"the index of {self.root} has to be updated first")
        report = self.update(on_progress=on_progress, on_wait=on_wait)
        return self._fresh.as_stored(report.notes, fresh=True)
