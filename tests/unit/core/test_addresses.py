"""Addresses with their checksum; the examples are EIP-55's."""

from __future__ import annotations

import pytest

from oracle.core.addresses import checksum


@pytest.mark.parametrize(
    "address", ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"]
)
def test_checksum__of_hex_or_bytes__is_eip_55s(address: str) -> None:
    assert checksum(address.lower()) == checksum(bytes.fromhex(address[2:])) == checksum(address) == address


@pytest.mark.parametrize("wrong", ["", "0x12", "0x" + "g" * 40, b"short"])
def test_checksum__of_what_is_no_address__is_refused_each_time(wrong: str | bytes) -> None:
    for _ in range(2):
        with pytest.raises(ValueError):
            checksum(wrong)
