"""Running a model with torch in this process.

All arithmetic is in float64: batches and threads change the order of sums, and with it the last bits, but those are
some nine decimal places below a part per million.
"""

from collections.abc import Sequence

import torch
from safetensors.torch import load as tensors_from_bytes
from torch import Tensor, nn

from oracle.core.errors import ModelError
from oracle.core.quantise import probability_to_ppm, to_ppm, within
from oracle.models.architectures import build
from oracle.models.attribution import integrated_gradients
from oracle.models.card import ModelCard, outcome_of
from oracle.models.device import torch_device
from oracle.models.evaluation import Evaluation, Runtime, must_fit
from oracle.models.package import ModelPackage

__all__ = ["Evaluation", "LocalRuntime", "Runtime"]

_ROWS_AT_ONCE = 256
# Nodes of the quadrature: nearly every row is done after the first pass, and a row in a far corner gets more of them.
_STEPS = (24, 64, 256)
_GAP_WANTED = 1e-6


class LocalRuntime:
    """A :class:`Runtime` in this process. Safe to call from several threads; ``threads`` is torch's own, per evaluation."""

    def __init__(self, package: ModelPackage, threads: int = 1, device: str = "cpu") -> None:
        """Build the network and load the package's weights. ``device`` is "cpu", "cuda", or "auto": CUDA where there is one.

        Raises ModelError if the weights don't fit or give no number, or there is no such device.
        """
        self._package = package
        self._threads = threads
        self._device = torch_device(device)
        self._mean = self._tensor(package.card.normalisation.mean)
        self._scale = self._tensor(package.card.normalisation.scale)
        network = _network(package).to(self._device)
        self._probability = _Probability(network, package.card.calibration.temperature)
        with torch.no_grad():
            # Normalised, the training mean is the origin.
            self._baseline = self._probability(self._tensor([[0.0] * len(package.card.inputs)]))
        _must_be_finite(self._baseline, package.card)

    @property
    def card(self) -> ModelCard:
        """The package's card."""
        return self._package.card

    def evaluate(self, batch: Sequence[Sequence[float]]) -> list[Evaluation]:
        """Score and explain each row, (batch, inputs) in the card's order and units.

        Attributions are integrated gradients (Sundararajan, Taly and Yan, ICML 2017) of the calibrated probability,
        from the training mean, by Gauss-Legendre quadrature. Raises ModelError if a row has the wrong length, an output
        is no finite number, or an explanation is further from complete than the card's tolerance.
        """
        must_fit(batch, self.card)
        # Here rather than once: OpenMP keeps the number for each calling thread.
        torch.set_num_threads(self._threads)
        return [
            evaluation
            for start in range(0, len(batch), _ROWS_AT_ONCE)
            for evaluation in self._evaluate_or_refuse(batch[start : start + _ROWS_AT_ONCE])
        ]

    def self_test(self) -> None:
        """Evaluate the package's own vectors. Raises ModelError at the first that this machine doesn't reproduce."""
        card, vectors = self.card, self._package.self_test.vectors
        results = self.evaluate(self._package.self_test.rows(card))
        for position, (result, vector) in enumerate(zip(results, vectors, strict=True)):
            if result.outcome != vector.outcome or not within(result.score_ppm, vector.score_ppm, card.tolerance_ppm):
                raise ModelError(
                    f"self-test vector {position} of {card.name} {card.version} gives {result.score_ppm} ppm here, "
                    f"{vector.score_ppm} ppm at its publisher; weights or torch differ: fetch both again"
                )

    def _tensor(self, values: Sequence[float] | Sequence[Sequence[float]]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=self._device)

    def _evaluate_or_refuse(self, batch: Sequence[Sequence[float]]) -> list[Evaluation]:
        try:
            return self._evaluate(batch)
        except ModelError:
            raise
        except Exception as error:  # a network may be anybody's code, and its message may quote a row
            raise ModelError(
                f"{self.card.name} {self.card.version} failed on {len(batch)} rows with {type(error).__name__}; "
                "its architecture is at fault, or runtime.memory_mib is too small for it"
            ) from None

    def _evaluate(self, batch: Sequence[Sequence[float]]) -> list[Evaluation]:
        rows = (self._tensor(batch) - self._mean) / self._scale
        with torch.no_grad():
            scores = self._probability(rows)
        _must_be_finite(scores, self.card)
        attributions = self._attribute(rows, scores)
        _must_be_finite(attributions, self.card)
        baseline = self._baseline.item()
        return [
            self._quantised(score, shares, baseline)
            for score, shares in zip(scores.tolist(), attributions.tolist(), strict=True)
        ]

    def _attribute(self, rows: Tensor, scores: Tensor) -> Tensor:
        """Return the attributions, (batch, inputs); a row is refined on its own, so its company makes no difference."""
        shares = torch.zeros_like(rows)
        left = torch.arange(len(rows), device=self._device)
        for steps in _STEPS:
            shares[left] = integrated_gradients(self._probability, rows[left], steps)
            gap = (shares.sum(dim=1) - (scores - self._baseline)).abs()
            left = torch.nonzero(gap > _GAP_WANTED).flatten()
            if not len(left):
                break
        return shares

    def _quantised(self, score: float, shares: list[float], baseline: float) -> Evaluation:
        card = self.card
        score_ppm, baseline_ppm = probability_to_ppm(score), probability_to_ppm(baseline)
        attributions_ppm = tuple(to_ppm(share) for share in shares)
        gap_ppm = abs(sum(attributions_ppm) - (score_ppm - baseline_ppm))
        if gap_ppm > card.tolerance_ppm:
            raise ModelError(
                f"an explanation by {card.name} {card.version} misses {gap_ppm} ppm of its score, more than the "
                f"tolerance of {card.tolerance_ppm}; the network is too steep there: narrow the inputs' ranges"
            )
        return Evaluation(score_ppm, outcome_of(card, score_ppm), attributions_ppm, baseline_ppm, gap_ppm)


class _Probability(nn.Module):
    """The calibrated probability of the positive outcome, (batch,), of normalised inputs, (batch, inputs)."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self._network = network
        self._temperature = temperature

    def forward(self, rows: Tensor) -> Tensor:
        logits: Tensor = self._network(rows)
        if logits.shape not in ((len(rows),), (len(rows), 1)):
            raise ModelError(
                f"the network returns shape {tuple(logits.shape)}, not one logit a row; correct its architecture"
            )
        return torch.sigmoid(logits.reshape(len(rows)) / self._temperature)


def _network(package: ModelPackage) -> nn.Module:
    network = build(package.card).double()
    try:
        network.load_state_dict(tensors_from_bytes(package.weights))
    except RuntimeError as error:
        raise ModelError(
            f"the weights don't fit architecture {package.card.architecture!r}: {error}; install the one they're of"
        ) from error
    return network.eval().requires_grad_(requires_grad=False)


def _must_be_finite(values: Tensor, card: ModelCard) -> None:
    if not torch.isfinite(values).all():
        raise ModelError(
            f"{card.name} {card.version} gave an output that is no finite number; its weights are unusable"
        )
