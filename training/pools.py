"""Held-out questions with the functions among which each is to be found.

A question is a doc's first paragraph, and no passage has its doc: so the words of the question are
not handed to the one that is right.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesearch import terms
from codesearch.chunking import chunk
from codesearch.model import Passage, SourceFile
from training.text import draw

_CODE_CHARS = 8_000


@dataclass
class Pool:
    """Questions and the passages that may answer them; ``answers[i]`` is that of question i."""

    language: str
    questions: list[str]
    answers: list[int]
    passages: list[Passage]

    def harder(self) -> Pool:
        """The same without the words that a question shares with its answer.

        Questions of which fewer than two words are left are not asked.
        """
        kept = []
        for question, answer in zip(self.questions, self.answers, strict=True):
            p = self.passages[answer]
            seen = set(terms.count(f"{p.code}\n{p.symbol}\n{p.path}"))
            left = [w for w in terms.question_words(question) if seen.isdisjoint(terms.expand(w))]
            if len(left) > 1:
                kept.append((" ".join(left), answer))
        return Pool(self.language, [q for q, _ in kept], [a for _, a in kept], self.passages)


def by_language(
    records: Iterable[dict[str, Any]], size: int = 1_000, most: int = 500
) -> list[Pool]:
    """A pool a language: ``size`` functions of all held-out packages, ``most`` of them asked for.

    Languages with fewer than half of that are left out.
    """
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        found[record["language"]].append(record)
    pools = []
    for language, all_of in sorted(found.items()):
        rng = random.Random(language)  # noqa: S311 (a sample, not a secret)
        rng.shuffle(all_of)
        asked = [r for r in all_of if doc_of(r)]
        rest = [r for r in all_of if not doc_of(r)]
        chosen = (asked + rest)[:size]
        if len(asked) < most // 4 or len(chosen) < size // 2:
            continue
        passages = [passage(r) for r in chosen]
        n = min(most, len(asked), len(chosen))
        pools.append(Pool(language, [doc_of(r) for r in chosen[:n]], list(range(n)), passages))
    return pools


def by_package(
    records: Iterable[dict[str, Any]],
    most: int = 50,
    packages: int = 12,
    largest: int = 2_000,
    least: int = 100,
) -> list[Pool]:
    """A pool a package: all its functions, at most ``most`` of them asked for.

    Of each language at most so many ``packages``, none larger than ``largest`` functions, so that
    slow models can be asked too. Languages with fewer than ``least`` questions are left out.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        found[record["language"], record["package"]].append(record)
    taken: Counter[str] = Counter()
    pools = []
    for language, package in sorted(found, key=lambda key: draw("pool", *key)):
        all_of = found[language, package]
        asked = [i for i, r in enumerate(all_of) if doc_of(r)]
        if not 50 <= len(all_of) <= largest or len(asked) < 10 or taken[language] == packages:
            continue
        taken[language] += 1
        picked = sorted(random.Random(package).sample(asked, min(most, len(asked))))  # noqa: S311
        questions = [doc_of(all_of[i]) for i in picked]
        pools.append(Pool(language, questions, picked, [passage(r) for r in all_of]))
    asked_of = Counter(pool.language for pool in pools for _ in pool.questions)
    kept = [pool for pool in pools if asked_of[pool.language] >= least]
    return sorted(kept, key=lambda pool: pool.language)


def cosqa(folder: Path) -> Pool:
    """The development questions of CoSQA among all of its Python functions, docs included."""
    asked = json.loads((folder / "cosqa-retrieval-dev-500.json").read_text(encoding="utf-8"))
    places = json.loads((folder / "code_idx_map.txt").read_text(encoding="utf-8"))
    codes = sorted(places, key=lambda code: int(places[code]))
    return Pool(
        "python",
        [a["doc"] for a in asked],
        [a["retrieval_idx"] for a in asked],
        [_python(code) for code in codes],
    )


def _python(code: str) -> Passage:
    """A function as the product cuts it, of a file that nothing is known of."""
    cut = chunk(SourceFile("", code, "", "python"))
    if len(cut) == 1:
        return Passage("", cut[0].symbol, cut[0].doc, cut[0].pieces[0])
    return Passage("", "", "", code)


def doc_of(record: dict[str, Any]) -> str:
    return next((t for kind, t, lang in record["questions"] if kind == "doc" and lang == "en"), "")


def passage(record: dict[str, Any]) -> Passage:
    return Passage(record["path"], record["symbol"], "", record["code"][:_CODE_CHARS])
