"""Measures of a screening model, from probabilities, (n,), and the truth, (n,): 1.0 is malignant, 0.0 benign."""

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score  # no annotations

from oracle.core.quantise import PPM
from oracle.models.card import Figures, Reliability

_DECIMALS = 6
_BINS = 10
_THRESHOLD_STEP_PPM = 10_000


def auc(scores: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the area under the ROC curve; scores may be logits."""
    return round(float(roc_auc_score(truth, scores)), _DECIMALS)


def calibration_error(probabilities: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the expected calibration error over ten bins of equal width (Naeini, Cooper and Hauskrecht, AAAI 2015)."""
    bins = np.minimum((probabilities * _BINS).astype(np.int64), _BINS - 1)
    gaps = [abs(float((truth[bins == one] - probabilities[bins == one]).sum())) for one in range(_BINS)]
    return round(sum(gaps) / len(truth), _DECIMALS)


def reliability(probabilities: NDArray[np.float64], truth: NDArray[np.float64]) -> Reliability:
    """Return Brier score, expected calibration error and log loss."""
    return Reliability(
        brier=round(float(brier_score_loss(truth, probabilities)), _DECIMALS),
        ece=calibration_error(probabilities, truth),
        log_loss=round(float(log_loss(truth, probabilities)), _DECIMALS),
    )


def figures(probabilities: NDArray[np.float64], truth: NDArray[np.float64], threshold_ppm: int) -> Figures:
    """Return the confusion counts at the threshold and what follows from them; both classes must be present."""
    said, malignant = np.rint(probabilities * PPM) >= threshold_ppm, truth == 1.0
    hits, misses = int((said & malignant).sum()), int((~said & malignant).sum())
    alarms, passes = int((said & ~malignant).sum()), int((~said & ~malignant).sum())
    return Figures(
        cases=len(truth),
        true_positives=hits,
        false_negatives=misses,
        true_negatives=passes,
        false_positives=alarms,
        auc=auc(probabilities, truth),
        sensitivity=round(hits / (hits + misses), _DECIMALS),
        specificity=round(passes / (passes + alarms), _DECIMALS),
        reliability=reliability(probabilities, truth),
    )


def threshold_for(sensitivity: float, probabilities: NDArray[np.float64], truth: NDArray[np.float64]) -> int:
    """Return the highest whole per cent, in ppm, at which at least this share of the malignant cases is called so."""
    malignant = np.sort(probabilities[truth == 1.0])
    # The rounding keeps 0.9 of 10 at 9, which binary fractions would make 10.
    may_miss = len(malignant) - math.ceil(round(sensitivity * len(malignant), _DECIMALS))
    steps = math.floor(float(malignant[may_miss]) * PPM / _THRESHOLD_STEP_PPM)
    return max(steps, 1) * _THRESHOLD_STEP_PPM
