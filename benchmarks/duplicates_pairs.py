"""``duplicates.py pairs``: annotated pairs of functions, asked of us and of the others."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duplicates_measures as measures
import numpy as np
from duplicates_rivals import Rival

from codesearch.chunking import chunk
from codesearch.duplicates.functions import Function, is_parallel, of_chunks
from codesearch.duplicates.likeness import Likeness
from codesearch.duplicates.pairs import judge
from codesearch.model import DuplicateRequest, SourceFile

SUFFIXES = {"c": ".c", "go": ".go", "java": ".java", "javascript": ".js", "python": ".py",
            "typescript": ".ts"}  # fmt: skip
#: What became of a pair at the rule: reported, or why not.
REPORTED, SMALL, BELOW, SAME_NAME, OTHER_FILTER, NO_FUNCTION = (
    "reported", "too few tokens", "below the threshold", "same name, by design",
    "siblings or twins, by design", "no function",
)  # fmt: skip
OVER = frozenset((REPORTED, SAME_NAME, OTHER_FILTER))  # like enough, whatever came of it


@dataclass(frozen=True)
class Pair:
    id: str
    type: str  # the kind of clone (T...), or of pair that is none (N...)
    clone: bool
    languages: tuple[str, str]
    codes: tuple[str, str]
    seed: str  # pairs of one seed have a function in common

    @property
    def apart(self) -> bool:
        """Whether it is about meaning: the same done differently, or what only looks the same."""
        return self.type.startswith(("T4", "N4"))


def read(files: Sequence[Path]) -> list[Pair]:
    pairs = []
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            languages = row["lang"].split("+")
            pairs.append(Pair(
                row["id"], row["type"], row["label"] == 1, (languages[0], languages[-1]),
                (row["a"]["code"], row["b"]["code"]), row.get("seed_id", row["id"]),
            ))  # fmt: skip
    return pairs


# -- ours --------------------------------------------------------------------------------


def function(path: str, language: str, code: str) -> Function | None:
    """The largest function of a text; a method that means nothing alone is put into a class."""
    for text in (code, f"class A {{\n{code}\n}}"):
        found = of_chunks(chunk(SourceFile(path, text, "", language)))
        if found:
            return max(found, key=lambda f: f.tokens)
    return None


def judged(
    pairs: Sequence[Pair], request: DuplicateRequest
) -> tuple[list[float], list[str], list[str]]:
    """The likeness of each pair, and what became of it: without and with a minimum of tokens.

    Nothing is learnt from other pairs: a likeness is of the two functions alone.
    """
    both = [
        [function(f"{end}/{p.id}", p.languages[i], p.codes[i]) for i, end in enumerate("ab")]
        for p in pairs
    ]
    held = [n for n, (a, b) in enumerate(both) if a and b]
    functions = [f for n in held for f in both[n] if f]
    left = np.arange(0, len(functions), 2)
    likeness = Likeness(functions, np.ones(len(functions), bool)).of(left, left + 1)
    scores = [0.0] * len(pairs)
    anyhow, large = [NO_FUNCTION] * len(pairs), [NO_FUNCTION] * len(pairs)
    for at, number in enumerate(held):
        a, b = functions[2 * at : 2 * at + 2]
        scores[number] = float(likeness[at])
        what = BELOW
        if scores[number] >= request.threshold:
            edge = judge(functions, 2 * at, 2 * at + 1, scores[number], request)
            what = REPORTED if edge else SAME_NAME if is_parallel(a, b) else OTHER_FILTER
        anyhow[number] = what
        large[number] = SMALL if min(a.tokens, b.tokens) < request.min_tokens else what
    return scores, anyhow, large


# -- the others --------------------------------------------------------------------------


def rounds(pairs: Sequence[Pair], once: bool) -> Iterator[list[Pair]]:
    """All pairs; no function twice in a round, so that each can only be found in its own pair.

    Several of these programs name one place for what they find, be there others or not.
    """
    left = list(pairs)
    while left:
        now: list[Pair] = []
        later: list[Pair] = []
        met = set[str]()
        for pair in left:
            keys = {pair.seed, *pair.codes}
            (later if not once and keys & met else now).append(pair)
            met |= keys
        yield now
        left = later


def found_by(rival: Rival, pairs: Sequence[Pair], once: bool) -> dict[str, bool]:
    """By the pair's id: whether a clone between its two files is reported."""
    found = {pair.id: False for pair in pairs}
    for some in rounds(pairs, once):
        with tempfile.TemporaryDirectory(prefix="codesearch-pairs-") as name:
            home = Path(name).resolve()
            owner: dict[Path, str] = {}
            for pair in some:
                for end, language, code in zip("ab", pair.languages, pair.codes, strict=True):
                    file = home / pair.id / f"{pair.id}_{end}{SUFFIXES[language]}"
                    file.parent.mkdir(exist_ok=True)
                    file.write_text(code + "\n", "utf-8")
                    owner[file] = pair.id
            languages = {language for pair in some for language in pair.languages}
            for clone in rival.look(home, languages).clones:
                files = {fragment.path for fragment in clone}
                for id_, n in Counter(owner[file] for file in files).items():
                    found[id_] |= n == 2
    return found


# -- what comes of it --------------------------------------------------------------------


