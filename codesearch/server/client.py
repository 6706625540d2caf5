"""Asking the server of the work tree in which the user stands, if there is one.

Everything that goes wrong here means that the command line does the work itself. The whole
reply is read before anything is printed, so nothing is ever printed twice. Imports nothing that
takes time.
"""

from __future__ import annotations

import os
import sys
from errno import EPIPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Presentation, our own settings, and what decides where files of the user are.
_TOLD = set(
    "NO_COLOR FORCE_COLOR TERM PATH HOME USERPROFILE HOMEDRIVE HOMEPATH APPDATA PROGRAMDATA"
    " SYSTEMROOT TMPDIR TEMP TMP LD_LIBRARY_PATH DYLD_LIBRARY_PATH DEVELOPER_DIR SUDO_UID"
    " GIT_EXEC_PATH GIT_INDEX_FILE GIT_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES"
    " PRE_COMMIT PRE_COMMIT_FROM_REF PRE_COMMIT_TO_REF PRE_COMMIT_REMOTE_NAME"
    " PRE_COMMIT_LOCAL_BRANCH".split()
)
_TOLD_BEGIN = ("CODESEARCH_", "XDG_", "GIT_CONFIG_")
_SECONDS = 2.0  # a hundred times what an answer takes


def ask(args: Sequence[str]) -> int | None:
    """Prints the server's answer to a command line and returns its exit code.

    None: nothing was printed; there is no server, or it leaves this to us.
    """
    if sys.platform == "win32" or not args or sys.stdout is None or sys.stderr is None:
        return None
    if "_CODESEARCH_COMPLETE" in os.environ:  # a shell asks how a word may go on
        return None
    from codesearch.server import place

    try:
        here = os.getcwd()  # noqa: PTH109
        found = place.near(here)
    except OSError:
        return None
    return None if found is None else _ask(found, here, args)


def _ask(at: str, here: str, args: Sequence[str]) -> int | None:
    # The module around it takes as long to import as all the rest.
    from _socket import AF_UNIX, SOCK_STREAM, socket

    from codesearch.server import wire

    variables = {k: v for k, v in os.environ.items() if k in _TOLD or k.startswith(_TOLD_BEGIN)}
    terminals = sys.stdout.isatty(), sys.stderr.isatty()
    columns = _columns() if any(terminals) else 0
    request = wire.Request(args, here, terminals, columns, sys.stdout.encoding, variables)
    server = socket(AF_UNIX, SOCK_STREAM)
    try:
        server.settimeout(_SECONDS)
        server.connect(at)
        wire.send_request(server, request)
        reply = wire.receive_reply(server)
    except (OSError, wire.Broken):
        return None
    finally:
        server.close()
    if reply is None:
        return None
    code, out, err = reply
    for stream, data in ((sys.stderr, err), (sys.stdout, out)):
        try:
            stream.buffer.write(data)
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if stream is sys.stdout and error.errno != EPIPE:  # else nobody reads any more
                sys.stderr.write(f"error: cannot write the answer: {error.strerror}\n")
                return 2
    return code


def _columns() -> int:
    """As ``shutil.get_terminal_size`` has it."""
    try:
        columns = int(os.environ.get("COLUMNS", "0"))
    except ValueError:
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(1).columns
        except OSError:
            columns = 0
    return columns or 80
