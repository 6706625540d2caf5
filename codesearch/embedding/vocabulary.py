"""Tokens of the trained model: how a word becomes rows of its table.

A word's parts (see ``terms``) are tokens where the vocabulary has them, else the longest pieces
that it has; two parts that often stand together are one token more. Knows no vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codesearch import terms

#: What a piece within a part begins with, which no part does.
INNER = "##"
_MAX_PART = 32  # characters; of a longer one, the beginning


class Vocabulary(dict[str, int]):
    """Token -> its row. The rows are the places in the list that it is made of."""

    def __init__(self, tokens: Sequence[str]) -> None:
        super().__init__(zip(tokens, range(len(tokens)), strict=True))

    def of_word(self, word: str) -> list[int]:
        """The tokens of an identifier or a word, in order; pairs last."""
        parts = terms.parts(word)
        return [row for part in parts for row in self.of_part(part)] + self.of_pairs(parts)

    def of_question(self, text: str) -> list[int]:
        """The tokens of a question: its words are neighbours too.

        All words: how little "where" and "do" say was learnt, and "give up" says much.
        """
        parts = [p for word in terms.words(text) for p in terms.parts(word)]
        return [row for part in parts for row in self.of_part(part)] + self.of_pairs(parts)

    def of_pairs(self, parts: Sequence[str]) -> list[int]:
        """The tokens of neighbouring parts."""
        pairs = (pair(*two) for two in zip(parts, parts[1:], strict=False))
        return [self[p] for p in pairs if p in self]

    def of_part(self, part: str) -> list[int]:
        """The token of a part, or of its pieces: the longest that there are, from the left."""
        whole = self.get(part)
        if whole is not None:
            return [whole]
        found: list[int] = []
        start, end = 0, min(len(part), _MAX_PART)
        while start < end:
            mark = INNER if start else ""
            for stop in range(end, start, -1):
                row = self.get(mark + part[start:stop])
                if row is not None:
                    found.append(row)
                    break
            else:
                stop = start + 1  # a character that nothing is known of
            start = stop
        return found


def pair(left: str, right: str) -> str:
    """The token of two neighbours: ``max_redirects`` and "redirects, max" share it."""
    return f"{left} {right}" if left < right else f"{right} {left}"


def distinct(rows: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(rows))
