"""How well the answers rank, on repositories with annotated questions.

    python benchmarks/relevance.py BENCH REPOS [--scorer score.py] [--mode hybrid] [--worst]

BENCH is one of two kinds of folder, both with a ``repos.json``:

* questions about files: ``annotations/<name>.json``, a list of {query, relevant, secondary,
  category}; asked with ``by_file`` inside each repository's ``benchmark_root``;
* questions about functions: ``<name>.jsonl``, a line each of {query, kind, split, answers}, as in
  ``benchmarks/questions``; asked for the flat list inside each repository's ``root``.

REPOS holds a checkout of each repository by its name. Each is indexed where it is (the index
lies in a temporary folder, or in ``--index``), and NDCG@10 is printed by repository and by kind
of question. With ``--scorer`` a file benchmark's own scorer is run on the results.

``--semble PYTHON`` asks the semble of that environment the same, its BM25 and ranking alone: its
model can't be had everywhere. A window of its counts as the function when it overlaps it at all.

``--cosine`` ranks by the vectors alone, ``--backend`` and ``--transformer FOLDER`` take another
embedder: a sentence encoder as ``training/transformer.py`` reads it, in an environment that has
what it needs. A paid backend is told what it may cost, in one command for quality and price:

    python benchmarks/relevance.py benchmarks/questions REPOS --backend gemini --max-cost 5
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesearch import embedding, rank
from codesearch.config import Settings
from codesearch.index import Index
from codesearch.model import Chunk, Hit, Passage, SearchRequest
from codesearch.remote import vault_in

ASK_SEMBLE = """
import json, sys
from semble import SembleIndex
asked = json.load(sys.stdin)
index = SembleIndex.from_path(asked["folder"])
found = [index.search(q, top_k=10, alpha=0.0) for q in asked["queries"]]
place = lambda c: [c.file_path, c.start_line, c.end_line]
json.dump([[place(r.chunk) for r in rs] for rs in found], sys.stdout)
"""


#: The questions of other human languages once more: what they could reach. Counted apart.
IN_ENGLISH = "foreign, in English"


@dataclass
class Question:
    query: str
    kind: str
    targets: list[Any]
    covers: Callable[[Hit, Any], bool]


@dataclass
class Tally:
    ndcg: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    first: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, group: str, value: float, rank: int) -> None:
        self.ndcg[group].append(value)
        self.first[group].append(rank)

    def line(self, group: str) -> str:
        ranks = self.first[group]
        at = [mean(0 < r <= k for r in ranks) for k in (1, 5, 10)]
        return (
            f"{group:24} {mean(self.ndcg[group]):.4f}  found within 1/5/10 "
            f"{at[0]:.2f} {at[1]:.2f} {at[2]:.2f}  {len(ranks):4} questions"
        )


def same_file(left: str, right: str) -> bool:
    return left == right or left.endswith("/" + right) or right.endswith("/" + left)


def covers_file(hit: Hit, target: Any) -> bool:
    """The same file and, where the target has lines, overlap."""
    if isinstance(target, str):
        return same_file(hit.chunk.path, target)
    first, last = target.get("start_line"), target.get("end_line")
    return same_file(hit.chunk.path, target["path"]) and (
        first is None or (hit.chunk.start_line <= last and hit.chunk.end_line >= first)
    )


def covers_function(hit: Hit, target: Any) -> bool:
    """Most of the function, and not much else: its class is no answer."""
    first, last = target["start_line"], target["end_line"]
    common = min(hit.chunk.end_line, last) - max(hit.chunk.start_line, first) + 1
    size, shown = last - first + 1, hit.chunk.end_line - hit.chunk.start_line + 1
    return hit.chunk.path == target["path"] and 2 * common >= size and shown <= 3 * size + 15


def questions(bench: Path, name: str, split: str) -> Iterator[Question]:
    if (bench / "annotations").is_dir():
        for item in json.loads((bench / "annotations" / f"{name}.json").read_text()):
            targets = [*item["relevant"], *item.get("secondary", [])]
            yield Question(item["query"], item["category"], targets, covers_file)
        return
    for line in (bench / f"{name}.jsonl").read_text().splitlines():
        item = json.loads(line)
        if split in {"", item["split"]}:
            yield Question(item["query"], item["kind"], item["answers"], covers_function)
            if "english" in item:
                yield Question(item["english"], IN_ENGLISH, item["answers"], covers_function)


def groups(repository: str, kind: str) -> tuple[str, ...]:
    return (kind,) if kind == IN_ENGLISH else (repository, kind, "all questions")


def overlaps(hit: Hit, target: Any) -> bool:
    first, last = target["start_line"], target["end_line"]
    return (
        hit.chunk.path == target["path"]
        and hit.chunk.start_line <= last
        and hit.chunk.end_line >= first
    )


def semble(python: str, folder: Path, root: str, asked: list[Question]) -> Iterator[list[Hit]]:
    """What semble answers to each question, as hits without text."""
    said = json.dumps({"folder": str(folder / root), "queries": [q.query for q in asked]})
    done = subprocess.run(
        [python, "-c", ASK_SEMBLE], input=said, capture_output=True, text=True, check=True
    )
    for found in json.loads(done.stdout):
        yield [
            Hit(Chunk(str(Path(root, path)), "", "text", "", "", "", (), first, last, ""), 0)
            for path, first, last in found
        ]


def grade(
    hits: list[Hit], asked: Question, covers: Callable[[Hit, Any], bool], k: int = 10
) -> tuple[float, int]:
    """NDCG@k and the rank of the first answer (0: none). A target counts once."""
    gains = [0.0] * k
    for target in asked.targets:
        place = next((i for i, h in enumerate(hits[:k]) if covers(h, target)), None)
        if place is not None:
            gains[place] = 1.0
    ideal = sum(1 / math.log2(i + 2) for i in range(min(k, len(asked.targets))))
    found = sum(g / math.log2(i + 2) for i, g in enumerate(gains))
    return found / ideal, next((i + 1 for i, g in enumerate(gains) if g), 0)


def cost(home: Path) -> float:
    """The dollars spent so far."""
    return sum(spent.dollars or 0.0 for spent in vault_in(home).spent())


class Sentences:
    """A sentence encoder as an embedder, asked by this process."""

    remote = False
    in_workers = False
    weight = 1.0
    floor = 0.0

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(Path(__file__).parents[1]))
        from training.transformer import Transformer

        self._model = Transformer(folder, threads=os.cpu_count() or 1)
        self.id = f"transformer/{folder.resolve().name}"
        self.dimension = self._model(["a"]).shape[1]

    def embed_documents(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        texts = ["\n".join(filter(None, (p.path, p.symbol, p.doc, p.code))) for p in passages]
        return self._model(texts)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._model([text])[0]
        return vector


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("bench", type=Path)
    parser.add_argument("repos", type=Path)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--mode", default="hybrid", choices=["hybrid", "semantic", "lexical"])
    parser.add_argument("--split", default="", help="tune or held; both if left out")
    parser.add_argument("--only", default="", help="names, with commas between")
    parser.add_argument("--index", type=Path, help="keep the indexes here for the next run")
    parser.add_argument("--without", help="a term of rank.Weights to leave out")
    parser.add_argument("--backend", default="local", help="the embedder's name")
    parser.add_argument("--model", help="the backend's model")
    parser.add_argument("--dimension", type=int, help="of its vectors")
    parser.add_argument(
        "--max-cost", type=float, help="agree to send the code to the backend for so many dollars"
    )
    parser.add_argument("--transformer", type=Path, help="a folder with model.onnx: embed with it")
    parser.add_argument("--cosine", action="store_true", help="the vectors alone: no other term")
    parser.add_argument("--worst", action="store_true", help="list the questions that fail")
    parser.add_argument("--semble", help="a Python that has it: ask it too")
    parser.add_argument("--brief", action="store_true", help="no line a repository")
    args = parser.parse_args()
    if args.without:
        rank.WEIGHTS = replace(rank.WEIGHTS, **{args.without: 0.0})
    if args.transformer:
        sentences = Sentences(args.transformer)
        embedding.load = lambda *_: sentences
    if args.cosine:
        args.mode = "semantic"
        terms = [f.name for f in fields(rank.Weights) if f.name != "semantic"]
        rank.WEIGHTS = replace(rank.WEIGHTS, **dict.fromkeys(terms, 0.0))
    only = set(filter(None, args.only.split(",")))
    home = args.index or Path(tempfile.mkdtemp(prefix="codesearch-relevance-"))
    results: dict[str, dict[str, list[dict[str, object]]]] = {}
    tally, beside = Tally(), Tally()
    repos: list[str] = []
    times: list[float] = []
    failed: list[tuple[float, str, Question, list[Hit]]] = []
    for spec in json.loads((args.bench / "repos.json").read_text()):
        name = spec["name"]
        if only and name not in only:
            continue
        folder = spec.get("benchmark_root") or spec.get("root") or ""
        settings = Settings(
            index_home=home, backend=args.backend, model=args.model, dimension=args.dimension,
            max_cost=None if args.max_cost is None else max(args.max_cost - cost(home), 0.0),
        )  # fmt: skip
        index = Index.open(args.repos / name, settings)
        index.update(approve=lambda _: args.max_cost is not None)
        results[name] = {}
        all_asked = list(questions(args.bench, name, args.split))
        if args.semble:
            answers = semble(args.semble, args.repos / name, folder, all_asked)
            for asked, hits in zip(all_asked, answers, strict=True):
                by_file = asked.covers is covers_file
                value, first = grade(hits, asked, covers_file if by_file else overlaps)
                for group in groups(name, asked.kind):
                    beside.add(group, value, first)
        for asked in all_asked:
            by_file = asked.covers is covers_file
            request = SearchRequest(asked.query, paths=(folder,), by_file=by_file, mode=args.mode)
            start = time.perf_counter()
            hits = list(index.search(request, refresh=False).hits)
            times.append(time.perf_counter() - start)
            results[name][asked.query] = [
                {"path": h.chunk.path, "start": h.chunk.start_line, "end": h.chunk.end_line}
                for h in hits
            ]
            value, first = grade(hits, asked, asked.covers)
            for group in groups(name, asked.kind):
                tally.add(group, value, first)
            if value < 1:
                failed.append((value, name, asked, hits))
        repos.append(name)
        if not args.brief:
            print(tally.line(name), flush=True)
    for title, told in (("", tally), ("semble's BM25 and ranking", beside)):
        if told.ndcg:
            print(title)
            print(f"{'mean of repositories':24} {mean(mean(told.ndcg[n]) for n in repos):.4f}")
            for group in sorted(set(told.ndcg) - set(repos)):
                print(told.line(group))
    print(f"median answer {median(times) * 1000:.1f} ms")
    for spent in vault_in(home).spent():
        dollars = "" if spent.dollars is None else f", ${spent.dollars:.4f}"
        print(f"{spent.model}: {spent.texts:,} texts, {spent.tokens:,} tokens{dollars}")
    if args.worst:
        for value, name, asked, hits in sorted(failed, key=lambda f: f[0]):
            print(f"{value:.2f} {name} [{asked.kind}] {asked.query!r}")
            for target in asked.targets:
                print("     wanted", target)
            for hit in hits[:4]:
                parts = {k: round(v, 2) for k, v in hit.parts.items()}
                print(f"     {hit.chunk.path}:{hit.chunk.start_line} {hit.chunk.symbol} {parts}")
    if args.scorer:
        out = home / "results.json"
        out.write_text(json.dumps(results))
        command = [sys.executable, str(args.scorer), str(out)]
        if only:
            command += ["--only", args.only]
        subprocess.run(command, env={**os.environ, "BENCH": str(args.bench)}, check=True)


if __name__ == "__main__":
    main()
