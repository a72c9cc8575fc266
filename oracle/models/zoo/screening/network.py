"""The network: logistic regression over inputs that saturate."""

import torch
from torch import Tensor, nn

BOUND = 2.0
"""How far one input can go, in standard deviations of the training cases."""


class SaturatingLogistic(nn.Module):
    """``logit = bias + sum(weight * BOUND * tanh(z / BOUND))`` over normalised inputs ``z``.

    Nearly linear for usual inputs; an unusual one can't outvote the rest: its share is at most ``BOUND * |weight|``.
    In its parameters the loss is convex: there is one best fit, and every machine finds it.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, rows: Tensor) -> Tensor:
        """Return logits, (batch,), of normalised rows, (batch, inputs)."""
        return (BOUND * torch.tanh(rows / BOUND)) @ self.weight + self.bias
