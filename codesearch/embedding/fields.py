"""Passages as sums of tokens' vectors, field by field: what the trained and the hashing model do.

A field's direction is the sum over its tokens of log(1 + occurrences) times the token's vector; the
passage's is the sum of its fields' directions, each of length one before it is weighted, so that
a long body does not drown the name. A body says its theme in many words that mean much the same:
where a model knows that they do, a token of the code counts exp(-damping * c) times, c being its
cosine with the whole, so that what the function says besides is heard too. So do a question's
tokens. Knows no model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codesearch import terms
from codesearch.model import Passage

F32 = NDArray[np.float32]

_PATH_PARTS = 4
_MAX_WORDS = 200_000
_TINY = np.float32(1e-9)


@dataclass(frozen=True, slots=True)
class Fields:
    """How much each field of a passage counts."""

    code: float = 1.0
    doc: float = 0.8
    symbol: float = 0.8
    path: float = 0.3


def texts(passage: Passage) -> tuple[str, str, str, str]:
    """What is embedded of a passage, in the order of ``Fields``."""
    path = "/".join(passage.path.split("/")[-_PATH_PARTS:])
    return passage.code, passage.doc, passage.symbol, path


class FieldSums:
    """Embeds passages.

    Args:
        tokens: the rows of a word.
        table: the vectors of all rows met so far, shape (rows, dimension).
        fields: what each field counts.
        damping: see the module's text; 0 for vectors that know no meaning.
    """

    def __init__(
        self,
        tokens: Callable[[str], Sequence[int]],
        table: Callable[[], F32],
        fields: Fields,
        damping: float = 0.0,
    ) -> None:
        self._tokens = _Kept(tokens)
        self._table = table
        self._fields = fields
        self._damping = damping
        self._lengths: F32 = np.zeros(0, np.float32)  # of the table's rows

    def __call__(self, passages: Sequence[Passage]) -> F32:
        """Unit vectors, shape (len(passages), dimension); zeros where there are no tokens."""
        if len(self._tokens) > _MAX_WORDS:
            self._tokens.clear()
        code, doc, symbol, path = zip(*map(texts, passages), strict=True) if passages else [()] * 4
        total: F32 = np.zeros((len(passages), self._table().shape[1]), np.float32)
        f = self._fields
        for weight, of_field in ((f.doc, doc), (f.symbol, symbol), (f.path, path)):
            # The path is that of every passage of a file.
            place = {text: i for i, text in enumerate(dict.fromkeys(of_field))}
            sums = self._sums(list(place))
            total += np.float32(weight) * sums[[place[text] for text in of_field]]
        return unit(self._with_code(code, total))

    def _sums(self, of_field: Sequence[str]) -> F32:
        """The directions of some texts, of length one."""
        token, weight, first = self._bags(of_field)
        table = self._table()
        out = np.zeros((len(of_field), table.shape[1]), np.float32)
        edges = first.tolist()
        for i, (a, b) in enumerate(zip(edges, edges[1:], strict=False)):
            if a < b:
                out[i] = weight[a:b] @ table[token[a:b]]
        return unit(out)

    def _with_code(self, codes: Sequence[str], others: F32) -> F32:
        """The sums of all fields, of those but the code, which are changed."""
        token, weight, first = self._bags(codes)
        table = self._table()
        if self._damping and len(self._lengths) != len(table):
            self._lengths = lengths(table)
        share = np.float32(self._fields.code)
        edges = first.tolist()
        for i, (a, b) in enumerate(zip(edges, edges[1:], strict=False)):
            if a == b:
                continue
            rows = table[token[a:b]]
            said = _unit(weight[a:b] @ rows)
            if self._damping:
                whole = _unit(others[i] + share * said)
                kept = damped(weight[a:b], rows, self._lengths[token[a:b]], whole, self._damping)
                said = _unit(kept @ rows)
            others[i] += share * said
        return others

    def _bags(self, of_field: Sequence[str]) -> tuple[NDArray[np.int64], F32, NDArray[np.int64]]:
        """The distinct tokens of each text, what they weigh, and where each text's begin."""
        numbers: dict[str, int] = {}
        word: list[int] = []
        count: list[int] = []
        sizes: list[int] = []
        for text in of_field:
            found = terms.tally(text) if text else {}
            sizes.append(len(found))
            word += [numbers.setdefault(w, len(numbers)) for w in found]
            count += found.values()
        split = [self._tokens[w] for w in numbers]
        widths = np.array([len(s) for s in split], np.int64)
        starts = np.cumsum(widths) - widths
        rows = np.array([row for s in split for row in s], np.int64)

        words = np.array(word, np.int64)
        width = widths[words]
        ends = np.cumsum(width)
        at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(
            starts[words] - ends + width, width
        )
        owner = np.repeat(np.repeat(np.arange(len(of_field)), sizes), width)
        span = int(rows.max()) + 1 if len(rows) else 1
        keys = owner * span + rows[at]
        times = np.repeat(np.array(count, np.float32), width)
        order = np.argsort(keys, kind="stable")
        keys, times = keys[order], times[order]
        begin = np.flatnonzero(np.diff(keys, prepend=-1))
        tf = np.add.reduceat(times, begin) if len(begin) else times
        first = np.searchsorted(keys[begin], np.arange(len(of_field) + 1) * span)
        return keys[begin] % span, np.log1p(tf), first


def damped(weight: F32, rows: F32, length: F32, whole: F32, damping: float) -> F32:
    """The weights of tokens, less the nearer they are to the whole, see the module's text.

    ``weight`` (n), ``rows`` (n, dimension), each row's ``length`` (n), ``whole`` (dimension), of
    length one.
    """
    kept: F32 = weight * np.exp(-np.float32(damping) * ((rows @ whole) / length))
    return kept


def question_vector(weight: F32, rows: F32, damping: float) -> F32:
    """The unit vector of a question: what its tokens weigh (n), and their rows (n, dimension)."""
    return unit(damped(weight, rows, lengths(rows), unit(weight @ rows), damping) @ rows)


def lengths(rows: F32) -> F32:
    """Of vectors, shape (n), none below a number that can be divided by."""
    found: F32 = np.sqrt(np.einsum("ij,ij->i", rows, rows)) + _TINY
    return found


class _Kept(dict[str, Sequence[int]]):
    """Word -> its tokens, found once."""

    def __init__(self, tokens: Callable[[str], Sequence[int]]) -> None:
        super().__init__()
        self._find = tokens

    def __missing__(self, word: str) -> Sequence[int]:
        found = self[word] = self._find(word)
        return found


def _unit(vector: F32) -> F32:
    """One vector at length one, or zeros: ``unit`` would take longer than the sum."""
    length = math.sqrt(vector @ vector)
    return vector / np.float32(length) if length > 0 else vector


def unit(vectors: F32) -> F32:
    """Vectors at length one; zeros as they are. Shape (dimension,) or (n, dimension)."""
    lengths: F32 = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    return np.divide(vectors, np.where(lengths > 0, lengths, 1), dtype=np.float32)
