"""The trained model: a vector a token, summed. Everything happens on this machine.

A passage's vector is made of its fields' (``fields``), a field's of its tokens (``vocabulary``).
A question's tokens count as much as was learnt for each, and less the nearer they are to what the
whole question says. The weights lie in ``model/``, four bits a number, made by the pipeline in
``training/``, whose MODEL.md says how good they are.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codesearch.config import Settings
from codesearch.embedding.base import Embedder, Home
from codesearch.embedding.fields import F32, Fields, FieldSums, question_vector
from codesearch.embedding.vocabulary import Vocabulary, distinct
from codesearch.errors import EmbedderError
from codesearch.model import Passage

FOLDER = Path(__file__).parent / "model"
#: The two numbers of a byte, the first in its lower half; 8 is zero.
_PAIRS = np.array([(byte % 16 - 8, byte // 16 - 8) for byte in range(256)], np.float32)


class StaticEmbedder:
    """See the module's text."""

    remote = False
    in_workers = True

    def __init__(self, folder: Path) -> None:
        """Opens the weights of a folder; they are mapped, not read.

        Raises:
            EmbedderError: they are not there, or not whole.
        """
        try:
            about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
            tokens = (folder / "tokens.txt").read_text(encoding="utf-8").split("\n")[:-1]
            self._rows: NDArray[np.uint8] = np.load(folder / "rows.npy", mmap_mode="r")
            self._scale: F32 = np.load(folder / "scale.npy").astype(np.float32)
            self._asked: F32 = np.load(folder / "asked.npy").astype(np.float32)
            if not len(tokens) == len(self._rows) == len(self._scale) == len(self._asked):
                raise ValueError("its files do not belong together")
        except (OSError, ValueError) as error:
            raise EmbedderError(
                f"the embedded model cannot be read: {error}", "install codesearch again"
            ) from error
        self.id: str = about["id"]
        self.dimension: int = 2 * self._rows.shape[1]
        self.weight: float = about["weight"]
        self.floor: float = about["floor"]
        self.purpose: float | None = about.get("purpose")
        self._vocabulary = Vocabulary(tokens)
        self._floats: F32 | None = None
        self._damping: float = about["damping"]
        self._passages = FieldSums(
            self._vocabulary.of_word, self._table, Fields(**about["fields"]), self._damping
        )

    def embed_documents(self, passages: Sequence[Passage]) -> F32:
        return self._passages(passages)

    def embed_query(self, text: str) -> F32:
        tokens = distinct(self._vocabulary.of_question(text))
        return question_vector(self._asked[tokens], self._unpacked(tokens), self._damping)

    def _table(self) -> F32:
        """All vectors as floats: 60 MB that only who embeds passages needs."""
        if self._floats is None:
            self._floats = self._unpacked(slice(None))
        return self._floats

    def _unpacked(self, tokens: Sequence[int] | slice) -> F32:
        """Some tokens' vectors, shape (tokens, dimension)."""
        pairs = _PAIRS[self._rows[tokens]]
        pairs *= self._scale[tokens, None, None]
        return pairs.reshape(len(pairs), self.dimension)


def load(settings: Settings, home: Home) -> Embedder:  # noqa: ARG001
    return _shared()


@functools.cache
def _shared() -> StaticEmbedder:
    """One is enough for all indexes of a process: its table takes memory, and it may be used by
    several threads."""
    return StaticEmbedder(FOLDER)
