"""What holds for any text that is cut by the statements of a grammar; examples are in sql.toml."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codesearch.chunking import chunk
from codesearch.model import SourceFile

WORDS = [
    "CREATE TABLE t (", "CREATE FUNCTION f(a int) AS $$", "CREATE PROC p @a INT AS", "$$", "BEGIN",
    "END", "END;", ");", "GO", "/", "DELIMITER //", "END //", "-- a comment", "/* a", "b */", "'",
    '"', "INSERT INTO t VALUES (1);", "CASE", ";", "", "  ", "IS", "CREATE PACKAGE BODY b IS", "ä",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map("\n".join)


@given(TEXTS)
def test_every_line_is_in_one_chunk(text: str) -> None:
    found = chunk(SourceFile("a.sql", text, "", "sql"))
    lines = text.split("\n")
    covered = [line for c in found for line in range(c.start_line, c.end_line + 1)]
    assert len(covered) == len(set(covered))
    assert covered == sorted(covered)
    assert {n for n, line in enumerate(lines, 1) if line.strip()} <= set(covered)


@given(TEXTS)
def test_no_word_is_lost(text: str) -> None:
    found = chunk(SourceFile("a.sql", text, "", "sql"))
    kept = " ".join(f"{c.text} {c.doc}" for c in found).split()
    words = [word for word in text.split() if any(map(str.isalnum, word))]
    assert len([word for word in kept if any(map(str.isalnum, word))]) == len(words)
