"""Embedding backends: one file each, loaded by the name that the user gives."""

from __future__ import annotations

import importlib

from codesearch.config import Settings
from codesearch.embedding.base import Embedder, Home
from codesearch.errors import ConfigError, did_you_mean

#: The user's name of a backend -> its file in this folder.
BACKENDS = {
    "local": "static",
    "hashing": "hashing",
    "gemini": "gemini",
    "openai": "openai_compatible",
    "model2vec": "model2vec_folder",
    "sentence-transformers": "sentence_transformers_folder",
}


def load(settings: Settings, home: Home | None = None) -> Embedder:
    """Loads the backend that the settings name.

    Args:
        settings: its name, and what it is told.
        home: where it is used; a remote one keeps there what was paid for.

    Raises:
        ConfigError: there is no backend of that name, or it is told something that it can't do.
        EmbedderError: it is not installed or cannot start.
    """
    backend = settings.backend
    if backend not in BACKENDS:
        raise ConfigError(
            f"there is no embedding backend {backend!r}",
            did_you_mean(backend, BACKENDS) or f"known are: {', '.join(BACKENDS)}",
        )
    module = importlib.import_module(f"codesearch.embedding.{BACKENDS[backend]}")
    embedder: Embedder = module.load(settings, home or Home())
    return embedder


__all__ = ["BACKENDS", "Embedder", "Home", "load"]
