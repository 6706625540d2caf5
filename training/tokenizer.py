"""The vocabulary: parts of words, pieces of rare parts, and pairs of neighbours.

    python -m training.tokenizer --work DIR --run NAME [--parts 34000 --foreign 10000 --pairs 12000]

Reads DIR/clean/train.jsonl.zst and DIR/parallel, writes DIR/runs/NAME/tokens.txt, a token a line
in the order of the rows. A part counts by the packages that it stands in, not by how often: a
token that one package uses a million times teaches nothing about the others.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from codesearch import terms
from codesearch.embedding.vocabulary import INNER, Vocabulary, pair
from training.encode import LANGUAGES
from training.text import human_language, read

_A_PACKAGE = 300  # functions that are counted
_LONGEST = 24  # characters of a part
_PIECE = 6
_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_PIECES = 2_500


def counted(records: Iterable[dict[str, Any]]) -> tuple[Counter[str], Counter[str]]:
    """Parts and pairs -> the number of packages in which they stand."""
    parts: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for functions in packages(records):
        words: set[str] = set()
        said: list[str] = []
        for f in functions:
            words.update(terms.words_of_code(f["code"]), terms.words(f["symbol"]))
            words.update(terms.words(f["path"]), terms.words_of_code(f["doc"]))
            said += [text for _, text, _ in f["questions"]]
        here: set[str] = set()
        near: set[str] = set()
        for split in map(terms.parts, words):
            here.update(split)
            near.update(pair(*two) for two in zip(split, split[1:], strict=False))
        for text in said:
            split = tuple(p for w in terms.words(text) for p in terms.parts(w))
            here.update(split)
            near.update(pair(*two) for two in zip(split, split[1:], strict=False))
        parts.update(here)
        pairs.update(near)
    return parts, pairs


def packages(records: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Records that follow one another, by package, each cut to its first."""
    held: list[dict[str, Any]] = []
    for record in records:
        if held and held[0]["package"] != record["package"]:
            yield held
            held = []
        if len(held) < _A_PACKAGE:
            held.append(record)
    if held:
        yield held


def foreign(folder: Path) -> dict[str, Counter[str]]:
    """Parts of the parallel text by language, with the number of texts that they stand in."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for file in sorted(folder.glob("*.jsonl.zst")):
        for record in read(file):
            split = {p for w in terms.words(record["text"]) for p in terms.parts(w)}
            found[record["lang"]].update(split)
            if record["lang"] in {"ja", "zh"}:  # a single character is the last resort
                found[record["lang"]].update({c for c in record["text"] if c > "\u2fff"})
    return found


def chosen(counts: Counter[str], number: int, least: int) -> list[str]:
    """The commonest, ties by spelling."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [t for t, n in ordered if n >= least and 0 < len(t) <= _LONGEST][:number]


def pieces(counts: Counter[str], known: set[str]) -> list[str]:
    """Endings and middles of the parts that have no token, and every character."""
    found: Counter[str] = Counter()
    for part, n in counts.items():
        if part not in known and part.isascii() and part.isalpha() and n > 1:
            for start in range(2, len(part)):
                for stop in range(start + 2, min(start + _PIECE, len(part)) + 1):
                    found[part[start:stop]] += n
    best = sorted(found.items(), key=lambda item: (-item[1] * (len(item[0]) - 1), item[0]))
    return [*_CHARACTERS, *(p for p, _ in best[:_PIECES])]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--parts", type=int, default=34_000)
    parser.add_argument("--foreign", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=12_000)
    args = parser.parse_args()
    parts, pairs = counted(read(args.work / "clean" / "train.jsonl.zst"))
    tokens = dict.fromkeys(chosen(parts, args.parts, least=3))
    others = foreign(args.work / "parallel")
    target = [n for n in LANGUAGES if n in others]
    for name in target:
        best = chosen(others[name], len(others[name]), least=3)
        new = [t for t in best if t not in tokens][: args.foreign // len(target)]
        print(f"{name}: {len(new)} tokens of {len(others[name])} parts")
        tokens.update(dict.fromkeys(new))
    tokens.update(dict.fromkeys(_CHARACTERS))
    tokens.update(dict.fromkeys(INNER + p for p in pieces(parts, set(tokens))))
    known = [p for p in chosen(pairs, len(pairs), 8) if all(t in tokens for t in p.split(" "))]
    tokens.update(dict.fromkeys(known[: args.pairs]))
    out = args.work / "runs" / args.run
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokens.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    vocabulary = Vocabulary(list(tokens))
    whole = sum(n for p, n in parts.items() if p in vocabulary)
    print(f"{len(tokens)} tokens; {whole / sum(parts.values()):.3f} of all parts are whole ones")
    for text in ("where do we give up after too many redirects", "wo wird die Verbindung getrennt"):
        rows = vocabulary.of_question(text)
        names = list(tokens)
        print(human_language(text), [names[r] for r in rows])


if __name__ == "__main__":
    main()
