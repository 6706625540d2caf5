"""The server's side: one socket a work tree, one thread, one command line after the other."""

from __future__ import annotations

import os
import socket
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from codesearch.errors import StoreError
from codesearch.server import place, wire

#: What is asked, to exit code, standard output and standard error; None: this is not for us.
Answer = Callable[[wire.Request], "tuple[int, bytes, bytes] | None"]

_SECONDS = 2.0  # that a client has to say what it wants


class Server:
    """Answers at the socket of a work tree until it is closed.

    The caller sees to it that there is one a work tree: it takes the place of whatever is there.

    Raises:
        StoreError: the socket can't be made.
    """

    def __init__(self, top: Path, answer: Answer) -> None:
        self._answer = answer
        self._is_closed = False
        folder = place.folder()
        self._at = folder
        try:
            self._at = place.socket_of(str(top))
            with suppress(FileExistsError):
                Path(folder).mkdir(mode=0o700, parents=True)
            if not place.is_ours(folder, stat.S_IFDIR):
                raise StoreError(
                    f"{folder} belongs to somebody else or can be entered by others",
                    "delete it, or set XDG_RUNTIME_DIR to a folder of yours",
                )
            Path(self._at).unlink(missing_ok=True)
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.bind(self._at)  # nobody else can enter the folder
            Path(self._at).chmod(0o600)
            self._inode = os.stat(self._at).st_ino  # noqa: PTH116
            self._socket.listen(64)
        except OSError as error:
            raise StoreError(f"cannot listen at {self._at}: {error.strerror or error}") from error
        self._thread = threading.Thread(target=self._serve, name="server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends it, after the answer that it is at."""
        self._is_closed = True
        with suppress(OSError):
            if os.stat(self._at).st_ino == self._inode:  # noqa: PTH116 (else another's by now)
                Path(self._at).unlink()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                if self._is_closed:
                    return
                time.sleep(0.1)  # too many open files, or a client that went away
                continue
            with client, suppress(OSError, wire.Broken):
                client.settimeout(_SECONDS)
                self._reply(client)

    def _reply(self, client: socket.socket) -> None:
        request = wire.receive_request(client)
        answer = None
        if request is not None:
            with suppress(Exception):  # whoever asks does it himself, and is told what is wrong
                answer = self._answer(request)
        if answer is None:
            wire.send_elsewhere(client)
        else:
            code, out, err = answer
            wire.send_reply(client, code, out, err)
