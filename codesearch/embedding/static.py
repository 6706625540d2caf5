"""The trained model: a vector a token, summed. Everything happens on this machine.

A passage's vector is the sum of its words' vectors (``words``), a word's that of its tokens
(``vocabulary``). A question's tokens count as much as was learnt for each. The weights lie in
``model/``, made by the pipeline in ``training/``, whose MODEL.md says how good they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codesearch.embedding.base import Embedder
from codesearch.embedding.vocabulary import Vocabulary, distinct
from codesearch.embedding.words import F32, Fields, WordSums, unit
from codesearch.errors import EmbedderError
from codesearch.model import Passage

FOLDER = Path(__file__).parent / "model"


class StaticEmbedder:
    """See the module's text."""

    remote = False

    def __init__(self, folder: Path) -> None:
        """Opens the weights of a folder; they are mapped, not read.

        Raises:
            EmbedderError: they are not there, or not whole.
        """
        try:
            about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
            tokens = (folder / "tokens.txt").read_text(encoding="utf-8").split("\n")[:-1]
            self._rows: NDArray[np.int8] = np.load(folder / "rows.npy", mmap_mode="r")
            self._scale: F32 = np.load(folder / "scale.npy").astype(np.float32)
            self._asked: F32 = np.load(folder / "asked.npy").astype(np.float32)
        except (OSError, ValueError) as error:
            raise EmbedderError(
                f"the embedded model cannot be read: {error}", "install codesearch again"
            ) from error
        self.id: str = about["id"]
        self.dimension: int = self._rows.shape[1]
        self.weight: float = about["weight"]
        self.floor: float = about["floor"]
        self._vocabulary = Vocabulary(tokens)
        self._passages = WordSums(self.dimension, self._vectors, Fields(**about["fields"]))

    def embed_documents(self, passages: Sequence[Passage]) -> F32:
        return self._passages(passages)

    def embed_query(self, text: str) -> F32:
        rows = distinct(self._vocabulary.of_question(text))
        return unit((self._scale[rows] * self._asked[rows]) @ self._rows[rows].astype(np.float32))

    def _vectors(self, words: Sequence[str]) -> F32:
        """The sums of the words' tokens. Shape (len(words), dimension)."""
        split = [self._vocabulary.of_word(word) for word in words]
        rows = np.array([row for of_word in split for row in of_word], np.int64)
        each = self._rows[rows].astype(np.float32) * self._scale[rows, None]
        sizes = np.array([len(of_word) for of_word in split], np.int64)
        out = np.zeros((len(words), self.dimension), np.float32)
        some = np.flatnonzero(sizes)
        if len(some):
            begin = np.cumsum(sizes) - sizes
            out[some] = np.add.reduceat(each, begin[some], axis=0)
        return out


def load() -> Embedder:
    return StaticEmbedder(FOLDER)
