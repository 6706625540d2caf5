"""Synonyms: English words that developers use for one another.

``python -m training.synonyms --work DIR`` writes ``DIR/synonyms.jsonl.zst``, a line a pair,
``{"a", "b", "source", "weight"}``: every two of a line of ``synonyms.txt``, which is ours, and
from WordNet, if its package was collected, what both words commonly mean or what has to do with
computing. WordNet's words count only if the English of ``DIR/parallel`` uses both.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from training.collect import read_manifest
from training.lexicon import english_words
from training.parallel import files, read_pairs
from training.text import writing

OWN = Path(__file__).with_name("synonyms.txt")
WORDNET = ("deb", "wordnet-base")

#: WordNet's senses of a word come most frequent first: only these are taken.
SENSES = 2
#: How often the English sentences must use a word.
LEAST_USES = 12

log = logging.getLogger("training.synonyms")

_COMPUTING = re.compile(
    r"\b(?:comput(?:er|ing)|software|program(?:ming|s)?|data|digital|file|network|internet|"
    r"electronic|disk|memory|processor|algorithm)\b"
)


class Pair(NamedTuple):
    """Two words and how surely one can stand for the other, from 0 to 1."""

    a: str
    b: str
    source: str
    weight: float


def groups(text: str) -> Iterator[list[str]]:
    """The groups of our own list."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield [word.strip() for word in line.split(",")]


def own_pairs(text: str) -> Iterator[Pair]:
    """Every two words of a group; the longer a group, the looser it is."""
    for group in groups(text):
        weight = round(min(1.0, 0.6 + 0.8 / len(group)), 2)
        for a, b in combinations(group, 2):
            yield Pair(a, b, "own", weight)


class Synset(NamedTuple):
    """Words of one meaning, with its explanation."""

    words: list[str]
    gloss: str


def synsets(data: str) -> dict[str, Synset]:
    """WordNet's meanings by offset, from a data file (format: wndb(5WN))."""
    found: dict[str, Synset] = {}
    for line in data.splitlines():
        if line.startswith(" "):
            continue
        head, _, gloss = line.partition(" | ")
        fields = head.split()
        words = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
        plain = [re.sub(r"\(\w+\)$", "", word).replace("_", " ") for word in words]
        found[fields[0]] = Synset(plain, gloss)
    return found


def senses(index: str) -> dict[str, tuple[list[str], int]]:
    """Offsets of each word's meanings, most frequent first, and how many are known to be used."""
    found: dict[str, tuple[list[str], int]] = {}
    for line in index.splitlines():
        if line.startswith(" "):
            continue
        fields = line.split()
        count = int(fields[2])
        found[fields[0].replace("_", " ")] = (fields[-count:], int(fields[-count - 1]))
    return found


def wordnet_pairs(data: str, index: str, uses: Mapping[str, int]) -> Iterator[Pair]:
    """Pairs of words that share a common meaning, or one of computing.

    The weight falls with the rank that the meaning has among each word's meanings.
    """
    ranks = senses(index)
    for offset, synset in synsets(data).items():
        near = _COMPUTING.search(synset.gloss) is not None
        words = [word for word in synset.words if word.islower() and _is_used(word, uses)]
        words = [word for word in words if near or word.isalpha()]
        for a, b in combinations(words, 2):
            places = [_place(offset, ranks.get(word, ([], 0)), near) for word in (a, b)]
            if max(places) < SENSES or near:
                yield Pair(a, b, "wordnet", round(0.8 / (1 + 0.5 * min(4, sum(places))), 2))


def _place(offset: str, senses_of_word: tuple[list[str], int], near: bool) -> int:
    """The rank of a meaning; one that no text of WordNet's own uses comes behind all others."""
    offsets, known = senses_of_word
    place = offsets.index(offset) if offset in offsets else SENSES
    return place if near or place < known else max(place, SENSES)


def _is_used(word: str, uses: Mapping[str, int]) -> bool:
    parts = word.replace("-", " ").split()
    return len(parts) <= 3 and all(uses.get(part, 0) >= LEAST_USES for part in parts)


def run(work: Path) -> Counter[str]:
    """Writes all pairs, each once; gives how many each source has."""
    pairs = list(own_pairs(OWN.read_text(encoding="ascii")))
    entries = read_manifest(work / "archives" / "manifest.jsonl").values()
    archives = [
        work / "archives" / entry.file
        for entry in entries
        if (entry.registry, entry.name) == WORDNET and entry.status == "ok"
    ]
    if archives:
        english = {pair["en"] for pair in read_pairs(work / "parallel")}
        uses = Counter(word for text in english for word in set(english_words(text)))
        found = dict(files(archives[0], lambda path: "/wordnet/" in path))
        texts = {path.rpartition("/")[2]: data.decode("latin-1") for path, data in found.items()}
        for kind in ("noun", "verb", "adj", "adv"):
            pairs += wordnet_pairs(texts[f"data.{kind}"], texts[f"index.{kind}"], uses)
    else:
        log.warning("WordNet is not there: our own list alone")
    best: dict[frozenset[str], Pair] = {}
    for pair in pairs:
        both = frozenset((pair.a, pair.b))
        if len(both) == 2 and (both not in best or best[both].weight < pair.weight):
            best[both] = pair
    with writing(work / "synonyms.jsonl.zst") as write:
        for pair in best.values():
            write(pair._asdict())
    return Counter(pair.source for pair in best.values())


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.synonyms", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where everything is written")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for source, count in run(given.work).most_common():
        log.info("%7d %s", count, source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
