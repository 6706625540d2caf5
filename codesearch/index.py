"""``Index``: the library's face. It delegates, and decides when an update has to come first."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

from codesearch import duplicates, embedding, files, ingest, places, search, store
from codesearch.config import Settings
from codesearch.errors import ConfigError, Elsewhere, EmbedderError
from codesearch.freshness import Freshness, Seen
from codesearch.model import (
    Chunk,
    DuplicateRequest,
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
from codesearch.search import Question, Sources, View

T = TypeVar("T")

_PATIENCE = 20.0  # seconds with a remote backend, where there is an index to answer from

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
        unsaved: for such a process: what an editor holds, by path; it may change meanwhile.
        own_key: whether questions may be sent to a service with the key of this process.
    """

    def __init__(
        self, root: places.Root, settings: Settings, standby: ingest.Standby | None = None,
        unsaved: ingest.Unsaved | None = None, *, own_key: bool = True,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._standby = standby
        self._unsaved = {} if unsaved is None else unsaved
        self._own_key = own_key
        self._root = root
        self._rules = files.Rules.of(settings)
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

    @property
    def _embedder(self) -> embedding.Embedder:
        return self._site.embedder

    @cached_property
    def _site(self) -> ingest.Site:
        home = embedding.Home(
            places.paid_folder(self._settings.index_home), places.name_of(self._root)
        )
        return ingest.Site(
            root=self._root,
            folder=self.folder,
            tree=places.tree_key(self._root),
            rules=self._rules,
            settings=ingest.kept_by(self._rules),
            load=partial(embedding.load, self._settings, home),
            jobs=self._settings.jobs,
            standby=self._standby,
            unsaved=self._unsaved,
            own_key=self._own_key,
        )

    @property
    def is_remote(self) -> bool:
        return self._embedder.remote

    def model(self) -> tuple[str, int]:
        """The embedder's id and dimension."""
        return self._site.model

    @cached_property
    def freshness(self) -> Freshness:
        """How far the index is behind; of use to a process that stays."""
        return Freshness(self._site)

    # -- what there is ---------------------------------------------------------------

    def state(self) -> IndexState:
        """What the stored index is worth, before anything is refreshed."""
        state, stored = self.freshness.load()
        if stored is None:
            return state
        return IndexState.STALE if self.freshness.pending(stored) else IndexState.FRESH

    def status(self) -> Status:
        """Everything about the index; scans the work tree for what is pending."""
        state, stored = self.freshness.load()
        pending = 0 if stored is None else self.freshness.pending(stored)
        return ingest.status(self._site, self._settings.backend, state, stored, pending)

    def files(self) -> list[FileRecord]:
        """The manifest of the stored index, skipped files too, sorted by path.

        Raises:
            IndexMissing, IndexOutdated: there is none that can be used.
        """
        state, stored = self.freshness.load()
        if stored is None:
            raise self.freshness.unusable(state, "run `codesearch index` first")
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
        batch: bool = False,
        on_progress: OnProgress | None = None,
        on_wait: OnWait | None = None,
        approve: ingest.Approve | None = None,
        receipt: ingest.Receipt | None = None,
        patience: float | None = None,
    ) -> UpdateReport:
        """Makes the stored index equal to the work tree; see ``ingest.update``.

        For a remote backend see ``ingest.paid``: ``approve`` is asked before it is first used and
        before it costs more than a little, ``receipt`` is told what was sent, also before an error.
        """
        shown, waits = on_progress or _silent, on_wait or _silent
        if not self._embedder.remote and not batch:
            if dry_run:
                return ingest.preview(self._site, full, shown)
            return ingest.update(self._site, full, shown, waits)
        from codesearch.ingest import batch as jobs
        from codesearch.ingest import paid

        if dry_run:
            return paid.quote(self._site, full, shown, batch=batch)
        told = self._site, self._settings, full, shown, waits, approve, receipt
        return jobs.batch_update(*told) if batch else paid.paid_update(*told, patience)

    def export_paid(self, file: Path, *, on_progress: OnProgress | None = None) -> int:
        """Writes the vectors of this repository that were paid for into a file. How many."""
        from codesearch.ingest import paid

        return paid.export(self._site, file, on_progress or _silent)

    def import_paid(self, file: Path) -> tuple[str, int, int]:
        """Takes paid vectors from a file: the model, how many it holds, how many are new."""
        from codesearch.ingest import paid

        return paid.take(self._site, file)

    def warm(self) -> None:
        """Loads what the next question needs, in a process that stays."""
        if self._standby is not None:
            self._standby.begin()
        seen = self.freshness.now()
        if seen is not None:
            seen.view.load()

    def kept(self) -> AbstractContextManager[None]:
        """Makes this process the one that keeps the index up to date. Raises IndexLocked."""
        return store.keeper(self.folder, self._site.tree)

    def clean(self, *, orphans: bool = False, everything: bool = False) -> int:
        """Deletes this index, or those whose repository is gone, or all; the bytes freed."""
        self.freshness.forget()
        if everything or orphans:
            ours = store.folders(self.folder.parent)
            return sum(store.delete(f) for f in ours if everything or store.is_orphan(f))
        return store.delete(self.folder)

    def shrink(self, limit: int) -> Shrunk:
        """Deletes indexes until all together take at most ``limit`` bytes; see ``store.shrink``."""
        self.freshness.forget()
        return store.shrink(self.folder.parent, limit, self.folder)

    def examine(self, *, on_wait: OnWait | None = None) -> Health:
        """What is wrong in the index folder; changes nothing. See ``ingest.examine``."""
        return ingest.examine(self._site, on_wait or _silent)

    def mend(
        self, *, on_progress: OnProgress | None = None, on_wait: OnWait | None = None
    ) -> Health:
        """Puts right what ``examine`` finds, and examines again."""
        self.freshness.forget()
        return ingest.mend(
            self._site,
            lambda: self.update(on_progress=on_progress, on_wait=on_wait),
            on_wait or _silent,
        )

    # -- asking it -------------------------------------------------------------------

    def functions(self, path: str) -> list[Chunk]:
        """What there is in a file, as it stands, in order; without text.

        Raises:
            Elsewhere, IndexMissing, IndexOutdated: see ``search``.
        """
        return search.outline(self._view(True, None, None, None, None).view, path)

    def duplicates(
        self, request: DuplicateRequest, on_progress: OnProgress, on_wait: OnWait
    ) -> duplicates.Found:
        """Functions that are there more than once; see ``duplicates.find``. Nothing is sent."""
        start = time.perf_counter()

        def look() -> duplicates.Found:
            commit = duplicates.begin(self._root, self._rules, request, dict(self._unsaved))
            hints = "CS004" in request.rules
            stored = self.freshness.for_hook(vectors=hints) if request.is_of_hook else None
            if stored:  # while git works
                duplicates.known(stored[0].view, request)
            what, change = commit.result()
            if stored and change is not None:
                seen, behind = stored[0], stored[1](change.paths)
            elif self._embedder.remote:
                seen, behind = self.freshness.as_far_as_known()
            else:
                seen, behind = self._view(True, on_progress, on_wait, None, None), frozenset()
            material = duplicates.Material(seen.view, change, behind, self._sources().of)
            purpose = self._embedder.purpose if hints else None
            report, pairs = duplicates.find(material, what, purpose, start)
            worst = report.state if seen.state is IndexState.FRESH else seen.state
            return replace(report, state=worst, warnings=[*seen.notes, *report.warnings]), pairs

        return self._mended(look)

    def search(
        self,
        request: SearchRequest,
        *,
        refresh: bool = True,
        on_progress: OnProgress | None = None,
        on_wait: OnWait | None = None,
        approve: ingest.Approve | None = None,
        receipt: ingest.Receipt | None = None,
    ) -> SearchResult:
        """Answers a question; refreshes the index first, and builds it if there is none.

        Raises:
            IndexMissing, IndexOutdated: with ``refresh`` off and nothing usable stored.
            Elsewhere: an update is needed first, in a process that stays.
        """
        start = time.perf_counter()

        def ask() -> SearchResult:
            seen = self._view(refresh, on_progress, on_wait, approve, receipt)
            asked = self._made(
                request.query, partial(search.question, request), approve, on_progress
            )
            return self._answer(seen, asked, request, start)

        return self._mended(ask)

    def similar(
        self,
        target: str | tuple[str, int],
        request: SearchRequest,
        *,
        refresh: bool = True,
        on_progress: OnProgress | None = None,
        on_wait: OnWait | None = None,
        approve: ingest.Approve | None = None,
        receipt: ingest.Receipt | None = None,
    ) -> SearchResult:
        """Code like the given text, or like the function at (path, line).

        Raises:
            ConfigError: no function lies there.
        """
        start = time.perf_counter()

        def ask() -> SearchResult:
            seen = self._view(refresh, on_progress, on_wait, approve, receipt)
            if isinstance(target, str):
                text, itself = target, -1
                like = ingest.passages([Chunk("", "", "function", "", "", "", (), 1, 1, text)])
                vector = self._made(
                    text, lambda e: e.embed_documents(like[:1])[0], approve, on_progress
                )
            else:
                found, itself = self._chunk_at(seen.view, *target)
                text, vector = found.text, seen.view.vector(itself)
            asked = search.likeness(text, seen.view, vector)
            like_it = self._answer(seen, asked, request, start, itself)
            how = self._settings, self._embedder.purpose
            return replace(like_it, hits=duplicates.related(seen.view, itself, like_it.hits, *how))

        return self._mended(ask)

    def _made(
        self, text: str, make: Callable[[embedding.Embedder], T],
        approve: ingest.Approve | None, on_progress: OnProgress | None,
    ) -> T:  # fmt: skip
        """What is made of a question with the embedder; a remote one may have to be allowed it."""
        if not self._embedder.remote:
            return make(self._embedder)
        from codesearch.ingest import paid

        return paid.asked(self._site, self._settings, text, make, approve, on_progress or _silent)

    def _mended(self, ask: Callable[[], T]) -> T:
        """The answer; an image that is damaged inside is deleted on the way and made anew.

        Its header and size are checked when it is opened, its numbers only by using them.
        """
        try:
            return ask()
        except (IndexError, ValueError):
            _, stored = self.freshness.load()
            if stored is None:
                raise
            self.freshness.forget()
            stored.file.unlink(missing_ok=True)
            return ask()

    def _answer(
        self, seen: Seen, asked: Question, request: SearchRequest, start: float,
        itself: int = -1,
    ) -> SearchResult:  # fmt: skip
        view, state, pending, notes = seen
        hits, more = search.run(view, asked, request, self._embedder, self._sources(), itself)
        return SearchResult(hits, state, pending, time.perf_counter() - start, more, notes)

    def _sources(self) -> Sources:
        cut = None if self._standby is None else partial(self._standby.cut, self._site)
        return Sources(self._root, self._rules, cut, dict(self._unsaved))

    def _chunk_at(self, view: View, path: str, line: int) -> tuple[Chunk, int]:
        number = view.locate(path, line)
        found = None if number < 0 else search.shown(view, number, self._sources())
        if found is None:
            raise ConfigError(
                f"{path}:{line} lies in no indexed function",
                f"`codesearch files --why {path}` tells whether the file is indexed",
            )
        return found[0], number

    def _view(
        self, refresh: bool, on_progress: OnProgress | None, on_wait: OnWait | None,
        approve: ingest.Approve | None, receipt: ingest.Receipt | None,
    ) -> Seen:  # fmt: skip
        if not refresh:
            return self.freshness.as_stored(fresh=False)
        seen = self.freshness.now()
        if seen is not None:
            return seen
        if self._standby is not None:
            raise Elsewhere(f"the index of {self.root} has to be updated first")
        held = self.freshness.load()[1]
        try:
            report = self.update(
                on_progress=on_progress, on_wait=on_wait, approve=approve, receipt=receipt,
                patience=None if held is None else _PATIENCE,
            )  # fmt: skip
        except EmbedderError as error:
            return self.freshness.without_update(error)
        return self.freshness.as_stored(report.notes, fresh=True)
