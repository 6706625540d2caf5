"""The contract of an embedding backend.

A backend is one file in this folder with a function ``load() -> Embedder``. Documents and
questions have a method each, because good models treat them differently. A backend never
falls back to another model: vectors of two models must not mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from codesearch.model import Passage


class Embedder(Protocol):
    """Turns passages of code and questions into unit vectors of one space."""

    @property
    def id(self) -> str:
        """Names the model and the template of its input: part of every vector's key."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def remote(self) -> bool:
        """Whether code and questions leave the machine."""
        ...

    @property
    def weight(self) -> float:
        """How much its cosine counts beside the words, 0..1, measured for this model."""
        ...

    @property
    def floor(self) -> float:
        """A cosine at or below this says nothing: measured on unrelated pairs."""
        ...

    def embed_documents(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        """Shape (len(passages), dimension), rows of length one. Raises EmbedderError."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (dimension,), of length one; zeros if the text says nothing."""
        ...
