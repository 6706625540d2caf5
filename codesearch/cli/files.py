"""``codesearch files``: what is indexed, and which rule decided it."""

from __future__ import annotations

import os
from typing import Any

import click

from codesearch import output, protocol
from codesearch.cli import flags
from codesearch.cli.base import FOUND, NOTHING, Door
from codesearch.cli.scope import existing, open_index


@click.command("files")
@click.argument("given", nargs=-1, metavar="[PATH]...")
@click.option("--why", metavar="PATH", help="Which rule includes or excludes a file or folder.")
@flags.as_json
@flags.loudness
def command(given: tuple[str, ...], *, why: str | None, as_json: bool, **said: Any) -> int:
    """List the files of the index.

    Those in and below the current folder, or PATH."""
    door = Door.of(**said)
    if why is not None:
        return _why(door, why, as_json=as_json)
    opened = open_index(door, given)
    records = [r for r in opened.index.files() if opened.holds(r.path)]
    indexed = [r for r in records if not r.skipped]
    if as_json:
        found = protocol.files(records, root=str(opened.index.root))
        door.write(protocol.encode(found, indent=True), exact=True)
    elif indexed:
        door.names(opened.name(r.path) for r in indexed)
    skipped = [r for r in records if r.skipped]
    for record in skipped:
        door.detail(
            f"skipped {opened.name(record.path)}: {record.skipped} {record.detail}".rstrip()
        )
    if door.terminal and not as_json:
        door.say(f"{output.plural(len(indexed), 'file')}, {len(skipped):,} skipped")
    return FOUND if indexed else NOTHING


def _why(door: Door, path: str, *, as_json: bool) -> int:
    given = os.path.abspath(existing(path))  # noqa: PTH100  resolve() follows links
    opened = open_index(door)
    verdict = opened.index.why(given)
    if as_json:
        found = protocol.why(verdict, root=str(opened.index.root))
        door.write(protocol.encode(found, indent=True), exact=True)
    else:
        what = "indexed" if verdict.included else "not indexed"
        source = f" ({verdict.source})" if verdict.source else ""
        reason = f"{what}: {verdict.rule}{source}"
        door.write(output.visible(f"{opened.name(verdict.path)}: {reason}"))
    return FOUND if verdict.included else NOTHING
