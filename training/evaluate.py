"""How well held-out questions find their functions, beside other ways to find them.

    python -m training.evaluate --work DIR --run NAME [--model model] [--split test]
        [--shipped FOLDER] [--beside] [--transformer FOLDER] [--packages] [--cosqa FOLDER]

For each language: mean reciprocal rank and recall at ten among 1,000 functions of packages that
nothing was learnt from, and again without the words that question and answer share. ``--packages``
asks among all functions of a package instead, ``--cosqa`` asks what people typed into a web search
(Huang et al., CoSQA, ACL 2021; FOLDER holds cosqa-retrieval-dev-500.json and code_idx_map.txt).
``--beside`` adds BM25 and the hashing embedder, ``--transformer`` a sentence encoder. Printed with
each: what it needs on disk, and how many passages (with the few questions) a second of one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from training.pools import Pool, by_language, by_package, cosqa
from training.scorers import Bm25, Product, Scorer, SentenceEncoder, Static
from training.text import read


def ranks(pool: Pool, scorer: Scorer) -> NDArray[np.int64]:
    """The rank of each answer, from 1; equal scores count as before it."""
    score = scorer(pool.questions, pool.passages)
    own = score[np.arange(len(pool.answers)), pool.answers]
    return np.asarray((score >= own[:, None]).sum(1), np.int64)


def table(pools: Sequence[Pool], scorer: Scorer) -> dict[str, tuple[float, float]]:
    """Language -> mean reciprocal rank and recall at ten, over its pools together."""
    found: dict[str, list[NDArray[np.int64]]] = {}
    for pool in pools:
        if pool.questions:
            found.setdefault(pool.language, []).append(ranks(pool, scorer))
    joined = {name: np.concatenate(each) for name, each in found.items()}
    return {n: (float((1 / r).mean()), float((r <= 10).mean())) for n, r in joined.items()}


def report(pools: Sequence[Pool], scorers: dict[str, Scorer]) -> None:
    """Prints a line a scorer."""
    passages = sum(len(p.passages) for p in pools if p.questions)
    for name, scorer in scorers.items():
        began = time.process_time()
        result = table(pools, scorer)
        pace = passages / (time.process_time() - began)
        each = "  ".join(f"{lang} {mrr:.3f}/{r:.2f}" for lang, (mrr, r) in result.items())
        print(
            f"{name:12} MRR {mean(m for m, _ in result.values()):.4f}"
            f" R@10 {mean(r for _, r in result.values()):.3f}"
            f"  {scorer.size / 1e6:.1f} MB {pace:,.0f}/s  {each}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--model", default="model")
    parser.add_argument("--split", default="test", choices=["dev", "test"])
    parser.add_argument("--shipped", type=Path, help="an exported model's folder: judge it too")
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--transformer", type=Path, help="a folder with model.onnx: judge it too")
    parser.add_argument("--packages", action="store_true", help="among all functions of a package")
    parser.add_argument("--cosqa", type=Path, help="the folder of CoSQA's retrieval questions")
    args = parser.parse_args()
    scorers: dict[str, Scorer] = {
        args.model: Static.load(args.work / "runs" / args.run, args.model)
    }
    if args.shipped:
        scorers["shipped"] = Product.shipped(args.shipped)
    if args.beside:
        scorers |= {"bm25": Bm25(), "hashing": Product.hashing()}
    if args.transformer:
        scorers["transformer"] = SentenceEncoder(args.transformer)
    if args.cosqa:
        print("CoSQA")
        report([cosqa(args.cosqa)], scorers)
        return
    records = list(read(args.work / "clean" / f"{args.split}.jsonl.zst"))
    pools = by_package(records) if args.packages else by_language(records)
    for title, asked in (("all words", pools), ("no shared words", [p.harder() for p in pools])):
        print(f"{title}: {sum(len(p.questions) for p in asked)} questions")
        report(asked, scorers)


if __name__ == "__main__":
    main()
