import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.core.errors import InputError, Reason
from oracle.models.card import ModelCard
from oracle.models.features import features
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE

CARD = ModelPackage.load(PACKAGE).card
NAMES = [feature.name for feature in CARD.inputs]
MIDDLE: dict[str, object] = {feature.name: (feature.minimum + feature.maximum) / 2 for feature in CARD.inputs}


def refused(fields: dict[str, object]) -> InputError:
    with pytest.raises(InputError) as caught:
        features(CARD, fields)
    return caught.value


def test_features__in_any_order__come_in_the_cards(middle: dict[str, object], card: ModelCard) -> None:
    shuffled = dict(reversed(middle.items()))
    assert features(card, shuffled) == tuple(middle[feature.name] for feature in card.inputs)


def test_features__at_both_ends_of_the_range__are_taken(card: ModelCard) -> None:
    assert features(card, {one.name: one.minimum for one in card.inputs}) == tuple(one.minimum for one in card.inputs)
    assert features(card, {one.name: one.maximum for one in card.inputs}) == tuple(one.maximum for one in card.inputs)


def test_features__an_int__becomes_a_float(card: ModelCard) -> None:
    row = features(card, {**MIDDLE, "mean radius": 20})
    assert row[0] == 20.0
    assert isinstance(row[0], float)


@given(name=st.sampled_from(NAMES))
def test_features__one_missing__names_it(name: str) -> None:
    error = refused({key: value for key, value in MIDDLE.items() if key != name})
    assert error.reason is Reason.FIELD_MISSING
    assert repr(name) in str(error)


def test_features__one_too_many__names_it() -> None:
    error = refused({**MIDDLE, "patient": "Jane 4711"})
    assert error.reason is Reason.FIELD_UNEXPECTED
    assert "'patient'" in str(error)
    assert "4711" not in str(error)


def test_features__an_endless_name__is_cut_short() -> None:
    assert len(str(refused({**MIDDLE, "x" * 100_000: 1.0}))) < 300


@given(
    name=st.sampled_from(NAMES),
    value=st.one_of(
        st.booleans(),
        st.text(),
        st.none(),
        st.binary(),
        st.complex_numbers(),
        st.lists(st.floats()),
        st.sampled_from([math.nan, math.inf, -math.inf, Decimal("14.1")]),
    ),
)
def test_features__not_a_number__is_refused_in_words_that_dont_depend_on_it(name: str, value: object) -> None:
    error = refused({**MIDDLE, name: value})
    assert error.reason is Reason.FIELD_NOT_A_NUMBER
    assert str(error) == str(refused({**MIDDLE, name: "another"}))
    assert repr(name) in str(error)
    assert error.__cause__ is None


@given(name=st.sampled_from(NAMES), value=st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers()))
def test_features__any_number__is_taken_or_refused_in_words_that_dont_depend_on_it(name: str, value: float) -> None:
    feature = CARD.inputs[NAMES.index(name)]
    if feature.minimum <= value <= feature.maximum:
        assert features(CARD, {**MIDDLE, name: value})[NAMES.index(name)] == value
    else:
        error = refused({**MIDDLE, name: value})
        assert error.reason is Reason.FIELD_OUT_OF_RANGE
        assert str(error) == str(refused({**MIDDLE, name: 10**400}))
        assert repr(name) in str(error)
