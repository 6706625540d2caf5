"""What indexing and asking cost, beside semble and ripgrep, in one run.

    python benchmarks/speed.py [FOLDER ...] [--runs 5] [--no-semble]

Without folders, source distributions of Django and three smaller projects are fetched with pip.
Each figure is the median of several runs; competitors run in turn with us, so that a machine
whose speed drifts treats all alike: compare the columns of one run, not absolute seconds of two.

semble is installed into an environment of its own. Its published model can't be had without a
model hub, so it gets a random one of the same shape (62,000 x 256), made here: its costs are
real, its ranking is not looked at. ``--semble`` names the Python of an environment that has it,
and SEMBLE_MODEL_NAME a model; then nothing is installed or made.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PACKAGES = ("Django==5.2", "Scrapy==2.12.0", "Werkzeug==3.1.3", "Flask==3.1.0")
QUERY = "where are redirects followed"
QUERIES = (
    "where are redirects followed",
    "how is the session cookie signed",
    "parse the content type header",
    "close the connection when the client goes away",
    "escape html in template output",
    "retry after a failed request",
)

MAKE_MODEL = """
import glob, sys
import numpy as np
from model2vec import StaticModel
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
folder, out = sys.argv[1:]
tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
files = [f for f in glob.glob(folder + "/**/*.*", recursive=True) if f.endswith((".py", ".txt"))]
trainer = trainers.WordPieceTrainer(vocab_size=62000, special_tokens=["[PAD]", "[UNK]"])
tokenizer.train_from_iterator((open(f, errors="replace").read() for f in files), trainer)
vectors = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), 256), np.float32)
StaticModel(vectors=vectors, tokenizer=tokenizer, normalize=True).save_pretrained(out)
"""

ASK_SEMBLE = """
import sys, time
from statistics import median
from semble import SembleIndex
if __name__ == "__main__":
    index = SembleIndex.from_path(sys.argv[1])
    times = []
    for _ in range(5):
        for query in sys.argv[2:]:
            start = time.perf_counter()
            index.search(query, top_k=10)
            times.append(time.perf_counter() - start)
    print(median(times))
"""

ASK = """
import sys, time
from pathlib import Path
from statistics import median
from codesearch.config import Settings
from codesearch.index import Index
from codesearch.model import SearchRequest
index = Index.open(Path(sys.argv[1]), Settings(index_home=Path(sys.argv[2])))
index.update()
def timed(do):
    start = time.perf_counter()
    do()
    return time.perf_counter() - start
ask = lambda query, refresh: lambda: index.search(SearchRequest(query), refresh=refresh)
for refresh in (False, True):
    print(median(timed(ask(q, refresh)) for _ in range(5) for q in sys.argv[3:]))
print(median(timed(index.update) for _ in range(5)))
edited = Path(sys.argv[1]) / "codesearch_benchmark.py"
edits, stored = [], []
try:
    for n in range(5):
        edited.write_text(f"def quite_unheard_of_{n}():\\n    return {n}\\n")
        edits.append(timed(ask(f"quite_unheard_of_{n}", True)))
        found = index.search(SearchRequest(f"quite_unheard_of_{n}")).hits[0]
        assert found.chunk.symbol == f"quite_unheard_of_{n}"
    for n in range(5):
        edited.write_text(f"def even_less_heard_of_{n}():\\n    return {n}\\n")
        stored.append(timed(index.update))
finally:
    edited.unlink(missing_ok=True)
    index.update()
