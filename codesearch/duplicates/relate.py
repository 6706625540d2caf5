"""What functions that ``similar`` found are to the one that it was asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from codesearch import fingerprint
from codesearch.duplicates import purpose
from codesearch.duplicates.functions import Function, is_nested
from codesearch.duplicates.likeness import Likeness, rule_of
from codesearch.duplicates.siblings import are_siblings
from codesearch.model import RULE_NAMES, THRESHOLD, Hit
from codesearch.search import View
from codesearch.segment import KINDS


def related(view: View, number: int, hits: Sequence[Hit], same: float | None) -> list[Hit]:
    """The hits, those that are copies of a function or seem to serve its purpose marked so.

    Args:
        view: the index.
        number: of the function's chunk.
        hits: what is like it.
        same: see ``Embedder.purpose``.
    """
    target = _function(view, number)
    each = [_function(view, view.locate(h.chunk.path, h.chunk.start_line)) for h in hits]
    others = [f for f in each if f is not None]
    if target is None or not others:
        return list(hits)
    likeness = Likeness([target, *others], np.arange(len(others) + 1) == 0)
    to = np.arange(1, len(others) + 1)
    shares = dict(zip(others, likeness.of(np.zeros_like(to), to).tolist(), strict=True))
    return [
        hit if f is None else replace(hit, relation=_relation(view, target, f, shares[f], same))
        for hit, f in zip(hits, each, strict=True)
    ]


def _relation(view: View, a: Function, b: Function, share: float, same: float | None) -> str:
    if is_nested(a, b):
        return ""
    if share >= THRESHOLD:
        rule = rule_of(a, b)
        return "" if rule != "CS001" and are_siblings(a, b) else RULE_NAMES[rule]
    near = float(view.vector(a.number) @ view.vector(b.number))
    return RULE_NAMES["CS004"] if same is not None and near >= same and (
        a.path != b.path and not purpose.are_known(a, b)
    ) else ""  # fmt: skip


def _function(view: View, number: int) -> Function | None:
    """A chunk of the view, if it is a function that can be compared."""
    if number < 0:
        return None
    segment, local = view.at(number)
    print_ = segment.fingerprint.raw(local)
    file = int(segment.file[local])
    return Function(
        segment.path[file],
        segment.language[file],
        KINDS[int(segment.kind[local])],
        segment.symbol[local],
        segment.signature[local],
        int(segment.start_line[local]),
        int(segment.end_line[local]),
        print_,
        number,
    ) if len(print_) > fingerprint.FEWEST else None  # fmt: skip
