"""What functions that ``similar`` found are to the one that it was asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from codesearch.config import Settings
from codesearch.duplicates.functions import Function, is_long_enough, of_number
from codesearch.duplicates.pairs import rule_between
from codesearch.duplicates.purpose import are_known
from codesearch.model import RULE_NAMES, DuplicateRequest, Hit
from codesearch.search import View


def related(
    view: View, number: int, hits: Sequence[Hit], settings: Settings, same: float | None
) -> list[Hit]:
    """The hits, those that are copies of a function or seem to serve its purpose marked so.

    Args:
        view: the index.
        number: of the function's chunk.
        hits: what is like it.
        settings: what is a copy; the same as where duplicates are looked for.
        same: see ``Embedder.purpose``.
    """
    request = DuplicateRequest(
        "files",
        threshold=settings.dupes_threshold,
        min_tokens=settings.dupes_min_tokens,
        rules=frozenset(RULE_NAMES).difference(settings.dupes_ignore),
    )
    fewest = request.min_tokens
    target = _function(view, number, fewest)
    each = [_function(view, view.locate(h.chunk.path, h.chunk.start_line), fewest) for h in hits]
    return [
        hit
        if target is None or f is None
        else replace(hit, relation=_relation(view, target, f, request, same))
        for hit, f in zip(hits, each, strict=True)
    ]


def _relation(
    view: View, a: Function, b: Function, request: DuplicateRequest, same: float | None
) -> str:
    rule = rule_between(a, b, request)
    if rule is not None:
        return RULE_NAMES[rule]
    if same is None or "CS004" not in request.rules or a.path == b.path or are_known(a, b):
        return ""
    near = float(view.vector(a.number) @ view.vector(b.number))
    return RULE_NAMES["CS004"] if near >= same else ""


def _function(view: View, number: int, fewest: int) -> Function | None:
    """A chunk of the view, if it is a function of at least so many tokens."""
    if number < 0:
        return None
    found = of_number(view, number)
    return found if found.fingerprint and is_long_enough(found, fewest) else None
