"""A model2vec model in a folder of the user's: static vectors, like the built-in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from codesearch.config import Settings
from codesearch.embedding.base import Embedder, Home
from codesearch.embedding.fields import unit
from codesearch.embedding.folder import identity, model_folder, text_of
from codesearch.errors import EmbedderError
from codesearch.model import Passage


class Model2VecEmbedder:
    """See the module's text."""

    remote = False
    in_workers = True
    weight = 1.0
    floor: float | None = None
    purpose: float | None = None

    def __init__(self, settings: Settings) -> None:
        folder = model_folder(settings)
        try:
            from model2vec import StaticModel
        except ImportError as error:
            raise EmbedderError(
                "the library model2vec is not installed", "pip install model2vec"
            ) from error
        try:
            self._model = StaticModel.from_pretrained(str(folder))
        except Exception as error:
            raise EmbedderError(f"the model in {folder} cannot be loaded: {error}") from error
        self.id = identity(folder, "model2vec")
        self.dimension = int(self._model.dim)

    def embed_documents(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        if not passages:
            return np.zeros((0, self.dimension), np.float32)
        rows = self._model.encode([text_of(p) for p in passages], use_multiprocessing=False)
        return unit(np.asarray(rows, np.float32))

    def embed_query(self, text: str) -> NDArray[np.float32]:
        row: NDArray[np.float32] = unit(np.asarray(self._model.encode([text]), np.float32))[0]
        return row


def load(settings: Settings, home: Home) -> Embedder:  # noqa: ARG001
    return Model2VecEmbedder(settings)