def quality(
    pairs: Sequence[Pair], found: Mapping[str, bool], wanted: Collection[str]
) -> dict[str, Any]:
    """Of clones of text: precision, recall and F1; the share found of each type; F1 by language."""

    def measured(some: Sequence[Pair]) -> tuple[float, float, float]:
        return measures.decided([found[p.id] for p in some], [p.clone for p in some])

    about = [p for p in pairs if set(p.languages) <= set(wanted)]
    text = [p for p in about if not p.apart]
    precision, recall, f1 = measured(text)
    by_type = {
        kind: sum(found[p.id] for p in about if p.type == kind) / n
        for kind, n in Counter(p.type for p in about).items()
    }
    by_language = {
        language: measured([p for p in text if p.languages[0] == language])[2]
        for language in sorted({p.languages[0] for p in text})
    }
    return {"precision": precision, "recall": recall, "f1": f1, "types": by_type,
            "languages": by_language, "pairs": len(text)}  # fmt: skip


def measure(files: Sequence[Path], rivals: Sequence[Rival], once: bool) -> dict[str, Any]:
    """Asks all about all pairs, and prints what comes of it; the same as data."""
    pairs = read(files)
    request = DuplicateRequest("files")
    scores, anyhow, large = judged(pairs, request)
    text = [n for n, p in enumerate(pairs) if not p.apart]
    points = measures.curve([scores[n] for n in text], [pairs[n].clone for n in text])
    top = measures.best(points)
    ours = {
        "pairs": len(text),
        "f1": top.f1,
        "threshold": top.threshold,
        "average_precision": measures.average_precision(points),
        "recall_at_99": measures.recall_at(points, 0.99),
    }
    print(
        f"likeness, {len(text):,} pairs of T1 to T3 and N: F1 {ours['f1']:.4f} at "
        f"{ours['threshold']:.3f}, average precision {ours['average_precision']:.4f}, "
        f"recall at precision .99 {ours['recall_at_99']:.4f}"
    )
    everything = sorted({language for p in pairs for language in p.languages})
    ids = [p.id for p in pairs]
    enough = [p for p, what in zip(pairs, large, strict=True) if what not in {SMALL, NO_FUNCTION}]
    likely = dict(zip(ids, (s >= top.threshold for s in scores), strict=True))
    over = dict(zip(ids, (what in OVER for what in anyhow), strict=True))
    whole = dict(zip(ids, (what == REPORTED for what in anyhow), strict=True))
    reported = dict(zip(ids, (what == REPORTED for what in large), strict=True))
    columns = {
        "best F1": quality(pairs, likely, everything),
        "over": quality(pairs, over, everything),
        "over, large": quality(enough, over, everything),
        "rule, any size": quality(pairs, whole, everything),
        "rule, large": quality(enough, reported, everything),
        "rule": quality(pairs, reported, everything),
    }
    for rival in rivals:
        takes = [language for language in everything if rival.takes(language)]
        columns[rival.name] = quality(pairs, found_by(rival, pairs, once), takes)
    why = {
        kind: {
            "any size": dict(Counter(w for p, w in zip(pairs, anyhow, strict=True)
                                     if p.type == kind)),
            "rule": dict(Counter(w for p, w in zip(pairs, large, strict=True) if p.type == kind)),
        }
        for kind in sorted({p.type for p in pairs})
    }  # fmt: skip
    print(
        f"over: like enough ({request.threshold:g}); rule: and no other by design; large: the "
        f"{len(enough):,} pairs of functions of {request.min_tokens} tokens; the last one of ours "
        "counts smaller ones as missed"
    )
    table(pairs, columns)
    print("why pairs of any size are not reported")
    for kind, told in why.items():
        reasons = {w: n for w, n in told["any size"].items() if w != REPORTED}
        if reasons:
            print(f"  {kind:10}" + ", ".join(f"{w} {n}" for w, n in sorted(reasons.items())))
    rows = [
        {"id": p.id, "type": p.type, "clone": p.clone, "likeness": score, "any_size": w, "rule": v}
        for p, score, w, v in zip(pairs, scores, anyhow, large, strict=True)
    ]
    return {"likeness": ours, "detectors": columns, "why": why, "pairs": rows}


def table(pairs: Sequence[Pair], columns: Mapping[str, Mapping[str, Any]]) -> None:
    counts = Counter(p.type for p in pairs)
    kinds = sorted(counts, key=lambda k: (k.startswith(("T4", "N4")), not k.startswith("T"), k))
    width = max(15, *(len(name) + 2 for name in columns))

    def line(title: str, cells: Sequence[float | None]) -> None:
        told = ("-" if cell is None else f"{cell:.3f}" for cell in cells)
        print(f"{title:18}" + "".join(f"{cell:>{width}}" for cell in told))

    print(" " * 18 + "".join(f"{name:>{width}}" for name in columns))
    for what in ("precision", "recall", "f1"):
        line(what, [column[what] for column in columns.values()])
    for kind in kinds:
        line(f"{kind} ({counts[kind]})", [c["types"].get(kind) for c in columns.values()])
    for language in sorted({p.languages[0] for p in pairs if not p.apart}):
        line(f"F1 {language}", [c["languages"].get(language) for c in columns.values()])
