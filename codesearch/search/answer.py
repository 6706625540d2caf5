"""From a question to hits: candidates, scores, and each hit's lines as they stand on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from codesearch import files, languages, rank
from codesearch.chunking import chunk_or_windows
from codesearch.embedding import Embedder
from codesearch.model import Chunk, FileStat, Hit, SearchRequest, Skipped, SourceFile
from codesearch.places import Root
from codesearch.search.evidence import Question, allowed, gather
from codesearch.search.view import View
from codesearch.segment import KINDS, Segment

_ALSO = 4  # further functions of a file, with by_file
_DIGITS = 5  # of a score that decide; the next ones depend on how a processor adds up


class Sources:
    """Files as they stand, on disk or in an editor; each is read once.

    Args:
        root: where they are.
        rules: how they are read.
        cut: cuts one that changed anew; None: here.
        unsaved: what an editor holds of some, by their paths.
    """

    def __init__(
        self,
        root: Root,
        rules: files.Rules,
        cut: Callable[[SourceFile], list[Chunk]] | None = None,
        unsaved: Mapping[str, bytes] | None = None,
    ) -> None:
        self._root = root
        self._rules = rules
        self._cut = cut or chunk_or_windows
        self._unsaved = unsaved or {}
        self._read: dict[str, SourceFile | None] = {}
        self._chunks: dict[str, list[Chunk]] = {}

    def of(self, path: str) -> SourceFile | None:
        """A file, or None if it is gone or can't be read."""
        if path not in self._read:
            file = FileStat(path, 0, 0, unsaved=self._unsaved.get(path))
            got = files.read(self._root, file, self._rules, languages.detect)
            self._read[path] = None if isinstance(got, Skipped) else got
        return self._read[path]

    def chunks(self, file: SourceFile) -> list[Chunk]:
        """What the file is cut into as it stands."""
        if file.path not in self._chunks:
            self._chunks[file.path] = self._cut(file)
        return self._chunks[file.path]


def run(
    view: View,
    asked: Question,
    request: SearchRequest,
    embedder: Embedder,
    sources: Sources,
    leave_out: int = -1,
) -> tuple[list[Hit], bool]:
    """The hits, best first, and whether there were more than asked for.

    A hit whose file or function is gone from the disk is not shown. ``leave_out`` is a chunk's
    number.
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
        found = shown(view, int(here[place]), sources)
        if found is None:
            return None
        chunk, fresh = found
        parts = {name: float(v[place]) for name, v in scored.parts.items() if v[place]}
        parts |= {"bm25": float(evidence.bm25[place]), "vector": float(evidence.cosine[place])}
        rounded = {name: round(value, 4) for name, value in parts.items()}
        return Hit(chunk, float(scored.total[place]), rounded, fresh)

    groups = _by_file(order, view.file[here]) if request.by_file else [[p] for p in order.tolist()]
    hits: list[Hit] = []
    for group in groups:
        if len(hits) == request.top_k:
            return hits, True
        standing = [h for h in map(hit, group) if h is not None]
        if standing:
            hits.append(replace(standing[0], also=tuple(standing[1:])))
    return hits, False


def _by_file(order: NDArray[np.int64], file: NDArray[np.int64]) -> list[list[int]]:
    """Places grouped by file, in the order of each file's best, with a few of its next ones."""
    groups: dict[int, list[int]] = {}
    for place in order.tolist():
        group = groups.setdefault(int(file[place]), [])
        if len(group) <= _ALSO:
            group.append(place)
    return list(groups.values())


def shown(view: View, number: int, sources: Sources) -> tuple[Chunk, bool] | None:
    """A chunk as a hit shows it, its text read from the disk, and whether its file is still as it
    was indexed.

    Where it is not, the chunk of the same name is taken from the file as it stands. None if that
    or the file is gone.
    """
    segment, local = view.at(number)
    file = int(segment.file[local])
    source = sources.of(segment.path[file])
    if source is None:
        return None
    chunk = _chunk(segment, local)
    if source.digest == segment.digest[file]:
        return replace(chunk, text=_lines(source, chunk.start_line, chunk.end_line)), True
    same = [c for c in sources.chunks(source) if (c.kind, c.symbol) == (chunk.kind, chunk.symbol)]
    if not same:
        return None
    now = min(same, key=lambda c: abs(c.start_line - chunk.start_line))
    text = _lines(source, now.start_line, now.end_line)
    return replace(now, doc="", parameters=(), text=text, cuts=()), False


def outline(view: View, path: str) -> list[Chunk]:
    """What an indexed file is cut into, in order; without text. Empty for a file that is not."""
    for layer, base in zip(view.layers, view.file_bases.tolist(), strict=False):
        s = layer.segment
        file = s.path.find(path)
        if file >= 0 and view.alive[base + file]:
            first, last = int(s.first_chunk[file]), int(s.first_chunk[file + 1])
            return [_chunk(s, local) for local in range(first, last)]
    return []


def _chunk(segment: Segment, local: int) -> Chunk:
    """A chunk of a segment, without what only its file has."""
    file = int(segment.file[local])
    return Chunk(
        path=segment.path[file],
        language=segment.language[file],
        kind=KINDS[int(segment.kind[local])],  # type: ignore[arg-type]
        symbol=segment.symbol[local],
        signature=segment.signature[local],
        doc="",
        parameters=(),
        start_line=int(segment.start_line[local]),
        end_line=int(segment.end_line[local]),
        text="",
    )


def _lines(source: SourceFile, first: int, last: int) -> str:
    return "\n".join(source.text.split("\n")[first - 1 : last])
