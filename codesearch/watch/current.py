"""The index of a work tree with the settings that hold now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from codesearch import ingest, places
from codesearch.config import Settings
from codesearch.index import Index


class Current:
    """Gives an index, which is another one once the settings are: a repository's file may change.

    Args:
        root: the work tree.
        settings: reads what holds for it.
        standby: the worker of this process.
        unsaved: see ``Index``.
    """

    def __init__(
        self,
        root: places.Root,
        settings: Callable[[], Settings],
        standby: ingest.Standby,
        unsaved: ingest.Unsaved | None = None,
    ) -> None:
        self._root = root
        self._read = settings
        self._how = standby, unsaved
        self._held: tuple[Settings, Index] | None = None

    def settings(self) -> Settings:
        """What holds now."""
        settings = self._read()
        # Where the index is stays: a relative path would follow the folder of whoever asks.
        if self._held is not None:
            settings = replace(settings, index_home=self._held[0].index_home)
        return settings

    def __call__(self) -> Index:
        settings = self.settings()
        if self._held is None or self._held[0] != settings:
            self._held = settings, Index(self._root, settings, *self._how)
        return self._held[1]
