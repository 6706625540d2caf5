"""Whether an index folder can be used at all: its permissions, and what lies in its place.

Looked at without the writer's lock, since this may be what keeps from taking it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from codesearch.errors import IndexCorrupt
from codesearch.model import Finding
from codesearch.store.faults import table_errors
from codesearch.store.folder import LOCK, wipe
from codesearch.store.meta import remove_tree

DELETE = "deletes it"


@dataclass(frozen=True, slots=True)
class Case:
    """A finding with what puts it right; a fault also needs the next update."""

    finding: Finding
    mend: Callable[[], object]


def fault(where: str, what: str, cure: str, mend: Callable[[], object]) -> Case:
    return Case(Finding("fault", where, what, cure), mend)


def mend(folder: Path, case: Case) -> None:
    """Puts a case right; what is damaged worse than it looked is all deleted.

    Raises:
        StoreError: the disk is full, the folder is read-only, and the like.
    """
    try:
        with table_errors(folder):
            case.mend()
    except IndexCorrupt:
        wipe(folder)


def access(folder: Path) -> list[Case]:
    """What keeps this user from the folder, and from taking its lock."""
    if not folder.is_dir():
        return [fault(".", "is a file, where a folder should be", "", list)]
    closed = [path for path in _walk(folder) if not _is_open(path)]
    cases = []
    if closed:
        mine = [p for p in closed if not hasattr(os, "geteuid") or _owner(p) == os.geteuid()]
        where = closed[0].relative_to(folder).as_posix()
        more = f", and so are {len(closed) - 1:,} others" if len(closed) > 1 else ""
        cure = "gives its owner the right to it" if mine else ""
        what = f"is closed to you or cannot be written{more}"
        cases.append(fault(where, what, cure, partial(_opened, folder)))
    lock = folder / LOCK
    if lock.is_dir():
        what = "is a folder, where the lock should be"
        cases.append(fault(lock.name, what, DELETE, partial(remove_tree, lock)))
    return cases


def is_readable(folder: Path) -> bool:
    """Whether all of it can be read."""
    return all(_is_open(path, writing=False) for path in _walk(folder))


def _walk(folder: Path) -> Iterator[Path]:
    yield folder
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent) / name for name in (*folders, *files))


def _is_open(path: Path, *, writing: bool = True) -> bool:
    wanted = os.R_OK | (os.W_OK if writing else 0) | (os.X_OK if path.is_dir() else 0)
    as_now = os.access in os.supports_effective_ids
    return os.access(path, wanted, effective_ids=as_now) or not os.path.lexists(path)


def _owner(path: Path) -> int:
    with suppress(OSError):
        return path.lstat().st_uid
    return -1


def _opened(folder: Path) -> None:
    """From above, since what lies in a closed folder is seen only when that is open."""
    for path in _walk(folder):
        with suppress(OSError):
            if not path.is_symlink() and not _is_open(path):
                path.chmod(stat.S_IRWXU if path.is_dir() else stat.S_IRUSR | stat.S_IWUSR)


def _nothing() -> None:
    pass
