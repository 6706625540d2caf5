"""``codesearch index``: bring the index up to date, once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from codesearch import output, protocol
from codesearch.cli import flags
from codesearch.cli.base import FOUND, Door, Meter
from codesearch.cli.scope import existing, open_index
from codesearch.config import MAX_JOBS
from codesearch.errors import ConfigError
from codesearch.model import UpdateReport


@click.command("index")
@click.argument("path", required=False)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--full", is_flag=True, help="Read every file again.")
@click.option("--jobs", type=click.IntRange(1, MAX_JOBS), metavar="N", help="Worker processes.")
@flags.as_json
@flags.loudness
def command(path: str | None, **said: Any) -> int:
    """Build the index, or bring it up to date.

    It is the index of the whole repository that holds PATH or the current folder. A search does
    the same first, so this need not be run. What is done is kept if it is interrupted.
    """
    door = Door.of(color=said["color"], quiet=said["quiet"], verbose=said["verbose"])
    if path is not None and not existing(path).is_dir():
        raise ConfigError(
            f"{output.visible(path)} is a file, and a repository is indexed as a whole",
            "give a folder, or none for the current one",
        )
    opened = open_index(door, [] if path is None else [path], flags={"jobs": said["jobs"]})
    with Meter(door) as meter:
        report = opened.index.update(
            full=said["full"], dry_run=said["dry_run"], on_progress=meter, on_wait=door.wait
        )
    if said["as_json"]:
        found = protocol.update(report, root=str(opened.index.root))
        door.write(protocol.encode(found, indent=True), exact=True)
    elif report.dry_run:
        door.write(_plan(report))
    for note in report.notes:
        door.warn(note)
    if not report.dry_run:
        door.say(_done(report))
    if report.skipped:
        door.say(_skipped(report))
    for skipped in report.skipped:
        door.detail(
            f"skipped {opened.name(skipped.path)}: {skipped.reason} {skipped.detail}".rstrip()
        )
    return FOUND


def changes(report: UpdateReport) -> str:
    if report.added == report.files + len(report.skipped):
        return "all new"
    said = [
        f"{n:,} {what}"
        for n, what in (
            (report.added, "new"),
            (report.changed, "changed"),
            (report.removed, "removed"),
        )
        if n
    ]
    return ", ".join(said) or "nothing changed"


def _plan(report: UpdateReport) -> str:
    return (
        f"{output.plural(report.files, 'file')} ({changes(report)}); to embed:"
        f" {output.plural(report.chunks, 'function')}, about {report.tokens:,} tokens, at no cost:"
        " they stay on this machine"
    )


def _done(report: UpdateReport) -> str:
    return (
        f"Indexed {output.plural(report.files, 'file')},"
        f" {output.plural(report.chunks, 'function')} in {output.duration(report.seconds)}"
        f" ({changes(report)})"
    )


def _skipped(report: UpdateReport) -> str:
    reasons = Counter(str(s.reason) for s in report.skipped)
    return f"Skipped {len(report.skipped):,}: {output.counts(dict(reasons.most_common()))}"
