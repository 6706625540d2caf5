"""An embedder without a model: words and their trigrams, hashed to random directions.

Every word has the direction that its hash gives, plus a little of those of its character
trigrams, so that related spellings are near (Weinberger et al.: Feature Hashing for Large
Scale Multitask Learning, 2009; the sub-words as in Bojanowski et al.: Enriching Word
Vectors with Subword Information, 2017). It knows no meaning beyond spelling. It is
deterministic on every machine and needs no data.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b, shake_128
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from codesearch import terms
from codesearch.config import Settings
from codesearch.embedding.base import Embedder, Home
from codesearch.embedding.fields import F32, Fields, FieldSums, unit
from codesearch.model import Passage

_DIMENSION = 256  # bits of one BLAKE2b-256 digest, each a sign
_SUBWORD = 0.35  # share of a word's direction that its spelling gives
_GRAM_ROWS = 8192
_MAX_PARTS = 40_000  # about 40 MB

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
    in_workers = True
    weight = 0.85
    floor = 0.18
    purpose: float | None = None

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._numbers: dict[str, int] = {}
        self._rows = np.zeros((0, _DIMENSION), np.float32)
        self._passages = FieldSums(self._parts, self._table, Fields())

    def embed_documents(self, passages: Sequence[Passage]) -> F32:
        if len(self._numbers) > _MAX_PARTS:
            self._forget()
        return self._passages(passages)

    def embed_query(self, text: str) -> F32:
        parts = [part for word in terms.question_words(text) for part in terms.parts(word)]
        return unit(_directions(parts).sum(axis=0))

    def _parts(self, word: str) -> list[int]:
        """The rows of a word's parts."""
        known = self._numbers
        return [known.setdefault(part, len(known)) for part in terms.parts(word)]

    def _table(self) -> F32:
        """The directions of all parts met so far."""
        if len(self._numbers) > len(self._rows):
            new = list(self._numbers)[len(self._rows) :]
            self._rows = np.concatenate([self._rows, _directions(new)])
        return self._rows


def _directions(parts: Sequence[str]) -> F32:
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


def load(settings: Settings, home: Home) -> Embedder:  # noqa: ARG001
    return HashingEmbedder()
