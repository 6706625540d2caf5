"""``codesearch completion``: the script that teaches a shell to complete our words."""

from __future__ import annotations

import click

from codesearch.cli import flags
from codesearch.cli.base import COMPLETION, FOUND, PROGRAM, Door


@click.command("completion")
@click.argument("shell", type=flags.Choice("shell", ["bash", "zsh", "fish"]), metavar="SHELL")
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script for a shell.

    \b
    bash: eval "$(codesearch completion bash)" in ~/.bashrc
    zsh:  eval "$(codesearch completion zsh)" in ~/.zshrc
    fish: codesearch completion fish > ~/.config/fish/completions/codesearch.fish
    """
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    kind = {"bash": BashComplete, "fish": FishComplete, "zsh": ZshComplete}[shell]
    Door.of().write(kind(ctx.find_root().command, {}, PROGRAM, COMPLETION).source())
    return FOUND
