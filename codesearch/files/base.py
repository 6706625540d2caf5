"""What the room is told and what it finds: the rules of a scan, and why a file is left out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NamedTuple

from codesearch.config import Settings
from codesearch.model import SkipReason

# Another number where a new version judges the content of an unchanged file differently.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Rules:
    """What a scan and a read go by, besides what the repository ignores.

    ``exclude`` and ``include`` are lines as in an ignore file, from the root on. Includes come
    after excludes and also take back what a built-in rule would leave out, except secrets.
    """

    max_file_bytes: int = 1_000_000
    max_line_chars: int = 20_000
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        return cls(
            max_file_bytes=settings.max_file_bytes,
            exclude=settings.exclude,
            include=settings.include,
        )

    def key(self) -> str:
        """What of the rules decides how an unchanged file is read; part of the stored key.

        Which files are scanned at all shows by itself in the next scan.
        """
        return repr((_VERSION, self.max_file_bytes, self.max_line_chars, self.include))


class Finding(NamedTuple):
    """Why a file is left out: the rule's own words, and where it stands."""

    reason: SkipReason
    rule: str
    source: str


class Unlisted(NamedTuple):
    """git did not list the files, for a reason that a person can read."""

    reason: str


def is_inside(path: str) -> bool:
    """Whether a path, taken by its letters, stays in the root and out of ``.git``.

    The index of a hostile repository can hold any name.
    """
    if "\0" in path or (os.sep != "/" and (os.sep in path or ":" in path)):
        return False
    return not any(part in {"", ".", ".."} or part.lower() == ".git" for part in path.split("/"))


def printable(text: str) -> str:
    """Text with everything that could disturb a terminal replaced by "?"."""
    return "".join(c if c.isprintable() else "?" for c in text)
