"""An embedder without a model: words and their trigrams, hashed to random directions.

Every word has the direction that its hash gives, plus a little of those of its character
trigrams, so that related spellings are near (Weinberger et al.: Feature Hashing for Large
Scale Multitask Learning, 2009; the sub-words as in Bojanowski et al.: Enriching Word
Vectors with Subword Information, 2017). It knows no meaning beyond spelling. It is
deterministic on every machine and needs no data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b, shake_128
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from codesearch import terms
from codesearch.embedding.base import Embedder
from codesearch.model import Passage

_DIMENSION = 256  # bits of one BLAKE2b-256 digest, each a sign
_SUBWORD = 0.35  # share of a word's direction that its spelling gives
_SYMBOL = 2.0  # how often the symbol and the path count: a name says what a body does
_PATH = 2.0
_PATH_PARTS = 4
_GRAM_ROWS = 8192
_MAX_ROWS = 40_000  # about 40 MB

# Words of syntax: in nearly every chunk, so they say next to nothing.
_COMMON = frozenset(
    map(
        terms.stem,
        """
            and as break case catch class const continue def default do else elif end
            false final fn for from func function if import in int is let local mut new
            nil none not null or package private pub public raise return self static str
            string struct super switch then this throw throws true try type undefined
            val var void while with yield value name args kwargs len list dict key data
            item index get set
        """.split(),
    )
)
_COMMON_WEIGHT = 0.15


class HashingEmbedder:
    """See the module's text."""

    id = f"hashing/1.{terms.VERSION}"  # other terms are other vectors
    dimension = _DIMENSION
    remote = False
    weight = 0.35
    floor = 0.18

    def __init__(self) -> None:
        self._rows = _Rows()

    def embed_documents(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        if len(self._rows) > _MAX_ROWS:
            self._rows = _Rows()
        weighed = [self._weigh(passage) for passage in passages]
        table = self._rows.table()
        out = np.empty((len(passages), _DIMENSION), np.float32)
        for row, (rows, weights) in zip(out, weighed, strict=True):
            row[:] = _sum(table[rows], weights)
        return out

    def embed_query(self, text: str) -> NDArray[np.float32]:
        rows = [self._rows[word] for word in terms.question_words(text)]
        return _sum(self._rows.table()[rows], np.ones(len(rows), np.float32))

    def _weigh(self, passage: Passage) -> tuple[list[int], NDArray[np.float32]]:
        """The rows of a passage's identifiers and how much each counts."""
        path = "/".join(passage.path.split("/")[-_PATH_PARTS:])
        rows: list[int] = []
        counts: list[int] = []
        factors: list[float] = []
        for text, factor in (
            (passage.code, 1.0),
            (passage.doc, 1.0),
            (passage.symbol, _SYMBOL),
            (path, _PATH),
        ):
            if text:
                found = terms.tally(text)
                rows += map(self._rows.__getitem__, found)
                counts += found.values()
                factors += [factor] * len(found)
        weights = np.log1p(np.array(counts, np.float32)) * np.array(factors, np.float32)
        return rows, weights


def _sum(rows: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direction of some rows together, of length one; zeros of none."""
    out: NDArray[np.float32] = weights @ rows
    return out / np.float32(math.sqrt(out @ out) or 1)


class _Rows(dict[str, int]):
    """Identifier -> its row in ``table()``: the sum of its parts, which many share.

    Rows are numbered one by one and filled together, which takes a third of the time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows = np.zeros((1024, _DIMENSION), np.float32)
        self._new: list[str] = []
        self._parts: dict[str, NDArray[np.float32]] = {}

    def __missing__(self, word: str) -> int:
        row = self[word] = len(self)
        self._new.append(word)
        return row

    def table(self) -> NDArray[np.float32]:
        """The rows of all identifiers met so far."""
        first = len(self) - len(self._new)
        if len(self) > len(self._rows):
            grown = np.zeros((max(len(self), 2 * len(self._rows)), _DIMENSION), np.float32)
            grown[:first] = self._rows[:first]
            self._rows = grown
        split = [terms.parts(word) for word in self._new]
        unknown = list({p for parts in split for p in parts if p not in self._parts})
        self._parts.update(zip(unknown, _directions(unknown), strict=True))
        for row, parts in enumerate(split, first):
            for part in parts:
                self._rows[row] += self._parts[part]
        self._new.clear()
        return self._rows


def _directions(parts: Sequence[str]) -> NDArray[np.float32]:
    """What each part adds to an identifier. Shape (len(parts), _DIMENSION)."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    digests = b"".join(blake2b(e, digest_size=_DIMENSION // 8).digest() for e in encoded)
    out = _signs(digests).reshape(-1, _DIMENSION).astype(np.float32)
    for i, (part, e) in enumerate(zip(parts, encoded, strict=True)):
        if part.isascii() and len(part) > 2:
            marked = b"<%b>" % e
            grams = [crc32(marked[j : j + 3]) % _GRAM_ROWS for j in range(len(marked) - 2)]
            out[i] += _SUBWORD / len(grams) ** 0.5 * _grams()[grams].sum(axis=0)
        if part in _COMMON:
            out[i] *= _COMMON_WEIGHT
    return out


@cache
def _grams() -> NDArray[np.int8]:
    """A random direction for every hash of a trigram. Shape (_GRAM_ROWS, _DIMENSION)."""
    bits = shake_128(b"codesearch trigrams").digest(_GRAM_ROWS * _DIMENSION // 8)
    return _signs(bits).reshape(_GRAM_ROWS, _DIMENSION)


def _signs(bits: bytes) -> NDArray[np.int8]:
    """+1 and -1 for the bits that are 1 and 0."""
    return np.unpackbits(np.frombuffer(bits, np.uint8)).view(np.int8) * 2 - 1


def load() -> Embedder:
    return HashingEmbedder()
