"""The committee: what it goes by, who is in it, and the cases of challenged verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from oracle.core.eip712 import Struct

#: Nobody: no arbiter, no admission contract.
NOBODY = "0x" + "0" * 40

#: No time among a committee's terms may be longer, in seconds.
MAX_TIME_S = 3650 * 86_400
#: A bitmap of judges has so many bits.
MAX_ROLL = 64
#: Two could convict each other.
MIN_ROLL = 3


class Place(IntEnum):
    """Where an operator stands with the committee."""

    OUT = 0
    WAITING = 1
    ROLL = 2


class Phase(IntEnum):
    """How far the case of a challenged verdict is. ``STANDS`` and ``FALSE``: so the bench found, and the arbiter may still rule."""

    NONE = 0
    OPEN = 1
    STANDS = 2
    FALSE = 3
    CLOSED = 4
    OVERRULED = 5

    @property
    def is_over(self) -> bool:
        """Whether nobody can decide anything any more."""
        return self in (Phase.CLOSED, Phase.OVERRULED)


@dataclass(frozen=True, slots=True)
class CommitteeTerms(Struct):
    """What a committee goes by, for ever. ``min_stake``, ``penalty`` and ``bond`` are in wei, times in seconds, ``start`` is Unix time.

    ``seats`` of the roll sign reports; a roll has ``min_roll`` to ``max_roll`` operators. A verdict may be challenged for ``window``,
    judged for ``judging_time``, and ruled on by its model's arbiter for ``ruling_time``. ``start`` is when the first epoch may be formed,
    ``epoch_length`` the shortest time between two rotations, ``lease`` for how long a renewal holds, ``grace`` for how long an epoch that
    is over may sign. ``admission`` is the contract that says who may take part, the zero address for anyone.
    """

    TYPE: ClassVar[str] = (
        "CommitteeTerms(uint8 seats,uint8 maxRoll,uint8 minRoll,uint96 minStake,uint96 penalty,uint96 bond,uint40 window,"
        "uint40 judgingTime,uint40 rulingTime,uint40 start,uint40 epochLength,uint40 lease,uint40 grace,uint40 unbonding,"
        "address admission)"
    )

    seats: int
    max_roll: int
    min_roll: int
    min_stake: int
    penalty: int
    bond: int
    window: int
    judging_time: int
    ruling_time: int
    start: int
    epoch_length: int
    lease: int
    grace: int
    unbonding: int
    admission: str = NOBODY

    def problems(self) -> dict[str, str]:
        """Return what the contract would refuse, by the field's name, so that it is known before anything is paid for."""
        wanted = {
            "min_roll": (self.min_roll >= MIN_ROLL, f"must be {MIN_ROLL} or more: two could convict each other"),
            "seats": (self.seats >= self.min_roll, "must be min_roll or more"),
            "max_roll": (self.seats <= self.max_roll <= MAX_ROLL, f"must be between seats and {MAX_ROLL}"),
            "penalty": (
                0 < self.penalty <= self.min_stake // 2,
                "must be between 1 and half of min_stake: who is convicted once is still a judge",
            ),
            "bond": (
                0 < self.bond <= self.penalty // 2,
                "must be between 1 and half of penalty, which pays challenger and judges",
            ),
            "lease": (
                self.epoch_length <= self.lease <= MAX_TIME_S,
                f"must be epoch_length or longer, and {MAX_TIME_S} s at most",
            ),
            "unbonding": (
                self.contestable_s < self.unbonding <= 6 * MAX_TIME_S,
                f"must exceed {self.contestable_s} s: while a verdict can be claimed, challenged, judged and ruled on, its signers' "
                f"stakes must be there; and be {6 * MAX_TIME_S} s at most",
            ),
        }
        for name in ("window", "judging_time", "epoch_length"):
            wanted[name] = (0 < getattr(self, name) <= MAX_TIME_S, f"must be between 1 and {MAX_TIME_S} s")
        for name in ("ruling_time", "grace"):
            wanted[name] = (getattr(self, name) <= MAX_TIME_S, f"must be {MAX_TIME_S} s at most")
        return {name: problem for name, (met, problem) in wanted.items() if not met}

    @property
    def contestable_s(self) -> int:
        """For how long after the end of an epoch a verdict that it signed may become of: it is claimed, challenged, judged, ruled on."""
        day = 86_400
        return 8 * day + self.grace + self.window + self.judging_time + self.ruling_time + day
