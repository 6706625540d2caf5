"""A segment on disk: one file, a JSON header and the arrays behind it, memory-mapped.

The file is written beside its place, flushed and renamed, so that a reader sees the old
one or the new one. It is derived data: it can be made again from the store, so whatever
is wrong with its length or its header is the same ``Damaged``. The arrays have no
checksum: reading all of them would cost a question more than it is worth.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from codesearch.segment.base import Segment, Strings

_MAGIC = b"CSSEG\x01\r\n"
_ALIGN = 64


class Damaged(Exception):
    """The segment file is missing, torn, or of another format."""


def save(segment: Segment, file: Path, facts: Mapping[str, Any]) -> None:
    """Writes a segment with a few facts about it (JSON values) in its header.

    For the holder of the writer's lock.

    Raises:
        OSError: the disk is full, the folder is read-only.
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for field in fields(segment):
        value = getattr(segment, field.name)
        if isinstance(value, Strings):
            arrays[field.name + ".blob"] = value.blob
            arrays[field.name + ".offsets"] = value.offsets
        else:
            arrays[field.name] = value
    layout, at, check = {}, 0, 0
    for name, array in arrays.items():
        layout[name] = [array.dtype.str, list(array.shape), at]
        at += -(-array.nbytes // _ALIGN) * _ALIGN
        check = _checked(array, check)
    described = {"facts": dict(facts), "arrays": layout, "bytes": at, "check": check}
    header = json.dumps(described).encode()
    header += b" " * (-(len(_MAGIC) + 8 + len(header)) % _ALIGN)
    # Not unique: what a killed writer left is overwritten by its successor.
    temporary = file.with_name(file.name + ".new")
    try:
        with temporary.open("wb") as out:
            out.write(_MAGIC + struct.pack("<II", len(header), zlib.crc32(header)) + header)
            for array in arrays.values():
                data = np.ascontiguousarray(array)
                out.write(data.data if data.nbytes else b"")
                out.write(b"\0" * (-data.nbytes % _ALIGN))
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _checked(array: np.ndarray[Any, Any], check: int) -> int:
    """The checksum of what came before and an array."""
    return zlib.crc32(np.ascontiguousarray(array).data, check) if array.nbytes else check


def load(file: Path, *, whole: bool = False) -> tuple[Segment, dict[str, Any]]:
    """Maps a segment file into memory.

    Args:
        file: what ``save`` wrote.
        whole: whether to read all of it and compare its checksum (20 ms at 40 MB); else only the
            header and the size are checked.

    Raises:
        Damaged: there is none, or it is not what ``save`` wrote.
    """
    with _opened(file) as source:
        header, start = _header(source, file)
        size = os.fstat(source.fileno()).st_size
        if size != start + header["bytes"]:
            raise Damaged(f"{file} is {size} bytes long, not {start + header['bytes']}")
        mapped = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
    arrays = {}
    for name, (dtype, shape, at) in header["arrays"].items():
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(mapped, dtype, count, start + at).reshape(shape)
    if whole:
        check = 0
        for array in arrays.values():
            check = _checked(array, check)
        if check != header.get("check"):
            raise Damaged(f"{file} has another checksum than it was saved with")
    try:
        values: dict[str, Any] = {
            f.name: Strings(arrays[f.name + ".blob"], arrays[f.name + ".offsets"])
            if f.name + ".blob" in arrays
            else arrays[f.name]
            for f in fields(Segment)
        }
    except KeyError as missing:
        raise Damaged(f"{file} has no {missing}") from None
    return Segment(**values), dict(header["facts"])


def _opened(file: Path) -> Any:
    try:
        return file.open("rb")
    except OSError as error:
        raise Damaged(f"{file}: {error.strerror}") from None


def _header(source: Any, file: Path) -> tuple[dict[str, Any], int]:
    fixed = source.read(len(_MAGIC) + 8)
    if len(fixed) < len(_MAGIC) + 8 or not fixed.startswith(_MAGIC):
        raise Damaged(f"{file} is not a segment of this version")
    length, check = struct.unpack("<II", fixed[len(_MAGIC) :])
    raw = source.read(length)
    if zlib.crc32(raw) != check:
        raise Damaged(f"{file} has a torn header")
    return json.loads(raw), len(fixed) + length
