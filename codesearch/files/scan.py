"""The list of a root's files: from git, or by our own walk, less what is excluded."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from types import TracebackType

from codesearch.files import git
from codesearch.files.base import Rules, Unlisted
from codesearch.files.exclusions import Exclusions
from codesearch.files.walk import Walk
from codesearch.model import FileStat, stamp_of
from codesearch.places import Root

_WITHOUT_GIT = "files that are tracked although ignored are missed"


class Scan:
    """A scan that has begun: git works while the caller does something else.

    Use it as a context manager, so that git is ended if ``finish`` is never reached.
    """

    def __init__(self, root: Root, rules: Rules) -> None:
        self._root = root
        self._exclusions = Exclusions(root, rules)
        self._listing = _start_git(root) if root.is_git else None
        #: What a person should know about the list; complete after ``finish``.
        self.notes: list[str] = []
        #: What git lists and is not there: it would be of the set as soon as it is.
        self.missing: list[str] = []

    def finish(self) -> list[FileStat]:
        """The files, sorted by the bytes of their paths.

        Regular files only: links are neither followed nor listed, so nothing outside of the root
        is met. What vanishes meanwhile is left out.
        """
        paths = self._from_git()
        if paths is None:
            paths = self._from_walk()
        top = str(self._root.path).rstrip(os.sep) + os.sep
        excluded = self._exclusions.of_file
        found = []
        for path in paths:
            if excluded(path) is not None:
                continue
            try:
                seen = os.lstat(top + path)
            except (OSError, ValueError):
                self.missing.append(path)
                continue
            if stat.S_ISREG(seen.st_mode):
                found.append(FileStat(path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns))
        return found

    def _from_git(self) -> list[str] | None:
        if self._listing is None:
            return None
        listing, self._listing = self._listing, None
        answer = listing if isinstance(listing, Unlisted) else listing.finish()
        if isinstance(answer, Unlisted):
            self.notes.append(f"{answer.reason}; {_WITHOUT_GIT}")
            return None
        paths, warnings = answer
        self.notes += warnings
        return paths

    def _from_walk(self) -> list[str]:
        walk = Walk(self._root, self._exclusions.enters)
        paths = sorted(walk.files(), key=os.fsencode)
        if walk.unreadable:
            more = f" and {len(walk.unreadable) - 1} more" if len(walk.unreadable) > 1 else ""
            self.notes.append(f"cannot open folder {walk.unreadable[0]}{more}")
        return paths

    def __enter__(self) -> Scan:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(self._listing, git.Listing):
            self._listing.cancel()
            self._listing = None


def _start_git(root: Root) -> git.Listing | Unlisted:
    program = git.find_git()
    if program is None:
        return Unlisted("git was not found")
    try:
        return git.Listing(root, program)
    except (OSError, ValueError) as error:
        return Unlisted(f"git cannot be started: {error}")


def start_scan(root: Root, rules: Rules) -> Scan:
    """Begins to list the files of ``root``; ``finish()`` of what it returns gives them."""
    return Scan(root, rules)


def scan(root: Root, rules: Rules) -> list[FileStat]:
    """The files of ``root``: what git tracks or would show as untracked, less what is excluded.

    Sorted by the bytes of their paths; only regular files; nothing is opened but ignore files.
    """
    with Scan(root, rules) as started:
        return started.finish()


def changed(root: Root, known: Mapping[str, tuple[int, int]]) -> frozenset[str]:
    """Which of some files are not as they were, or gone. ``known``: path -> (size, stamp)."""
    top = str(root.path).rstrip(os.sep) + os.sep
    found = []
    for path, was in known.items():
        try:
            seen = os.lstat(top + path)
        except (OSError, ValueError):
            found.append(path)
            continue
        now = seen.st_size, stamp_of(seen.st_mtime_ns, seen.st_ctime_ns)
        if now != was or not stat.S_ISREG(seen.st_mode):
            found.append(path)
    return frozenset(found)
