"""What a service is, and the ways in which it can fail.

Whatever a library raises is one of these, or an ``EmbedderError`` where trying again is no use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from codesearch.errors import EmbedderError
from codesearch.model import Passage

F32 = NDArray[np.float32]
Role = Literal["document", "question"]


class Answer(NamedTuple):
    """What a service gives for a batch of texts."""

    vectors: Sequence[Sequence[float]]  # one a text, in order; not yet checked
    tokens: int | None  # as it counted them, if it says so


class Fleeting(Exception):
    """It may work at the next try: a timeout, a dropped connection, an answer cut short.

    Args:
        what: happened.
        billed: whether the service may have done its work, and charges for it.
    """

    def __init__(self, what: str, *, billed: bool = False) -> None:
        super().__init__(what)
        self.billed = billed


class Busy(Exception):
    """The quota of the minute is used up.

    Args:
        after: seconds until it is worth another try, as the service says, or None.
        requests: texts a minute that it allows, if it says so.
        tokens: tokens a minute, likewise.
        what: which of them was exceeded.
    """

    def __init__(
        self,
        after: float | None = None,
        requests: int | None = None,
        tokens: int | None = None,
        what: Literal["requests", "tokens"] = "requests",
    ) -> None:
        super().__init__(f"the quota of the minute is used up ({what})")
        self.after = after
        self.requests = requests
        self.tokens = tokens
        self.what = what


class Unfit(Exception):
    """The service does not take one of the texts, and does not say which."""


class NotFound(EmbedderError):
    """The service knows nothing of that name."""


class Stopped(Exception):
    """Nothing more is to be sent in this run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may hold."""

    texts: int
    bytes: int
    tokens: int  # of one text


class Service(Protocol):
    """A model behind an address."""

    @property
    def name(self) -> str:
        """Whose it is, as people say it: "Google's Gemini API"."""
        ...

    @property
    def model(self) -> str: ...

    @property
    def template(self) -> str:
        """The version of the form in which texts are sent."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def cuts(self) -> bool:
        """Whether the beginning of a longer vector is a vector too."""
        ...

    @property
    def limits(self) -> Limits: ...

    @property
    def is_near(self) -> bool:
        """Whether it runs on this machine, so that nothing leaves it."""
        ...

    @property
    def terms(self) -> str:
        """What a person should know before anything is sent; may be empty."""
        ...

    def document(self, passage: Passage) -> str:
        """The text that is sent of a piece of code."""
        ...

    def question(self, text: str) -> str: ...

    def check(self) -> None:
        """Whether it can be asked at all.

        Raises:
            EmbedderError: there is no key, or no library.
        """
        ...

    def send(self, texts: Sequence[str], role: Role, timeout: float) -> Answer:
        """One call.

        Raises:
            Fleeting, Busy, Unfit: see there.
            EmbedderError: it will not work this way: a wrong key, an unknown model.
            Paused: the quota of the day is spent.
        """
        ...
