"""Where the server of a work tree listens: a socket in a folder that only its user can enter.

The name is that of the folder's inode, so that a client finds it without reading anything. Uses
nothing but the system's own calls, because a client that imports more is late.
"""

from __future__ import annotations

import os
import stat


def folder() -> str:
    """The folder of this user's sockets; it may not exist."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        return f"{runtime}/codesearch"
    # Systems without such a folder: a name that is short, since that of a socket is at most 107
    # bytes, and the same for client and server. Anybody can make it; ``is_ours`` tells whose it is.
    return f"/tmp/codesearch-{os.getuid()}"  # noqa: S108


def socket_of(top: str) -> str:
    """The socket of the work tree whose top is a folder.

    Raises:
        OSError: there is no such folder.
    """
    status = os.stat(top)  # noqa: PTH116
    return f"{folder()}/{status.st_dev:x}-{status.st_ino:x}.sock"


def is_ours(path: str, kind: int) -> bool:
    """Whether a path is of this kind (``stat.S_IFDIR``, ``stat.S_IFSOCK``), and only its user, who
    we are, can use it. Links are not followed."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return (
        stat.S_IFMT(status.st_mode) == kind
        and status.st_uid == os.getuid()
        and not status.st_mode & 0o077
    )


def near(top: str) -> str | None:
    """The socket of the nearest work tree that holds a folder and has one."""
    if not is_ours(folder(), stat.S_IFDIR):
        return None
    while True:
        try:
            found = socket_of(top)
        except OSError:
            return None
        if is_ours(found, stat.S_IFSOCK):
            return found
        above = os.path.dirname(top)  # noqa: PTH120
        if above == top:
            return None
        top = above
