"""How an answer is printed: the same for ``search`` and ``similar``, in every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codesearch import output, protocol, terms
from codesearch.cli.base import FOUND, NOTHING, Door
from codesearch.cli.scope import Opened
from codesearch.errors import ConfigError
from codesearch.model import SearchRequest, SearchResult
from codesearch.snippet import Extent


@dataclass(frozen=True)
class Shape:
    """What of each hit is printed, and in which format."""

    form: str  # text, json, jsonl or vimgrep
    extent: Extent
    chosen: bool  # whether an extent was asked for: then lines are shown even in a pipe
    names_only: bool = False
    explain: bool = False


def shape(said: Mapping[str, Any]) -> Shape:
    """What the flags of presentation say together.

    Raises:
        ConfigError: they contradict each other.
    """
    form = said["form"] or "text"
    names_only, full = said["names_only"], said["full"]
    if names_only and form != "text":
        raise ConfigError(f"-l prints names of files only, so it does not go with {form}")
    before, after = (
        said["context"] if said[side] is None else said[side] for side in ("before", "after")
    )
    if full and (before is not None or after is not None):
        raise ConfigError("--full shows all lines, so there are none to choose with -A, -B or -C")
    extent = Extent(full, before, after)
    return Shape(form, extent, extent != Extent(), names_only, said["explain"])


def document(
    opened: Opened, request: SearchRequest, result: SearchResult, extent: Extent
) -> dict[str, Any]:
    """The answer as wire JSON."""
    return protocol.search(
        request,
        result,
        root=str(opened.index.root),
        model=opened.index.model()[0],
        backend=opened.settings.backend,
        extent=extent,
    )


def show(
    door: Door, opened: Opened, request: SearchRequest, result: SearchResult, shape: Shape
) -> int:
    """Prints an answer and returns the exit code."""
    for warning in result.warnings:
        door.warn(warning)
    if shape.form in {"json", "jsonl"}:
        found = document(opened, request, result, shape.extent)
        door.write(protocol.encode(found, indent=shape.form == "json"), exact=True)
    elif result.hits:
        _print(door, opened, request, result, shape)
    if not result.hits:
        door.say(_nothing(request))
        return NOTHING
    ms = round(result.seconds * 1000)
    door.detail(f"{output.plural(len(result.hits), 'answer')} in {ms} ms, {result.state.value}")
    return FOUND


def _print(
    door: Door, opened: Opened, request: SearchRequest, result: SearchResult, shape: Shape
) -> None:
    hits = [hit for best in result.hits for hit in (best, *best.also)]
    if shape.names_only:
        door.names(opened.name(path) for path in dict.fromkeys(h.chunk.path for h in hits))
    elif shape.form == "vimgrep":
        door.write(
            "\n".join(output.vimgrep(h, opened.name(h.chunk.path)) for h in hits), exact=True
        )
    elif door.terminal or shape.chosen or shape.explain:
        words = set(terms.question_terms(request.query))
        for number, hit in enumerate(result.hits):
            block = output.block(
                hit, opened.name(hit.chunk.path), words, shape.extent, door.screen,
                explain=shape.explain,
            )  # fmt: skip
            door.write(f"\n{block}" if number else block)
    else:
        lines = (output.plain(h, opened.name(h.chunk.path), door.screen) for h in hits)
        door.write("\n".join(lines), exact=True)


def _nothing(request: SearchRequest) -> str:
    where = f" in {', '.join(request.paths)}" if request.paths else ""
    plain = SearchRequest(
        request.query, request.top_k, request.mode, request.paths, by_file=request.by_file
    )
    hint = "; try without the filters" if request != plain else ""
    query = output.clip(request.query, 60, "...")
    return f'nothing found for "{query}"{where}{hint}'
