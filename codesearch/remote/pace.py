"""When the next call may be made: so many texts and tokens a minute, one gate for all threads.

The service's quota is not known at first; its refusals tell, in numbers or by when they come.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from codesearch.remote.base import Busy, Stopped

_WINDOW = 60.0
# After a refusal that says no number: this share of what was sent in the minute before it, and so
# much more with every minute that passes without another.
_BACK_OFF = 0.9
_RECOVER = 1.1
_DEFAULT_WAIT = 15.0  # seconds, where the service says none
_STEP = 0.5  # how often a waiting thread looks whether it should stop


class Pace:
    """May be used by several threads.

    Args:
        requests: texts a minute, None where unknown.
        tokens: tokens a minute.
        clock: seconds.
    """

    def __init__(
        self,
        requests: int | None = None,
        tokens: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits: list[float | None] = [requests, tokens]
        self._guessed = [False, False]
        self._sent: deque[tuple[float, int, float]] = deque()
        self._opens = self._calm = clock()
        self._clock = clock
        self._changed = threading.Condition()

    def most(self) -> tuple[float, float]:
        """How many texts and tokens a single call may hold."""
        with self._changed:
            requests, tokens = (float("inf") if n is None else max(n, 1) for n in self._limits)
            return requests, tokens

    def take(self, texts: int, tokens: float, stopped: Callable[[], bool], until: float) -> None:
        """Waits until a call may be made, and counts it.

        Args:
            stopped: whether to give up.
            until: the clock's time after which it is not worth it.

        Raises:
            Stopped: it was stopped.
            Busy: it would take longer.
        """
        with self._changed:
            while True:
                if stopped():
                    raise Stopped
                now = self._clock()
                wait = max(self._opens - now, self._room(now, texts, tokens))
                if wait <= 0:
                    self._sent.append((now, texts, tokens))
                    return
                if now + wait > until:
                    raise Busy(wait)
                self._changed.wait(min(wait, _STEP))

    def waits(self) -> float:
        """Seconds until the gate opens; 0 if it is open."""
        with self._changed:
            return max(0.0, self._opens - self._clock())

    def refuse(self, busy: Busy, texts: int, tokens: float) -> None:
        """Closes the gate for all, as the service asked, and learns from it.

        ``texts`` and ``tokens`` are those of the call that was refused: it took no quota.
        """
        with self._changed:
            now = self._clock()
            for row in reversed(self._sent):
                if row[1:] == (texts, tokens):
                    self._sent.remove(row)
                    break
            wait = _DEFAULT_WAIT if busy.after is None else max(busy.after, 0.0)
            self._opens = max(self._opens, now + wait)
            self._calm = now
            told = (busy.requests, busy.tokens)
            if told != (None, None):
                for i, number in enumerate(told):
                    if number:
                        self._limits[i], self._guessed[i] = number, False
            else:
                self._guess(now, 1 if busy.what == "tokens" else 0)
            self._changed.notify_all()

    def _guess(self, now: float, which: int) -> None:
        self._forget(now)
        before = sum(row[1 + which] for row in self._sent)
        known = self._limits[which]
        if before and (known is None or self._guessed[which]):
            self._limits[which] = max(1.0, before * _BACK_OFF)
            self._guessed[which] = True

    def _room(self, now: float, texts: int, tokens: float) -> float:
        """Seconds until so much fits into the minute."""
        self._forget(now)
        if any(self._guessed) and now - self._calm > _WINDOW:
            self._calm = now
            for i, is_guess in enumerate(self._guessed):
                limit = self._limits[i]
                if is_guess and limit is not None:
                    self._limits[i] = limit * _RECOVER
        wait = 0.0
        for which, more in enumerate((texts, tokens)):
            limit = self._limits[which]
            if limit is None:
                continue
            used = sum(row[1 + which] for row in self._sent)
            for row in self._sent:
                if used + more <= limit:
                    break
                used -= row[1 + which]
                wait = max(wait, row[0] + _WINDOW - now)
        return wait

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][0] <= now - _WINDOW:
            self._sent.popleft()
