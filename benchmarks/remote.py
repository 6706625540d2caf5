"""What a remote backend costs us: time, processor and memory besides the service's own.

    python benchmarks/remote.py [--functions 20000] [--latency 0.05] [--runs 3]
    python benchmarks/remote.py --accidents 10000

The first indexes so many made-up functions with the Gemini backend against a server on this machine
that answers after so many seconds and has no quota, in turn with the local backend, and prints
medians; a quarter of the functions once more tells whether memory grows with them. The second
embeds small batches while the server fails at random in every way that it knows, and counts
vectors that are not those of their texts.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "tests" / "fake_services.py"
_LETTERS = "bcdfghjklm"
_IN_A_FILE = 50
_BODY = '''\
def {name}_{other}(self, {other}, limit=None):
    """Give the {other} back to the {name} unless the limit was reached before."""
    found = self.{name}.lookup({other}, timeout=self.settings.{name}_timeout)
    if limit is not None and len(found) > limit:
        raise {title}Error(f"more than {{limit}} {other}s for {{self.{name}!r}}")
    for entry in sorted(found, key=lambda e: (e.{other}, e.created)):
        self.queue.put(entry.{name}, after=entry.delay * self.attempts)
    return [entry for entry in found if entry.{other} in self.{name}]
'''


class Cost(NamedTuple):
    wall: float  # seconds
    cpu: float
    memory: float  # bytes


def _word(number: int) -> str:
    return "".join(_LETTERS[int(d)] + "aeiou"[int(d) % 5] for d in str(number)) + "n"


def tree(folder: Path, functions: int) -> Path:
    """A repository of so many functions that have nothing in common but their form."""
    for at in range(0, functions, _IN_A_FILE):
        file = folder / f"part{at // 5_000}" / f"{_word(at)}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        numbers = range(at, min(at + _IN_A_FILE, functions))
        file.write_text(
            "\n\n".join(
                _BODY.format(name=_word(i), other=_word(7 * i + 1), title=_word(i).title())
                for i in numbers
            ),
            encoding="utf-8",
        )
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def indexed(folder: Path, backend: str, address: str) -> Cost:
    """One first index, in a process of its own with its workers."""
    with tempfile.TemporaryDirectory(prefix="codesearch-remote-") as home:
        env = {
            **os.environ, "CODESEARCH_INDEX": home, "CODESEARCH_BACKEND": backend,
            "GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": address, "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        start = time.perf_counter()
        program = subprocess.Popen(
            [sys.executable, "-m", "codesearch", "index", "--yes", "-q"], cwd=folder, env=env
        )
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = status
        if status:
            raise SystemExit(f"codesearch index ended with {status}")
        wall = time.perf_counter() - start
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024.0)


def served(latency: float) -> tuple[subprocess.Popen[str], str]:
    server = subprocess.Popen(
        [sys.executable, str(SERVER), "--cheap", "--latency", str(latency)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    return server, server.stdout.readline().strip()


def speed(functions: int, latency: float, runs: int) -> None:
    server, address = served(latency)
    try:
        with tempfile.TemporaryDirectory(prefix="codesearch-tree-") as made:
            whole = tree(Path(made) / "whole", functions)
            part = tree(Path(made) / "part", functions // 4)
            costs: dict[str, list[Cost]] = {}
            for _ in range(runs):
                for backend in ("local", "gemini"):
                    for name, of in ((backend, whole), (f"{backend}, a quarter", part)):
                        costs.setdefault(name, []).append(indexed(of, backend, address))
    finally:
        server.terminate()
        server.wait()
    print(f"{functions:,} functions, {latency * 1000:.0f} ms a call, medians of {runs}")
    for what, of in costs.items():
        wall, cpu, memory = (median(values) for values in zip(*of, strict=True))
        print(f"{what:<20}{wall:8.1f} s  {cpu:8.1f} s processor  {memory / 1e6:6.0f} MB")
    more = median(c.cpu for c in costs["gemini"]) - median(c.cpu for c in costs["local"])
    print(f"processor time that the backend adds: {1e6 * more / functions:.0f} us a function")
    calls = -(-functions // 100)
    print(f"calls {calls:,}; their latency alone, eight at a time: {calls * latency / 8:.1f} s")


def accidents(runs: int, seed: int) -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from fake_services import Fake, Server, vector

    from codesearch import embedding
    from codesearch.config import Settings
    from codesearch.embedding.remote import RemoteEmbedder
    from codesearch.errors import EmbedderError
    from codesearch.model import Passage
    from codesearch.remote import pace

    dice = random.Random(seed)
    kinds = ["drop", "cut", "garbage", "html", "500", "503", "408", "429", "few", "many", "empty",
             "nan", "text", None, None, None, None]  # fmt: skip
    pace._WINDOW = 0.01  # a minute, of the server's refusals
    wrong = texts = failed = faults = 0
    with Server(Fake(keep_bodies=False, retry_delay="0.01s")) as server, \
            tempfile.TemporaryDirectory(prefix="codesearch-accidents-") as home:  # fmt: skip
        os.environ |= {"GOOGLE_GEMINI_BASE_URL": server.address, "GEMINI_API_KEY": "none"}
        settings = Settings(backend="gemini", dimension=256)
        model = embedding.load(settings, embedding.Home(Path(home), "here"))
        assert isinstance(model, RemoteEmbedder)
        model.agree()
        model.first_wait = 0.0005
        for run in range(runs):
            object.__setattr__(model.service.limits, "texts", dice.randint(1, 9))
            words = [f"{_word(run)} {_word(i)}" for i in range(dice.randint(1, 30))]
            if dice.random() < 0.2:
                words[dice.randrange(len(words))] += " UNFIT"
            code = [Passage("a.py", "f", "", text) for text in words]
            server.fake.faults.clear()
            dealt = [dice.choice(kinds) for _ in range(12)]
            server.fake.faults.extend(fault or (lambda _: None) for fault in dealt)
            faults += sum(fault is not None for fault in dealt)
            try:
                rows = model.embed_documents(code)
            except EmbedderError:
                failed += 1
                rows = np.zeros((0, 256), np.float32)
            for passage, row in zip(code, rows, strict=len(rows) > 0):
                texts += 1
                if "UNFIT" in passage.code:
                    wrong += bool(row.any())
                    continue
                right = np.array(vector(model.wanted(passage).text, 256), np.float32)
                wrong += not np.allclose(row, right, atol=2e-3)
            if (run + 1) % 1_000 == 0:
                print(f"{run + 1:,} runs, {texts:,} vectors, {wrong} wrong", flush=True)
    print(f"{runs:,} runs with {faults:,} faults at hand: {texts:,} vectors, {wrong} of them wrong;"
          f" {failed} runs gave up")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--functions", type=int, default=20_000)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--accidents", type=int, metavar="RUNS", help="fail instead of measuring")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.accidents:
        accidents(given.accidents, given.seed)
    else:
        speed(given.functions, given.latency, given.runs)


if __name__ == "__main__":
    main()
