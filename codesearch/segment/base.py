"""The arrays of a segment: what a query reads, in the layout in which it is stored.

A segment holds files, their chunks, the postings of their terms and the vectors of their
pieces as flat arrays, so that a stored one is memory-mapped and costs nothing to open.
It is immutable. Files are sorted by path, the chunks of a file lie together in the order
of their lines, and the postings of a term are sorted by chunk.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from codesearch.model import FileRecord, Skipped, SkipReason

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
Number = TypeVar("Number", bound=np.number)

#: The lexical fields of a chunk, in the order of the columns of ``tf`` and ``lengths``.
FIELDS = ("code", "doc", "symbol", "path")

#: Bits of a file's ``flags``.
TEST, DOCUMENTATION, EXAMPLE = 1, 2, 4


class Strings(Sequence[str]):
    """A column of strings: one blob of UTF-8 (lone surrogates allowed) and n + 1 offsets."""

    __slots__ = ("blob", "offsets")

    def __init__(self, blob: U8, offsets: U32) -> None:
        self.blob = blob
        self.offsets = offsets

    @classmethod
    def of(cls, items: Iterable[str]) -> Strings:
        return cls.of_bytes([s.encode("utf-8", "surrogatepass") for s in items])

    @classmethod
    def of_bytes(cls, items: Sequence[bytes]) -> Strings:
        offsets = np.zeros(len(items) + 1, np.uint32)
        np.cumsum([len(b) for b in items], out=offsets[1:])
        return cls(np.frombuffer(b"".join(items), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def raw(self, i: int) -> bytes:
        return self.blob[self.offsets[i] : self.offsets[i + 1]].tobytes()

    def __getitem__(self, i: int) -> str:  # type: ignore[override]
        return self.raw(i).decode("utf-8", "surrogatepass")

    def some_bytes(self, which: I64) -> list[bytes]:
        """Some of the items."""
        data = self.blob.data
        edges = zip(self.offsets[which].tolist(), self.offsets[which + 1].tolist(), strict=True)
        return [bytes(data[a:b]) for a, b in edges]

    def some(self, which: I64) -> list[str]:
        return [b.decode("utf-8", "surrogatepass") for b in self.some_bytes(which)]

    def all_bytes(self) -> list[bytes]:
        """All items at once: much faster than one by one."""
        data = self.blob.tobytes()
        edges = self.offsets.tolist()
        return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]

    def all(self) -> list[str]:
        data = self.blob.tobytes()
        if data.isascii():
            text = data.decode("ascii")
            edges = self.offsets.tolist()
            return [text[a:b] for a, b in zip(edges, edges[1:], strict=False)]
        return [b.decode("utf-8", "surrogatepass") for b in self.all_bytes()]

    def find(self, item: str) -> int:
        """The position of an item in a column sorted by its bytes, or -1."""
        key = item.encode("utf-8", "surrogatepass")
        i = bisect_left(range(len(self)), key, key=self.raw)
        return i if i < len(self) and self.raw(i) == key else -1


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """``f`` files, ``n`` chunks, ``p`` pieces of dimension ``d``, ``v`` terms, ``m`` postings."""

    # files (f): the manifest as of this segment, files without chunks included
    path: Strings
    size: I64
    stamp: I64
    digest: Strings
    language: Strings
    skipped: Strings
    detail: Strings
    flags: U8
    first_chunk: U32  # (f + 1)
    # chunks (n)
    file: U32
    kind: U8  # position in KINDS
    symbol: Strings
    name: U32  # ``name_hash`` of the symbol's last part, 0 where there is none
    signature: Strings
    start_line: U32
    end_line: U32
    lengths: U16  # (n, 4): terms in each field
    fingerprint: Strings  # bytes, empty for what is no function
    first_piece: U32  # (n + 1)
    # terms (v) and postings (m)
    vocabulary: Strings  # sorted by bytes
    first_posting: I64  # (v + 1)
    chunk: U32  # (m)
    tf: U8  # (m, 4): the term's count in each field, at most 255
    # pieces (p)
    vectors: NDArray[np.int8]  # (p, d); a row times its scale is a unit vector
    scale: F32  # (p)

    @property
    def n_files(self) -> int:
        return len(self.size)

    @property
    def n_chunks(self) -> int:
        return len(self.file)

    @property
    def n_pieces(self) -> int:
        return int(self.first_piece[-1])

    def record(self, path: str) -> FileRecord | None:
        """The manifest's line for a path."""
        file = self.path.find(path)
        if file < 0:
            return None
        chunks = int(self.first_chunk[file + 1]) - int(self.first_chunk[file])
        return FileRecord(
            path, int(self.size[file]), int(self.stamp[file]), self.digest[file],
            self.language[file], chunks, self.skipped[file], self.detail[file],
        )  # fmt: skip

    def records(self) -> list[FileRecord]:
        """The manifest, sorted by path."""
        counts = np.diff(self.first_chunk.astype(np.int64)).tolist()
        columns = zip(
            self.path.all(),
            self.size.tolist(),
            self.stamp.tolist(),
            self.digest.all(),
            self.language.all(),
            counts,
            self.skipped.all(),
            self.detail.all(),
            strict=True,
        )
        return [FileRecord(*row) for row in columns]

    def skips(self) -> list[Skipped]:
        """The files that have no chunks, each with the reason."""
        return [
            Skipped(path, SkipReason(reason), detail)
            for path, reason, detail in zip(
                self.path.all(), self.skipped.all(), self.detail.all(), strict=True
            )
            if reason
        ]


def name_hash(symbol: str) -> int:
    """Of a symbol's last part without case and underscores: equal names have equal hashes."""
    plain = symbol.rpartition(".")[2].replace("_", "").lower()
    return crc32(plain.encode("utf-8", "surrogatepass")) if plain else 0


def quantise(vectors: F32) -> tuple[NDArray[np.int8], F32]:
    """Rows of float vectors as int8 with one scale a row (symmetric, 127 = the largest value)."""
    peak = np.abs(vectors).max(axis=1, initial=0.0)
    scale = np.where(peak > 0, peak / 127.0, 1.0).astype(np.float32)
    return np.rint(vectors / scale[:, None]).astype(np.int8), scale


def ranges(start: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers start[i] .. start[i] + length[i] - 1 of all i, one after the other."""
    edges = np.zeros(len(length) + 1, np.int64)
    np.cumsum(length, out=edges[1:])
    return np.arange(edges[-1]) + np.repeat(start - edges[:-1], length)


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The different numbers of an array, sorted. (For that, numpy's ``unique`` imports its masked
    arrays, in 10 ms.)"""
    ordered = np.sort(values)
    found: NDArray[Number] = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return found
