"""From a question to hits: candidates, scores, and each hit's lines as they stand on disk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from codesearch import files, languages, rank
from codesearch.embedding import Embedder
from codesearch.model import Chunk, FileStat, Hit, SearchRequest, Skipped
from codesearch.places import Root
from codesearch.search.evidence import Question, allowed, gather
from codesearch.search.view import View
from codesearch.segment import KINDS

_ALSO = 4  # further functions of a file, with by_file
_DIGITS = 5  # of a score that decide; the next ones depend on how a processor adds up


class Lines:
    """Lines of files as they stand on disk; a file is read once."""

    def __init__(self, root: Root, rules: files.Rules) -> None:
        self._root = root
        self._rules = rules
        self._held: dict[str, list[str] | None] = {}

    def read(self, path: str, first: int, last: int) -> str | None:
        """Lines ``first`` to ``last``, or None if the file is gone or can't be read."""
        if path not in self._held:
            got = files.read(self._root, FileStat(path, 0, 0), self._rules, languages.detect)
            self._held[path] = None if isinstance(got, Skipped) else got.text.split("\n")
        held = self._held[path]
        return None if held is None else "\n".join(held[first - 1 : last])


def run(
    view: View,
    asked: Question,
    request: SearchRequest,
    embedder: Embedder,
    lines: Lines,
    leave_out: int = -1,
) -> tuple[list[Hit], bool]:
    """The hits, best first, and whether there were more than asked for.

    A hit whose file is gone from the disk is not shown. ``leave_out`` is a chunk's number.
    """
    may = allowed(view, request)
    if leave_out >= 0:
        may[leave_out] = False
    here, evidence, how = gather(view, asked, request, embedder, may)
    if not len(here):
        return [], False
    scored = rank.score(evidence, how)
    # Ties break by path, then line: so are the chunks of a file numbered.
    order = np.lexsort((here, view.place[view.file[here]], -scored.total.round(_DIGITS)))
    if request.min_score is not None:
        order = order[scored.total[order] >= request.min_score]

    def hit(place: int) -> Hit | None:
        chunk = shown(view, int(here[place]), lines)
        if chunk is None:
            return None
        parts = {name: float(v[place]) for name, v in scored.parts.items() if v[place]}
        parts |= {"bm25": float(evidence.bm25[place]), "vector": float(evidence.cosine[place])}
        rounded = {name: round(value, 4) for name, value in parts.items()}
        return Hit(chunk, float(scored.total[place]), rounded)

    groups = _by_file(order, view.file[here]) if request.by_file else [[p] for p in order.tolist()]
    hits: list[Hit] = []
    for group in groups:
        if len(hits) == request.top_k:
            return hits, True
        first, *rest = map(hit, group)
        if first is not None:
            hits.append(replace(first, also=tuple(h for h in rest if h is not None)))
    return hits, False


def _by_file(order: NDArray[np.int64], file: NDArray[np.int64]) -> list[list[int]]:
    """Places grouped by file, in the order of each file's best, with a few of its next ones."""
    groups: dict[int, list[int]] = {}
    for place in order.tolist():
        group = groups.setdefault(int(file[place]), [])
        if len(group) <= _ALSO:
            group.append(place)
    return list(groups.values())


def shown(view: View, number: int, lines: Lines) -> Chunk | None:
    """A chunk as a hit shows it, its text read from the disk; None if that is gone."""
    segment, local = view.at(number)
    file = int(segment.file[local])
    path = segment.path[file]
    first, last = int(segment.start_line[local]), int(segment.end_line[local])
    text = lines.read(path, first, last)
    if text is None:
        return None
    return Chunk(
        path=path,
        language=segment.language[file],
        kind=KINDS[int(segment.kind[local])],  # type: ignore[arg-type]
        symbol=segment.symbol[local],
        signature=segment.signature[local],
        doc="",
        parameters=(),
        start_line=first,
        end_line=last,
        text=text,
    )
