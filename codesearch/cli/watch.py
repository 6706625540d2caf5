"""``codesearch watch``: keep the index up to date, and answer command lines meanwhile."""

from __future__ import annotations

from typing import Any

import click

from codesearch import places
from codesearch.cli import flags
from codesearch.cli.base import FOUND, Door
from codesearch.cli.scope import current_folder, existing


@click.command("watch")
@click.argument("path", required=False)
@click.option(
    "--debounce-ms",
    type=click.IntRange(10, 60_000),
    default=200,
    show_default=True,
    metavar="N",
    help="How long it must be quiet before changes are stored.",
)
@click.option("--poll", is_flag=True, help="Look again and again; do not rely on file events.")
@click.option("--json", "as_json", is_flag=True, help="Every event as a line of JSON.")
@flags.loudness
def command(path: str | None, *, debounce_ms: int, poll: bool, as_json: bool, **said: Any) -> int:
    """Keep the index up to date while files change.

    It is the index of the whole repository that holds PATH or the current folder. While this
    runs, searches there are answered by it, in less time. End it with Ctrl-C.
    """  # fmt: skip
    door = Door.of(**said)
    root = places.find_root(current_folder() if path is None else existing(path))
    from codesearch.cli.watching import Watch

    Watch(door, root, as_json=as_json).run(debounce=debounce_ms / 1000, poll=poll)
    return FOUND
