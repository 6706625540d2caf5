"""The static model while it learns: a vector a token, and how much a token counts in a question."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from training.encode import DAMPING, Bags

#: A prefix of a vector that must be a good vector too (Kusupati et al.: Matryoshka Representation
#: Learning, 2022), and what its loss counts beside the whole's.
_PREFIX, _OF_PREFIX = 64, 0.3


_AT_ONCE = 20_000  # tokens
#: How much of a row's first direction is ``initial``'s; the rest is random.
_INITIAL = 0.7


def principal(vectors: NDArray[np.float32], dimension: int) -> NDArray[np.float32]:
    """Unit vectors along the first principal components, the larger ones damped.

    Components are divided by the square root of their deviation: a sentence encoder's first few
    would be most of every cosine (Mu and Viswanath: All-but-the-top, 2018).
    """
    centred = vectors - vectors.mean(0)
    basis, _, _ = np.linalg.svd(centred.T @ centred)
    found = centred @ basis[:, :dimension]
    found /= np.sqrt(found.std(0)) + 1e-6
    return _unit(found)


def _unit(rows: NDArray[Any]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)


@dataclass
class Batch:
    """Bags ready for ``nn.functional.embedding_bag``."""

    token: Tensor
    weight: Tensor
    first: Tensor
    factor: Tensor | None = None  # of each bag's direction

    @classmethod
    def of(cls, bags: Bags, keep: NDArray[np.bool_] | None = None) -> Batch:
        """``keep`` says which tokens stay."""
        weight = bags.weight.astype(np.float32)
        if keep is not None:
            weight *= keep
        return cls(
            torch.from_numpy(bags.token),
            torch.from_numpy(weight),
            torch.from_numpy(bags.first[:-1]),
        )


class Static(nn.Module):
    """Passages and questions as sums of their tokens' rows.

    A row's length is the token's weight; it starts at the token's inverse document frequency.
    """

    def __init__(
        self,
        idf: NDArray[np.float32],
        dimension: int,
        seed: int,
        initial: NDArray[np.float32] | None = None,
    ) -> None:
        super().__init__()
        rows = _unit(np.random.default_rng(seed).standard_normal((len(idf), dimension)))
        if initial is not None:
            rows = _unit(_INITIAL * principal(initial, dimension) + (1 - _INITIAL) * rows)
        self.rows = nn.Parameter(torch.from_numpy(rows * idf[:, None]))
        self.asked = nn.Parameter(torch.ones(len(idf)))
        self.scale = nn.Parameter(torch.tensor(math.log(1 / 0.05)))

    def passages(self, fields: list[Batch]) -> Tensor:
        """Sums of the fields' directions, weighted, shape (bags, dimension).

        The tokens of the first, the code, are damped, see ``codesearch.embedding.fields``.
        """
        code, *others = fields
        rest: Any = sum(self._directed(f, f.weight) for f in others)
        with torch.no_grad():
            whole = rest + self._directed(code, code.weight)
        return torch.as_tensor(rest + self._directed(code, self._damped(code, code.weight, whole)))

    def questions(self, bags: Batch) -> Tensor:
        weight = bags.weight * self.asked[bags.token]
        with torch.no_grad():
            whole = self._sums(bags, weight)
        return self._sums(bags, self._damped(bags, weight, whole))

    def _directed(self, field: Batch, weight: Tensor) -> Tensor:
        assert field.factor is not None
        return field.factor[:, None] * F.normalize(self._sums(field, weight))

    def _sums(self, bags: Batch, weight: Tensor) -> Tensor:
        return F.embedding_bag(
            bags.token, self.rows, bags.first, mode="sum", per_sample_weights=weight
        )

    def _damped(self, bags: Batch, weight: Tensor, whole: Tensor) -> Tensor:
        """The weights, less the nearer a token is to the whole; nothing is learnt through that."""
        with torch.no_grad():
            whole = F.normalize(whole)
            sizes = torch.diff(bags.first, append=torch.tensor([len(bags.token)]))
            owner = torch.repeat_interleave(torch.arange(len(whole)), sizes)
            lengths = self.rows.norm(dim=1)
            near = torch.empty(len(owner))
            for start in range(0, len(owner), _AT_ONCE):  # all at once would be much memory
                part = slice(start, start + _AT_ONCE)
                token = bags.token[part]
                dots = torch.einsum("nd,nd->n", self.rows[token], whole[owner[part]])
                near[part] = dots / lengths[token]
            factor = torch.exp(-DAMPING * near)
        return weight * factor

    def contrast(self, left: Tensor, right: Tensor, same: Tensor | None = None) -> Tensor:
        """Symmetric InfoNCE over a batch, of whole vectors and of their prefixes.

        ``same`` marks further pairs (beside the diagonal) that are as right, and so no contrast.
        """
        loss = left.new_zeros(())
        target = torch.arange(len(left))
        for size, weight in ((left.shape[1], 1.0), (_PREFIX, _OF_PREFIX)):
            a, b = F.normalize(left[:, :size]), F.normalize(right[:, :size])
            score = a @ b.T * self.scale.clamp(max=math.log(100)).exp()
            if same is not None:
                score = score.masked_fill(same, -1e4)
            loss = loss + weight * (
                F.cross_entropy(score, target) + F.cross_entropy(score.T, target)
            )
        return loss / 2

    @staticmethod
    def imitate(left: Tensor, right: Tensor, taught: Tensor, temperature: float) -> Tensor:
        """Cross-entropy with what a teacher thinks of the questions (Hinton et al.: Distilling the
        Knowledge in a Neural Network, 2015): a function is near to a question as far as its own
        question is. ``taught`` has the teacher's unit vectors of the questions of ``left``.
        """
        wanted = F.softmax(taught @ taught.T / temperature, dim=1)
        score = F.normalize(left) @ F.normalize(right).T / temperature
        return -(wanted * F.log_softmax(score, 1)).sum(1).mean()

    def save(self, file: Path) -> None:
        np.savez(
            file, rows=self.rows.detach().numpy(), asked=self.asked.detach().numpy(),
            scale=self.scale.detach().numpy(),
        )  # fmt: skip
