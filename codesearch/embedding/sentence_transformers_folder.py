"""A sentence-transformers model in a folder of the user's. Slow without a GPU, and strong."""

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


class SentenceTransformersEmbedder:
    """See the module's text. Questions and code get the prompts that the model says it wants."""

    remote = False
    in_workers = False  # it uses all cores itself, and a worker's copy would take a gigabyte
    weight = 1.0
    floor: float | None = None
    purpose: float | None = None

    def __init__(self, settings: Settings) -> None:
        folder = model_folder(settings)
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging
        except ImportError as error:
            raise EmbedderError(
                "the library sentence-transformers is not installed",
                "pip install sentence-transformers",
            ) from error
        logging.disable_progress_bar()
        try:
            # Code that a model brings is not run.
            self._model = SentenceTransformer(
                str(folder), local_files_only=True, trust_remote_code=False
            )
            self.dimension = int(self._model.get_embedding_dimension())
        except Exception as error:
            raise EmbedderError(f"the model in {folder} cannot be loaded: {error}") from error
        self.id = identity(folder, "sentence-transformers")

    def embed_documents(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        if not passages:
            return np.zeros((0, self.dimension), np.float32)
        texts = [text_of(p) for p in passages]
        rows = self._model.encode_document(texts, show_progress_bar=False)
        return unit(np.asarray(rows, np.float32))

    def embed_query(self, text: str) -> NDArray[np.float32]:
        row = self._model.encode_query([text], show_progress_bar=False)[0]
        return unit(np.asarray(row, np.float32))


def load(settings: Settings, home: Home) -> Embedder:  # noqa: ARG001
    return SentenceTransformersEmbedder(settings)
