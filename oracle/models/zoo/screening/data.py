"""The Wisconsin Diagnostic Breast Cancer data, as scikit-learn carries it: 569 cases, 30 measurements each.

Street, Wolberg and Mangasarian, "Nuclear feature extraction for breast tumor diagnosis" (1993); UCI repository,
doi:10.24432/C5DW2B, CC BY 4.0. Ten properties of the nuclei in a fine-needle aspirate's image, each as mean, standard
error and mean of the three largest ("worst"). 57 cases are held out, and nothing about the model is chosen by them.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer  # ships no annotations
from sklearn.model_selection import train_test_split  # ships no annotations

from oracle.models.card import Feature

SEED = 1995
"""Of every random choice: the held-out split and the folds. The year of the data's donation to UCI."""

HELD_OUT = 57
OUTCOMES = ("benign", "malignant")
TRAINING_SHA256_OF = (
    "the training rows in ascending index: per row its index, its 30 inputs and 1 if malignant else 0, "
    "all as little-endian float64"
)

_PROPERTIES = {
    "radius": ("px", "distance from the centre to the outline"),
    "texture": ("grey level", "standard deviation of grey levels inside the outline"),
    "perimeter": ("px", "length of the outline"),
    "area": ("px^2", "area inside the outline"),
    "smoothness": ("1", "local variation of the radius"),
    "compactness": ("1", "perimeter^2 / area - 1"),
    "concavity": ("1", "severity of the outline's concave parts"),
    "concave points": ("1", "number of concave parts of the outline, as the source scales it"),
    "symmetry": ("1", "left-right difference across the longest chord, relative"),
    "fractal dimension": ("1", "coastline approximation of the outline, minus 1"),
}
_SCALE_NOTE = (
    "The source gives no physical scale: px is a length derived from its own images, so other microscopes don't fit."
)


@dataclass(frozen=True, slots=True)
class Cases:
    """Rows of the data set: ``index`` (n,) in scikit-learn's order, ``inputs`` (n, 30), ``malignant`` (n,) as 1.0."""

    index: NDArray[np.int64]
    inputs: NDArray[np.float64]
    malignant: NDArray[np.float64]

    def only(self, positions: NDArray[np.int64]) -> "Cases":
        """Return the cases at these positions, in their order."""
        return Cases(self.index[positions], self.inputs[positions], self.malignant[positions])

    def sha256(self) -> str:
        """Return the digest of the cases, "0x" and hex, taken as ``TRAINING_SHA256_OF`` says."""
        table = np.column_stack([self.index, self.inputs, self.malignant]).astype("<f8")
        return "0x" + hashlib.sha256(np.ascontiguousarray(table).tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class HeldOutCase:
    """A case no model was trained on: its index in scikit-learn's order, its fields by name, its diagnosis in words."""

    index: int
    fields: dict[str, float]
    diagnosis: str


def feature_names() -> tuple[str, ...]:
    """Return the 30 inputs' names, as scikit-learn and the records have them: "mean radius", "radius error", ..."""
    return tuple(str(name) for name in load_breast_cancer().feature_names)


def split() -> tuple[Cases, Cases]:
    """Return the 512 training cases and the 57 held-out ones, stratified, each in ascending index."""
    raw = load_breast_cancer()
    # scikit-learn's target 0 is malignant.
    cases = Cases(np.arange(len(raw.data)), raw.data.astype(np.float64), (raw.target == 0).astype(np.float64))
    training, held = train_test_split(cases.index, test_size=HELD_OUT, stratify=cases.malignant, random_state=SEED)
    return cases.only(np.sort(training)), cases.only(np.sort(held))


def held_out() -> list[HeldOutCase]:
    """Return the 57 held-out cases, in ascending index."""
    _, held = split()
    names = feature_names()
    return [
        HeldOutCase(int(index), dict(zip(names, map(float, row), strict=True)), OUTCOMES[int(malignant)])
        for index, row, malignant in zip(held.index, held.inputs, held.malignant, strict=True)
    ]


def input_features(training: Cases) -> tuple[Feature, ...]:
    """Return the card's inputs. Ranges: from half the least to twice the greatest training value, rounded outwards."""
    return tuple(
        _feature(name, float(column.min()), float(column.max()))
        for name, column in zip(feature_names(), training.inputs.T, strict=True)
    )


def _feature(name: str, least: float, greatest: float) -> Feature:
    if name.endswith(" error"):
        kind, statistic = name.removesuffix(" error"), "Standard error over the nuclei"
    else:
        first, kind = name.split(" ", 1)
        statistic = "Mean over the nuclei" if first == "mean" else "Mean of the three largest nuclei"
    unit, meaning = _PROPERTIES[kind]
    note = f" {_SCALE_NOTE}" if unit.startswith("px") else ""
    return Feature(
        name=name,
        unit=unit,
        minimum=_rounded(least / 2, math.floor),
        maximum=_rounded(greatest * 2, math.ceil),
        description=f"{statistic}: {meaning}.{note}",
    )


def _rounded(value: float, towards: Callable[[float], int]) -> float:
    """Round to two significant digits with ``math.floor`` or ``math.ceil``."""
    if value == 0.0:
        return 0.0
    digits = 1 - math.floor(math.log10(value))
    return round(towards(value * 10.0**digits) / 10.0**digits, max(digits, 0))
