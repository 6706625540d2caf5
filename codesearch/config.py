"""Settings: what was said in files, the environment and flags, resolved once and passed down.

This is the only room that reads the environment. It knows no index and no terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codesearch.model import Tests


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, after all sources were merged.

    A repository's own configuration may set ``exclude``, ``include``, ``max_file_bytes`` and
    ``tests`` only: a cloned repository is not trusted with more.
    """

    backend: str = "local"
    index_home: Path | None = None  # None: the operating system's cache folder
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    max_file_bytes: int = 1_000_000
    tests: Tests = "demote"
    jobs: int | None = None  # None: one worker a core
    offline: bool = False
