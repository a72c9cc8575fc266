"""A question, a quote, a scope: the structs that the contracts keep in one 256-bit word each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, ClassVar, Self

#: Gas that one unit of a question's ``callback`` names.
CALLBACK_UNIT = 1000
#: A callback may name so much gas at most.
MAX_CALLBACK_GAS = 2_000_000
#: For how long beyond its deadline a verdict can be claimed that was anchored before it, in seconds.
CLAIM_TIME_S = 86_400
#: A royalty of this many is the whole fee.
BASIS_POINTS = 10_000

_JSON_BITS = 53


class Word:
    """Base of the frozen dataclasses that are packed into one word.

    ``PARTS`` are the fields' names in JSON and widths in bits, from the low end; bits without a name are zero.
    """

    __slots__ = ()

    PARTS: ClassVar[tuple[tuple[str, int], ...]]
    #: The fields' names, which every dataclass has, in order.
    __match_args__: ClassVar[tuple[str, ...]]

    def pack(self) -> int:
        """Return the word. Raises ValueError when a part doesn't fit."""
        word, shift, values = 0, 0, iter(self._values())
        for name, bits in self.PARTS:
            value = next(values) if name else 0
            if not 0 <= value < 1 << bits:
                raise ValueError(f"{name} doesn't fit {bits} bits")
            word |= value << shift
            shift += bits
        return word

    @classmethod
    def unpack(cls, word: int) -> Self:
        """Inverse of :meth:`pack`. Raises ValueError for a bit beyond the parts, or a part that can't be."""
        values, rest = [], word
        for name, bits in cls.PARTS:
            value = rest & ((1 << bits) - 1)
            rest >>= bits
            if name:
                values.append(value)
            elif value:
                raise ValueError("a bit between the parts")
        if rest:
            raise ValueError("a bit beyond the parts")
        return cls(*values)

    def to_json(self) -> dict[str, Any]:
        """Return the parts as JSON carries them: integers beyond 2^53 as decimal strings."""
        pairs = zip(self.named_parts(), self._values(), strict=True)
        return {name: str(value) if bits > _JSON_BITS else value for (name, bits), value in pairs}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`to_json`; other keys are left alone. Raises KeyError or ValueError when the data isn't of this form."""
        return cls(*(int(data[name]) for name, _ in cls.named_parts()))

    @classmethod
    def named_parts(cls) -> list[tuple[str, int]]:
        """Return ``PARTS`` without the bits that are zero: one for each field."""
        return [(name, bits) for name, bits in cls.PARTS if name]

    def _values(self) -> list[int]:
        return [int(getattr(self, name)) for name in self.__match_args__]


class Delivery(IntEnum):
    """How the controller wants the verdict: recorded by the operators, or under an anchored root to be claimed."""

    RECORDED = 0
    ANCHORED = 1


class Disclosure(IntEnum):
    """What of a verdict stands on chain in clear; the rest is sealed: a commitment to it."""

    SEALED = 0
    OUTCOME = 1
    OUTCOME_AND_SCORE = 2
    EVERYTHING = 3


