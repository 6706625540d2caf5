"""``codesearch status``: what the index holds, what it is worth, and where code goes."""

from __future__ import annotations

import time
from typing import Any

import click

from codesearch import output, protocol
from codesearch.cli import flags
from codesearch.cli.base import FOUND, NOTHING, Door
from codesearch.cli.scope import open_index
from codesearch.model import IndexState, Status


@click.command("status")
@click.option("--check", is_flag=True, help="Exit with 1 unless the index is up to date.")
@click.option("--backend", metavar="NAME", help="The embedding backend.")
@flags.as_json
@flags.loudness
def command(*, check: bool, backend: str | None, as_json: bool, **said: Any) -> int:
    """Show what the index holds and is worth."""
    door = Door.of(**said)
    status = open_index(door, flags={"backend": backend}).index.status()
    if as_json:
        door.write(protocol.encode(protocol.status(status), indent=True), exact=True)
    elif not (check and door.quiet):
        door.write(output.listing(_rows(status, time.time()), door.screen))
    return NOTHING if check and status.state is not IndexState.FRESH else FOUND


def _rows(status: Status, now: float) -> list[tuple[str, str]]:
    pending = output.plural(status.pending, "file") + " changed since" if status.pending else ""
    about = pending or (status.made_with and f"it was made with {status.made_with}")
    state = f"{status.state} ({about})" if about else str(status.state)
    files = f"{status.files:,}" + (f", {status.skipped:,} skipped" if status.skipped else "")
    goes = (
        f"to the {status.backend} backend, over the network"
        if status.remote
        else "nowhere: it stays on this machine"
    )
    rows = [("root", status.root), ("state", state)]
    if status.updated is not None:
        times = f"updated {output.age(now - status.updated)}"
        if status.created is not None:
            times += f", built {output.age(now - status.created)}"
        rows += [
            ("age", times),
            ("files", files),
            ("languages", output.counts(status.languages)),
            ("functions", f"{status.chunks:,}: {output.counts(status.kinds)}"),
        ]
    return [
        *rows,
        ("model", f"{status.model}, {status.dimension} dimensions ({status.backend})"),
        ("code goes", goes),
        ("size", f"{output.size(status.bytes_on_disk)} in {status.folder}"),
    ]
