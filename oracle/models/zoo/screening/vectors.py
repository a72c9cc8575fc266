"""Self-test vectors: inputs made up from a card alone, so that they describe nobody."""

from collections.abc import Callable, Sequence

from oracle.core.quantise import within
from oracle.models.card import ModelCard, outcome_of
from oracle.models.selftest import SelfTest, Vector

_ALONG_THE_DIAGONAL = (-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0)
_DIGITS = 6


def self_test(card: ModelCard, score_ppm: Callable[[Sequence[Sequence[float]]], list[int]]) -> SelfTest:
    """Return the vectors with the scores that ``score_ppm`` gives for rows in the card's order.

    Whole cases from far below the training mean to far above, both corners of the ranges, and one vector for each
    input, raised alone, so that a wrong weight shows. Those within two tolerances of the threshold are left out: their
    outcome could rightly differ elsewhere.
    """
    rows = _rows(card)
    scored = zip(rows, score_ppm(rows), strict=True)
    names = [feature.name for feature in card.inputs]
    return SelfTest(
        vectors=tuple(
            Vector(fields=dict(zip(names, row, strict=True)), score_ppm=score, outcome=outcome_of(card, score))
            for row, score in scored
            if not within(score, card.threshold_ppm, 2 * card.tolerance_ppm)
        )
    )


def _rows(card: ModelCard) -> list[list[float]]:
    width = len(card.inputs)
    whole = [_row(card, [deviations] * width) for deviations in _ALONG_THE_DIAGONAL]
    single = [_row(card, [2.0 if place == raised else 0.0 for place in range(width)]) for raised in range(width)]
    corners = [[feature.minimum for feature in card.inputs], [feature.maximum for feature in card.inputs]]
    return [*whole, *corners, *single]


def _row(card: ModelCard, deviations: Sequence[float]) -> list[float]:
    """Return the input that lies so many training deviations from the mean, clipped to the ranges."""
    spread = zip(card.inputs, card.normalisation.mean, card.normalisation.scale, deviations, strict=True)
    return [
        min(max(float(f"{mean + much * scale:.{_DIGITS}g}"), feature.minimum), feature.maximum)
        for feature, mean, scale, much in spread
    ]
