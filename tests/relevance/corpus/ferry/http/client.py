"""The HTTP client that every connector goes through."""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from ferry.http.cookies import CookieJar
from ferry.http.pool import ConnectionPool
from ferry.http.proxy import ProxyMap
from ferry.http.redirects import RedirectPolicy
from ferry.http.retry import RetryPolicy

DEFAULT_TIMEOUT = 15.0
USER_AGENT = "ferry/2.4"


class TransportError(Exception):
    """The request never got an answer."""


class StatusError(Exception):
    """The answer came, and it was a refusal."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"{response.status} for {response.url}")
        self.response = response


@dataclass
class Request:
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def with_query(self, params: dict[str, str]) -> Request:
        """A copy whose address carries the parameters, after those that are there already."""
        parts = urlsplit(self.url)
        query = "&".join(p for p in (parts.query, urlencode(params)) if p)
        url = urlunsplit(parts._replace(query=query))
        return Request(self.method, url, dict(self.headers), self.body)


@dataclass
class Response:
    url: str
    status: int
    headers: dict[str, str]
    raw: bytes
    history: list[Response] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 400

    def content(self) -> bytes:
        """The payload with its Content-Encoding undone.

        A server may lie about the encoding; a body that does not inflate is handed
        back as it came, because a caller that only stores it should not fail.
        """
        coding = self.headers.get("content-encoding", "identity")
        if coding not in ("gzip", "deflate"):
            return self.raw
        window = 31 if coding == "gzip" else 15
        try:
            return zlib.decompress(self.raw, window)
        except zlib.error:
            return self.raw

    def text(self) -> str:
        kind = self.headers.get("content-type", "")
        charset = "utf-8"
        for piece in kind.split(";")[1:]:
            name, _, value = piece.strip().partition("=")
            if name.lower() == "charset":
                charset = value.strip('"')
        return self.content().decode(charset, errors="replace")

    def json(self) -> object:
        try:
            return json.loads(self.text())
        except ValueError as error:
            raise TransportError(f"{self.url} did not answer with JSON") from error

    def raise_for_status(self) -> Response:
        if not self.ok:
            raise StatusError(self)
        return self


class Client:
    """Sends requests, keeps cookies and connections, follows where it is sent."""

    def __init__(
        self,
        *,
        retry: RetryPolicy | None = None,
        redirects: RedirectPolicy | None = None,
        proxies: ProxyMap | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        self.retry = retry or RetryPolicy()
        self.redirects = redirects or RedirectPolicy()
        self.proxies = proxies or ProxyMap.from_environment()
        self.cookies = CookieJar()
        self.timeout = timeout
        self._pool = ConnectionPool(limit_per_host=6)
        self._closed = False

    def get(self, url: str, params: dict[str, str] | None = None) -> Response:
        request = Request("GET", url)
        if params:
            request = request.with_query(params)
        return self.send(request)

    def post_json(self, url: str, document: object) -> Response:
        body = json.dumps(document, separators=(",", ":")).encode()
        headers = {"content-type": "application/json"}
        return self.send(Request("POST", url, headers, body))

    def send(self, request: Request) -> Response:
        """Send a request and give back the last response of the chain.

        Failures of the network are tried again as the retry policy allows; redirects
        are followed up to the policy's limit, and the responses on the way are kept
        in ``history``.
        """
        if self._closed:
            raise TransportError("the client is closed")
        history: list[Response] = []
        while True:
            response = self._send_with_retries(request)
            self.cookies.absorb(response.url, response.headers)
            following = self.redirects.next_request(request, response, len(history))
            if following is None:
                response.history = history
                return response
            history.append(response)
            request = following

    def _send_with_retries(self, request: Request) -> Response:
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._send_once(request)
            except OSError as error:
                if not self.retry.allows(request.method, attempt):
                    raise TransportError(f"no answer from {request.host}: {error}") from error
                pause = self.retry.pause(attempt)
            else:
                if not self.retry.is_transient(response.status):
                    return response
                if not self.retry.allows(request.method, attempt):
                    return response
                pause = self.retry.pause(attempt, response.headers.get("retry-after"))
            time.sleep(pause)

    def _send_once(self, request: Request) -> Response:
        headers = {"user-agent": USER_AGENT, "accept-encoding": "gzip, deflate"}
        headers.update(request.headers)
        cookie = self.cookies.header_for(request.url)
        if cookie:
            headers["cookie"] = cookie
        via = self.proxies.select(request.url)
        connection = self._pool.acquire(request.url, via, self.timeout)
        healthy = False
        try:
            status, answered, raw = connection.exchange(
                request.method, request.url, headers, request.body
            )
            healthy = answered.get("connection") != "close"
            return Response(request.url, status, answered, raw)
        finally:
            self._pool.release(connection, reusable=healthy)

    def download(self, url: str, target: str, chunk_size: int = 65536) -> int:
        """Stream a resource into a file, going on where an earlier attempt broke off.

        Returns the number of bytes that the file has in the end.
        """
        with open(target, "ab") as out:
            offset = out.tell()
            request = Request("GET", url)
            if offset:
                request.headers["range"] = f"bytes={offset}-"
            response = self.send(request).raise_for_status()
            if offset and response.status != 206:
                out.seek(0)
                out.truncate()
            data = response.content()
            for start in range(0, len(data), chunk_size):
                out.write(data[start : start + chunk_size])
            return out.tell()

    def close(self) -> None:
        self._closed = True
        self._pool.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
