"""``codesearch clean``: give the disk back."""

from __future__ import annotations

import sys
from typing import Any

import click

from codesearch import output
from codesearch.cli import flags
from codesearch.cli.base import FOUND, Door, is_terminal
from codesearch.cli.scope import open_index
from codesearch.errors import ConfigError


@click.command("clean")
@click.option("--orphans", is_flag=True, help="The indexes whose repository is gone.")
@click.option("--all", "everything", is_flag=True, help="All indexes.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@flags.loudness
def command(*, orphans: bool, everything: bool, yes: bool, **said: Any) -> int:
    """Delete the index of this repository.

    A search builds it again."""
    door = Door.of(**said)
    if orphans and everything:
        raise ConfigError("--orphans and --all exclude each other", "--all takes the orphans too")
    index = open_index(door).index
    what = f"the index of {index.root}"
    if orphans:
        what = f"the indexes in {index.folder.parent} whose repository is gone"
    if everything:
        what = f"all indexes in {index.folder.parent}"
    if not yes:
        if not is_terminal(sys.stdin):
            raise ConfigError(
                "nobody is there to be asked", "say --yes to delete without a question"
            )
        if not click.confirm(f"Delete {output.visible(what)}?", err=True):
            return FOUND
    freed = index.clean(orphans=orphans, everything=everything)
    door.say(f"Freed {output.size(freed)}")
    return FOUND
