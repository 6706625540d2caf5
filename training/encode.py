"""From text to token numbers, once a vocabulary.

    python -m training.encode --work DIR --run NAME

Reads DIR/clean and DIR/parallel, writes DIR/runs/NAME/{train,dev,test,parallel}.npz: bags of
tokens, one after the other (``Bags``), of the four fields of every function and of every question.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesearch import terms
from codesearch.embedding.fields import texts
from codesearch.embedding.vocabulary import Vocabulary, distinct
from codesearch.model import Passage
from training.text import read

FIELDS = ("code", "doc", "symbol", "path")
#: How much a token's nearness to the whole takes from it, see ``codesearch.embedding.fields``.
DAMPING = 1.5
_DOC_CHARS = 2_000
_BATCH = 2_000
#: The human languages that have tokens of their own.
LANGUAGES = ("de", "es", "fr", "pt", "ja", "zh", "hi")
_SURE = 0.25  # the least probability of a word's translation

Bag = tuple[list[int], list[float]]


@dataclass
class Bags:
    """Many bags of tokens: those of bag i are token[first[i]:first[i + 1]], with their weights."""

    token: NDArray[np.int32]
    weight: NDArray[np.float16]
    first: NDArray[np.int64]

    @classmethod
    def of(cls, bags: Sequence[Bag]) -> Bags:
        sizes = np.array([len(t) for t, _ in bags], np.int64)
        first = np.concatenate([[0], np.cumsum(sizes)])
        token = np.fromiter((t for b, _ in bags for t in b), np.int32, int(first[-1]))
        weight = np.fromiter((w for _, b in bags for w in b), np.float16, int(first[-1]))
        return cls(token, weight, first)

    @classmethod
    def joined(cls, parts: Sequence[Bags]) -> Bags:
        bases = np.cumsum([0] + [len(p.token) for p in parts])
        first = [p.first[:-1] + b for p, b in zip(parts, bases, strict=False)]
        return cls(
            np.concatenate([p.token for p in parts]),
            np.concatenate([p.weight for p in parts]),
            np.concatenate([*first, bases[-1:]]),
        )

    def take(self, which: NDArray[np.int64]) -> Bags:
        at = self.at(which)
        sizes = self.first[which + 1] - self.first[which]
        return Bags(self.token[at], self.weight[at], np.concatenate([[0], np.cumsum(sizes)]))

    def at(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places of the tokens of some bags."""
        sizes = self.first[which + 1] - self.first[which]
        ends = np.cumsum(sizes)
        at: NDArray[np.int64] = np.arange(ends[-1])
        at += np.repeat(self.first[which] - ends + sizes, sizes)
        return at

    def __len__(self) -> int:
        return len(self.first) - 1


