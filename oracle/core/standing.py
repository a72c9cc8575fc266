"""Standing requests: one question, repeated on a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from oracle.core.addresses import checksum
from oracle.core.eip712 import Struct, bytes_of, hex_of, struct_hash
from oracle.core.words import Question, Quote


@dataclass(frozen=True, slots=True)
class Schedule(Struct):
    """When rounds are due: round k at ``start + k * interval``, in blocks if ``in_blocks``, else in Unix seconds.

    ``window`` is from a round's opening to its request's deadline, in seconds; the agreement's end is the latest. With ``catch_up`` a
    missed round may be opened later; else it is skipped once the next is due.
    """

    TYPE: ClassVar[str] = (
        "Schedule(uint40 start,uint32 interval,uint32 rounds,uint32 window,bool inBlocks,bool catchUp)"
    )

    start: int
    interval: int
    rounds: int
    window: int
    in_blocks: bool
    catch_up: bool

    def due(self, round_: int) -> int:
        """Return when a round is due: a block's number if ``in_blocks``, else Unix seconds."""
        return self.start + round_ * self.interval

    def opens(self, round_: int, block_number: int, timestamp: int) -> bool:
        """Tell whether the schedule lets a round be opened in a block of this number and time. It may have been opened before."""
        now = block_number if self.in_blocks else timestamp
        if not 0 <= round_ < self.rounds or now < self.due(round_):
            return False
        return self.catch_up or now < self.due(round_ + 1)


@dataclass(frozen=True, slots=True)
class StandingRequest(Struct):
    """One question repeated. Round k takes the agreement's use ``question.use + k``; the question's deadline is 0."""

    TYPE: ClassVar[str] = (
        "StandingRequest(bytes32 agreement,address controller,uint256 question,uint256 quote,Schedule schedule)"
    )

    agreement: bytes
    controller: str
    question: Question
    quote: Quote
    schedule: Schedule

    @property
    def id(self) -> bytes:
        """StandingId, 32 bytes."""
        return self.hash()

    def due(self, round_: int) -> int:
        """Return when a round is due: see :meth:`Schedule.due`."""
        return self.schedule.due(round_)

    def opens(self, round_: int, block_number: int, timestamp: int) -> bool:
        """Tell whether a round may be opened in a block of this number and time: see :meth:`Schedule.opens`."""
        return self.schedule.opens(round_, block_number, timestamp)

    def to_abi(self) -> tuple[Any, ...]:
        """Return the values in the contract's order: question and quote packed, the schedule as a tuple."""
        words = (self.question.pack(), self.quote.pack())
        return (self.agreement, self.controller, *words, self.schedule.to_abi())

    @classmethod
    def from_abi(cls, values: Any) -> Self:
        """Build from a decoded tuple or mapping. Raises ValueError for a word that is no question."""
        agreement, controller, question, quote, schedule = cls.members_of(values)
        words = Question.unpack(question), Quote.unpack(quote)
        return cls(bytes(agreement), checksum(controller), *words, Schedule.from_abi(schedule))

    def to_message(self) -> dict[str, Any]:
        """Return the EIP-712 message, the schedule nested."""
        words = {"question": self.question.pack(), "quote": self.quote.pack()}
        named = {"agreement": self.agreement, "controller": self.controller}
        return {**named, **words, "schedule": self.schedule.to_message()}

    def to_json(self) -> dict[str, Any]:
        """Return a flat form that canonical JSON can carry, with the parts of question, quote and schedule by name."""
        named = {"agreement": hex_of(self.agreement), "controller": self.controller}
        return {**named, **self.question.to_json(), **self.quote.to_json(), **self.schedule.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`to_json`. Raises KeyError or ValueError when the data isn't of this form."""
        parts = Question.from_json(data), Quote.from_json(data), Schedule.from_json(data)
        return cls(bytes_of(data["agreement"]), checksum(data["controller"]), *parts)

    def hash(self) -> bytes:
        """Return the EIP-712 struct hash, 32 bytes: the id."""
        values = (*self.to_abi()[:-1], self.schedule.hash())
        kinds = ["bytes32", "address", "uint256", "uint256", "bytes32"]
        return struct_hash(self.TYPE + Schedule.TYPE, kinds, values)

    @classmethod
    def types(cls) -> dict[str, list[dict[str, str]]]:
        """Return the members of StandingRequest and Schedule, by name."""
        return {"StandingRequest": cls.type_members(), **Schedule.types()}
