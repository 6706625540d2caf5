"""Relevance: questions about a small corpus, and where the function that answers them comes.

``relevance/corpus`` is a made-up product, ``relevance/questions.jsonl`` asks about it, and
``relevance/golden.txt`` says what came of it, so that a change of the ranking is a change of a
file that a reviewer reads. To write it anew: ``python tests/test_relevance.py``.
"""

from __future__ import annotations

import difflib
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from repositories import own_home, repository

from codesearch.config import Settings
from codesearch.index import Index
from codesearch.model import Hit, SearchRequest

HERE = Path(__file__).parent / "relevance"
GOLDEN = HERE / "golden.txt"
BEST = 10  # as many hits as are looked at

HEAD = f"""\
# Where the first right answer came among the best {BEST}, and "-" where it did not come.
# recall@k: the share of questions with a right answer among the first k. MRR: the mean of 1/rank.
# Written by `python tests/test_relevance.py`; read the difference before you commit it.
"""


@dataclass(frozen=True)
class Question:
    """``answers``: path and symbol, in which a missing outer name is allowed. An empty symbol is
    the whole file; these questions are asked with the view by file."""

    query: str
    kind: str
    answers: tuple[tuple[str, str], ...]

    @property
    def by_file(self) -> bool:
        return all(not symbol for _, symbol in self.answers)


@dataclass(frozen=True)
class Asked:
    """A question with the ranks (from 1) of its answers among the best hits."""

    question: Question
    ranks: tuple[int, ...]

    @property
    def reciprocal(self) -> float:
        return 1 / self.ranks[0] if self.ranks else 0.0

    @property
    def ndcg(self) -> float:
        """Jarvelin and Kekalainen's normalised gain with a gain of 1 for each answer."""
        ideal = min(len(self.question.answers), BEST)
        best = sum(1 / math.log2(1 + rank) for rank in range(1, ideal + 1))
        return sum(1 / math.log2(1 + rank) for rank in self.ranks) / best

    def within(self, k: int) -> bool:
        return bool(self.ranks) and self.ranks[0] <= k


def questions() -> list[Question]:
    lines = (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Question(q["query"], q["kind"], tuple((a["path"], a["symbol"]) for a in q["answers"]))
        for q in map(json.loads, lines)
    ]


def is_answer(hit: Hit, path: str, symbol: str) -> bool:
    if hit.chunk.path != path:
        return False
    return not symbol or f".{hit.chunk.symbol}".endswith(f".{symbol}")


@contextmanager
def indexed_corpus(folder: Path) -> Iterator[Index]:
    """The corpus in a repository of its own, all of it committed."""
    corpus = HERE / "corpus"
    files = {
        file.relative_to(corpus).as_posix(): file.read_bytes()
        for file in corpus.rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    with own_home(folder / "home"):
        root = repository(folder / "ferry", files)
        index = Index.open(root, Settings(index_home=folder / "indexes", jobs=1))
        index.update()
        yield index


def ask(index: Index, question: Question) -> Asked:
    request = SearchRequest(question.query, top_k=BEST, by_file=question.by_file)
    hits = index.search(request, refresh=False).hits
    firsts = (
        next((rank for rank, hit in enumerate(hits, 1) if is_answer(hit, path, symbol)), None)
        for path, symbol in question.answers
    )
    return Asked(question, tuple(sorted({rank for rank in firsts if rank is not None})))


def figures(name: str, asked: Sequence[Asked]) -> str:
    def mean(values: Sequence[float]) -> str:
        return f"{sum(values) / len(values):9.3f}"

    columns = [mean([a.within(k) for a in asked]) for k in (1, 5, BEST)]
    columns += [mean([a.reciprocal for a in asked]), mean([a.ndcg for a in asked])]
    return f"{name:<12}{len(asked):>9}" + "".join(columns)


def report(asked: Sequence[Asked]) -> str:
    kinds = list(dict.fromkeys(a.question.kind for a in asked))
    by_kind = {kind: [a for a in asked if a.question.kind == kind] for kind in kinds}
    heads = ("recall@1", "@5", f"@{BEST}", "MRR", f"NDCG@{BEST}")
    table = [f"{'':<12}{'questions':>9}" + "".join(f"{head:>9}" for head in heads)]
    table += [figures(kind, group) for kind, group in by_kind.items()]
    table.append(figures("all", asked))
    lists = [
        "\n".join(
            [kind, *(f"{a.ranks[0] if a.ranks else '-':>4}  {a.question.query}" for a in group)]
        )
        for kind, group in by_kind.items()
    ]
    return "\n\n".join([HEAD + "\n" + "\n".join(table), *lists]) + "\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with indexed_corpus(tmp_path_factory.mktemp("relevance")) as index:
        yield index


@pytest.fixture(scope="module")
def asked(index: Index) -> list[Asked]:
    return [ask(index, question) for question in questions()]


def test_every_answer_is_in_the_index(index: Index) -> None:
    for question in questions():
        for path, symbol in question.answers:
            request = SearchRequest(symbol or path, paths=(path,), symbol=symbol, top_k=100)
            hits = index.search(request, refresh=False).hits
            assert any(is_answer(hit, path, symbol) for hit in hits), f"{path} has no {symbol}"


def test_answers_come_where_the_golden_file_says(asked: list[Asked]) -> None:
    golden = GOLDEN.read_text(encoding="utf-8").splitlines()
    measured = report(asked).splitlines()
    difference = difflib.unified_diff(golden, measured, "golden", "measured", lineterm="", n=0)
    assert golden == measured, "\n".join(
        ["the ranking has changed; if for the better: python tests/test_relevance.py", *difference]
    )


@pytest.mark.parametrize(
    ("kinds", "floor"),
    [
        ({"words"}, 0.9),
        ({"symbol"}, 0.9),
        ({"file"}, 0.9),
        ({"words", "paraphrase", "symbol", "file", "foreign", "error text"}, 0.5),
    ],
    ids=["words", "symbol", "file", "all"],
)
def test_recall_is_above_what_only_a_broken_engine_falls_below(
    asked: list[Asked], kinds: set[str], floor: float
) -> None:
    group = [a for a in asked if a.question.kind in kinds]
    assert sum(a.within(BEST) for a in group) / len(group) >= floor


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        indexed_corpus(Path(folder)) as corpus,
    ):
        GOLDEN.write_text(report([ask(corpus, q) for q in questions()]), "utf-8", newline="\n")
