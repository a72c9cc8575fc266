"""Breast-mass screening from 30 measurements of cell nuclei: the worked example of a model that is cheap and accurate.

Research and demonstration only: no medical device, validated on no patient of today.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from oracle.models.card import ModelCard

if TYPE_CHECKING:
    from torch import nn

PACKAGE = Path(__file__).parent / "package"
"""The trained package that ships with Assent."""


def build(card: ModelCard) -> "nn.Module":
    """Return the untrained network, for as many inputs as the card has. Entry point ``screening``."""
    from oracle.models.zoo.screening.network import SaturatingLogistic  # noqa: PLC0415 - torch only when one is built

    return SaturatingLogistic(len(card.inputs))
