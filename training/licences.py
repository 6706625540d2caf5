"""Licences: whether what a package says of itself is permissive.

Reads expressions (SPDX, Debian, prose) and the files that registries' packages carry. What is
not understood is not permissive. The room decides of texts only; it opens no archive.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import lru_cache

# fmt: off
_PERMISSIVE = re.compile(
    r"(?:the )?(?:"
    r"mit(?:[ -]?(?:0|cmu|style|x11|x|expat|modern-variant|old-style|feh|festival|advertising))?"
    r"|expat(?:[ -]\w+)?|x11(?:[ -]\w+)?|x/mit|mit/x11|mit/expat"
    r"|(?:new |modified |simplified |revised |free ?)?bsd(?:[ -]?style|[ -]?like)?"
    r"|(?:modified |simplified |new )?bsd[ -]?[0-4](?:[ -]clauses?)?(?:[ -][\w.~+]+)*"
    r"|[0234]-clause[ -]bsd|bsd-(?:\w+-)*(?:new|simplified|style|like)|0bsd|bsd \([0-4][ -]clause\)"
    r"|apache(?:[ -]?(?:software )?(?:licen[cs]e)?,?[ -]?(?:v|version )?\.?(?:2(?:\.0)?))"
    r"|apache|asl[ -]?2(?:\.0)?|apache-1\.1|asf2?\.?0?"
    r"|isc(?:[ -]\w+)?|zlib(?:/libpng|-acknowledgement)?|libpng|zlib-libpng|zlib/png"
    r"|psf(?:-2(?:\.0)?|l)?|python(?:-2\.0(?:\.1)?| software foundation)|psf-license"
    r"|unlicen[sc]e|bsl[ -]?1(?:\.0)?|boost(?:[ -]1\.0| software(?: license)?(?: 1\.0)?)?|boost-1"
    r"|postgresql|public[ -]?domain|pd|cc0(?:[ -]1\.0)?(?:[ -]universal)?|wtfpl(?:-2)?|hpnd"
    r"|zpl[ -]?2\.[01]|ncsa|uiuc|ntp|w3c|unicode(?:-\w+)*|icu|php-3\.01?|upl(?:-1\.0)?|edl-1\.0"
    r"|blueoak-1\.0\.0|mulanpsl-2\.0|curl|openssl|tcl|beerware"
    r")(?: licen[cs]e)?(?:[ ,-]*(?:v|version )?[0-9.]+)?"
)
# fmt: on
_BAD_WORDS = re.compile(
    r"\b(?:a?l?gpl\w*|gnu|mpl|mozilla|epl|eclipse|cddl|cc[ -]by|non-?commercial|proprietary|"
    r"commercial|sspl|busl|business source|copyleft|eupl|osl|cecill)\b"
)
_SPLIT = re.compile(r"(\(|\)|;|,|\band\b|\bor\b|\bwith\b|/|&|\|)")

# What the texts themselves say, for packages that name no licence but carry one.
_GRANTS = (
    ("MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("BSD", "redistribution and use in source and binary forms, with or without"),
    ("Apache-2.0", "apache license version 2.0, january 2004"),
    ("Apache-2.0", "licensed under the apache license, version 2.0"),
    ("ISC", "permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("ISC", "permission to use, copy, modify, and distribute this software for any purpose"),
    ("Unlicense", "this is free and unencumbered software released into the public domain"),
    ("BSL-1.0", "boost software license - version 1.0"),
    ("WordNet", "permission to use, copy, modify and distribute this software and database"),
    ("pg_dump", "rights are granted to use this software in any way so long as this notice is not"),
    ("Zlib", "this software is provided 'as-is', without any express or implied warranty"),
)
_MAX_TEXT = 60_000

_CLASSIFIER = "License :: "
_CLASSIFIERS = {
    "mit license": "MIT", "mit no attribution license (mit-0)": "MIT-0", "bsd license": "BSD",
    "apache software license": "Apache-2.0", "isc license (iscl)": "ISC",
    "python software foundation license": "PSF-2.0", "zope public license": "ZPL-2.1",
    "the unlicense (unlicense)": "Unlicense", "public domain": "public-domain",
    "boost software license 1.0 (bsl-1.0)": "BSL-1.0", "zlib/libpng license": "Zlib",
    "cc0 1.0 universal (cc0 1.0) public domain dedication": "CC0-1.0",
    "postgresql license": "PostgreSQL", "university of illinois/ncsa open source license": "NCSA",
    "historical permission notice and disclaimer (hpnd)": "HPND", "x.net license": "X11",
    "universal permissive license (upl)": "UPL-1.0", "blue oak model license (blueoak-1.0.0)":
    "BlueOak-1.0.0",
}  # fmt: skip


@lru_cache(maxsize=4096)
def permissive(expression: str) -> bool:
    """Whether a licence expression lets everybody use the text, with at most a notice.

    ``A and B`` needs both, ``A or B`` and ``A/B`` one, of ``A with B`` the first counts; a comma
    or semicolon is an "and".
    """
    text = " ".join(expression.lower().replace("\n", " ").split())
    if not text or len(text) > 300:
        return False
    if _is_known(text):
        return True
    tokens = [token.strip() for token in _SPLIT.split(text)]
    tokens = _joined([t for t in tokens if t])
    try:
        value, rest = _either(tokens, 0, 0)
    except (IndexError, RecursionError):
        return False
    return value and rest == len(tokens)


def _joined(tokens: list[str]) -> list[str]:
    """Commas before "and" or "or" are only marks: dropped."""
    return [
        token
        for token, after in zip(tokens, [*tokens[1:], ""], strict=True)
        if not (token in {",", ";"} and after in {"and", "or"})
    ]


def _either(tokens: Sequence[str], at: int, depth: int) -> tuple[bool, int]:
    value, at = _both(tokens, at, depth)
    while at < len(tokens) and tokens[at] in {"or", "/", "|"}:
        other, at = _both(tokens, at + 1, depth)
        value = value or other
    return value, at


def _both(tokens: Sequence[str], at: int, depth: int) -> tuple[bool, int]:
    value, at = _one(tokens, at, depth)
    while at < len(tokens) and tokens[at] in {"and", "&", ",", ";", "with"}:
        other, after = _one(tokens, at + 1, depth)
        value = value if tokens[at] == "with" else value and other
        at = after
    return value, at


def _one(tokens: Sequence[str], at: int, depth: int) -> tuple[bool, int]:
    if depth > 20:
        raise RecursionError
    if tokens[at] == "(":
        value, at = _either(tokens, at + 1, depth + 1)
        if tokens[at] != ")":
            raise IndexError
        return value, at + 1
    return _is_known(tokens[at]), at + 1


def _is_known(name: str) -> bool:
    return _PERMISSIVE.fullmatch(name) is not None and not _BAD_WORDS.search(name)


def of_text(text: str) -> str:
    """The permissive licence that a licence's own text is, or an empty string."""
    plain = " ".join(text[:_MAX_TEXT].lower().split()).replace("\u2019", "'")
    if _BAD_WORDS.search(plain):
        return ""
    return next((name for name, grant in _GRANTS if grant in plain), "")


