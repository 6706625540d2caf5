"""What must not be trained on: the projects of ``excluded.txt``, by whatever name they come.

Strict rather than clever: a package is refused if the words of an excluded name stand anywhere in
its own, so plugins and forks go too, and so do some strangers. The room reads no archive.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

LIST = Path(__file__).with_name("excluded.txt")

_SEPARATORS = re.compile(r"[^a-z0-9]+")
# "libfmt", "fmtlib", "nestjs", "commons-lang3", "pyflask" are the project all the same.
_PREFIXES = ("lib", "py", "node", "go")
_SUFFIXES = ("js", "py", "rb", "rs", "lib", "cpp", "cli")
# Owner and repository: the first two parts of a path behind a host.
_ADDRESS = re.compile(r"(?:\w+://(?:[\w.-]+@)?|git@|\bgithub:)[\w.-]*[/:]?([\w.~-]+)/([\w.~-]+)")
# Languages whose projects also come as one file among those of others.
_SINGLE = frozenset({"js", "mjs", "cjs", "h", "hpp"})
_MAX_ADDRESSES = 4_000  # characters


def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case: ``@Scope/Lazy.nvim`` is scope, lazy, nvim."""
    return tuple(word for word in _SEPARATORS.split(name.lower()) if word)


@cache
def names() -> frozenset[tuple[str, ...]]:
    """The excluded names as words."""
    lines = LIST.read_text(encoding="ascii").splitlines()
    listed = (line.split() for line in lines if not line.startswith("#"))
    return frozenset(words(name) for line in listed for name in line)


@cache
def _longest() -> int:
    return max(map(len, names()))


@lru_cache(maxsize=1 << 16)
def _forms(word: str) -> tuple[str, ...]:
    """A word as it stands and without what packagers put around it."""
    forms = [word]
    bare = word.rstrip("0123456789")
    if bare and bare != word:
        forms.append(bare)
    for form in list(forms):
        forms += [
            form[len(p) :] for p in _PREFIXES if form.startswith(p) and len(form) > len(p) + 1
        ]
        forms += [form[: -len(s)] for s in _SUFFIXES if form.endswith(s) and len(form) > len(s) + 1]
    return tuple(dict.fromkeys(forms))


@lru_cache(maxsize=1 << 16)
def excluded(name: str) -> str:
    """The excluded project that a package's name holds, or an empty string."""
    parts = words(name)
    for start in range(len(parts)):
        for length in range(1, min(_longest(), len(parts) - start) + 1):
            *first, last = parts[start : start + length]
            for form in _forms(last):
                if (*first, form) in names():
                    return "-".join((*first, form))
            if first:
                for form in _forms(first[0]):
                    if (form, *first[1:], last) in names():
                        return "-".join((form, *first[1:], last))
    return ""


def excluded_address(text: str) -> str:
    """The excluded project that an address in the text leads to: its repository or its owner."""
    for owner, repository in _ADDRESS.findall(text[:_MAX_ADDRESSES]):
        for name in (repository.removesuffix(".git"), owner):
            parts = words(name)
            for whole in [(form,) for form in _forms(parts[0])] if len(parts) == 1 else [parts]:
                if whole in names():
                    return "-".join(whole)
    return ""


def is_vendored_copy(path: str) -> bool:
    """Whether a file lies in a folder named as an excluded project is, or is one in one file."""
    *folders, name = path.split("/")
    stem, _, suffix = name.partition(".")
    return any(map(_is_named, folders)) or (
        suffix.rpartition(".")[2] in _SINGLE and _is_named(stem)
    )


@lru_cache(maxsize=1 << 16)
def _is_named(name: str) -> bool:
    parts = words(name)
    while parts and parts[-1].isdigit():  # "zod-3.22.4"
        parts = parts[:-1]
    return parts in names()
