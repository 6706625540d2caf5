"""The stored image of one work tree: which segment file is the newest, and what it is worth.

A new image gets a new name, because a file that a reader has mapped can't be replaced on
every system; the older ones are deleted as soon as nobody holds them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from codesearch.model import IndexState
from codesearch.segment.base import Segment
from codesearch.segment.file import Damaged, load, save


@dataclass(frozen=True, eq=False)
class Stored:
    """A loaded segment and the facts that it was saved with."""

    segment: Segment
    facts: Mapping[str, Any]
    file: Path

    @property
    def generation(self) -> int:
        """The store's generation that this image was made from."""
        return int(self.facts["generation"])

    @cached_property
    def known(self) -> dict[str, tuple[int, int]]:
        """path -> (size, stamp) of every file of the manifest."""
        s = self.segment
        times = zip(s.size.tolist(), s.stamp.tolist(), strict=True)
        return dict(zip(s.path.all(), times, strict=True))


@dataclass(frozen=True, slots=True)
class Image:
    """The segment files of one work tree in an index folder, and what they must match."""

    folder: Path
    tree: str
    format: int
    settings: str
    model: tuple[str, int] | None  # None: any, for who only reads

    def files(self) -> list[Path]:
        """Oldest first."""
        ours = re.compile(rf"{self.tree}-(\d+)\.segment")
        try:
            found = [(m, f) for f in self.folder.iterdir() if (m := ours.fullmatch(f.name))]
        except OSError:  # whoever has to write there tells what is wrong
            return []
        return [file for _, file in sorted((int(m[1]), file) for m, file in found)]

    def load(
        self, held: Stored | None = None, *, whole: bool = False
    ) -> tuple[IndexState, Stored | None]:
        """The newest image if it can be used, else why not. ``held`` saves loading it again.
        ``whole`` checks all of it, for what is to be built upon.

        FRESH says that the image is whole and was made with these settings; whether the
        files have changed since is for the caller to find out.
        """
        newest = self.files()[-1:]
        while newest and (held is None or held.file != newest[0]):
            try:
                held = Stored(*load(newest[0], whole=whole), newest[0])
            except Damaged:
                tried, newest = newest, self.files()[-1:]
                if newest == tried:  # else a writer has just replaced it
                    return IndexState.CORRUPT, None
        if not newest or held is None:
            return IndexState.MISSING, None
        if held.facts.get("format") != self.format:
            return IndexState.OLD_FORMAT, None
        if self.model is not None and held.facts.get("model") != list(self.model):
            return IndexState.OTHER_MODEL, None
        if held.facts.get("settings") != self.settings:
            return IndexState.OTHER_SETTINGS, None
        return IndexState.FRESH, held

    def made_with(self) -> str:
        """The model of the newest image, whether it can be used here or not; "" if unknown."""
        for file in reversed(self.files()):
            with suppress(Damaged, KeyError, TypeError, ValueError):
                model, dimension = load(file)[1]["model"]
                return f"{model}, {dimension} dimensions"
        return ""

    def save(self, segment: Segment, generation: int, created: float) -> None:
        """Stores a new image beside the old ones, then deletes those.

        Raises:
            OSError: the disk is full, the folder is read-only; the old image stands.
        """
        old = self.files()
        number = int(old[-1].stem.rpartition("-")[2]) + 1 if old else 1
        facts = {
            "format": self.format,
            "settings": self.settings,
            "model": list(self.model or ()),
            "generation": generation,
            "created": created,
            "updated": time.time(),
        }
        save(segment, self.folder / f"{self.tree}-{number}.segment", facts)
        for stale in old:
            with suppress(OSError):  # mapped by a reader on Windows: the next save tries again
                stale.unlink()
