"""``codesearch search``: a question in plain words, or a file of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, get_args

import click

from codesearch import output, protocol
from codesearch.cli import answer, consent, flags
from codesearch.cli.base import FOUND, NOTHING, Door, Meter, standard_input
from codesearch.cli.scope import open_index
from codesearch.errors import ConfigError
from codesearch.model import Mode


@click.command("search")
@click.argument("words", nargs=-1, metavar="QUERY [PATH]...")
@flags.filters
@click.option(
    "--mode",
    type=flags.Choice("mode", get_args(Mode)),
    default="hybrid",
    show_default=True,
    help="What is compared: meaning, words, or both.",
)
@click.option(
    "--queries-from",
    metavar="FILE",
    help="One query a line, one JSON answer a line; - is standard input.",
)
@flags.presentation
@flags.engine
@flags.loudness
def command(words: tuple[str, ...], **said: Any) -> int:
    """Find the functions that answer QUERY.

    The index is built or refreshed first. Without PATH the current folder and what is below it
    is searched. "codesearch QUERY" is short for this command.

    \b
    codesearch "how are retries scheduled"
    codesearch "parse the config file" src -t python --tests exclude
    """
    door = Door.of(color=said["color"], quiet=said["quiet"], verbose=said["verbose"])
    if said["queries_from"] is not None:
        return _many(words, door, said)
    if not words:
        flags.question("", door)  # says that it is empty, and how to ask
    query, *given = words
    query = flags.question(query, door)
    shape = answer.shape(said)
    unquoted = f'put the query in quotes: codesearch "{output.visible(" ".join(words))}"'
    opened = open_index(door, given, flags=flags.settings(said), hint=unquoted if given else "")
    request = flags.request(query, said, opened)
    with Meter(door) as meter:
        result = opened.index.search(
            request,
            refresh=not said["no_refresh"],
            on_progress=meter,
            on_wait=door.wait,
            **consent.dealings(door, said),
        )
    meter.conclude()
    return answer.show(door, opened, request, result, shape)


def _many(given: tuple[str, ...], door: Door, said: dict[str, Any]) -> int:
    """Answers many questions with one loaded index, refreshed before each: they may come slowly."""
    if said["form"] not in {None, "jsonl"}:
        raise ConfigError("--queries-from answers in JSON, one line a query", "use --jsonl")
    shape = answer.shape({**said, "form": "jsonl"})
    opened = open_index(door, given, flags=flags.settings(said))
    code = NOTHING
    with _stream(said["queries_from"]) as stream:
        for number, query in _queries(stream, door):
            request = flags.request(query, said, opened)
            with Meter(door) as meter:
                result = opened.index.search(
                    request,
                    refresh=not said["no_refresh"],
                    on_progress=meter,
                    on_wait=door.wait,
                    **consent.dealings(door, said),
                )
            found = answer.document(opened, request, result, shape.extent)
            door.write(protocol.encode({**found, "line": number}), exact=True)
            code = FOUND if result.hits else code
    return code


def _stream(name: str) -> AbstractContextManager[BinaryIO]:
    if name == "-":
        return nullcontext(standard_input())
    try:
        return Path(name).open("rb")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"cannot read the queries in {output.visible(name)}: {why}") from None


def _queries(stream: BinaryIO, door: Door) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their 1-based numbers, each as soon as it is there."""
    for number, raw in enumerate(iter(stream.readline, b""), 1):
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8", "replace")
        if output.one_line(text):
            yield number, flags.question(text, door)
