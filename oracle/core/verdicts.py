"""Requests, their verdicts, and what is signed and said about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar, Self

from oracle.core.addresses import checksum
from oracle.core.eip712 import Struct, bytes_of, hex_of
from oracle.core.keccak import keccak
from oracle.core.registries import Leeway, root_pool_id
from oracle.core.words import Question, Quote, Signers

#: Stands above the use in what a request's id is the hash of: the head of its type's hash.
_USE_TAG = keccak(b"Use(bytes32 agreement,uint32 use)")[:28]

#: The largest score, in parts per million.
MAX_SCORE = 1_000_000
#: Outcome and score in the slot of a verdict in which they are sealed: no model has so many outcomes, and no score is so large.
SEALED_OUTCOME, SEALED_SCORE = 0xFF, 0xFFFFFF


class RequestState(IntEnum):
    """State of a request on chain."""

    NONE = 0
    REQUESTED = 1
    RECORDED = 2
    REFUSED = 3
    EXPIRED = 4
    CANCELLED = 5
    CHALLENGED = 6
    UPHELD = 7
    CORRECTED = 8
    UNJUDGED = 9

    @property
    def has_verdict(self) -> bool:
        """Whether there is a verdict to read, be it challenged."""
        return self in _WITH_VERDICT


_WITH_VERDICT = (
    RequestState.RECORDED,
    RequestState.CHALLENGED,
    RequestState.UPHELD,
    RequestState.CORRECTED,
    RequestState.UNJUDGED,
)


class Finality(IntEnum):
    """How far a verdict can still change."""

    NONE = 0
    CONTESTABLE = 1
    CONTESTED = 2
    FINAL = 3


@dataclass(frozen=True, slots=True)
class Request(Struct):
    """A controller's question under an agreement, with the quote that held; record and model are the agreement's."""

    TYPE: ClassVar[str] = "Request(bytes32 agreement,address controller,uint256 question,uint256 quote)"

    agreement: bytes
    controller: str
    question: Question
    quote: Quote

    @property
    def id(self) -> bytes:
        """RequestId, 32 bytes: the hash of agreement and use, whatever the other terms."""
        return request_id(self.agreement, self.question.use)

    @property
    def commitment(self) -> bytes:
        """Hash of all terms, 32 bytes; the chain keeps its head while the request is open."""
        return self.hash()

    @property
    def use(self) -> int:
        """Which of the agreement's uses it takes."""
        return self.question.use

    @property
    def deadline(self) -> int:
        """Last second at which a verdict may be recorded, or a report with it anchored (Unix time)."""
        return self.question.deadline

    @property
    def last_second(self) -> int:
        """Last second at which a verdict can be in its slot: see :attr:`Question.last_second`."""
        return self.question.last_second

    @property
    def purpose(self) -> int:
        """DPV purpose, as a bit's position."""
        return self.question.purpose

    @property
    def step(self) -> int:
        """Processing step."""
        return self.question.step

    @property
    def fee(self) -> int:
        """The model's price of a verdict, in the smallest unit of the quote's currency."""
        return self.quote.fee

    @property
    def quorum(self) -> int:
        """Operators whose signatures the verdict needs at least."""
        return self.quote.quorum

    @property
    def outcome_count(self) -> int:
        """How many outcomes the model has."""
        return self.quote.outcome_count

    def root_pool(self, root: bytes) -> bytes:
        """Return the PoolId (32 bytes) of claims of requests like this one under an anchored root."""
        return root_pool_id(root, self.quote.currency, self.quote.quorum)

    def to_abi(self) -> tuple[bytes, str, int, int]:
        """Return the values in the contract's order, question and quote packed. Raises ValueError when a part of them doesn't fit."""
        return (self.agreement, self.controller, self.question.pack(), self.quote.pack())

    @classmethod
    def from_abi(cls, values: Any) -> Self:
        """Build from a decoded tuple or mapping. Raises ValueError for a word that is no question."""
        agreement, controller, question, quote = cls.members_of(values)
        words = Question.unpack(question), Quote.unpack(quote)
        return cls(bytes(agreement), checksum(controller), *words)

    def to_json(self) -> dict[str, Any]:
        """Return a flat form that canonical JSON can carry, with the parts of question and quote by name."""
        named = {"agreement": hex_of(self.agreement), "controller": self.controller}
        return {**named, **self.question.to_json(), **self.quote.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`to_json`. Raises KeyError or ValueError when the data isn't of this form."""
        words = Question.from_json(data), Quote.from_json(data)
        return cls(bytes_of(data["agreement"]), checksum(data["controller"]), *words)


@dataclass(frozen=True, slots=True)
class Verdict(Struct):
    """The answer to one request, in clear. ``score`` is in parts per million; ``trail`` is the digest of its trail.

    The contract has three words, so that each may be sealed instead.
    """

    #: As JSON has it.
    TYPE: ClassVar[str] = "Verdict(uint8 outcome,uint32 score,bytes32 trail)"

    outcome: int
    score: int
    trail: bytes

    def values(self) -> tuple[int, int, bytes]:
        """Return the values as JSON has them."""
        return (self.outcome, self.score, self.trail)

    def to_abi(self) -> tuple[bytes, bytes, bytes]:
        """Return the contract's three words."""
        return (self.outcome.to_bytes(32), self.score.to_bytes(32), self.trail)

    @classmethod
    def from_abi(cls, values: Any) -> Self:
        """Build from the contract's words. Raises ValueError for what is sealed, or can't be."""
        outcome, score, trail = map(bytes, cls.members_of(values))
        return cls._within(int.from_bytes(outcome), int.from_bytes(score), trail)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`to_json`. Raises KeyError or ValueError when the data isn't of this form, or no verdict can be so."""
        trail = bytes_of(data["trail"])
        if len(trail) != 32:
            raise ValueError("not a value of type bytes32")
        return cls._within(int(data["outcome"]), int(data["score"]), trail)

    @classmethod
    def _within(cls, outcome: int, score: int, trail: bytes) -> Self:
        if not (0 <= outcome < SEALED_OUTCOME and 0 <= score <= MAX_SCORE):
            raise ValueError("no verdict in clear")
        return cls(outcome, score, trail)


@dataclass(frozen=True, slots=True)
class Recording:
    """A verdict as it stands in its request's slot, and who signed it: what the slot's mark binds."""

    request: Request
    verdict: Verdict
    by: Signers

    def to_abi(self) -> tuple[Any, ...]:
        """Return the values in the contract's order."""
        return (self.request.to_abi(), self.verdict.to_abi(), self.by.pack())


@dataclass(frozen=True, slots=True)
class Answer:
    """A request with its verdict, as a report lists them: in ascending order of their leaves."""

    request: Request
    verdict: Verdict

    def to_abi(self) -> tuple[Any, ...]:
        """Return the values in the contract's order."""
        return (self.request.to_abi(), self.verdict.to_abi())


@dataclass(frozen=True, slots=True)
class Attestation:
    """A quorum's signatures: bit i of ``signers`` (64 bits) is the epoch's member i; 64 bytes a signature, in that order."""

    epoch: int
    signers: int
    signatures: bytes

    @property
    def by(self) -> Signers:
        """Epoch and signers, as the contract has them."""
        return Signers(self.signers, self.epoch)

    def to_abi(self) -> tuple[int, bytes]:
        """Return the values in the contract's order."""
        return (self.by.pack(), self.signatures)

    @classmethod
    def from_abi(cls, values: Any) -> Self:
        """Build from a decoded tuple or mapping. Raises ValueError if the first word names no epoch's signers."""
        word, signatures = (values["by"], values["signatures"]) if isinstance(values, Mapping) else values
        by = Signers.unpack(word)
        return cls(by.epoch, by.bitmap, bytes(signatures))


@dataclass(frozen=True, slots=True)
class Testimony:
    """One operator's compact signature over a report with a verdict in it. ``proof`` leads from the verdict's leaf to the root."""

    __test__: ClassVar[bool] = False  # to pytest, a class of this name would be tests

    request: Request
    verdict: Verdict
    proof: tuple[bytes, ...]
    epoch: int
    count: int
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        """Return the values in the contract's order."""
        asked = (self.request.to_abi(), self.verdict.to_abi())
        return (*asked, list(self.proof), self.epoch, self.count, self.signature)


def contradict(first: Verdict, second: Verdict, leeway: Leeway) -> bool:
    """Tell whether no honest operator could have signed both verdicts of one request, as the contract has it.

    Each signs what is within the tolerance of its own score, so two such are at most twice that apart. Of a model with two outcomes one
    score has one; of two scores near its threshold, each may have its own. Of more outcomes a score alone tells none.
    """
    apart = abs(first.score - second.score)
    return apart > 2 * leeway.tolerance_ppm or (apart == 0 and leeway.is_binary and first.outcome != second.outcome)


def request_id(agreement_id: bytes, use: int) -> bytes:
    """Return the RequestId (32 bytes) of one use of an agreement."""
    return keccak(agreement_id + _USE_TAG + use.to_bytes(4))
