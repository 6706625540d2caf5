"""Strings that look like secrets, replaced before a text is sent.

The detectors are those of detect-secrets (https://github.com/Yelp/detect-secrets): tokens of known
services, quoted strings of high entropy, values given to names like "password". A private key is
replaced whole. What is replaced says little to a model, so a false alarm costs next to nothing,
and what was missed is gone for good: no finding is weighed any further.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from codesearch.errors import EmbedderError
from codesearch.imports import without_probing

_MARK = "REDACTED"
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*KEY[A-Z ]*-----|\Z)",
    re.DOTALL,
)
# A line of nothing else: of a key whose beginning lies in another piece of the text.
_ENCODED = re.compile(r"^[\s#*/\"'+]*([A-Za-z0-9+/]{40,}={0,2})[\s\\\"'+,;n)]*$", re.MULTILINE)
# Forms of keys that are younger than the library's last release: Google's, Anthropic's and
# OpenAI's, GitHub's fine-grained, Hugging Face's, Groq's, xAI's, DigitalOcean's.
_YOUNG = re.compile(
    r"\b(?:AQ\.[\w-]{20,}|AIza[\w-]{35}|ya29\.[\w-]{20,}|sk-[\w-]{20,}|github_pat_\w{22,}"
    r"|hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{40,}|dop_v1_[a-f0-9]{64})"
)
# What the library finds between quotes only, or not at all: a value with a digit, of a name that
# says what it is, on its line or the next one; the password of an address; what is borne.
_TELLING_NAME = r"[\w.-]*(?:key|secret|pass(?:wor[dt]|wd|phrase)?|pwd|token|credentials?)[\w.-]*"
_PLAIN = re.compile(
    rf"(?i)(?<![\w.-]){_TELLING_NAME}[\"']?\s*[=:]{{1,2}}>?\s*[({{\[]*\s*"
    r"([\"'`]?)(?=[^\s\"'`]*[0-9])(?=[^\s\"'`]*[A-Za-z])([^\s\"'`()\[\]{}<>,;]{8,})\1(?=[\s\"'`,;)}\]]|$)"
)
_ADDRESS = re.compile(r"://[^\s/@:\"']*:([^\s/@\"']{3,})@")
_BEARER = re.compile(r"\b(?:Bearer|Basic)\s+([A-Za-z0-9._~+/=-]{16,})")
_OWN = (
    ("Service Key", _YOUNG, 0),
    ("Encoded Line", _ENCODED, 1),
    ("Named Secret", _PLAIN, 2),
    ("Password In Address", _ADDRESS, 1),
    ("Authorization", _BEARER, 1),
)
# What any line needs that a detector could find something in; most have none of it.
_NAMES = re.compile("key|pass|pwd|secret|contrase", re.IGNORECASE)
_VALUES = re.compile(r"""[0-9].*[0-9]|://|["'`][A-Za-z+/=_-]{20}""")
_MOST_CLEAN = 200_000
_LONG_LINE = 20_000  # the detectors are regular expressions: a line of data would take them long


class Redactor:
    """Replaces strings that look like secrets. For one thread."""

    def __init__(self) -> None:
        # Of texts without secrets, which are mostly looked at twice: to be priced and to be sent.
        self._clean: set[int] = set()

    def __call__(self, text: str, name: str) -> tuple[str, list[str]]:
        """The text without its secrets, and what kinds they were of.

        Args:
            text: any.
            name: of its file; some detectors look for quotes in some languages only.

        Raises:
            EmbedderError: the library is not installed.
        """
        seen = hash((text, name))
        if seen in self._clean:
            return text, []
        clean, kinds = self._replaced(text, name)
        if not kinds:
            if len(self._clean) >= _MOST_CLEAN:
                self._clean.clear()
            self._clean.add(seen)
        return clean, kinds

    def _replaced(self, text: str, name: str) -> tuple[str, list[str]]:
        kinds: list[str] = []
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if len(line) > _LONG_LINE:
                lines[number] = _MARK
                kinds.append("Long Line")
        text = "\n".join(lines)
        if "PRIVATE KEY" in text:
            # Line breaks stay, so that lines keep their numbers.
            text, count = _KEY_BLOCK.subn(lambda m: _MARK + "\n" * m[0].count("\n"), text)
            kinds += ["Private Key"] * count
        for kind, pattern, group in _OWN:
            text, count = _without(text, pattern, group)
            kinds += [kind] * count
        lines = text.split("\n")
        for number, line in enumerate(lines):
            named, valued = _NAMES.search(line), _VALUES.search(line)
            if not (named or valued):
                continue
            for kind, secret in self._found(line, name, bool(named), bool(valued)):
                if secret in lines[number]:
                    lines[number] = lines[number].replace(secret, _MARK)
                    kinds.append(kind)
        return ("\n".join(lines), kinds) if kinds else (text, kinds)

    def _found(self, line: str, name: str, named: bool, valued: bool) -> list[tuple[str, str]]:
        by_name, by_value = self._detectors
        detectors = [*(by_name if named else ()), *(by_value if valued else ())]
        found = {
            (secret.type, secret.secret_value)
            for detector in detectors
            for secret in detector.analyze_line(filename=name, line=line, line_number=1)
            if secret.secret_value and secret.secret_value != _MARK
        }
        return sorted(found, key=lambda f: (-len(f[1]), f))  # the longer may hold the shorter

    @cached_property
    def _detectors(self) -> tuple[list[Any], list[Any]]:
        """Those that go by the name of a variable, and the others."""
        try:
            with without_probing():
                from detect_secrets.settings import default_settings, get_plugins
        except ImportError as error:
            raise EmbedderError(
                "secrets can't be kept out without the library detect-secrets",
                "pip install detect-secrets",
            ) from error
        with default_settings():
            every = list(get_plugins())
        by_name = [d for d in every if type(d).__name__ == "KeywordDetector"]
        return by_name, [d for d in every if d not in by_name]


def _without(text: str, pattern: re.Pattern[str], group: int) -> tuple[str, int]:
    """The text with a group of each match replaced, and how many there were."""
    out, at, count = [], 0, 0
    for found in pattern.finditer(text):
        start, end = found.span(group)
        if text[start:end] == _MARK:
            continue
        out += [text[at:start], _MARK]
        at = end
        count += 1
    return "".join([*out, text[at:]]), count
