"""``codesearch index``: bring the index up to date, once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from codesearch import output, places, protocol
from codesearch.cli import consent, flags
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
@click.option(
    "--batch",
    is_flag=True,
    help="Have a remote backend embed in asynchronous jobs: half the price, hours later.",
)
@flags.backend
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
    told = {**flags.settings(said), "jobs": said["jobs"]}
    opened = open_index(door, [] if path is None else [path], flags=told)
    with Meter(door) as meter:
        report = opened.index.update(
            full=said["full"], dry_run=said["dry_run"], batch=said["batch"],
            on_progress=meter, on_wait=door.wait,
            **consent.dealings(door, said),
        )  # fmt: skip
    if said["as_json"]:
        found = protocol.update(report, root=str(opened.index.root))
        door.write(protocol.encode(found, indent=True), exact=True)
    elif report.dry_run:
        door.write(_plan(report, door.screen))
    for note in report.notes:
        door.warn(note)
    if not report.dry_run:
        door.say(_done(report))
    if report.bill is not None:
        if report.dry_run:
            consent.remarks(door, report.bill)
        if said["backend"] and not report.dry_run:
            always = f'backend = "{opened.settings.backend}"'
            door.say(f"To search with it without --backend: {always} in {places.user_file()}")
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


def _plan(report: UpdateReport, screen: output.Screen) -> str:
    files = f"{output.plural(report.files, 'file')} ({changes(report)})"
    bill = report.bill
    if bill is None:
        return (
            f"{files}; to embed: {output.plural(report.chunks, 'function')}, about"
            f" {report.tokens:,} tokens, at no cost: they stay on this machine"
        )
    head = f"{files}; to be sent to {bill.service}: {output.plural(bill.texts, 'function')}"
    return f"{head}\n{output.listing(consent.quoted(bill), screen)}"


def _done(report: UpdateReport) -> str:
    return (
        f"Indexed {output.plural(report.files, 'file')},"
        f" {output.plural(report.chunks, 'function')} in {output.duration(report.seconds)}"
        f" ({changes(report)})"
    )


def _skipped(report: UpdateReport) -> str:
    reasons = Counter(str(s.reason) for s in report.skipped)
    return f"Skipped {len(report.skipped):,}: {output.counts(dict(reasons.most_common()))}"
