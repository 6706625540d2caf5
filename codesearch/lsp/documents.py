"""The command line's JSON as editors want it: every path with the URI of its file."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from codesearch.protocol import Document

UriOf = Callable[[str], str]


def with_uris(document: Document, uri_of: UriOf) -> Document:
    """A document in which every object that has a path also has its URI."""
    return {key: _with(value, uri_of) for key, value in document.items()}


def _with(value: Any, uri_of: UriOf) -> Any:
    if isinstance(value, list):
        return [_with(item, uri_of) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: _with(item, uri_of) for key, item in value.items()}
    if isinstance(value.get("path"), str):
        exact = value.get("path_bytes")
        path = os.fsdecode(b64decode(exact)) if exact else value["path"]
        out["uri"] = uri_of(path)
    return out
