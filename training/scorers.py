"""Ways to find the function that a question asks for, to be compared with one another."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from codesearch import terms
from codesearch.embedding import Embedder, hashing
from codesearch.embedding.fields import Fields, FieldSums, question_vector, unit
from codesearch.embedding.static import StaticEmbedder
from codesearch.embedding.vocabulary import Vocabulary, distinct
from codesearch.model import Passage
from training.encode import DAMPING
from training.transformer import Transformer

F32 = NDArray[np.float32]


class Scorer(Protocol):
    """One of the ways."""

    size: int
    """Bytes on disk of what it needs beside its code."""

    def __call__(self, questions: Sequence[str], passages: Sequence[Passage]) -> F32:
        """Scores of shape (questions, passages)."""


class Static:
    """The learnt vectors, before they are made small."""

    remote = False
    in_workers = False
    weight = floor = 0.0
    id = "learnt"

    def __init__(self, tokens: Sequence[str], rows: F32, asked: F32) -> None:
        self.rows = rows
        self.asked = asked
        self.dimension = rows.shape[1]
        self.vocabulary = Vocabulary(tokens)
        self.embed_documents = FieldSums(self.vocabulary.of_word, lambda: rows, Fields(), DAMPING)

    @classmethod
    def load(cls, run: Path, model: str) -> Static:
        tokens = (run / "tokens.txt").read_text(encoding="utf-8").splitlines()
        with np.load(run / f"{model}.npz") as z:
            return cls(tokens, z["rows"], z["asked"])

    def embed_query(self, text: str) -> F32:
        tokens = distinct(self.vocabulary.of_question(text))
        return question_vector(self.asked[tokens], self.rows[tokens], DAMPING)


class Bm25:
    """Okapi BM25 (k1 1.2, b .75) over the terms of code and doc, and symbol and path twice."""

    size = 0

    def __call__(self, questions: Sequence[str], passages: Sequence[Passage]) -> F32:
        bags = [
            terms.count(f"{p.code}\n{p.doc}\n{p.symbol}\n{p.path}\n{p.symbol}\n{p.path}")
            for p in passages
        ]
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


class Product:
    """An embedder as the product has it; ``form`` is what becomes of its vectors."""

    def __init__(
        self, embedder: Embedder, size: int = 0, form: Callable[[F32], F32] | None = None
    ) -> None:
        self.embedder = embedder
        self.size = size
        self.form = form

    @classmethod
    def shipped(cls, folder: Path, form: Callable[[F32], F32] | None = None) -> Product:
        return cls(StaticEmbedder(folder), sum(f.stat().st_size for f in folder.iterdir()), form)

    @classmethod
    def hashing(cls) -> Product:
        return cls(hashing.HashingEmbedder())

    @classmethod
    def learnt(cls, run: Path, model: str) -> Product:
        """A run's model before it is made small."""
        static = Static.load(run, model)
        return cls(static, static.rows.nbytes)

    def __call__(self, questions: Sequence[str], passages: Sequence[Passage]) -> F32:
        terms.tally.cache_clear()
        asked = np.array([self.embedder.embed_query(q) for q in questions])
        found = self.embedder.embed_documents(passages)
        if self.form is not None:
            asked, found = unit(self.form(asked)), unit(self.form(found))
        scores: F32 = asked @ found.T
        return scores


class WithWords:
    """A scorer and a little of BM25: what a hybrid search without further ranking would give."""

    def __init__(self, scorer: Scorer, share: float = 0.2) -> None:
        self.scorer = scorer
        self.share = share
        self.size = scorer.size

    def __call__(self, questions: Sequence[str], passages: Sequence[Passage]) -> F32:
        words = Bm25()(questions, passages)
        words /= np.maximum(words.max(axis=1, keepdims=True), 1e-9)
        found: F32 = self.scorer(questions, passages) + self.share * words
        return found


class SentenceEncoder:
    """A transformer over path, symbol, doc and code as one text, cut to what it reads."""

    def __init__(self, folder: Path) -> None:
        self.model = Transformer(folder)
        self.size = self.model.size

    def __call__(self, questions: Sequence[str], passages: Sequence[Passage]) -> F32:
        read = ["\n".join(filter(None, (p.path, p.symbol, p.doc, p.code))) for p in passages]
        found: F32 = self.model(questions) @ self.model(read).T
        return found
