"""Training's arithmetic that needs no PyTorch: bags, frames, pools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from codesearch.embedding.vocabulary import Vocabulary
from codesearch.model import Passage
from training.encode import Bags, Encoder
from training.frames import Frames
from training.pools import Pool, by_package, cosqa
from training.scorers import Bm25, Product

TOKENS = ["wher", "do", "we", "clos", "fil", "in", "python", "golang", "go", "wo", "wird"]


def bags(*texts: str) -> Bags:
    encoder = Encoder(Vocabulary(TOKENS))
    return Bags.of([encoder.question(text) for text in texts])


def said(found: Bags, at: int) -> list[str]:
    return [TOKENS[t] for t in found.token[found.first[at] : found.first[at + 1]]]


def frames(folder: Path, text: str) -> Frames:
    file = folder / "frames.txt"
    file.write_text("# a comment\n" + text, encoding="utf-8")
    return Frames(TOKENS, file)


def test_a_frame_stands_behind_the_question_and_is_marked(tmp_path: Path) -> None:
    framed, of_frame = frames(tmp_path, "en\twhere do we {}\n").around(
        bags("close", "file"), ["en", "en"], ["go", "go"], 1.0, np.random.default_rng(1)
    )
    assert said(framed, 0) == ["clos", "wher", "do", "we"]
    assert said(framed, 1) == ["fil", "wher", "do", "we"]
    assert of_frame.tolist() == [False, True, True, True] * 2


def test_a_frame_names_the_language_of_the_answer(tmp_path: Path) -> None:
    known = frames(tmp_path, "en\t{} in {language}\n")
    framed, _ = known.around(bags("close"), ["en"], ["python"], 1.0, np.random.default_rng(1))
    assert said(framed, 0) == ["clos", "in", "python"]
    names = {
        said(known.around(bags("close"), ["en"], ["go"], 1.0, np.random.default_rng(n))[0], 0)[-1]
        for n in range(20)
    }
    assert names == {"go", "golang"}


def test_a_frame_is_of_the_questions_own_language_and_says_nothing_twice(tmp_path: Path) -> None:
    known = frames(tmp_path, "en\twhere do we {}\nde\two wird {}\n")
    asked = bags("where close", "file", "close")
    framed, _ = known.around(asked, ["en", "de", "xx"], [""] * 3, 1.0, np.random.default_rng(1))
    assert said(framed, 0) == ["wher", "clos", "do", "we"]
    assert said(framed, 1) == ["fil", "wo", "wird"]
    assert said(framed, 2) == ["clos"]


def test_only_a_share_of_questions_is_framed(tmp_path: Path) -> None:
    known = frames(tmp_path, "en\twhere {}\n")
    many = bags(*["close"] * 1000)
    framed, of_frame = known.around(many, ["en"] * 1000, [""] * 1000, 0.4, np.random.default_rng(1))
    assert 300 < of_frame.sum() < 500
    assert len(framed.token) == 1000 + of_frame.sum()


def test_the_frames_of_the_repository_have_tokens_in_the_shipped_vocabulary() -> None:
    folder = Path(__file__).parents[1] / "codesearch" / "embedding" / "model"
    tokens = (folder / "tokens.txt").read_text(encoding="utf-8").split("\n")[:-1]
    known = Frames(tokens)
    for language in ("en", "de", "es", "fr", "pt", "ja", "zh", "hi"):
        asked = Bags.of([([], [])] * 50)
        _, of_frame = known.around(asked, [language] * 50, [""] * 50, 1.0, np.random.default_rng(1))
        assert len(of_frame) > 50, language


def test_ways_to_find_rank_the_answer_first() -> None:
    passages = [
        Passage("net/retry.py", "Client.retry", "", "def retry(self): sleep(self.backoff)"),
        Passage("io/file.py", "close_file", "", "def close_file(handle): handle.close()"),
    ]
    for way in (Bm25(), Product.hashing()):
        scores = way(["close the file", "retry with backoff"], passages)
        assert scores.shape == (2, 2)
        assert scores.argmax(1).tolist() == [1, 0]


def test_harder_questions_have_no_word_of_their_answer() -> None:
    answer = Passage("io/file.py", "close_file", "", "def close_file(handle): handle.close()")
    pool = Pool("python", ["close a stale descriptor promptly", "close file"], [0, 0], [answer])
    harder = pool.harder()
    assert harder.questions == ["stale descriptor promptly"]
    assert harder.answers == [0]


def test_cosqa_is_read_with_its_places(tmp_path: Path) -> None:
    codes = ['def a(x):\n    """Add one."""\n    return x + 1', "def b(y):\n    return y - 1"]
    asked = [{"doc": "python subtract one", "code": codes[1], "retrieval_idx": 0}]
    places = {codes[0]: 1, codes[1]: 0}
    (tmp_path / "cosqa-retrieval-dev-500.json").write_text(json.dumps(asked), encoding="utf-8")
    (tmp_path / "code_idx_map.txt").write_text(json.dumps(places), encoding="utf-8")
    pool = cosqa(tmp_path)
    assert pool.questions == ["python subtract one"]
    assert [p.symbol for p in pool.passages] == ["b", "a"]
    assert pool.passages[1].doc == "Add one."


def record(package: str, name: str, question: str = "") -> dict[str, Any]:
    questions = [["doc", question, "en"]] if question else []
    return {
        "language": "python", "package": package, "path": f"{name}.py", "symbol": name,
        "kind": "function", "code": f"def {name}(): ...", "doc": "", "questions": questions,
    }  # fmt: skip


def test_a_packages_pool_holds_all_its_functions_and_asks_for_some() -> None:
    large = [record("pypi:large", f"f{i}", f"does thing {i}" if i < 30 else "") for i in range(80)]
    small = [record("pypi:small", f"g{i}", "does it") for i in range(20)]
    (pool,) = by_package([*large, *small], most=25, least=25)
    assert len(pool.passages) == 80
    assert len(pool.questions) == 25
    for question, answer in zip(pool.questions, pool.answers, strict=True):
        assert question == f"does thing {pool.passages[answer].symbol[1:]}"
    assert all(p.doc == "" for p in pool.passages)
    assert not by_package(large, most=25, least=26)
    assert not by_package(large, least=1, largest=79)
    assert not by_package(large, least=1, packages=0)
