"""Chunking: a file's text to the units that answer questions.

Functions with their docs, headers of types with the signatures of their members, constants,
sections of documents, and what is left over: every line of a file is in at least one chunk.
Knows languages only through their grammars; reads no file and embeds nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from codesearch import languages
from codesearch.chunking import prose, statements, syntax
from codesearch.chunking.prose import windows
from codesearch.chunking.syntax import Known
from codesearch.errors import GrammarError
from codesearch.model import Chunk, SourceFile

__all__ = ["Known", "chunk", "chunk_or_windows", "tokens_of", "windows"]

_NOTHING: Known = MappingProxyType({})


def chunk(file: SourceFile, known: Known = _NOTHING) -> list[Chunk]:
    """The chunks of a file, by their first lines, containers before their members.

    No text makes it fail: what a parser does not understand, or not within its budget of time,
    is cut into windows of lines.

    Args:
        file: the file.
        known: fingerprints that need not be made again, see ``Known``.

    Raises:
        GrammarError: the language is unknown, or its parser cannot be loaded.
    """
    if file.language != languages.TEXT:
        grammar = languages.grammar(file.language)
        if grammar.sections:
            return prose.sections(file, grammar.sections)
        if grammar.statements.head:
            return statements.chunk(grammar, file)
        found = syntax.chunk(grammar, file, known)
        if found is not None:
            return found
    return windows(file)


def chunk_or_windows(file: SourceFile, known: Known = _NOTHING) -> list[Chunk]:
    """The same; a file whose parser is not installed is cut into windows of lines."""
    try:
        return chunk(file, known)
    except GrammarError:
        return windows(file)


def tokens_of(
    file: SourceFile, wanted: Collection[tuple[int, str]]
) -> dict[tuple[int, str], list[tuple[int, int, str]]]:
    """The tokens of some functions of a file, without comments: what their fingerprints count.

    Args:
        file: the file.
        wanted: the first line and the symbol of each function, as its chunk has them.

    Returns:
        For each function that is there: the tokens in order, each with its beginning and its end
        (characters, from the beginning of the first line on) and its text.
    """
    try:
        if file.language == languages.TEXT:
            return {}
        grammar = languages.grammar(file.language)
        if grammar.statements.head:
            return statements.tokens_of(grammar, file, wanted)
        return syntax.tokens_of(grammar, file, wanted) if grammar.parser else {}
    except GrammarError:
        return {}
