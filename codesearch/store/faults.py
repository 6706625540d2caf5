"""What went wrong in the index folder, as one sentence and a hint.

LanceDB reports nearly everything as ``RuntimeError`` with a text; an operating system's error
is in it as ``(os error N)``. What has no such number, or says that a file of the index is
not there, means that the tables are damaged: told apart as ``IndexCorrupt``, because the
cure, building them again, needs nobody's help. Knows nothing of tables or their contents.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codesearch.errors import CodesearchError, IndexCorrupt, StoreError

_ELSEWHERE = "or choose another folder with CODESEARCH_INDEX"

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
_TOO_MANY = {errno.EMFILE, errno.ENFILE}
# The library is native code: on Windows its numbers are the system's own, not those of errno.
_WINDOWS = {
    2: errno.ENOENT,
    3: errno.ENOENT,
    4: errno.EMFILE,
    5: errno.EACCES,
    19: errno.EROFS,
    39: errno.ENOSPC,
    112: errno.ENOSPC,
}


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turns the system's errors inside into ``StoreError`` about ``folder``; for plain files."""
    try:
        yield
    except OSError as error:
        raise _refused(folder, error.errno or errno.EIO) from error


@contextmanager
def table_errors(folder: Path) -> Iterator[None]:
    """Turns what LanceDB and the system raise inside into ``StoreError`` about ``folder``.

    Raises:
        IndexCorrupt: the tables are damaged or incomplete.
        StoreError: anything else: no space, no permission, a failing disk.
    """
    try:
        yield
    except CodesearchError:
        raise
    except Exception as error:
        if not _is_theirs(error):
            raise
        raise _explained(folder, error) from error


@contextmanager
def without_panics() -> Iterator[None]:
    """Keeps from the user what native code writes to standard error when it gives up: that comes as
    an exception too. For a process that writes nothing else there meanwhile."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def corrupt(folder: Path, what: str) -> IndexCorrupt:
    return IndexCorrupt(
        f"the index in {folder} is damaged: {what}",
        "run `codesearch index --full` to build it again",
    )


def _is_theirs(error: Exception) -> bool:
    # A panic of the native code arrives as an exception type that no module exports.
    return (
        isinstance(error, OSError | RuntimeError | ValueError)
        or type(error).__name__ == "RustPanic"
    )


def _explained(folder: Path, error: Exception) -> StoreError:
    if isinstance(error, UnicodeEncodeError) or "Failed to parse path" in str(error):
        return StoreError(
            f"the index folder {folder} has a name that is not Unicode, or has control characters",
            "choose another folder with CODESEARCH_INDEX",
        )
    if "commit conflict" in str(error).lower():
        return StoreError(
            f"something else wrote to the index in {folder} at the same time", "run it again"
        )
    number = _number(error)
    if number == 0 or number in _GONE:
        return corrupt(folder, _gist(error))
    return _refused(folder, number)


def _refused(folder: Path, number: int) -> StoreError:
    if number in _FULL:
        return StoreError(
            f"the disk is full: the index in {folder} could not be written",
            f"free some space and run it again, {_ELSEWHERE}",
        )
    if number in _FORBIDDEN:
        return StoreError(
            f"the index folder {folder} is read-only or not yours: {os.strerror(number)}",
            f"change its permissions, {_ELSEWHERE}",
        )
    if number == errno.EFBIG:
        return StoreError(
            f"a limit on the size of files stopped the index in {folder} from being written",
            f"raise the limit (`ulimit -f`), {_ELSEWHERE}",
        )
    if number in _TOO_MANY:
        return StoreError(
            f"too many open files while working on the index in {folder}",
            "raise the limit (`ulimit -n`) and run it again",
        )
    return StoreError(
        f"the index in {folder} could not be used: {os.strerror(number)}",
        f"run it again, {_ELSEWHERE}",
    )


def _number(error: Exception) -> int:
    """The system's error number, 0 where there is none."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = re.search(r"os error (\d+)", str(error))
    number = int(found[1]) if found else 0
    return _WINDOWS.get(number, number) if sys.platform == "win32" else number


def _gist(error: Exception) -> str:
    """One line, without the place in the library's source that it ends with."""
    line = " ".join(str(error).split())
    return re.sub(r", \S+\.rs:\d+:\d+$", "", line)[:300]


def gist(error: Exception) -> str:
    """What is damaged, without saying again where and what to do about it."""
    if isinstance(error, CodesearchError):
        return error.message.rpartition(" is damaged: ")[2]
    return _gist(error) or type(error).__name__
