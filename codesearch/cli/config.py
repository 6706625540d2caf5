"""``codesearch config``: what is set, and where."""

from __future__ import annotations

from typing import Any

import click

from codesearch import config, output, places
from codesearch.cli import flags
from codesearch.cli.base import FOUND, Door
from codesearch.cli.scope import current_folder


@click.group("config", no_args_is_help=False)
def command() -> None:
    """Show the configuration."""


@command.command("show")
@flags.loudness
def show(**said: Any) -> int:
    """Show each setting, its value, and the file or variable that it comes from."""
    door = Door.of(**said)
    root = places.find_root(current_folder()).path
    user_file = places.user_file()
    resolved = config.load(root, user_file=user_file)
    for warning in resolved.warnings:
        door.warn(warning)
    rows = [(name, _shown(value), source) for name, value, source in resolved.rows()]
    door.write(output.table(rows, door.screen))
    door.detail(f"root {root}\nuser file {user_file}")
    return FOUND


def _shown(value: Any) -> str:
    """A value as TOML writes it."""
    match value:
        case None:
            return "automatic"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case tuple():
            return f"[{', '.join(map(_shown, value))}]"
        case _:
            text = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{text}"'
