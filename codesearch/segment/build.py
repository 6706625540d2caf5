"""Segments from chunks, and one segment from many.

``of_chunks`` runs in the worker processes and is where the terms of the code are counted;
``join`` is the only way in which segments are put together: the batches of a first build,
an old segment and what has changed since, a segment and its overlay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from codesearch import paths, terms
from codesearch.model import Chunk, FileRecord, Kind
from codesearch.segment.base import (
    DOCUMENTATION,
    EXAMPLE,
    F32,
    FIELDS,
    TEST,
    Segment,
    Strings,
    name_hash,
    quantise,
    ranges,
)

KINDS: tuple[str, ...] = get_args(Kind)
_KIND_CODE = {kind: code for code, kind in enumerate(KINDS)}
_MAX_U16 = 65_535


def of_chunks(records: Sequence[FileRecord], chunks: Sequence[Sequence[Chunk]]) -> Segment:
    """A segment without vectors: ``chunks[i]`` are those of ``records[i]``, in order of lines."""
    order = sorted(range(len(records)), key=lambda i: _encoded(records[i].path))
    records = [records[i] for i in order]
    flat = [(f, c) for f, i in enumerate(order) for c in chunks[i]]
    counts = [len(chunks[i]) for i in order]
    vocabulary, first_posting, chunk, tf, lengths = _postings(flat, records)
    return Segment(
        path=Strings.of(r.path for r in records),
        size=np.array([r.size for r in records], np.int64),
        stamp=np.array([r.stamp for r in records], np.int64),
        digest=Strings.of(r.digest for r in records),
        language=Strings.of(r.language for r in records),
        skipped=Strings.of(r.skipped for r in records),
        detail=Strings.of(r.detail for r in records),
        flags=np.array([_flags(r.path) for r in records], np.uint8),
        first_chunk=_edges(counts, np.uint32),
        file=np.array([f for f, _ in flat], np.uint32),
        kind=np.array([_KIND_CODE[c.kind] for _, c in flat], np.uint8),
        symbol=Strings.of(c.symbol for _, c in flat),
        name=np.array([name_hash(c.symbol) for _, c in flat], np.uint32),
        signature=Strings.of(c.signature for _, c in flat),
        start_line=np.array([c.start_line for _, c in flat], np.uint32),
        end_line=np.array([c.end_line for _, c in flat], np.uint32),
        lengths=lengths,
        fingerprint=Strings.of_bytes([c.fingerprint for _, c in flat]),
        first_piece=_edges([len(c.cuts) + 1 for _, c in flat], np.uint32),
        vocabulary=vocabulary,
        first_posting=first_posting,
        chunk=chunk,
        tf=tf,
        vectors=np.zeros((0, 0), np.int8),
        scale=np.zeros(0, np.float32),
    )


def with_vectors(segment: Segment, vectors: F32) -> Segment:
    """The segment with one unit vector a piece, in the order of its chunks. Shape (p, d)."""
    if len(vectors) != segment.n_pieces:
        raise ValueError(f"{len(vectors)} vectors for {segment.n_pieces} pieces")
    coded, scale = quantise(vectors)
    return replace(segment, vectors=coded, scale=scale)


def _flags(path: str) -> int:
    return (
        TEST * paths.is_test(path)
        | DOCUMENTATION * paths.is_documentation(path)
        | EXAMPLE * paths.is_example(path)
    )


def _postings(
    flat: Sequence[tuple[int, Chunk]], records: Sequence[FileRecord]
) -> tuple[Strings, NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint8], NDArray[np.uint16]]:
    """Vocabulary, first_posting, chunk, tf and lengths of a ``Segment``.

    Words are counted as they stand and split into terms once for the whole batch: a batch has
    a hundred times more words than different words.
    """
    ids = _Numbers()
    word: list[int] = []  # of every (chunk, field, word): the word's number ...
    times: list[int] = []  # ... how often it stands there ...
    sizes: list[int] = []  # ... and how many of these there are for each (chunk, field)
    of_path = [Counter(terms.words(r.path)) for r in records]
    nothing: Counter[str] = Counter()
    for file, chunk in flat:
        for found in (
            terms.tally(chunk.text),
            terms.tally(chunk.doc) if chunk.doc else nothing,
            Counter(terms.words(chunk.symbol)) if chunk.symbol else nothing,
            of_path[file],
        ):
            sizes.append(len(found))
            if found:
                word.extend(map(ids.__getitem__, found))
                times.extend(found.values())
    term_ids = _Numbers()
    split = [[term_ids[term] for term in terms.expand(w)] for w in ids]
    encoded = [_encoded(term) for term in term_ids]
    order = sorted(range(len(encoded)), key=encoded.__getitem__)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))

    edges = _edges([len(s) for s in split], np.int64)
    words = np.array(word, np.int64)
    width = np.diff(edges)[words]
    term = rank[np.array([t for s in split for t in s], np.int64)[ranges(edges[words], width)]]
    where = np.repeat(np.repeat(np.arange(len(sizes)), sizes), width)  # chunk * 4 + field
    count = np.repeat(np.array(times, np.int64), width)
    lengths = np.bincount(where, count, len(flat) * len(FIELDS)).reshape(-1, len(FIELDS))

    key = term * max(len(flat), 1) + where // len(FIELDS)
    by_key = np.argsort(key, kind="stable")
    key, where, count = key[by_key], where[by_key], count[by_key]
    begin = np.flatnonzero(np.diff(key, prepend=-1))
    tf = np.zeros((len(key), len(FIELDS)), np.int64)
    tf[np.arange(len(key)), where % len(FIELDS)] = count
    tf = np.add.reduceat(tf, begin, axis=0) if len(begin) else tf
    first = _edges(np.bincount(key[begin] // max(len(flat), 1), minlength=len(order)), np.int64)
    return (
        Strings.of_bytes([encoded[i] for i in order]),
        first,
        (key[begin] % max(len(flat), 1)).astype(np.uint32),
        np.minimum(tf, 255).astype(np.uint8),
        np.minimum(lengths, _MAX_U16).astype(np.uint16),
    )


class _Numbers(dict[str, int]):
    """Numbers its keys in the order in which they are first asked for."""

    def __missing__(self, key: str) -> int:
        number = self[key] = len(self)
        return number


def join(segments: Sequence[Segment], keep: Sequence[NDArray[np.bool_] | None]) -> Segment:
    """One segment of the files kept of several (None: all). A path is kept at most once.

    All segments with pieces must have vectors of the same dimension, or none.
    """
    parts = [_Part(s, k) for s, k in zip(segments, keep, strict=True)]
    files = np.concatenate([np.flatnonzero(p.keep) for p in parts])
    source = np.repeat(np.arange(len(parts)), [int(p.keep.sum()) for p in parts])
    names = [p.segment.path.all_bytes() for p in parts]
    path = [names[s][f] for s, f in zip(source.tolist(), files.tolist(), strict=True)]
    order = np.array(sorted(range(len(path)), key=path.__getitem__), np.int64)
    files, source = files[order], source[order]

    bases = np.cumsum([0] + [s.n_chunks for s in segments])
    piece_bases = np.cumsum([0] + [s.n_pieces for s in segments])
    first = [np.asarray(s.first_chunk, np.int64) for s in segments]
    start = np.array([first[s][f] for s, f in zip(source, files, strict=True)], np.int64)
    stop = np.array([first[s][f + 1] for s, f in zip(source, files, strict=True)], np.int64)
    chunks = ranges(start + bases[source], stop - start)  # old numbers, in the new order
    new_chunk = np.full(int(bases[-1]), -1, np.int64)
    new_chunk[chunks] = np.arange(len(chunks))

    def column(name: str) -> NDArray[Any]:
        whole: NDArray[Any] = np.concatenate([getattr(s, name) for s in segments])
        return whole[chunks]

    def strings(name: str) -> Strings:
        whole: list[bytes] = []
        for s in segments:
            whole.extend(getattr(s, name).all_bytes())
        return Strings.of_bytes([whole[i] for i in chunks.tolist()])

    def of_files(name: str) -> NDArray[Any]:
        base = np.cumsum([0] + [s.n_files for s in segments])
        whole: NDArray[Any] = np.concatenate([getattr(s, name) for s in segments])
        picked: NDArray[Any] = whole[files + base[source]]
        return picked

    def file_strings(name: str) -> Strings:
        each = [getattr(s, name).all_bytes() for s in segments]
        return Strings.of_bytes(
            [each[s][f] for s, f in zip(source.tolist(), files.tolist(), strict=True)]
        )

    piece_first = np.concatenate(
        [
            np.asarray(s.first_piece[:-1], np.int64) + b
            for s, b in zip(segments, piece_bases, strict=False)
        ]
    )
    piece_count = np.concatenate([np.diff(np.asarray(s.first_piece, np.int64)) for s in segments])
    pieces = ranges(piece_first[chunks], piece_count[chunks])
    vocabulary, first_posting, chunk, tf = _join_postings(segments, new_chunk, bases)
    coded = [s.vectors for s in segments if len(s.vectors)]
    vectors = np.concatenate(coded)[pieces] if coded else np.zeros((0, 0), np.int8)
    scale = np.concatenate([s.scale for s in segments])
    return Segment(
        path=Strings.of_bytes([path[i] for i in order.tolist()]),
        size=of_files("size"),
        stamp=of_files("stamp"),
        digest=file_strings("digest"),
        language=file_strings("language"),
        skipped=file_strings("skipped"),
        detail=file_strings("detail"),
        flags=of_files("flags"),
        first_chunk=_edges(stop - start, np.uint32),
        file=np.repeat(np.arange(len(files), dtype=np.uint32), stop - start),
        kind=column("kind"),
        symbol=strings("symbol"),
        name=column("name"),
        signature=strings("signature"),
        start_line=column("start_line"),
        end_line=column("end_line"),
        lengths=column("lengths"),
        fingerprint=strings("fingerprint"),
        first_piece=_edges(piece_count[chunks], np.uint32),
        vocabulary=vocabulary,
        first_posting=first_posting,
        chunk=chunk,
        tf=tf,
        vectors=vectors,
        scale=scale[pieces] if len(scale) else scale,
    )


class _Part:
    def __init__(self, segment: Segment, keep: NDArray[np.bool_] | None) -> None:
        self.segment = segment
        self.keep = np.ones(segment.n_files, bool) if keep is None else keep


def _join_postings(
    segments: Sequence[Segment], new_chunk: NDArray[np.int64], bases: NDArray[np.int64]
) -> tuple[Strings, NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint8]]:
    each = [s.vocabulary.all_bytes() for s in segments]
    union = sorted(set().union(*each))
    number = {t: i for i, t in enumerate(union)}
    term, chunk, tf = [], [], []
    for s, vocabulary, base in zip(segments, each, bases, strict=False):
        mapped = np.array([number[t] for t in vocabulary], np.int64)
        at = new_chunk[np.asarray(s.chunk, np.int64) + base]
        alive = at >= 0
        term.append(np.repeat(mapped, np.diff(s.first_posting))[alive])
        chunk.append(at[alive])
        tf.append(s.tf[alive])
    all_terms, all_chunks = np.concatenate(term), np.concatenate(chunk)
    order = np.argsort(all_terms * max(len(new_chunk), 1) + all_chunks)
    counts = np.bincount(all_terms, minlength=len(union))
    used = np.flatnonzero(counts)
    first = np.zeros(len(used) + 1, np.int64)
    np.cumsum(counts[used], out=first[1:])
    return (
        Strings.of_bytes([union[i] for i in used.tolist()]),
        first,
        all_chunks[order].astype(np.uint32),
        np.concatenate(tf)[order],
    )


def _edges(counts: Sequence[int] | NDArray[np.int64], dtype: Any) -> NDArray[Any]:
    edges: NDArray[Any] = np.zeros(len(counts) + 1, dtype)
    np.cumsum(counts, out=edges[1:])
    return edges


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
