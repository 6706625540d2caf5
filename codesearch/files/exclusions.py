"""Which of the files that git would show are left out: the user's patterns and the built-in rules.

The user's patterns stand in the settings and in ``.codesearchignore`` files, in gitignore's
language: settings decide before files, a deeper file before one above it, and what lies in a
folder that they exclude stays out. A ``!`` line takes back what a built-in rule leaves out, except
secrets, since such a file comes with the repository. Nothing takes back what git ignores.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from codesearch.files import builtin
from codesearch.files.base import Finding, Rules, is_inside
from codesearch.files.ignore import IgnoreList, Stack, as_bytes, decide
from codesearch.model import SkipReason
from codesearch.places import Root

IGNORE_FILE = ".codesearchignore"
_OUTSIDE = Finding(SkipReason.SPECIAL, "outside of the root", "file system")
_FINAL = {SkipReason.SECRET, SkipReason.SPECIAL}
LINK = Finding(SkipReason.SPECIAL, "symbolic link", "file system")


class Folder(NamedTuple):
    """What holds for everything in a folder."""

    finding: Finding | None
    final: bool  # nothing inside can be taken back
    stack: Stack


class Exclusions:
    """The rules of one root; what was found about a folder is kept."""

    def __init__(self, root: Root, rules: Rules) -> None:
        self._root = root.path
        self._top = str(root.path).rstrip(os.sep) + os.sep
        self._folders: dict[str, Folder] = {}
        lines = [as_bytes(line) for line in (*rules.exclude, *("!" + i for i in rules.include))]
        settings: Stack = ((0, IgnoreList(lines, "settings")),) if lines else ()
        self._settings = len(settings)
        self._folders[""] = self._with_file("", Folder(None, False, settings))

    def of_folder(self, path: str) -> Folder:
        """What holds in a folder, also if it is a link or does not exist."""
        unknown = []
        while path not in self._folders:
            unknown.append(path)
            path = path.rpartition("/")[0]
        known = self._folders[path]
        for path in reversed(unknown):
            known = self._folders[path] = self._judge_folder(path, known)
        return known

    def of_file(self, path: str) -> Finding | None:
        """Why a file is left out, or None."""
        parent, _, name = path.rpartition("/")
        folder = self._folders.get(parent) or self.of_folder(parent)
        if folder.final:
            return folder.finding
        own = builtin.of_file(name)
        if folder.stack and not (own and own.reason in _FINAL):
            said = decide(folder.stack, as_bytes(path), as_bytes(name), False)
            if said:
                patterns, index = said
                return None if patterns.negated(index) else _finding(patterns, index)
        return folder.finding or own

    def taken_back(self, path: str) -> Finding | None:
        """The user's line by which a file is in although a built-in rule speaks against it."""
        parent, _, name = path.rpartition("/")
        said = decide(self.of_folder(parent).stack, as_bytes(path), as_bytes(name), False)
        return _finding(*said) if said and said[0].negated(said[1]) else None

    def enters(self, path: str) -> bool:
        """Whether a walk need look into a folder."""
        folder = self.of_folder(path)
        if folder.finding is None:
            return True
        return not folder.final and any(patterns.negates for _, patterns in folder.stack)

    def _judge_folder(self, path: str, above: Folder) -> Folder:
        if above.final:
            return above
        name = path[path.rfind("/") + 1 :]
        if not is_inside(name):
            return Folder(_OUTSIDE, True, ())
        finding = builtin.of_folder(self._root, path) or above.finding
        if finding and not above.stack:
            return Folder(finding, True, ())
        try:
            if is_link(os.lstat(self._top + path)):
                return Folder(LINK, True, ())
        except (OSError, ValueError):
            return above
        if above.stack:
            said = decide(above.stack, as_bytes(path), as_bytes(name), True)
            if said:
                patterns, index = said
                if not patterns.negated(index):
                    return Folder(_finding(patterns, index), True, above.stack)
                finding = None
        folder = above if finding is above.finding else Folder(finding, False, above.stack)
        return folder if finding else self._with_file(path, folder)

    def _with_file(self, path: str, folder: Folder) -> Folder:
        """The folder with its own ignore file, if it has one."""
        source = f"{path}/{IGNORE_FILE}" if path else IGNORE_FILE
        file = self._top + source
        if not os.access(file, os.F_OK):
            return folder
        patterns = IgnoreList.read(Path(file), source, follow=False)
        if patterns is None:
            return folder
        length = len(as_bytes(path)) + 1 if path else 0
        settings, files = folder.stack[: self._settings], folder.stack[self._settings :]
        return folder._replace(stack=(*settings, (length, patterns), *files))


def kept(root: Root, rules: Rules, paths: Iterable[str]) -> list[str]:
    """Those of some paths that are not left out."""
    excluded = Exclusions(root, rules).of_file
    return [path for path in paths if excluded(path) is None]


def _finding(patterns: IgnoreList, index: int) -> Finding:
    text, line = patterns.line(index)
    source = patterns.source if patterns.source == "settings" else f"{patterns.source}:{line}"
    return Finding(SkipReason.EXCLUDED, text, source)


def is_link(status: os.stat_result) -> bool:
    """Whether a path leads elsewhere: a symbolic link, or on Windows a junction."""
    return stat.S_ISLNK(status.st_mode) or (
        getattr(status, "st_reparse_tag", 0) == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
    )
