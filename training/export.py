"""The weights as the product reads them: four bits a number, one scale a row.

python -m training.export --work DIR --run NAME [--model model] [--out codesearch/embedding/model]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesearch import terms
from codesearch.embedding import static
from codesearch.embedding.fields import Fields
from training.encode import DAMPING

NAME = "codesearch-static-1"
#: Of a row's largest number; what is beyond is cut.
_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
FILES = ("tokens.txt", "rows.npy", "scale.npy", "asked.npy")


def quantised(rows: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Whole numbers from -7 to 7, two a byte, and a scale a row: of some, the one with the least
    squared error. Shapes (tokens, dimension / 2) and (tokens,).
    """
    largest = np.abs(rows).max(axis=1, keepdims=True)
    numbers, scale = np.zeros_like(rows), np.zeros_like(largest)
    least = np.full(len(rows), np.inf)
    for share in _SHARES:
        tried = (largest * share / 7).astype(np.float16).astype(np.float32)
        found = np.clip(np.rint(rows / np.where(tried > 0, tried, 1)), -7, 7)
        error = np.square(found * tried - rows).sum(axis=1)
        better = error < least
        numbers[better], scale[better], least[better] = found[better], tried[better], error[better]
    pairs = (numbers + 8).astype(np.uint8)
    return pairs[:, ::2] | pairs[:, 1::2] << 4, scale[:, 0].astype(np.float16)


def export(run: Path, model: str, out: Path, about: dict[str, Any]) -> str:
    """Writes a model's folder and returns the model's id."""
    out.mkdir(parents=True, exist_ok=True)
    with np.load(run / f"{model}.npz") as z:
        rows, scale = quantised(z["rows"])
        np.save(out / "rows.npy", rows)
        np.save(out / "scale.npy", scale)
        np.save(out / "asked.npy", z["asked"].astype(np.float16))
    (out / "tokens.txt").write_bytes((run / "tokens.txt").read_bytes())
    digest = blake2b(json.dumps([about, terms.VERSION], sort_keys=True).encode(), digest_size=4)
    for name in FILES:
        digest.update((out / name).read_bytes())
    identity = f"{NAME}/{digest.hexdigest()}"
    text = json.dumps({"id": identity, **about}, indent=1, sort_keys=True)
    (out / "about.json").write_text(text + "\n", encoding="utf-8")
    return identity


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--model", default="model")
    parser.add_argument("--out", type=Path, default=static.FOLDER)
    parser.add_argument("--weight", type=float, default=1.0)
    parser.add_argument("--floor", type=float, default=0.2)
    parser.add_argument("--purpose", type=float, default=0.8)
    args = parser.parse_args()
    about = {
        "weight": args.weight,
        "floor": args.floor,
        "purpose": args.purpose,
        "fields": asdict(Fields()),
        "damping": DAMPING,
    }
    print(export(args.work / "runs" / args.run, args.model, args.out, about))


if __name__ == "__main__":
    main()
