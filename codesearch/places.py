"""Where things are: the root that a path belongs to, its git folders, the folder of its index.

git is never run here. What a repository says about itself (a ``.git`` file, ``commondir``) is read
as untrusted text: what makes no sense means that there is no repository. The room does not
know what an index holds, and asks the environment for nothing but the user's own folders.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codesearch.errors import ConfigError

#: Files that mark the root of an index where there is no git.
MARKERS = ("codesearch.toml", ".codesearchignore")

_MAX_POINTER_BYTES = 8192  # a path, at most 4,096 bytes on Linux, and a few words
_MAX_SETTINGS_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Root:
    """The folder that an index is of.

    All three paths are resolved. ``git_dir`` is this work tree's own, ``common_dir`` the one that
    all work trees of a repository share; both are None without git.
    """

    path: Path
    git_dir: Path | None = None
    common_dir: Path | None = None

    @property
    def is_git(self) -> bool:
        return self.git_dir is not None


def find_root(path: Path) -> Root:
    """The root that ``path`` belongs to.

    The top of the git work tree that holds it, else the nearest folder above that holds one of
    ``MARKERS``, else the folder itself (of a file: its folder).

    Raises:
        ConfigError: there is no such path, or it can't be opened, or it lies in a git folder or a
            bare repository, or it is a disk or a home folder without repository and marker.
    """
    try:
        real = path.resolve(strict=True)
        start = real if real.is_dir() else real.parent
    except (OSError, RuntimeError) as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        why = "does not exist" if missing else "cannot be opened"
        raise ConfigError(f"{path} {why}", "give an existing file or folder") from error
    _check(start)
    root = _root_of(start)
    _check(root.path)
    return root


def _check(folder: Path) -> None:
    """A folder that can't be listed would look like one from which all files were deleted."""
    as_now = os.access in os.supports_effective_ids
    if not os.access(folder, os.R_OK | os.X_OK, effective_ids=as_now):
        raise ConfigError(
            f"the folder {folder} cannot be opened: permission denied", "change its permissions"
        )


def _root_of(start: Path) -> Root:
    for folder in (start, *start.parents):
        found = git_folders(folder)
        if found is not None:
            if git_setting(found[1] / "config", "core.bare") == "true" and found[0] == found[1]:
                raise _bare(folder)
            return Root(folder, *found)
        if _common_dir(folder) is not None:
            raise _bare(folder)
    for folder in (start, *start.parents):
        if any((folder / marker).is_file() for marker in MARKERS):
            return Root(folder)
    if _holds_everything(start):
        raise ConfigError(
            f"{start} holds more than a project, and is no repository",
            f"give a folder in it; to index all of it, put an empty {MARKERS[1]} there",
        )
    return Root(start)


def _holds_everything(folder: Path) -> bool:
    """Whether this is a whole disk or the user's home folder, where nobody means to be."""
    with suppress(RuntimeError, OSError):
        if folder == Path.home().resolve():
            return True
    return folder == folder.parent


def _bare(folder: Path) -> ConfigError:
    if folder.name == ".git":
        return ConfigError(
            f"{folder} is git's own folder and holds no files to search",
            "run codesearch in the work tree beside it",
        )
    return ConfigError(
        f"{folder} is a bare git repository: it has no files to search",
        "clone it or add a work tree (git worktree add), and run codesearch there",
    )


def git_folders(folder: Path) -> tuple[Path, Path] | None:
    """The git folder and the common git folder of a work tree's top, or None if it is none."""
    entry = folder / ".git"
    try:
        kind = entry.stat().st_mode
    except (OSError, ValueError):
        return None
    git_dir = entry
    if not stat.S_ISDIR(kind):
        text = _pointer(entry)
        if text is None or not text.startswith("gitdir: "):
            return None
        git_dir = folder / text.removeprefix("gitdir: ")
    common_dir = _common_dir(git_dir)
    if common_dir is None:
        return None
    return Path(os.path.realpath(git_dir)), Path(os.path.realpath(common_dir))


def _common_dir(git_dir: Path) -> Path | None:
    """The common folder of a git folder; None if git would not take it for a git folder."""
    try:
        if not _is_head(git_dir / "HEAD"):
            return None
        common = git_dir
        if (git_dir / "commondir").exists():
            text = _pointer(git_dir / "commondir")
            if text is None:
                return None
            common = git_dir / text
        if (common / "objects").is_dir() and (common / "refs").is_dir():
            return common
    except (OSError, ValueError):
        pass
    return None


