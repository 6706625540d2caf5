"""The connection, and what its failures mean.

The library retries nothing of its own accord (its retries know neither how long the service asks
to wait nor that a day's quota is spent), so every failure comes here and is given a meaning.
Responses are never logged or kept: the key stands in their requests' headers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any, Literal

from codesearch import config
from codesearch.errors import EmbedderError, Paused
from codesearch.remote import Busy, Fleeting, NotFound, Unfit

#: Where a key comes from; the first that is set counts, as in the library.
KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_CURRENT = "gemini-embedding-2"
_GET_ONE = "https://aistudio.google.com/apikey"
_LIBRARIES = ("httpx", "httpx2", "httpcore", "httpcore2", "requests", "aiohttp", "google.auth")
#: Errors of libraries that say that the service never saw the call.
NEVER_SENT = frozenset({
    "ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol",
    "APIConnectionError", "ConnectionRefusedError", "WriteError",
})  # fmt: skip
_SECONDS = 120.0  # for a call for which nothing else is said
_PASSING = frozenset({408, 409, 425, 499})


class Connection:
    """One client of the service, shared by threads; made when it is first used.

    Args:
        vertex: speak to Google Cloud (project and location, or a key, from the environment)
            instead of the Developer API.
    """

    def __init__(self, *, vertex: bool = False) -> None:
        self.vertex = vertex

    @property
    def name(self) -> str:
        return "Google Cloud's Gemini API" if self.vertex else "Google's Gemini API"

    @property
    def key_from(self) -> str:
        """The variable that the key comes from; empty if there is none."""
        return next((name for name in KEYS if config.variable(name).strip()), "")

    def check(self) -> None:
        """Raises EmbedderError if there is no key."""
        if not self.vertex and not self.key_from:
            raise EmbedderError(
                f"{self.name} needs a key",
                f"get one at {_GET_ONE} and set GEMINI_API_KEY to it",
            )

    @cached_property
    def client(self) -> Any:
        """The library's client.

        Raises:
            EmbedderError: the library is not installed, or there is no key.
        """
        self.check()
        # It warns about variables on standard error, where answers' remarks are.
        logging.getLogger("google_genai").addHandler(logging.NullHandler())
        logging.getLogger("google_genai").propagate = False
        try:
            from google import genai  # half a second of processor time: on use
        except ImportError as error:
            raise EmbedderError(
                "the library google-genai is not installed",
                "pip install google-genai detect-secrets",
            ) from error
        key = config.variable(self.key_from).strip() if self.key_from else None
        more: dict[str, Any] = {"api_key": key}
        project = config.variable("GOOGLE_CLOUD_PROJECT").strip()
        if self.vertex and project:
            # A key would be taken instead of the project, and be somebody else's.
            location = config.variable("GOOGLE_CLOUD_LOCATION").strip() or "global"
            more = {"project": project, "location": location}
        options = self.types.HttpOptions(timeout=round(1000 * _SECONDS))
        with self.errors("", connecting=True):
            # Said outright, for a variable of the shell could turn it into the other.
            return genai.Client(vertexai=self.vertex, http_options=options, **more)

    @property
    def types(self) -> Any:
        from google.genai import types

        return types

    @contextmanager
    def errors(self, model: str, *, connecting: bool = False) -> Iterator[None]:
        """Gives what the library raises a meaning.

        Raises:
            Fleeting, Busy, Unfit: see there.
            Paused: the day's quota is spent.
            EmbedderError: trying again is no use.
        """
        try:
            yield
        except (EmbedderError, Fleeting, Busy, Unfit):
            raise
        except Exception as error:
            raise self._meaning(error, model, connecting) from None

    def _meaning(self, error: Exception, model: str, connecting: bool) -> Exception:
        code = getattr(error, "code", None)
        if isinstance(code, int) and hasattr(error, "details"):
            return self._of_status(error, code, model)
        origin = type(error).__module__
        said = f"{type(error).__name__}: {self._clean(str(error))}".rstrip(": ")
        if connecting or origin.startswith("google.auth"):
            return EmbedderError(f"{self.name} cannot be used: {said}", self._access_hint())
        is_network = origin.startswith(_LIBRARIES) or isinstance(error, OSError)
        # What cannot be understood is an answer that was cut short: broken JSON, missing fields.
        if is_network or isinstance(error, ValueError | LookupError | TypeError | AttributeError):
            return Fleeting(said, billed=type(error).__name__ not in NEVER_SENT)
        return EmbedderError(f"{self.name} failed: {said}")

    def _of_status(self, error: Any, code: int, model: str) -> Exception:
        body = error.details if isinstance(error.details, Mapping) else {}
        body = body.get("error", body) if isinstance(body.get("error", body), Mapping) else {}
        said = self._clean(str(error.message or error.status or code))
        details = [d for d in _listed(body.get("details")) if isinstance(d, Mapping)]
        reasons = {str(d.get("reason")) for d in details}
        if code == 429:
            return self._of_quota(error, details, said)
        if code in _PASSING or code >= 500:
            return Fleeting(f"{code} {said}")
        if code in {401, 403} or (code == 400 and "API_KEY_INVALID" in reasons):
            whose = f"the key in {self.key_from}" if self.key_from else "the credentials"
            return EmbedderError(
                f"{self.name} does not accept {whose}: {said}", self._access_hint()
            )
        if code == 404:
            return NotFound(
                f"{self.name} knows no model {model!r}: {said}",
                f"set CODESEARCH_MODEL to a current one, such as {_CURRENT}",
            )
        status = str(error.status or "")
        if code == 413 or (code == 400 and status in {"", "INVALID_ARGUMENT", "Bad Request"}):
            return Unfit(said)
        return EmbedderError(f"{self.name} refused: {code} {said}")

    def _of_quota(self, error: Any, details: list[Mapping[str, Any]], said: str) -> Exception:
        """What a 429 says: which quota, how large it is, and how long to wait."""
        limits: dict[str, int] = {}
        what: Literal["requests", "tokens"] = "requests"
        for violation in (v for d in details for v in _listed(d.get("violations"))):
            if not isinstance(violation, Mapping):
                continue
            quota = str(violation.get("quotaId", ""))
            value = _number(violation.get("quotaValue"))
            if value == 0:
                return EmbedderError(
                    f"{self.name} gives this key no quota for the model: {said}",
                    "enable billing for the key's project, or choose another model",
                )
            if "PerDay" in quota:
                return Paused(
                    f"{self.name}: the quota of the day is spent",
                    f"what is done is kept; run it again after {_renewal()}, when it is renewed",
                )
            name = f"{quota} {violation.get('quotaMetric', '')}".lower()
            kind: Literal["requests", "tokens"] = "tokens" if "token" in name else "requests"
            what = kind
            if value:
                limits[kind] = value
        after = next((s for d in details if (s := _seconds(d.get("retryDelay"))) is not None), None)
        if after is None:
            headers = getattr(getattr(error, "response", None), "headers", None) or {}
            after = _seconds(headers.get("retry-after"))
        return Busy(after, limits.get("requests"), limits.get("tokens"), what)

    def _access_hint(self) -> str:
        if self.vertex:
            return "set GOOGLE_CLOUD_PROJECT and log in: gcloud auth application-default login"
        return f"keys are made at {_GET_ONE}; it is read from {' or '.join(reversed(KEYS))}"

    def _clean(self, text: str) -> str:
        """What the service said, on one line and without the key."""
        key = config.variable(self.key_from).strip() if self.key_from else ""
        if key:
            text = text.replace(key, "***")
        return re.sub(r"\s+", " ", text).strip()[:300]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _seconds(value: Any) -> float | None:
    """A duration of protobuf's JSON form ("15s", "1.5s"), or of an HTTP header ("15")."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)s?", str(value).strip())
    return float(found[1]) if found else None


def _renewal() -> str:
    """When the day's quota is renewed (midnight Pacific), in the time of this machine."""
    try:
        from zoneinfo import ZoneInfo

        pacific = datetime.now(ZoneInfo("America/Los_Angeles"))
    except LookupError:  # no time zones on this system
        return "midnight Pacific time"
    midnight = datetime.combine(pacific.date() + timedelta(days=1), time(), pacific.tzinfo)
    return f"{midnight.astimezone():%H:%M} (midnight Pacific time)"
