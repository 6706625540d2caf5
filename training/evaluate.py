"""How well held-out questions find their functions, beside other ways to find them.

    python -m training.evaluate --work DIR --run NAME [--model model] [--split test] [--beside]

For each language: mean reciprocal rank and recall at ten among 1,000 functions of packages that
nothing was learnt from, and again without the words that question and answer share.
``--beside`` adds BM25, the hashing embedder and MiniLM.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from codesearch import terms
from codesearch.embedding import Embedder, hashing
from codesearch.embedding.fields import Fields, texts, unit
from codesearch.embedding.static import StaticEmbedder
from codesearch.embedding.vocabulary import Vocabulary
from codesearch.model import Passage
from training.encode import FIELDS, Bags, Encoder
from training.pools import Pool, by_language, by_package
from training.text import read

F32 = NDArray[np.float32]
#: Scores of shape (questions, passages).
Scorer = Callable[[Sequence[str], Sequence[Passage]], F32]


class Static:
    """The learnt vectors, with the fields weighted as they are in the product."""

    def __init__(self, tokens: Sequence[str], rows: F32, asked: F32) -> None:
        self.encoder = Encoder(Vocabulary(tokens))
        self.rows = rows
        self.asked = asked
        self.factors = asdict(Fields())

    @classmethod
    def load(cls, run: Path, model: str) -> Static:
        tokens = (run / "tokens.txt").read_text(encoding="utf-8").splitlines()
        with np.load(run / f"{model}.npz") as z:
            return cls(tokens, z["rows"], z["asked"])

    def documents(self, passages: Sequence[Passage]) -> F32:
        terms.tally.cache_clear()
        bags = [tuple(self.encoder.field(text) for text in texts(p)) for p in passages]
        total = np.zeros((len(passages), self.rows.shape[1]), np.float32)
        for at, name in enumerate(FIELDS):
            total += self.factors[name] * unit(self._sums(Bags.of([b[at] for b in bags])))
        return unit(total)

    def asked_for(self, questions: Sequence[str]) -> F32:
        bags = Bags.of([self.encoder.question(q) for q in questions])
        bags.weight = (bags.weight * self.asked[bags.token]).astype(np.float16)
        return unit(self._sums(bags))

    def __call__(self, questions: Sequence[str], passages: Sequence[Passage]) -> F32:
        return self.asked_for(questions) @ self.documents(passages).T

    def _sums(self, bags: Bags) -> F32:
        out = np.zeros((len(bags), self.rows.shape[1]), np.float32)
        edges = zip(bags.first, bags.first[1:], strict=False)
        for row, (a, b) in zip(out, edges, strict=True):
            row[:] = bags.weight[a:b].astype(np.float32) @ self.rows[bags.token[a:b]]
        return out


def bm25(questions: Sequence[str], passages: Sequence[Passage]) -> F32:
    """Okapi BM25 (k1 1.2, b .75) over the terms of code, and symbol and path counted twice."""
    bags = [terms.count(f"{p.code}\n{p.symbol}\n{p.path}\n{p.symbol}\n{p.path}") for p in passages]
    lengths = np.array([sum(b.values()) for b in bags], np.float32)
    norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    df = Counter(t for b in bags for t in b)
    out = np.zeros((len(questions), len(passages)), np.float32)
    for row, question in zip(out, questions, strict=True):
        for term in terms.question_terms(question):
            if term in df:
                idf = math.log1p((len(bags) - df[term] + 0.5) / (df[term] + 0.5))
                tf = np.array([b[term] for b in bags], np.float32)
                row += idf * tf * 2.2 / (tf + norm)  # noqa: PLW2901 (in place)
    return out


def shipped(folder: Path) -> Scorer:
    """The model as the product has it: a byte a number, and its own sums."""

    def score(questions: Sequence[str], passages: Sequence[Passage]) -> F32:
        return asked_of(StaticEmbedder(folder), questions, passages)

    return score


def hashed(questions: Sequence[str], passages: Sequence[Passage]) -> F32:
    return asked_of(hashing.load(), questions, passages)


def asked_of(embedder: Embedder, questions: Sequence[str], passages: Sequence[Passage]) -> F32:
    terms.tally.cache_clear()
    return (
        np.array([embedder.embed_query(q) for q in questions])
        @ embedder.embed_documents(passages).T
    )


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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--model", default="model")
    parser.add_argument("--split", default="test", choices=["dev", "test"])
    parser.add_argument("--shipped", type=Path, help="an exported model's folder: judge it too")
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--packages", action="store_true", help="among all functions of a package")
    args = parser.parse_args()
    scorers: dict[str, Scorer] = {
        args.model: Static.load(args.work / "runs" / args.run, args.model)
    }
    if args.shipped:
        scorers["shipped"] = shipped(args.shipped)
    if args.beside:
        scorers |= {"bm25": bm25, "hashing": hashed}
    records = list(read(args.work / "clean" / f"{args.split}.jsonl.zst"))
    pools = by_package(records) if args.packages else by_language(records)
    for title, asked in (("all words", pools), ("no shared words", [p.harder() for p in pools])):
        print(f"{title}: {sum(len(p.questions) for p in asked)} questions")
        for name, scorer in scorers.items():
            began = time.perf_counter()
            result = table(asked, scorer)
            each = "  ".join(f"{lang} {mrr:.3f}" for lang, (mrr, _) in result.items())
            print(
                f"{name:10} MRR {mean(m for m, _ in result.values()):.4f}"
                f" R@10 {mean(r for _, r in result.values()):.3f}  {each}"
                f"  ({time.perf_counter() - began:.1f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
