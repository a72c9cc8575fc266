"""Records, models, and the pools that operators earn in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from eth_utils import to_canonical_address

from oracle.core.abi import encode
from oracle.core.addresses import checksum
from oracle.core.eip712 import Struct
from oracle.core.keccak import keccak
from oracle.core.roll import NOBODY


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
class Leeway:
    """By how much the verdicts of two honest operators on one request may differ: a model's tolerance, in parts per million, of either's
    score; and whether it has two outcomes, so that one score has one outcome.
    """

    tolerance_ppm: int
    is_binary: bool = True


@dataclass(frozen=True, slots=True)
class Model(Struct):
    """One immutable version of a model.

    ``tolerance`` is in parts per million, ``fee`` in the smallest unit of ``currency`` (an ERC-20 token's address, the zero address for
    ether), ``royalty`` in basis points of the fee. ``arbiter`` rules on its challenged verdicts where the committee's bench doesn't, and
    may overrule it (the zero address: nobody). ``cap`` is what may be in escrow for requests that can still be answered, in the
    currency's smallest unit, of which half is asked in a span of eight days; 0 for no bound.
    """

    TYPE: ClassVar[str] = (
        "Model(address publisher,bytes32 files,bytes32 inputs,bytes32 outcomes,uint8 outcomeCount,uint8 quorum,"
        "uint24 tolerance,uint96 fee,address currency,uint16 royalty,address arbiter,uint96 cap)"
    )

    publisher: str
    files: bytes
    inputs: bytes
    outcomes: bytes
    outcome_count: int
    quorum: int
    tolerance: int
    fee: int
    currency: str
    royalty: int
    arbiter: str = NOBODY
    cap: int = 0

    @property
    def leeway(self) -> Leeway:
        """By how much honest verdicts may differ."""
        return Leeway(self.tolerance, self.outcome_count == 2)

    @property
    def id(self) -> bytes:
        """ModelId, 32 bytes."""
        return self.hash()


@dataclass(frozen=True, slots=True)
class ModelsBy:
    """What an agreement names instead of one model: all that a publisher has, or will have, in one currency.

    ``currency`` is the currency's index (0: ether). In one currency, because the agreement's price is an amount of the model's.
    """

    publisher: str
    currency: int = 0

    def pack(self) -> bytes:
        """Return what stands in the place of the model's id, 32 bytes. Raises ValueError for what fits no address or index."""
        if not 0 <= self.currency < 1 << 32:
            raise ValueError("currency doesn't fit 32 bits")
        return self.currency.to_bytes(12) + to_canonical_address(self.publisher)

    @classmethod
    def unpack(cls, model: bytes) -> ModelsBy | None:
        """Return what 32 bytes say of a publisher; None if they are a model's id: a hash has no such zeros in front."""
        if any(model[:8]):
            return None
        return cls(checksum(model[12:]), int.from_bytes(model[8:12]))


#: For how long a request is open at least, and at most, in seconds.
MIN_OPEN_S, MAX_OPEN_S = 60, 7 * 24 * 3600

#: The kinds of pools: an id's first byte, so that none of one kind is one of another.
_OF_SIGNERS, _OF_ROOT = b"\x01", b"\x02"


def pool_id(epoch: int, signers: int, currency_index: int) -> bytes:
    """Return the PoolId (32 bytes) of the reports that these signers (a bitmap) had recorded in an epoch."""
    return _OF_SIGNERS + currency_index.to_bytes(19) + epoch.to_bytes(4) + signers.to_bytes(8)


def root_pool_id(root: bytes, currency_index: int, quorum: int) -> bytes:
    """Return the PoolId (32 bytes) of the claims under an anchored root, by requests of this currency and quorum."""
    return _OF_ROOT + keccak(encode(["bytes32", "uint32", "uint8"], [root, currency_index, quorum]))[:31]
