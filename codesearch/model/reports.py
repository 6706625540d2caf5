"""What jobs on an index say of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from codesearch.model.answers import IndexState
from codesearch.model.source import Skipped


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
