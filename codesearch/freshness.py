"""How an answer is made fresh: the stored segment, and what changed since it was made.

A question is answered from the stored segment and, for files that changed since, from a small
segment in memory: so a few edits cost neither a commit nor the import of the store's library.
Many edits, or a backend whose vectors cost money, have to be stored first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from codesearch import files, ingest, languages, segment
from codesearch.errors import EmbedderError, IndexMissing, IndexOutdated
from codesearch.model import FileStat, IndexState
from codesearch.search import Layer, View
from codesearch.segment import Stored

# Up to this much, changed files are parsed for the answer and not stored: three tenths of a
# second at most, where a commit begins with a second of imports.
_OVERLAY_FILES = 48
_OVERLAY_BYTES = 1_000_000

_OF_GIT = {"HEAD", "index", "config", "exclude"}


#: Which of some files of the work tree are not in the index as they lie there.
Behind = Callable[[Collection[str]], frozenset[str]]


class Seen(NamedTuple):
    """What a question is asked of."""

    view: View
    state: IndexState
    pending: int  # files that are not yet in the stored index
    notes: Sequence[str]


class _Scanned(NamedTuple):
    snapshot: files.Snapshot
    notes: Sequence[str]

    @property
    def stats(self) -> Collection[FileStat]:
        """The files as they were when they were last looked at."""
        return self.snapshot.files.values()


class _Overlay(NamedTuple):
    asked: Sequence[FileStat]  # what it was made for; empty: for nothing that could come again
    whole: Layer
    dead: frozenset[str]
    view: View
    parts: dict[FileStat, ingest.Prepared]  # of files that stay as they are


class Freshness:
    """The index of one site as it is now; keeps what one question can leave for the next."""

    def __init__(self, site: ingest.Site) -> None:
        self._site = site
        self._stored: Stored | None = None
        self._view_of: tuple[Stored, View] | None = None
        self._overlay: _Overlay | None = None
        self._scanned: _Scanned | None = None

    def load(self) -> tuple[IndexState, Stored | None]:
        """The stored index, or why it can't be used."""
        state, self._stored = self._site.image.load(self._stored)
        return state, self._stored

    def pending(self, stored: Stored) -> int:
        """How many files differ from the stored index."""
        site = self._site
        todo = ingest.plan(files.scan(site.root, site.rules), stored.known)
        known = {r.path: r for r in stored.segment.records()}
        return ingest.count_pending(site.root, todo, site.rules, known)

    def as_stored(self, notes: Sequence[str] = (), *, fresh: bool) -> Seen:
        """The stored index, of which the caller knows whether it is fresh.

        Raises:
            IndexMissing, IndexOutdated: there is none that can be used.
        """
        state, stored = self.load()
        if stored is None:
            raise self.unusable(state)
        return Seen(self._whole(stored), IndexState.FRESH if fresh else IndexState.STALE, 0, notes)

    def without_update(self, error: EmbedderError) -> Seen:
        """The stored index, where an update failed for want of a backend; else the error."""
        _, stored = self.load()
        if stored is None:
            raise error
        count = self.pending(stored)
        without = f"answered without {count:,} new or changed file" + ("" if count == 1 else "s")
        return self.as_stored([f"{error.message}; {without} ({error.hint})"], fresh=False)

    def as_far_as_known(self) -> tuple[Seen, frozenset[str]]:
        """The index as it is stored, and the files that it has not as they are.

        Raises:
            IndexMissing, IndexOutdated: there is none that can be used.
        """
        state, stored = self.load()
        if stored is None:
            raise self.unusable(state, "run `codesearch index`")
        todo = ingest.plan(files.scan(self._site.root, self._site.rules), stored.known)
        behind = frozenset({*(s.path for s in todo.work), *todo.removed})
        return Seen(self._whole(stored), IndexState.FRESH, 0, ()), behind

    def for_hook(self, *, vectors: bool) -> tuple[Seen, Behind]:
        """The index as it is stored, or nothing; no hook waits for more.

        What can be told before git has listed anything is looked at here. Where no ``vectors``
        are needed the index of any model will do.
        """
        site = self._site
        image = site.image if vectors else site.image_of_any_model
        state, self._stored = image.load(self._stored)
        stored = self._stored
        if stored is None:
            note = "only what the commit itself changes was compared (run `codesearch index`)"
            said = f"{self.unusable(state).message}: {note}"
            return Seen(View([]), state, 0, [said]), lambda _: frozenset()
        changed = files.changed(site.root, stored.known)

        def behind(paths: Collection[str]) -> frozenset[str]:
            unknown = [p for p in paths if p not in stored.known and languages.may_be_code(p)]
            return changed.union(files.kept(site.root, site.rules, unknown))

        return Seen(self._whole(stored), IndexState.FRESH, 0, ()), behind

    def now(self) -> Seen | None:
        """The index as the files are; None if too much has changed to say so without storing."""
        if self._site.standby is not None:
            scanned = self._scan_if_changed()
            _, stored = self.load()
            if stored is None:
                return None
            unsaved = self._unsaved(scanned.snapshot)
            return self._current(stored, scanned.stats, scanned.notes, unsaved)
        site = self._site
        with files.start_scan(site.root, site.rules) as scan:  # git works while the rest loads
            _, stored = self.load()
            return None if stored is None else self._current(stored, scan.finish(), scan.notes)

    def _unsaved(self, snapshot: files.Snapshot) -> list[FileStat]:
        """Of files that an editor holds: those that are indexed, or would be if saved."""
        site = self._site
        held = dict(site.unsaved)
        top, folders = site.root.path, snapshot.folders
        new = [
            path
            for path in held.keys() - snapshot.files.keys()
            if path[: path.rfind("/") + 1] in folders and not os.path.lexists(top / path)
        ]
        known = [*(held.keys() & snapshot.files.keys()), *files.kept(site.root, site.rules, new)]
        return [FileStat(p, len(held[p]), 0, unsaved=held[p]) for p in sorted(known)]

    def forget(self) -> None:
        """Has everything loaded anew."""
        self._stored = self._view_of = self._overlay = self._scanned = None

    def unusable(
        self,
        state: IndexState,
        hint: str = "run `codesearch index` with the same backend, or leave out --no-refresh",
    ) -> IndexMissing | IndexOutdated:
        """Why there is nothing to be asked."""
        root = self._site.root.path
        if state in ingest.MADE_WITH:
            made = ingest.MADE_WITH[state]
            return IndexOutdated(f"the index of {root} was made with {made}", hint)
        if state is IndexState.CORRUPT:
            return IndexMissing(f"the index of {root} is damaged", hint)
        return IndexMissing(f"{root} is not indexed", hint)

    # -- for a process that stays ----------------------------------------------------

    @property
    def snapshot(self) -> files.Snapshot:
        """Of the last scan, or of a new one if anything has changed since."""
        return self._scan_if_changed().snapshot

    def is_behind(self) -> bool:
        """Whether the stored index lacks something."""
        stats = self._scan_if_changed().stats
        _, stored = self.load()
        return stored is None or ingest.plan(stats, stored.known).pending > 0

    def concerns(self, path: str, comes: bool) -> bool:
        """Whether an event could mean that a scan would find something else.

        Args:
            path: of a file or folder.
            comes: whether it came to or went from its folder, rather than changed.
        """
        top = str(self._site.root.path).rstrip(os.sep) + os.sep
        if path.startswith(str(self._site.folder) + os.sep):
            return False
        if not path.startswith(top) or path.startswith(f"{top}.git{os.sep}"):
            return os.path.basename(path) in _OF_GIT  # noqa: PTH119 (there may be thousands)
        scanned = self._scanned
        if scanned is None:
            return True
        name = path[len(top) :].replace(os.sep, "/")
        snapshot = scanned.snapshot
        if name in snapshot.files or name in snapshot.ruling:
            return True
        return comes and name[: name.rfind("/") + 1] in snapshot.folders

    def watched(self) -> tuple[frozenset[str], list[Path]]:
        """Where changes matter: the work tree's folders, each with "/" at its end, and git's."""
        r = self._site.root
        if r.git_dir is None or r.common_dir is None:
            return self.snapshot.folders, []
        return self.snapshot.folders, [r.git_dir, r.common_dir / "info"]

    def _scan_if_changed(self) -> _Scanned:
        if self._scanned is None or not self._scanned.snapshot.renewed():
            site = self._site
            self._scanned = None
            snapshot = files.Snapshot(site.root, site.rules)
            with files.start_scan(site.root, site.rules) as scan:
                snapshot.complete(scan.finish(), scan.missing)
            self._scanned = _Scanned(snapshot, scan.notes)
        return self._scanned

    # -- views -----------------------------------------------------------------------

    def _current(
        self, stored: Stored, stats: Collection[FileStat], notes: Sequence[str],
        unsaved: Sequence[FileStat] = (),
    ) -> Seen | None:  # fmt: skip
        todo = ingest.plan(stats, stored.known)
        remote = self._site.embedder.remote
        if not todo.pending and (remote or not unsaved):
            return Seen(self._whole(stored), IndexState.FRESH, 0, notes)
        is_small = len(todo.work) <= _OVERLAY_FILES and todo.bytes <= _OVERLAY_BYTES
        return self._overlaid(stored, todo, notes, unsaved) if is_small and not remote else None

    def _whole(self, stored: Stored) -> View:
        """The view of a stored segment; kept, because it caches what questions share."""
        if self._view_of is None or self._view_of[0] is not stored:
            self._view_of = stored, View([Layer(stored.segment)])
        return self._view_of[1]

    def _overlaid(
        self, stored: Stored, todo: ingest.Plan, notes: Sequence[str], unsaved: Sequence[FileStat]
    ) -> Seen:
        """The stored segment without what changed, and what changed from memory."""
        whole = self._whole(stored).layers[0]
        edited = {s.path for s in unsaved}
        work = [*(s for s in todo.work if s.path not in edited), *unsaved]
        removed = [p for p in todo.removed if p not in edited]
        asked = [*work, *(FileStat(p, -1, -1) for p in removed)]
        held = self._overlay
        if held is None or held[:2] != (asked, whole):
            kept = {} if held is None or held.whole is not whole else held.parts
            parts, kept = self._prepared(stored, work, kept)
            made = self._segment(parts)
            gone = [path for part in parts for path in part.gone]
            dead = frozenset({*removed, *gone, *made.path.all()})
            alive = np.ones(stored.segment.n_files, bool)
            alive[[f for f in map(stored.segment.path.find, dead) if f >= 0]] = False
            # A time that is not trusted may hide the next edit: such files are read each time.
            records = [r for part in parts for r in (*part.records, *part.touched)]
            key = [] if any(r.stamp == -1 for r in records) else asked
            held = _Overlay(key, whole, dead, View([whole, Layer(made)], alive), kept)
            self._overlay = held
        return Seen(held.view, IndexState.FRESH, len(held.dead), notes)

    def _prepared(
        self, stored: Stored, work: Sequence[FileStat], kept: Mapping[FileStat, ingest.Prepared]
    ) -> tuple[list[ingest.Prepared], dict[FileStat, ingest.Prepared]]:
        """Some files, prepared, and those of them that may be taken again.

        In a process that stays each file is prepared alone: who types changes one of many.
        """
        records = map(stored.segment.record, (s.path for s in work))
        known = {r.path: r for r in records if r is not None}
        if self._site.standby is None:
            return list(ingest.prepare_all(self._site, work, known, None)), {}
        each = {
            stat: kept.get(stat) or next(ingest.prepare_all(self._site, [stat], known, None))
            for stat in work
        }
        stay = {
            stat: part
            for stat, part in each.items()
            if not any(r.stamp == -1 for r in (*part.records, *part.touched))
        }
        return list(each.values()), stay

    def _segment(self, parts: Sequence[ingest.Prepared]) -> segment.Segment:
        embedder = self._site.embedder
        for part in parts:
            ingest.identify(part, embedder)
            ingest.embed(part, embedder)
        if not parts:
            return segment.of_chunks([], [])
        made = [ingest.finished(part, embedder.dimension) for part in parts]
        return segment.join(made, [None] * len(made))
