"""The weights as the product reads them: a byte a number, one scale a row.

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
from codesearch.embedding.fields import DAMPING, Fields

NAME = "codesearch-static-1"
FILES = ("tokens.txt", "rows.npy", "scale.npy", "asked.npy")


def quantised(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Symmetric, a scale a row. Shapes (tokens, dimension) and (tokens,)."""
    scale = (np.abs(rows).max(axis=1) / 127).astype(np.float16)
    divisor = np.where(scale > 0, scale, 1).astype(np.float32)[:, None]
    return np.clip(np.rint(rows / divisor), -127, 127).astype(np.int8), scale


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
    args = parser.parse_args()
    about = {
        "weight": args.weight,
        "floor": args.floor,
        "fields": asdict(Fields()),
        "damping": DAMPING,
    }
    print(export(args.work / "runs" / args.run, args.model, args.out, about))


if __name__ == "__main__":
    main()
