"""Why a path is in the index or not: the rule, and the place where it stands."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from codesearch import languages
from codesearch.files import builtin, git, walk
from codesearch.files.base import Finding, Rules, is_inside
from codesearch.files.exclusions import LINK, Exclusions, is_link
from codesearch.files.read import read
from codesearch.model import FileStat, Skipped, SkipReason, Verdict
from codesearch.paths import posix
from codesearch.places import Root, git_folders

_DISK = "file system"


def why(root: Root, rules: Rules, path: str) -> Verdict:
    """Which rule decides whether a path is in the index.

    Args:
        path: relative to the root, or absolute; of a file or a folder, which need not exist.
    """
    inside = _relative(root, path)
    if inside is None:
        return Verdict(path, False, "outside of the root", str(root.path))
    if not inside:
        return Verdict("", True, "the root", str(root.path))
    if not is_inside(inside):
        return Verdict(inside, False, "version control", builtin.SOURCE)
    against = _place(root, inside) or _ignored(root, inside)
    if isinstance(against, Finding):
        return Verdict(inside, False, against.rule, against.source)
    return _excluded(root, rules, inside)


def _relative(root: Root, path: str) -> str | None:
    """The path as it is written inside; None if it leads out of the root."""
    if "\0" in path:
        return None
    given = Path(os.path.normpath(root.path / path))
    for candidate in (given, given.parent.resolve() / given.name):
        if candidate.is_relative_to(root.path):
            return posix(str(candidate.relative_to(root.path)))
    return None


def _place(root: Root, path: str) -> Finding | None:
    """What the path is on the disk, if that keeps it out."""
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        above = "/".join(parts[:depth])
        folder = root.path / above
        last = depth == len(parts)
        try:
            status = folder.lstat()
        except OSError as error:
            return Finding(SkipReason.UNREADABLE, error.strerror or str(error), _DISK)
        if is_link(status):
            rule = LINK.rule if last else f"inside the {LINK.rule} {above}"
            return Finding(SkipReason.SPECIAL, rule, _DISK)
        if stat.S_ISDIR(status.st_mode):
            inner = git_folders(folder) if root.is_git else None
            if inner is not None:
                what = "submodule" if (folder / ".git").is_file() else "nested repository"
                if inner[0] != inner[1]:
                    what = "work tree"
                return Finding(
                    SkipReason.IGNORED, f"{'' if last else 'inside '}the {what} {above}", "git"
                )
        elif not last or not stat.S_ISREG(status.st_mode):
            return Finding(SkipReason.SPECIAL, SkipReason.SPECIAL.value, _DISK)
    return None


def _ignored(root: Root, path: str) -> Finding | None:
    """The ignore file's line that keeps the path out, if one does."""
    is_folder = (root.path / path).is_dir()
    program = git.find_git() if root.is_git else None
    status = git.status_of(root, program, path) if program else None
    if program is None or status is None:
        return walk.ignoring_line(root, path, is_folder)
    if status and not is_folder:
        return None
    line = git.ignoring_line(root, program, path)
    if line is not None:
        return Finding(SkipReason.IGNORED, line.text, f"{line.source}:{line.number}")
    return None if is_folder else Finding(SkipReason.IGNORED, "not listed by git", "git")


def _excluded(root: Root, rules: Rules, path: str) -> Verdict:
    """What our own rules say of a path that git would show."""
    exclusions = Exclusions(root, rules)
    if (root.path / path).is_dir():
        finding = exclusions.of_folder(path).finding
        if finding is not None:
            return Verdict(path, False, finding.rule, finding.source)
        return Verdict(path, True, "no rule excludes the folder", "git" if root.is_git else _DISK)
    finding = exclusions.of_file(path)
    if finding is not None:
        return Verdict(path, False, finding.rule, finding.source)
    got = read(root, FileStat(path, 0, 0), rules, languages.detect)
    if isinstance(got, Skipped):
        rule = f"{got.reason}: {got.detail}" if got.detail else str(got.reason)
        return Verdict(path, False, rule, "content")
    back = exclusions.taken_back(path)
    if back is not None:
        return Verdict(path, True, back.rule, back.source)
    return Verdict(path, True, "no rule excludes it", "git" if root.is_git else _DISK)
