"""What a run has sent, and may still send."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from codesearch.config import Settings
from codesearch.errors import Paused
from codesearch.remote.prices import Price, shown


@dataclass
class Account:
    """Of one run. May be used by several threads.

    Args:
        price: of the model.
        max_dollars: what may be spent; None: no limit.
        max_requests: how many texts may be sent, repeated ones counted again; None: no limit.
        is_agreed: whether the limit follows from a price that was agreed to, and nobody set it.
    """

    price: Price
    max_dollars: float | None = None
    max_requests: int | None = None
    is_agreed: bool = False
    texts: int = 0  # answered
    tokens: float = 0.0
    estimated: float = 0.0  # tokens of those answers that say how many there were
    reported: float = 0.0
    requests: int = 0  # texts sent
    _open: float = 0.0  # tokens on their way
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, price: Price, settings: Settings) -> Account:
        """With the limits that the user set."""
        return cls(price, settings.max_cost, settings.max_requests)

    @property
    def dollars(self) -> float | None:
        return self.price.of(self.tokens)

    def reserve(self, texts: int, tokens: float) -> None:
        """Asks whether a call may be made, and counts it.

        Raises:
            Paused: it would cost more than is allowed.
        """
        with self._lock:
            if self.max_requests is not None and self.requests + texts > self.max_requests:
                raise Paused(
                    f"the limit of {self.max_requests:,} functions is reached",
                    "what is done is kept; raise --max-requests to go on",
                )
            dollars = self.price.of(self.tokens + self._open + tokens)
            if self.max_dollars is not None and dollars is not None and dollars > self.max_dollars:
                limit = shown(self.max_dollars)
                if self.is_agreed:
                    raise Paused(
                        f"this run would cost more than was agreed to (up to {limit})",
                        "what is done is kept; run it again to see what is left",
                    )
                raise Paused(
                    f"the limit of {limit} is reached",
                    "what is done is kept; raise --max-cost to go on",
                )
            self.requests += texts
            self._open += tokens

    def settle(self, texts: int, estimated: float, reported: int | None) -> None:
        """A call came back."""
        with self._lock:
            self._open -= estimated
            self.texts += texts
            self.tokens += estimated if reported is None else reported
            if reported is not None:
                self.estimated += estimated
                self.reported += reported

    def fail(self, texts: int, estimated: float, *, billed: bool) -> None:
        """A call brought nothing.

        ``billed``: it may have reached the service, which then charges for it; else it is as if
        it had not been made.
        """
        with self._lock:
            self._open -= estimated
            if billed:
                self.tokens += estimated
            else:
                self.requests -= texts
