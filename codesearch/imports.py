"""Importing libraries that look around when they are imported.

urllib3, which comes with LanceDB and with detect-secrets, opens a socket only to see whether there
is IPv6. Where no socket is to be opened, it is not even to look.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_probing() -> Iterator[None]:
    """Around an import."""
    had, socket.has_ipv6 = socket.has_ipv6, False
    try:
        yield
    finally:
        socket.has_ipv6 = had
