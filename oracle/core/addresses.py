"""Addresses as EIP-55 writes them, and where a deployment is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from eth_utils import to_checksum_address


@lru_cache(maxsize=16_384)
def checksum(address: str | bytes) -> str:
    """Return an address, hex or 20 bytes, with its checksum. Raises ValueError for what isn't one.

    eth-utils takes 40 us and more, and a node reads the same few addresses again with every row and message: it was most of what reading an
    agreement cost.
    """
    return to_checksum_address(address)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a deployment's contracts are: Assent itself, its committee, and the registry of records."""

    core: str
    committee: str
    records: str

    def __post_init__(self) -> None:
        """Take addresses in any case. Raises ValueError for what is none."""
        for name in self.__match_args__:
            object.__setattr__(self, name, checksum(getattr(self, name)))

    def of(self, contract: str) -> str:
        """Return the address of a contract by its name: Assent, Committee or Records."""
        return {"Assent": self.core, "Committee": self.committee, "Records": self.records}[contract]

    @property
    def all(self) -> tuple[str, str, str]:
        """Every address."""
        return (self.core, self.committee, self.records)
