"""Who has said on chain that it erased what it had under an agreement, and who hasn't yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from oracle.client import AssentClient
from oracle.core.erasure import ERASURE_TIME_S, Eraser, erasure_evidence
from oracle.core.errors import AssentError
from oracle.core.structs import Agreement, AgreementState

#: What a request ends by; of a challenged one, the review.
_ENDS = ("Recorded", "Refused", "Expired", "Challenged", "Upheld", "Corrected", "ChallengeLapsed")


class NothingToEraseError(AssentError):
    """The agreement is in force, or was never given, or doesn't ask for erasure."""


class Answer(StrEnum):
    """How one who may have had data stands. Of a member that is silent only the vault's release log tells whether it had any."""

    ERASED = "erased"
    PENDING = "pending"
    OVERDUE = "overdue"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Erasure:
    """One who may have had data: the holder's vault, or an operator's attester. ``at`` is in Unix seconds."""

    eraser: Eraser
    by: str
    answer: Answer
    at: int | None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"eraser": self.eraser.value, "by": self.by, "answer": self.answer.value, "at": self.at}


def erasures_of(client: AssentClient, agreement_id: bytes, released_to: Collection[str] | None = None) -> list[Erasure]:
    """Return how each one who may have had data under an agreement stands, the vault first.

    ``released_to`` are the attesters that had fields, by the vault's release log; without it every member that could ask is listed.
    Raises UnknownIdError, EndpointError, or NothingToEraseError.
    """
    agreement = client.agreement(agreement_id)
    due = _ended_at(client, agreement) + ERASURE_TIME_S
    late = Answer.OVERDUE if client.block_time() > due else Answer.PENDING
    said = {
        (event.arguments["by"], bytes(event.arguments["evidence"])): event
        for event in client.events("Erased", agreement_id)
    }

    def stands(eraser: Eraser, by: str, otherwise: Answer) -> Erasure:
        event = said.get((by, erasure_evidence(eraser, agreement_id, by)))
        if event is None:
            return Erasure(eraser, by, otherwise, None)
        return Erasure(eraser, by, Answer.ERASED, client.block_time(event.block_number))

    members = _members(client, agreement_id) if released_to is None else sorted(released_to)
    silent = Answer.SILENT if released_to is None else late
    return [stands(Eraser.VAULT, agreement.holder, late), *(stands(Eraser.OPERATOR, each, silent) for each in members)]


def _ended_at(client: AssentClient, agreement: Agreement) -> int:
    """Return when an agreement that asks for erasure ended (Unix seconds). Raises NothingToEraseError."""
    if not agreement.erasure:
        raise NothingToEraseError("the agreement doesn't ask for erasure: nobody has to erase anything")
    status = client.read(client.contract.agreement_status(agreement.id))
    if status.stands(client.block_time()):
        raise NothingToEraseError("the agreement is in force: nobody has to erase anything yet")
    return status.valid_until if status.state is AgreementState.GIVEN else status.since


def _members(client: AssentClient, agreement_id: bytes) -> list[str]:
    """Return the attesters of all epochs that could ask the vault for fields: any of them may have had some."""
    asked = {
        bytes(event.arguments["id"]): event.block_number for event in client.events("Requested", None, agreement_id)
    }
    if not asked:
        return []
    rotated = [(event.block_number, event.arguments["epoch"]) for event in client.events("EpochRotated")]
    ends = [event for name in _ENDS for event in client.events(name, list(asked))]
    ends.sort(key=lambda event: (event.block_number, event.log_index))
    last = {bytes(event.arguments["id"]): event for event in ends}
    now = client.block_number()
    epochs: set[int] = set()
    for identifier, block in asked.items():
        first = max((epoch for at, epoch in rotated if at <= block), default=1)
        end = last.get(identifier)
        until = now if end is None or end.name == "Challenged" else end.block_number
        # The epoch before may still ask within its grace.
        epochs |= {epoch for at, epoch in rotated if at <= until and epoch >= first - 1}
    members = [each for epoch in sorted(epochs) for each in client.read(client.contract.members_of(epoch))]
    return list(dict.fromkeys(members))
