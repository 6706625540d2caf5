"""How many tokens a text has, about: the services' own counters would cost a request."""

from __future__ import annotations

import re

# Characters a token, read off Gemini's counts of code and of prose in other scripts.
_ASCII = 3.3
_OTHER = 2.0
_IDEOGRAPHS = 1.5
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")


def estimate(text: str) -> float:
    """The tokens of a text, within about a third."""
    if text.isascii():
        return 1 + len(text) / _ASCII
    wide = len(_WIDE.findall(text))
    narrow = len(text.encode("ascii", "ignore"))
    return 1 + narrow / _ASCII + wide / _IDEOGRAPHS + (len(text) - wide - narrow) / _OTHER


def fitting(text: str, most: int) -> str:
    """The beginning of a text that has at most so many tokens, also if the estimate is low."""
    allowed = most * 2 / 3
    while (has := estimate(text)) > allowed:
        text = text[: int(len(text) * min(allowed / has, 0.95))]
    return text
