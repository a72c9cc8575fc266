"""Our integrated gradients against captum's, and their independence of batch, passes and device."""

import pytest
import torch
from captum.attr import IntegratedGradients
from torch import Tensor, nn

from oracle.models import attribution
from oracle.models.attribution import integrated_gradients
from oracle.models.device import torch_device

INPUTS = 7


class Bent(nn.Module):
    """A network whose inputs act on each other."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.layers = nn.Sequential(nn.Linear(INPUTS, 16), nn.Tanh(), nn.Linear(16, 1)).double()

    def forward(self, rows: Tensor) -> Tensor:
        scores: Tensor = torch.sigmoid(self.layers(rows).reshape(len(rows)))
        return scores


NETWORK = Bent().requires_grad_(requires_grad=False)


def rows(count: int, seed: int = 1) -> Tensor:
    return torch.randn(count, INPUTS, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2


@pytest.mark.parametrize("steps", [24, 64])
@pytest.mark.parametrize("count", [1, 2, 57])
def test_integrated_gradients__beside_captums__are_the_same(steps: int, count: int) -> None:
    explainer = IntegratedGradients(lambda points: NETWORK(points).sum().reshape(1))
    given = rows(count).requires_grad_()
    theirs = explainer.attribute(given, baselines=0.0, n_steps=steps, method="gausslegendre").detach()
    # captum keeps the nodes in single precision.
    torch.testing.assert_close(integrated_gradients(NETWORK, rows(count), steps), theirs, rtol=0, atol=1e-7)


def test_integrated_gradients__of_enough_steps__sum_to_the_difference_in_score() -> None:
    shares = integrated_gradients(NETWORK, rows(20), 64)
    gap = shares.sum(dim=1) - (NETWORK(rows(20)) - NETWORK(torch.zeros(1, INPUTS, dtype=torch.float64)))
    assert gap.abs().max() < 1e-9


def test_integrated_gradients__in_several_passes__are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = integrated_gradients(NETWORK, rows(20), 24)
    monkeypatch.setattr(attribution, "_NUMBERS_AT_ONCE", 24 * INPUTS * 3)
    torch.testing.assert_close(integrated_gradients(NETWORK, rows(20), 24), whole, rtol=0, atol=1e-14)
    monkeypatch.setattr(attribution, "_NUMBERS_AT_ONCE", 1)
    torch.testing.assert_close(integrated_gradients(NETWORK, rows(20), 24), whole, rtol=0, atol=1e-14)


def test_torch_device__automatic__is_cuda_only_where_there_is_one() -> None:
    assert torch_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert torch_device("cpu").type == "cpu"
