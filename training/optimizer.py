"""Adam for tables of vectors of which a step touches some rows.

Plain Adam forgets the squares of a row's gradients while the row is not met, and then moves it as
far as thirty steps at once: a rare token learns one example by heart. Here the moments of a row,
and the count that corrects their bias, stand still until it is met again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


class RowAdam(torch.optim.Optimizer):
    """Adam (Kingma and Ba, 2015) by rows; of what has one dimension or none, plain Adam."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """One step on every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)

    def _move(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            shape = (len(parameter), 1) if parameter.dim() > 1 else ()
            state["steps"] = torch.zeros(shape)
            state["mean"] = torch.zeros_like(parameter)
            state["square"] = torch.zeros_like(parameter)
        met: Any = ...
        if parameter.dim() > 1:
            met = gradient.abs().sum(1).nonzero()[:, 0]
        first, second = group["betas"]
        gradient = gradient[met]
        steps = state["steps"][met] + 1
        mean = state["mean"][met].mul_(first).add_(gradient, alpha=1 - first)
        square = state["square"][met].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        state["steps"][met], state["mean"][met], state["square"][met] = steps, mean, square
        root = (square / (1 - second**steps)).sqrt_().add_(group["eps"])
        parameter[met] -= group["lr"] * (mean / (1 - first**steps)) / root
