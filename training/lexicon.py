"""Lexicon: single words and their English, learnt from the parallel text alone.

``python -m training.lexicon --work DIR`` writes ``DIR/lexicon.jsonl.zst``, a line a translation
``{"lang", "word", "en", "score"}``, and tells how many of ``developer-words.txt`` it knows.
IBM model 1 (Brown et al. 1993, The Mathematics of Statistical Machine Translation) in both
directions; a score is the geometric mean of p(English | word) and p(word | English). Languages
without spaces have their runs of letters cut into pieces that overlap, and the counts decide.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codesearch import terms
from training.languages import ENGLISH, LANGUAGES
from training.parallel import read_pairs
from training.text import read, writing

ROUNDS = 6
LEAST_COUNT = 3
LEAST_SCORE = 0.08
#: Translations kept of each word.
KEPT = 4
#: Sentences of more words than this say little about which word is which.
LONGEST = 40

WORDS = Path(__file__).with_name("developer-words.txt")

log = logging.getLogger("training.lexicon")

_ENGLISH = re.compile(r"[a-z]{2,}")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0900-\u097f'\u2019-](?=[^\W\d_]|[\u0900-\u097f]))*")
_HINDI = re.compile(r"[\u0904-\u0939\u0958-\u0961][\u0900-\u0963]*")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")
_MIXED = re.compile(r"[\u3400-\u9fff]+[\u3041-\u3096]{1,2}(?:[\u3400-\u9fff]+[\u3041-\u3096]?)?")


def english_words(text: str) -> list[str]:
    """The words of an English text, in lower case, identifiers split."""
    return [word for word in _ENGLISH.findall(" ".join(terms.words(text)).lower()) if len(word) > 1]


def _pieces(run: str, longest: int) -> Iterable[str]:
    """All pieces of a run of ideographs, and the run itself if it is one character."""
    if len(run) == 1:
        yield run
    for size in range(2, min(longest, len(run)) + 1):
        for start in range(len(run) - size + 1):
            yield run[start : start + size]


def words_of(language: str, text: str) -> list[str]:
    """What may be a word: each once, in lower case."""
    if language in {"zh", "zh-hant"}:
        found = [piece for run in _HAN.findall(text) for piece in _pieces(run, 4)]
    elif language == "ja":
        found = _KATAKANA.findall(text) + _MIXED.findall(text)
        found += [piece for run in _HAN.findall(text) for piece in _pieces(run, 4)]
    elif language == "ko":
        words = [word for word in _WORD.findall(text) if not word.isascii()]
        # Particles follow a word without a space.
        found = [word[:size] for word in words for size in range(min(2, len(word)), len(word) + 1)]
    elif language == "hi":
        found = _HINDI.findall(text)
    else:
        found = [word.lower() for word in _WORD.findall(text) if len(word) > 1]
    return list(dict.fromkeys(found))


class Numbers(dict[str, int]):
    """Numbers for words, in the order in which they come."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def _model(
    pair_given: npt.NDArray[np.int64], link_pair: npt.NDArray[np.int64], slot: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """IBM model 1: p(other | given) of each pair of words.

    ``pair_given``: a pair's given word; ``link_pair``: the pair of each possible link in a
    sentence; ``slot``: the word of a sentence that the link would explain.
    """
    probability = np.full(len(pair_given), 1.0)
    for _ in range(ROUNDS):
        weight = probability[link_pair]
        weight /= np.bincount(slot, weight)[slot]
        counts = np.bincount(link_pair, weight, len(pair_given))
        probability = counts / np.bincount(pair_given, counts)[pair_given]
    return probability


def translations(
    language: str, sentences: Sequence[tuple[str, str]]
) -> list[tuple[str, str, float]]:
    """(word, English word, score) from sentences and their English, best first for each word."""
    cut = [(words_of(language, text), english_words(english)) for text, english in sentences]
    cut = [(a, list(dict.fromkeys(b))) for a, b in cut if a and b and len(b) <= LONGEST]
    often_word = Counter(word for words, _ in cut for word in words)
    often_english = Counter(word for _, words in cut for word in words)
    own, english = Numbers(), Numbers()
    firsts: list[npt.NDArray[np.int64]] = []
    seconds: list[npt.NDArray[np.int64]] = []
    sentence: list[npt.NDArray[np.int64]] = []
    for number, (words, others) in enumerate(cut):
        a = [own[word] for word in words if often_word[word] >= LEAST_COUNT]
        b = [english[word] for word in others if often_english[word] >= LEAST_COUNT]
        if a and b:
            firsts.append(np.repeat(np.array(a), len(b)))
            seconds.append(np.tile(np.array(b), len(a)))
            sentence.append(np.full(len(a) * len(b), number))
    if not firsts:
        return []
    first, second, of = map(np.concatenate, (firsts, seconds, sentence))
    pairs, link, together = np.unique(
        first * len(english) + second, return_inverse=True, return_counts=True
    )
    pair_own, pair_english = np.divmod(pairs, len(english))
    _, slot_english = np.unique(of * len(english) + second, return_inverse=True)
    _, slot_own = np.unique(of * len(own) + first, return_inverse=True)
    score = np.sqrt(_model(pair_own, link, slot_english) * _model(pair_english, link, slot_own))
    words, others = list(own), list(english)
    good = np.flatnonzero((score >= LEAST_SCORE) & (together >= LEAST_COUNT))
    good = good[np.lexsort((-score[good], pair_own[good]))]
    found: list[tuple[str, str, float]] = []
    kept: Counter[str] = Counter()
    for index in good:
        word, other = words[pair_own[index]], others[pair_english[index]]
        if kept[word] < KEPT and other not in ENGLISH and word != other:
            kept[word] += 1
            found.append((word, other, round(float(score[index]), 3)))
    return found


def _is_form_of(word: str, wanted: str) -> bool:
    """Whether a word is the wanted one or an inflected form of it."""
    stem = wanted.rstrip("e")
    return word == wanted or (word.startswith(stem) and word[len(stem) :] in _ENDINGS)


_ENDINGS = frozenset("s es d ed ing e r er ping ped ting ted ies".split())


def coverage(lexicon: Callable[[str, str], Sequence[str]], language: str) -> tuple[int, int, int]:
    """Of the developer's words: how many have a right first translation, one among three, all.

    A form that is written as in English counts as known.
    """
    first = third = total = 0
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    place = "en de es fr pt ja zh hi".split().index(language)
    for line in (line.split(" | ") for line in lines if not line.startswith("#")):
        english, forms = line[0], line[place].split()
        ranks = [
            rank
            for form in forms
            for rank, word in enumerate(lexicon(language, form.lower()))
            if _is_form_of(word, english)
        ]
        ranks += [0 for form in forms if form.lower() == english]
        total += 1
        first += bool(ranks) and min(ranks) == 0
        third += bool(ranks) and min(ranks) < 3
    return first, third, total


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.lexicon", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where everything is written")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    file = given.work / "lexicon.jsonl.zst"
    if not file.exists():
        sentences: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for pair in read_pairs(given.work / "parallel"):
            sentences[pair["lang"]].append((pair["text"], pair["en"]))
        with writing(file) as write:
            for language in LANGUAGES:
                found = translations(language, sentences.pop(language, []))
                log.info("%s: %d translations", language, len(found))
                for word, english, score in found:
                    write({"lang": language, "word": word, "en": english, "score": score})
    known: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in read(file):
        known[entry["lang"], entry["word"]].append(entry["en"])
    for language in LANGUAGES[:7]:
        log.info(
            "%s: %d first, %d among three, of %d",
            language,
            *coverage(lambda code, word: known.get((code, word), []), language),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
