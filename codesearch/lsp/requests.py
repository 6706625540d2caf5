"""What clients ask for, checked: the parameters of our own requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from codesearch import languages, output
from codesearch.errors import ConfigError, did_you_mean
from codesearch.model import Kind, Mode, SearchRequest, Tests

_MOST = 1_000


def search(
    query: str, params: Mapping[str, Any], *, tests: Tests, paths: Sequence[str]
) -> SearchRequest:
    """A question and what may answer it.

    Args:
        query: in plain words, or what is looked for in another way.
        params: the members that ``codesearch/search`` and ``codesearch/similar`` share.
        tests: what the settings say of tests.
        paths: the part of the repository that a folder of the editor is.

    Raises:
        ConfigError: a member that makes no sense.
    """
    given = _texts(params, "paths")
    return SearchRequest(
        query=output.one_line(query)[: output.MAX_QUERY],
        top_k=_count(params, "topK", 20),
        mode=_one_of(params, "mode", get_args(Mode), "hybrid"),
        paths=tuple(given or paths),
        globs=tuple(_texts(params, "globs")),
        languages=tuple(map(languages.canonical, _texts(params, "languages"))),
        not_languages=tuple(map(languages.canonical, _texts(params, "notLanguages"))),
        kinds=tuple(_checked("kinds", kind, get_args(Kind)) for kind in _texts(params, "kinds")),
        symbol=text(params, "symbol"),
        tests=_one_of(params, "tests", get_args(Tests), tests),
        min_score=_score(params),
        by_file=params.get("byFile") is True,
    )


def question(params: Mapping[str, Any]) -> str:
    """The question of a request.

    Raises:
        ConfigError: there is none.
    """
    found = output.one_line(text(params, "query"))
    if not found:
        raise ConfigError("the query is empty")
    return found


def text(params: Mapping[str, Any], name: str) -> str:
    """A member that is a string; "" where it is missing.

    Raises:
        ConfigError: it is something else.
    """
    value = params.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a string")
    return value


def place(params: Mapping[str, Any]) -> tuple[str, int]:
    """The URI and the 1-based line of a position in a document.

    Raises:
        ConfigError: there is none.
    """
    position = params.get("position")
    line = position.get("line") if isinstance(position, Mapping) else None
    if not isinstance(line, int) or isinstance(line, bool) or line < 0:
        raise ConfigError("position must have a line, counted from 0")
    return document(params), line + 1


def document(params: Mapping[str, Any]) -> str:
    """The URI of a document.

    Raises:
        ConfigError: there is none.
    """
    found = params.get("textDocument")
    uri = found.get("uri") if isinstance(found, Mapping) else None
    if not isinstance(uri, str):
        raise ConfigError("textDocument must have a uri")
    return uri


def uris(params: Mapping[str, Any], name: str) -> list[str]:
    """A member that is a list of URIs; may be missing.

    Raises:
        ConfigError: it is something else.
    """
    return _texts(params, name)


def scope(params: Mapping[str, Any]) -> str:
    """What a look for duplicates is about: "changed", "all" or "files".

    Raises:
        ConfigError: something else.
    """
    return str(_one_of(params, "scope", ("changed", "all", "files"), "changed"))


def _texts(params: Mapping[str, Any], name: str) -> list[str]:
    value = params.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ConfigError(f"{name} must be a list of strings")
    return [v for v in value if v]


def _one_of(params: Mapping[str, Any], name: str, known: Sequence[str], usual: str) -> Any:
    value = text(params, name)
    return _checked(name, value, known) if value else usual


def _checked(name: str, value: str, known: Sequence[str]) -> Any:
    if value not in known:
        raise ConfigError(
            f"{name}: there is no {value!r}", did_you_mean(value, known) or ", ".join(known)
        )
    return value


def _count(params: Mapping[str, Any], name: str, usual: int) -> int:
    value = params.get(name)
    if value is None:
        return usual
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
        raise ConfigError(f"{name} must be a number from 1 to {_MOST:,}")
    return value


def _score(params: Mapping[str, Any]) -> float | None:
    value = params.get("minScore")
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ConfigError("minScore must be a number")
    return float(value)
