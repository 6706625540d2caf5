"""Words: how code, comments and questions are split into search terms.

The index and the question go through the same functions, or nothing would match. An
identifier gives its parts (camelCase, snake_case, digits), lower-cased and lightly
stemmed, and, where it has two parts or more, the whole of it, so that ``getUser``,
``get_user`` and ``GETUSER`` are one. Scripts without spaces give overlapping bigrams.

This room knows no field weights, no index and no language's syntax.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

#: Part of the stored settings: a change of the terms is a rebuild of the index.
VERSION = 2

# Letters, digits and "_", with the combining marks that Python's \w leaves out (Indic and
# Thai vowel signs would otherwise cut their words to pieces).
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u0e00-\u0eff"
)
_ASCII_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+")
_LONG_ASCII_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+|0[xX][0-9A-Fa-f_]+|[0-9]{2,}")
_WORD = re.compile(rf"[\w{_MARKS}]+")
# A letter and a digit in turn is one part: "v2", "k8s" and "e2e", of which single characters
# would leave nothing.
_PART = re.compile(
    r"(?:[A-Za-z][0-9](?![0-9]))+(?:[A-Za-z](?![a-z0-9]))?|"
    r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+"
)
_UNICODE_PART = re.compile(
    r"[^\W\d_a-z]+(?=[A-Z][a-z])|[0-9]+|"
    rf"[A-Z]?(?:[^\W\d_A-Z]|[{_MARKS}])+|[A-Z]+"
)
# Scripts written without spaces: Han, kana, Hangul syllables, Thai, Lao, Khmer, Myanmar.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_LINK = re.compile(r"\.|::|->|#")
_CHAIN = re.compile(rf"[\w{_MARKS}]+(?:(?:\.|::|->|#)[\w{_MARKS}]+)*")
_ONLY_CODE = re.compile(r"\w_+\w|[a-z0-9][A-Z]|[A-Z]{2}|\.")
_MAX_NUMBER = 8  # digits; longer ones are data, each met once
_MAX_TERM = 64  # characters; longer ones are data, not words

#: Words of questions that say nothing about the code. Removed from questions only, never from
#: the index.
STOP_WORDS: frozenset[str] = frozenset(
    """
    a about all an and any are as at be been being but by can could did do does doing done each
    every find for from get gets give gives had has have having how i if implemented
    implementation implements in into is it its itself just like logic look made make makes many
    may me might much must my of on one only or other our out over own please related same shall
    should show so some such than that the their them then there these they thing things this
    those to up upon us used using via was way we were what when where wherever whether which
    while who whom whose why will with within would you your code function functions method
    methods class classes handle handled handles handling place places work works happen happens
    """.split()
)
#: The same of other languages. Many of them are names in code (``die``, ``os``, ``son``), so a
#: language's words go only from a question that has two of them.
FOREIGN_STOP_WORDS: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        """der die das den dem des ein eine einen einem einer und oder wie wo wird werden ist sind
        wir man nach von zu zum zur mit auf für bei wenn welche welcher welches nicht sich im""",
        """el la los las un una unos unas y o cómo como dónde donde se es son de del que qué en
        por para con cuando cuándo al lo su sus hay""",
        """le la les un une des et ou où est sont du de dans par pour avec quand comment quel
        quelle qui que nous on ce cette ces sur pas se""",
        """o a os as um uma e ou como onde é são do da dos das no na nos nas de que para por com
        quando qual se""",
        """का के की को में से है हैं हो और या पर ने यह वह जो जब तब कहाँ कहां कैसे क्या कौन कब क्यों भी तो ही
        कर करना करने करता करते किया जाता जाती जाते होता होती लिए""",
    )
)

_VOWELS = set("aeiouy")


def stem(word: str) -> str:
    """A light English stemmer for words of code: inflections and the commonest derivations.

    It need not give real words, only the same string for words that belong together
    (``cache``, ``caches``, ``cached``, ``caching`` -> ``cach``; ``validate``, ``validation``,
    ``validator`` -> ``valid``). Words of other alphabets are returned as they are.
    """
    if len(word) < 4 or not word.isascii() or word.isdigit():
        return word
    word = _singular(word)
    for suffix in ("ing", "ed"):
        if word.endswith(suffix):
            base = word[: -len(suffix)]
            if len(base) >= 3 and not _VOWELS.isdisjoint(base):
                word = base
                if base[-1] == base[-2] and base[-1] not in "aeioulsfz":
                    word = base[:-1]
            break
    for suffix, keep, least in _DERIVATIONS:
        if word.endswith(suffix) and len(word) - len(suffix) >= least:
            word = word[: len(word) - len(suffix)] + keep
            break
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word[-1] == "y" else word


# Suffix, what stands in its place, and how many letters must be left before it.
_DERIVATIONS = (
    ("izations", "", 3), ("ization", "", 3), ("isation", "", 3), ("izer", "", 3), ("ize", "", 3),
    ("ise", "is", 3), ("ations", "", 3), ("ation", "", 3), ("ators", "", 3), ("ator", "", 3),
    ("ate", "", 3), ("at", "", 3), ("sion", "s", 3), ("tion", "t", 3), ("ment", "", 3),
    ("ness", "", 3), ("able", "", 3), ("ible", "", 3), ("ally", "", 3), ("ly", "", 3),
    ("er", "", 4), ("or", "", 4),
)  # fmt: skip


def _singular(word: str) -> str:
    if word[-1] != "s":
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    if word[-2] in "sui":  # class, status, analysis
        return word
    return word[:-1]


@lru_cache(maxsize=1 << 17)
def parts(identifier: str) -> tuple[str, ...]:
    """The stemmed parts of one identifier or word, in order.

    A single ASCII letter is a part only where it is the whole word.
    """
    if len(identifier) > 4 * _MAX_TERM:
        identifier = identifier[: 4 * _MAX_TERM]
    if identifier.isascii():
        if identifier[:1].isdigit() and len(identifier) > _MAX_NUMBER:
            return ()
        words = _PART.findall(identifier)
        if len(words) == 1 and len(words[0]) == 1:
            return (words[0].lower(),)
        return tuple([stem(w.lower()) for w in words if 1 < len(w) <= _MAX_TERM])
    identifier = fold(identifier)
    out: list[str] = []
    for run in _UNSPACED.findall(identifier):
        out.extend(run[i : i + 2] for i in range(len(run) - 1) or range(1))
        identifier = identifier.replace(run, " ")
    words = [w.lower() for w in _UNICODE_PART.findall(identifier)]
    out.extend(stem(w) for w in words if len(w) <= _MAX_TERM and (len(w) > 1 or w > "\x7f"))
    return tuple(out)


@lru_cache(maxsize=1 << 17)
def expand(identifier: str) -> tuple[str, ...]:
    """The terms of one identifier: its parts, then the whole of it where that is something else."""
    found = parts(identifier)
    plain = identifier.strip("_")
    one_word = plain.islower() or plain.isupper() or plain.istitle()
    if len(found) > 1 or (not (plain.isalpha() and one_word) and (found or plain[:1].isalpha())):
        whole = fold(plain).replace("_", "").lower()
        if len(whole) <= _MAX_TERM and whole not in found and not _UNSPACED.search(whole):
            return (*found, whole)
    return found


def fold(text: str) -> str:
    """Compatibility forms unified and accents of Latin letters dropped (NFKC, then marks)."""
    text = unicodedata.normalize("NFKC", text)
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    kept = "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", kept)


def words(text: str) -> list[str]:
    """The identifiers, words and numbers of a name or a question, as they stand."""
    return _ASCII_WORD.findall(text) if text.isascii() else _WORD.findall(text)


def words_of_code(text: str) -> list[str]:
    """The same of code and prose, where single letters and digits are loop variables and noise."""
    return _LONG_ASCII_WORD.findall(text) if text.isascii() else _WORD.findall(text)


@lru_cache(maxsize=1 << 14)
def tally(text: str) -> Mapping[str, int]:
    """How often each word of a piece of code or prose stands in it.

    Cached, because a batch of chunks is counted for the lexical index and then for the vectors;
    who begins another batch clears the cache.
    """
    return Counter(words_of_code(text))


def count(text: str) -> Counter[str]:
    """Term frequencies of a piece of code."""
    total: Counter[str] = Counter()
    for word, n in tally(text).items():
        for term in expand(word):
            total[term] += n
    return total


def question_words(text: str) -> list[str]:
    """The distinct words of a question in order, without those that all questions share.

    If nothing would be left ("how to do it"), the stop words are kept.
    """
    all_words = words(text)
    said = {w.lower() for w in all_words}
    stop = STOP_WORDS.union(*(own for own in FOREIGN_STOP_WORDS if len(own & said) > 1))
    return _distinct([w for w in all_words if w.lower() not in stop] or all_words)


def question_terms(text: str) -> list[str]:
    """The distinct terms of the words of a question, in order."""
    return _distinct(term for w in question_words(text) for term in expand(w))


def names(text: str) -> list[str]:
    """What in a question can be a name: each distinct word, or a chain of them.

    The links of a chain (``Store.close``, ``fmt::print``, ``ptr->next``) become dots.
    """
    return _distinct(_LINK.sub(".", chain) for chain in _CHAIN.findall(text))


def is_identifier(word: str) -> bool:
    """Whether a name is written as only code is: ``snake_case``, ``camelCase``, ``a.b``."""
    return _ONLY_CODE.search(word) is not None


def _distinct(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
