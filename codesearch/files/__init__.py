"""Finding and reading files: what is searched of a repository, and why the rest is not.

``scan`` lists, ``read`` opens one file, ``why`` explains, and a ``Snapshot`` tells that a scan
would find the same. The set is what git tracks or would show as untracked, less built-in and
configured exclusions. Nothing here runs what a repository names, follows a link or writes. The
room does not know chunks or the index.
"""

from __future__ import annotations

from codesearch.files.base import Rules
from codesearch.files.changes import Change, committed, pushed, since, staged, uncommitted
from codesearch.files.exclusions import kept
from codesearch.files.read import Detect, read
from codesearch.files.scan import Scan, changed, scan, start_scan
from codesearch.files.snapshot import Snapshot
from codesearch.files.why import why

__all__ = [
    "Change",
    "Detect",
    "Rules",
    "Scan",
    "Snapshot",
    "changed",
    "committed",
    "kept",
    "pushed",
    "read",
    "scan",
    "since",
    "staged",
    "start_scan",
    "uncommitted",
    "why",
]
