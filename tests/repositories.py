"""Real git repositories for tests, kept away from the settings of whoever runs them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false")


@contextmanager
def own_home(home: Path) -> Iterator[None]:
    """An empty home, no system-wide settings, and none of the variables that git gives to hooks."""
    home.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("GIT_"):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """Runs git and returns what it printed, as ``os.fsdecode`` gives it."""
    done = subprocess.run(
        ["git", *IDENTITY, *arguments], cwd=folder, capture_output=True, check=False
    )
    if check and done.returncode != 0:
        raise AssertionError(os.fsdecode(done.stderr))
    return os.fsdecode(done.stdout)


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def repository(folder: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """A new repository in which ``files`` are committed."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    if files:
        write(folder, files)
        git(folder, "add", "-f", "-A")
        git(folder, "commit", "-q", "-m", "first")
    return folder.resolve()


def listed(folder: Path) -> set[str]:
    """What git itself tracks or shows as untracked."""
    out = git(folder, "ls-files", "-co", "--exclude-standard", "-z")
    return set(out.split("\0")) - {""}
