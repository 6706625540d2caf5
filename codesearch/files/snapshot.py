"""What a scan rested on: a later look at times tells whether it would find the same files.

A file that changes has another time, and a folder that gets or loses an entry has too; so the
listed files, the folders in which files could appear and what rules both are all that a scan
depends on. To look at them takes a third of the time of a scan; it is for processes that stay.
"""

from __future__ import annotations

import os
import stat as stat_module
import time
from collections.abc import Sequence

from codesearch.files import git
from codesearch.files.base import Rules
from codesearch.files.exclusions import IGNORE_FILE, Exclusions
from codesearch.files.walk import Walk, standing_files
from codesearch.model import FileStat
from codesearch.places import Root

_Seen = tuple[int, int, int]
_NEVER: _Seen = (-1, -1, -1)


class Snapshot:
    """The times of a work tree's folders and rules, taken before a scan, and then of its files.

    Invariant: after ``renewed`` said yes, ``files`` is what a scan begun then would have found.
    What changed so shortly before that its time could be given again is not trusted: it is looked
    at again.
    """

    def __init__(self, root: Root, rules: Rules) -> None:
        self._top = str(root.path).rstrip(os.sep) + os.sep
        self._began = time.time_ns()
        exclusions = Exclusions(root, rules)
        left_out: list[str] = []  # by a rule that may go by what lies in the folder

        def enters(path: str) -> bool:
            does = exclusions.enters(path)
            if not does:
                left_out.append(path)
            return does

        walk = Walk(root, enters)
        names = set(walk.files())
        #: Relative to the root, each with "/" at its end; the root itself is "".
        self.folders = frozenset(walk.folders)
        ours = [folder + IGNORE_FILE for folder in walk.folders]
        ruling = [*walk.ignore_files, *(name for name in ours if name in names)]
        self._watched: dict[str, _Seen | None] = {}
        outside = _outside(root)
        # A rule's file may be a link to where the user keeps such files.
        targets = [os.path.realpath(os.path.join(self._top, name)) for name in outside]  # noqa: PTH118
        for name in (*walk.folders, *left_out, *ruling, *outside, *targets):
            path = os.path.join(self._top, name)  # noqa: PTH118 (there are thousands)
            seen = _look(path)
            self._watched[path] = (
                None if seen is None else self._kept(FileStat("", *seen), self._began)
            )
        #: Names whose change is one of the scan's result, beside those of its files.
        self.ruling = frozenset(ruling)
        self.files: dict[str, FileStat] = {}

    def complete(self, stats: Sequence[FileStat], missing: Sequence[str] = ()) -> None:
        """Takes what a scan has found that was begun after this was made, and what it missed."""
        self._watched |= {self._top + path: None for path in missing}
        self.files = {s.path: s for s in stats}
        for s in stats:
            self._watched[self._top + s.path] = self._kept(s, self._began)

    def renewed(self) -> bool:
        """Whether a scan would find the files that it found; ``files`` then has them as they are.

        An edit in place is taken in. Where a folder or a rule has another time there may be other
        files: only a new scan can tell.
        """
        now = time.time_ns()
        changed: dict[str, FileStat] = {}
        for path, seen in self._watched.items():
            if _look(path) == seen:
                continue
            name = path[len(self._top) :]
            stat = _regular(path, name) if name in self.files and name not in self.ruling else None
            if stat is None:
                return False
            changed[path] = stat
        for path, stat in changed.items():
            self.files[stat.path] = stat
            self._watched[path] = self._kept(stat, now)
        return True

    @staticmethod
    def _kept(stat: FileStat, now: int) -> _Seen:
        if not stat.is_settled(now):
            return _NEVER
        return stat.size, stat.mtime_ns, stat.ctime_ns


def _look(path: str) -> _Seen | None:
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _regular(path: str, name: str) -> FileStat | None:
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    if not stat_module.S_ISREG(status.st_mode):
        return None
    return FileStat(name, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _outside(root: Root) -> list[str]:
    """Files that rule what git lists, and are not among what it lists."""
    if root.git_dir is None or root.common_dir is None:
        return []
    program = git.find_git()
    said = None if program is None else git.settings_files(root, program)
    standing = [*map(str, standing_files(root.common_dir)), *(said or ())]
    return [str(root.git_dir / "index"), str(root.git_dir / "config.worktree"), *standing]
