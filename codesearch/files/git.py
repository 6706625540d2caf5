"""Asking git about a work tree, in a way that a hostile repository can't turn against us.

A repository's own settings can name programs that git runs (a file system monitor, hooks, the
transport of a partial clone's missing objects). Each is switched off on the command line or in
the environment, both of which git ranks above the repository. git's refusal of a repository
that belongs to somebody else (``safe.directory``) is respected: then it is not asked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from codesearch import config
from codesearch.files.base import Unlisted, printable
from codesearch.places import Root

# Listing a million files takes git a few seconds; a slow network drive can take a minute.
_SECONDS = 120

# What git needs to run and to find its user's settings, and no more: variables such as GIT_DIR or
# GIT_INDEX_FILE, which git sets for its hooks, would make it list something else.
KEPT = (
    "PATH HOME XDG_CONFIG_HOME USERPROFILE HOMEDRIVE HOMEPATH APPDATA PROGRAMDATA SYSTEMROOT "
    "TMPDIR TEMP TMP LD_LIBRARY_PATH DYLD_LIBRARY_PATH DEVELOPER_DIR SUDO_UID GIT_CONFIG_GLOBAL "
    "GIT_CONFIG_SYSTEM GIT_CONFIG_NOSYSTEM GIT_CONFIG_COUNT GIT_EXEC_PATH"
).split()


class Line(NamedTuple):
    """One line of an ignore file, as git names it."""

    source: str
    number: int
    text: str


def find_git() -> str | None:
    """git's program on ``PATH``, where folders that are not absolute are passed over: a program
    in the work tree must never be taken for git."""
    name = "git.exe" if os.name == "nt" else "git"
    for folder in config.variable("PATH").split(os.pathsep):
        program = Path(folder, name)
        if program.is_absolute() and os.access(program, os.X_OK) and not program.is_dir():
            return str(program)
    return None


def _environment(root: Root) -> dict[str, str]:
    kept = {name: value for name in KEPT if (value := config.variable(name))}
    count = kept.get("GIT_CONFIG_COUNT", "")
    for number in range(min(int(count), 100) if count.isdecimal() else 0):
        for name in (f"GIT_CONFIG_KEY_{number}", f"GIT_CONFIG_VALUE_{number}"):
            kept[name] = config.variable(name)
    return kept | {
        "LC_ALL": "C",
        "GIT_WORK_TREE": str(root.path),  # whatever core.worktree says
        "GIT_CEILING_DIRECTORIES": str(root.path.parent),
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        # Both forbid to fetch; older git knows only the second.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
    }


def _command(program: str, *arguments: str) -> list[str]:
    return [
        program,
        "--no-pager",
        *("-c", "core.fsmonitor=false"),
        *("-c", "core.untrackedCache=false"),
        *("-c", f"core.hooksPath={os.devnull}"),
        *arguments,
    ]


class Listing:
    """git at work on the list of files; the caller may do something else meanwhile.

    Raises:
        OSError: git can't be started.
    """

    def __init__(self, root: Root, program: str) -> None:
        self._process = subprocess.Popen(
            _command(program, "ls-files", "-co", "--exclude-standard", "-z"),
            cwd=root.path,
            env=_environment(root),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=_NO_WINDOW,
        )

    def finish(self, seconds: float = _SECONDS) -> tuple[list[str], list[str]] | Unlisted:
        """The paths, sorted by their bytes, and git's warnings.

        Submodules and nested repositories appear as themselves, without what is in them.
        """
        try:
            out, errors = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.cancel()
            return Unlisted(f"git did not answer within {seconds:.0f} s")
        lines = os.fsdecode(errors.replace(b"warning: ", b"")).replace("\n", " / ")
        said = printable(lines).strip(" /")
        if self._process.returncode != 0:
            if "dubious ownership" in said or "unsafe repository" in said:
                return Unlisted("git refuses a repository of another owner (see safe.directory)")
            code = self._process.returncode
            return Unlisted(f"git failed: {said[:300] or f'exit status {code}'}")
        names = sorted(set(out.split(b"\0")) - {b""})
        paths = os.fsdecode(b"\0".join(names)).split("\0") if names else []
        return paths, [f"git: {said[:300]}"] if said else []

    def cancel(self) -> None:
        """Ends git if it still runs."""
        self._process.kill()
        self._process.communicate()


_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0) if sys.platform == "win32" else 0


def _ask(root: Root, program: str, *arguments: str, said: str = "") -> list[str] | None:
    """The fields of git's answer to the arguments and what it is ``said``; None without one."""
    try:
        done = run(root, program, arguments, os.fsencode(said))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(done.stdout).split("\0") if done.returncode in {0, 1} else None


def run(
    root: Root,
    program: str,
    arguments: Sequence[str],
    said: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """git's whole answer to the arguments and what it is ``said``.

    Args:
        root: where it is asked.
        program: git.
        arguments: its command line.
        said: its standard input.
        variables: of its environment, beside those that it always gets.

    Raises:
        OSError, ValueError, subprocess.TimeoutExpired: there is no answer.
    """
    return subprocess.run(
        _command(program, *arguments),
        cwd=root.path,
        env=_environment(root) | dict(variables or {}),
        input=said,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
        creationflags=_NO_WINDOW,
    )


def settings_files(root: Root, program: str) -> list[str] | None:
    """The files that git takes settings from, and the user's ignore file; None without an answer.

    Relative ones are so to the root.
    """
    fields = _ask(root, program, "config", "-z", "--list", "--show-origin", "--includes")
    if fields is None:
        return None
    origins = dict.fromkeys(f.removeprefix("file:") for f in fields[::2] if f.startswith("file:"))
    found = list(origins)
    for setting in fields[1::2]:
        key, _, value = setting.partition("\n")
        if key == "core.excludesfile" and value:
            home = config.variable("HOME")
            found.append(f"{home}/{value[2:]}" if value.startswith("~/") else value)
    return found


def status_of(root: Root, program: str, path: str) -> str | None:
    """ "tracked", "untracked", "" for a file that git would not list; None without an answer."""
    listed = ("ls-files", "-t", "-co", "--exclude-standard", "-z", "--", path)
    answer = _ask(root, program, "--literal-pathspecs", *listed)
    if answer is None:
        return None
    for record in answer:
        if record[2:] == path:
            return "untracked" if record.startswith("?") else "tracked"
    return ""


def ignoring_line(root: Root, program: str, path: str) -> Line | None:
    """The line by which git ignores a path, if it does."""
    # A colon at the beginning would be magic.
    fields = _ask(root, program, "check-ignore", "-v", "-z", "--stdin", said=f"./{path}")
    if fields is None or len(fields) < 4 or fields[2].startswith("!"):
        return None
    return Line(printable(fields[0]), int(fields[1] or 0), printable(fields[2]))
