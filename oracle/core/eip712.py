"""Base of the structs that mirror the contracts': their ABI form, their JSON form, and their EIP-712 hash.

An id is the struct hash of what it names (https://eips.ethereum.org/EIPS/eip-712), so it fixes its content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from oracle.core.abi import encode
from oracle.core.addresses import checksum
from oracle.core.keccak import keccak

#: Integers of these types may exceed 2^53, which is as far as JSON's numbers are exact.
_WIDE = ("uint256", "uint96")


@cache
def _members(type_: str) -> tuple[tuple[str, str], ...]:
    """Split ``Name(type a,type b)`` into (type, name) pairs."""
    inner = re.fullmatch(r"\w+\((.*)\)", type_)
    if inner is None:
        raise ValueError(f"not an EIP-712 type: {type_}")
    return tuple((kind, name) for kind, name in (member.split(" ") for member in inner[1].split(",")))


@cache
def _type_hash(encoded: str) -> bytes:
    return keccak(encoded.encode())


class Struct:
    """Base of the frozen dataclasses that mirror a contract's struct, field by field in the same order.

    ``TYPE`` is the EIP-712 type. The dataclasses with a struct or a packed word inside override what that changes.
    """

    __slots__ = ()

    TYPE: ClassVar[str]
    #: The fields' names, which every dataclass has, in order.
    __match_args__: ClassVar[tuple[str, ...]]

    def to_abi(self) -> tuple[Any, ...]:
        """Return the values in the contract's order."""
        return tuple(getattr(self, name) for name in self.__match_args__)

    def values(self) -> tuple[Any, ...]:
        """Return the values in the order of ``TYPE``, as they are signed."""
        return self.to_abi()

    @classmethod
    def from_abi(cls, values: Any) -> Self:
        """Build from a decoded tuple or mapping (camelCase keys) of the contract's struct."""
        kinds = [kind for kind, _ in _members(cls.TYPE)]
        return cls(*(_from_abi(kind, value) for kind, value in zip(kinds, cls.members_of(values), strict=True)))

    @classmethod
    def members_of(cls, values: Any) -> tuple[Any, ...]:
        """Return a decoded struct's values in order, whether it came as a tuple or as a mapping."""
        if isinstance(values, Mapping):
            return tuple(values[name] for _, name in _members(cls.TYPE))
        return tuple(values)

    def to_message(self) -> dict[str, Any]:
        """Return the EIP-712 message: camelCase names, values as they are."""
        return {name: value for (_, name), value in zip(_members(self.TYPE), self.values(), strict=True)}

    def to_json(self) -> dict[str, Any]:
        """Return a form that canonical JSON can carry: bytes as 0x-hex, integers beyond 2^53 as decimal strings."""
        pairs = zip(_members(self.TYPE), self.values(), strict=True)
        return {name: _to_json(kind, value) for (kind, name), value in pairs}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`to_json`. Raises KeyError or ValueError when the data isn't of this form."""
        return cls(*(_from_json(kind, data[name]) for kind, name in _members(cls.TYPE)))

    def hash(self) -> bytes:
        """Return the EIP-712 struct hash, 32 bytes."""
        kinds = [kind for kind, _ in _members(self.TYPE)]
        return struct_hash(self.TYPE, kinds, self.values())

    @classmethod
    def type_members(cls) -> list[dict[str, str]]:
        """Return the members as ``eth_signTypedData`` wants them."""
        return [{"name": name, "type": kind} for kind, name in _members(cls.TYPE)]

    @classmethod
    def types(cls) -> dict[str, list[dict[str, str]]]:
        """Return the members of this type and of every type inside it, by name."""
        return {cls.TYPE.partition("(")[0]: cls.type_members()}


def struct_hash(encoded: str, kinds: list[str], values: tuple[Any, ...]) -> bytes:
    """Return the struct hash (32 bytes) of ABI values under an encoded type; a struct inside counts as its hash, ``bytes32``."""
    return keccak(encode(["bytes32", *kinds], [_type_hash(encoded), *values]))


def hex_of(value: bytes) -> str:
    """Return bytes as JSON has them: 0x-hex."""
    return "0x" + value.hex()


def bytes_of(text: str) -> bytes:
    """Inverse of :func:`hex_of`. Raises ValueError for what isn't hex."""
    return bytes.fromhex(text.removeprefix("0x"))


def _from_abi(kind: str, value: Any) -> Any:
    if kind == "address":
        return checksum(value)
    return bytes(value) if kind.startswith("bytes") else value


def _to_json(kind: str, value: Any) -> Any:
    if kind.startswith("bytes"):
        return hex_of(value)
    return str(value) if kind in _WIDE else value


def _from_json(kind: str, value: Any) -> Any:
    if kind.startswith("bytes"):
        found = bytes_of(value)
        if kind != "bytes" and len(found) != int(kind[5:]):
            raise ValueError(f"not a value of type {kind}")
        return found
    if kind == "bool":
        if not isinstance(value, bool):
            raise ValueError("not a boolean")
        return value
    return checksum(value) if kind == "address" else int(value)
