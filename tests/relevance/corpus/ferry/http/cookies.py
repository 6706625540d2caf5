"""Cookies: what servers set, and what goes back to them."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class Cookie:
    name: str
    value: str
    domain: str
    path: str = "/"
    expires: float | None = None
    secure: bool = False
    host_only: bool = True

    def expired(self, now: float | None = None) -> bool:
        return self.expires is not None and self.expires <= (now or time.time())

    def matches(self, url: str) -> bool:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if self.secure and parts.scheme != "https":
            return False
        if self.host_only and host != self.domain:
            return False
        if not self.host_only and not domain_match(host, self.domain):
            return False
        return path_match(parts.path or "/", self.path)


def domain_match(host: str, domain: str) -> bool:
    """Whether a host lies in a cookie's domain: the same, or a subdomain of it."""
    if host == domain:
        return True
    return host.endswith("." + domain) and not host.replace(".", "").isdigit()


def path_match(path: str, prefix: str) -> bool:
    if path == prefix:
        return True
    return path.startswith(prefix) and (prefix.endswith("/") or path[len(prefix)] == "/")


def parse_set_cookie(line: str, url: str) -> Cookie | None:
    """Read one Set-Cookie line; None where it must be ignored.

    A cookie for a foreign domain is ignored, so is one without a name. Max-Age wins
    over Expires.
    """
    first, *attributes = line.split(";")
    name, equals, value = first.strip().partition("=")
    if not equals or not name:
        return None
    parts = urlsplit(url)
    cookie = Cookie(name, value.strip('"'), parts.hostname or "")
    for attribute in attributes:
        key, _, text = attribute.strip().partition("=")
        key = key.lower()
        if key == "domain" and text:
            domain = text.lstrip(".").lower()
            if not domain_match(cookie.domain, domain):
                return None
            cookie.domain, cookie.host_only = domain, False
        elif key == "path" and text.startswith("/"):
            cookie.path = text
        elif key == "max-age" and text.lstrip("-").isdigit():
            cookie.expires = time.time() + int(text)
        elif key == "secure":
            cookie.secure = True
    return cookie


class CookieJar:
    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def __len__(self) -> int:
        return len(self._cookies)

    def absorb(self, url: str, headers: dict[str, str]) -> None:
        """Keep the cookies of a response, and forget the ones that it expires."""
        for line in headers.get("set-cookie", "").split("\n"):
            cookie = parse_set_cookie(line, url) if line else None
            if cookie is None:
                continue
            key = (cookie.domain, cookie.path, cookie.name)
            if cookie.expired():
                self._cookies.pop(key, None)
            else:
                self._cookies[key] = cookie

    def header_for(self, url: str) -> str:
        fitting = [c for c in self._cookies.values() if c.matches(url) and not c.expired()]
        fitting.sort(key=lambda c: (-len(c.path), c.name))
        return "; ".join(f"{c.name}={c.value}" for c in fitting)

    def purge(self) -> int:
        now = time.time()
        dead = [key for key, cookie in self._cookies.items() if cookie.expired(now)]
        for key in dead:
            del self._cookies[key]
        return len(dead)

    def save(self, path: Path) -> None:
        """Write the jar as JSON; session cookies, which have no end date, are left out."""
        lasting = [asdict(c) for c in self._cookies.values() if c.expires is not None]
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(lasting, indent=1), encoding="utf-8")
        partial.replace(path)

    def load(self, path: Path) -> None:
        if not path.exists():
            return
        for entry in json.loads(path.read_text(encoding="utf-8")):
            cookie = Cookie(**entry)
            if not cookie.expired():
                self._cookies[cookie.domain, cookie.path, cookie.name] = cookie