_HEAD = re.compile(r"ref:\s*refs/|[0-9a-f]{40}")


def _is_head(file: Path) -> bool:
    if file.is_symlink():
        return str(file.readlink()).startswith("refs/")
    text = _pointer(file)
    return text is not None and _HEAD.match(text) is not None


def _pointer(file: Path) -> str | None:
    """The one line of a small file that points elsewhere, or None."""
    data = read_small(file, _MAX_POINTER_BYTES)
    if not data or b"\0" in data:
        return None
    return os.fsdecode(data).rstrip("\r\n")


def read_small(file: Path, limit: int, *, follow: bool = True) -> bytes | None:
    """The bytes of a regular file of at most ``limit`` bytes; None for anything else.

    A pipe or a device neither blocks nor is read, and a link is not unless ``follow``.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        if not follow and file.is_symlink():
            return None
        descriptor = os.open(file, flags)
    except (OSError, ValueError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(limit + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) <= limit else None


_SETTING = re.compile(
    r"""\s* (?: \[ \s* (?P<section>[^\]]*?) \s* \] \s* )?
    (?: (?P<key>[A-Za-z][-A-Za-z0-9]*) \s* (?: = \s* (?P<value>"(?:\\.|[^"\\])*"|[^#;]*) )? )?""",
    re.VERBOSE,
)


def git_setting(file: Path, name: str) -> str | None:
    """The last value of ``section.key`` in one of git's settings files.

    Enough for the few settings that matter where git cannot be asked: no includes, no
    subsections. A key without a value is "true".
    """
    data = read_small(file, _MAX_SETTINGS_BYTES)
    section, value = "", None
    for line in os.fsdecode(data or b"").splitlines():
        found = _SETTING.match(line)
        if found is None:
            continue
        if found["section"] is not None:
            section = found["section"]
        if found["key"] and f"{section}.{found['key']}".lower() == name.lower():
            value = "true" if found["value"] is None else _unquoted(found["value"].strip())
    return value


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def index_folder(root: Root, home: Path | None) -> Path:
    """The folder of the index of ``root``; all work trees of a repository share it.

    Args:
        root: what is indexed.
        home: where all indexes are; None is the operating system's folder for caches.

    Raises:
        ConfigError: ``home`` is None and the user has no such folder.
    """
    if home is None:
        import platformdirs

        with suppress(RuntimeError):
            home = Path(platformdirs.user_cache_dir("codesearch", appauthor=False))
        if home is None or not home.is_absolute():  # older versions of the library give "~/..."
            raise ConfigError(
                "there is no home folder, so the index has no place",
                "set HOME, or CODESEARCH_INDEX to a folder for indexes",
            )
    owner = owner_of(root)
    named = owner.parent if owner.name == ".git" else owner
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", named.name.removesuffix(".git")).strip(".-")[:40]
    return home / f"{name or 'root'}-{_digest(owner, 6)}"


def owner_of(root: Root) -> Path:
    """What all work trees of a repository have in common: its git folder, or the root itself."""
    return root.common_dir or root.path


def name_of(root: Root) -> str:
    """The same as text, whatever bytes the path is made of."""
    return os.fsencode(owner_of(root)).decode("utf-8", "backslashreplace")


def paid_folder(home: Path | None) -> Path:
    """Where is kept what cost money: beside the indexes if the user said where those are, else not
    among what may be deleted as a cache.

    Raises:
        ConfigError: the user has no home folder.
    """
    if home is not None:
        return home
    import platformdirs

    try:
        return platformdirs.user_data_path("codesearch", appauthor=False)
    except RuntimeError:
        raise ConfigError(
            "there is no home folder, so what was paid for has no place",
            "set HOME, or CODESEARCH_INDEX to a folder for indexes",
        ) from None


def tree_key(root: Root) -> str:
    """A short key of one work tree among those that share an index."""
    return _digest(root.path, 4)


def _digest(path: Path, size: int) -> str:
    text = os.path.normcase(path)
    return hashlib.blake2b(os.fsencode(text), digest_size=size).hexdigest()


def user_file() -> Path | None:
    """The user's own configuration file; it need not exist. None: the user has no home."""
    import platformdirs

    try:
        return platformdirs.user_config_path("codesearch", appauthor=False) / "config.toml"
    except RuntimeError:
        return None


def log_folder() -> Path:
    """Where reports of failures are written; may not exist.

    Raises:
        RuntimeError: the user has no home.
    """
    import platformdirs

    return platformdirs.user_log_path("codesearch", appauthor=False)
