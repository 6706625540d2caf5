"""How well the answers rank on a benchmark of annotated questions.

    python benchmarks/relevance.py BENCH REPOS [--scorer score.py] [--mode hybrid]

BENCH holds ``repos.json`` (a list of {name, benchmark_root}) and ``annotations/<name>.json``
(a list of {query, relevant, secondary, category}); REPOS holds a checkout of each repository
by its name. Every repository is indexed in place (the index lies in a temporary folder), its
questions are asked with ``by_file`` inside ``benchmark_root``, and NDCG@10 is printed by
repository and category. With ``--scorer`` the benchmark's own scorer is run on the results.
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
from pathlib import Path
from statistics import mean

from codesearch.config import Settings
from codesearch.index import Index
from codesearch.model import SearchRequest


def covers(found: dict[str, object], target: object) -> bool:
    """Whether a result shows a target: the same file and, where lines are given, overlap."""
    wanted, first, last = (
        (target, None, None)
        if isinstance(target, str)
        else (target["path"], target.get("start_line"), target.get("end_line"))  # type: ignore[index]
    )
    path = str(found["path"])
    if not (path == wanted or path.endswith("/" + wanted) or wanted.endswith("/" + path)):
        return False
    return first is None or (found["start"] <= last and found["end"] >= first)  # type: ignore[operator]


def ndcg(found: list[dict[str, object]], targets: list[object], k: int = 10) -> float:
    gains = [0.0] * k
    for target in targets:
        place = next((i for i, f in enumerate(found[:k]) if covers(f, target)), None)
        if place is not None:
            gains[place] = 1.0
    ideal = sum(1 / math.log2(i + 2) for i in range(min(k, len(targets))))
    return sum(g / math.log2(i + 2) for i, g in enumerate(gains)) / ideal if ideal else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bench", type=Path)
    parser.add_argument("repos", type=Path)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--mode", default="hybrid", choices=["hybrid", "semantic", "lexical"])
    parser.add_argument("--only", default="", help="names, with commas between")
    parser.add_argument("--index", type=Path, help="keep the indexes here for the next run")
    parser.add_argument("--worst", action="store_true", help="list the questions that fail")
    args = parser.parse_args()
    only = set(filter(None, args.only.split(",")))
    home = args.index or Path(tempfile.mkdtemp(prefix="codesearch-relevance-"))
    results: dict[str, dict[str, list[dict[str, object]]]] = {}
    scores: dict[str, list[float]] = {}
    by_category: dict[str, list[float]] = defaultdict(list)
    times: list[float] = []
    failed: list[tuple[float, str, str, list[object], list[str]]] = []
    for spec in json.loads((args.bench / "repos.json").read_text()):
        name = spec["name"]
        if only and name not in only:
            continue
        root = args.repos / name
        folder = spec.get("benchmark_root") or ""
        index = Index.open(root, Settings(index_home=home))
        report = index.update()
        results[name], scores[name] = {}, []
        for item in json.loads((args.bench / "annotations" / f"{name}.json").read_text()):
            request = SearchRequest(
                item["query"], paths=(folder,), by_file=True, mode=args.mode, top_k=10
            )
            start = time.perf_counter()
            answer = index.search(request)
            times.append(time.perf_counter() - start)
            found = [
                {"path": h.chunk.path, "start": h.chunk.start_line, "end": h.chunk.end_line}
                for h in answer.hits
            ]
            results[name][item["query"]] = found
            targets = [*item["relevant"], *item.get("secondary", [])]
            value = ndcg(found, targets)
            scores[name].append(value)
            by_category[item["category"]].append(value)
            if value < 1:
                failed.append((value, name, item["query"], targets, [str(f["path"]) for f in found[:4]]))
        print(
            f"{name:22} {mean(scores[name]):.4f}  {report.files:6} files {report.chunks:7} chunks",
            flush=True,
        )
    print(f"{'mean of repositories':22} {mean(mean(v) for v in scores.values()):.4f}")
    for category, values in sorted(by_category.items()):
        print(f"{category:22} {mean(values):.4f}  {len(values)} questions")
    print(f"median answer {sorted(times)[len(times) // 2] * 1000:.1f} ms, scan of the tree included")
    if args.worst:
        for value, name, query, targets, found in sorted(failed, key=lambda f: f[0]):
            print(f"{value:.2f} {name}: {query!r}\n     wanted {targets}\n     found  {found}")
    if args.scorer:
        out = home / "results.json"
        out.write_text(json.dumps(results))
        command = [sys.executable, str(args.scorer), str(out)]
        if only:
            command += ["--only", args.only]
        subprocess.run(command, env={**os.environ, "BENCH": str(args.bench)}, check=True)


if __name__ == "__main__":
    main()
