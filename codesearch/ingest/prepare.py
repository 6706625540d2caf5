"""What an update does, and the part of it that needs no store: plan, read, cut, count.

``prepare`` is pure work on paths and runs in worker processes when there is enough of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from codesearch import files, fingerprint, languages, terms
from codesearch.chunking import chunk_or_windows, windows
from codesearch.embedding import Embedder
from codesearch.files import Rules
from codesearch.model import (
    Chunk,
    FileRecord,
    FileStat,
    Passage,
    Skipped,
    SkipReason,
    SourceFile,
)
from codesearch.places import Root
from codesearch.segment import Image, Segment, of_chunks, with_vectors

if TYPE_CHECKING:
    from codesearch.ingest.pool import Standby

F16 = NDArray[np.float16]
#: What an editor holds of files and has not saved, by their paths.
Unsaved = Mapping[str, bytes]

_DOC_CHARS = 2_000
_CHARS_A_TOKEN = 3.3


#: Layout of the folder and meaning of what lies in it; another number is a rebuild.
FORMAT = 3


def kept_by(rules: Rules) -> str:
    """A digest of all that decides what is stored of a work tree, but for the model."""
    said = f"{terms.VERSION}|{fingerprint.VERSION}|{languages.digest()}|{rules.key()}"
    return blake2b(said.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Site:
    """One work tree and everything that decides what its index holds."""

    root: Root
    folder: Path  # of the index; shared by the worktrees of a repository
    tree: str  # the work tree's name in that folder
    rules: Rules
    settings: str  # a digest of what changes the stored chunks
    load: Callable[[], Embedder]  # by which a worker process loads the embedder too
    jobs: int | None
    standby: Standby | None = None  # of a process that stays
    own_key: bool = True  # not where one answers for others, who have keys of their own
    unsaved: Unsaved = field(default_factory=dict)  # by path; an editor changes it meanwhile

    @cached_property
    def embedder(self) -> Embedder:
        return self.load()

    @property
    def model(self) -> tuple[str, int]:
        return self.embedder.id, self.embedder.dimension

    @property
    def image(self) -> Image:
        return Image(self.folder, self.tree, FORMAT, self.settings, self.model)

    @property
    def image_of_any_model(self) -> Image:
        """For what needs no vectors, and so no embedder."""
        return Image(self.folder, self.tree, FORMAT, self.settings, None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done so that the index equals the disk."""

    added: Sequence[FileStat]
    changed: Sequence[FileStat]  # another size or time; the content may still be the same
    removed: Sequence[str]
    unchanged: int

    @property
    def work(self) -> list[FileStat]:
        return [*self.added, *self.changed]

    @property
    def pending(self) -> int:
        return len(self.added) + len(self.changed) + len(self.removed)

    @property
    def bytes(self) -> int:
        return sum(s.size for s in self.work)


def plan(stats: Iterable[FileStat], known: Mapping[str, tuple[int, int]]) -> Plan:
    """Compares a scan with what is known: path -> (size, stamp)."""
    added, changed, same = [], [], 0
    seen = set()
    for stat in stats:
        seen.add(stat.path)
        was = known.get(stat.path)
        if was is None:
            added.append(stat)
        elif was != (stat.size, stat.stamp):
            changed.append(stat)
        else:
            same += 1
    return Plan(added, changed, sorted(known.keys() - seen), same)


@dataclass(slots=True)
class Prepared:
    """A batch of files, read, cut into chunks and counted.

    ``records``, ``chunks`` and the files of ``segment`` correspond, sorted by path. ``keys``
    are of all pieces of the chunks, in order.
    """

    segment: Segment
    records: list[FileRecord]
    chunks: list[list[Chunk]]
    touched: list[FileRecord] = field(default_factory=list)  # same content, other times
    gone: list[str] = field(default_factory=list)  # vanished since the scan
    keys: list[str] = field(default_factory=list)
    made: dict[str, F16] = field(default_factory=dict)  # the vectors made so far, by key

    def passages(self) -> list[Passage]:
        """What an embedder is given, a passage a piece, in the order of ``keys``."""
        return passages(c for of_file in self.chunks for c in of_file)


