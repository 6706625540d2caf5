"""Embedding backends: one file each, loaded by the name that the user gives."""

from __future__ import annotations

import importlib

from codesearch.embedding.base import Embedder
from codesearch.errors import ConfigError, did_you_mean

#: The user's name of a backend -> its file in this folder.
BACKENDS = {"local": "static", "hashing": "hashing"}


def load(backend: str) -> Embedder:
    """Loads a backend by name.

    Raises:
        ConfigError: there is no backend of that name.
        EmbedderError: it is not installed or cannot start.
    """
    if backend not in BACKENDS:
        raise ConfigError(
            f"there is no embedding backend {backend!r}",
            did_you_mean(backend, BACKENDS) or f"known are: {', '.join(BACKENDS)}",
        )
    module = importlib.import_module(f"codesearch.embedding.{BACKENDS[backend]}")
    embedder: Embedder = module.load()
    return embedder


__all__ = ["BACKENDS", "Embedder", "load"]
