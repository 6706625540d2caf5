"""Answers as an editor's list of symbols shows them."""

from __future__ import annotations

from collections.abc import Mapping

from lsprotocol import types

from codesearch.model import Chunk, Hit

#: By kind of chunk, as ``SymbolKind`` of the protocol (3.17) numbers them.
_KINDS: Mapping[str, int] = {
    "function": 12,
    "method": 6,
    "class": 5,
    "struct": 23,
    "trait": 11,
    "interface": 11,
    "enum": 10,
    "type": 26,
    "module": 2,
    "constant": 14,
    "macro": 12,
    "section": 15,
    "text": 1,
}


def name_of(chunk: Chunk) -> str:
    """What an answer is called in a list: the last part of its symbol, or its file's name."""
    return chunk.symbol.rpartition(".")[2] or chunk.path.rpartition("/")[2]


def symbol(hit: Hit, uri: str) -> types.WorkspaceSymbol:
    """A hit as a symbol of the workspace."""
    chunk = hit.chunk
    around = chunk.symbol.rpartition(".")[0]
    return types.WorkspaceSymbol(
        name=name_of(chunk),
        kind=types.SymbolKind(_KINDS[chunk.kind]),
        container_name=around or None,
        location=types.Location(uri, lines(chunk)),
    )


def lines(chunk: Chunk) -> types.Range:
    """All lines of a chunk."""
    return types.Range(types.Position(chunk.start_line - 1, 0), types.Position(chunk.end_line, 0))
