"""Paid vectors in a file, for a team or for CI: so that only one of them pays.

The file says which model and dimension it holds and ends with a digest. It comes from others, so
nothing of it is used before all of it was looked at: its length, its digest, and that every vector
is one of length one. The layout: a line of JSON, the keys, the vectors as little-endian half
floats, 32 bytes of BLAKE2b over everything before.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from codesearch.errors import ConfigError
from codesearch.remote.vault import KEY_BYTES, Vault

_FORMAT = "codesearch.vectors/1"
_DIGEST = 32
_MAX_HEADER = 4_096
_MANY = 4_096  # rows at a time
_MOST_NUMBERS = 10_000
_TOLERANCE = 0.01  # of a length, in half floats


class Held(NamedTuple):
    """What a file holds."""

    model: str
    dimension: int
    vectors: int
    start: int  # of the keys


def export(vault: Vault, model: str, dimension: int, keys: Sequence[bytes], file: Path) -> int:
    """Writes the vectors that a vault has under some keys. How many.

    Raises:
        OSError: the file cannot be written.
    """
    there = sorted(vault.has(model, dimension, keys))
    described = {"format": _FORMAT, "model": model, "dimension": dimension, "count": len(there)}
    digest = blake2b(digest_size=_DIGEST)
    if file.is_dir() or not file.name:
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:

            def put(data: bytes) -> None:
                digest.update(data)
                out.write(data)

            put(json.dumps(described).encode() + b"\n")
            put(b"".join(there))
            for at in range(0, len(there), _MANY):
                part = there[at : at + _MANY]
                found = vault.find(model, dimension, part)
                put(b"".join(found[key].astype("<f2").tobytes() for key in part))
            out.write(digest.digest())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    return len(there)


def take(vault: Vault, file: Path, fits: Callable[[Held], None]) -> tuple[Held, int]:
    """Takes the vectors of a file into a vault: what it holds, and how many were new.

    ``fits`` is asked, and may raise, after all of it was looked at and before any of it is used.

    Raises:
        ConfigError: it cannot be read, or is not what ``export`` wrote.
    """
    try:
        held = _checked(file)
        fits(held)
        new = sum(
            vault.keep(held.model, held.dimension, dict(zip(keys, rows, strict=True)))
            for keys, rows in _rows(file, held)
        )
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from None
    return held, new


def _checked(file: Path) -> Held:
    size = file.stat().st_size
    digest = blake2b(digest_size=_DIGEST)
    with file.open("rb") as source:
        line = source.readline(_MAX_HEADER)
        has = _header(line, file)
        row = KEY_BYTES + 2 * has.dimension
        if size != len(line) + has.vectors * row + _DIGEST:
            raise _wrong(file, "it is cut short, or too long")
        digest.update(line)
        left = has.vectors * row
        while left:
            part = source.read(min(left, 1 << 20))
            if not part:
                raise _wrong(file, "it is cut short")
            digest.update(part)
            left -= len(part)
        if source.read() != digest.digest():
            raise _wrong(file, "its content was changed")
    for _, rows in _rows(file, has):
        lengths = np.linalg.norm(rows.astype(np.float32), axis=1)
        if not (np.abs(lengths - 1) < _TOLERANCE).all():  # nor is it for what is no number
            raise _wrong(file, "it holds vectors that are none")
    return has


def _header(line: bytes, file: Path) -> Held:
    try:
        said: Any = json.loads(line)
        model, dimension, count = said["model"], said["dimension"], said["count"]
        known = said["format"] == _FORMAT
    except (ValueError, LookupError, TypeError, RecursionError):
        raise _wrong(file, "it was not written by codesearch cache export") from None
    is_sound = (
        type(model) is str
        and type(dimension) is int
        and type(count) is int
        and 0 < dimension <= _MOST_NUMBERS
        and count >= 0
    )
    if not known or not is_sound or not line.endswith(b"\n"):
        raise _wrong(file, "it is of another version, or was changed")
    return Held(model, dimension, count, len(line))


def _rows(file: Path, has: Held) -> Iterator[tuple[list[bytes], NDArray[np.float16]]]:
    size = 2 * has.dimension
    with file.open("rb") as keys, file.open("rb") as vectors:
        keys.seek(has.start)
        vectors.seek(has.start + has.vectors * KEY_BYTES)
        for at in range(0, has.vectors, _MANY):
            n = min(_MANY, has.vectors - at)
            raw = keys.read(n * KEY_BYTES)
            rows = np.frombuffer(vectors.read(n * size), "<f2").reshape(n, has.dimension)
            yield [raw[i : i + KEY_BYTES] for i in range(0, len(raw), KEY_BYTES)], rows


def _wrong(file: Path, why: str) -> ConfigError:
    return ConfigError(f"{file} holds no vectors that can be used: {why}", "export it again")
