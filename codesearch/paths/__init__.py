"""What a path alone says: its folders, the patterns that it matches, what kind of file it is.

Pure functions over strings; nothing here looks at a disk. Paths are relative to the root and
written with ``/`` on every system.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from codesearch.paths.globs import Pattern, matches_glob, parse_pattern, translate
from codesearch.paths.priors import is_documentation, is_example, is_test

__all__ = [
    "Pattern",
    "is_documentation",
    "is_example",
    "is_test",
    "matches_glob",
    "parse_pattern",
    "posix",
    "translate",
    "under",
]


def posix(path: str) -> str:
    """A relative path as it is written inside: ``/`` between the parts, no ``./``, no end slash.

    The root itself is the empty string. ``..`` is kept: what leads outside is for the caller
    to refuse.
    """
    if os.sep != "/":
        path = path.replace(os.sep, "/")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def under(path: str, folders: Iterable[str]) -> bool:
    """Whether ``path`` is one of ``folders`` or inside one; "" and "." are the root."""
    return any(
        folder in {"", "."} or path == folder or path.startswith(folder + "/") for folder in folders
    )
