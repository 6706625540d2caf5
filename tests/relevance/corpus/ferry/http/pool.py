"""Open connections, kept for the next request to the same place."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections import defaultdict, deque
from urllib.parse import urlsplit

from ferry.http.proxy import Proxy

IDLE_LIMIT = 90.0


class PoolExhausted(Exception):
    """Every slot for a host stayed busy for as long as the caller wanted to wait."""


class Connection:
    def __init__(self, key: tuple[str, str, int], via: Proxy | None, timeout: float) -> None:
        self.key = key
        scheme, host, port = key
        target = (via.host, via.port) if via else (host, port)
        if scheme == "https":
            context = ssl.create_default_context()
            self._http = http.client.HTTPSConnection(*target, timeout=timeout, context=context)
        else:
            self._http = http.client.HTTPConnection(*target, timeout=timeout)
        if via and scheme == "https":
            fields = {"Proxy-Authorization": via.authorization()} if via.username else {}
            self._http.set_tunnel(host, port, fields)
        self.last_used = time.monotonic()

    def exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        target = parts.path or "/"
        if parts.query:
            target += "?" + parts.query
        self._http.request(method, target, body or None, headers)
        answer = self._http.getresponse()
        raw = answer.read()
        self.last_used = time.monotonic()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, raw

    def stale(self) -> bool:
        """Whether the peer has hung up meanwhile, or the line was idle for too long."""
        if time.monotonic() - self.last_used > IDLE_LIMIT:
            return True
        sock = self._http.sock
        if sock is None:
            return False
        sock.setblocking(False)
        try:
            return sock.recv(1, socket.MSG_PEEK) == b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        finally:
            sock.setblocking(True)

    def close(self) -> None:
        self._http.close()


class ConnectionPool:
    def __init__(self, limit_per_host: int) -> None:
        self._limit = limit_per_host
        self._idle: dict[tuple[str, str, int], deque[Connection]] = defaultdict(deque)
        self._busy: dict[tuple[str, str, int], int] = defaultdict(int)
        self._changed = threading.Condition()

    def acquire(self, url: str, via: Proxy | None, timeout: float) -> Connection:
        """A live connection for an address: an idle one, else a new one within the limit.

        Raises:
            PoolExhausted: no slot became free within ``timeout`` seconds.
        """
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        key = (parts.scheme, parts.hostname or "", port)
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                while self._idle[key]:
                    connection = self._idle[key].pop()
                    if not connection.stale():
                        self._busy[key] += 1
                        return connection
                    connection.close()
                if self._busy[key] < self._limit:
                    self._busy[key] += 1
                    return Connection(key, via, timeout)
                if not self._changed.wait(deadline - time.monotonic()):
                    raise PoolExhausted(f"all {self._limit} connections to {key[1]} are in use")

    def release(self, connection: Connection, reusable: bool) -> None:
        with self._changed:
            self._busy[connection.key] -= 1
            if reusable:
                self._idle[connection.key].append(connection)
            else:
                connection.close()
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            for queue in self._idle.values():
                while queue:
                    queue.pop().close()
            self._changed.notify_all()
