"""How fast the embedded model is: functions a second on one core, a question, its start.

    python benchmarks/encode.py FOLDER

Cuts the Python files of FOLDER into functions, embeds them several times and prints medians.
"Words counted" is what indexing costs beside the lexical index, which counts the same words.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

# Before numpy is imported: one core is what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from codesearch import terms  # noqa: E402
from codesearch.chunking import chunk  # noqa: E402
from codesearch.embedding import static  # noqa: E402
from codesearch.model import Passage, SourceFile  # noqa: E402

_BATCH = 1000
_QUESTION = "where do we give up after too many redirects"


def passages(folder: Path) -> list[Passage]:
    found = []
    for file in sorted(folder.rglob("*.py")):
        text = file.read_text(encoding="utf-8", errors="replace")
        path = file.relative_to(folder).as_posix()
        for cut in chunk(SourceFile(path, text, "", "python")):
            found += [Passage(path, cut.symbol, cut.doc, piece) for piece in cut.pieces]
    return found


def seconds(work: Callable[[], object], runs: int) -> float:
    """The median processor time of some runs."""
    took = []
    for _ in range(runs):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    found = passages(args.folder)
    model = static.StaticEmbedder(static.FOLDER)
    batches = [found[i : i + _BATCH] for i in range(0, len(found), _BATCH)]

    def cold() -> None:
        for batch in batches:
            terms.tally.cache_clear()
            model.embed_documents(batch)

    def counted() -> float:
        spent = 0.0
        for batch in batches:
            terms.tally.cache_clear()
            for p in batch:
                for text in (p.code, p.doc, p.symbol):
                    terms.tally(text)
            start = time.process_time()
            model.embed_documents(batch)
            spent += time.process_time() - start
        return spent

    cold()  # the table is unpacked, the words are split
    print(f"{len(found):,} passages")
    print(f"passages a second        {len(found) / seconds(cold, args.runs):,.0f}")
    print(f"the same, words counted  "
          f"{len(found) / median(counted() for _ in range(args.runs)):,.0f}")  # fmt: skip
    asked = seconds(lambda: [model.embed_query(_QUESTION) for _ in range(200)], args.runs)
    print(f"a question, ms           {asked * 5:.2f}")
    opened = seconds(lambda: static.StaticEmbedder(static.FOLDER), args.runs)
    print(f"opening the model, ms    {opened * 1e3:.1f}")


if __name__ == "__main__":
    main()
