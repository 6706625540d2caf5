"""The index folder as a whole: who may write it, which folders are ours, how one is deleted.

The lock is the operating system's, on an open file: it ends with its process however that
ends, so a dead owner blocks nobody. Who the owner is stands beside it, for people only.
Readers never lock. Knows nothing of what the tables hold.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from codesearch.errors import IndexCorrupt, IndexLocked, StoreError
from codesearch.model import Shrunk
from codesearch.store.faults import disk_errors
from codesearch.store.meta import read_meta, remove_meta, remove_tree, replace_file, trees

LANCE = "lance"
LOCK = "write.lock"
OWNER = "write.owner.json"
# The tag keeps backups away (https://bford.info/cachedir/) and marks the folder as ours:
# nothing without it is ever deleted.
_TAG = "CACHEDIR.TAG"
#: What tells others whose folder it is, by name.
LABELS = {
    _TAG: "Signature: 8a477f597d28d172789f06886806bc55\n# An index made by codesearch.\n",
    # An index may lie in the repository that it is of: it is no part of it.
    ".gitignore": "# Made by codesearch.\n*\n",
}


@contextmanager
def writer(
    folder: Path, on_wait: Callable[[str], None] | None = None, wait: float | None = None
) -> Iterator[None]:
    """Makes this process the only writer of an index folder, which is created if need be.

    Args:
        folder: the index folder.
        on_wait: called once, before waiting, with who is writing: "process 1234
            (codesearch index)".
        wait: seconds to wait for another writer to finish; None is for ever.

    Raises:
        IndexLocked: another process is still writing after ``wait`` seconds.
        StoreError: the folder can't be created or is read-only.
    """
    from filelock import FileLock, Timeout

    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_wait is not None and wait != 0:
                on_wait(_owner(folder))
            try:
                lock.acquire(timeout=-1 if wait is None else wait)
            except Timeout:
                raise IndexLocked(
                    f"{_owner(folder)} is writing the index in {folder}",
                    "run it again when that has finished",
                ) from None
    try:
        with suppress(OSError):  # on a full disk it must still be possible to delete
            for name, text in LABELS.items():
                if not _says(folder / name, text):  # missing, or torn by a kill
                    remove_tree(folder / name)
                    (folder / name).write_text(text, encoding="utf-8", newline="\n")
            _sign(folder)
        yield
    finally:
        with suppress(OSError):
            (folder / OWNER).unlink(missing_ok=True)
        lock.release()


@contextmanager
def keeper(folder: Path, tree: str) -> Iterator[None]:
    """Makes this process the only one that keeps a work tree's index up to date for others.

    It need not be the writer, and does not keep others from writing.

    Raises:
        IndexLocked: there is another.
        StoreError: the folder can't be created or is read-only.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / f"{tree}.watch.lock")
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise IndexLocked(
                f"another process watches this work tree already (its index is in {folder})",
                "use that one, or end it first",
            ) from None
    try:
        yield
    finally:
        lock.release()


def _says(file: Path, text: str) -> bool:
    """Whether a file holds a text, and nothing else."""
    try:
        return file.read_text(encoding="utf-8") == text
    except (OSError, ValueError):
        return False


def _sign(folder: Path) -> None:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    owner = {"pid": os.getpid(), "host": platform.node(), "command": command[:200]}
    replace_file(folder / OWNER, json.dumps(owner))


def _owner(folder: Path) -> str:
    """Who holds the lock, as far as is known: it may have begun or ended just now."""
    try:
        owner = json.loads((folder / OWNER).read_text(encoding="utf-8"))
        pid, host, command = int(owner["pid"]), str(owner["host"]), str(owner["command"])
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
    place = "" if host == platform.node() else f" on {host}"
    return f"process {pid}{place} ({command})"


def wipe(folder: Path) -> None:
    """Forgets all that the store holds, of every work tree: the cure for a damaged index.

    For the holder of the writer's lock. The other work trees' indexes are then missing, and
    are built again when they are next used.
    """
    with disk_errors(folder):
        for tree in trees(folder):
            remove_meta(folder, tree)
        remove_tree(folder / LANCE)


def folders(home: Path) -> list[Path]:
    """The index folders directly under ``home``, sorted; anything else there is not ours.

    Raises:
        StoreError: ``home`` can't be read.
    """
    with disk_errors(home):
        return sorted(f for f in home.glob("*") if _is_ours(f))


def _is_ours(folder: Path) -> bool:
    return _says(folder / _TAG, LABELS[_TAG])


def is_orphan(folder: Path) -> bool:
    """Whether none of the work trees that an index folder was made for exists any more.

    One whose description is damaged may exist.

    Raises:
        StoreError: what is in it can't be read.
    """
    try:
        metas = [read_meta(folder, tree) for tree in trees(folder)]
    except IndexCorrupt:
        return False
    return all(meta is None or meta.is_gone for meta in metas)


def last_used(folder: Path) -> float:
    """When an index was last updated or asked, Unix seconds.

    Questions write nothing, so the times of reading have to tell, which most systems note about
    once a day; not those of the small files that are read to find out whose index it is.
    """
    times = [0.0]
    with suppress(OSError):
        for path in folder.iterdir():
            seen = path.stat()
            small = path.name in LABELS or path.suffix == ".json" or path.is_dir()
            times.append(seen.st_mtime if small else max(seen.st_mtime, seen.st_atime))
    return max(times)


def shrink(home: Path, limit: int, last: Path) -> Shrunk:
    """Deletes indexes under ``home`` until the rest takes at most ``limit`` bytes.

    Orphans go first, then those that were not used for longest, ``last`` after all others; none
    that another process is writing.

    Raises:
        StoreError: one can't be deleted.
    """
    sizes = {folder: size_on_disk(folder) for folder in folders(home)}
    order = sorted(sizes, key=lambda f: (f == last, not _is_orphan(f), last_used(f)))
    deleted, busy = [], []
    left = sum(sizes.values())
    for folder in order:
        if left <= limit:
            break
        name = _whose(folder)
        try:
            freed = delete(folder)
        except IndexLocked:
            busy.append(name)
            continue
        deleted.append((name, freed))
        left -= sizes[folder]
    return Shrunk(deleted, busy, left)


def _is_orphan(folder: Path) -> bool:
    with suppress(StoreError):
        return is_orphan(folder)
    return False


def _whose(folder: Path) -> str:
    with suppress(StoreError):
        for tree in trees(folder):
            if meta := read_meta(folder, tree):
                return meta.root
    return folder.name


def delete(folder: Path) -> int:
    """Deletes an index folder whole; one that is not there or not ours is left alone.

    Returns the bytes that it took on the disk.

    Raises:
        IndexLocked: another process is writing it.
        StoreError: it can't be deleted.
    """
    if not _is_ours(folder):
        return 0
    with writer(folder, wait=0), disk_errors(folder):
        size = size_on_disk(folder)
        wipe(folder)
        for path in folder.iterdir():
            if path.name not in {_TAG, LOCK}:
                remove_tree(path)
        # While it is still locked, so that a writer who waits for the lock does not get one in a
        # folder that is being deleted. Windows can't delete a file in use: there the lock and
        # the tag stay, as an empty folder that is still known as ours.
        with suppress(OSError):
            (folder / LOCK).unlink()
            (folder / _TAG).unlink()
            folder.rmdir()
    return size


def size_on_disk(folder: Path) -> int:
    """Bytes in all files under a folder; files that vanish meanwhile count as nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(parent) / name).lstat().st_size
    return total
