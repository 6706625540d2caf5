"""``codesearch lsp``: a language server, for editors."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, closing, nullcontext
from typing import TYPE_CHECKING

import click

from codesearch import places
from codesearch.cli.base import FOUND
from codesearch.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from codesearch import ingest


@click.command("lsp")
@click.option("--stdio", is_flag=True, help="Speak over standard input and output, as ever.")
def command(*, stdio: bool) -> int:  # noqa: ARG001 (editors say so of their own accord)
    """Answer an editor, in the Language Server Protocol.

    It searches the folders that the editor has open, with what is not saved yet, and keeps their
    index up to date; searches from terminals there are answered by it, in less time. Editors
    start and end it themselves.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigError(
            "nobody speaks the Language Server Protocol here",
            "this is started by editors; the README says how to set yours up",
        )
    from codesearch.lsp.features import run

    run(_answering)
    return FOUND


def _answering(root: places.Root, standby: ingest.Standby) -> AbstractContextManager[object]:
    """Answers command lines in a work tree."""
    if sys.platform == "win32":
        return nullcontext()
    from codesearch.cli.resident import Resident
    from codesearch.server.serve import Server

    try:
        return closing(Server(root.path, Resident(root, standby).answer))
    except StoreError:
        return nullcontext()  # they do it themselves then
