"""The command line: which command is meant, and the one boundary where failures are told.

A command is a module of this folder with a click command named ``command``; it is imported
when it is asked for. What a person should know of a failure is one line and a hint; what
we should know of our own mistakes is a report in the log folder.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TextIO

import click

from codesearch import __version__, output
from codesearch.cli import base
from codesearch.config import variable  # the name config is that of a command here
from codesearch.errors import CodesearchError, Elsewhere, did_you_mean

COMMANDS = (
    "search",
    "similar",
    "dupes",
    "index",
    "watch",
    "lsp",
    "status",
    "files",
    "languages",
    "clean",
    "doctor",
    "ask",
    "cache",
    "config",
    "completion",
)


class Root(click.Group):
    """Finds commands by name; what is not one is a question."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"codesearch.cli.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {*ctx.help_option_names, "--version"}
        if args and args[0] not in COMMANDS and args[0] not in own:
            args = ["search", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=Root,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=base.PROGRAM, message="%(prog)s %(version)s")
@click.pass_context
def root(ctx: click.Context) -> int:
    """Ask a repository in plain words and get the functions that answer.

    \b
    codesearch "how are retries scheduled"      search from the current folder down
    codesearch "parse the config" src/ -k 3     search in src/, three answers

    A first word that is no command begins a search. Ask for a word that is one with
    "codesearch search WORD".
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return base.FOUND


def main() -> None:
    """The console script."""
    # Asked to end, it ends as after Ctrl-C: with its worker processes, and what is done kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    code = run(sys.argv[1:])
    _give_up(sys.stdout)
    _give_up(sys.stderr)
    # Python would take apart what the system forgets at once, for a tenth of a second. Threads of
    # ours and of the store are waited for.
    if "lancedb" not in sys.modules and threading.active_count() == 1:
        os._exit(code)
    sys.exit(code)


def run(args: Sequence[str]) -> int:
    """Runs a command line and returns its exit code; every failure is told here."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what an encoding lacks is shown as an escape
            stream.reconfigure(errors="backslashreplace")
    instruction = variable(base.COMPLETION)
    if instruction:
        from click.shell_completion import shell_complete

        try:
            return shell_complete(root, {}, base.PROGRAM, base.COMPLETION, instruction)
        except (KeyError, ValueError):  # no shell asks, or not in this way
            return base.FAILED
    try:
        with root.make_context(base.PROGRAM, list(args)) as ctx:
            code = root.invoke(ctx)
        return code if isinstance(code, int) else base.FOUND
    except click.exceptions.Exit as done:
        return done.exit_code
    except (base.ClosedPipe, BrokenPipeError):  # the latter from click, which prints the help
        return base.FOUND
    except Elsewhere:  # only where a server answers for another process
        raise
    except CodesearchError as error:
        return _tell(error.message, error.hint, error.exit_code)
    except click.ClickException as error:
        return _tell(*_of_click(error), base.FAILED)
    except OSError as error:
        if base.answers_another():
            raise Elsewhere(str(error)) from error
        if error.errno != errno.ENOSPC:
            return _unexpected(error, args)
        return _tell(f"cannot write: {error.strerror}", "", base.FAILED)
    except (KeyboardInterrupt, click.Abort):
        _tell("interrupted", "what is done is kept; run it again to go on", base.INTERRUPTED)
        return base.INTERRUPTED
    except Exception as error:
        if base.answers_another():
            raise Elsewhere(f"{type(error).__name__}: {error}") from error
        return _unexpected(error, args)


def _tell(message: str, hint: str, code: int) -> int:
    base.remark(f"error: {output.visible(message).rstrip('.')}")
    if hint:
        base.remark(f"hint: {output.visible(hint)}")
    return code


def _of_click(error: click.ClickException) -> tuple[str, str]:
    """click's message about wrong usage as a sentence and a hint."""
    ctx = getattr(error, "ctx", None)
    command = ctx.command_path if ctx is not None else base.PROGRAM
    hint = f"{command} --help"
    message = " ".join(error.format_message().split())
    if isinstance(error, click.NoSuchOption):
        message = f"there is no flag {error.option_name}"
        known = [o for p in ctx.command.params for o in p.opts] if ctx is not None else []
        hint = did_you_mean(error.option_name, known) or hint
    return message[:1].lower() + message[1:], hint


def _give_up(stream: TextIO | None) -> None:
    """What could not be written stays unsaid: Python would try again at its end, and exit with
    a code of its own."""
    if stream is not None:
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _unexpected(error: Exception, args: Sequence[str]) -> int:
    from codesearch.cli.report import write

    what = f"{type(error).__name__}: {error}".splitlines()[0]
    where = write(error, args)
    base.remark(f"error: unexpected {output.visible(what)}; {output.visible(where)}")
    return base.FAILED
