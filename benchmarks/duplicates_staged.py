"""``duplicates.py staged``: a commit that copies ten functions, as the hook sees it."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from duplicates_repository import US, functions_of, places, report_of
from duplicates_rivals import Cost, timed

from codesearch import chunking, fingerprint
from codesearch.config import Settings
from codesearch.duplicates.functions import Function
from codesearch.index import Index
from codesearch.model import DuplicateRequest, SourceFile
from codesearch.paths import is_example

_COPIES = 10  # the first half as they are, the others renamed and edited
_LARGEST = 400  # tokens
_SECONDS = 60  # that a server may take to store what changed
_BRACED = frozenset(("java", "csharp", "php"))  # a function stands in a class
_STATEMENT = re.compile(r"\s+[\w.\[\]\"' ]+ [-+]?:?= [^{}]*[\w)\]\"'];?|\s+[\w.]+\([^{}]*\);?")


@dataclass(frozen=True)
class Copied:
    """A function, and the file at whose end a copy of it stands."""

    source: Function
    target: str
    renamed: bool

    def is_in(self, finding: dict[str, Any]) -> bool:
        """Whether a finding is about the copy and names the original."""
        sides = [finding["place"], finding["other"], *finding["also"]]
        return self.target in {s["path"] for s in sides} and any(
            s["path"] == self.source.path
            and s["start_line"] <= self.source.end_line
            and s["end_line"] >= self.source.start_line
            for s in sides
        )


def copy_of(f: Function, text: str, renamed: bool) -> str | None:
    """The lines of a function for another place; None where it can't be altered.

    An altered one has all local names changed, its own among them, and one of its statements
    twice.
    """
    lines = text.split("\n")[f.start_line - 1 : f.end_line]
    body = "\n".join(lines)
    if renamed:
        file = SourceFile(f.path, text, "", f.language)
        key = f.start_line, f.symbol
        tokens = chunking.tokens_of(file, [key]).get(key, [])
        local = fingerprint.is_local(fingerprint.codes(f.fingerprint)).tolist()
        for (start, end, said), is_local in zip(reversed(tokens), reversed(local), strict=True):
            if is_local and said not in {"self", "cls", "this"}:
                body = f"{body[:start]}{said}_other{body[end:]}"
        lines = body.split("\n")
        for number in range(len(lines) - 2, 0, -1):
            line, after = lines[number], lines[number + 1]
            if (
                _STATEMENT.fullmatch(line)
                and line.count("(") == line.count(")")
                and _indent(line) == _indent(after) == _indent(lines[number - 1])
            ):
                lines.insert(number, line)
                break
        else:
            return None
    indent = min(_indent(line) for line in lines if line.strip())
    return "\n".join(line[indent:] for line in lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def copies(folder: Path, index: Index, seed: int) -> list[Copied]:
    """Writes the copies: of functions that were like no other before, each into another file."""
    request = DuplicateRequest("files")
    report = report_of(index, request)
    known = places(report)
    dice = random.Random(seed)
    functions = functions_of(folder, report.lines, request.min_tokens)
    dice.shuffle(functions)
    # Examples may repeat anything.
    functions = [f for f in functions if not is_example(f.path)]
    targets = [path for path in sorted(report.lines) if not is_example(path)]
    dice.shuffle(targets)
    found: list[Copied] = []
    for f in functions:
        renamed = len(found) >= _COPIES / 2
        if (f.path, f.start_line) in known or f.tokens > _LARGEST:
            continue
        suffix = Path(f.path).suffix
        # A package of Go has a symbol once.
        taken = f.path.rpartition("/")[0] if f.language == "go" else None
        fitting = [
            t
            for t in targets
            if t != f.path and t.endswith(suffix) and t.rpartition("/")[0] != taken
        ]
        text = copy_of(f, (folder / f.path).read_text("utf-8", "replace"), renamed)
        if not fitting or text is None:
            continue
        target = folder / fitting[0]
        before = target.read_text("utf-8", "surrogateescape")
        head, end = before, ""
        if f.language in _BRACED:
            head, end, rest = before.rpartition("}")
            end += rest
        written = f"{head.rstrip()}\n\n\n{text}\n{end}"
        target.write_text(written, "utf-8", "surrogateescape")
        targets.remove(fitting[0])
        found.append(Copied(f, fitting[0], renamed))
        if len(found) == _COPIES:
            return found
    raise SystemExit(f"only {len(found)} functions could be copied")


@contextmanager
def watching(folder: Path, env: dict[str, str]) -> Iterator[None]:
    """A server for a checkout, once it is ready and has stored what it heard of."""
    process = subprocess.Popen(
        [*US, "watch", "--json"], cwd=folder, env=os.environ | env, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "ready":
                break
        end = time.monotonic() + _SECONDS
        while json.loads(said(folder, env, "status", "--json"))["state"] != "fresh":
            if time.monotonic() > end:
                raise SystemExit(f"the index was still behind after {_SECONDS} s")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def said(folder: Path, env: dict[str, str], *args: str) -> str:
    """What a command line of ours prints."""
    done = subprocess.run(
        [*US, *args], cwd=folder, env=os.environ | env, capture_output=True, text=True, check=True
    )
    return done.stdout


def asked(folder: Path, env: dict[str, str], runs: int, out: Path) -> tuple[list[Cost], Any]:
    """What the hook's command costs, each time in a new process, and the last answer."""
    command = [*US, "dupes", "--staged", "--json"]
    costs = [timed(command, folder, env, {0, 1}, out) for _ in range(runs)]
    return costs, json.loads(out.read_text("utf-8"))


