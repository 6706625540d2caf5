"""Flags: those that several commands have, and the checks of what is given for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from codesearch import output
from codesearch.cli.base import Door
from codesearch.cli.scope import Opened
from codesearch.errors import ConfigError, did_you_mean
from codesearch.model import Kind, SearchRequest, Tests

F = TypeVar("F", bound=Callable[..., Any])


if TYPE_CHECKING:
    _Choice = click.Choice[str]
else:
    _Choice = click.Choice  # which click before 8.2 has not as a generic


class Choice(_Choice):
    """One of some words, with the nearest of them for a mistyped one."""

    def __init__(self, what: str, words: Iterable[str]) -> None:
        super().__init__(list(words))
        self.what = what

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002
        ctx: click.Context | None,  # noqa: ARG002
    ) -> str:
        return one_of(str(value), self.what, [str(c) for c in self.choices])


def one_of(word: str, what: str, known: Sequence[str]) -> str:
    """The word, if it is known.

    Raises:
        ConfigError: it is not; the hint names what was probably meant, or all that is known.
    """
    if word in known:
        return word
    raise ConfigError(
        f"there is no {what} {output.visible(word)!r}",
        did_you_mean(word, known) or f"known are: {', '.join(known)}",
    )


def listed(values: Sequence[str]) -> list[str]:
    """The words of a repeatable flag whose values may also be separated by commas."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _kinds(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(one_of(word, "kind", get_args(Kind)) for word in listed(values))


def _languages(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    if not values:
        return ()
    from codesearch import languages

    return tuple(languages.canonical(word) for word in listed(values))


def question(text: str, door: Door) -> str:
    """A query that can be asked: one line, not empty and not endless.

    Raises:
        ConfigError: nothing is left of it.
    """
    clean = output.one_line(text)
    if not clean:
        raise ConfigError(
            "the query is empty", 'ask in plain words: codesearch "where are sessions stored"'
        )
    if len(clean) > output.MAX_QUERY:
        door.warn(
            f"the query has {len(clean):,} characters; only the first"
            f" {output.MAX_QUERY:,} were used"
        )
        clean = clean[: output.MAX_QUERY]
    return clean


def settings(said: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the flags of ``engine`` say."""
    return {
        "backend": said["backend"],
        "offline": said["offline"] or None,
        "max-cost": said.get("max_cost"),
        "max-requests": said.get("max_requests"),
    }


def request(query: str, said: Mapping[str, Any], opened: Opened) -> SearchRequest:
    """What is asked, of which part of the repository."""
    return SearchRequest(
        query=query,
        top_k=said["top_k"],
        mode=said.get("mode", "hybrid"),
        paths=opened.paths,
        globs=said["globs"],
        languages=said["languages"],
        not_languages=said["not_languages"],
        kinds=said["kinds"],
        symbol=said["symbol"],
        tests=said["tests"] or opened.settings.tests,
        min_score=said["min_score"],
        by_file=said["by_file"],
    )


def options(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, in the order in which the help shows them."""

    def apply(function: F) -> F:
        for decorate in reversed(decorators):
            function = decorate(function)
        return function

    return apply


loudness = options(
    click.option("-q", "--quiet", is_flag=True, help="No progress, no warnings."),
    click.option("-v", "--verbose", is_flag=True, help="Say more on standard error."),
    click.option(
        "--color",
        type=Choice("way to colour", ["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours; auto: on a terminal, unless NO_COLOR is set.",
    ),
)

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document.")

filters = options(
    click.option("-k", "--top-k", type=click.IntRange(1, 1000), default=10, show_default=True,
                 metavar="N", help="At most so many answers."),
    click.option("-t", "--lang", "languages", multiple=True, metavar="LANG", callback=_languages,
                 help="Only these languages."),
    click.option("-T", "--lang-not", "not_languages", multiple=True, metavar="LANG",
                 callback=_languages,
                 help="Not these languages."),
    click.option("-g", "--glob", "globs", multiple=True, metavar="GLOB",
                 help="Only paths that match; a leading ! excludes."),
    click.option("--kind", "kinds", multiple=True, metavar="KIND", callback=_kinds,
                 help=f"Only these kinds: {', '.join(get_args(Kind))}."),
    click.option("--symbol", default="", metavar="TEXT",
                 help="Only symbols that contain this, in any case."),
    click.option("--tests", type=Choice("way to treat tests", get_args(Tests)),
                 help="Rank test code lower (demote, the default), like other code, or leave"
                      " out one of the two."),
    click.option("--min-score", type=float, metavar="SCORE", help="Only scores from this on."),
    click.option("--by-file", is_flag=True,
                 help="The best function of each file, its next ones under it."),
)  # fmt: skip

presentation = options(
    click.option("-A", "--after", type=click.IntRange(0, 1000), metavar="N",
                 help="Lines after the best line."),
    click.option("-B", "--before", type=click.IntRange(0, 1000), metavar="N",
                 help="Lines before the best line."),
    click.option("-C", "--context", type=click.IntRange(0, 1000), metavar="N",
                 help="Lines before and after the best line."),
    click.option("--full", is_flag=True, help="Whole functions."),
    click.option("-l", "--files-with-matches", "names_only", is_flag=True,
                 help="Only the names of files."),
    click.option("--format", "form", type=Choice("format", ["text", "json", "jsonl", "vimgrep"]),
                 help="How to print answers; the default is text."),
    click.option("--json", "form", flag_value="json", type=str, help="Short for --format json."),
    click.option("--jsonl", "form", flag_value="jsonl", type=str, help="Short for --format jsonl."),
    click.option("--explain", is_flag=True, help="Show the parts of each score."),
)  # fmt: skip

backend = options(
    click.option("--offline", is_flag=True, help="Never use the network."),
    click.option("--backend", metavar="NAME",
                 help="The embedding backend: local (the default), gemini, openai, model2vec,"
                      " sentence-transformers or hashing."),
    click.option("--yes", is_flag=True,
                 help="Agree to send code to the backend, at its price, without being asked."),
    click.option("--max-cost", type=float, metavar="USD",
                 help="Spend at most so much in this run."),
    click.option("--max-requests", type=int, metavar="N",
                 help="Send at most so many functions in this run."),
)  # fmt: skip

engine = options(
    click.option("--no-refresh", is_flag=True, help="Answer from the index as it is."),
    backend,
)
