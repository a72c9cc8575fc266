"""Canonical JSON, beside rfc8785's."""

from __future__ import annotations

import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from oracle.core.canonical import canonical

_LEAVES = (
    some.none()
    | some.booleans()
    | some.integers(-(2**53) + 1, 2**53 - 1)
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text()
    | some.text('\x00\x1f\x7f"\\/\b\f\n\r\t\u2028é')
)
_VALUES = some.recursive(
    _LEAVES, lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner) | some.tuples(inner, inner)
)


@given(_VALUES)
def test_canonical__beside_rfc8785s__is_the_same(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1e-4, 1e-7, 1e16, 1e21])
def test_canonical__where_exponents_begin__is_rfc8785s(size: float) -> None:
    near = [size, -size, math.nextafter(size, 0), math.nextafter(size, 1e300), size * 1.25, size / 3, 17.0, -0.0]
    assert canonical(near) == rfc8785.dumps(near)
    assert [canonical(each) for each in near] == [rfc8785.dumps(each) for each in near]


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), {"a": [2**60]}, {1: 2}, "\ud800", {1}])
def test_canonical__when_json_cannot_say_it__then_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical(value)
