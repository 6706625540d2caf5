"""``codesearch languages``: the languages whose structure is known."""

from __future__ import annotations

from typing import Any

import click

from codesearch import languages, output, protocol
from codesearch.cli import flags
from codesearch.cli.base import FOUND, Door


@click.command("languages")
@flags.as_json
@flags.loudness
def command(*, as_json: bool, **said: Any) -> int:
    """List the languages that are cut into functions.

    Any other text is cut into windows of lines."""
    door = Door.of(**said)
    known = [languages.grammar(name) for name in languages.names()]
    if as_json:
        rows = [
            {"name": g.name, "aliases": g.aliases, "extensions": g.extensions, "files": g.files}
            for g in known
        ]
        door.write(protocol.encode(protocol.languages(rows), indent=True), exact=True)
        return FOUND
    table = [
        (g.name, " ".join([*(f".{extension}" for extension in g.extensions), *g.files]))
        for g in known
    ]
    door.write(output.listing(table, door.screen))
    return FOUND