@dataclass(frozen=True, slots=True)
class Question(Word):
    """What a controller asks: which use, by when (Unix seconds), for which purpose (DPV bit) and step.

    ``callback`` is in thousands of gas, 0 for none. ``modifiers`` are the DUO modifiers that the controller undertakes to meet, a bit
    each; ``place`` is where the verdict is to be used (ISO 3166-1 numeric; 0 if it isn't said).
    """

    PARTS: ClassVar[tuple[tuple[str, int], ...]] = (
        ("use", 32), ("deadline", 40), ("purpose", 8), ("step", 8), ("callback", 16), ("delivery", 1),
        ("disclosure", 2), ("", 5), ("modifiers", 32), ("place", 16),
    )  # fmt: skip

    use: int
    deadline: int
    purpose: int
    step: int
    callback: int = 0
    delivery: int = Delivery.RECORDED
    disclosure: int = Disclosure.EVERYTHING
    modifiers: int = 0
    place: int = 0

    def __post_init__(self) -> None:
        """Name delivery and disclosure, so that no question with an unknown one exists. Raises ValueError."""
        object.__setattr__(self, "delivery", Delivery(self.delivery))
        object.__setattr__(self, "disclosure", Disclosure(self.disclosure))

    @property
    def last_second(self) -> int:
        """Last second at which a verdict can be in its slot: the deadline, or the end of the time for claims (Unix time)."""
        return self.deadline + (CLAIM_TIME_S if self.delivery is Delivery.ANCHORED else 0)

    @property
    def callback_gas(self) -> int:
        """Gas for the callback to the controller; 0 for none."""
        return self.callback * CALLBACK_UNIT

    def at(self, use: int, deadline: int) -> Question:
        """Return the same question, as another use and by another deadline (Unix seconds)."""
        return replace(self, use=use, deadline=deadline)


@dataclass(frozen=True, slots=True)
class Scope(Word):
    """What of an agreement isn't a purpose: steps and modifiers (bitmaps), place, the notice's language (two letters), erasure (0 or 1),
    and the most that a question may have disclosed.
    """

    PARTS: ClassVar[tuple[tuple[str, int], ...]] = (
        ("steps", 8), ("modifiers", 32), ("place", 16), ("language", 16), ("erasure", 1),
        ("disclosure", 2),
    )  # fmt: skip

    steps: int
    modifiers: int = 0
    place: int = 0
    language: int = 0
    erasure: int = 0
    disclosure: int = Disclosure.EVERYTHING


@dataclass(frozen=True, slots=True)
class Limits(Word):
    """From when, till when (Unix seconds), how often, and for how much: the event that an agreement was given has them in one word."""

    PARTS: ClassVar[tuple[tuple[str, int], ...]] = (
        ("validFrom", 40), ("validUntil", 40), ("uses", 32), ("price", 96),
    )  # fmt: skip

    valid_from: int
    valid_until: int
    uses: int
    price: int


@dataclass(frozen=True, slots=True)
class Signers(Word):
    """Who signed: a bitmap over the members of an epoch, and the epoch's number."""

    PARTS: ClassVar[tuple[tuple[str, int], ...]] = (("signers", 64), ("epoch", 32))

    bitmap: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Summary(Word):
    """What the event of a verdict in clear says in one word, but for its trail: who signed, and what."""

    PARTS: ClassVar[tuple[tuple[str, int], ...]] = (*Signers.PARTS, ("outcome", 8), ("score", 24))

    bitmap: int
    epoch: int
    outcome: int
    score: int


@dataclass(frozen=True, slots=True)
class Quote(Word):
    """What a request costs and what its verdict needs; amounts in the smallest unit of the currency.

    ``royalty`` is the publisher's part of the fee in basis points, ``currency`` an index (0 for ether), ``price`` the subject's.
    """

    PARTS: ClassVar[tuple[tuple[str, int], ...]] = (
        ("outcomeCount", 8), ("quorum", 8), ("royalty", 16), ("currency", 32), ("fee", 96), ("price", 96),
    )  # fmt: skip

    outcome_count: int
    quorum: int
    royalty: int
    currency: int
    fee: int
    price: int

    @property
    def total(self) -> int:
        """What the controller puts in escrow."""
        return self.fee + self.price

    @property
    def royalty_amount(self) -> int:
        """The publisher's part of the fee, rounded down: the operators have the odd wei."""
        return self.fee * self.royalty // BASIS_POINTS

    @property
    def operators_amount(self) -> int:
        """The operators' part of the fee, all signers' together."""
        return self.fee - self.royalty_amount

    def with_price(self, price: int) -> Quote:
        """Return the same quote at another price of the subject's: a model's quote under an agreement."""
        return replace(self, price=price)
