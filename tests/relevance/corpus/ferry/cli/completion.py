"""Completion of words in bash, zsh and fish."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

SCRIPTS = {
    "bash": """_ferry() {
    local IFS=$'\\n'
    COMPREPLY=($(FERRY_COMPLETE="${COMP_WORDS[*]:1:COMP_CWORD}" ferry 2>/dev/null))
}
complete -o default -F _ferry ferry
""",
    "zsh": """#compdef ferry
_ferry() { compadd -- ${(f)"$(FERRY_COMPLETE="${words[2,CURRENT]}" ferry)"} }
""",
    "fish": "complete -c ferry -f -a '(FERRY_COMPLETE=(commandline -cp) ferry)'\n",
}


def script_for(shell: str) -> str:
    """The text that a user puts into the start-up file of their shell."""
    try:
        return SCRIPTS[Path(shell).name]
    except KeyError:
        raise ValueError(f"no completion for {shell}, only {', '.join(SCRIPTS)}") from None


def detect_shell() -> str:
    return Path(os.environ.get("SHELL", "/bin/sh")).name


def install(shell: str, home: Path) -> Path:
    target = {
        "bash": home / ".local/share/bash-completion/completions/ferry",
        "zsh": home / ".zfunc/_ferry",
        "fish": home / ".config/fish/completions/ferry.fish",
    }[shell]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(script_for(shell), encoding="utf-8")
    return target


def complete(words: list[str], commands: Iterable[str], options: Iterable[str]) -> Iterator[str]:
    """What could stand where the cursor is, best first."""
    current = words[-1] if words else ""
    if len(words) <= 1:
        yield from matching(current, commands)
    elif current.startswith("-"):
        yield from matching(current, options)
    else:
        yield from paths_like(current)


def matching(prefix: str, candidates: Iterable[str]) -> list[str]:
    found = [word for word in candidates if word.startswith(prefix)]
    if found:
        return sorted(found)
    letters = prefix.lower()
    return sorted(word for word in candidates if is_subsequence(letters, word.lower()))


def is_subsequence(letters: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in letters)


def paths_like(text: str) -> Iterator[str]:
    folder, _, start = text.rpartition("/")
    base = Path(folder or ".")
    if not base.is_dir():
        return
    for entry in sorted(base.iterdir()):
        if entry.name.startswith(start) and (start.startswith(".") or not entry.name.startswith(".")):
            name = f"{folder}/{entry.name}" if folder else entry.name
            yield name + "/" if entry.is_dir() else name
