import math

import pytest

from oracle.core.errors import ModelError
from oracle.models.card import ModelCard, outcome_of


def altered(card: ModelCard, old: str, new: str) -> bytes:
    text = card.to_toml().decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def test_card__written_and_parsed__is_the_same(card: ModelCard) -> None:
    assert ModelCard.from_toml(card.to_toml()) == card
    assert ModelCard.from_toml(card.to_toml()).to_toml() == card.to_toml()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('version = "1.0.0"', 'version = "1.0.0"\ncolour = "red"', "colour"),
        ("tolerance_ppm = 1000", "tolerance_ppm = nan", "tolerance_ppm"),
        ("tolerance_ppm = 1000", 'tolerance_ppm = "1000"', "tolerance_ppm"),
        ("minimum = 3.4", "minimum = nan", "minimum"),
        ("minimum = 3.4", "minimum = inf", "minimum"),
        ("minimum = 3.4", "minimum = 57.0", "mean radius"),
        ('name = "mean texture"', 'name = "mean radius"', "same name"),
        ('    "benign"', '    "malignant"', "same name"),
        ('    "benign",\n', "", "outcomes"),
        ("mean = [\n", "mean = [\n    1.0,\n", "normalisation"),
        ("scale = [\n", "scale = [\n    0.0,\n", "scale"),
        ("temperature = ", "temperature = -", "temperature"),
        ('name = "screening"', 'name = "../screening"', "name"),
        ("threshold_ppm = ", "threshold_ppm = 1979-05-27 #", "UTF-8 TOML"),
    ],
)
def test_card__altered_to_nonsense__is_refused_by_name(card: ModelCard, old: str, new: str, named: str) -> None:
    with pytest.raises(ModelError, match=named):
        ModelCard.from_toml(altered(card, old, new))


@pytest.mark.parametrize("text", [b"\xff\xfe", b"name = ", b"", b"inputs = [" + b"[" * 5000])
def test_card__not_readable__is_refused(text: bytes) -> None:
    with pytest.raises(ModelError, match=r"model\.toml"):
        ModelCard.from_toml(text)


def test_outcome_of__around_the_threshold__turns_positive_at_it(card: ModelCard) -> None:
    assert outcome_of(card, card.threshold_ppm - 1) == 0
    assert outcome_of(card, card.threshold_ppm) == 1
    assert [outcome_of(card, 0), outcome_of(card, 1_000_000)] == [0, 1]


def test_card__of_screening__says_where_it_comes_from_and_what_it_is_not(card: ModelCard) -> None:
    assert "Not a medical device" in card.limits
    assert (card.lineage.doi, card.lineage.licence) == ("10.24432/C5DW2B", "CC BY 4.0")
    assert len(card.lineage.held_out) == 57
    assert card.lineage.training_rows + 57 == card.lineage.rows
    assert all(math.isfinite(feature.minimum) and feature.unit for feature in card.inputs)
