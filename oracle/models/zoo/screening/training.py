"""Training the screening model: folds, calibration, threshold, final fit, and the package that records all of it.

Cases held out appear only in the last step, in the figures that the card reports about them. Nothing here is random but
the split and the folds, both seeded, and no time or path gets into the files: the same software writes the same bytes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from sklearn.model_selection import StratifiedKFold  # ships no annotations

from oracle.core.quantise import probability_to_ppm
from oracle.models.card import Calibration, Lineage, Metrics, ModelCard, Normalisation
from oracle.models.folder import CARD, SELF_TEST, WEIGHTS, write_files
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime
from oracle.models.zoo.screening import data, measures, prose
from oracle.models.zoo.screening.data import Cases
from oracle.models.zoo.screening.fitting import Fit, fit, fit_temperature
from oracle.models.zoo.screening.vectors import self_test

FOLDS = 5
SENSITIVITY = 0.98
TOLERANCE_PPM = 1_000

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class _Findings:
    """What the training cases taught: out-of-fold logits (n,), AUC by fold, temperature, threshold, final fit."""

    logits: NDArray[np.float64]
    fold_aucs: tuple[float, ...]
    temperature: float
    threshold_ppm: int
    final: Fit


def train(folder: Path, *, progress: Progress | None = None) -> ModelPackage:
    """Train on the 512 cases and write the package into ``folder``, which may hold an earlier one; takes seconds.

    ``progress`` is told each stage's name and the fraction done, 0 to 1. Raises ModelError if the fit doesn't converge,
    the finished package fails its own self-test, or the folder holds anything else; an earlier package then stays.
    """
    tell = progress or (lambda _stage, _done: None)
    training, held_out = data.split()
    with _determinism():
        findings = _learn(training, tell)
        tell("figures", 0.8)
        card = _card(training, held_out, findings)
        files = _files(card, findings)
        tell("self-test", 0.9)
        package = ModelPackage.from_files(files)
        LocalRuntime(package).self_test()
    write_files(folder, files)
    tell("done", 1.0)
    return package


def _learn(training: Cases, tell: Progress) -> _Findings:
    logits, fold_aucs = np.zeros(len(training.index)), []
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=data.SEED).split(training.inputs, training.malignant)
    for number, (rest, fold) in enumerate(folds, start=1):
        tell(f"fold {number} of {FOLDS}", number / 10)
        logits[fold] = fit(training.only(rest)).logits(training.inputs[fold])
        fold_aucs.append(measures.auc(logits[fold], training.malignant[fold]))
    tell("calibration", 0.6)
    temperature = fit_temperature(logits, training.malignant)
    threshold_ppm = measures.threshold_for(SENSITIVITY, _probabilities(logits, temperature), training.malignant)
    tell("final fit", 0.7)
    return _Findings(logits, tuple(fold_aucs), temperature, threshold_ppm, fit(training))


def _card(training: Cases, held_out: Cases, findings: _Findings) -> ModelCard:
    return ModelCard(
        **prose.WORDS,
        outcomes=data.OUTCOMES,
        threshold_ppm=findings.threshold_ppm,
        tolerance_ppm=TOLERANCE_PPM,
        inputs=data.input_features(training),
        normalisation=Normalisation(
            mean=tuple(findings.final.mean.tolist()), scale=tuple(findings.final.scale.tolist())
        ),
        calibration=Calibration(
            method="temperature",
            temperature=findings.temperature,
            fitted_on=f"out-of-fold logits of the {len(training.index)} training cases, {FOLDS} stratified folds",
        ),
        metrics=_metrics(training, held_out, findings),
        lineage=_lineage(training, held_out),
    )


def _metrics(training: Cases, held_out: Cases, findings: _Findings) -> Metrics:
    truth, threshold_ppm, temperature = training.malignant, findings.threshold_ppm, findings.temperature
    held = _probabilities(findings.final.logits(held_out.inputs), temperature)
    return Metrics(
        cv_auc_mean=round(float(np.mean(findings.fold_aucs)), 6),
        cv_auc_folds=findings.fold_aucs,
        uncalibrated=measures.reliability(_probabilities(findings.logits, 1.0), truth),
        out_of_fold=measures.figures(_probabilities(findings.logits, temperature), truth, threshold_ppm),
        held_out=measures.figures(held, held_out.malignant, threshold_ppm),
    )


def _lineage(training: Cases, held_out: Cases) -> Lineage:
    return Lineage(
        **prose.SOURCE,
        rows=len(training.index) + len(held_out.index),
        training_rows=len(training.index),
        training_sha256=training.sha256(),
        training_sha256_of=data.TRAINING_SHA256_OF,
        held_out=tuple(held_out.index.tolist()),
        seed=data.SEED,
        # Without "+cpu" or "+cu130": the build makes no difference to a fit on the CPU.
        software={name: version(name).split("+")[0] for name in ("numpy", "scikit-learn", "torch")},
    )


def _files(card: ModelCard, findings: _Findings) -> dict[str, bytes]:
    def score_ppm(rows: object) -> list[int]:
        probabilities = _probabilities(findings.final.logits(np.asarray(rows, dtype=np.float64)), findings.temperature)
        return [probability_to_ppm(probability) for probability in probabilities.tolist()]

    return {
        WEIGHTS: save(findings.final.network.state_dict()),
        CARD: card.to_toml(),
        SELF_TEST: self_test(card, score_ppm).to_json(),
    }


def _probabilities(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    probabilities: NDArray[np.float64] = torch.sigmoid(torch.from_numpy(logits / temperature)).numpy()
    return probabilities


@contextmanager
def _determinism() -> Iterator[None]:
    """One thread and deterministic algorithms for the time of training, and torch as it was afterwards."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(mode=deterministic)
        torch.set_num_threads(threads)
