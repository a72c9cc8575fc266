"""Fitting: the network's weights by penalised maximum likelihood, and the temperature that calibrates its logits.

Both problems are convex. Each is solved to the last digits and rounded to ``DECIMALS``: far coarser than what is left
of the error, far finer than any score shows, so that another processor arrives at the same file.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call, grad, jacrev
from torch.nn.functional import binary_cross_entropy_with_logits

from oracle.core.errors import ModelError
from oracle.models.zoo.screening.data import Cases
from oracle.models.zoo.screening.network import SaturatingLogistic

DECIMALS = 6
PENALTY = 1.0
"""Of half the sum of squared weights, against the summed log loss: each weight a standard normal a priori."""

_STEPS = 100
_GRADIENT_LEFT = 1e-9


@dataclass(frozen=True, slots=True)
class Fit:
    """A trained network with the normalisation of its training cases, both (inputs,)."""

    network: SaturatingLogistic
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def logits(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return uncalibrated logits, (n,), of raw inputs, (n, inputs)."""
        with torch.no_grad():
            logits: NDArray[np.float64] = self.network(_normalised(inputs, self.mean, self.scale)).numpy()
        return logits


def fit(cases: Cases) -> Fit:
    """Return the one best fit to the cases. Raises ModelError if the optimiser doesn't reach it."""
    # Significant digits, as the inputs' magnitudes are six orders apart.
    mean, scale = _significant(cases.inputs.mean(axis=0)), _significant(cases.inputs.std(axis=0))
    rows, truth = _normalised(cases.inputs, mean, scale), torch.from_numpy(cases.malignant)
    width = rows.shape[1]
    network = SaturatingLogistic(width).double()

    def loss(point: Tensor) -> Tensor:
        logits = functional_call(network, {"weight": point[:width], "bias": point[width]}, (rows,))
        return _misfit(logits, truth) + PENALTY / 2 * point[:width].square().sum()

    best = _minimum(loss, torch.zeros(width + 1, dtype=torch.float64))
    network.load_state_dict({"weight": best[:width], "bias": best[width]})
    return Fit(network, mean, scale)


def fit_temperature(logits: NDArray[np.float64], malignant: NDArray[np.float64]) -> float:
    """Return the temperature of least log loss: temperature scaling (Guo, Pleiss, Sun and Weinberger, ICML 2017)."""
    given, truth = torch.from_numpy(logits), torch.from_numpy(malignant)
    # In the temperature's inverse the loss is convex.
    inverse = _minimum(lambda point: _misfit(given * point, truth), torch.ones(1, dtype=torch.float64))
    return round(1 / inverse.item(), DECIMALS)


def _misfit(logits: Tensor, truth: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(logits, truth, reduction="sum")


def _minimum(loss: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    """Return where a convex loss is least, by damped Newton steps (Nesterov and Nemirovskii, 1994), rounded."""
    # Reverse mode twice: the forward mode of torch.func.hessian warns of its own deprecated parts.
    slope, curvature = grad(loss), jacrev(grad(loss))
    point = start
    for _ in range(_STEPS):
        gradient: Tensor = slope(point)
        if float(gradient.abs().max()) < _GRADIENT_LEFT:
            return torch.round(point, decimals=DECIMALS)
        step = torch.linalg.solve(curvature(point), gradient)
        decrement = torch.sqrt(torch.dot(gradient, step).clamp(min=0.0))
        point = point - step / (1.0 + decrement)
    raise ModelError(f"training didn't converge in {_STEPS} steps; check that the data are the published ones")


def _normalised(inputs: NDArray[np.float64], mean: NDArray[np.float64], scale: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy((inputs - mean) / scale)


def _significant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([float(f"{value:.{DECIMALS}g}") for value in values])
