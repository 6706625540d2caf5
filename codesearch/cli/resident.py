"""Answering command lines of other processes with an index that stays in memory.

They run through the same code as in a process of their own, but for where the index comes from
and where the output goes.
"""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from codesearch import cli, config, ingest, places
from codesearch.cli import base, scope
from codesearch.errors import CodesearchError, Elsewhere
from codesearch.files.git import KEPT
from codesearch.index import Index
from codesearch.server.wire import Request

_ANSWERED = {"search", "similar"}
# What reads standard input, or is printed by click itself, or has remarks after answers,
# or shows what was cut from files that changed.
_NOT_OURS = re.compile(
    r"-|--queries-from.*|--help|--version|--verbose|--no-refresh|-[A-Za-z]*[hv].*"
)
# Nothing is to be written twice; other looks for duplicates take longer than anybody waits for us.
_WRITES = re.compile(r"-o|--output|--html|--update-baseline")
# What decides which files there are and where the index is, beside the settings.
_SAME = (*KEPT, "XDG_CACHE_HOME", "XDG_CONFIG_HOME")


#: A process is in one folder at a time, and may be resident in several work trees.
_elsewhere = threading.Lock()


class Resident:
    """The index of one work tree, in a process that stays."""

    def __init__(self, root: places.Root, standby: ingest.Standby) -> None:
        self._root = root
        self._standby = standby
        self._held: tuple[config.Settings, Index] | None = None
        self._lock = threading.Lock()

    def open(self, path: Path, settings: config.Settings) -> Index:
        """The index of this work tree with these settings; the last one is kept.

        Raises:
            Elsewhere: the path lies in another work tree.
        """
        if places.find_root(path) != self._root:
            raise Elsewhere(f"{path} is in another repository")
        if self._held is None or self._held[0] != settings:
            self._held = settings, Index(self._root, settings, self._standby, own_key=False)
        return self._held[1]

    def answer(self, request: Request) -> tuple[int, bytes, bytes] | None:
        """Exit code, standard output and standard error of a command line; None: not here."""
        told = request.environment
        if (
            "GIT_CONFIG_COUNT" in told
            or not _is_answered(request.args)
            or any(told.get(name, "") != config.variable(name) for name in _SAME)
        ):
            return None
        with _elsewhere, self._lock:
            return self._answered(request)

    def warm(self, settings: config.Settings) -> None:
        """Loads what has changed, so that the next question need not wait for it."""
        with self._lock, suppress(CodesearchError, OSError, ValueError, IndexError):
            self.open(self._root.path, settings).warm()

    def _answered(self, request: Request) -> tuple[int, bytes, bytes] | None:
        told = request.environment
        out, err = (_Stream(request.encoding, is_terminal) for is_terminal in request.terminals)
        console = base.Console(out, err, request.columns or None)
        before = self._root.path
        with suppress(OSError):  # it is gone
            before = Path.cwd()
        try:
            os.chdir(request.folder)
            with (
                config.environment(told),
                base.speaking_to(console),
                scope.opening_with(self.open),
            ):
                code = cli.run(request.args)
        except (Elsewhere, OSError):
            return None
        finally:
            with suppress(OSError):
                os.chdir(before)
        return code, out.content(), err.content()


def _is_answered(args: Sequence[str]) -> bool:
    if not args or any(_NOT_OURS.fullmatch(arg) for arg in args):
        return False
    if args[0] == "dupes":
        return "--staged" in args and not any(_WRITES.match(arg) for arg in args)
    return args[0] in _ANSWERED or args[0] not in cli.COMMANDS


class _Stream(io.TextIOWrapper):
    """What another process will print."""

    def __init__(self, encoding: str, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding, "backslashreplace", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def content(self) -> bytes:
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined, no-any-return]
