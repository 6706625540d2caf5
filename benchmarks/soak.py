"""Ten minutes of edits while questions are asked: is any answer wrong, does anything grow?

    python benchmarks/soak.py FOLDER [--minutes 10] [--seed 1] [--files 5000] [--askers 2]
    python benchmarks/soak.py FOLDER --writers 2 --askers 4 --minutes 5

FOLDER's files are copied into a new git repository, which ``codesearch watch`` keeps. One thread
edits, adds, moves and deletes files and folders, saves by renaming, keeps old times, stashes,
switches branches (one with --files changed files) and changes what is ignored; others ask by the
command line for functions with names of their own. What was true is known from the disk before
and after each edit. An answer is wrong if it lacks a function that was there from before the
question until after the answer, or shows one that was not there at any moment between, or lines
that are not that function's.

Also printed: the time of a whole question by the server and without it, from a save to the answer
that has it, from a save to the event that it is stored, of a checkout until it is stored; the
memory of the watching processes over time, and their processor time while nothing happens.

With --writers nothing watches: so many processes run ``codesearch index`` again and again instead,
beside those that ask.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

NAME = re.compile(r"^def (soak_[0-9a-z]+)\(", re.MULTILINE)
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "gc.auto=0")
IGNORE = ".codesearchignore"
Truth = dict[str, str]  # name -> path


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=5_000, help="that a branch changes")
    parser.add_argument("--askers", type=int, default=2)
    parser.add_argument("--writers", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        home = Path(place)
        tree = Tree(home / "tree", random.Random(args.seed), args.files)
        tree.make(args.folder)
        if args.writers:
            wrong = contend(tree, home, args.minutes * 60, args.askers, args.writers)
        else:
            wrong = soak(tree, home, args.minutes * 60, args.askers)
    sys.exit(1 if wrong else 0)


# -- the tree ------------------------------------------------------------------------


@dataclass
class Life:
    """When a function was on the disk: surely between the inner times, maybe the outer ones."""

    path: str
    maybe_from: float
    surely_from: float
    surely_until: float = float("inf")
    maybe_until: float = float("inf")


class Tree:
    """A repository whose functions are known, and the edits to it."""

    def __init__(self, top: Path, rng: random.Random, many: int) -> None:
        self.top = top
        self.rng = rng
        self.many = many
        self.lives: dict[str, list[Life]] = {}
        self.lock = threading.Lock()
        self._made = 0
        self._since = float("inf")  # when the edit began that is not yet noted
        self.last = ""  # the last edit

    def make(self, source: Path) -> None:
        shutil.copytree(source, self.top, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        self.git("init", "-q", "-b", "main")
        for number in range(40):
            self._write(f"soak/part{number % 5}/file{number}.py", self._functions(3))
        self._save()
        self.git("checkout", "-q", "-b", "other")
        for number in range(self.many):
            self._write(f"soak_many/d{number % 50}/m{number}.py", self._functions(1))
        self._save()
        self.git("checkout", "-q", "main")
        self._note(time.monotonic(), {}, self.truth())

    def git(self, *arguments: str) -> None:
        subprocess.run([*GIT, *arguments], cwd=self.top, check=True, capture_output=True)

    def truth(self) -> Truth:
        """Every function of ours that is to be found, read from the disk."""
        ignored = [
            line.strip("/") for line in _text(self.top / IGNORE).splitlines() if line.strip()
        ]
        found: Truth = {}
        for top in ("soak", "soak_many"):
            for file in sorted((self.top / top).rglob("*.py")):
                path = file.relative_to(self.top).as_posix()
                if not any(path.startswith(f"{folder}/") for folder in ignored):
                    found.update(dict.fromkeys(NAME.findall(_text(file)), path))
        return found

    def edit(self) -> tuple[str, str]:
        """One random edit; its kind, and a function that it made, if it did."""
        kinds: list[tuple[int, Callable[[], str]]] = [
            (30, self.change), (15, self.save_by_renaming), (10, self.keep_the_time),
            (10, self.add), (8, self.delete), (8, self.move), (3, self.move_folder),
            (3, self.ignore), (2, self.switch), (2, self.stash), (4, self.flicker),
        ]  # fmt: skip
        kind = self.rng.choices([k for _, k in kinds], [w for w, _ in kinds])[0]
        before = self.truth()
        self._since = begin = time.monotonic()
        name = kind()
        self._note(begin, before, self.truth())
        self._since = float("inf")
        self.last = f"{kind.__name__} {begin:.2f} to {time.monotonic():.2f}"
        return kind.__name__, name

    def wait_until_known(self, end: float) -> None:
        """Until what was edited before a time is noted."""
        while self._since <= end:
            time.sleep(0.01)

    def alive(self, at: float) -> dict[str, str]:
        """The functions that surely are there."""
        with self.lock:
            return {
                name: life.path
                for name, lives in self.lives.items()
                for life in lives
                if life.surely_from <= at < life.surely_until
            }

    def _note(self, begin: float, before: Truth, after: Truth) -> None:
        end = time.monotonic()
        with self.lock:
            for name, path in before.items():
                if after.get(name) != path and name in self.lives:
                    life = self.lives[name][-1]
                    life.surely_until, life.maybe_until = begin, end
            for name, path in after.items():
                if before.get(name) != path:
                    self.lives.setdefault(name, []).append(Life(path, begin, end))

    # the edits

    def change(self) -> str:
        file = self._any()
        name = self._new()
        functions = _text(file).split("\n\n\n")
        at = self.rng.randrange(len(functions))
        functions[at] = self._function(name)
        file.write_text("\n\n\n".join(functions))
        return name

    def save_by_renaming(self) -> str:
        file, name = self._any(), self._new()
        temporary = file.with_name(f".{file.name}.swp")
        temporary.write_text(self._function(name) + "\n\n\n" + self._functions(2))
        temporary.replace(file)
        return name

    def keep_the_time(self) -> str:
        """Another function of the same length, and the old time."""
        file = self._any()
        status = file.stat()
        text = _text(file)
        old, name = NAME.findall(text)[0], self._new()
        file.write_text(text.replace(old, name))
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        return name

    def add(self) -> str:
        name = self._new()
        folder = f"soak/part{self.rng.randrange(8)}/new{self.rng.randrange(3)}"
        self._write(f"{folder}/file{self._made}.py", self._function(name))
        return name

    def delete(self) -> str:
        if len(list((self.top / "soak").rglob("*.py"))) > 20:
            self._any().unlink()
        return ""

    def move(self) -> str:
        file = self._any()
        file.rename(file.with_name(f"moved{self._made}.py"))
        self._made += 1
        return ""

    def move_folder(self) -> str:
        folder = self.rng.choice([f for f in sorted((self.top / "soak").iterdir()) if f.is_dir()])
        folder.rename(folder.with_name(f"part{100 + self._made}"))
        self._made += 1
        return ""

    def ignore(self) -> str:
        file = self.top / IGNORE
        folders = [f for f in sorted((self.top / "soak").iterdir()) if f.is_dir()]
        if file.exists():
            file.unlink()
        else:
            file.write_text(f"/soak/{self.rng.choice(folders).name}/\n")
        return ""

    def switch(self) -> str:
        self._save()
        branch = "main" if (self.top / "soak_many").exists() else "other"
        self.git("checkout", "-q", branch)
        return ""

    def stash(self) -> str:
        self._save()
        self.change()
        self.git("stash", "-q")
        self.git("stash", "pop", "-q")
        return ""

    def flicker(self) -> str:
        """Files that come and go."""
        for number in range(20):
            file = self.top / "soak" / f"temporary{number}.py"
            file.write_text("x = 1\n")
            file.unlink()
        return ""

    # parts

    def _any(self) -> Path:
        return self.rng.choice(sorted((self.top / "soak").rglob("*.py")))

    def _new(self) -> str:
        self._made += 1
        return f"soak_{self._made:06d}{self.rng.randrange(36**4):07d}"

    def _function(self, name: str) -> str:
        return f"def {name}(value):\n    return value + {self._made}"

    def _functions(self, count: int) -> str:
        return "\n\n\n".join(self._function(self._new()) for _ in range(count))

    def _write(self, path: str, text: str) -> None:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _save(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "more")


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


# -- the processes -------------------------------------------------------------------


@dataclass
class Seen:
    """What was measured."""

    asked: int = 0
    written: int = 0
    wrong: list[str] = field(default_factory=list)
    questions: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)  # until an answer had it
    memory: list[tuple[float, float]] = field(default_factory=list)  # time, MB
    edits: dict[str, int] = field(default_factory=dict)


class Program:
    """The command line, in a home of its own."""

    def __init__(self, tree: Tree, home: Path) -> None:
        self.tree = tree
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("CODESEARCH_", "GIT_"))},
            "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "XDG_CACHE_HOME": str(home / "cache"),
        }  # fmt: skip
        home.chmod(0o700)

    def run(self, *args: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "codesearch", *args],
            cwd=self.tree.top, env=self.environment | more, capture_output=True, check=False,
        )  # fmt: skip

    def ask(self, name: str, **more: str) -> tuple[float, dict[str, Any]]:
        begin = time.monotonic()
        done = self.run(name, "--json", "-k", "5", **more)
        took = time.monotonic() - begin
        if done.returncode not in {0, 1}:
            return took, {"failed": f"exit {done.returncode}: {done.stderr.decode()[-500:]}"}
        return took, json.loads(done.stdout)

    @contextmanager
    def watch(self) -> Iterator[tuple[subprocess.Popen[bytes], queue.Queue[Any]]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "codesearch", "watch", "--json"],
            cwd=self.tree.top, env=self.environment, stdout=subprocess.PIPE,
        )  # fmt: skip
        events: queue.Queue[Any] = queue.Queue()

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                events.put((time.monotonic(), json.loads(line)))

        threading.Thread(target=read, daemon=True).start()
        try:
            yield process, events
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def soak(tree: Tree, home: Path, seconds: float, askers: int) -> int:
    program, seen = Program(tree, home), Seen()
    with program.watch() as (process, events):
        _, ready = events.get(timeout=600)
        print(f"watching {ready['files']:,} files, {ready['chunks']:,} functions", flush=True)
        _calm(events)
        print(f"idle: {100 * _idle(process.pid, 30):.2f} % of a core")
        _speed(program)
        _stored(program, events)
        end = time.monotonic() + seconds
        with _running([_asking] * askers, program, seen, end):
            _editing(program, seen, process.pid, end)
        _calm(events)
        wrong = _complete(program)
    _report(seen, seconds)
    return len(seen.wrong) + wrong


def contend(tree: Tree, home: Path, seconds: float, askers: int, writers: int) -> int:
    program, seen = Program(tree, home), Seen()
    program.run("index", "-q")
    end = time.monotonic() + seconds
    with _running([_asking] * askers + [_writing] * writers, program, seen, end):
        _editing(program, seen, None, end)
    wrong = _complete(program)
    doctor = program.run("doctor")
    print(f"doctor: {doctor.stdout.decode().strip()}")
    _report(seen, seconds)
    print(f"{seen.written} updates by {writers} writers, {askers} askers")
    return len(seen.wrong) + wrong + doctor.returncode


@contextmanager
def _running(
    jobs: list[Callable[[Program, Seen, float, int], None]],
    program: Program, seen: Seen, end: float,
) -> Iterator[None]:  # fmt: skip
    threads = [
        threading.Thread(target=job, args=(program, seen, end, n)) for n, job in enumerate(jobs)
    ]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


def _writing(program: Program, seen: Seen, end: float, _: int) -> None:
    while time.monotonic() < end:
        done = program.run("index", "-q")
        seen.written += 1
        if done.returncode:
            seen.wrong.append(f"index: exit {done.returncode}: {done.stderr.decode()[-500:]}")


def _editing(program: Program, seen: Seen, pid: int | None, end: float) -> None:
    begin = last = time.monotonic()
    while time.monotonic() < end:
        kind, name = program.tree.edit()
        seen.edits[kind] = seen.edits.get(kind, 0) + 1
        saved = time.monotonic()
        if name and name in program.tree.alive(saved):
            _check(program, seen, name)
            seen.saves.append(time.monotonic() - saved)
        if time.monotonic() - last > 20:
            last = time.monotonic()
            line = (
                f"{last - begin:4.0f} s: {sum(seen.edits.values())} edits, {seen.asked} questions,"
                f" {len(seen.wrong)} wrong"
            )
            if pid is not None:
                seen.memory.append((last - begin, _memory(pid)))
                line += f", {seen.memory[-1][1]:.0f} MB"
            print(line, flush=True)
        time.sleep(program.tree.rng.random() * 0.3)


def _asking(program: Program, seen: Seen, end: float, seed: int) -> None:
    rng = random.Random(seed)
    while time.monotonic() < end:
        with program.tree.lock:
            names = list(program.tree.lives)
        _check(program, seen, rng.choice(names[-400:] if rng.random() < 0.7 else names))
        time.sleep(0.05)


def _check(program: Program, seen: Seen, name: str) -> None:
    """Asks for a function, and compares the answer with what was true meanwhile."""
    begin = time.monotonic()
    took, answer = program.ask(name)
    end = time.monotonic()
    program.tree.wait_until_known(end)
    seen.asked += 1
    seen.questions.append(took)
    if "failed" in answer:
        seen.wrong.append(f"{name}: {answer['failed']}")
        return
    places = [(r["path"], r["start_line"], r["symbol"]) for r in answer["results"]]
    if len(set(places)) != len(places):
        seen.wrong.append(f"{name}: something is there twice")
    shown = {r["symbol"]: r for r in answer["results"] if r["symbol"].startswith("soak_")}
    with program.tree.lock:
        lives = {n: list(program.tree.lives.get(n, ())) for n in {name, *shown}}
    during = f" (asked {begin:.2f} to {end:.2f}, last edit {program.tree.last})"
    surely = [x for x in lives[name] if x.surely_from <= begin and x.surely_until >= end]
    if surely and (name not in shown or shown[name]["path"] != surely[0].path):
        seen.wrong.append(f"{name} is in {surely[0].path} and was not found there{during}")
    for symbol, hit in shown.items():
        maybe = [x for x in lives[symbol] if x.maybe_from <= end and x.maybe_until >= begin]
        if lives[symbol] and not any(x.path == hit["path"] for x in maybe):
            seen.wrong.append(f"{symbol} was shown in {hit['path']}, where it is not{during}")
        if f"def {symbol}(" not in hit["snippet"]:
            seen.wrong.append(f"{symbol} was shown with other lines: {hit['snippet'][:80]!r}")


def _complete(program: Program) -> int:
    """Whether every function that there is at the end is found; returns how many are not."""
    truth = program.tree.truth()
    names = random.Random(0).sample(sorted(truth), min(len(truth), 200))
    missing = 0
    for name in names:
        answer = program.ask(name)[1]
        places = [r["path"] for r in answer.get("results", []) if r["symbol"] == name]
        missing += places != [truth[name]]
    print(f"at the end {len(names) - missing} of {len(names)} functions are found where they are")
    return missing


# -- measuring -----------------------------------------------------------------------


def _calm(events: queue.Queue[Any], seconds: float = 5.0) -> None:
    """Waits until nothing has been stored for a while."""
    while True:
        try:
            events.get(timeout=seconds)
        except queue.Empty:
            return


def _speed(program: Program) -> None:
    """A question by the server and without it, by turns."""
    with_it, without = [], []
    names = sorted(program.tree.alive(time.monotonic()))[:20]
    for name in names:
        with_it.append(program.ask(name)[0])
        without.append(program.ask(name, XDG_RUNTIME_DIR="/nowhere")[0])
    print(f"a question: {_ms(with_it)}; without the server {_ms(without)}", flush=True)


def _stored(program: Program, events: queue.Queue[Any]) -> None:
    """From a save to the answer, and to the event that it is stored; then a large checkout."""
    answers, stored = [], []
    for _ in range(20):
        _calm(events, 2.0)
        before = program.tree.truth()
        begin = time.monotonic()
        name = program.tree.change()
        saved = time.monotonic()
        answer = program.ask(name)[1]
        answers.append(time.monotonic() - saved)
        assert any(r["symbol"] == name for r in answer["results"]), "not found at once"
        at, _ = events.get(timeout=60)
        stored.append(at - saved)
        program.tree._note(begin, before, program.tree.truth())
    print(f"from a save to the answer: {_ms(answers)}; until it is stored: {_ms(stored)}")
    for branch in ("other", "main", "other", "main"):
        _calm(events, 2.0)
        before = program.tree.truth()
        program.tree._save()
        begin = time.monotonic()
        program.tree.git("checkout", "-q", branch)
        done = time.monotonic()
        wanted, last = len(program.tree.truth()), 0.0
        while True:
            try:
                last, event = events.get(timeout=5)
            except queue.Empty:
                break
        program.tree._note(begin, before, program.tree.truth())
        new = event.get("embedded", 0)
        print(
            f"checkout of {branch}: {done - begin:.1f} s by git, stored {last - done:.1f} s later,"
            f" {new:,} vectors made, {wanted:,} functions of ours",
            flush=True,
        )


def _ms(values: list[float]) -> str:
    ordered = sorted(values)
    p50, p95 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return f"p50 {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms"


def _processes(pid: int) -> list[int]:
    found = [pid]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) in found:
            found.append(int(entry.name))
    return found


def _memory(pid: int) -> float:
    """Resident memory of a process and its children that is their own, MB."""
    total = 0
    for each in _processes(pid):
        for line in _text(Path(f"/proc/{each}/status")).splitlines():
            if line.startswith("RssAnon:"):
                total += int(line.split()[1])
    return total / 1000


def _idle(pid: int, seconds: float) -> float:
    """The share of a core that the processes use while nothing happens."""

    def used() -> float:
        ticks = 0
        for each in _processes(pid):
            fields = _text(Path(f"/proc/{each}/stat")).rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12]) if fields else 0
        return ticks / os.sysconf("SC_CLK_TCK")

    before = used()
    time.sleep(seconds)
    return (used() - before) / seconds


def _report(seen: Seen, seconds: float) -> None:
    edits = ", ".join(f"{n} {kind}" for kind, n in sorted(seen.edits.items()))
    print(f"{seconds / 60:.0f} minutes: {sum(seen.edits.values())} edits ({edits})")
    print(f"{seen.asked} questions, {len(seen.wrong)} wrong; {_ms(seen.questions)}")
    print(f"from a save to the answer that has it: {_ms(seen.saves)}")
    if len(seen.memory) > 1:
        half = len(seen.memory) // 2
        parts = [[mb for _, mb in part] for part in (seen.memory[:half], seen.memory[half:])]
        said = [f"{median(mb):.0f} MB, at most {max(mb):.0f}" for mb in parts]
        print(f"memory: {said[0]} in the first half; {said[1]} in the second")
    for line in seen.wrong[:20]:
        print(f"WRONG: {line}")


if __name__ == "__main__":
    main()
