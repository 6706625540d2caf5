"""When a failed request is worth another attempt, and after how long."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


class RetryPolicy:
    def __init__(self, attempts: int = 4, base: float = 0.25, ceiling: float = 30.0) -> None:
        if attempts < 1:
            raise ValueError("attempts must be at least 1")
        self.attempts = attempts
        self.base = base
        self.ceiling = ceiling
        self._random = random.Random()

    def allows(self, method: str, attempt: int) -> bool:
        """Whether a request by this method may be sent once more after so many attempts.

        A POST is never repeated: the first one may have been carried out although the
        answer was lost.
        """
        return method.upper() in IDEMPOTENT and attempt < self.attempts

    def is_transient(self, status: int) -> bool:
        return status in TRANSIENT

    def pause(self, attempt: int, retry_after: str | None = None) -> float:
        """Seconds to wait: what the server asked for, else exponential with full jitter."""
        if retry_after:
            asked = parse_retry_after(retry_after)
            if asked is not None:
                return min(asked, self.ceiling)
        top = min(self.ceiling, self.base * 2 ** (attempt - 1))
        return self._random.uniform(0, top)


def parse_retry_after(value: str) -> float | None:
    """Seconds from a Retry-After header, which holds a number or a date."""
    value = value.strip()
    if value.isdigit():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return max(0.0, when.timestamp() - time.time())


class CircuitBreaker:
    """Stops asking a host that keeps failing, and tries it again after a rest."""

    def __init__(self, threshold: int = 5, rest: float = 60.0) -> None:
        self.threshold = threshold
        self.rest = rest
        self._failures: dict[str, int] = {}
        self._opened: dict[str, float] = {}

    def permits(self, host: str) -> bool:
        opened = self._opened.get(host)
        if opened is None:
            return True
        if time.monotonic() - opened < self.rest:
            return False
        # Half open: let one through; record() decides what happens next.
        del self._opened[host]
        self._failures[host] = self.threshold - 1
        return True

    def record(self, host: str, succeeded: bool) -> None:
        if succeeded:
            self._failures.pop(host, None)
            return
        count = self._failures.get(host, 0) + 1
        self._failures[host] = count
        if count >= self.threshold:
            self._opened[host] = time.monotonic()