def by_server(folder: Path, env: dict[str, str]) -> bool:
    """Whether a server answers: then no part of the command line is imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *US[1:], "dupes", "--staged", "--json"],
        cwd=folder, env=os.environ | env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return re.search(r"\| +click$", done.stderr, re.MULTILINE) is None


def measure(checkout: Path, runs: int, seed: int) -> dict[str, Any]:
    """Prints seconds and what was found; the same as data."""
    with tempfile.TemporaryDirectory(prefix="codesearch-staged-") as name:
        home = Path(name).resolve()
        folder, out = home / "clone", home / "said"
        (home / "run").mkdir(mode=0o700)
        env = {"CODESEARCH_INDEX": str(home / "index"), "XDG_RUNTIME_DIR": str(home / "run")}
        subprocess.run(["git", "clone", "-q", str(checkout), str(folder)], check=True)
        timed([*US, "index", "-q"], folder, env, {0}, out)
        index = Index.open(folder, Settings(index_home=home / "index"))
        wanted = copies(folder, index, seed)
        subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
        cold, answer = asked(folder, env, runs, out)
        with watching(folder, env):
            served = by_server(folder, env)
            warm, same = asked(folder, env, runs, out)
        if not served:
            print("no server answered in time: its seconds are those of a new process too")
        findings = answer["findings"]
        found = [c for c in wanted if any(c.is_in(f) for f in findings)]
        made = {
            "checkout": checkout.name, "runs": runs, "seed": seed, "compared": answer["compared"],
            "checked": answer["checked"], "cold": cold, "served": warm, "by_server": served,
            "same_answer": findings == same["findings"], "findings": len(findings),
            "copies": [{
                "from": f"{c.source.path}:{c.source.start_line}", "symbol": c.source.symbol,
                "to": c.target, "renamed": c.renamed, "found": c in found,
            } for c in wanted],
        }  # fmt: skip
    table(made, found, wanted)
    return made


def table(made: dict[str, Any], found: Sequence[Copied], wanted: Sequence[Copied]) -> None:
    print(
        f"{made['checkout']}: {made['checked']} functions asked about, {made['compared']:,} known"
    )
    for title, costs in (("new process", made["cold"]), ("through the server", made["served"])):
        wall, cpu = ([1000 * seconds for seconds in of] for of in zip(*costs, strict=True))
        print(
            f"  {title:20}{median(wall):7.0f} ms, from {min(wall):.0f} to {max(wall):.0f}; "
            f"of the processor {median(cpu):.0f} ms"
        )
    for title, renamed in (("as they are", False), ("renamed and edited", True)):
        of = sum(c.renamed == renamed for c in wanted)
        print(f"  {title:20}{sum(c.renamed == renamed for c in found):4} of {of} found")
    for c in wanted:
        if c not in found:
            kind = "renamed" if c.renamed else "as it is"
            print(f"  missed: {c.source.path}:{c.source.start_line} {c.source.symbol}, {kind}")
    others = made["findings"] - len(found)
    print(f"  other findings: {others}; the server's answer is the same: {made['same_answer']}")
