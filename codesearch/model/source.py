"""Files as they are seen and read, and the chunks that they are cut into."""

from __future__ import annotations

import enum
import sys
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "function",  # a free function, also a lambda bound to a name
    "method",  # a function that belongs to a type
    "class",
    "struct",
    "trait",
    "interface",
    "enum",
    "type",  # aliases, typedefs, data types, records
    "module",  # a namespace or module block; also what is left of a file
    "constant",
    "macro",
    "section",  # of a Markdown or reStructuredText document
    "text",  # a window of lines of any other text
]

#: Kinds whose chunk is a header: its own lines and the signatures of its members.
CONTAINER_KINDS: frozenset[str] = frozenset({"class", "struct", "trait", "interface", "enum"})


_63_BITS = (1 << 63) - 1
# The grain of a file system's clock: a kernel tick, or where it keeps whole seconds, two of them.
_TICK_NS = 20_000_000
_SECOND_NS = 1_000_000_000


def stamp_of(mtime_ns: int, ctime_ns: int) -> int:
    """A number that is another one when either time of a file is.

    The content can change without its time (``cp -p``, an unpacked archive), but then not
    without that of the inode. Where a file system has no such time, mtime alone decides;
    on Windows it is the time of creation, which tells that a file was replaced.
    """
    return (mtime_ns ^ ctime_ns << 1) & _63_BITS


@dataclass(frozen=True, slots=True)
class FileStat:
    """What a scan sees of a file without reading it."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0  # of the last change of content or inode, which no program can set
    unsaved: bytes | None = None  # what an editor holds and is read instead of what is on disk

    @property
    def stamp(self) -> int:
        """See ``stamp_of``."""
        return stamp_of(self.mtime_ns, self.ctime_ns)

    def is_settled(self, now_ns: int) -> bool:
        """Whether a change after ``now_ns`` must give other times.

        What was saved just now may be saved again within the grain of the file system's clock,
        with the same times and size (git calls such entries racily clean).
        """
        changed = self.mtime_ns if sys.platform == "win32" else self.ctime_ns or self.mtime_ns
        return changed < now_ns - (_TICK_NS if changed % _SECOND_NS else 2 * _SECOND_NS)


class SkipReason(enum.StrEnum):
    """Why a file that the walk met has no chunks."""

    IGNORED = "ignored"
    EXCLUDED = "excluded"  # by a built-in rule or by configuration
    TOO_LARGE = "too large"
    BINARY = "binary"
    UNDECODABLE = "undecodable"
    LONG_LINES = "minified or data: a line is too long"
    GENERATED = "generated"
    SECRET = "may hold secrets"  # noqa: S105
    UNREADABLE = "unreadable"
    SPECIAL = "not a regular file"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not indexed. A value, never an exception: one bad file stops no run."""

    path: str
    reason: SkipReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A decoded text file.

    ``text`` has ``\\n`` line ends and no byte order mark, so that line numbers and digests
    do not depend on either. ``digest`` is of the bytes on disk. ``language`` is a
    grammar's name, or "text".
    """

    path: str
    text: str
    digest: str
    language: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """One answer: a function, a type's header, a constant, a section, a window of lines.

    ``symbol`` is qualified with dots (``Store.close``) and empty where nothing has a name.
    ``text`` is the code that is embedded and searched, without ``doc``; for a container it
    is the header with the signatures of its members, so it can be shorter than its lines.
    ``doc`` is the doc comment or docstring as plain text, comment marks removed; the lines
    include it. ``cuts`` are the offsets in ``text`` at which a further piece begins,
    where the text is too long for one embedding; the pieces are vectors only, the answer
    is the whole chunk. ``fingerprint`` is what a function is compared by, empty for all else.
    """

    path: str
    language: str
    kind: Kind
    symbol: str
    signature: str
    doc: str
    parameters: tuple[str, ...]
    start_line: int
    end_line: int
    text: str
    cuts: tuple[int, ...] = ()
    fingerprint: bytes = b""

    @property
    def pieces(self) -> tuple[str, ...]:
        """The text cut into what is embedded: at least one piece, in order."""
        edges = (0, *self.cuts, len(self.text))
        return tuple(self.text[a:b] for a, b in zip(edges, edges[1:], strict=False))


@dataclass(frozen=True, slots=True)
class Passage:
    """What an embedder is given of one piece of a chunk."""

    path: str
    symbol: str
    doc: str
    code: str


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The manifest's line for one file: what was seen and what became of it."""

    path: str
    size: int
    stamp: int  # of ``FileStat``; -1: not trusted, look again
    digest: str
    language: str
    chunks: int
    skipped: str = ""  # a SkipReason's value, or empty
    detail: str = ""
