"""Examining an index, and putting right what is wrong with it.

The store is examined first, then the images against it: an image is made again from the store as
if it were lost and has to come out the same, which proves the rows of both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np

from codesearch import store
from codesearch.errors import IndexCorrupt, IndexLocked, IndexMissing, StoreError
from codesearch.ingest.commit import LostVectors, from_store
from codesearch.ingest.prepare import FORMAT, Site
from codesearch.ingest.update import MADE_WITH
from codesearch.model import Finding, Health
from codesearch.segment import Damaged, Segment, Stored, Strings, load
from codesearch.store import Case, Checkup

_PATIENCE = 10.0  # seconds to wait for a writer; then it is examined without the lock
_ROUNDS = 3  # of mending: what is mended may have hidden something else
_NONE = "there is no index yet: a search builds it"
_FROM_TABLES = "makes it again from the tables"


def examine(site: Site, on_wait: Callable[[str], None]) -> Health:
    """Looks at everything that an index folder holds. Changes nothing.

    Raises:
        StoreError: the disk fails.
    """
    if not site.folder.exists():
        return _health(site, [], 0, _NONE)
    cases, notes = store.access(site.folder), []
    if cases and not (site.folder.is_dir() and store.is_readable(site.folder)):
        return _health(site, cases, 0, "what lies behind it was not examined")
    try:
        with store.writer(site.folder, on_wait, _PATIENCE):
            found, live = _examined(site)
        if not any(case.finding.severity == "fault" for case in found) and _is_missing(site):
            notes = [_NONE]
    except IndexLocked as locked:
        notes = [f"{locked.message}: only what it replaces at one stroke was examined"]
        found, live = _images(site, None), 0
    except StoreError:
        if not cases:
            raise
        found, live = _examined(site)  # read-only: nobody else writes either
    return _health(site, cases + found, live, *notes)


def _is_missing(site: Site) -> bool:
    try:
        return not store.Store(site.folder, site.tree).meta
    except IndexMissing:
        return True


def mend(site: Site, again: Callable[[], object], on_wait: Callable[[str], None]) -> Health:
    """Puts right what ``examine`` finds, and examines again. ``again`` updates the index.

    Raises:
        StoreError: it can't be written. EmbedderError: the backend failed.
    """
    seen: dict[Finding, None] = {}
    for _ in range(_ROUNDS):
        if not site.folder.exists():
            break
        for case in store.access(site.folder):
            seen[case.finding] = None
            with suppress(OSError):
                case.mend()
        with store.writer(site.folder, on_wait):
            cases, _live = _examined(site)
            faults = [case for case in cases if case.finding.severity == "fault"]
            for case in faults or cases:
                seen[case.finding] = None
                store.mend(site.folder, case)
        if faults:
            again()
        elif not cases:
            break
    left = examine(site, on_wait)
    done = [finding for finding in seen if finding not in left.findings]
    return Health(
        left.root, left.folder, left.findings, left.bytes_on_disk, left.bytes_live, done, left.notes
    )


def _health(site: Site, cases: list[Case], live: int, *notes: str) -> Health:
    return Health(
        root=str(site.root.path),
        folder=str(site.folder),
        findings=[case.finding for case in cases],
        bytes_on_disk=store.size_on_disk(site.folder),
        bytes_live=live,
        notes=notes,
    )


def _examined(site: Site) -> tuple[list[Case], int]:
    """What is wrong, and the bytes of what is live."""
    checkup = Checkup(site.folder, site.tree, (FORMAT, site.settings, *site.model)).run()
    cases = checkup.cases + _images(site, checkup)
    live = checkup.live
    for images in _by_tree(site.folder).values():
        with suppress(OSError):
            live += images[-1].stat().st_size
    return cases, live


# -- images ------------------------------------------------------------------------------


def _by_tree(folder: Path) -> dict[str, list[Path]]:
    """The images of each work tree, oldest first."""
    found: dict[str, list[tuple[int, Path]]] = {}
    for file in folder.glob("*.segment"):
        if match := re.fullmatch(r"(.+)-(\d+)\.segment", file.name):
            found.setdefault(match[1], []).append((int(match[2]), file))
    return {tree: [file for _, file in sorted(files)] for tree, files in found.items()}


def _images(site: Site, checkup: Checkup | None) -> list[Case]:
    """What is wrong with the images. Without a checkup, while another process writes, only
    whether they are whole."""
    cases = []
    images = _by_tree(site.folder)
    for tree, files in images.items():
        if checkup is None or tree in checkup.metas:
            *old, newest = files
            cases += _of_tree(site, tree, newest, checkup)
        else:
            old = files
        if checkup is not None:
            cases += [store.leftover(file, "is an image that nobody uses") for file in old]
    if checkup is not None:
        for file in site.folder.glob("*.segment.new"):
            cases.append(store.leftover(file, "was left by a writer that was killed"))
        if checkup.metas.get(site.tree) and site.tree not in images:
            what = "the image is missing"
            cases.append(store.fault(f"{site.tree}-1.segment", what, _FROM_TABLES, _by_update))
    return cases


def _by_update() -> None:
    """The update that follows every fault does it."""


def _of_tree(site: Site, tree: str, file: Path, checkup: Checkup | None) -> list[Case]:
    is_mine = tree == site.tree
    cure = _FROM_TABLES if is_mine else store.DELETE
    again = partial(store.remove_tree, file)
    try:
        stored = Stored(*load(file, whole=True), file)
    except Damaged as damaged:
        what = str(damaged).removeprefix(str(file)).lstrip(": ")
        return [store.fault(file.name, what, cure, again)]
    meta = checkup.metas.get(tree) if checkup is not None else None
    if not is_mine or checkup is None or meta is None:
        return []
    state, _ = site.image.load(stored)
    if state in MADE_WITH:
        what = f"was made with {MADE_WITH[state]}"
        return [store.fault(file.name, what, store.REBUILD, again)]
    if stored.generation != meta.generation:
        what = "is behind the tables" if stored.generation < meta.generation else "is another's"
        return [store.fault(file.name, what, _FROM_TABLES, _by_update)]
    if checkup.is_sound and not _is_same(stored.segment, _made_again(site)):
        what = "was made from other rows than the tables hold"
        return [store.fault(file.name, what, store.REBUILD, partial(store.wipe, site.folder))]
    return []


def _made_again(site: Site) -> Segment | None:
    db = store.Store(site.folder, site.tree)
    try:
        return from_store(db, db.manifest(), None)
    except (IndexCorrupt, LostVectors):
        return None


def _is_same(one: Segment, other: Segment | None) -> bool:
    for field in fields(Segment) if other is not None else ():
        pair = [getattr(s, field.name) for s in (one, other)]
        for name in ("blob", "offsets") if isinstance(pair[0], Strings) else ("",):
            a, b = (getattr(array, name) if name else array for array in pair)
            if not np.array_equal(a, b):
                return False
    return other is not None
