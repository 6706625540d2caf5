"""What is asked about: the repository of the given paths, its index, and a part of it.

This room knows paths as people type them, on every system; the library knows them relative
to the root and with "/".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesearch import config, output, places
from codesearch.cli.base import Door
from codesearch.errors import ConfigError, did_you_mean
from codesearch.paths import under

if TYPE_CHECKING:
    from codesearch.index import Index


Opener = Callable[[Path, config.Settings], "Index"]
_opener: ContextVar[Opener | None] = ContextVar("opener", default=None)


@contextmanager
def opening_with(opener: Opener) -> Iterator[None]:
    """Has this thread take its indexes from a process that stays."""
    token = _opener.set(opener)
    try:
        yield
    finally:
        _opener.reset(token)


@dataclass(frozen=True)
class Opened:
    """An index, and what part of its repository is asked about."""

    index: Index
    settings: config.Settings
    paths: tuple[str, ...]  # relative to the root, with "/"; empty: all of it
    here: str

    def holds(self, path: str) -> bool:
        """Whether a path of the index is asked about."""
        return not self.paths or under(path, self.paths)

    def name(self, path: str) -> str:
        """A path of the index as seen from the current folder."""
        try:
            return os.path.relpath(self.index.root / path, self.here)
        except ValueError:  # another drive
            return str(self.index.root / path)


def current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise ConfigError(
            "the current folder does not exist any more", "change to another"
        ) from None


def existing(path: str, hint: str = "") -> Path:
    """A path that was given as an argument.

    Raises:
        ConfigError: there is nothing.
    """
    try:
        found = os.path.lexists(path)
    except ValueError:  # a null byte
        found = False
    if not found:
        shown = output.visible(path) or '""'
        raise ConfigError(
            f"there is no file or folder {shown}", _near(Path(path)) or hint or "check the path"
        )
    return Path(path)


def _near(path: Path) -> str:
    """A hint at what lies beside a path that does not exist and is spelled like it, if any."""
    try:
        beside = [entry.name for entry in path.parent.iterdir()]
    except (OSError, ValueError):
        return ""
    return did_you_mean(path.name, beside)


def settings_of(root: Path, door: Door, flags: dict[str, Any] | None = None) -> config.Settings:
    """The settings that hold for a repository; says what was wrong with its files."""
    resolved = config.load(root, user_file=places.user_file(), flags=flags)
    for warning in resolved.warnings:
        door.warn(warning)
    return resolved.settings


def open_index(
    door: Door,
    given: Sequence[str] = (),
    *,
    flags: dict[str, Any] | None = None,
    everything: bool = False,
    beside: Path | None = None,
    hint: str = "",
) -> Opened:
    """The index of the repository that holds the given paths, or else the current folder.

    Args:
        door: for warnings about the configuration.
        given: files and folders as typed. Without any, the current folder and below is asked
            about, as ``git grep`` does; the index is the whole repository's in any case.
        flags: settings that the command line said.
        everything: without paths, ask about the whole repository.
        beside: a file that must lie in the same repository, though it is not asked about.
        hint: for a path that does not exist.

    Raises:
        ConfigError: a path that does not exist or lies in another repository than the first.
    """
    here = current_folder()
    asked = [existing(path, hint) for path in given]
    first = [] if beside is None else [beside]
    root = _root([*first, *asked] or [here], here)
    paths = [] if everything and not asked else [relative(root, p) for p in asked or [here]]
    settings = settings_of(root, door, flags)

    opener = _opener.get()
    if opener is None:
        from codesearch.index import Index

        index = Index.open(root, settings)
    else:
        index = opener(root, settings)
    door.detail(f"root {index.root}\nindex {index.folder}")
    scope = () if "" in paths else tuple(dict.fromkeys(paths))
    return Opened(index, settings, scope, os.path.realpath(here))


def _root(paths: Sequence[Path], here: Path) -> Path:
    """The one root of some paths."""
    first, *others = found = [places.find_root(path) for path in paths]
    for path, other in zip(paths[1:], others, strict=True):
        if other == first:
            continue
        if not any(root.is_git for root in found):
            # Folders side by side without git: what holds them all, if that is not more
            # than what the user stands in.
            common = Path(os.path.commonpath([root.path for root in found]))
            if common.is_relative_to(os.path.realpath(here)):
                return places.find_root(common).path
        raise ConfigError(
            f"{output.visible(str(path))} is in another repository ({other.path}) than"
            f" {output.visible(str(paths[0]))} ({first.path})",
            "ask about one repository at a time",
        )
    return first.path


def relative(root: Path, path: Path) -> str:
    """A path relative to the root, with "/"; the root itself is ""."""
    found = os.path.relpath(os.path.realpath(path), root)
    return "" if found == "." else found.replace(os.sep, "/")
