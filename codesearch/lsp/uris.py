"""File URIs, of names that are text and of those that are not."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit


def path_of(uri: str) -> Path | None:
    """The absolute path that a URI names; None if it names no file."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    name = unquote_to_bytes(parts.path)
    if b"\0" in name:
        return None
    if os.name != "nt":
        return Path(os.fsdecode(name)) if name.startswith(b"/") else None
    text = name.decode("utf-8", "surrogatepass")
    if parts.netloc:
        return Path(f"//{parts.netloc}{text}")
    return Path(text[1:]) if re.match(r"/[A-Za-z]:", text) else None


def uri_of(path: Path) -> str:
    """The URI of an absolute path."""
    return path.as_uri()
