"""What a question is asked of: the segments of an index, seen as one.

A ``View`` is the index at one moment: the stored segment without the files that changed,
and a small segment of those that did. Chunks and files are numbered over all layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from codesearch import rank
from codesearch.model import CONTAINER_KINDS
from codesearch.segment import DOCUMENTATION, FIELDS, KINDS, TEST, Segment

Bool = NDArray[np.bool_]
F32 = NDArray[np.float32]

_CONTAINERS = np.array([k in CONTAINER_KINDS for k in KINDS])
_MODULES = np.array([k == "module" for k in KINDS])
_PROSE = np.array([k in {"text", "section"} for k in KINDS])
_MAX_CACHED_FLOATS = 200_000 * 256


@dataclass(frozen=True, eq=False)
class Layer:
    """A segment and what is computed of it once for all questions."""

    segment: Segment

    @cached_property
    def average(self) -> F32:
        if not self.segment.n_chunks:
            return np.ones(len(FIELDS), np.float32)
        return np.asarray(self.segment.lengths.mean(axis=0), np.float32)

    @cached_property
    def file_length(self) -> F32:
        """Terms of code and doc a file."""
        total = self.segment.lengths[:, :2].sum(axis=1, dtype=np.float32)
        return np.bincount(self.segment.file, total, self.segment.n_files).astype(np.float32)

    @cached_property
    def matrix(self) -> F32 | None:
        """The vectors as floats where that fits in memory: a product at full speed."""
        if self.segment.vectors.size > _MAX_CACHED_FLOATS:
            return None
        return self.segment.vectors.astype(np.float32)

    def cosine(self, query: F32) -> F32:
        """The best piece's cosine of each chunk. Shape (n,)."""
        s = self.segment
        if not len(s.vectors) or not query.any():
            return np.zeros(s.n_chunks, np.float32)
        if self.matrix is not None:
            each = (self.matrix @ query) * s.scale
        else:
            each = np.empty(len(s.vectors), np.float32)
            for at in range(0, len(each), 65_536):
                each[at : at + 65_536] = s.vectors[at : at + 65_536].astype(np.float32) @ query
            each *= s.scale
        if len(each) == s.n_chunks:
            return each
        return np.maximum.reduceat(each, s.first_piece[:-1]) if s.n_chunks else each


@dataclass(frozen=True, eq=False)
class View:
    """The layers of an index at one moment, the stored one first."""

    layers: Sequence[Layer]
    stands: Bool | None = None  # which files of the first layer still stand; None: all
    bases: NDArray[np.int64] = field(init=False)
    file_bases: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        counts = [layer.segment.n_chunks for layer in self.layers]
        files = [layer.segment.n_files for layer in self.layers]
        object.__setattr__(self, "bases", np.cumsum([0, *counts]))
        object.__setattr__(self, "file_bases", np.cumsum([0, *files]))

    def load(self) -> None:
        """Computes what all questions share."""
        _ = self.prior, self.norms, self.file_length, self.alive, self.place
        for layer in self.layers:
            _ = layer.matrix

    @cached_property
    def file(self) -> NDArray[np.int64]:
        return self._column("file") + np.repeat(self.file_bases[:-1], np.diff(self.bases))

    @cached_property
    def kind(self) -> NDArray[np.uint8]:
        return self._column("kind")  # type: ignore[return-value]

    @cached_property
    def lengths(self) -> NDArray[np.uint16]:
        return self._column("lengths")  # type: ignore[return-value]

    @cached_property
    def flags(self) -> NDArray[np.uint8]:
        """Of the files."""
        return np.concatenate([layer.segment.flags for layer in self.layers])

    @cached_property
    def norms(self) -> F32:
        average = self.layers[0].average
        return np.concatenate(
            [rank.field_norms(layer.segment.lengths, average) for layer in self.layers]
        )

    @cached_property
    def file_length(self) -> F32:
        return np.concatenate([layer.file_length for layer in self.layers])

    @cached_property
    def prior(self) -> rank.Evidence:
        """Of all chunks: what does not depend on a question; the rest of it is zero."""
        flags = self.flags[self.file]
        named = self._column("name") > 0
        zero = np.zeros(len(flags), np.float32)
        return rank.Evidence(
            bm25=zero,
            cosine=zero,
            file_bm25=zero,
            file_best=zero,
            words=self.lengths[:, 0].astype(np.float32),
            exact=zero,
            stem=zero,
            test=(flags & TEST) > 0,
            prose=((flags & DOCUMENTATION) > 0) | _PROSE[self.kind],
            # A module with a name is a container; without one, what is left of a file.
            container=_CONTAINERS[self.kind] | (_MODULES[self.kind] & named),
            leftover=_PROSE[self.kind] | (_MODULES[self.kind] & ~named),
        )

    def path(self, file: int) -> str:
        layer = int(np.searchsorted(self.file_bases, file, side="right")) - 1
        return self.layers[layer].segment.path[file - int(self.file_bases[layer])]

    def digest(self, path: str) -> str:
        """Of a file's content as it is indexed; "" for a file that is not."""
        for layer, base in zip(self.layers, self.file_bases.tolist(), strict=False):
            file = layer.segment.path.find(path)
            if file >= 0 and self.alive[base + file]:
                return layer.segment.digest[file]
        return ""

    @cached_property
    def alive(self) -> Bool:
        """Which files count, of all layers."""
        out = np.ones(len(self.flags), bool)
        if self.stands is not None:
            out[: len(self.stands)] = self.stands
        return out

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """The place of each file in the order of paths."""
        if len(self.layers) == 1:
            return np.arange(len(self.flags))
        names = [name for layer in self.layers for name in layer.segment.path.all_bytes()]
        out = np.empty(len(names), np.int64)
        out[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        return out

    @cached_property
    def paths(self) -> list[str]:
        return [p for layer in self.layers for p in layer.segment.path.all()]

    def _column(self, name: str) -> NDArray[np.int64]:
        return np.concatenate([getattr(layer.segment, name) for layer in self.layers])

    def at(self, number: int) -> tuple[Segment, int]:
        """The segment of a chunk and its number there."""
        layer = int(np.searchsorted(self.bases, number, side="right")) - 1
        return self.layers[layer].segment, number - int(self.bases[layer])

    def vector(self, number: int) -> F32:
        """Of a chunk's first piece, about as it was embedded: of length one, or zeros."""
        segment, local = self.at(number)
        if not len(segment.vectors):
            return np.zeros(1, np.float32)
        row = int(segment.first_piece[local])
        return np.asarray(segment.vectors[row].astype(np.float32) * segment.scale[row], np.float32)

    def postings(self, term: str) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """A term's chunks, numbered over all layers, and its counts in their fields."""
        for layer, base in zip(self.layers, self.bases, strict=False):
            s = layer.segment
            row = s.vocabulary.find(term)
            if row >= 0:
                a, b = int(s.first_posting[row]), int(s.first_posting[row + 1])
                yield s.chunk[a:b] + base, s.tf[a:b]

    def locate(self, path: str, line: int) -> int:
        """The number of the smallest chunk that holds a line of a file, or -1."""
        best, size = -1, 0
        bases = zip(self.layers, self.bases.tolist(), self.file_bases.tolist(), strict=False)
        for layer, base, file_base in bases:
            s = layer.segment
            file = s.path.find(path)
            if file < 0 or not self.alive[file_base + file]:
                continue
            for local in range(int(s.first_chunk[file]), int(s.first_chunk[file + 1])):
                first, last = int(s.start_line[local]), int(s.end_line[local])
                if first <= line <= last and (best < 0 or last - first < size):
                    best, size = base + local, last - first
        return best
