"""The words of the project: plain values that every other room speaks in.

Nothing here reads a file, opens an index or prints. Paths are relative to the
root of the index and written with ``/`` on every system; lines are 1-based and
inclusive.
"""

from __future__ import annotations

from codesearch.model.answers import (
    Hit,
    IndexState,
    Mode,
    SearchRequest,
    SearchResult,
    Tests,
)
from codesearch.model.duplicates import (
    BASELINE,
    RULE_NAMES,
    THRESHOLD,
    Copy,
    Difference,
    Duplicate,
    DuplicateMode,
    DuplicateReport,
    DuplicateRequest,
    Place,
    Rule,
    Severity,
    Unused,
)
from codesearch.model.reports import (
    Bill,
    Finding,
    Health,
    Progress,
    Shrunk,
    Status,
    UpdateReport,
    Verdict,
    WatchEvent,
    Withheld,
)
from codesearch.model.source import (
    CONTAINER_KINDS,
    Chunk,
    FileRecord,
    FileStat,
    Kind,
    Passage,
    Skipped,
    SkipReason,
    SourceFile,
    stamp_of,
)

__all__ = [
    "BASELINE",
    "CONTAINER_KINDS",
    "RULE_NAMES",
    "THRESHOLD",
    "Bill",
    "Chunk",
    "Copy",
    "Difference",
    "Duplicate",
    "DuplicateMode",
    "DuplicateReport",
    "DuplicateRequest",
    "FileRecord",
    "FileStat",
    "Finding",
    "Health",
    "Hit",
    "IndexState",
    "Kind",
    "Mode",
    "Passage",
    "Place",
    "Progress",
    "Rule",
    "SearchRequest",
    "SearchResult",
    "Severity",
    "Shrunk",
    "SkipReason",
    "Skipped",
    "SourceFile",
    "Status",
    "Tests",
    "Unused",
    "UpdateReport",
    "Verdict",
    "WatchEvent",
    "Withheld",
    "stamp_of",
]
