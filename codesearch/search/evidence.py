"""What the arrays say of each chunk for one question; ``rank`` makes a score of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codesearch import paths, rank, terms
from codesearch.embedding import Embedder
from codesearch.model import CONTAINER_KINDS, SearchRequest
from codesearch.search.base import F32, Bool, View
from codesearch.segment import DOCUMENTATION, KINDS, TEST

_CONTAINERS = np.array([k in CONTAINER_KINDS for k in KINDS])
_LEFTOVERS = np.array([k in {"module", "text", "section"} for k in KINDS])
_TEST_WORDS = frozenset(
    map(terms.stem, ["test", "tests", "testing", "spec", "fixture", "mock", "pytest", "unittest"])
)
_PROSE_WORDS = frozenset(
    map(
        terms.stem,
        ["readme", "docs", "documentation", "doc", "changelog", "tutorial", "guide", "license"],
    )
)
_SIMILAR_TERMS = 40


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: words, and a vector in the embedder's space (zeros: none)."""

    terms: Sequence[str]
    identifiers: Sequence[str]
    words: int
    vector: F32


def question(request: SearchRequest, embedder: Embedder) -> Question:
    text = request.query
    vector = (
        np.zeros(embedder.dimension, np.float32)
        if request.mode == "lexical"
        else embedder.embed_query(text)
    )
    found = terms.question_terms(text) if request.mode != "semantic" else []
    return Question(found, terms.identifiers(text), len(terms.words(text)), vector)


def likeness(code: str, view: View, vector: F32) -> Question:
    """A question for code like the given: its most telling terms and its vector."""
    total = int(view.bases[-1])
    counted = terms.count(code)
    value = {
        term: rank.idf(total, sum(len(c) for c, _ in view.postings(term))) * np.log1p(n)
        for term, n in counted.items()
    }
    best = sorted(value, key=lambda t: (-value[t], t))[:_SIMILAR_TERMS]
    return Question(best, (), len(best), vector)


def allowed(view: View, request: SearchRequest) -> Bool:
    """Which chunks may answer. Filters on files are decided once a file."""
    files = view.alive.copy()
    if request.tests in {"exclude", "only"}:
        files &= ((view.flags & TEST) > 0) == (request.tests == "only")
    if request.languages or request.not_languages:
        languages = [name for layer in view.layers for name in layer.segment.language.all()]
        wanted, unwanted = set(request.languages), set(request.not_languages)
        files &= np.array(
            [(not wanted or name in wanted) and name not in unwanted for name in languages], bool
        )
    folders = [p.strip("/") for p in request.paths]
    if folders and not any(p in {"", "."} for p in folders):
        files &= np.array([paths.under(p, folders) for p in view.paths], bool)
    if request.globs:
        files &= np.array([paths.matches_glob(p, request.globs) for p in view.paths], bool)
    chunks = files[view.file]
    if request.kinds:
        chunks &= np.isin(view.kind, [i for i, k in enumerate(KINDS) if k in request.kinds])
    if request.symbol:
        part = request.symbol.lower()
        symbols = (name for layer in view.layers for name in layer.segment.symbol.all())
        chunks &= np.fromiter((part in s.lower() for s in symbols), bool, len(chunks))
    return chunks


def gather(
    view: View, asked: Question, request: SearchRequest, embedder: Embedder, here: NDArray[np.int64]
) -> tuple[rank.Evidence, Bool]:
    """The evidence of the chunks ``here`` and which of them have any."""
    total = int(view.bases[-1])
    files = len(view.flags)
    bm25 = np.zeros(total, np.float32)
    of_files = np.zeros(files, np.float32)
    average = float(view.file_length.mean()) if files else 0.0
    for term in asked.terms:
        postings = list(view.postings(term))
        weight = rank.idf(total, sum(len(c) for c, _ in postings))
        in_files = np.zeros(files, np.float32)
        for chunk, tf in postings:
            rank.add_bm25f(bm25, chunk, tf, view.norms, weight)
            in_files += np.bincount(view.file[chunk], tf[:, :2].sum(axis=1), files)
        file_weight = rank.idf(files, int(np.count_nonzero(in_files)))
        of_files += file_weight * rank.file_bm25(in_files, view.file_length, average)
    cosine = np.concatenate([layer.cosine(asked.vector) for layer in view.layers])
    exact = _exact(view, asked)
    words = {terms.stem(w.lower()) for w in asked.identifiers}
    flags = view.flags[view.file[here]]
    kind = view.kind[here]
    evidence = rank.Evidence(
        file=view.file[here],
        bm25=bm25[here],
        cosine=cosine[here],
        file_bm25=of_files[view.file[here]],
        words=view.lengths[here, 0].astype(np.float32),
        exact=exact[here],
        stem=_stem_cover(view, asked)[view.file[here]],
        test=(flags & TEST) > 0,
        prose=((flags & DOCUMENTATION) > 0) | (kind >= KINDS.index("section")),
        container=_CONTAINERS[kind],
        leftover=_LEFTOVERS[kind],
        question_words=asked.words,
        one_word=asked.words == 1,
        penalise_tests=request.tests == "demote" and _TEST_WORDS.isdisjoint(words),
        penalise_prose=_PROSE_WORDS.isdisjoint(words),
    )
    found = (evidence.bm25 > 0) | (evidence.cosine > embedder.floor) | (evidence.exact > 0)
    return evidence, found


def _exact(view: View, asked: Question) -> F32:
    """1 where a word of the question is a chunk's own name, 0.8 but for case and underscores."""
    out = np.zeros(int(view.bases[-1]), np.float32)
    loose = {w.replace("_", "").lower(): w for w in asked.identifiers}
    for word in asked.identifiers:
        for term in dict.fromkeys(terms.expand(word)):
            for chunk, tf in view.postings(term):
                for number in chunk[tf[:, 2] > 0].tolist():
                    segment, local = view.at(number)
                    name = segment.symbol[local].rpartition(".")[2]
                    if name == word:
                        out[number] = 1.0
                    elif name.replace("_", "").lower() in loose:
                        out[number] = max(out[number], 0.8)
    return out


def _stem_cover(view: View, asked: Question) -> F32:
    """Share of the words of each file's name that the question has. Shape (files,)."""
    wanted = set(asked.terms)
    out = np.zeros(len(view.flags), np.float32)
    if not wanted:
        return out
    hold: set[int] = set()
    for term in asked.terms:
        for chunk, tf in view.postings(term):
            hold.update(np.unique(view.file[chunk[tf[:, 3] > 0]]).tolist())
    for number in hold:
        layer = int(np.searchsorted(view.file_bases, number, side="right")) - 1
        path = view.layers[layer].segment.path[number - int(view.file_bases[layer])]
        stem = path.rpartition("/")[2].partition(".")[0]
        own = {t for w in terms.words(stem) for t in terms.expand(w)}
        parts = own - {stem.replace("_", "").lower()} or own
        if parts:
            out[number] = len(parts & wanted) / len(parts)
    return out
