"""What all commands share: exit codes, the two ends that a command talks to, and progress.

Nothing heavy is imported here: a question on an unchanged index should cost little more
than Python itself.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TextIO

import click

from codesearch import config, output
from codesearch.errors import CodesearchError, ConfigError
from codesearch.model import Progress

PROGRAM = "codesearch"
COMPLETION = "_CODESEARCH_COMPLETE"  # the variable in which a shell asks for completions

FOUND, NOTHING, FAILED, INTERRUPTED = 0, 1, 2, 130


class ClosedPipe(Exception):
    """Nobody reads the answer any more."""


@dataclass(frozen=True)
class Console:
    """The streams of the process that asked, which need not be this one."""

    out: TextIO
    err: TextIO
    columns: int | None = None  # of its terminal; None: ours


_console: ContextVar[Console | None] = ContextVar("console", default=None)


def console() -> Console:
    return _console.get() or Console(sys.stdout, sys.stderr)


@contextmanager
def speaking_to(console: Console) -> Iterator[None]:
    """Has this thread speak to another process's streams."""
    token = _console.set(console)
    try:
        yield
    finally:
        _console.reset(token)


def answers_another() -> bool:
    """Whether a server answers for another process."""
    return _console.get() is not None


def columns() -> int:
    """The terminal's width."""
    return console().columns or shutil.get_terminal_size().columns


@dataclass(frozen=True)
class Door:
    """Where answers and remarks go, and in what dress."""

    screen: output.Screen
    terminal: bool  # whether a person reads the answers
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, *, color: str = "auto", quiet: bool = False, verbose: bool = False) -> Door:
        out = console().out
        terminal = is_terminal(out)
        dumb = config.variable("TERM") == "dumb"
        auto = (terminal and not dumb) or config.variable("FORCE_COLOR") not in {"", "0"}
        colour = color == "always" or (color == "auto" and auto and not config.variable("NO_COLOR"))
        screen = output.Screen(columns() if terminal else None, colour, _has_ellipsis(out))
        return cls(screen, terminal, quiet, verbose)

    def write(self, text: str, *, exact: bool = False) -> None:
        """Prints to standard output.

        Args:
            text: one or more lines.
            exact: it is for a program: UTF-8, and names that are no text as their own bytes.

        Raises:
            ClosedPipe: nobody reads.
            CodesearchError: it cannot be written, e.g. because the disk is full.
        """
        try:
            if exact:
                data = (text + "\n").encode("utf-8", "surrogateescape")
                click.echo(data, file=console().out, nl=False)
            else:
                click.echo(text, file=console().out, color=self.screen.colour)
        except OSError as error:
            # Windows reports a closed pipe as an invalid argument.
            if error.errno == errno.EPIPE or (os.name == "nt" and error.errno == errno.EINVAL):
                raise ClosedPipe from None
            raise CodesearchError(f"cannot write the answer: {error.strerror}") from None

    def part(self, text: str) -> None:
        """Prints a part of an answer that is still coming. Raises as ``write``."""
        try:
            click.echo(text, file=console().out, nl=False)
            console().out.flush()
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise ClosedPipe from None
            raise CodesearchError(f"cannot write the answer: {error.strerror}") from None

    def names(self, names: Iterable[str]) -> None:
        """Names of files, one a line: exact for a program, safe and coloured for a person."""
        if self.terminal:
            self.write("\n".join(self.screen.paint(output.visible(n), output.PATH) for n in names))
        else:
            self.write("\n".join(map(output.plain_name, names)), exact=True)

    def say(self, text: str) -> None:
        """A remark on standard error, unless silence was asked for."""
        if not self.quiet:
            remark(output.visible(text))

    def warn(self, text: str) -> None:
        self.say(f"warning: {text}")

    def wait(self, writer: str) -> None:
        """Says for whom the index has to be waited."""
        self.say(f"waiting for {writer}, which is writing the index")

    def detail(self, text: str) -> None:
        if self.verbose:
            for line in text.split("\n"):
                remark(output.visible(line))


def remark(text: str, *, nl: bool = True) -> None:
    """Prints to standard error; what cannot be said there changes no answer and no exit code."""
    if nl and _meter is not None:
        _meter.clear()
    with suppress(OSError):
        click.echo(text, file=console().err, nl=nl)


def standard_input() -> BinaryIO:
    """Standard input as bytes.

    Raises:
        ConfigError: it is closed.
    """
    if sys.stdin is None:
        raise ConfigError("standard input is closed")
    return sys.stdin.buffer


def is_terminal(stream: Any) -> bool:
    """Whether a person is at the other end."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # no stream at all, or a closed one
        return False


def _has_ellipsis(stream: Any) -> bool:
    try:
        "\u2026".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


_meter: Meter | None = None

_STAGES = {
    "price": ("Counting", "file"),
    "index": ("Indexing", "file"),
    "send": ("Sending", "function"),
}


@dataclass
class Meter:
    """Progress of a long job: one line on standard error that is rewritten, and then removed.

    Nothing is shown where nobody looks, nor for what is done within half a second.
    """

    door: Door
    _begin: float = field(default_factory=time.monotonic)
    _drawn: float = 0.0
    _width: int = 0
    _total: int = 0
    _stage: str = ""
    _since: float = 0.0  # when this stage began

    def __call__(self, progress: Progress) -> None:
        """Draws a step, at most ten times a second."""
        now = time.monotonic()
        if progress.stage == "index":
            self._total = progress.total or self._total
        if progress.stage != self._stage:
            self._stage, self._since = progress.stage, now
        looks = is_terminal(console().err) and not self.door.quiet
        if looks and now - self._begin >= 0.5 and now - self._drawn >= 0.1:
            self._drawn = now
            self._draw(self._line(progress))

    def _line(self, progress: Progress) -> str:
        if progress.stage == "scan":
            return "Looking for changes"
        if progress.stage == "ask":
            return "Asking the service" + (f"; {progress.detail}" if progress.detail else "")
        if progress.stage == "finish" or not progress.total:
            return "Writing the index"
        done, total = progress.done, progress.total
        verb, what = _STAGES[progress.stage]
        line = f"{verb} {done:,} of {output.plural(total, what)}, {100 * done // total} %"
        if progress.detail:
            return f"{line}; waiting: {progress.detail}"
        if not done or done >= total:
            return line
        left = (time.monotonic() - self._since) * (total - done) / done
        shown = output.duration(left) if left >= 10 else f"{max(round(left), 1)} s"
        return f"{line}, {shown} left"

    def _draw(self, line: str) -> None:
        line = output.clip(line, columns() - 3, "...")
        remark(f"\r{line:<{self._width}}", nl=False)
        self._width = max(self._width, len(line))

    def clear(self) -> None:
        """Removes the line."""
        if self._width:  # and, after an interruption, the "^C" behind it
            remark(f"\r{'':<{self._width + 2}}\r", nl=False)
            self._width = 0

    def __enter__(self) -> Meter:
        global _meter  # noqa: PLW0603 (a terminal has one line that is rewritten)
        _meter = self
        return self

    def __exit__(self, *_: object) -> None:
        global _meter  # noqa: PLW0603
        self.clear()
        _meter = None

    def conclude(self) -> None:
        """What took so long, if it was shown."""
        if self._drawn and self._total:
            took = output.duration(time.monotonic() - self._begin)
            self.door.say(f"Indexed {output.plural(self._total, 'file')} in {took}")
