"""Languages: what a message says without its markup, and whether it is in the language it claims.

Scripts decide for most languages; among those in Latin letters a few frequent words do, as far as
they can: short texts are believed. The room knows no file and no package.
"""

from __future__ import annotations

import html
import re
import unicodedata
from pathlib import Path

#: The languages that are kept, the seven that matter most first. "zh-hant" is traditional Chinese.
LANGUAGES = tuple("de es fr pt ja zh hi ru ko it nl pl tr uk ar cs zh-hant".split())

_CODES = {
    "zh_cn": "zh", "zh_hans": "zh", "zh_sg": "zh", "cn": "zh",
    "zh_tw": "zh-hant", "zh_hant": "zh-hant", "zh_hk": "zh-hant", "zhtw": "zh-hant",
    "": "en", "root": "en", "en_us": "en",
}  # fmt: skip
_REGIONS = re.compile(r"(de|es|fr|pt|ja|hi|ru|ko|it|nl|pl|tr|uk|ar|cs)_(?:\d{3}|[a-z]{2})")


def language_of(code: str) -> str:
    """The language of a locale's name ("pt-BR", "zh_Hans", "es_419"); empty if it is not kept."""
    plain = code.lower().replace("-", "_").partition(".")[0]
    if plain in {"de_de", "en_us"} or plain in _CODES:
        return _CODES.get(plain, plain[:2])
    region = _REGIONS.fullmatch(plain)
    plain = region[1] if region and plain[-2:] not in {"xa", "xb", "xl", "xc"} else plain
    return plain if plain in LANGUAGES or plain == "en" else ""


_ICU = re.compile(r"\{\s*[\w@]+\s*,\s*(?:plural|select|selectordinal)\s*,(?:[^{}]|\{[^{}]*\})*\}")
_OTHER = re.compile(r"other\s*\{([^{}]*)\}")
_ICON = re.compile(r"\$\([\w~-]+\)")
_LINK = re.compile(r"!?\[([^\]]+)\]\((?:[^()\s]|\([^()]*\))*\)")
_ADDRESS = re.compile(r"\b(?:https?|ftp|command|mailto):\S+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|<\d+>|</\d+>")
_MNEMONIC = re.compile(
    r"\s?[(\uff08](?:&&|&|_)\w[)\uff09]|&&(?=\w)|(?<![\w&])&(?=\w)|(?<=[a-z])&(?=[a-z])"
)
_PLACEHOLDER = re.compile(
    r"\$?\{\{?[^{}\n]{0,60}\}?\}"
    r"|%\([\w.]+\)[-#0+ ]*\d*(?:\.\d+)?[sdfrixuc]?"
    r"|%(?:\d+\$)?[-#0+]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:ll?|z|h{1,2}|j|l)?[sdiufgxXcpreEAm](?![a-zA-Z])"
    r"|%\d+|\$(?:PH)?\d+|%[sd]|@@\w+@@|\[\[?\w+\]\]|%\{\w+\}|\$\w+\$|<PRI\w+>|__\w+__|\u00b6"
)
_QUOTES = "\"'`\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u300c\u300d\u300e\u300f"
_EMPTY = re.compile(rf"[{_QUOTES}]\s*[{_QUOTES}]|[(\[\uff08]\s*[)\]\uff09]|''+")
_EDGE = (
    " \t\n\r\f\v.:;,-=|/\\*#>!?\"'\u2026\u2013\u2014\u2022\u00b7\u3002\uff1a\u3001\uff01\uff1f"
    "\uff0c\uff1b\u201c\u201d\u201e\u00ab\u00bb"
)
_BREAKS = re.compile(r"[\x00-\x08\x0e-\x1f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")


