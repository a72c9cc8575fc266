"""What a model says about one input, in integers, and the port through which any runtime says it. Loads no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from oracle.core.errors import ModelError
from oracle.models.card import ModelCard
from oracle.models.package import ModelPackage


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


def must_fit(batch: Sequence[Sequence[float]], card: ModelCard) -> None:
    """Raise ModelError unless every row has one number for each input."""
    width = len(card.inputs)
    if any(len(row) != width for row in batch):
        raise ModelError(f"{card.name} takes {width} inputs a row; prepare rows with oracle.models.features")


class Runtime(Protocol):
    """Something that evaluates one model: this process's torch, or a service elsewhere."""

    @property
    def card(self) -> ModelCard:
        """The card of the model that it runs."""
        ...

    def evaluate(self, batch: Sequence[Sequence[float]]) -> list[Evaluation]:
        """Evaluate rows of numbers as :func:`oracle.models.features.features` returns them; one evaluation per row.

        A row's result doesn't depend on the rows beside it. Raises ModelError if any row can't be evaluated: the caller
        that batched several requests then evaluates each alone, so that one can't spoil the others. Raises
        RuntimeUnavailableError if none can now, for no fault of theirs: the caller tries again later.
        """
        ...


class Engine(Protocol):
    """Where models run: a process beside the node's, or a cluster. Safe to call from several threads."""

    def load(self, package: ModelPackage) -> Runtime:
        """Bring a package there and return its runtime, once its digest is checked and its self-test passed there.

        Raises ModelError if the package can't be used, RuntimeUnavailableError if the engine can't now.
        """
        ...

    def unload(self, package: ModelPackage) -> None:
        """Let a package go. What it is evaluating ends as it would have; what is asked later is refused."""
        ...

    def problem(self) -> str | None:
        """Return why models can't be evaluated now, with the remedy, or None if they can."""
        ...

    def losses(self) -> int:
        """Return how often a process in which models ran was lost since the node's start."""
        ...

    def close(self) -> None:
        """End what runs, at once. May be called while another thread waits for an evaluation, and more than once."""
        ...
