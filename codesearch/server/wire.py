"""What client and server say to each other: one request, one reply, then they part.

A request is a number of bytes and so many of them: the version, and strings with a null byte
after each, which no argument, path or variable can hold. A reply is a kind and, where it is an
answer, the exit code, standard error and standard output.
"""

from __future__ import annotations

import os
import struct
import sys

from codesearch import __version__

TYPE_CHECKING = False  # typing and dataclasses would take as long to import as the rest together
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping, Sequence

#: Both must have the same: they are parts of one installation.
VERSION = f"1 {__version__} {os.path.dirname(__file__)} {sys.getfilesystemencoding()}"  # noqa: PTH120
ANSWER, ELSEWHERE = 1, 2
MOST_BYTES = 4 << 20  # of a request; the longest command line that Linux allows is 2 MB

_SIZE = struct.Struct("<I")
_REPLY = struct.Struct("<BBII")


class Request:
    """A command line and what its process knows.

    Args:
        args: the arguments, without the program.
        folder: where it runs.
        terminals: whether its standard output and standard error are terminals.
        columns: of the terminal.
        encoding: of its standard output.
        environment: the variables that count.
    """

    def __init__(
        self, args: Sequence[str], folder: str, terminals: tuple[bool, bool], columns: int,
        encoding: str, environment: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.args = args
        self.folder = folder
        self.terminals = terminals
        self.columns = columns
        self.encoding = encoding
        self.environment = environment


class Broken(Exception):
    """The other side ended in the middle, or says what makes no sense."""


def send_request(to: socket, request: Request) -> None:
    r = request
    terminals = f"{r.terminals[0]:d}{r.terminals[1]:d}"
    said = [VERSION, r.folder, terminals, str(r.columns), r.encoding]
    said += [str(len(r.environment)), *(f"{k}={v}" for k, v in r.environment.items()), *r.args]
    data = os.fsencode("".join(s + "\0" for s in said))
    to.sendall(_SIZE.pack(len(data)) + data)


def receive_request(source: socket) -> Request | None:
    """The request; None from a client of another version.

    Raises:
        Broken, OSError: there is none.
    """
    (size,) = _SIZE.unpack(_exactly(source, _SIZE.size))
    if size > MOST_BYTES:
        raise Broken
    said = os.fsdecode(_exactly(source, size)).split("\0")[:-1]
    if said[:1] != [VERSION]:
        return None
    try:
        _, folder, terminals, columns, encoding, count, *rest = said
        variables, args = rest[: int(count)], rest[int(count) :]
        environment = dict(pair.split("=", 1) for pair in variables)
        both = terminals[0] == "1", terminals[1] == "1"
        return Request(args, folder, both, int(columns), encoding, environment)
    except (ValueError, IndexError):
        raise Broken from None


def send_reply(to: socket, code: int, out: bytes, err: bytes) -> None:
    to.sendall(_REPLY.pack(ANSWER, code, len(err), len(out)) + err + out)


def send_elsewhere(to: socket) -> None:
    """Says that this has to be answered by whoever asks."""
    to.sendall(_REPLY.pack(ELSEWHERE, 0, 0, 0))


def receive_reply(source: socket) -> tuple[int, bytes, bytes] | None:
    """Exit code, standard output and standard error; None for ``send_elsewhere``.

    Raises:
        Broken, OSError: the server ended or does not answer.
    """
    kind, code, of_err, of_out = _REPLY.unpack(_exactly(source, _REPLY.size))
    if kind != ANSWER:
        return None
    err = _exactly(source, of_err)
    return code, _exactly(source, of_out), err


def _exactly(source: socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = source.recv(min(size - len(parts), 1 << 16))
        if not part:
            raise Broken
        parts += part
    return bytes(parts)
