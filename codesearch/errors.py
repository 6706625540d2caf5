"""Errors that a person reads: what happened, what to do about it, and the exit code."""

from __future__ import annotations

from collections.abc import Iterable


class CodesearchError(Exception):
    """Base of all expected failures.

    Args:
        message: one sentence, naming the file or setting that it is about.
        hint: what to do; may be empty.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(CodesearchError):
    """A setting, flag or argument that cannot be used."""


class GrammarError(CodesearchError):
    """A grammar file that is wrong, or whose parser package is not installed."""


class EmbedderError(CodesearchError):
    """An embedding backend that cannot be loaded or did not answer."""


class Paused(EmbedderError):
    """A paid backend may not be asked for more now: a limit, a quota, or nobody agreed yet.

    What was paid for is kept, and the next update goes on from there.
    """


class ConsentNeeded(Paused):
    """Nobody has agreed yet that this code is sent to this service, or to the price."""


class IndexMissing(CodesearchError):
    """There is no index and none may be built."""


class Elsewhere(CodesearchError):
    """A process that stays can't answer this at once: whoever asks has to do it himself."""


class IndexOutdated(CodesearchError):
    """The index was made by other settings or another version and may not be rebuilt."""


class IndexLocked(CodesearchError):
    """Another process is writing the index."""


class StoreError(CodesearchError):
    """The index folder cannot be read or written."""


class IndexCorrupt(StoreError):
    """What the index folder holds is damaged or incomplete; the cure is to build it again."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to a mistyped one; empty if none is near."""
    from difflib import get_close_matches

    by_lower = {k.lower(): k for k in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"did you mean {by_lower[near[0]]}?" if near else ""
