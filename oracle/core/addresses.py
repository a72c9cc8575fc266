"""Addresses as EIP-55 writes them."""

from __future__ import annotations

from functools import lru_cache

from eth_utils import to_checksum_address


@lru_cache(maxsize=16_384)
def checksum(address: str | bytes) -> str:
    """Return an address, hex or 20 bytes, with its checksum. Raises ValueError for what isn't one.

    eth-utils takes 40 us and more, and a node reads the same few addresses again with every row and message: it was most of what reading an
    agreement cost.
    """
    return to_checksum_address(address)
