"""Errors as clients get them: for people, with what to do, and for programs."""

from __future__ import annotations

from pygls.exceptions import JsonRpcException

from codesearch import errors
from codesearch.errors import CodesearchError

#: The protocol's number of a request that was right and could not be answered (LSP 3.17).
_REQUEST_FAILED = -32803

# The first that fits counts.
_REASONS: tuple[tuple[type[CodesearchError], str], ...] = (
    (errors.ConsentNeeded, "consent"),
    (errors.EmbedderError, "backend"),
    (errors.ConfigError, "config"),
    (errors.GrammarError, "config"),
    (errors.IndexMissing, "missing"),
    (errors.IndexLocked, "locked"),
    (errors.StoreError, "store"),
)


def failure(error: CodesearchError) -> JsonRpcException:
    """An expected failure as an answer."""
    reason = next((name for of, name in _REASONS if isinstance(error, of)), "unknown")
    data = {"hint": error.hint, "reason": reason}
    return JsonRpcException(error.message, _REQUEST_FAILED, data)
