"""What the arrays say of each chunk for one question; ``rank`` makes a score of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from codesearch import paths, rank, terms
from codesearch.embedding import Embedder
from codesearch.model import SearchRequest
from codesearch.search.view import F32, Bool, View
from codesearch.segment import KINDS, TEST, distinct, name_hash

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
_SHORTLIST = 1000
# See ``_exact``.
_PLAIN_WORD = 0.4
_LOOSE = 0.6
_OTHER_OWNER = 0.6


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: words, and a vector in the embedder's space (zeros: none)."""

    terms: Sequence[str]
    names: Sequence[str]  # see ``terms.names``
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
    named = terms.names(text) if request.mode != "semantic" else []
    return Question(found, named, len(terms.words(text)), vector)


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
    view: View, asked: Question, request: SearchRequest, embedder: Embedder, may: Bool
) -> tuple[NDArray[np.int64], rank.Evidence, rank.Asked]:
    """The numbers of the chunks that can be among the best, their evidence, and the question's.

    Words and vectors are read for every chunk; what costs more, for a shortlist of those.
    """
    bm25, of_files, ideal = _bm25(view, asked)
    cosine = np.concatenate([layer.cosine(asked.vector) for layer in view.layers])
    floor = embedder.floor
    if floor is None:
        cosine, floor = rank.spread(cosine), rank.SPREAD_FLOOR
    exact = _exact(view, asked)
    said = {terms.stem(w.lower()) for name in asked.names for w in name.split(".")}
    how = rank.Asked(
        words=asked.words,
        semantic=embedder.weight if asked.vector.any() else 0.0,
        penalise_tests=request.tests == "demote" and _TEST_WORDS.isdisjoint(said),
        penalise_prose=_PROSE_WORDS.isdisjoint(said),
        bm25_peak=float(bm25.max(initial=0, where=may)),
        bm25_ideal=ideal,
        file_peak=float(of_files.max(initial=0, where=_marked(view.file[may], len(of_files)))),
    )
    lexical, vector = rank.core(bm25, cosine, how)
    core = lexical + vector
    rough = core + np.sum(list(rank.prior(view.prior, how).values()), axis=0)
    picked = _shortlist(may & ((bm25 > 0) | (cosine > floor)), rough, request.top_k)
    picked[list(exact)] = True
    here = np.flatnonzero(picked & may)
    prior = view.prior
    file = view.file[here]
    evidence = rank.Evidence(
        bm25=bm25[here],
        cosine=cosine[here],
        file_bm25=of_files[file],
        file_best=_best_of_files(view, core, may, here),
        words=prior.words[here],
        exact=np.array([exact.get(n, 0.0) for n in here.tolist()], np.float32),
        stem=_stem_cover(view, asked, file),
        test=prior.test[here],
        prose=prior.prose[here],
        container=prior.container[here],
        leftover=prior.leftover[here],
    )
    return here, evidence, how


def _bm25(view: View, asked: Question) -> tuple[F32, F32, float]:
    """BM25F of every chunk, BM25 of every file, and the least that no chunk can reach."""
    ideal = 0.0
    total, files = int(view.bases[-1]), len(view.flags)
    chunks = np.zeros(total, np.float32)
    of_files = np.zeros(files, np.float32)
    average = float(view.file_length.mean()) if files else 0.0
    for term in asked.terms:
        postings = list(view.postings(term))
        weight = rank.idf(total, sum(len(c) for c, _ in postings))
        ideal += weight
        in_files = np.zeros(files, np.float32)
        for chunk, tf in postings:
            rank.add_bm25f(chunks, chunk, tf, view.norms, weight)
            in_files += np.bincount(view.file[chunk], tf[:, 0] + tf[:, 1].astype(float), files)
        hold = np.flatnonzero(in_files)
        file_weight = rank.idf(files, len(hold))
        of_files[hold] += file_weight * rank.file_bm25(
            in_files[hold], view.file_length[hold], average
        )
    return chunks, of_files, ideal


def _shortlist(found: Bool, rough: rank.Floats, top_k: int) -> Bool:
    """Which of the chunks found are best by a rough score; all of them if they are few."""
    values = rough[found]
    size = max(_SHORTLIST, 10 * top_k)
    if len(values) <= size:
        return found
    enough: Bool = rough >= np.partition(values, -size)[-size]
    return found & enough


def _marked(numbers: NDArray[np.int64], size: int) -> Bool:
    """An array of this size that is true at the numbers."""
    out = np.zeros(size, bool)
    out[numbers] = True
    return out


def _best_of_files(view: View, core: rank.Floats, may: Bool, here: NDArray[np.int64]) -> F32:
    """``rank.best_of_file`` of the chunks ``here``."""
    around = np.flatnonzero(_marked(view.file[here], len(view.flags))[view.file] & may)
    means = rank.best_of_file(core[around], view.file[around])
    of_file = np.zeros(len(view.flags), np.float32)
    of_file[view.file[around]] = means
    return of_file[view.file[here]]


def _exact(view: View, asked: Question) -> dict[int, float]:
    """How surely the question names each chunk, of those that it may name. 0..1.

    1 for the very name, less for another case or more underscores, less for a plain word in a
    sentence, since functions are called ``get`` and ``open`` too.
    """
    out: dict[int, float] = {}
    for name in asked.names:
        sure = 1.0 if len(asked.names) == 1 or terms.is_identifier(name) else _PLAIN_WORD
        for layer, base in zip(view.layers, view.bases.tolist(), strict=False):
            symbols = layer.segment.symbol
            for local in np.flatnonzero(layer.segment.name == name_hash(name)).tolist():
                value = sure * _likeness(name, symbols[local])
                out[base + local] = max(out.get(base + local, 0.0), value)
    return {number: value for number, value in out.items() if value}


def _likeness(name: str, symbol: str) -> float:
    """How far a name in a question, qualified or not, is the end of a symbol."""
    if ("." + symbol).endswith("." + name):
        return 1.0
    last, own = name.rpartition(".")[2], symbol.rpartition(".")[2]
    if _plain(last) != _plain(own):  # a hash can be of another name
        return 0.0
    if own.startswith("__") and not last.startswith("_"):
        return 0.0  # "exit" does not ask for __exit__
    whole = ("." + _plain(symbol)).endswith("." + _plain(name))
    return _LOOSE if whole else _LOOSE * _OTHER_OWNER


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _stem_cover(view: View, asked: Question, file: NDArray[np.int64]) -> F32:
    """Share of the words of each chunk's file name that the question has."""
    wanted = set(asked.terms)
    cover = {f: _cover(view.path(f), wanted) for f in distinct(file).tolist()}
    return np.array([cover[f] for f in file.tolist()], np.float32)


def _cover(path: str, wanted: set[str]) -> float:
    own = _stem_terms(path.rpartition("/")[2].partition(".")[0])
    return len(own & wanted) / len(own) if own else 0.0


@lru_cache(maxsize=1 << 14)
def _stem_terms(stem: str) -> frozenset[str]:
    return frozenset(part for word in terms.words(stem) for part in terms.parts(word))
