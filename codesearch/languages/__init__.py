"""Languages: which one a file is written in, and what is known of each.

The grammars are the TOML files in ``grammars/``, whose format is described in grammars.py; a
new language is one new file there and no Python. A scan reads no more of them than their first
paragraphs. This room does not know what a chunk is.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from codesearch.errors import GrammarError, did_you_mean
from codesearch.languages.grammars import DEFINED, Duplicates, Grammar, folder, load, parse, sources

__all__ = [
    "DEFINED",
    "HEAD",
    "TEXT",
    "Duplicates",
    "Grammar",
    "canonical",
    "detect",
    "digest",
    "folder",
    "grammar",
    "may_be_code",
    "names",
]

#: The language of files that no grammar claims.
TEXT = "text"
#: How much of a file's beginning ``contents`` and shebangs look at, in characters.
HEAD = 16_384
#: The version of what chunking makes of a grammar: to be raised when other chunks come of it.
CHUNKER = 1

_VERSION = re.compile(r"[\d.]+$")


@dataclass(frozen=True)
class _Table:
    """What detection looks up."""

    files: Mapping[str, str]
    extensions: Mapping[str, tuple[tuple[re.Pattern[str] | None, str], ...]]
    shebangs: Mapping[str, str]
    aliases: Mapping[str, str]


@functools.cache
def _table() -> _Table:
    files: dict[str, str] = {}
    extensions: dict[str, list[tuple[re.Pattern[str] | None, str]]] = {}
    shebangs: dict[str, str] = {}
    aliases = {TEXT: TEXT}
    for name, source in sources().items():
        head = parse(name, source.partition("\n\n")[0])
        aliases[name] = name
        aliases.update(dict.fromkeys(head.get("aliases", ()), name))
        files.update(dict.fromkeys(head.get("files", ()), name))
        shebangs.update(dict.fromkeys(head.get("shebangs", ()), name))
        for extension in head.get("extensions", ()):
            condition = head.get("contents", {}).get(extension)
            pattern = re.compile(condition, re.MULTILINE) if condition else None
            extensions.setdefault(extension, []).append((pattern, name))
    ordered = {
        extension: tuple(sorted(claims, key=lambda claim: claim[0] is None))
        for extension, claims in extensions.items()
    }
    return _Table(files, ordered, shebangs, aliases)


def detect(path: str, head: bytes | str = b"") -> str:
    """The language of a file: by its name, its ending, then its shebang; else "text".

    Args:
        path: only its last part matters.
        head: the beginning of the file; the first ``HEAD`` characters do. It decides between
            languages that share an ending (``.h``) and gives the shebang.
    """
    table = _table()
    name = path.rpartition("/")[2]
    if name in table.files:
        return table.files[name]
    text = ""
    _, *parts = name.split(".")
    for first in range(len(parts)):
        extension = ".".join(parts[first:])
        claims = table.extensions.get(extension) or table.extensions.get(extension.lower(), ())
        for pattern, language in claims:
            if pattern is None:
                return language
            text = text or _beginning(head)
            if pattern.search(text):
                return language
    if head[:2] in (b"#!", "#!"):
        return table.shebangs.get(_interpreter(_beginning(head)), TEXT)
    return TEXT


def may_be_code(path: str) -> bool:
    """Whether a file's name leaves it open that it is in a language, or says that it is."""
    table, name = _table(), path.rpartition("/")[2]
    _, *parts = name.lower().split(".")
    endings = (".".join(parts[first:]) for first in range(len(parts)))
    return not parts or name in table.files or any(e in table.extensions for e in endings)


def _beginning(head: bytes | str) -> str:
    return head[:HEAD] if isinstance(head, str) else head[:HEAD].decode("latin-1")


def _interpreter(text: str) -> str:
    """The program's name in a ``#!`` line, without folder and version; it may be empty."""
    words = text[2:].partition("\n")[0].split()
    if words and words[0].rpartition("/")[2] == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return _VERSION.sub("", words[0].rpartition("/")[2]) if words else ""


def names() -> tuple[str, ...]:
    """Every language that has a grammar, sorted."""
    return tuple(sorted(sources()))


def canonical(name: str) -> str:
    """The name of a language given by name or alias, in any case; "text" is one too.

    Raises:
        GrammarError: there is no such language.
    """
    aliases = _table().aliases
    known = aliases.get(name.lower())
    if known is None:
        hint = did_you_mean(name, aliases) or "codesearch languages lists them"
        raise GrammarError(f"there is no language {name!r}", hint)
    return known


def grammar(name: str) -> Grammar:
    """The grammar of a language, by name or alias.

    Raises:
        GrammarError: there is none, or its file is wrong.
    """
    name = canonical(name)
    if name == TEXT:
        raise GrammarError("plain text has no grammar")
    return load(name)


def digest() -> str:
    """A digest of all grammars without their examples, and of the chunker's version."""
    whole = hashlib.sha256(f"{CHUNKER}\0".encode())
    for name, source in sources().items():
        whole.update(f"{name}\0{source}\0".encode())
    return whole.hexdigest()[:16]
