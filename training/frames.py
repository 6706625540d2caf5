"""What people put around what they ask for: "where do we ...", "how to ... in python".

Docs have none of it, so without frames a model learns that "function" says much. ``frames.txt``
has them by human language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codesearch.embedding.vocabulary import Vocabulary, distinct
from training.encode import Bags

FILE = Path(__file__).parent / "frames.txt"

#: What a programming language is called; others by their identifiers.
_CALLED = {
    "bash": ("bash", "shell"),
    "c": ("c",),
    "cpp": ("c++", "cpp"),
    "csharp": ("c#", "csharp"),
    "go": ("go", "golang"),
    "javascript": ("javascript", "js", "node"),
    "objective-c": ("objective c", "objc"),
    "tsx": ("typescript", "react"),
    "typescript": ("typescript", "ts"),
}


class Frames:
    """The tokens of all frames, by human language; and those of a programming language's names."""

    def __init__(self, tokens: Sequence[str], file: Path = FILE) -> None:
        self._vocabulary = Vocabulary(tokens)
        self._of: dict[str, list[tuple[list[int], bool]]] = defaultdict(list)
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                language, frame = line.split("\t")
                named = "{language}" in frame
                said = frame.replace("{language}", " ").replace("{}", " ")
                self._of[language].append((self._rows(said), named))
        self._names: dict[str, list[list[int]]] = {}

    def around(
        self,
        bags: Bags,
        spoken: Sequence[str],
        written: Sequence[str],
        share: float,
        rng: np.random.Generator,
    ) -> tuple[Bags, NDArray[np.bool_]]:
        """A share of questions with a frame each, and which of the tokens are the frames'.

        Args:
            spoken: the human language of each question.
            written: the programming language of each question's answer; "" for none.
        """
        added: list[list[int]] = []
        framed = rng.random(len(bags)) < share
        pick = rng.random((len(bags), 2))
        for i, language in enumerate(spoken):
            known = self._of.get(language)
            if not framed[i] or not known:
                added.append([])
                continue
            rows, named = known[int(pick[i, 0] * len(known))]
            if named and written[i]:
                names = self._called(written[i])
                rows = rows + names[int(pick[i, 1] * len(names))]
            own = bags.token[bags.first[i] : bags.first[i + 1]]
            added.append([row for row in rows if row not in own])
        sizes = np.array([len(rows) for rows in added], np.int64)
        first = bags.first + np.concatenate([[0], np.cumsum(sizes)])
        of_frame = np.zeros(int(first[-1]), np.bool_)
        for end, size in zip(first[1:].tolist(), sizes.tolist(), strict=True):
            of_frame[end - size : end] = True
        token = np.empty(len(of_frame), bags.token.dtype)
        weight = np.ones(len(of_frame), bags.weight.dtype)
        token[~of_frame], weight[~of_frame] = bags.token, bags.weight
        token[of_frame] = [row for rows in added for row in rows]
        return Bags(token, weight, first), of_frame

    def _called(self, language: str) -> list[list[int]]:
        if language not in self._names:
            said = _CALLED.get(language, (language,))
            self._names[language] = [self._rows(name) for name in said]
        return self._names[language]

    def _rows(self, text: str) -> list[int]:
        return distinct(self._vocabulary.of_question(text))
