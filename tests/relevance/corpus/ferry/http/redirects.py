"""What to do with a 3xx answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from ferry.http.client import Request, Response

KEEPS_METHOD = {307, 308}
MOVED = {301, 302, 303} | KEEPS_METHOD


class TooManyRedirects(Exception):
    """The server sent us around for longer than the policy allows."""


class UnsafeRedirect(Exception):
    pass


class RedirectPolicy:
    def __init__(self, limit: int = 10, allow_downgrade: bool = False) -> None:
        self.limit = limit
        self.allow_downgrade = allow_downgrade

    def next_request(self, request: Request, response: Response, hops: int) -> Request | None:
        """The request that follows a response, or None where the chain ends here."""
        location = response.headers.get("location")
        if response.status not in MOVED or not location:
            return None
        if hops >= self.limit:
            raise TooManyRedirects(f"exceeded {self.limit} redirects, last at {response.url}")
        target = urljoin(response.url, location)
        self._check_scheme(response.url, target)
        following = type(request)(
            self._method_after(request.method, response.status),
            target,
            self._strip_credentials(request.headers, response.url, target),
        )
        if following.method == request.method:
            following.body = request.body
        return following

    def _check_scheme(self, source: str, target: str) -> None:
        before, after = urlsplit(source).scheme, urlsplit(target).scheme
        if after not in ("http", "https"):
            raise UnsafeRedirect(f"refusing to follow {source} to a {after} address")
        if before == "https" and after == "http" and not self.allow_downgrade:
            raise UnsafeRedirect(f"{source} would downgrade to plain http")

    @staticmethod
    def _method_after(method: str, status: int) -> str:
        if status in KEEPS_METHOD or method in ("GET", "HEAD"):
            return method
        return "GET"

    @staticmethod
    def _strip_credentials(headers: dict[str, str], source: str, target: str) -> dict[str, str]:
        """Headers for the next hop: secrets stay behind when the host changes."""
        if same_origin(source, target):
            return dict(headers)
        private = {"authorization", "cookie", "proxy-authorization"}
        return {name: value for name, value in headers.items() if name.lower() not in private}


def same_origin(one: str, other: str) -> bool:
    a, b = urlsplit(one), urlsplit(other)
    return (a.scheme, a.hostname, effective_port(one)) == (b.scheme, b.hostname, effective_port(other))


def effective_port(url: str) -> int:
    parts = urlsplit(url)
    if parts.port is not None:
        return parts.port
    return 443 if parts.scheme == "https" else 80
