"""The words of the project: plain values that every other room speaks in.

Nothing here reads a file, opens an index or prints. Paths are relative to the
root of the index and written with ``/`` on every system; lines are 1-based and
inclusive.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class FileStat:
    """What a scan sees of a file without reading it."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0  # of the last change of content or inode, which no program can set

    @property
    def stamp(self) -> int:
        """A number that is another one when either time is.

        The content can change without its time (``cp -p``, an unpacked archive), but then not
        without that of the inode. Where a file system has no such time, mtime alone decides;
        on Windows it is the time of creation, which tells that a file was replaced.
        """
        return (self.mtime_ns ^ self.ctime_ns << 1) & _63_BITS

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
    is the whole chunk.
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


class IndexState(enum.StrEnum):
    """What an index is worth before anything is refreshed."""

    MISSING = "missing"
    CORRUPT = "corrupt"
    OLD_FORMAT = "old format"
    OTHER_SETTINGS = "other settings"
    OTHER_MODEL = "other model"
    STALE = "stale"
    FRESH = "fresh"


Mode = Literal["hybrid", "semantic", "lexical"]
Tests = Literal["demote", "include", "exclude", "only"]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A question and what may answer it. Empty filters let everything through."""

    query: str
    top_k: int = 10
    mode: Mode = "hybrid"
    paths: tuple[str, ...] = ()  # folders or files; "" and "." mean the root
    globs: tuple[str, ...] = ()  # a leading "!" excludes
    languages: tuple[str, ...] = ()
    not_languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    symbol: str = ""  # a part of the symbol, any case
    tests: Tests = "demote"
    min_score: float | None = None
    by_file: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer with the parts of its score, for ``--explain``."""

    chunk: Chunk  # ``text`` is read from the file at answer time
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)
    fresh: bool = True  # whether its file is still as it was indexed; else it was cut anew
    also: Sequence[Hit] = ()  # with ``by_file``: the file's next functions


@dataclass(frozen=True, slots=True)
class SearchResult:
    hits: Sequence[Hit]
    state: IndexState
    pending: int  # files that changed and are not yet in the stored index
    seconds: float
    truncated: bool = False  # there were more than top_k
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """A string that looks like a secret and is replaced in what is sent to a remote backend."""

    path: str
    symbol: str
    kind: str  # as its detector calls it


@dataclass(frozen=True, slots=True)
class Bill:
    """What texts cost at a remote backend, or would cost."""

    service: str = ""  # whose it is
    model: str = ""
    dimension: int = 0
    terms: str = ""  # what a person should know before anything is sent
    texts: int = 0  # to be sent; each is a request in the service's quota
    tokens: int = 0  # as the service counts them where it says so, else estimated
    dollars: float | None = 0.0  # None: the price is not known
    priced: str = ""  # the day on which the price was read
    paid: int = 0  # texts whose vectors were paid for before
    promised: int = 0  # texts that a batch job is at
    is_batch: bool = False  # at the price of batch jobs
    refused: Sequence[str] = ()  # "path symbol" of texts that the service did not take
    withheld: Sequence[Withheld] = ()
    minutes: Mapping[str, float] = field(default_factory=dict)  # by tier, as their quotas allow


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a long job. ``total`` is None while it is not known."""

    stage: Literal["scan", "price", "index", "send", "ask", "finish"]
    done: int
    total: int | None
    detail: str = ""  # what is waited for


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update did, or with ``dry_run`` would do."""

    files: int
    added: int
    changed: int
    removed: int
    chunks: int  # in the index after the update; of a dry run: in the files that it would read
    embedded: int  # passages that a model had to embed; of a dry run: at most
    reused: int  # passages whose vector was there
    skipped: Sequence[Skipped]
    seconds: float
    dry_run: bool = False
    tokens: int = 0  # estimated, of what is to be embedded
    notes: Sequence[str] = ()  # e.g. that a damaged index was rebuilt
    bill: Bill | None = None  # of a remote backend


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """What a process that keeps an index has to tell."""

    event: Literal[
        "ready",  # up to date, and waiting for changes; ``detail`` says why by polling, if so
        "updated",  # something had changed, and is stored
        "waiting",  # for another process that writes, which ``detail`` names
        "failed",  # an update, which is tried again; ``detail`` and ``hint`` say why
        "stopped",
    ]
    report: UpdateReport | None = None
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What ``codesearch status`` says of an index."""

    root: str
    folder: str  # where the index lies
    state: IndexState
    backend: str
    model: str  # the embedder's id
    dimension: int
    remote: bool  # whether code leaves the machine with this backend
    files: int
    skipped: int
    chunks: int
    languages: Mapping[str, int]  # files a language, most first
    kinds: Mapping[str, int]  # chunks a kind, most first
    bytes_on_disk: int
    created: float | None  # Unix seconds
    updated: float | None
    pending: int  # files that changed since
    made_with: str = ""  # the model of the stored index, where it is another one


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a path is in the index or not."""

    path: str
    included: bool
    rule: str  # "build/", "built-in: lock file", "tracked by git"
    source: str  # ".gitignore:12", "built-in", "settings", "git"


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Which indexes were deleted so that the rest fits."""

    deleted: Sequence[tuple[str, int]]  # the work tree, or the folder's name, and the bytes freed
    busy: Sequence[str]  # the same of those that another process is writing
    left: int  # bytes that all indexes take now


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the index folder that should not be as it is."""

    severity: Literal["fault", "waste"]  # answers could be wrong or missing; disk only
    where: str  # a name in the index folder; "." is the folder itself
    what: str
    cure: str  # what mending does; empty where a person has to
    bytes: int = 0  # that the cure gives back


@dataclass(frozen=True, slots=True)
class Health:
    """What is wrong in an index folder."""

    root: str
    folder: str
    findings: Sequence[Finding]
    bytes_on_disk: int
    bytes_live: int  # of them, what answers and updates need
    mended: Sequence[Finding] = ()  # what there was before and is no more
    notes: Sequence[str] = ()  # what is no fault and still good to know

    @property
    def is_faulty(self) -> bool:
        return any(finding.severity == "fault" for finding in self.findings)
