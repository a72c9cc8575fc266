"""Encoding of flat lists of values, beside eth-abi's."""

from __future__ import annotations

from typing import Any

import eth_abi
import pytest
from eth_utils import keccak as eth_utils_keccak
from hypothesis import given
from hypothesis import strategies as some

from oracle.core.abi import encode
from oracle.core.keccak import keccak

_VALUES: dict[str, some.SearchStrategy[Any]] = {
    "bool": some.booleans(),
    "address": some.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    "bytes": some.binary(max_size=100),
    "string": some.text(max_size=50),
    **{f"uint{bits}": some.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64, 96, 256)},
    **{f"bytes{size}": some.binary(min_size=size, max_size=size) for size in (2, 4, 32)},
}
_PAIRS = some.lists(
    some.sampled_from(sorted(_VALUES)).flatmap(lambda kind: some.tuples(some.just(kind), _VALUES[kind])), max_size=8
)


@given(_PAIRS)
def test_encode__beside_eth_abis__is_the_same(pairs: list[tuple[str, Any]]) -> None:
    kinds, values = [kind for kind, _ in pairs], [value for _, value in pairs]

    assert encode(kinds, values) == eth_abi.encode(kinds, values)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("uint8", True),
        ("uint8", "1"),
        ("bool", 1),
        ("bytes32", bytes(33)),
        ("bytes32", "ab"),
        ("address", "0x12"),
        ("address", "0x" + "zz" * 20),
        ("address", bytes(20)),
        ("address", "0x" + "ab" * 19 + "  "),
        ("bytes", "text"),
        ("string", b"bytes"),
        ("string", "\ud800"),
        ("int8", 1),
    ],
)
def test_encode__when_the_value_is_not_of_its_type__then_refused(kind: str, value: object) -> None:
    with pytest.raises(ValueError):
        encode([kind], [value])


def test_encode__when_one_is_missing__then_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        encode(["bool", "bool"], [True])


@given(some.binary(max_size=300))
def test_keccak__beside_eth_utils__is_the_same(data: bytes) -> None:
    assert keccak(data) == eth_utils_keccak(data)
