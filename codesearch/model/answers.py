"""A question and what answers it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from codesearch.model.source import Chunk


class IndexState(enum.StrEnum):
    """What an index is worth before anything is refreshed."""

    MISSING = "missing"
    CORRUPT = "corrupt"
    OLD_FORMAT = "old format"
    OTHER_SETTINGS = "other settings"
    OTHER_MODEL = "other model"
    STALE = "stale"
    FRESH = "fresh"


Mode = Literal["hybrid", "semantic", "lexical"]
Tests = Literal["demote", "include", "exclude", "only"]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A question and what may answer it. Empty filters let everything through."""

    query: str
    top_k: int = 10
    mode: Mode = "hybrid"
    paths: tuple[str, ...] = ()  # folders or files; "" and "." mean the root
    globs: tuple[str, ...] = ()  # a leading "!" excludes
    languages: tuple[str, ...] = ()
    not_languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    symbol: str = ""  # a part of the symbol, any case
    tests: Tests = "demote"
    min_score: float | None = None
    by_file: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer with the parts of its score, for ``--explain``."""

    chunk: Chunk  # ``text`` is read from the file at answer time
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)
    fresh: bool = True  # whether its file is still as it was indexed; else it was cut anew
    also: Sequence[Hit] = ()  # with ``by_file``: the file's next functions
    relation: str = ""  # what it is to the function asked about: a value of ``RULE_NAMES``


@dataclass(frozen=True, slots=True)
class SearchResult:
    hits: Sequence[Hit]
    state: IndexState
    pending: int  # files that changed and are not yet in the stored index
    seconds: float
    truncated: bool = False  # there were more than top_k
    warnings: Sequence[str] = ()
