"""From a record's named fields to the numbers a model takes, in its order.

No message here holds a field's value: it ends up in logs, at peers and with the requester, and the value is somebody's.
"""

import math
from collections.abc import Mapping

from oracle.core.errors import InputError, Reason
from oracle.models.card import Feature, ModelCard

_NAME_SHOWN = 80


def features(card: ModelCard, fields: Mapping[str, object]) -> tuple[float, ...]:
    """Return one number for each of ``card.inputs``, in the card's order and units.

    Raises InputError with FIELD_MISSING, FIELD_UNEXPECTED, FIELD_NOT_A_NUMBER (a string, a bool, NaN, infinity) or
    FIELD_OUT_OF_RANGE; the message names the field, never its value.
    """
    for feature in card.inputs:
        if feature.name not in fields:
            raise InputError(
                Reason.FIELD_MISSING,
                f"field {feature.name!r} is missing; {card.name} {card.version} needs all of its {len(card.inputs)}",
            )
    known = {feature.name for feature in card.inputs}
    for name in fields:
        if name not in known:
            raise InputError(
                Reason.FIELD_UNEXPECTED,
                f"field {name[:_NAME_SHOWN]!r} is no input of {card.name} {card.version}; send only those it takes",
            )
    return tuple(_number(feature, fields[feature.name]) for feature in card.inputs)


def _number(feature: Feature, value: object) -> float:
    # bool is an int to Python, but "true" was never a measurement.
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not math.isfinite(value))
    ):
        raise InputError(
            Reason.FIELD_NOT_A_NUMBER,
            f"field {feature.name!r} is not a finite number; the model takes it in {feature.unit}",
        )
    if not feature.minimum <= value <= feature.maximum:  # an int too large for a float still compares
        raise InputError(
            Reason.FIELD_OUT_OF_RANGE,
            f"field {feature.name!r} is outside the range in the model's card; check that its unit is {feature.unit}",
        )
    return float(value)
