"""Comments and docstrings as plain text: the marks of many conventions removed.

No word of a comment is lost, and all languages share one rule: what stands before the first
word of a line and is no word itself is a mark. Which comment documents what is decided in
outline.py.
"""

from __future__ import annotations

import re

# A lookbehind starts a run of marks only where it begins: hostile runs stay linear.
_BLOCK = re.compile(r"\A(?:/\*+[!<]?|\(\*+|\{-+[ ]?[|^]?|<!--+|=[a-z]+\d*\b|<#|#=|--\[=*\[)")
_BLOCK_END = re.compile(
    r"(?:(?<!\*)\*+[/)]|(?<!-)-+\}|(?<!-)--+>|^=(?:end|cut)\b|#>|=#|(?<![=\]])\]=*\])\Z",
    re.MULTILINE,
)
_LEADER = re.compile(r"^[ \t]*(?:\*+(?=[\s*]|\Z)|//+[/!<]*|/\*+[!<]?)[ \t]?", re.MULTILINE)
_INNER_END = re.compile(r"(?<!\*)\*+/(?=[ \t]*$)", re.MULTILINE)
_LINE = re.compile(
    r"^[ \t]*(?://+[/!<]*|#+[!'|:]?|--+(?:[ \t]?[|^](?=\s))?|;+|%+)[ \t]?", re.MULTILINE
)
_RULER = re.compile(r"^[^\w\n]{4,}$\n?", re.MULTILINE)
_STRING = re.compile(r"(?:@\w+\s+)?[A-Za-z@~]{0,3}(\"\"\"|'''|\"|')")
_BLANKS = re.compile(r"\n(?:[ \t]*\n)+")


def clean(raw: str) -> str:
    """A doc comment, a run of comments or a docstring without its marks, dedented."""
    raw = raw.strip()
    string = _STRING.match(raw)
    if string and raw.endswith(string[1]):
        text = raw[string.end() : max(string.end(), len(raw) - len(string[1]))]
    else:
        block = _BLOCK.match(raw)
        if block:
            text = _BLOCK_END.sub("", raw[block.end() :])
            text = _INNER_END.sub("", _LEADER.sub("", text))
        else:
            text = _LINE.sub("", raw)
        text = _RULER.sub("", text)
    if "\n" not in text:
        return text.strip()
    return _BLANKS.sub("\n\n", _dedented(text)).strip()


def _dedented(text: str) -> str:
    """Without the indentation that all lines but the first share."""
    first, *rest = (line.rstrip() for line in text.split("\n"))
    margin = min((len(line) - len(line.lstrip()) for line in rest if line), default=0)
    return "\n".join([first.lstrip(), *(line[margin:] for line in rest)])
