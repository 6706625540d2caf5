"""Functions that are worth learning from, each once, split by package.

    python -m training.clean --work DIR

Reads DIR/functions, writes DIR/clean/{test,dev,train}.jsonl.zst. A function that stands in several
packages (copies, forks) stays in one, the parts that judge before the part that teaches, so that
nothing leaks. Near copies are those whose three smallest hashes of word triples are the same
(a bottom-k sketch: Broder, On the resemblance and containment of documents, 1997).
"""

from __future__ import annotations

import argparse
import heapq
import re
from collections import Counter
from pathlib import Path
from typing import Any
from zlib import crc32

from codesearch import terms
from training.text import human_language, read, split_of, writing

_SKETCH = 3
_SAME_QUESTION = 3  # more functions of a package with one question, and it says nothing of them
_ANYWHERE = 12  # the same over all packages
_WORDS = range(3, 61)
_CODE_WORDS = 8
_NO_QUESTION = re.compile(
    r"copyright|licen[cs]e|@generated|auto-?generated|todo|fixme|deprecated[.:]?$|lint|pylint"
    r"|^see |^test |https?://\S+$|noqa|^\W*$|inheritdoc|^constructor\.?$|^default constructor",
    re.IGNORECASE,
)


def sketch(code: str) -> tuple[int, ...]:
    """Equal for near copies."""
    words = [w.encode("utf-8", "replace") for w in terms.words_of_code(code)]
    triples = zip(words, words[1:], words[2:], strict=False)
    return tuple(heapq.nsmallest(_SKETCH, {crc32(b" ".join(t)) for t in triples}))


def is_question(text: str) -> bool:
    """Whether a sentence can stand for what somebody would ask."""
    if _NO_QUESTION.search(text):
        return False
    words = terms.words(text)
    if human_language(text) in {"ja", "zh", "ko"}:
        return 6 <= len(text) <= 200
    letters = sum(c.isalpha() or c == " " for c in text)
    return len(words) in _WORDS and letters > 0.7 * len(text)


def kept(record: dict[str, Any], asked: Counter[str], everywhere: Counter[str]) -> bool:
    """Drops bad questions from a record; whether it is worth keeping at all."""
    good = []
    for kind, text in record["questions"]:
        said = " ".join(text.split())
        key = said.lower()
        if is_question(said) and asked[key] < _SAME_QUESTION and everywhere[key] < _ANYWHERE:
            asked[key] += 1
            everywhere[key] += 1
            good.append([kind, said, human_language(said)])
    record["questions"] = good
    return len(terms.words_of_code(record["code"])) >= _CODE_WORDS


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    work: Path = parser.parse_args().work
    packages: dict[str, list[Path]] = {"test": [], "dev": [], "train": []}
    for file in sorted((work / "functions").glob("*/*.jsonl.zst")):
        name = f"{file.parent.name}:{file.name.removesuffix('.jsonl.zst')}"
        packages[split_of(name)].append(file)
    seen: set[tuple[int, ...]] = set()
    everywhere: Counter[str] = Counter()
    for part, files in packages.items():
        counts: Counter[str] = Counter()
        with writing(work / "clean" / f"{part}.jsonl.zst") as write:
            for file in files:
                asked: Counter[str] = Counter()
                for record in read(file):
                    key = sketch(record["code"])
                    if key in seen or not kept(record, asked, everywhere):
                        counts["dropped"] += 1
                        continue
                    seen.add(key)
                    if record["questions"] or part != "train":
                        write(record)
                        counts["functions"] += 1
                        counts["asked"] += bool(record["questions"])
        print(part, f"{len(files)} packages", dict(counts), flush=True)


if __name__ == "__main__":
    main()
