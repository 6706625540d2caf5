"""An embedder without a model: words and their trigrams, hashed to random directions.

Every word has the direction that its hash gives, plus a little of those of its character
trigrams, so that related spellings are near (Weinberger et al.: Feature Hashing for Large
Scale Multitask Learning, 2009; the sub-words as in Bojanowski et al.: Enriching Word
Vectors with Subword Information, 2017). It knows no meaning beyond spelling. It is
deterministic on every machine and needs no data.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import log1p

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

    id = "hashing/2"
    dimension = _DIMENSION
    remote = False
    weight = 0.35
    floor = 0.18

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._table = np.zeros((1024, _DIMENSION), np.float32)

    def embed_documents(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        weighted = [self._weigh(p) for p in passages]
        return self._sum(weighted)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        (row,) = self._sum([dict.fromkeys(terms.question_terms(text), 1.0)])
        return np.asarray(row)

    def _weigh(self, passage: Passage) -> dict[str, float]:
        path = "/".join(passage.path.split("/")[-_PATH_PARTS:])
        out: dict[str, float] = {}
        for text, factor in (
            (passage.code, 1.0),
            (passage.doc, 1.0),
            (passage.symbol, _SYMBOL),
            (path, _PATH),
        ):
            if text:
                for term, n in terms.count(text).items():
                    out[term] = out.get(term, 0.0) + factor * log1p(n)
        return out

    def _sum(self, documents: Sequence[dict[str, float]]) -> NDArray[np.float32]:
        out = np.zeros((len(documents), _DIMENSION), np.float32)
        for i, document in enumerate(documents):
            if document:
                rows = self._rows_of(document)
                out[i] = (
                    np.fromiter(document.values(), np.float32, len(document)) @ self._table[rows]
                )
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        np.divide(out, norms, out=out, where=norms > 0)
        return out

    def _rows_of(self, document: dict[str, float]) -> list[int]:
        known = self._rows
        rows = []
        for term in document:
            row = known.get(term)
            if row is None:
                row = known[term] = len(known)
                if row >= len(self._table):
                    self._table = np.concatenate([self._table, np.zeros_like(self._table)])
                self._table[row] = _direction(term)
            rows.append(row)
        return rows


def _direction(term: str) -> NDArray[np.float32]:
    whole = _signs(term)
    marked = f"<{term}>"
    grams = [marked[i : i + 3] for i in range(len(marked) - 2)]
    if term.isascii() and len(grams) > 2:
        whole = whole + _SUBWORD * sum(map(_signs, grams)) / len(grams) ** 0.5
    weight = _COMMON_WEIGHT if term in _COMMON else 1.0
    return weight * whole


def _signs(text: str) -> NDArray[np.float32]:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIMENSION // 8).digest()
    bits = np.unpackbits(np.frombuffer(digest, np.uint8))
    return bits.astype(np.float32) * 2 - 1


def load() -> Embedder:
    return HashingEmbedder()
