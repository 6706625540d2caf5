"""From a question to hits: candidates, scores, and each hit's lines as they stand on disk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from codesearch import files, languages, rank
from codesearch.embedding import Embedder
from codesearch.model import Chunk, FileStat, Hit, SearchRequest, Skipped
from codesearch.places import Root
from codesearch.search.base import View
from codesearch.search.evidence import Question, allowed, gather
from codesearch.segment import KINDS

_ALSO = 4  # further functions of a file, with by_file


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
    here = np.flatnonzero(may)
    evidence, found = gather(view, asked, request, embedder, here)
    scored = rank.score(evidence, embedder.weight if asked.vector.any() else 0.0)
    order = np.flatnonzero(found)
    # Chunks are numbered by path and line within a layer: a stable sort breaks ties by them.
    order = order[np.argsort(-scored.total[order], kind="stable")]
    if request.min_score is not None:
        order = order[scored.total[order] >= request.min_score]
    hits: list[Hit] = []
    by_file: dict[str, list[Hit]] = {}
    limit = request.top_k
    for place in order.tolist():
        segment, number = view.at(int(here[place]))
        path = segment.path[int(segment.file[number])]
        if request.by_file and len(by_file) >= limit and path not in by_file:
            if all(len(v) > _ALSO for v in by_file.values()) or place == order[-1]:
                break
            continue
        if request.by_file and len(by_file.get(path, ())) > _ALSO:
            continue
        if not request.by_file and len(hits) >= limit:
            break
        chunk = shown(view, int(here[place]), lines)
        if chunk is None:
            continue
        parts = {name: round(float(v[place]), 4) for name, v in scored.parts.items() if v[place]}
        parts["bm25"] = round(float(evidence.bm25[place]), 4)
        parts["vector"] = round(float(evidence.cosine[place]), 4)
        hit = Hit(chunk, float(scored.total[place]), parts)
        hits.append(hit)
        by_file.setdefault(path, []).append(hit)
    if request.by_file:
        hits = [replace(first, also=tuple(rest)) for first, *rest in by_file.values()]
        return hits, len(np.unique(evidence.file[found])) > len(hits)
    return hits, len(order) > len(hits)


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
