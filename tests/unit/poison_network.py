"""An architecture as anybody might install it: the screening network, which certain values of the first input make misbehave.

It is built in a worker, by entry point, as a third party's would be. Elsewhere only the values are read.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import torch

from oracle.models.card import ModelCard
from oracle.models.zoo.screening.network import SaturatingLogistic

if TYPE_CHECKING:
    from torch import Tensor

HANG, DIE, DEVOUR, SHOUT, DAWDLE = 10.000001, 10.000002, 10.000003, 10.000004, 10.000005
"""Never answer; end the process; take all memory; print the rows and fail; take two seconds."""


class Poison(SaturatingLogistic):
    def __init__(self, card: ModelCard) -> None:
        super().__init__(len(card.inputs))
        self._mean, self._scale = card.normalisation.mean[0], card.normalisation.scale[0]

    def forward(self, rows: Tensor) -> Tensor:
        first = rows[:, 0] * self._scale + self._mean
        for value, act in ((HANG, hang), (DIE, die), (DEVOUR, devour), (SHOUT, shout), (DAWDLE, dawdle)):
            if bool(((first - value).abs() < 1e-9).any()):
                act(rows)
        return super().forward(rows)


def hang(_rows: Tensor) -> None:
    while True:
        time.sleep(60)


def die(_rows: Tensor) -> None:
    os._exit(3)


def devour(_rows: Tensor) -> None:
    torch.ones(2**40)


def shout(rows: Tensor) -> None:
    print(rows.tolist(), flush=True)
    print(rows.tolist(), file=sys.stderr, flush=True)
    raise ValueError(rows.tolist())


def dawdle(_rows: Tensor) -> None:
    time.sleep(2)


def build(card: ModelCard) -> Poison:
    return Poison(card)
