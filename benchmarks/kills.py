"""The program is killed at random moments, and has to answer rightly all the same.

    python benchmarks/kills.py [FOLDER] [--rounds 200] [--seed 1]

A git repository is made of the source files of FOLDER, or of generated ones, and of files whose
functions have names that occur nowhere else. In each round some of those are changed, deleted,
renamed or added; one command is begun and its process group killed (SIGKILL) at a moment that is
uniform over the time that the command usually takes; and then the program is asked. Every
function that is on the disk has to be found once and with its lines, nothing else may be shown,
and no run may end in any way that is not documented. What is right is read from the files.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Batches and limits so small that a little repository has many commits, sweeps and rewritings.
SMALL = """
from datetime import timedelta
from codesearch import cli
from codesearch.ingest import pool
from codesearch.store import tidy
pool._BATCH_FILES = 6
tidy._PIECES, tidy._OLD_VERSIONS, tidy._GARBAGE_ROWS, tidy.SPARE_VECTORS = 2, 2, 5, 20
tidy.KEEP = timedelta(seconds=1)
cli.main()
"""
PROGRAM = (sys.executable, "-m", "codesearch")
LITTLE = (sys.executable, "-c", SMALL)
#: What is killed, by the name that the table shows, and how often it is drawn.
COMMANDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "index": (4, (*PROGRAM, "index")),
    "index, small limits": (5, (*LITTLE, "index")),
    "index --full": (3, (*PROGRAM, "index", "--full")),
    "index --full, small limits": (3, (*LITTLE, "index", "--full")),
    "search": (3, (*PROGRAM, "search", "kettledrum", "--json")),
    "doctor --fix": (2, (*PROGRAM, "doctor", "--fix")),
    "clean": (1, (*PROGRAM, "clean", "--yes")),
}
#: A word that every function of ours has and no other file: one question finds all of them.
WORD = "kettledrum"
_MOST = 1000  # answers that the command line gives at once
_STORM = 60  # files: so many changes are stored before they are answered
_DEFINITION = re.compile(r"def (\w+)\(")


class Wrong(AssertionError):
    """An answer that is not right, or an end that is not documented."""


@dataclass
class Tally:
    """What became of the rounds of one command."""

    rounds: int = 0
    killed: int = 0  # the others had ended
    survived: int = 0
    again: list[int] = field(default_factory=list)  # passages embedded by the next index


@dataclass
class Stress:
    """A repository, its index, and what is done to both."""

    place: Path
    seed: int
    files: int = 40
    source: Path | None = None
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    usual: dict[str, float] = field(default_factory=dict)  # seconds by command
    gone: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    _count: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.repo, self.index = self.place / "repository", self.place / "index"
        self.ours = self.repo / "ours"
        self.ours.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", str(self.repo)], check=True)
        if self.source is not None:
            shutil.copytree(
                self.source, self.repo / "theirs",
                ignore=shutil.ignore_patterns(".git", "__pycache__"), symlinks=True,
            )  # fmt: skip
        for _ in range(self.files):
            self._add()

    # -- the files -----------------------------------------------------------------------

    def _function(self) -> str:
        """One with a name that never was and a length of its own."""
        self._count += 1
        name = f"q{self.seed}x{self._count}_{self.dice.choice(['zorvex', 'blimfar', 'quandle'])}"
        lines = [
            f"    total += {self.dice.randrange(1000)}" for _ in range(self.dice.randint(1, 9))
        ]
        body = "\n".join([f'    """Beats the {WORD}."""', "    total = 0", *lines])
        return f"def {name}():\n{body}\n    return total\n"

    def _add(self) -> None:
        self._count += 1
        functions = [self._function() for _ in range(self.dice.randint(1, 5))]
        (self.ours / f"m{self._count}.py").write_text("\n\n".join(functions), encoding="utf-8")

    def edit(self) -> None:
        """A few changes, or seldom so many that they are stored before the next answer."""
        before = set(self.truth())
        storm = self.dice.random() < 0.2
        for _ in range(self.dice.randint(_STORM, 2 * _STORM) if storm else self.dice.randint(0, 6)):
            here = sorted(self.ours.iterdir())
            file = self.dice.choice(here)
            kinds = ["modify", "modify", "add", "rename", "delete"]
            match self.dice.choice(kinds[: 2 if len(here) < self.files // 2 else 5]):
                case "modify":
                    functions = file.read_text(encoding="utf-8").split("\n\n\n")
                    functions = [f.rstrip("\n") + "\n" for f in functions]
                    functions[self.dice.randrange(len(functions))] = self._function()
                    self.dice.shuffle(functions)
                    file.write_text("\n\n".join(functions), encoding="utf-8")
                case "add":
                    if len(here) < 2 * self.files:
                        self._add()
                case "rename":
                    self._count += 1
                    file.rename(file.with_name(f"r{self._count}.py"))
                case "delete":
                    file.unlink()
        self.gone = (self.gone | before) - set(self.truth())

    def truth(self) -> dict[str, tuple[str, int, int]]:
        """Path, first and last line of every function of ours, as the files have them now."""
        found = {}
        for file in self.ours.iterdir():
            path = file.relative_to(self.repo).as_posix()
            lines = file.read_text(encoding="utf-8").splitlines()
            starts = [n for n, line in enumerate(lines, 1) if line.startswith("def ")]
            for start in starts:
                end = start
                while end < len(lines) and lines[end].startswith(" "):
                    end += 1
                match = _DEFINITION.match(lines[start - 1])
                assert match
                found[match[1]] = path, start, end
        return found

    # -- the program ---------------------------------------------------------------------

    def _begin(self, command: Iterable[str]) -> subprocess.Popen[str]:
        home = self.place / "home"
        home.mkdir(exist_ok=True)
        return subprocess.Popen(
            list(command),
            cwd=self.repo,
            env={**os.environ, "HOME": str(home), "CODESEARCH_INDEX": str(self.index)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, *command: str, program: Iterable[str] = PROGRAM, ok: tuple[int, ...] = (0,)
    ) -> str:
        """What a command that is let alone prints.

        Raises:
            Wrong: its end is not as documented.
        """
        process = self._begin([*program, *command])
        out, err = process.communicate(timeout=300)
        self._ended(command, process.returncode, err, ok)
        return out

    def _ended(self, command: Iterable[str], code: int, err: str, ok: Iterable[int]) -> None:
        if code not in ok or "Traceback" in err or "unexpected" in err or "panicked" in err:
            raise Wrong(f"{' '.join(command)} ended with {code}: {err[-2000:]}")

    def measure(self) -> None:
        """How long the commands usually take, each on changes to do."""
        for name, (_, command) in COMMANDS.items():
            start = time.monotonic()
            self.run(program=command, ok=(0,))
            self.usual[name] = time.monotonic() - start
            self.edit()

    def kill(self, name: str) -> bool:
        """Runs a command and kills it; whether it had not ended by then."""
        wait = self.dice.uniform(0, self.usual[name])
        process = self._begin(COMMANDS[name][1])
        try:
            out, err = process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=60)
            return process.returncode == -signal.SIGKILL
        self._ended([name], process.returncode, err, (0,))
        if name == "search":
            self.compare(json.loads(out)["results"], "the search itself", most=10)
        return False

    # -- the answers ---------------------------------------------------------------------

    def check(self) -> None:
        """Asks for all functions at once, for some by name, and for some that are gone.

        Raises:
            Wrong: an answer is.
        """
        out = self.run("search", WORD, "--json", "-k", str(_MOST))
        self.compare(json.loads(out)["results"], WORD)
        names = sorted(self.truth())
        asked = self.dice.sample(names, min(3, len(names)))
        asked += self.dice.sample(sorted(self.gone), min(2, len(self.gone)))
        queries = self.place / "queries.txt"
        queries.write_text("\n".join(asked), encoding="utf-8")
        lines = self.run(
            "search", "--queries-from", str(queries), "--jsonl", ok=(0, 1)
        ).splitlines()
        for name, line in zip(asked, lines, strict=True):
            results = json.loads(line)["results"]
            self.compare(results, name, most=10)
            if name in names and (not results or results[0]["symbol"] != name):
                raise Wrong(f"{name} is not the first answer to its name")

    def compare(self, results: list[dict[str, Any]], asked: str, most: int = _MOST) -> None:
        """Results with the files.

        Raises:
            Wrong: they differ.
        """
        truth = self.truth()
        ours = [r for r in results if r["path"].startswith("ours/") and r["kind"] == "function"]
        shown = Counter(r["symbol"] for r in ours)
        if twice := [name for name, count in shown.items() if count > 1]:
            raise Wrong(f"{asked}: shown twice: {twice}")
        for r in ours:
            place = r["path"], r["start_line"], r["end_line"]
            if truth.get(r["symbol"]) != place:
                raise Wrong(f"{asked}: {r['symbol']} at {place}, is {truth.get(r['symbol'])}")
            lines = (self.repo / r["path"]).read_text(encoding="utf-8").split("\n")
            shows, first = r["snippet"].split("\n"), r["snippet_start_line"] - 1
            if lines[first : first + len(shows)] != shows:
                raise Wrong(f"{asked}: {r['symbol']} shows {shows}")
        if most >= len(truth) and (lost := truth.keys() - shown.keys()):
            raise Wrong(f"{asked}: not found: {sorted(lost)}")

    # -- rounds --------------------------------------------------------------------------

    def round(self, number: int, *, quick: bool = False) -> None:
        """Edits, kills and asks; what is wrong is noted. A quick one asks less."""
        names = list(COMMANDS)
        name = self.dice.choices(names, [COMMANDS[n][0] for n in names])[0]
        tally = self.tallies[name]
        tally.rounds += 1
        try:
            self.edit()
            tally.killed += self.kill(name)
            self.check()
            if self.dice.random() < 0.3 and not quick:  # two edits between two updates
                self.edit()
                self.check()
            # Else what was begun is still undone when the next command is killed.
            if self.dice.random() < (0.2 if quick else 0.5):
                done = json.loads(self.run("index", "--json", "-q"))
                tally.again.append(done["embedded"])
                self.check()
            if number % 5 == 4:
                if not quick:
                    self.run("doctor", ok=(0, 1))
                self.run("doctor", "--fix")
                self.check()
            tally.survived += 1
        except Wrong as wrong:
            self.wrong.append(f"round {number}, {name}: {wrong}")

    def table(self) -> str:
        rows = [("", "rounds", "killed", "survived", "embedded again by the next index")]
        for name in COMMANDS:
            t = self.tallies[name]
            mean = f"{sum(t.again) / len(t.again):.0f}" if t.again else ""
            rows.append((name, str(t.rounds), str(t.killed), str(t.survived), mean))
        sums = [sum(getattr(t, f) for t in self.tallies.values()) for f in
                ("rounds", "killed", "survived")]  # fmt: skip
        rows.append(("all", *map(str, sums), ""))
        return "\n".join(f"  {a:28}{b:>8}{c:>8}{d:>10}  {e}" for a, b, c, d, e in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=40, help="files of ours")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codesearch-kills-") as name:
        stress = Stress(Path(name), args.seed, args.files, args.folder)
        stress.measure()
        for what, seconds in stress.usual.items():
            print(f"  {what:28} usually takes {seconds:.2f} s")
        for number in range(args.rounds):
            before = len(stress.wrong)
            stress.round(number)
            for wrong in stress.wrong[before:]:
                print(wrong)
            if number % 10 == 9:
                print(f"  {number + 1} rounds, {len(stress.wrong)} wrong", flush=True)
        print(stress.table())
    sys.exit(bool(stress.wrong))


if __name__ == "__main__":
    main()
