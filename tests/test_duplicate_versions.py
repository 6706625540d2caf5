"""A hook's answer does not depend on which versions of the changed files the index has."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import copies
import pytest
from cli_runner import Ask, Home
from repositories import git, own_home, repository, write

POOL = [
    copies.PYTHON,
    copies.OTHER,
    copies.renamed(),
    copies.renamed("take_options"),
    copies.edited(),
    copies.edited("parse_options").replace("    values", "    #  noted\n    values"),
    copies.OTHER.replace("send_reminders", "send_invitations").replace("event", "meeting"),
    copies.OTHER.replace("minutes=15", "minutes=15, \n        quiet=True"),
    "LIMIT = 3\n",
    "class Options:\n" + copies.PYTHON.replace("\n", "\n    ").rstrip().join(("    ", "\n")),
]
FILES = ["app/settings.py", "app/reminders.py", "lib/options.py", "lib/more.py"]


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_home(tmp_path_factory.mktemp("home")):
        yield


def some(dice: random.Random) -> dict[str, str | bytes]:
    """Files with some of the functions, in any order, more or less far apart."""
    return {
        path: "\n".join(part + dice.choice(["", "\n", "\n\n"]) for part in parts)
        for path in dice.sample(FILES, dice.randint(2, 4))
        if (parts := dice.choices(POOL, k=dice.randint(0, 4)))
    }


@pytest.mark.parametrize("seed", range(8))
def test_the_answer_is_the_same_whatever_the_index_has(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> None:
    dice = random.Random(seed)  # noqa: S311
    ask, home = Ask(monkeypatch, capfdbinary), Home(tmp_path / "user")
    before, after = some(dice), some(dice)
    repo = repository(tmp_path / "repo", {"readme.txt": "a", **before})

    def found() -> list[Any]:
        done = ask(home, "dupes", "--staged", "--json", cwd=repo)
        assert done.returncode in {0, 1}, done.stderr
        report = json.loads(done.stdout)
        return [report[key] for key in ("findings", "checked", "compared")]

    assert ask(home, "index", "-q", cwd=repo).returncode == 0
    write(repo, after)
    git(repo, "add", "-A")
    of_old = found()
    assert ask(home, "index", "-q", cwd=repo).returncode == 0
    of_new = found()
    write(repo, dict.fromkeys(after, "# otherwise\n"))
    assert ask(home, "index", "-q", cwd=repo).returncode == 0
    of_neither = found()
    assert of_new == of_old
    assert of_neither == of_old
