"""The time that a look may take."""

from __future__ import annotations

import time
from dataclasses import dataclass

from codesearch.model import DuplicateRequest


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a look may take."""

    end: float | None

    @classmethod
    def of(cls, request: DuplicateRequest, start: float) -> Clock:
        return cls(None if request.seconds is None else start + request.seconds)

    def is_over(self) -> bool:
        return self.end is not None and time.perf_counter() > self.end

    def is_running(self, _: object = None) -> bool:
        """Whether there is time for one more."""
        return not self.is_over()
