"""``codesearch dupes``: functions that are there more than once, for people, hooks and CI."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from codesearch import config, output, places, protocol
from codesearch.cli import flags
from codesearch.cli.base import FAILED, FOUND, NOTHING, Door, Meter, answers_another
from codesearch.cli.scope import Opened, existing, open_index, relative
from codesearch.errors import CodesearchError, ConfigError, Elsewhere
from codesearch.model import (
    BASELINE,
    RULE_NAMES,
    DuplicateReport,
    DuplicateRequest,
    IndexState,
    Rule,
)

FORMATS = ("text", "json", "jsonl", "sarif", "github", "gitlab")
_FAILING = {"error": ("error",), "warning": ("error", "warning"), "never": ()}


def _rules(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(flags.one_of(w.upper(), "rule", list(RULE_NAMES)) for w in flags.listed(values))


@click.command("dupes")
@click.argument("given", nargs=-1, metavar="[PATH]...")
@click.option("--staged", is_flag=True, help="Functions that the commit being made adds or alters.")
@click.option("--base-ref", metavar="REF", help="Functions that commits since REF add or alter.")
@click.option("--all", "everything", is_flag=True, help="All functions, in groups; the default.")
@click.option("--include-tests", is_flag=True, help="Compare the functions of tests too.")
@click.option(
    "--select",
    multiple=True,
    metavar="RULE",
    callback=_rules,
    help="Only these rules: CS001 exact, CS002 renamed, CS003 near, CS004 similar purpose (a hint,"
    " otherwise on the page only).",
)
@click.option("--ignore", multiple=True, metavar="RULE", callback=_rules, help="Not these rules.")
@click.option(
    "--threshold",
    type=float,
    metavar="SHARE",
    help="How like a near copy is at least, 0.3 to 1; the default is 0.6.",
)
@click.option(
    "--min-tokens",
    type=int,
    metavar="N",
    help="Compare functions of at least so many tokens; the default is 50.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Near copies are errors, and what could not be compared fails too.",
)
@click.option(
    "--fail-on",
    type=flags.Choice("severity", list(_FAILING)),
    default="warning",
    show_default=True,
    help="What makes the exit code 1.",
)
@click.option(
    "--baseline",
    "file",
    metavar="FILE",
    help=f"Accepted pairs; the default is {BASELINE} at the root.",
)
@click.option("--update-baseline", is_flag=True, help="Accept all that is found.")
@click.option(
    "--time-budget",
    type=click.FloatRange(min=0.0),
    metavar="SECONDS",
    help="Stop comparing after so long, and say so.",
)
@click.option("--diff", "sides", is_flag=True, help="Show both functions side by side.")
@click.option(
    "--format",
    "form",
    type=flags.Choice("format", FORMATS),
    default="text",
    help="text, json, jsonl, sarif, github or gitlab.",
)
@click.option("--json", "form", flag_value="json", type=str, help="Short for --format json.")
@click.option("-o", "--output", "out", metavar="FILE", help="Write to a file, not to the terminal.")
@click.option("--html", metavar="FILE", help="Also write a page to look at.")
@click.option(
    "--trend",
    multiple=True,
    metavar="FILE",
    help="JSON of earlier runs, whose numbers the page shows beside today's.",
)
@flags.loudness
def command(given: tuple[str, ...], **said: Any) -> int:  # fmt: skip
    """Find functions that are there more than once.

    With files or folders, their functions are compared with those of the whole repository. The
    exit code is 1 if there are findings, 2 if it could not be told. Nothing is ever sent.

    \b
    codesearch dupes                            all of the repository
    codesearch dupes --staged                   in a pre-commit hook
    codesearch dupes --base-ref origin/main     in CI
    codesearch dupes src/store.py --diff        one file, side by side

    A comment on or above a definition accepts it: "codesearch: ignore[CS003] why".
    """
    door = Door.of(color=said["color"], quiet=said["quiet"], verbose=said["verbose"])
    opened = open_index(
        door,
        given,
        flags={"dupes-threshold": said["threshold"], "dupes-min-tokens": said["min_tokens"]},
        everything=True,
    )
    try:
        request = _request(said, opened, bool(given))
    except _Unread as error:
        if not said["staged"] or said["strict"]:
            raise
        door.warn(f"{error.message}: duplicates were not looked for")
        return FOUND
    in_colour = door.terminal or door.screen.colour
    shows = said["form"] in {"json", "jsonl"} or said["html"] or said["sides"]
    request = replace(request, differences=bool(shows or (said["form"] == "text" and in_colour)))
    try:
        with Meter(door) as meter:
            report, pairs = opened.index.duplicates(request, meter, door.wait)
        meter.conclude()
    except (ConfigError, Elsewhere):
        raise
    except Exception as error:
        # Whatever it is, no commit is held up by it.
        mistake = not isinstance(error, CodesearchError)
        if not said["staged"] or request.strict or (mistake and answers_another()):
            raise
        door.warn(f"{_failure(error)}: duplicates were not looked for")
        return FOUND
    if said["update_baseline"]:
        whole = report.mode == "all" and report.complete
        return _accept(door, opened, said, pairs, whole=whole)
    for warning in report.warnings:
        door.warn(warning)
    if not report.complete:
        door.warn(f"not everything was compared within {said['time_budget']:g} s")
    _write(door, opened, report, said)
    failing = _FAILING[said["fail_on"]]
    if any(finding.severity in failing for finding in report.findings):
        return NOTHING
    whole = report.complete and report.state is IndexState.FRESH
    return FAILED if request.strict and not whole else FOUND


def _failure(error: Exception) -> str:
    """What went wrong; of a mistake of ours there is a report."""
    if isinstance(error, CodesearchError):
        return error.message
    from codesearch.cli.report import write

    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"unexpected {what} ({write(error, sys.argv[1:])})"


def _request(said: dict[str, Any], opened: Opened, given: bool) -> DuplicateRequest:
    """What is asked.

    Raises:
        ConfigError: flags that contradict each other, a baseline that cannot be read.
    """
    modes = [f for f in ("staged", "base_ref", "everything") if said[f]]
    if len(modes) > 1:
        raise ConfigError("--staged, --base-ref and --all ask different questions", "give one")
    if said["everything"] and given:
        raise ConfigError("--all asks about everything", "leave out the paths, or --all")
    if said["trend"] and not said["html"]:
        raise ConfigError("--trend is shown on the page", "add --html FILE")
    settings = opened.settings
    # Hints are for who looks at a whole repository, not for who waits for a commit.
    usual = RULE_NAMES if said["html"] and not said["staged"] else list(RULE_NAMES)[:3]
    chosen = set(said["select"] or usual)
    rules: set[Rule] = chosen - set(said["ignore"]) - set(settings.dupes_ignore)
    request = DuplicateRequest(
        mode="files" if given else "all",
        paths=opened.paths,
        threshold=settings.dupes_threshold,
        min_tokens=settings.dupes_min_tokens,
        tests=said["include_tests"],
        exclude=settings.dupes_exclude,
        rules=frozenset(rules),
        strict=said["strict"],
        accepting=said["update_baseline"],
        seconds=said["time_budget"],
    )
    if said["base_ref"]:
        request = replace(request, mode="since", base=said["base_ref"])
    elif said["staged"]:
        request = _of_hook(request)
    return replace(request, accepted=_accepted(said, opened, request))


def _of_hook(request: DuplicateRequest) -> DuplicateRequest:
    """What ``--staged`` asks, which depends on what pre-commit is at."""
    # Before a push pre-commit says which commits go; or none, where the remote has no commit of it.
    base, to = (config.variable(f"PRE_COMMIT_{end}_REF") for end in ("FROM", "TO"))
    if base and to:
        return replace(request, mode="since", base=base, to=to)
    if config.variable("PRE_COMMIT_REMOTE_NAME"):
        to = config.variable("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
        return replace(request, mode="since", to=to)
    # ``pre-commit run --all-files`` gives all files where nothing is staged.
    return replace(request, mode="staged", or_files=config.variable("PRE_COMMIT") == "1")


class _Unread(ConfigError):
    """What was accepted cannot be read."""


def _accepted(said: dict[str, Any], opened: Opened, request: DuplicateRequest) -> Mapping[str, int]:
    """The accepted pairs, in a hook as they will be once what is asked about is committed.

    Raises:
        _Unread: they cannot be read.
        ConfigError: a file was named that is not there.
    """
    if said["update_baseline"]:
        return {}
    from codesearch.duplicates import baseline
    from codesearch.files import committed

    file = _baseline(said, opened)
    try:
        if said["staged"]:
            root = opened.index.root
            data = committed(places.find_root(root), relative(root, file), request.to)
            if data is not None:
                return baseline.parsed(data, str(file))
        return baseline.load(file)
    except ConfigError as error:
        raise _Unread(error.message, error.hint) from error


def _baseline(said: dict[str, Any], opened: Opened) -> Path:
    """The file of accepted pairs.

    Raises:
        ConfigError: one was named that is not there.
    """
    if not said["file"]:
        return opened.index.root / BASELINE
    return Path(said["file"]) if said["update_baseline"] else existing(said["file"])


def _accept(
    door: Door, opened: Opened, said: dict[str, Any], pairs: dict[str, int], *, whole: bool
) -> int:
    """Writes the baseline: anew if the ``whole`` repository was compared, else what is new."""
    from codesearch.duplicates import baseline

    file = _baseline(said, opened)
    baseline.save(file, pairs if whole else {**baseline.load(file), **pairs})
    door.say(f"{output.plural(sum(pairs.values()), 'pair')} accepted in {file}")
    return FOUND


def _write(door: Door, opened: Opened, report: DuplicateReport, said: dict[str, Any]) -> None:
    """Prints a report, and writes the page."""
    from codesearch.report import text

    made = datetime.now(UTC)
    if said["html"]:
        from codesearch.report import page

        earlier = [_earlier(Path(file)) for file in said["trend"]]
        title = opened.index.root.name
        _save(Path(said["html"]), page.page(report, title=title, made=made, earlier=earlier))
        door.say(f"wrote {said['html']}")
    form = said["form"]
    if form == "text":
        found = text.answer(report, opened.name, door.screen, sides=said["sides"])
        told = () if door.terminal else (*text.unused(report, opened.name), text.summary(report))
        for line in told:
            door.say(line)
    else:
        found = _document(form, opened, report, made)
    if said["out"]:
        _save(Path(said["out"]), found + "\n" if found else "")
    elif found:
        door.write(found, exact=form != "text")


def _document(form: str, opened: Opened, report: DuplicateReport, made: datetime) -> str:
    """A report for programs."""
    from codesearch.report import github, gitlab, sarif, wire

    if form == "json":
        whole = wire.duplicates(report, root=str(opened.index.root), made=made)
        return protocol.encode(whole, indent=True)
    if form == "jsonl":
        return "\n".join(protocol.encode(wire.duplicate(f)) for f in report.findings)
    if form == "sarif":
        return protocol.encode(sarif.log(report), indent=True)
    if form == "gitlab":
        return protocol.encode(gitlab.issues(report), indent=True)
    return github.commands(report)


def _earlier(file: Path) -> dict[str, Any]:
    """The JSON of an earlier run.

    Raises:
        ConfigError: it cannot be read, or is no such document.
    """
    import json

    try:
        found = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("schema") != protocol.DUPLICATES:
        raise ConfigError(
            f"{file} is no report of duplicates", "make one with: codesearch dupes --json -o FILE"
        )
    return found


def _save(file: Path, text: str) -> None:
    """Writes a file that the command line named.

    Raises:
        ConfigError: it can't be written.
    """
    try:
        file.write_bytes(text.encode("utf-8", "replace"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