def prepare(
    root: Root,
    stats: Sequence[FileStat],
    rules: Rules,
    known: Mapping[str, FileRecord],
    *,
    parsed: bool = True,
) -> Prepared:
    """Reads and chunks files. ``known`` holds the records of those that were there before.

    Never raises for a bad file: it becomes a record with the reason why it is skipped. Without
    ``parsed`` all files are cut into windows of lines.
    """
    records: list[FileRecord] = []
    chunks: list[list[Chunk]] = []
    touched: list[FileRecord] = []
    gone: list[str] = []
    now = time.time_ns()
    terms.tally.cache_clear()  # it holds the texts of the batch before, however large
    for stat in sorted(stats, key=lambda s: os.fsencode(s.path)):
        # Times that are not settled are not trusted: the next scan looks again.
        stamp = stat.stamp if stat.is_settled(now) else -1
        got = files.read(root, stat, rules, languages.detect)
        if isinstance(got, Skipped) and got.reason is SkipReason.UNREADABLE:
            stamp = -1  # permissions of a folder above change without the file's times
        was = known.get(stat.path)
        if was is not None and _is_same(got, was):
            touched.append(replace(was, size=stat.size, stamp=stamp))
        elif not isinstance(got, Skipped):
            found = chunk_or_windows(got) if parsed else windows(got)
            records.append(
                FileRecord(stat.path, stat.size, stamp, got.digest, got.language, len(found))
            )
            chunks.append(found)
        elif os.path.lexists(root.path / stat.path):
            why = got.reason.value, got.detail
            records.append(FileRecord(stat.path, stat.size, stamp, "", "", 0, *why))
            chunks.append([])
        else:
            gone.append(stat.path)
    return Prepared(of_chunks(records, chunks), records, chunks, touched, gone)


def _is_same(got: SourceFile | Skipped, was: FileRecord | None) -> bool:
    """Whether a file is what it was, whatever its times say."""
    if was is None:
        return False
    if isinstance(got, Skipped):
        return (got.reason.value, got.detail) == (was.skipped, was.detail)
    return got.digest == was.digest and not was.skipped


def count_pending(root: Root, todo: Plan, rules: Rules, known: Mapping[str, FileRecord]) -> int:
    """How many files of a plan really differ: of those with other times, the content decides."""
    same = sum(
        _is_same(files.read(root, stat, rules, languages.detect), known.get(stat.path))
        for stat in todo.changed
    )
    return todo.pending - same


def key(embedder_id: str, passage: Passage) -> str:
    """The identity of a passage's vector: model, template and all of the text. 32 hex digits."""
    digest = blake2b(digest_size=16)
    for part in (embedder_id, passage.path, passage.symbol, passage.doc, passage.code):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def passages(chunks: Iterable[Chunk]) -> list[Passage]:
    """What an embedder is given of some chunks, a passage a piece, in order."""
    return [
        Passage(c.path, c.symbol, c.doc[:_DOC_CHARS], piece) for c in chunks for piece in c.pieces
    ]


def identify(prepared: Prepared, embedder: Embedder) -> None:
    """Fills in the keys."""
    prepared.keys = [key(embedder.id, p) for p in prepared.passages()]


def embed(prepared: Prepared, embedder: Embedder, wanted: Container[str] | None = None) -> int:
    """Makes the vectors of the pieces whose key is ``wanted`` (None: all) and not yet there.

    Vectors are rounded to the half floats that the store keeps, so that new ones and those that
    come back from it give the same segment. Returns how many were made.
    """
    todo = {
        k: p
        for k, p in zip(prepared.keys, prepared.passages(), strict=True)
        if k not in prepared.made and (wanted is None or k in wanted)
    }
    if todo:
        rows = embedder.embed_documents(list(todo.values())).astype(np.float16)
        prepared.made.update(zip(todo, rows, strict=True))
    return len(todo)


def finished(prepared: Prepared, dimension: int) -> Segment:
    """The batch's segment with its vectors, which must all be made."""
    rows = [prepared.made[k] for k in prepared.keys]
    vectors = np.array(rows, np.float32).reshape(len(rows), dimension)
    return with_vectors(prepared.segment, vectors)


def estimate_tokens(chunks: Iterable[Chunk]) -> int:
    """About how many tokens a model would be sent for some chunks."""
    return int(sum(len(c.text) + len(c.doc) for c in chunks) / _CHARS_A_TOKEN)
