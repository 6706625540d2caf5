"""``codesearch cache``: what was paid for, and how a team or CI shares it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from codesearch import output, places
from codesearch.cli import flags
from codesearch.cli.base import FOUND, Door, Meter, is_terminal
from codesearch.cli.scope import current_folder, open_index, settings_of
from codesearch.errors import CodesearchError, ConfigError

if TYPE_CHECKING:
    from codesearch.remote import Vault


@click.group("cache", no_args_is_help=False)
def command() -> None:
    """Show and share the vectors that were paid for.

    They are kept for all repositories of this machine, by the text that they were made of. Deleting
    an index does not delete them.
    """


@command.command("show")
@flags.loudness
def show(**said: Any) -> int:
    """Show what is kept, and what was spent."""
    from codesearch.remote.prices import shown

    door = Door.of(**said)
    vault = _vault(door)
    rows = [("file", str(vault.file))]
    if vault.file.exists():
        rows.append(("size", output.size(vault.size)))
    rows += [
        (model.partition("/")[0], f"{output.plural(count, 'vector')} of {dimension} dimensions")
        for model, dimension, count in vault.counts()
    ]
    for job in vault.jobs():
        begun = output.age(time.time() - job.begun)
        what = f"{output.plural(job.texts, 'function')} of {job.place}, begun {begun}"
        rows.append((job.name, what))
    for spent in vault.spent():
        cost = "at a price not known to us" if spent.dollars is None else (
            f"about {shown(spent.dollars)}"
        )  # fmt: skip
        what = f"{output.plural(spent.texts, 'text')}, {spent.tokens:,} tokens, {cost}"
        rows.append((f"spent on {spent.model.partition('/')[0]}", what))
    door.write(output.listing(rows, door.screen))
    return FOUND


@command.command("export")
@click.argument("file")
@click.option("--backend", metavar="NAME", help="The embedding backend.")
@flags.loudness
def export(file: str, *, backend: str | None, **said: Any) -> int:
    """Write the paid vectors of this repository to FILE.

    Who imports it pays for none of them again. They say something of the code that they were made
    of: give them to those who may see it.
    """
    door = Door.of(**said)
    opened = open_index(door, flags={"backend": backend})
    try:
        with Meter(door) as meter:
            count = opened.index.export_paid(Path(file), on_progress=meter)
    except OSError as error:
        raise CodesearchError(f"cannot write {output.visible(file)}: {error.strerror}") from None
    door.say(f"Exported {output.plural(count, 'vector')} to {output.visible(file)}")
    return FOUND


@command.command("import")
@click.argument("file")
@click.option("--backend", metavar="NAME", help="The embedding backend.")
@flags.loudness
def import_(file: str, *, backend: str | None, **said: Any) -> int:
    """Take paid vectors from FILE.

    It is checked whole before anything of it is used. Vectors that are there already stay.
    """
    door = Door.of(**said)
    opened = open_index(door, flags={"backend": backend})
    model, count, new = opened.index.import_paid(Path(file))
    door.say(f"Imported {output.plural(count, 'vector')} of {model}, {new:,} of them new")
    return FOUND


@command.command("clear")
@click.option(
    "--older-than",
    type=click.IntRange(1, 36_500),
    metavar="DAYS",
    help="Only what was paid for longer ago.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@flags.loudness
def clear(*, older_than: int | None, yes: bool, **said: Any) -> int:
    """Delete what was paid for; it would have to be paid for again."""
    door = Door.of(**said)
    vault = _vault(door)
    count = sum(n for _, _, n in vault.counts())
    if count and not yes:
        if not is_terminal(sys.stdin):
            raise ConfigError(
                "nobody is there to be asked", "say --yes to delete without a question"
            )
        if not click.confirm("Delete what was paid for?", err=True):
            return FOUND
    door.say(f"Deleted {output.plural(vault.clear(older_than), 'vector')}")
    return FOUND


def _vault(door: Door) -> Vault:
    from codesearch.remote import vault_in

    root = places.find_root(current_folder()).path
    return vault_in(places.paid_folder(settings_of(root, door).index_home))
