"""Which intermediary a request goes through."""

from __future__ import annotations

import base64
import ipaddress
import os
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Proxy:
    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = ""

    def authorization(self) -> str:
        """The value of Proxy-Authorization, empty without a user name."""
        if not self.username:
            return ""
        pair = f"{self.username}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")


def parse_proxy_url(text: str) -> Proxy:
    if "://" not in text:
        text = "http://" + text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https", "socks5"):
        raise ValueError(f"unsupported proxy scheme {parts.scheme!r}")
    if not parts.hostname:
        raise ValueError(f"proxy address {text!r} has no host")
    return Proxy(
        parts.scheme,
        parts.hostname,
        parts.port or (1080 if parts.scheme == "socks5" else 8080),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


class ProxyMap:
    def __init__(self, by_scheme: dict[str, Proxy], bypass: list[str]) -> None:
        self.by_scheme = by_scheme
        self.bypass = bypass

    @classmethod
    def from_environment(cls) -> ProxyMap:
        """Read HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case."""
        by_scheme = {}
        for scheme in ("http", "https"):
            for name in (f"{scheme}_proxy", "all_proxy"):
                value = os.environ.get(name) or os.environ.get(name.upper())
                if value:
                    by_scheme[scheme] = parse_proxy_url(value)
                    break
        listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
        return cls(by_scheme, [entry.strip() for entry in listed.split(",") if entry.strip()])

    def select(self, url: str) -> Proxy | None:
        parts = urlsplit(url)
        if self._bypassed(parts.hostname or ""):
            return None
        return self.by_scheme.get(parts.scheme)

    def _bypassed(self, host: str) -> bool:
        for entry in self.bypass:
            if entry == "*":
                return True
            if "/" in entry and _in_network(host, entry):
                return True
            bare = entry.lstrip(".")
            if host == bare or host.endswith("." + bare):
                return True
        return False


def _in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
