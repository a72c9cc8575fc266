"""Architectures by name: the entry points of group ``assent.models``, ours and other distributions'.

A builder is a callable ``build(card) -> torch.nn.Module``. The module takes normalised inputs, float64 of shape
(batch, inputs), and returns logits of shape (batch,) or (batch, 1); a row's logit mustn't depend on the rows beside it.
Normalisation and calibration are the card's, and the runtime's business.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from oracle.core.errors import ModelError
from oracle.models.card import ModelCard

if TYPE_CHECKING:
    from torch import nn

GROUP = "assent.models"


def known() -> tuple[str, ...]:
    """Return the names of all installed architectures, sorted."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


def build(card: ModelCard) -> "nn.Module":
    """Return a new, untrained network of ``card.architecture``. Raises ModelError if it's unknown or doesn't build."""
    entry = _entry(card.architecture)
    try:
        module: nn.Module = entry.load()(card)
    except Exception as error:  # somebody else's code: whatever it raises, the model can't be used
        raise ModelError(
            f"architecture {entry.name!r} ({entry.value}) can't be built: {error!r}; reinstall it"
        ) from error
    return module


def _entry(name: str) -> EntryPoint:
    found = {entry.value: entry for entry in entry_points(group=GROUP, name=name)}
    if not found:
        listed = ", ".join(known()) or "none"
        raise ModelError(f"unknown architecture {name!r}; installed are: {listed}. Install the one that provides it")
    if len(found) > 1:
        raise ModelError(f"architecture {name!r} is provided twice ({', '.join(sorted(found))}); uninstall one")
    return next(iter(found.values()))
