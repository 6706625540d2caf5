"""``codesearch doctor``: what is wrong with the index, and putting it right."""

from __future__ import annotations

from typing import Any

import click

from codesearch import output, protocol
from codesearch.cli import flags
from codesearch.cli.base import FOUND, NOTHING, Door, Meter
from codesearch.cli.scope import open_index
from codesearch.model import Finding, Health


@click.command("doctor")
@click.option("--fix", is_flag=True, help="Put right what is found, and look again.")
@flags.as_json
@flags.loudness
def command(*, fix: bool, as_json: bool, **said: Any) -> int:
    """Examine the index: is it whole, does it hold what it should, what lies about.

    A fault means that answers could be wrong or missing; then the exit code is 1. Waste costs
    only disk. All that is stored is read, which takes a while; files that changed since are no
    fault. Whatever is found can be mended, since all of it is made from the files.
    """
    door = Door.of(**said)
    index = open_index(door).index
    with Meter(door) as meter:
        if fix:
            health = index.mend(on_progress=meter, on_wait=door.wait)
        else:
            health = index.examine(on_wait=door.wait)
    if as_json:
        door.write(protocol.encode(protocol.doctor(health), indent=True), exact=True)
    else:
        for note in health.notes:
            door.say(note)
        if rows := _rows(health):
            door.write(output.table(rows, door.screen))
        door.write(_verdict(health))
    return NOTHING if health.is_faulty else FOUND


def _rows(health: Health) -> list[tuple[str, str, str]]:
    done = [("mended", f.where, _what(f)) for f in health.mended]
    return [*done, *((f.severity, f.where, f"{_what(f)}; {_cure(f)}") for f in health.findings)]


def _what(finding: Finding) -> str:
    return f"{finding.what} ({output.size(finding.bytes)})" if finding.bytes else finding.what


def _cure(finding: Finding) -> str:
    return f"--fix {finding.cure}" if finding.cure else "this has to be put right by hand"


def _verdict(health: Health) -> str:
    taken = output.size(health.bytes_on_disk)
    live = f", {output.size(health.bytes_live)} of it live" if health.bytes_live else ""
    where = f"{taken} in {output.visible(health.folder)}{live}"
    if health.is_faulty:
        return f"faulty: {where}"
    return f"healthy: {where}"
