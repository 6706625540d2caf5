"""The command line: commands, their options, and what the user sees when things go wrong."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ferry.config.loader import Settings, SettingsError, load_settings
from ferry.http.client import Client
from ferry.jobs.queue import JobQueue
from ferry.jobs.worker import Worker

Command = Callable[[argparse.Namespace, Settings], int]
COMMANDS: dict[str, tuple[Command, str]] = {}


def command(name: str, summary: str) -> Callable[[Command], Command]:
    """Register a function as a subcommand."""

    def decorate(function: Command) -> Command:
        COMMANDS[name] = (function, summary)
        return function

    return decorate


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("ferry", description="Carries documents between systems.")
    parser.add_argument("--config", type=Path, default=Path.cwd())
    parser.add_argument("-o", "--option", action="append", default=[], metavar="NAME=VALUE")
    sub = parser.add_subparsers(dest="command", required=True)
    for name, (_, summary) in sorted(COMMANDS.items()):
        child = sub.add_parser(name, help=summary)
        child.add_argument("arguments", nargs="*")
    return parser


def parse_options(pairs: Sequence[str]) -> dict[str, str]:
    flags = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"option {pair!r} needs a value, like workers=4")
        flags[name.replace("-", "_")] = value
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and give its exit status: 0 fine, 1 failed, 2 used wrongly, 130 interrupted."""
    arguments = build_parser().parse_args(argv)
    try:
        settings = load_settings(arguments.config, parse_options(arguments.option))
        function, _ = COMMANDS[arguments.command]
        return function(arguments, settings)
    except SettingsError as error:
        print(f"ferry: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader, often `head`, has seen enough: that is no failure of ours.
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


@command("fetch", "get one document and print it")
def fetch(arguments: argparse.Namespace, settings: Settings) -> int:
    with Client(timeout=settings.timeout) as client:
        for url in arguments.arguments:
            response = client.get(url)
            if not response.ok:
                print(f"{url}: {response.status}", file=sys.stderr)
                return 1
            sys.stdout.write(response.text())
    return 0


@command("work", "run a worker until it is told to stop")
def work(arguments: argparse.Namespace, settings: Settings) -> int:
    queue = JobQueue(settings.database)
    try:
        Worker(queue, arguments.arguments[0] if arguments.arguments else "worker-1").run()
    finally:
        queue.close()
    return 0


@command("dead", "list the jobs that were given up, or revive them by id")
def dead(arguments: argparse.Namespace, settings: Settings) -> int:
    queue = JobQueue(settings.database)
    if arguments.arguments:
        revived = [queue.revive(job_id) for job_id in arguments.arguments]
        return 0 if all(revived) else 1
    rows = [(job.id[:8], job.name, str(job.attempts), why) for job, why in queue.dead_letters()]
    print_table(("id", "job", "tries", "reason"), rows)
    return 0


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their longest cell; the last one is cut at the terminal's edge."""
    table = [tuple(head), *map(tuple, rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    room = shutil.get_terminal_size().columns
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip()[:room])


def confirm(question: str, *, assume_yes: bool = False) -> bool:
    if assume_yes:
        return True
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
