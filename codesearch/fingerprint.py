"""What of a function is compared with other functions: its tokens as numbers.

A fingerprint is one string of bytes, made where a function is cut out and stored with it, so that
nothing has to be parsed again. Laid out in little-endian numbers:

* 8 bytes: a digest of the texts of the tokens, without layout and comments;
* 4 bytes: n, the number of tokens;
* 4 bytes: how many of them are the function's body;
* 2 and 2 bytes: where its first token is, in lines below the first line of the function with what
  is above it, and in characters of its line;
* 2 bytes: how many lines below its first token its last one ends;
* n x 2 bytes: ``codes``, which forget the names and the literals that a copy may change;
* n x 2 bytes and more: ``words``, which forget nothing: a number for each token's text, then one
  for each word of the function's comments, docs and attributes.

Numbers of 16 bits collide, in one of 30,000 pairs of words. What counts are runs of four.
This room knows no language: what is a name and what a literal is told by who cut the function.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

U16 = NDArray[np.uint16]

#: Of what is stored; another one is a rebuild.
VERSION = 4

#: Functions of fewer tokens have no fingerprint: there is too little to be a copy.
FEWEST = 16

_HEAD = 22
_LITERAL, _LOCAL, _FIRST_SYNTAX, _NAME = 0, 1, 2, 0x8000
_WORD = re.compile(r"\w+")


class Role(enum.IntEnum):
    """What a token is to whoever compares."""

    SYNTAX = 0  # a keyword, an operator, a bracket
    NAME = 1  # of something outside: a callee, a member, a type, a constant
    LOCAL = 2  # a name that the function gives: its own, a parameter, a variable
    LITERAL = 3


@lru_cache(1 << 16)
def _number(word: str) -> int:
    checksum = crc32(word.encode("utf-8", "surrogatepass"))
    return (checksum ^ checksum >> 16) & 0xFFFF


@lru_cache(1 << 16)
def _code(text: str, role: Role) -> int:
    if role is Role.LITERAL:
        return _LITERAL
    if role is Role.LOCAL:
        return _LOCAL
    number = _number(text)
    return _NAME | number >> 1 if role is Role.NAME else max(number >> 1, _FIRST_SYNTAX)


def of(
    tokens: Sequence[tuple[str, Role]],
    remarks: Iterable[str],
    *,
    body: int,
    line: int = 0,
    column: int = 0,
    height: int = 0,
) -> bytes:
    """The fingerprint of a function.

    Args:
        tokens: texts and roles, in order, without comments.
        remarks: the texts of its comments, docs and attributes.
        body: how many tokens, at the end, are not the signature.
        line: of the first token, 0-based from the function's first line on.
        column: of the first token, 0-based.
        height: lines from the first token's to the last one's.
    """
    texts = [text for text, _ in tokens]
    words = [_number(text) for text in texts]
    words += [_number(word) for remark in remarks for word in _WORD.findall(remark)]
    numbers = [*(_code(text, role) for text, role in tokens), *words]
    counts = np.array([len(texts), body], "<u4")
    place = np.minimum([line, column, height], 0xFFFF).astype("<u2")
    return content(texts) + counts.tobytes() + place.tobytes() + np.array(numbers, "<u2").tobytes()


def content(texts: Sequence[str]) -> bytes:
    """What ``exact`` is of a function whose tokens have these texts."""
    return blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def exact(fingerprint: bytes) -> bytes:
    """Equal for functions of the same tokens. 8 bytes."""
    return fingerprint[:8]


def size(fingerprint: bytes) -> int:
    """How many tokens the function has."""
    return int.from_bytes(fingerprint[8:12], "little")


def body(fingerprint: bytes) -> int:
    """How many of them are its body."""
    return int.from_bytes(fingerprint[12:16], "little")


def counts(
    blob: NDArray[np.uint8], offsets: NDArray[np.uint32], which: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``size`` and ``body`` of some of many fingerprints, 0 for empty ones.

    Args:
        blob: all of them, one behind the other.
        offsets: where each begins, and the end; shape (n + 1,).
        which: their places, shape (m,); so are the results.
    """
    edges = offsets.astype(np.int64)
    start = edges[which]
    filled = edges[which + 1] > start
    out = np.zeros((2, len(which)), np.int64)
    for row, at in ((0, 8), (1, 12)):
        for byte in range(4):
            out[row, filled] |= blob[start[filled] + at + byte].astype(np.int64) << 8 * byte
    return out[0], out[1]


def place(fingerprint: bytes) -> tuple[int, int]:
    """The line and the column of its first token, both from 0 on."""
    line, column = np.frombuffer(fingerprint, "<u2", 2, 16).tolist()
    return line, column


def last_line(fingerprint: bytes) -> int:
    """In which line its last token ends, from 0 on: closing lines of what is around are no part."""
    line, _, height = np.frombuffer(fingerprint, "<u2", 3, 16).tolist()
    return int(line + height)


def codes(fingerprint: bytes) -> U16:
    """A number a token, shape (n,): the same for all literals, and for all local names."""
    return np.frombuffer(fingerprint, "<u2", size(fingerprint), _HEAD)


def form(fingerprint: bytes) -> bytes:
    """Equal for functions of the same ``codes``."""
    return fingerprint[_HEAD : _HEAD + 2 * size(fingerprint)]


def words(fingerprint: bytes) -> U16:
    """A number a token, then one a word of comments and docs; shape (n + m,)."""
    return np.frombuffer(fingerprint, "<u2", offset=_HEAD + 2 * size(fingerprint))


def streams(
    fingerprints: Sequence[bytes],
) -> tuple[tuple[U16, NDArray[np.int64]], tuple[U16, NDArray[np.int64]]]:
    """``codes`` and ``words`` of many, one behind the other, each with the numbers of every one."""
    numbers = np.frombuffer(b"".join(fingerprints), "<u2")
    of_all = np.array([len(f) // 2 for f in fingerprints], np.int64)
    n = np.array([size(f) for f in fingerprints], np.int64)
    parts = np.stack([np.full(len(n), _HEAD // 2), n, of_all - _HEAD // 2 - n], axis=1)
    codes, words = (
        numbers[np.repeat(np.tile(np.arange(3) == part, len(n)), parts.ravel())] for part in (1, 2)
    )
    return (codes, parts[:, 1]), (words, parts[:, 2])


def blind(codes: U16) -> U16:
    """Codes that are also the same for all names."""
    return np.where(codes & _NAME, np.uint16(_LOCAL), codes)


def is_local(codes: U16) -> NDArray[np.bool_]:
    """Which tokens are names that the function gives."""
    return np.equal(codes, _LOCAL)


def is_literal(codes: U16) -> NDArray[np.bool_]:
    """Which tokens are literals."""
    return np.equal(codes, _LITERAL)


def number(word: str) -> int:
    """What a word is in ``words``."""
    return _number(word)


def renamed(fingerprint: bytes) -> bytes:
    """Equal for functions whose tokens are the same but for literals and local names.

    A name counts by where it stood first, so that two names that were swapped are a difference
    (consistent renaming: Roy & Cordy 2007, "A Survey on Software Clone Detection Research", 7.2).
    """
    n = size(fingerprint)
    stream = codes(fingerprint)
    local = words(fingerprint)[:n][stream == _LOCAL]
    _, first, inverse = np.unique(local, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    numbered = order[inverse].astype("<u2")
    return blake2b(stream.tobytes() + b"\0" + numbered.tobytes(), digest_size=8).digest()
