from pathlib import Path

import numpy as np
import pytest

from oracle.core.errors import ModelError
from oracle.models.card import ModelCard
from oracle.models.features import features
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime
from oracle.models.zoo.screening import data, measures
from oracle.models.zoo.screening.training import train


def test_held_out__57_cases__are_the_cards_and_in_range(card: ModelCard) -> None:
    cases = data.held_out()
    assert tuple(case.index for case in cases) == card.lineage.held_out
    assert [case.diagnosis for case in cases].count("malignant") == 21
    assert {case.diagnosis for case in cases} == set(card.outcomes)
    for case in cases:
        assert list(case.fields) == [feature.name for feature in card.inputs]
        features(card, case.fields)


def test_split__training_and_held_out__share_no_case() -> None:
    training, held = data.split()
    assert sorted([*training.index.tolist(), *held.index.tolist()]) == list(range(569))
    # Of all 569, 212 are malignant, by the data set's own description.
    assert training.malignant.sum() + held.malignant.sum() == 212


def test_lineage__training_rows__have_the_cards_digest(card: ModelCard) -> None:
    assert data.split()[0].sha256() == card.lineage.training_sha256


def test_held_out__evaluated__reaches_what_the_card_reports(runtime: LocalRuntime, card: ModelCard) -> None:
    cases = data.held_out()
    results = runtime.evaluate([features(card, case.fields) for case in cases])
    truth = np.array([float(card.outcomes.index(case.diagnosis)) for case in cases])
    found = measures.figures(np.array([one.score_ppm for one in results]) / 1e6, truth, card.threshold_ppm)
    reported = card.metrics.held_out
    assert (found.true_positives, found.false_negatives) == (reported.true_positives, reported.false_negatives)
    assert (found.true_negatives, found.false_positives) == (reported.true_negatives, reported.false_positives)
    assert found.auc == pytest.approx(reported.auc, abs=1e-6)
    assert found.reliability.brier == pytest.approx(reported.reliability.brier, abs=1e-5)
    assert found.auc >= 0.99
    assert found.sensitivity >= 0.95


def test_card__figures__reach_the_goals(card: ModelCard) -> None:
    metrics = card.metrics
    assert metrics.cv_auc_mean >= 0.99
    assert len(metrics.cv_auc_folds) == 5
    assert metrics.out_of_fold.sensitivity >= 0.98
    # Temperature scaling minimises log loss; Brier score and calibration error follow.
    assert metrics.out_of_fold.reliability.log_loss <= metrics.uncalibrated.log_loss
    assert metrics.out_of_fold.reliability.ece <= metrics.uncalibrated.ece


def test_self_test_vectors__against_the_data__describe_no_patient(package: ModelPackage) -> None:
    patients = {tuple(row) for cases in data.split() for row in cases.inputs.tolist()}
    assert patients.isdisjoint(package.self_test.rows(package.card))


def test_train__again__writes_the_shipped_package(tmp_path: Path, package: ModelPackage) -> None:
    told: list[tuple[str, float]] = []
    trained = train(tmp_path / "again", progress=lambda stage, done: told.append((stage, done)))
    assert trained.card.lineage.software == package.card.lineage.software
    assert trained.files_digest == package.files_digest
    assert ModelPackage.load(tmp_path / "again") == trained
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert told[-1] == ("done", 1.0)


def test_train__into_a_folder_with_other_things__refuses(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match=r"notes\.txt"):
        train(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


def test_threshold_for__known_scores__misses_only_as_many_as_allowed() -> None:
    truth = np.array([0.0] * 5 + [1.0] * 10)
    probabilities = np.array([0.1] * 5 + [0.055, *np.linspace(0.3, 0.9, 9)])
    assert measures.threshold_for(0.98, probabilities, truth) == 50_000
    assert measures.threshold_for(0.90, probabilities, truth) == 300_000
    assert measures.threshold_for(0.85, probabilities, truth) == 300_000
    assert measures.threshold_for(0.80, probabilities, truth) == 370_000


def test_figures__known_scores__count_as_by_hand() -> None:
    found = measures.figures(np.array([0.9, 0.4, 0.6, 0.1]), np.array([1.0, 1.0, 0.0, 0.0]), 500_000)
    assert (found.true_positives, found.false_negatives, found.true_negatives, found.false_positives) == (1, 1, 1, 1)
    assert (found.sensitivity, found.specificity, found.auc) == (0.5, 0.5, 0.75)
    assert found.reliability.brier == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)


def test_calibration_error__known_bins__counts_as_by_hand() -> None:
    # Bin 0.2-0.3: says 0.25, half are; bin 0.9-1.0: says 1.0, all are.
    error = measures.calibration_error(np.array([0.25, 0.25, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert error == pytest.approx(0.125)