def plain(text: str) -> str:
    """A message's words: markup, placeholders, keyboard marks and closing punctuation go."""
    for icu in _ICU.findall(text):
        other = _OTHER.search(icu)
        text = text.replace(icu, other[1].replace("#", " ") if other else "")
    text = html.unescape(text) if "&" in text else text
    text = _TAG.sub(" ", _LINK.sub(r"\1", text))
    text = _ADDRESS.sub(" ", _ICON.sub(" ", text))
    text = _MNEMONIC.sub("", text)
    text = _PLACEHOLDER.sub(" ", text)
    text = _BREAKS.sub("", text.replace("`", "").replace("**", "").replace("''", "'"))
    text = _EMPTY.sub(" ", text)
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    text = re.sub(r"\s+([.,;:!?)])", r"\1", text)
    return text.strip(_EDGE)


_SCRIPTS = {
    "ja": r"\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uff66-\uff9d",
    "zh": r"\u3400-\u9fff",
    "zh-hant": r"\u3400-\u9fff",
    "hi": r"\u0900-\u097f",
    "ru": r"\u0400-\u04ff",
    "uk": r"\u0400-\u04ff",
    "ko": r"\uac00-\ud7af\u1100-\u11ff\u3130-\u318f",
    "ar": r"\u0600-\u06ff\u0750-\u077f",
}
_SCRIPT = {language: re.compile(f"[{letters}]") for language, letters in _SCRIPTS.items()}
_KANA = re.compile(r"[\u3040-\u30fa\u30fd-\u30ff]")
_LATIN = re.compile(r"[^\W\d_]+")
#: English words that say nothing of their own.
ENGLISH = frozenset(
    "the of to and is are not for with from this that be by an in was were has have can cannot "
    "could will you your it as on when which there does if must should than only already".split()
)
_LINES = Path(__file__).with_name("frequent-words.txt").read_text(encoding="utf-8").splitlines()
_OWN = {line[:2]: frozenset(line[3:].split()) for line in _LINES if not line.startswith("#")}


def is_in(language: str, text: str, english: str) -> bool:
    """Whether a translation can be what it claims: in that language, and no copy of the English."""
    letters = sum(character.isalpha() for character in text)
    if language in _SCRIPT:
        own = len(_SCRIPT[language].findall(text))
        if own < 1 or own < 0.2 * letters:
            return False
        if language in {"zh", "zh-hant"}:
            return not _KANA.search(text)
        if language == "ja" and len(text) > 20:
            return _KANA.search(text) is not None
        return True
    if letters < 3 or sum(c.isalpha() and ord(c) > 0x24F for c in text) > 0.1 * letters:
        return False
    words = _LATIN.findall(text.lower())
    shared = set(_LATIN.findall(english.lower()))
    if not words or (len(words) > 2 and sum(word in shared for word in words) > 0.6 * len(words)):
        return False
    if len(words) < 6:
        return True
    own = sum(word in _OWN[language] for word in words)
    foreign = sum(word in ENGLISH for word in words)
    others = max(
        sum(word in theirs - _OWN[language] for word in words)
        for code, theirs in _OWN.items()
        if code != language
    )
    return own > foreign and own * 1.5 >= others


_WORD = re.compile(r"\w+")
#: How many characters a translation may have for one of English, at least and at most.
_RATIOS = {"ja": (0.15, 1.6), "zh": (0.1, 1.1), "zh-hant": (0.1, 1.1), "ko": (0.2, 1.6)}


def is_pair(language: str, text: str, english: str) -> bool:
    """Whether two plain messages are worth keeping as one another's translation."""
    if not 2 <= len(english) <= 600 or not 1 <= len(text) <= 900:
        return False
    letters = sum(c.isascii() and c.isalpha() for c in english)
    if letters < 2 or letters < 0.5 * len(english.replace(" ", "")):
        return False
    if text.casefold() == english.casefold() or len(_WORD.findall(english)) > 90:
        return False
    least, most = _RATIOS.get(language, (0.4, 2.6))
    length = len(english) + 4
    return least * length - 4 <= len(text) <= most * length + 8 and is_in(language, text, english)
