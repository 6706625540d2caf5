"""The contract of an embedding backend.

A backend is one file in this folder with a function ``load(settings, home) -> Embedder``.
Documents and questions have a method each, because good models treat them differently. A
backend never falls back to another model: vectors of two models must not mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from codesearch.model import Passage


@dataclass(frozen=True, slots=True)
class Home:
    """What a backend is told of where it is used.

    Args:
        folder: for what has to outlast an index; None: the backend may keep nothing.
        place: whose code it is, a name of the repository on this machine.
    """

    folder: Path | None = None
    place: str = ""


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
    def in_workers(self) -> bool:
        """Whether every worker process may load it, to embed what it has just read."""
        ...

    @property
    def weight(self) -> float:
        """How much its cosine counts beside the words, 0..1, measured for this model."""
        ...

    @property
    def floor(self) -> float | None:
        """A cosine at or below this says nothing: measured on unrelated pairs.

        None where that was not measured: then each question's own cosines tell.
        """
        ...

    @property
    def purpose(self) -> float | None:
        """From this cosine on two functions that are nearest to each other, though they consist of
        other tokens, mostly serve one purpose; None where that was not measured."""
        ...

    def embed_documents(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        """Shape (len(passages), dimension), rows of length one. Raises EmbedderError."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (dimension,), of length one; zeros if the text says nothing."""
        ...
