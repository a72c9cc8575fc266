"""The structs of the contracts, as Python has them, and their ids.

Every id is the EIP-712 struct hash of what it names (https://eips.ethereum.org/EIPS/eip-712), so an id fixes its content. Field order is
the contracts' own; ``tests/vectors/ids.json`` is checked by Solidity and by Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cache
from typing import Any, ClassVar, Self

from eth_abi import encode
from eth_utils import keccak, to_checksum_address


@cache
def _members(type_: str) -> tuple[tuple[str, str], ...]:
    """Split ``Name(type a,type b)`` into (type, name) pairs."""
    inner = re.fullmatch(r"\w+\((.*)\)", type_)
    if inner is None:
        raise ValueError(f"not an EIP-712 type: {type_}")
    return tuple((kind, name) for kind, name in (member.split(" ") for member in inner[1].split(",")))


@cache
def _type_hash(type_: str) -> bytes:
    return keccak(text=type_)


class Struct:
    """Base of the frozen dataclasses that mirror a contract's struct, field by field in the same order."""

    TYPE: ClassVar[str]

    def to_abi(self) -> tuple[Any, ...]:
        """Return the values in the contract's order."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    @classmethod
    def from_abi(cls, values: Any) -> Self:
        """Build from a decoded tuple or mapping (camelCase keys) of the contract's struct."""
        if isinstance(values, Mapping):
            values = [values[name] for _, name in _members(cls.TYPE)]
        kinds = [kind for kind, _ in _members(cls.TYPE)]
        return cls(*(_from_abi(kind, value) for kind, value in zip(kinds, values, strict=True)))

    def to_message(self) -> dict[str, Any]:
        """Return the EIP-712 message: camelCase names, values as they are."""
        return {name: value for (_, name), value in zip(_members(self.TYPE), self.to_abi(), strict=True)}

    def to_json(self) -> dict[str, Any]:
        """Return a form that canonical JSON can carry: bytes as 0x-hex, integers beyond 2^53 as decimal strings."""
        return {name: _to_json(kind, value) for (kind, name), value in self._items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`to_json`. Raises KeyError or ValueError when the data isn't of this form."""
        return cls(*(_from_json(kind, data[name]) for kind, name in _members(cls.TYPE)))

    def hash(self) -> bytes:
        """Return the EIP-712 struct hash, 32 bytes."""
        kinds = [kind for kind, _ in _members(self.TYPE)]
        return keccak(encode(["bytes32", *kinds], [_type_hash(self.TYPE), *self.to_abi()]))

    def _items(self) -> zip[tuple[tuple[str, str], Any]]:
        return zip(_members(self.TYPE), self.to_abi(), strict=True)

    @classmethod
    def type_members(cls) -> list[dict[str, str]]:
        """Return the members as ``eth_signTypedData`` wants them."""
        return [{"name": name, "type": kind} for kind, name in _members(cls.TYPE)]


def _from_abi(kind: str, value: Any) -> Any:
    if kind == "address":
        return to_checksum_address(value)
    return bytes(value) if kind.startswith("bytes") else value


def _to_json(kind: str, value: Any) -> Any:
    if kind.startswith("bytes"):
        return "0x" + value.hex()
    return str(value) if kind in ("uint256", "uint96") else value


def _from_json(kind: str, value: Any) -> Any:
    if kind.startswith("bytes"):
        return bytes.fromhex(value.removeprefix("0x"))
    return to_checksum_address(value) if kind == "address" else int(value)


class Step(IntEnum):
    """Processing steps; consent to one isn't consent to another."""

    INFER = 0
    TRAIN = 1
    EVALUATE = 2
    AGGREGATE = 3
    SHARE = 4


class AgreementState(IntEnum):
    """State of an agreement on chain."""

    NONE = 0
    GIVEN = 1
    WITHDRAWN = 2


class RecordState(IntEnum):
    """State of a record on chain."""

    NONE = 0
    COMMITTED = 1
    RETIRED = 2


class ModelState(IntEnum):
    """State of a model on chain."""

    NONE = 0
    PUBLISHED = 1
    DEPRECATED = 2


class RequestState(IntEnum):
    """State of a request on chain."""

    NONE = 0
    REQUESTED = 1
    RECORDED = 2
    REFUSED = 3
    EXPIRED = 4


@dataclass(frozen=True, slots=True)
class Agreement(Struct):
    """A data-use agreement. ``purposes``, ``prohibited`` and ``steps`` are bitmaps; times are Unix seconds, the end is exclusive."""

    TYPE: ClassVar[str] = (
        "Agreement(address subject,address controller,bytes32 record,bytes32 model,uint256 purposes,uint256 prohibited,"
        "uint8 steps,uint40 validFrom,uint40 validUntil,uint32 uses,bytes32 notice,bytes32 salt)"
    )

    subject: str
    controller: str
    record: bytes
    model: bytes
    purposes: int
    prohibited: int
    steps: int
    valid_from: int
    valid_until: int
    uses: int
    notice: bytes
    salt: bytes

    @property
    def id(self) -> bytes:
        """AgreementId, 32 bytes."""
        return self.hash()


@dataclass(frozen=True, slots=True)
class Record(Struct):
    """A commitment to a record: the salted Merkle root of its fields, whose it is, and who holds it."""

    TYPE: ClassVar[str] = "Record(bytes32 root,address subject,address holder)"

    root: bytes
    subject: str
    holder: str

    @property
    def id(self) -> bytes:
        """RecordId, 32 bytes."""
        return self.hash()


@dataclass(frozen=True, slots=True)
class Model(Struct):
    """One immutable version of a model. ``tolerance`` is in parts per million, ``fee`` in wei."""

    TYPE: ClassVar[str] = (
        "Model(address publisher,bytes32 files,bytes32 inputs,bytes32 outcomes,uint8 outcomeCount,uint8 quorum,"
        "uint24 tolerance,uint96 fee)"
    )

    publisher: str
    files: bytes
    inputs: bytes
    outcomes: bytes
    outcome_count: int
    quorum: int
    tolerance: int
    fee: int

    @property
    def id(self) -> bytes:
        """ModelId, 32 bytes."""
        return self.hash()


@dataclass(frozen=True, slots=True)
class Request(Struct):
    """A controller's question under an agreement; record and model are the agreement's."""

    TYPE: ClassVar[str] = (
        "Request(bytes32 agreement,uint32 use,address controller,uint8 purpose,uint8 step,uint40 deadline,uint96 fee,"
        "uint8 quorum,uint8 outcomeCount)"
    )

    agreement: bytes
    use: int
    controller: str
    purpose: int
    step: int
    deadline: int
    fee: int
    quorum: int
    outcome_count: int

    @property
    def id(self) -> bytes:
        """RequestId, 32 bytes: the hash of agreement and use, whatever the other terms."""
        return request_id(self.agreement, self.use)

    @property
    def commitment(self) -> bytes:
        """Hash of all terms, 32 bytes; the chain keeps all but its last byte while the request is open."""
        return self.hash()


@dataclass(frozen=True, slots=True)
class Verdict(Struct):
    """The answer to one request. ``score`` is in parts per million; ``trail`` is the digest of its trail."""

    TYPE: ClassVar[str] = "Verdict(uint8 outcome,uint32 score,bytes32 trail)"

    outcome: int
    score: int
    trail: bytes


@dataclass(frozen=True, slots=True)
class Attestation:
    """A quorum's signatures over a report: bit i of ``signers`` is the epoch's member i; 64 bytes a signature, in that order."""

    epoch: int
    signers: int
    signatures: bytes

    def to_abi(self) -> tuple[int, int, bytes]:
        """Return the values in the contract's order."""
        return (self.epoch, self.signers, self.signatures)


def request_id(agreement_id: bytes, use: int) -> bytes:
    """Return the RequestId (32 bytes) of one use of an agreement."""
    return keccak(encode(["bytes32", "uint32"], [agreement_id, use]))
