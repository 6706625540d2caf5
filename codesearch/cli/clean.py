"""``codesearch clean``: give the disk back."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from codesearch import output
from codesearch.cli import flags
from codesearch.cli.base import FOUND, NOTHING, Door, is_terminal
from codesearch.cli.scope import open_index
from codesearch.errors import ConfigError
from codesearch.model import Shrunk

_UNITS = "kmgt"


def _bytes(_: click.Context, __: click.Parameter, said: str | None) -> int | None:
    """A size with a decimal unit, or one of two's powers (MiB)."""
    if said is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?b?", said.strip(), re.IGNORECASE)
    if found is None:
        raise ConfigError(
            f"{output.visible(said)!r} is no size", "a number with a unit: 500MB, 2GB, 1.5GiB"
        )
    number, unit, binary = found.groups()
    power = 1 + _UNITS.index(unit.lower()) if unit else 0
    return int(float(number) * (1024 if binary else 1000) ** power)


@click.command("clean")
@click.option("--orphans", is_flag=True, help="The indexes whose repository is gone.")
@click.option("--all", "everything", is_flag=True, help="All indexes.")
@click.option(
    "--max-disk",
    "limit",
    metavar="SIZE",
    callback=_bytes,
    help="Indexes, until all that are left take at most SIZE, as in 500MB or 2GB.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@flags.loudness
def command(*, orphans: bool, everything: bool, limit: int | None, yes: bool, **said: Any) -> int:
    """Delete the index of this repository.

    A search builds it again.

    With --max-disk the indexes go first whose repository is gone, then those that were not
    updated or asked for longest (as the times of their files tell), this repository's last; none
    that is being written. The exit code is 1 if the rest takes more than SIZE all the same.
    """
    door = Door.of(**said)
    if orphans and everything:
        raise ConfigError("--orphans and --all exclude each other", "--all takes the orphans too")
    if limit is not None and (orphans or everything):
        other = "--orphans" if orphans else "--all"
        raise ConfigError(
            f"--max-disk and {other} exclude each other", "--max-disk takes orphans first"
        )
    index = open_index(door).index
    what = f"the index of {index.root}"
    if orphans:
        what = f"the indexes in {index.folder.parent} whose repository is gone"
    if everything:
        what = f"all indexes in {index.folder.parent}"
    if limit is not None:
        what = f"indexes in {index.folder.parent}, until they take {output.size(limit)}"
    if not yes:
        if not is_terminal(sys.stdin):
            raise ConfigError(
                "nobody is there to be asked", "say --yes to delete without a question"
            )
        if not click.confirm(f"Delete {output.visible(what)}?", err=True):
            return FOUND
    if limit is not None:
        return _shrunk(index.shrink(limit), limit, door)
    freed = index.clean(orphans=orphans, everything=everything)
    door.say(f"Freed {output.size(freed)}")
    return FOUND


def _shrunk(done: Shrunk, limit: int, door: Door) -> int:
    for root, freed in done.deleted:
        door.say(f"Deleted the index of {root}, {output.size(freed)}")
    for root in done.busy:
        door.warn(f"the index of {root} is being written and was left alone")
    total = sum(freed for _, freed in done.deleted)
    door.say(f"Freed {output.size(total)}; the rest takes {output.size(done.left)}")
    return FOUND if done.left <= limit else NOTHING
