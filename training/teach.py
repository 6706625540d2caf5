"""What a larger model thinks of questions: its vectors of a part of them, for ``train`` to imitate.

    python -m training.teach --work DIR --model FOLDER [--share 0.25]

FOLDER holds a sentence encoder (see ``transformer``). Reads DIR/clean/train.jsonl.zst, writes
DIR/teacher/NNN.npz a block at a time, from which it goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from training.text import draw, read
from training.transformer import Transformer

_BLOCK = 20_000
_TOKENS = 64


def questions(file: Path, share: float) -> Iterator[tuple[int, str]]:
    """The chosen questions with their places among all, in the order of ``encode``."""
    place = 0
    for record in read(file):
        for kind, text, lang in record["questions"]:
            chosen = kind == "doc" and lang == "en"
            if chosen and draw("teach", record["package"], record["symbol"], text) < share:
                yield place, text
            place += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.25)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    out: Path = args.work / "teacher"
    out.mkdir(exist_ok=True)
    teacher = Transformer(args.model, args.threads, _TOKENS)
    chosen = questions(args.work / "clean" / "train.jsonl.zst", args.share)
    number = 0
    while block := list(islice(chosen, _BLOCK)):
        file = out / f"{number:03}.npz"
        if not file.exists():
            vectors = teacher([text for _, text in block])
            part = file.with_suffix(".part.npz")
            places = np.array([place for place, _ in block])
            np.savez(part, place=places, vectors=vectors.astype(np.float16))
            part.replace(file)
            print(f"{file.name}: {len(block)} questions", flush=True)
        number += 1


if __name__ == "__main__":
    main()
