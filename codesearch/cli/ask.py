"""``codesearch ask``: an answer in words, from Gemini over the found functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from codesearch import output, places, protocol
from codesearch.cli import consent, flags
from codesearch.cli.base import FOUND, NOTHING, Door, Meter
from codesearch.cli.scope import Opened, open_index
from codesearch.errors import ConfigError, EmbedderError
from codesearch.model import Bill, SearchRequest

if TYPE_CHECKING:
    from codesearch.asking import Citation, Source

_MODEL = "gemini-flash-latest"
_TERMS = "The functions listed are sent as they are, to be read by a model."


@click.command("ask")
@click.argument("words", nargs=-1, metavar="QUESTION [PATH]...")
@click.option(
    "-k",
    "--top-k",
    type=click.IntRange(1, 50),
    default=8,
    show_default=True,
    metavar="N",
    help="So many functions are sent.",
)
@click.option(
    "--text-model",
    default=_MODEL,
    show_default=True,
    metavar="NAME",
    help="The model that answers.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@flags.as_json
@flags.engine
@flags.loudness
def command(words: tuple[str, ...], **said: Any) -> int:
    """Answer QUESTION in words, with citations.

    The best functions are found as by "codesearch search", and sent to Google's Gemini API with
    the question; GEMINI_API_KEY holds the key. Every citation is compared with what was sent.
    """
    from codesearch import asking

    door = Door.of(color=said["color"], quiet=said["quiet"], verbose=said["verbose"])
    if not words:
        flags.question("", door)
    query = flags.question(words[0], door)
    opened = open_index(door, words[1:], flags=flags.settings(said))
    if opened.settings.offline and not said["dry_run"]:
        raise ConfigError("an answer in words comes over the network", "leave out --offline")
    if opened.settings.max_cost is not None and not said["dry_run"]:
        raise ConfigError(
            f"the price of {said['text_model']} is not known, so no limit of cost can be kept",
            "leave out --max-cost; -n shows how many tokens would be sent",
        )
    # A remote backend would be sent the question: a dry run finds by words what it can.
    silent = said["dry_run"] and opened.index.is_remote
    request = SearchRequest(
        query, top_k=said["top_k"], paths=opened.paths, tests=opened.settings.tests,
        mode="lexical" if silent else "hybrid",
    )  # fmt: skip
    with Meter(door) as meter:
        result = opened.index.search(
            request, refresh=not (said["no_refresh"] or silent), on_progress=meter,
            on_wait=door.wait, **consent.dealings(door, said),
        )  # fmt: skip
    for warning in result.warnings:
        door.warn(warning)
    found = asking.sources(result.hits)
    if not found:
        door.say(f'nothing found for "{output.clip(query, 60, "...")}"')
        return NOTHING
    text = _redacted(asking.prompt(query, found))
    if said["dry_run"]:
        door.write(_plan(found, text, opened))
        return FOUND
    return _answered(door, opened, query, found, text, said)


def _answered(
    door: Door, opened: Opened, query: str, found: list[Source], text: str,
    said: dict[str, Any],
) -> int:  # fmt: skip
    from codesearch import asking
    from codesearch.gemini.asked import Asked
    from codesearch.remote import vault_in

    settings = opened.settings
    asked = Asked(
        vault_in(places.paid_folder(settings.index_home)),
        places.name_of(places.find_root(opened.index.root)),
        said["text_model"],
        asking.INSTRUCTION,
        text,
        vertex=settings.vertex,
    )
    price = Bill(
        service=asked.service,
        model=said["text_model"],
        terms=_TERMS,
        texts=len(found),
        tokens=asked.tokens,
        dollars=None,
    )
    asked.check()
    if not asked.is_agreed:
        approve = consent.approver(
            door, yes=said["yes"], question="Send them, and those of later questions?"
        )
        if approve is None or not approve(price):
            raise EmbedderError(
                f"nobody has agreed that functions are sent to {asked.service}",
                "codesearch ask -n shows what would be sent; --yes agrees to it",
            )
        asked.agree()
    parts: list[str] = []
    for part in asked:
        parts.append(part)
        if not said["as_json"]:
            # Line breaks stay; whatever else acts on a terminal is shown as an escape.
            door.part("\n".join(map(output.visible, part.replace("\t", "    ").split("\n"))))
    answer = "".join(parts)
    cited = asking.citations(answer, found)
    if said["as_json"]:
        found_ = protocol.answer(query, answer, cited, found, root=str(opened.index.root),
                                 model=said["text_model"], usage=asked.usage)  # fmt: skip
        door.write(protocol.encode(found_, indent=True), exact=True)
    else:
        door.part("\n")
        _cited(door, cited, opened)
    door.say(f"Sent {output.plural(len(found), 'function')}, {asked.usage.sent:,} tokens; "
             f"received {asked.usage.received:,}")  # fmt: skip
    return FOUND


def _cited(door: Door, cited: list[Citation], opened: Opened) -> None:
    if cited:
        door.write("")
    for one in cited:
        lines = f":{one.start_line}" + (
            f"-{one.end_line}" if one.end_line != one.start_line else ""
        )
        name = output.visible(opened.name(one.path) if one.is_right else one.path)
        shown = door.screen.paint(name, output.PATH) + lines
        door.write(shown if one.is_right else f"{shown}  (not among what was sent)")
    if not cited:
        door.warn("the answer cites nothing, so nothing of it could be checked")


def _redacted(text: str) -> str:
    """What is sent, without what looks like a secret."""
    from codesearch.remote import Redactor

    return Redactor()(text, "")[0]


def _plan(found: list[Source], text: str, opened: Opened) -> str:
    from codesearch.remote import tokens

    lines = [
        f"{output.visible(opened.name(s.path))}:{s.start_line}-{s.end_line}"
        f"  {output.visible(s.symbol)}".rstrip()
        for s in found
    ]
    total = f"To be sent to Google's Gemini API: {output.plural(len(found), 'function')}, "
    return "\n".join([f"{total}about {round(tokens.estimate(text)):,} tokens", *lines])
