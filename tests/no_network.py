"""Runs a program that the system kills when it, or any process that it begins, opens a socket for
the internet: ``python tests/no_network.py codesearch status`` (Linux on x86-64 and ARM).

A filter on system calls (seccomp) sees native code too, which no hook in Python does.
"""

from __future__ import annotations

import ctypes
import platform
import runpy
import struct
import sys

#: Audit number of the architecture, and the numbers of socket() and io_uring_setup() there.
_CALLS = {"x86_64": (0xC000003E, 41, 425), "aarch64": (0xC00000B7, 198, 425)}
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # instructions of the filter's machine
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in what a filter sees
_AF_INET, _AF_INET6 = 2, 10
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2


def is_possible() -> bool:
    return sys.platform == "linux" and platform.machine() in _CALLS


def forbid() -> None:
    """From now on, for this process and all that it begins."""
    architecture, socket, io_uring = _CALLS[platform.machine()]
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, 6, architecture),  # others: killed
        (_LOAD, 0, 0, _NUMBER),
        (_EQUAL, 4, 0, io_uring),  # it makes sockets unseen
        (_EQUAL, 0, 4, socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 1, 0, _AF_INET),
        (_EQUAL, 0, 1, _AF_INET6),
        (_RETURN, 0, 0, _KILL),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("<HBBI", *step) for step in steps)
    filter_ = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(filter_))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(
        _SET_SECCOMP, _MODE_FILTER, ctypes.c_char_p(program), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the system takes no filter")


if __name__ == "__main__":
    forbid()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
