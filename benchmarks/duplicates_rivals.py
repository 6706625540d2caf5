"""jscpd, PMD's CPD and pylint's duplicate-code: how they are run, and what they say."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

#: PMD's names for our languages, and the suffixes by which it takes their files.
PMD_LANGUAGES = {
    "c": "cpp", "cpp": "cpp", "csharp": "cs", "dart": "dart", "go": "go", "java": "java",
    "javascript": "ecmascript", "julia": "julia", "kotlin": "kotlin", "lua": "lua",
    "perl": "perl", "php": "php", "python": "python", "ruby": "ruby", "rust": "rust",
    "scala": "scala", "swift": "swift", "typescript": "typescript",
}  # fmt: skip
_SECONDS = 1_800.0
_SIMILAR = re.compile(r"^==(\S+):\[(\d+):(\d+)\]$", re.MULTILINE)


class Failed(Exception):
    """A program ended otherwise than it should."""


class Cost(NamedTuple):
    wall: float  # seconds
    cpu: float  # seconds of the process and those that it waited for


class Fragment(NamedTuple):
    """Some lines of a file, the first and the last, 1-based."""

    path: Path
    first: int
    last: int


#: Fragments that are said to be the same.
Clone = Sequence[Fragment]


class Told(NamedTuple):
    cost: Cost
    clones: list[Clone]


def timed(
    command: Sequence[str | Path], cwd: Path, env: dict[str, str], fine: Collection[int], out: Path
) -> Cost:
    """Runs a program whose output goes to a file.

    Raises:
        Failed: its exit code is none of those that are fine.
    """
    with out.open("wb") as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(c) for c in command], cwd=cwd, env=os.environ | env,
            stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in fine:
            errors.seek(0)
            said = errors.read().decode(errors="replace")[:500]
            raise Failed(f"{Path(command[0]).name} ended with {process.returncode}: {said}")
    return Cost(wall, used.ru_utime + used.ru_stime)


@dataclass(frozen=True)
class Rival:
    """A program with some options."""

    name: str
    program: str
    options: tuple[str, ...]

    def takes(self, language: str) -> bool:
        """Whether it looks at files of a language."""
        if self.program == "pylint":
            return language == "python"
        return self.program == "jscpd" or language in PMD_LANGUAGES

    def look(self, folder: Path, languages: Collection[str]) -> Told:
        """Looks for clones in a folder, in files of the languages that it is told of."""
        run: dict[str, Callable[[Path, Collection[str]], Told]] = {
            "jscpd": self._jscpd, "pmd": self._pmd, "pylint": self._pylint
        }  # fmt: skip
        return run[self.program](folder, languages)

    def _jscpd(self, folder: Path, _: Collection[str]) -> Told:
        with tempfile.TemporaryDirectory() as home:
            out = Path(home)
            command = ["jscpd", *self.options, "--absolute", "--no-gitignore", "--silent",
                       "-r", "json", "-o", home, folder]  # fmt: skip
            cost = timed(command, out, {"JSCPD_NO_TIPS": "1"}, {0}, out / "said")
            found = json.loads((out / "jscpd-report.json").read_text("utf-8"))["duplicates"]
        ends = ("firstFile", "secondFile")
        return Told(cost, [
            [Fragment(Path(d[e]["name"]), d[e]["start"], d[e]["end"]) for e in ends] for d in found
        ])  # fmt: skip

    def _pmd(self, folder: Path, languages: Collection[str]) -> Told:
        wall = cpu = 0.0
        clones: list[Clone] = []
        for language in sorted({PMD_LANGUAGES[w] for w in languages if w in PMD_LANGUAGES}):
            with tempfile.TemporaryDirectory() as home:
                out = Path(home, "said")
                command = ["pmd", "cpd", *self.options, "-l", language, "--no-fail-on-violation",
                           "-f", "csv_with_linecount_per_file", "-d", folder]  # fmt: skip
                cost = timed(command, folder, {}, {0, 5}, out)  # 5: files that it can't read
                rows = list(csv.reader(out.read_text("utf-8").splitlines()))[1:]
            wall, cpu = wall + cost.wall, cpu + cost.cpu
            for row in rows:  # tokens, occurrences, then a line, a count and a path for each
                cells = zip(row[2::3], row[3::3], row[4::3], strict=True)
                clones.append([Fragment(Path(p), int(a), int(a) + int(n) - 1) for a, n, p in cells])
        return Told(Cost(wall, cpu), clones)

    def _pylint(self, folder: Path, languages: Collection[str]) -> Told:
        if "python" not in languages:
            return Told(Cost(0.0, 0.0), [])
        by_name: dict[str, list[Path]] = {}
        for file in sorted(folder.rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            for start in range(len(parts)):
                by_name.setdefault(".".join(parts[start:]), []).append(file)
        with tempfile.TemporaryDirectory() as home:
            out = Path(home, "said")
            command = ["pylint", "-j1", "--recursive=y", "--disable=all",
                       "--enable=duplicate-code", "--persistent=n", "--rcfile=/dev/null",
                       "--output-format=json2", *self.options, folder]  # fmt: skip
            env = {"PYLINTHOME": home}
            cost = timed(command, folder, env, range(32), out)
            said = json.loads(out.read_text("utf-8"))
        linted, files = said["statistics"]["modulesLinted"], len(list(folder.rglob("*.py")))
        if linted < 0.9 * files:
            raise Failed(f"pylint looked at {linted} of {files} files")
        clones = [
            [
                Fragment(file, int(first) + 1, int(last))
                for name, first, last in _SIMILAR.findall(message["message"])
                for file in by_name.get(name, ())[:1]
            ]
            for message in said["messages"]
            if message["symbol"] == "duplicate-code"
        ]
        return Told(cost, clones)


# Tuned by hand for F1 on the pairs that this tool's own likeness was tuned on: sizes from 15 to 40
# tokens or 1 to 4 lines (PMD's by that of jscpd), each switch that finds more.
RIVALS = (
    Rival("jscpd", "jscpd", ()),
    Rival("jscpd tuned", "jscpd", (
        "--min-tokens", "20", "--min-lines", "1", "--ignore-identifiers", "--ignore-literals",
        "--mode", "weak", "--similarity", "0.85",
    )),
    Rival("PMD 100", "pmd", ("--minimum-tokens", "100")),  # as its documentation has it
    Rival("PMD tuned", "pmd", (
        "--minimum-tokens", "20", "--ignore-identifiers", "--ignore-literals",
    )),
    Rival("pylint", "pylint", ()),
    Rival("pylint tuned", "pylint", ("--min-similarity-lines=2",)),
)  # fmt: skip


def version(program: str) -> str:
    """What a program calls its version."""
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found[0] if found else "?"


def present(wanted: Collection[str]) -> list[Rival]:
    """Those that are wanted and installed; prints which are not."""
    found = []
    for program in dict.fromkeys(r.program for r in RIVALS if r.program in wanted):
        if shutil.which(program) is None:
            print(f"{program} is not on PATH: left out")
            continue
        print(f"{program} {version(program)}")
        found += [r for r in RIVALS if r.program == program]
    return found