def of_wheel(metadata: str, texts: Sequence[str] = ()) -> str:
    """A wheel's licence by its METADATA, or by the licence files beside it; empty if it may not.

    Args:
        metadata: the file's text.
        texts: the licence files of its ``.dist-info``.
    """
    head = HeaderParser().parsestr(metadata)
    expression = str(head.get("License-Expression") or "")
    if expression:
        return expression if permissive(expression) else ""
    found = [
        str(line).rpartition("::")[2].strip()
        for line in head.get_all("Classifier") or ()
        if str(line).startswith(_CLASSIFIER) and str(line).count("::") > 1
    ]
    if found:
        known = [_CLASSIFIERS.get(name.lower(), "") for name in found]
        return " AND ".join(sorted(set(known))) if all(known) else ""
    said = str(head.get("License") or "").strip()
    if said and len(said) <= 300 and said.lower() not in {"unknown", "none", "license", "other"}:
        return said if permissive(said) else of_text(said)
    if said and (name := of_text(said)):
        return name
    if len(said) > 300:
        return ""
    return _of_texts(texts)


def _of_texts(texts: Sequence[str]) -> str:
    known = [of_text(text) for text in texts]
    return " AND ".join(sorted(set(known))) if known and all(known) else ""


def of_npm(package: str, texts: Sequence[str] = ()) -> str:
    """An npm package's licence by its package.json; empty if it may not be used."""
    try:
        said = json.loads(package)
    except ValueError:
        return ""
    value = said.get("license") or said.get("licenses") if isinstance(said, dict) else None
    found = []
    for one in value if isinstance(value, list) else [value]:
        name = one.get("type") if isinstance(one, dict) else one
        if isinstance(name, str) and name:
            found.append(name)
    if not found:
        return _of_texts(texts)
    if found[0].lower().startswith("see license"):
        return _of_texts(texts)
    return " OR ".join(found) if any(permissive(name) for name in found) else ""


_NO_CODE = re.compile(
    r"(?:\A\(\?s:|/)(?:debian|tests?|testdata|fixtures|specs?|docs?)/", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class DebianCopyright:
    """Which files of a source package may be used: patterns with whether they may, in order."""

    licence: str
    stanzas: tuple[tuple[str, bool], ...]  # a regular expression of paths, permissive

    @property
    def all_permissive(self) -> bool:
        """Whether every stanza is, but those of Debian's own files, of tests and of documents."""
        return all(good or bool(_NO_CODE.search(pattern)) for pattern, good in self.stanzas)

    def allows(self, path: str) -> bool:
        """Whether a file's own stanza, the last that matches, is permissive."""
        for pattern, good in reversed(self.stanzas):
            if _compiled(pattern).match(path):
                return good
        return False


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_MAX_STANZAS = 2_000


def of_debian(text: str) -> DebianCopyright | None:
    """A Debian source's licences by its ``debian/copyright``; None if it may not be used.

    The stanza of ``*`` must be permissive; files of other stanzas are judged one by one.
    """
    parts = [_fields(stanza) for stanza in re.split(r"\n[ \t]*\n", text)[:_MAX_STANZAS]]
    texts = {  # Debian's own names ("Go") are judged by the texts that the file gives for them
        name.strip().lower(): bool(of_text(words))
        for part in parts
        if "files" not in part and "license" in part
        for name, _, words in [part["license"].partition("\n")]
    }
    stanzas: list[tuple[str, bool]] = []
    main = ""
    for fields in parts:
        if "files" not in fields or "license" not in fields:
            continue
        licence, _, words = fields["license"].partition("\n")
        licence = licence.strip()
        good = permissive(licence) or (
            not _BAD_WORDS.search(licence.lower())
            and bool(texts.get(licence.lower()) or of_text(words))
        )
        patterns = fields["files"].replace(",", " ").split()
        if "*" in patterns:
            if not good:
                return None
            main = licence or of_text(words)
        stanzas += [(fnmatch.translate(pattern), good) for pattern in patterns]
    return DebianCopyright(main, tuple(stanzas)) if main else None


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.split("\n"):
        if line.startswith("#"):
            continue
        if line[:1] in " \t":
            if name:
                fields[name] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields.setdefault(name, value.strip())
    return fields
