"""``codesearch similar``: code like a function that is there, or like what is piped in."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from codesearch import output
from codesearch.cli import answer, consent, flags
from codesearch.cli.base import Door, Meter, is_terminal, standard_input
from codesearch.cli.scope import existing, open_index, relative
from codesearch.errors import ConfigError

MAX_CODE = 100_000  # characters

# As this tool, editors and compilers print places: a.py:12, a.py:12-40, a.py:12:5.
_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+)(?:[-:]\d+)?", re.DOTALL)


@click.command("similar")
@click.argument("target", metavar="FILE:LINE")
@click.argument("given", nargs=-1, metavar="[PATH]...")
@flags.filters
@flags.presentation
@flags.engine
@flags.loudness
def command(target: str, given: tuple[str, ...], **said: Any) -> int:
    """Find code like the function at a line.

    With - in place of FILE:LINE it is code like that on standard input. Without PATH the whole
    repository is searched.

    \b
    codesearch similar src/store.py:120
    git show HEAD:src/store.py | codesearch similar -
    """
    door = Door.of(color=said["color"], quiet=said["quiet"], verbose=said["verbose"])
    shape = answer.shape(said)
    if target == "-":
        code = _code(door)
        opened = open_index(door, given, flags=flags.settings(said), everything=True)
        like: str | tuple[str, int] = code
        name = "-"
    else:
        file, line = place(target)
        opened = open_index(door, given, flags=flags.settings(said), everything=True, beside=file)
        like = relative(opened.index.root, file), line
        name = f"{like[0]}:{line}"
    request = flags.request(name, said, opened)
    with Meter(door) as meter:
        result = opened.index.similar(
            like,
            request,
            refresh=not said["no_refresh"],
            on_progress=meter,
            on_wait=door.wait,
            **consent.dealings(door, said),
        )
    meter.conclude()
    return answer.show(door, opened, request, result, shape)


def place(target: str) -> tuple[Path, int]:
    r"""The file and the 1-based line of ``FILE:LINE``.

    A file's name may hold colons itself (``C:\a.py:3``): the longest name that exists counts.

    Raises:
        ConfigError: there is no line, or no such file.
    """
    found = _PLACE.fullmatch(target)
    if found is None:
        raise ConfigError(
            f"{output.visible(target)} does not say which line",
            "give a file and a line, as in src/store.py:120, or - for standard input",
        )
    head, _, last = target.rpartition(":")
    if last.isdigit() and Path(head).is_file():
        file, line = head, last
    else:
        file, line = found["file"], found["line"]
    if existing(file).is_dir():
        raise ConfigError(f"{output.visible(file)} is a folder", "give a file and a line")
    if int(line) < 1:
        raise ConfigError("lines are counted from 1")
    return Path(file), int(line)


def _code(door: Door) -> str:
    if is_terminal(sys.stdin):
        door.say("reading code from the terminal; end it with Ctrl-D (Windows: Ctrl-Z, Enter)")
    text = standard_input().read(4 * MAX_CODE + 4).decode("utf-8", "replace")
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\0", " ")
    if not text.strip():
        raise ConfigError("there is no code on standard input", "codesearch similar - < code.py")
    if len(text) > MAX_CODE:
        door.warn(f"only the first {MAX_CODE:,} characters were used")
    return text[:MAX_CODE]
