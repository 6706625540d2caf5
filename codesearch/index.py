"""``Index``: the library's face. It delegates, and decides only how an answer is made fresh.

A question is answered from the stored segment and, for files that changed since it was
made, from a small segment in memory: so a few edits cost neither a commit nor the import
of the store's library. Many edits, or a backend whose vectors cost money, are first stored.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np

from codesearch import embedding, files, ingest, languages, places, search, segment, store, terms
from codesearch.config import Settings
from codesearch.errors import ConfigError, IndexMissing, IndexOutdated
from codesearch.model import (
    Chunk,
    FileRecord,
    FileStat,
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
from codesearch.search import Layer, Question, View
from codesearch.segment import Stored

OnProgress = Callable[[Progress], None]
OnWait = Callable[[str], None]
_Seen = tuple[View, IndexState, int, Sequence[str]]  # with files pending, and notes

# Up to this much, changed files are parsed for the answer and not stored: three tenths of a
# second at most, where a commit begins with a second of imports.
_OVERLAY_FILES = 48
_OVERLAY_BYTES = 1_000_000


def _is_small(todo: ingest.Plan) -> bool:
    return len(todo.work) <= _OVERLAY_FILES and todo.bytes <= _OVERLAY_BYTES


def _silent(_: object) -> None:
    pass


class Index:
    """The index of one work tree."""

    def __init__(self, root: places.Root, settings: Settings) -> None:
        self._settings = settings
        self._root = root
        self._rules = files.Rules(
            max_file_bytes=settings.max_file_bytes,
            exclude=settings.exclude,
            include=settings.include,
        )
        self.folder = places.index_folder(root, settings.index_home)
        self._stored: Stored | None = None
        self._view_of: tuple[Stored, View] | None = None
        self._overlay: tuple[Sequence[FileStat], Layer, frozenset[str], View] | None = None

    @classmethod
    def open(cls, path: Path, settings: Settings) -> Index:
        """The index of the work tree that holds a path.

        Raises:
            ConfigError: there is no such path, or it lies in a bare repository.
        """
        if not path.exists():
            raise ConfigError(f"there is no file or folder {path}", "check the path")
        return cls(places.find_root(path), settings)

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
        )

    def model(self) -> tuple[str, int]:
        """The embedder's id and dimension."""
        return self._site.model

    def _load(self) -> tuple[IndexState, Stored | None]:
        state, stored = self._site.image.load(self._stored)
        self._stored = stored
        return state, stored

    def _changes(self, stored: Stored, scan: files.Scan | None = None) -> ingest.Plan:
        scan = scan or files.start_scan(self._root, self._rules)
        return ingest.plan(scan.finish(), stored.known)

    def _pending(self, stored: Stored) -> int:
        """How many files differ from the stored index."""
        known = {r.path: r for r in stored.segment.records()}
        return ingest.count_pending(self._root, self._changes(stored), self._rules, known)

    # -- what there is ---------------------------------------------------------------

    def state(self) -> IndexState:
        """What the stored index is worth, before anything is refreshed."""
        state, stored = self._load()
        if stored is None:
            return state
        return IndexState.STALE if self._pending(stored) else IndexState.FRESH

    def status(self) -> Status:
        """Everything about the index; scans the work tree for what is pending."""
        state, stored = self._load()
        s = segment.of_chunks([], []) if stored is None else stored.segment
        pending = 0 if stored is None else self._pending(stored)
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
        state, stored = self._load()
        if stored is None:
            raise self._unusable(state, "run `codesearch index` first")
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

    def clean(self, *, orphans: bool = False, everything: bool = False) -> int:
        """Deletes this repository's index; with ``orphans`` only indexes whose repository is
        gone, with ``everything`` all indexes. Returns the bytes freed."""
        self._stored = None
        if everything or orphans:
            ours = store.folders(self.folder.parent)
            return sum(store.delete(f) for f in ours if everything or store.is_orphan(f))
        return store.delete(self.folder)

    def shrink(self, limit: int) -> Shrunk:
        """Deletes indexes until all together take at most ``limit`` bytes; see ``store.shrink``."""
        self._stored = None
        return store.shrink(self.folder.parent, limit, self.folder)

    def examine(self, *, on_wait: OnWait | None = None) -> Health:
        """What is wrong in the index folder; changes nothing. See ``ingest.examine``."""
        return ingest.examine(self._site, on_wait or _silent)

    def mend(
        self, *, on_progress: OnProgress | None = None, on_wait: OnWait | None = None
    ) -> Health:
        """Puts right what ``examine`` finds, and examines again."""
        self._stored = self._view_of = self._overlay = None
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
                like, itself = self._chunk_at(seen[0], *target)
            vector = self._embedder.embed_documents(ingest.passages([like])[:1])[0]
            asked = search.likeness(like.text, seen[0], vector)
            return self._answer(seen, asked, request, start, itself)

        return self._mended(ask)

    def _mended(self, ask: Callable[[], SearchResult]) -> SearchResult:
        """The answer; an image that is damaged inside is deleted on the way and made anew.

        Its header and size are checked when it is opened, its numbers only by using them.
        """
        try:
            return ask()
        except (IndexError, ValueError):
            _, stored = self._load()
            if stored is None:
                raise
            self._stored = self._view_of = self._overlay = None
            stored.file.unlink(missing_ok=True)
            return ask()

    def _answer(
        self, seen: _Seen, asked: Question, request: SearchRequest, start: float,
        itself: int = -1,
    ) -> SearchResult:  # fmt: skip
        view, state, pending, notes = seen
        lines = search.Lines(self._root, self._rules)
        hits, more = search.run(view, asked, request, self._embedder, lines, itself)
        if state is IndexState.STALE:  # not looked at: each hit's own file tells
            hits = [replace(hit, fresh=view.is_fresh(hit.chunk.path, self.root)) for hit in hits]
        return SearchResult(hits, state, pending, time.perf_counter() - start, more, notes)

    def _chunk_at(self, view: View, path: str, line: int) -> tuple[Chunk, int]:
        number = view.locate(path, line)
        found = None if number < 0 else search.shown(
            view, number, search.Lines(self._root, self._rules)
        )  # fmt: skip
        if found is None:
            raise ConfigError(
                f"{path}:{line} lies in no indexed function",
                f"`codesearch files --why {path}` tells whether the file is indexed",
            )
        return found, number

    # -- fresh -----------------------------------------------------------------------

    def _view(self, refresh: bool, on_progress: OnProgress | None, on_wait: OnWait | None) -> _Seen:
        if not refresh:
            state, stored = self._load()
            if stored is None:
                raise self._unusable(state)
            return self._whole(stored), IndexState.STALE, 0, ()
        with files.start_scan(self._root, self._rules) as scan:  # git works while the rest loads
            state, stored = self._load()
            if stored is not None:
                todo = self._changes(stored, scan)
                if not todo.pending:
                    return self._whole(stored), IndexState.FRESH, 0, scan.notes
                if _is_small(todo) and not self._embedder.remote:
                    return self._overlaid(stored, todo, scan.notes)
        report = self.update(on_progress=on_progress, on_wait=on_wait)
        state, stored = self._load()
        if stored is None:
            raise self._unusable(state)
        return self._whole(stored), IndexState.FRESH, 0, report.notes

    def _whole(self, stored: Stored) -> View:
        """The view of a stored segment; kept, because it caches what questions share."""
        if self._view_of is None or self._view_of[0] is not stored:
            self._view_of = stored, View([Layer(stored.segment)])
        return self._view_of[1]

    def _overlaid(self, stored: Stored, todo: ingest.Plan, notes: Sequence[str]) -> _Seen:
        """The stored segment without what changed, and what changed from memory."""
        whole = self._whole(stored).layers[0]
        asked = [*todo.work, *(FileStat(p, -1, -1) for p in todo.removed)]
        if self._overlay is None or self._overlay[:2] != (asked, whole):
            changed = {s.path for s in todo.changed}
            known = {r.path: r for r in stored.segment.records() if r.path in changed}
            prepared = ingest.prepare(self._root, todo.work, self._rules, known)
            ingest.identify(prepared, self._embedder)
            ingest.embed(prepared, self._embedder)
            made = ingest.finished(prepared, self._embedder.dimension)
            dead = frozenset({*todo.removed, *prepared.gone, *made.path.all()})
            alive = np.array([p not in dead for p in stored.segment.path.all()], bool)
            view = View([whole, Layer(made)], alive)
            # A time that is not trusted may hide the next edit: such files are read each time.
            seen = (*prepared.records, *prepared.touched)
            key = [] if any(r.mtime_ns == -1 for r in seen) else asked
            self._overlay = key, whole, dead, view
        _, _, dead, view = self._overlay
        return view, IndexState.FRESH, len(dead), notes

    def _unusable(
        self, state: IndexState, hint: str = "run `codesearch index`, or leave out --no-refresh"
    ) -> IndexMissing | IndexOutdated:
        if state in ingest.MADE_WITH:
            return IndexOutdated(
                f"the index of {self.root} was made with {ingest.MADE_WITH[state]}", hint
            )
        if state is IndexState.CORRUPT:
            return IndexMissing(f"the index of {self.root} is damaged", hint)
        return IndexMissing(f"{self.root} is not indexed", hint)
