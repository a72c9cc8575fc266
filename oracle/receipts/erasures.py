"""Who has said on chain that it erased what it had under an agreement, and who hasn't yet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from oracle.client import AssentClient
from oracle.core.erasure import ERASURE_TIME_S, Eraser, erasure_evidence
from oracle.core.errors import AssentError

_ENDS = ("AgreementWithdrawn", "AgreementRevoked", "AgreementInvalidated")


class NothingToEraseError(AssentError):
    """The agreement is in force, or was never given, or doesn't ask for erasure."""


class Answer(StrEnum):
    """How one who may have had data stands."""

    ERASED = "erased"
    PENDING = "pending"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Erasure:
    """One who may have had data: the holder's vault, or a member of an epoch in which a request was made. ``at`` is in Unix seconds."""

    eraser: Eraser
    by: str
    answer: Answer
    at: int | None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"eraser": self.eraser.value, "by": self.by, "answer": self.answer.value, "at": self.at}


def erasures_of(client: AssentClient, agreement_id: bytes) -> list[Erasure]:
    """Return how each one who may have had data under an agreement stands, the vault first.

    Raises UnknownIdError, EndpointError, or NothingToEraseError.
    """
    agreement = client.agreement(agreement_id)
    ended = [event for name in _ENDS for event in client.events(name, agreement_id)]
    if not ended or not agreement.erasure:
        raise NothingToEraseError("the agreement is in force, or doesn't ask for erasure: nobody has to erase anything")
    due = client.block_time(ended[0].block_number) + ERASURE_TIME_S
    said = {
        (event.arguments["by"], bytes(event.arguments["evidence"])): client.block_time(event.block_number)
        for event in reversed(client.events("Erased", agreement_id))
    }
    holders = [
        (Eraser.VAULT, agreement.holder),
        *((Eraser.OPERATOR, each) for each in _operators(client, agreement_id)),
    ]
    now = client.block_time()
    found = []
    for eraser, by in holders:
        at = said.get((by, erasure_evidence(eraser, agreement_id, by)))
        late = Answer.OVERDUE if now > due else Answer.PENDING
        found.append(Erasure(eraser, by, late if at is None else Answer.ERASED, at))
    return found


def _operators(client: AssentClient, agreement_id: bytes) -> list[str]:
    """Return attesters of all epochs in which a request could ask the vault: any of them may have had its fields."""
    asked = client.events("Requested", None, agreement_id)
    rotated = client.events("EpochRotated")
    attesters: dict[str, None] = {}
    for event in asked:
        epochs = [each.arguments["epoch"] for each in rotated if each.block_number <= event.block_number]
        for epoch in epochs[-1:]:
            members: list[str] = client.read(client.contract.members_of(epoch))
            attesters |= dict.fromkeys(members)
    return list(attesters)
