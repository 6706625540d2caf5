"""Embedding backends: one file each, loaded by the name that the user gives."""

from __future__ import annotations

import difflib
import importlib

from codesearch.embedding.base import Embedder
from codesearch.errors import ConfigError

#: The user's name of a backend -> its file in this folder.
BACKENDS = {"local": "hashing"}


def load(backend: str) -> Embedder:
    """Loads a backend by name.

    Raises:
        ConfigError: there is no backend of that name.
        EmbedderError: it is not installed or cannot start.
    """
    if backend not in BACKENDS:
        near = difflib.get_close_matches(backend, BACKENDS, 1)
        raise ConfigError(
            f"there is no embedding backend {backend!r}",
            f"did you mean {near[0]!r}?" if near else f"choose one of: {', '.join(BACKENDS)}",
        )
    module = importlib.import_module(f"codesearch.embedding.{BACKENDS[backend]}")
    embedder: Embedder = module.load()
    return embedder


__all__ = ["BACKENDS", "Embedder", "load"]