print(median(edits))
print(median(stored))
"""


@dataclass
class Cost:
    wall: float  # seconds
    cpu: float  # seconds, children included
    peak: float  # MB of the largest process


def run(command: Sequence[str | Path], env: dict[str, str]) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [str(c) for c in command], env={**os.environ, **env}, cwd="/",
            stdout=subprocess.DEVNULL, stderr=errors,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if process.returncode not in {0, 1}:
            errors.seek(0)
            raise SystemExit(f"{command}: {errors.read().decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, usage.ru_maxrss / 1024)


def in_turn(runs: int, *competitors: Callable[[], Cost]) -> list[Cost]:
    """The median cost of each, run one after the other, ``runs`` times."""
    costs = [[compete() for compete in competitors] for _ in range(runs)]
    columns = zip(*costs, strict=True)
    return [
        Cost(median(c.wall for c in col), median(c.cpu for c in col), median(c.peak for c in col))
        for col in columns
    ]


def fetch(package: str, into: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "-d", str(into), package], check=True)
    name = package.partition("==")[0].lower()
    (archive,) = [f for f in into.glob("*.tar.gz") if f.name.lower().startswith(name)]
    folder = into / name
    shutil.unpack_archive(archive, folder)
    (root,) = folder.iterdir()
    return root


def install_semble(into: Path, text: Path) -> tuple[Path, dict[str, str]]:
    subprocess.run([sys.executable, "-m", "venv", str(into / "semble")], check=True)
    python = into / "semble" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", "semble>=0.7,<0.8"], check=True)
    model = into / "model"
    subprocess.run([str(python), "-c", MAKE_MODEL, str(text), str(model)], check=True)
    return python, {"SEMBLE_MODEL_NAME": str(model)}


def size(folder: Path) -> float:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def row(name: str, *cells: str) -> None:
    print(f"  {name:38}" + "".join(f"{c:>16}" for c in cells), flush=True)


def compare(folder: Path, runs: int, work: Path, semble: Path | None, env: dict[str, str]) -> None:
    home = work / "index"
    ours = {"CODESEARCH_INDEX": str(home)}
    theirs = {
        "HF_HUB_OFFLINE": "1", "SEMBLE_CACHE_LOCATION": str(work / "semble-cache"), **env,
    }  # fmt: skip
    us = [sys.executable, "-m", "codesearch"]
    them = [semble.parent / "semble", "search", QUERY, folder, "-k", "10"] if semble else []
    ripgrep = ["rg", "-c", "-i", "redirect", folder] if shutil.which("rg") else []

    def cold(target: Path, command: Sequence[str | Path], env: dict[str, str]) -> Cost:
        shutil.rmtree(target, ignore_errors=True)
        return run(command, env)

    print(f"{folder.name}", flush=True)
    row("", "codesearch", "semble 0.7", "ripgrep")
    first = [lambda: cold(home, [*us, "index", "-q", folder], ours)]
    again = [lambda: run([*us, "search", QUERY, folder], ours)]
    if semble:
        first.append(lambda: cold(work / "semble-cache", them, theirs))
        again.append(lambda: run(them, theirs))
    if ripgrep:
        again.append(lambda: run(ripgrep, {}))
    costs = in_turn(runs, *first)
    row("cold index, wall s", *(f"{c.wall:.2f}" for c in costs))
    row("cold index, CPU s", *(f"{c.cpu:.2f}" for c in costs))
    row("cold index, peak MB of a process", *(f"{c.peak:.0f}" for c in costs))
    row(
        "index on disk, MB",
        f"{size(home):.0f}",
        f"{size(work / 'semble-cache'):.0f}" if semble else "",
    )
    costs = in_turn(runs, *again)
    cells = [f"{c.wall * 1000:.0f}" for c in costs]
    row(
        "command line, unchanged tree, wall ms",
        cells[0],
        cells[1] if semble else "",
        *cells[1 + bool(semble) :],
    )
    out = subprocess.run(
        [sys.executable, "-c", ASK, str(folder), str(home), *QUERIES],
        check=True, capture_output=True, text=True, cwd="/",
    ).stdout.split()  # fmt: skip
    asked = ""
    if semble:
        done = subprocess.run(
            [str(semble), "-c", ASK_SEMBLE, str(folder), *QUERIES],
            check=True, capture_output=True, text=True, env={**os.environ, **theirs}, cwd="/",
        )  # fmt: skip
        asked = f"{float(done.stdout) * 1000:.1f}"
    warm, scanned, unchanged, edited, stored = (f"{float(v) * 1000:.1f}" for v in out)
    row("warm question, ms", warm, asked)
    row("the same with the scan for changes, ms", scanned)
    row("refresh, nothing changed, ms", unchanged)
    row("one file changed: asked and found, ms", edited)
    row("one file changed: stored, ms", stored)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--semble", type=Path, help="Python of an environment with semble 0.7")
    parser.add_argument("--no-semble", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codesearch-speed-") as name:
        work = Path(name)
        folders = [f.resolve() for f in args.folders] or [fetch(p, work) for p in PACKAGES]
        env: dict[str, str] = {}
        semble = None if args.no_semble else args.semble
        if semble is None and not args.no_semble:
            semble, env = install_semble(work, folders[0])
        for folder in folders:
            compare(folder, args.runs, work, semble, env)


if __name__ == "__main__":
    main()
