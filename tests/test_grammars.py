"""Every grammar keeps what its examples promise. A new language needs no line here."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from tree_sitter import Parser

from codesearch import languages
from codesearch.chunking import chunk
from codesearch.model import Chunk, SourceFile

FIELDS = ("kind", "symbol", "signature", "doc", "parameters", "lines", "text")


def examples() -> list[Any]:
    found = []
    for name in languages.names():
        text = (languages.folder() / f"{name}.toml").read_text(encoding="utf-8")
        own = tomllib.loads(text).get("example", [{"source": "", "chunk": [{}]}])  # to fail
        found += [pytest.param(name, x, id=f"{name}-{i}") for i, x in enumerate(own, 1)]
    return found


def shown(found: Chunk, wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields of a chunk that an example speaks of, in its words."""
    values = {field: getattr(found, field, None) for field in FIELDS}
    values["lines"] = [found.start_line, found.end_line]
    values["parameters"] = list(found.parameters)
    return {field: values[field] for field in wanted}


@pytest.mark.parametrize(("name", "example"), examples())
def test_example_gives_its_chunks(name: str, example: dict[str, Any]) -> None:
    found = chunk(SourceFile("example", example["source"], "", name))
    wanted = [{k: _outer(v) for k, v in c.items()} for c in example["chunk"]]
    for chunk_wanted in wanted:
        assert set(chunk_wanted) <= set(FIELDS), "an unknown field of a chunk"
    summary = "\n".join(f"{c.kind} {c.symbol!r} {c.start_line}-{c.end_line}" for c in found)
    assert len(found) == len(wanted), summary
    for got, want in zip(found, wanted, strict=True):
        assert shown(got, want) == want, summary


def _outer(value: Any) -> Any:
    return value.strip("\n") if isinstance(value, str) else value


@pytest.mark.parametrize("name", languages.names())
def test_grammar_is_whole(name: str) -> None:
    grammar = languages.grammar(name)
    assert grammar.extensions or grammar.files or grammar.shebangs
    if not grammar.parser:
        return
    assert "#not-any-of?" not in grammar.definitions, "tree_sitter 0.26 lets everything through"
    assert grammar.query.pattern_count
    assert grammar.comments, "no kinds of comments"
    kinds = [*grammar.comments, *grammar.attributes, *grammar.wrappers]
    kinds += grammar.duplicates.identifiers + grammar.duplicates.literals
    kinds += grammar.duplicates.comments
    assert grammar.duplicates.identifiers
    remark = "<?php " * (name == "php") + grammar.duplicates.remark.format("a reason")
    tree = Parser(grammar.language).parse(remark.encode())
    assert {n.type for n in tree.root_node.children} & set(grammar.duplicates.comments)
    for kind in kinds:
        assert grammar.language.id_for_node_kind(kind, True) is not None, f"no node {kind}"
