"""What a model says about one input, in integers, and the port through which any runtime says it. Loads no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from oracle.models.card import ModelCard


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One answer with its explanation; all scores in parts per million.

    ``score_ppm``        calibrated probability of the positive outcome, 0 to 1,000,000
    ``outcome``          index into the card's outcomes
    ``attributions_ppm`` signed share of each input in ``score_ppm - baseline_ppm``, in the card's order
    ``baseline_ppm``     score of the training mean
    ``completeness_ppm`` ``|sum(attributions_ppm) - (score_ppm - baseline_ppm)|``, what the explanation leaves over
    """

    score_ppm: int
    outcome: int
    attributions_ppm: tuple[int, ...]
    baseline_ppm: int
    completeness_ppm: int


class Runtime(Protocol):
    """Something that evaluates one model: this process's torch, or a service elsewhere."""

    @property
    def card(self) -> ModelCard:
        """The card of the model that it runs."""
        ...

    def evaluate(self, batch: Sequence[Sequence[float]]) -> list[Evaluation]:
        """Evaluate rows of numbers as :func:`oracle.models.features.features` returns them; one evaluation per row.

        A row's result doesn't depend on the rows beside it. Raises ModelError if any row can't be evaluated: the caller
        that batched several requests then evaluates each alone, so that one can't spoil the others.
        """
        ...
