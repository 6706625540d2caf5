"""Finding files without git, by git's rules: the fallback where git is missing or refuses.

The same set as ``git ls-files -o --exclude-standard`` where nothing is tracked. What is tracked is
not known here, so a file that is tracked although it is ignored is missed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from codesearch import config
from codesearch.files.base import Finding, printable
from codesearch.files.ignore import IgnoreList, Stack, as_bytes, decide
from codesearch.model import SkipReason
from codesearch.places import Root, git_folders, git_setting

_IGNORE_FILE = ".gitignore"


class Walk:
    """The files below a root.

    Args:
        root: where to walk. Repositories inside a repository are borders, as for git; below a
            root without git they are folders like any other.
        enters: asked with the path of each folder that is not ignored.
    """

    def __init__(self, root: Root, enters: Callable[[str], bool]) -> None:
        self._root = root
        self._enters = enters
        self._fold = _folds_case(root)
        self.unreadable: list[str] = []
        #: The folders that were looked into, and their ignore files; complete after ``files``.
        self.folders: list[str] = []
        self.ignore_files: list[str] = []

    def files(self) -> Iterator[str]:
        """Paths of files and of links, in no order."""
        todo: list[tuple[str, Stack]] = [("", _standing(self._root, self._fold))]
        top = str(self._root.path).rstrip(os.sep) + os.sep
        while todo:
            prefix, stack = todo.pop()
            self.folders.append(prefix)
            try:
                with os.scandir(top + prefix) as found:
                    entries = list(found)
            except OSError as error:
                self.unreadable.append(f"{printable(prefix)[:200] or '.'}: {error.strerror}")
                continue
            names = {entry.name for entry in entries}
            if prefix and self._root.is_git and ".git" in names and git_folders(Path(top, prefix)):
                continue
            if _IGNORE_FILE in names:
                stack = _with_file(Path(top, prefix), prefix, stack, self._fold)
                self.ignore_files.append(prefix + _IGNORE_FILE)
            for entry in entries:
                name = entry.name
                is_folder = entry.is_dir(follow_symlinks=False)
                # As git: pipes, sockets and devices are nothing.
                if not (is_folder or entry.is_file(follow_symlinks=False) or entry.is_symlink()):
                    continue
                path = prefix + name
                if stack:
                    said = decide(stack, as_bytes(path), as_bytes(name), is_folder)
                    if said and not said[0].negated(said[1]):
                        continue
                if name == ".git":
                    continue
                if not is_folder:
                    yield path
                elif self._enters(path):
                    todo.append((path + "/", stack))


def ignoring_line(root: Root, path: str, is_folder: bool) -> Finding | None:
    """The line by which the walk ignores a path or a folder above it, if it does."""
    fold = _folds_case(root)
    stack = _standing(root, fold)
    parts = path.split("/")
    for depth, name in enumerate(parts):
        prefix = "".join(part + "/" for part in parts[:depth])
        stack = _with_file(root.path / prefix, prefix, stack, fold)
        here = prefix + name
        folder = is_folder or depth < len(parts) - 1
        said = decide(stack, as_bytes(here), as_bytes(name), folder)
        if said and not said[0].negated(said[1]):
            text, line = said[0].line(said[1])
            return Finding(SkipReason.IGNORED, text, f"{said[0].source}:{line}")
    return None


def _with_file(folder: Path, prefix: str, stack: Stack, fold: bool) -> Stack:
    source = prefix + _IGNORE_FILE
    patterns = IgnoreList.read(folder / _IGNORE_FILE, source, follow=False, fold=fold)
    return stack if patterns is None else ((len(as_bytes(prefix)), patterns), *stack)


def _folds_case(root: Root) -> bool:
    return (
        root.common_dir is not None
        and (git_setting(root.common_dir / "config", "core.ignorecase") or "").lower() == "true"
    )


def _standing(root: Root, fold: bool) -> Stack:
    """What a repository ignores besides its ignore files: ``info/exclude``, then the user's."""
    if root.common_dir is None:
        return ()
    stack: list[tuple[int, IgnoreList]] = []
    exclude = root.common_dir / "info" / "exclude"
    for file, source in ((exclude, ".git/info/exclude"), (_users_file(root.common_dir), "")):
        patterns = IgnoreList.read(file, source or str(file), follow=True, fold=fold)
        if patterns is not None:
            stack.append((0, patterns))
    return tuple(stack)


def standing_files(common_dir: Path) -> list[Path]:
    """The files outside of the work tree that say what a repository ignores."""
    return [
        common_dir / "info" / "exclude",
        *_settings_files(common_dir),
        _users_file(common_dir),
    ]


def _settings_files(common_dir: Path) -> list[Path]:
    home, settings = _homes()
    return [common_dir / "config", home / ".gitconfig", settings / "config"]


def _homes() -> tuple[Path, Path]:
    """The user's folder, and that of git's settings."""
    home = Path(config.variable("HOME") or os.path.expanduser("~"))  # noqa: PTH111 (may fail)
    return home, Path(config.variable("XDG_CONFIG_HOME") or home / ".config") / "git"


def _users_file(common_dir: Path) -> Path:
    """git's ``core.excludesFile``: the repository's setting, the user's, or its usual place."""
    home, settings = _homes()
    for file in _settings_files(common_dir):
        value = git_setting(file, "core.excludesfile")
        if value:
            return home / value[2:] if value.startswith("~/") else Path(value)
    return settings / "ignore"
