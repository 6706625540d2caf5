"""How well held-out questions find their functions, beside other ways to find them.

    python -m training.evaluate --work DIR --run NAME [--model model] [--split test]
        [--shipped FOLDER] [--beside] [--transformer FOLDER] [--types] [--packages]
        [--cosqa FOLDER]

For each language: mean reciprocal rank and recall at ten among 1,000 functions of packages that
nothing was learnt from, and again without the words that question and answer share. ``--types``
has classes and the like among them, which hold right answers and are wrong ones; ``--packages``
asks among all functions of a package instead, ``--cosqa`` asks what people typed into a web search
(Huang et al., CoSQA, ACL 2021; FOLDER holds cosqa-retrieval-dev-500.json and code_idx_map.txt).
``--shipped`` adds the model as the product reads it, with BM25 and with parts of its vectors,
``--beside`` BM25 and the hashing embedder, ``--transformer`` a sentence encoder. Printed with
each: what it needs on disk, and how many passages (questions included) a second of processor time.
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
from training.scorers import Bm25, Product, Scorer, SentenceEncoder, WithWords
from training.text import read

FUNCTIONS = {"function", "method"}
TYPES = {"class", "type", "interface", "struct"}


class Ranks:
    """Ranks of right answers by programming language, from 1."""

    def __init__(self) -> None:
        self._of: dict[str, list[NDArray[np.int64]]] = {}

    def add(self, pool: Pool, scores: NDArray[np.float32]) -> None:
        """Equal scores count as before the answer."""
        own = scores[np.arange(len(pool.answers)), pool.answers]
        self._of.setdefault(pool.language, []).append((scores >= own[:, None]).sum(1))

    def line(self) -> str:
        """Mean reciprocal rank and recall at ten: means of the languages, and each."""
        each = {name: np.concatenate(of) for name, of in self._of.items()}
        found = {
            n: (float((1 / r).mean()), float((r <= 10).mean())) for n, r in each.items() if len(r)
        }
        if not found:
            return "no questions"
        mrr, recall = mean(m for m, _ in found.values()), mean(r for _, r in found.values())
        own = "  ".join(f"{name} {m:.3f}/{r:.2f}" for name, (m, r) in found.items())
        return f"MRR {mrr:.4f} R@10 {recall:.3f}  {own}"


def report(pools: Sequence[Pool], scorers: dict[str, Scorer]) -> None:
    """Prints two lines a scorer: all words, and without those that question and answer share."""
    harder = [pool.harder() for pool in pools]
    asked, left = (sum(len(p.questions) for p in group) for group in (pools, harder))
    print(f"{asked} questions, {left} of them without shared words")
    passages = sum(len(p.passages) for p in pools)
    for name, scorer in scorers.items():
        began = time.process_time()
        all_words, none_shared = Ranks(), Ranks()
        for pool, hard in zip(pools, harder, strict=True):
            scores = scorer(pool.questions + hard.questions, pool.passages)
            all_words.add(pool, scores[: len(pool.questions)])
            none_shared.add(hard, scores[len(pool.questions) :])
        pace = passages / (time.process_time() - began)
        print(f"{name:12} {all_words.line()}")
        print(f"{'':12} {none_shared.line()}")
        print(f"{'':12} {scorer.size / 1e6:.1f} MB, {pace:,.0f} passages a second", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--model", default="model")
    parser.add_argument("--split", default="test", choices=["dev", "test"])
    parser.add_argument("--shipped", type=Path, help="an exported model's folder")
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--transformer", type=Path, help="a folder with model.onnx: judge it too")
    parser.add_argument("--types", action="store_true", help="classes and other types as well")
    parser.add_argument("--packages", action="store_true", help="among all functions of a package")
    parser.add_argument("--cosqa", type=Path, help="the folder of CoSQA's retrieval questions")
    args = parser.parse_args()
    scorers: dict[str, Scorer] = {
        args.model: Product.learnt(args.work / "runs" / args.run, args.model)
    }
    if args.shipped:
        scorers["shipped"] = Product.shipped(args.shipped)
        scorers["and words"] = WithWords(scorers["shipped"])
        scorers["128 numbers"] = Product.shipped(args.shipped, lambda v: v[..., :128])
        scorers["64 numbers"] = Product.shipped(args.shipped, lambda v: v[..., :64])
        scorers["signs"] = Product.shipped(args.shipped, np.sign)
    if args.beside:
        scorers |= {"bm25": Bm25(), "hashing": Product.hashing()}
    if args.transformer:
        scorers["transformer"] = SentenceEncoder(args.transformer)
    if args.cosqa:
        report([cosqa(args.cosqa)], scorers)
        return
    kinds = FUNCTIONS | TYPES if args.types else FUNCTIONS
    records = read(args.work / "clean" / f"{args.split}.jsonl.zst")
    candidates = [r for r in records if r["kind"] in kinds]
    report(by_package(candidates) if args.packages else by_language(candidates), scorers)


if __name__ == "__main__":
    main()
