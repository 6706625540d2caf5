"""Signed access tokens for machines."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

CLOCK_SKEW = 30


class InvalidToken(Exception):
    pass


class ExpiredToken(InvalidToken):
    pass


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class TokenSigner:
    """Issues and checks tokens; old keys still verify, only the newest one signs."""

    def __init__(self, keys: dict[str, bytes], current: str) -> None:
        if current not in keys:
            raise ValueError(f"no key is called {current!r}")
        self._keys = keys
        self._current = current

    def issue(self, subject: str, scopes: list[str], lifetime: int = 3600) -> str:
        claims = {"sub": subject, "scope": sorted(scopes), "exp": int(time.time()) + lifetime}
        body = _encode(json.dumps(claims, separators=(",", ":")).encode())
        signature = self._sign(self._current, body)
        return f"{self._current}.{body}.{signature}"

    def verify(self, token: str) -> dict[str, object]:
        """The claims of a genuine token that has not run out.

        Raises:
            ExpiredToken: it was genuine once.
            InvalidToken: anything else is wrong with it.
        """
        try:
            key_id, body, signature = token.split(".")
        except ValueError:
            raise InvalidToken("malformed token") from None
        if key_id not in self._keys:
            raise InvalidToken("token was signed by an unknown key")
        if not hmac.compare_digest(self._sign(key_id, body), signature):
            raise InvalidToken("signature mismatch")
        claims = json.loads(_decode(body))
        if claims["exp"] + CLOCK_SKEW < time.time():
            raise ExpiredToken("token has expired")
        return claims

    def refresh(self, token: str) -> str:
        claims = self.verify(token)
        return self.issue(str(claims["sub"]), list(claims["scope"]))

    def _sign(self, key_id: str, body: str) -> str:
        return _encode(hmac.new(self._keys[key_id], body.encode(), hashlib.sha256).digest())


def require_scope(claims: dict[str, object], scope: str) -> None:
    """Refuse a caller that may not do this; a scope like ``jobs:*`` covers all under it."""
    granted = claims.get("scope", [])
    area = scope.partition(":")[0] + ":*"
    if scope not in granted and area not in granted:
        raise PermissionError(f"scope {scope} is missing")