class Encoder:
    """Text to bags, as ``codesearch.embedding.static`` does it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._rows: dict[str, list[int]] = {}

    def field(self, text: str) -> Bag:
        total: dict[int, int] = {}
        for word, n in terms.tally(text).items():
            rows = self._rows.get(word)
            if rows is None:
                rows = self._rows[word] = self._vocabulary.of_word(word)
            for row in rows:
                total[row] = total.get(row, 0) + n
        return list(total), np.log1p(list(total.values())).tolist()

    def question(self, text: str) -> Bag:
        rows = distinct(self._vocabulary.of_question(text))
        return rows, [1.0] * len(rows)


_encoder: Encoder


def _begin(tokens: list[str]) -> None:
    global _encoder  # noqa: PLW0603
    _encoder = Encoder(Vocabulary(tokens))


def _encode(records: list[dict[str, Any]]) -> dict[str, Any]:
    terms.tally.cache_clear()
    fields: dict[str, list[Bag]] = {name: [] for name in FIELDS}
    questions: list[Bag] = []
    shared: list[float] = []
    about: list[tuple[int, str, str]] = []
    for number, r in enumerate(records):
        passage = Passage(r["path"], r["symbol"], r["doc"][:_DOC_CHARS], r["code"])
        for name, text in zip(FIELDS, texts(passage), strict=True):
            fields[name].append(_encoder.field(text))
        seen = {t for name in ("code", "symbol", "path") for t in fields[name][-1][0]}
        for kind, text, lang in r["questions"]:
            bag = _encoder.question(text)
            questions.append(bag)
            shared += [float(t in seen) for t in bag[0]]
            about.append((number, kind, lang))
    return {
        **{name: Bags.of(bags) for name, bags in fields.items()},
        "question": Bags.of([(t, w) for t, w in questions]),
        "shared": np.array(shared, bool),
        "about": about,
        "package": [r["package"] for r in records],
        "language": [r["language"] for r in records],
        "kind": [r["kind"] for r in records],
    }


def _batches(records: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    it = iter(records)
    while batch := list(islice(it, _BATCH)):
        yield batch


def encode(source: Path, out: Path, tokens: list[str], jobs: int) -> None:
    """Writes the bags of one split."""
    with Pool(jobs, _begin, (tokens,)) as pool:
        parts = list(pool.imap(_encode, _batches(read(source))))
    arrays: dict[str, Any] = {}
    for name in (*FIELDS, "question"):
        bags = Bags.joined([p[name] for p in parts])
        arrays |= {f"{name}.token": bags.token, f"{name}.weight": bags.weight}
        arrays[f"{name}.first"] = bags.first
    bases = np.cumsum([0] + [len(p["package"]) for p in parts])
    about = [
        (n + b, kind, lang)
        for p, b in zip(parts, bases.tolist(), strict=False)
        for n, kind, lang in p["about"]
    ]
    arrays["shared"] = np.concatenate([p["shared"] for p in parts])
    arrays["of"] = np.array([n for n, _, _ in about], np.int64)
    arrays["source"] = np.array([k for _, k, _ in about])
    arrays["lang"] = np.array([lang for _, _, lang in about])
    for name in ("package", "language", "kind"):
        arrays[name] = np.array([x for p in parts for x in p[name]])
    np.savez(out, **arrays)
    print(out.name, f"{bases[-1]} functions, {len(about)} questions", flush=True)


def sentences(work: Path) -> Iterator[tuple[str, str, str]]:
    """What means the same: a text, an English one, and what kind of pair it is."""
    for file in sorted((work / "parallel").glob("*.jsonl.zst")):
        for r in read(file):
            if r["lang"] in LANGUAGES:
                yield r["text"], r["en"], r["lang"]
    for r in read(work / "lexicon.jsonl.zst"):
        if r["lang"] in LANGUAGES and r["score"] >= _SURE:
            yield r["word"], r["en"], f"{r['lang']} word"
    for r in read(work / "synonyms.jsonl.zst"):
        if r["source"] == "own":
            yield r["a"], r["b"], "synonym"


def encode_parallel(work: Path, out: Path, tokens: list[str]) -> None:
    _begin(tokens)
    left: list[Bag] = []
    right: list[Bag] = []
    langs: list[str] = []
    for text, english, lang in sentences(work):
        a, b = _encoder.question(text), _encoder.question(english)
        if a[0] and b[0]:
            left.append(a)
            right.append(b)
            langs.append(lang)
    arrays: dict[str, Any] = {"lang": np.array(langs)}
    for name, bags in (("left", Bags.of(left)), ("right", Bags.of(right))):
        arrays |= {f"{name}.token": bags.token, f"{name}.weight": bags.weight}
        arrays[f"{name}.first"] = bags.first
    np.savez(out, **arrays)
    print(out.name, f"{len(langs)} pairs", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    run: Path = args.work / "runs" / args.run
    tokens = (run / "tokens.txt").read_text(encoding="utf-8").splitlines()
    for split in ("test", "dev", "train"):
        if not (run / f"{split}.npz").exists():
            encode(
                args.work / "clean" / f"{split}.jsonl.zst", run / f"{split}.npz", tokens, args.jobs
            )
    encode_parallel(args.work, run / "parallel.npz", tokens)


if __name__ == "__main__":
    main()
