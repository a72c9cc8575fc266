"""Who has said on chain that it erased what it had under an agreement, and who hasn't yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from oracle.chain.recordings import signers_of
from oracle.client import AssentClient
from oracle.core.erasure import ERASURE_TIME_S, Eraser, erasure_evidence
from oracle.core.errors import AssentError
from oracle.core.structs import Agreement, AgreementState

#: What a request ends by.
_ENDS = ("Recorded", "RecordedSealed", "Refused", "Expired")


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
    """One who may have had data under an agreement: the holder's vault, or an operator's attester. ``at`` is in Unix seconds."""

    agreement: bytes
    eraser: Eraser
    by: str
    answer: Answer
    at: int | None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        told = {"eraser": self.eraser.value, "by": self.by, "answer": self.answer.value, "at": self.at}
        return {"agreement": "0x" + self.agreement.hex(), **told}


def erasures_of(
    client: AssentClient, agreement_id: bytes, releases: Collection[tuple[bytes, str]] | None = None
) -> list[Erasure]:
    """Return how each one who may have had data under an agreement stands, the vault first; then the same of what was adopted under it.

    ``releases`` are those of the vault's release log: request and attester that had fields. Without them every member that could ask is
    listed. Raises UnknownIdError, EndpointError, or NothingToEraseError.
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
            return Erasure(agreement_id, eraser, by, otherwise, None)
        return Erasure(agreement_id, eraser, by, Answer.ERASED, client.block_time(event.block_number))

    asked = {
        bytes(event.arguments["id"]): event.block_number for event in client.events("Requested", None, agreement_id)
    }
    if releases is None:
        members, silent = _members(client, asked), Answer.SILENT
    else:
        members, silent = sorted({attester for request, attester in releases if request in asked}), late
    # The vault may not erase yet what another agreement needs.
    vault = Answer.PENDING if next(standing_about(client, agreement), None) else late
    own = [stands(Eraser.VAULT, agreement.holder, vault), *(stands(Eraser.OPERATOR, each, silent) for each in members)]
    for adopted in client.adopted_under(agreement_id) if agreement.models_by is not None else ():
        with suppress(NothingToEraseError):  # renewed for longer than this one, it stands yet
            own += erasures_of(client, adopted.id, releases)
    return own


def standing_about(client: AssentClient, agreement: Agreement) -> Iterator[Agreement]:
    """Yield the agreements about the same record that are in force, this one perhaps among them. Raises EndpointError."""
    now = client.block_time()
    for event in client.events("AgreementGiven", None, bytes.fromhex(agreement.subject[2:])):
        other = Agreement.from_given(event.arguments)
        if other.record == agreement.record and client.read(client.contract.agreement_status(other.id)).stands(now):
            yield other


def _ended_at(client: AssentClient, agreement: Agreement) -> int:
    """Return when an agreement that asks for erasure ended (Unix seconds). Raises NothingToEraseError."""
    if not agreement.erasure:
        raise NothingToEraseError("the agreement doesn't ask for erasure: nobody has to erase anything")
    status = client.read(client.contract.agreement_status(agreement.id))
    if status.stands(client.block_time()):
        raise NothingToEraseError("the agreement is in force: nobody has to erase anything yet")
    return status.valid_until if status.state is AgreementState.GIVEN else status.since


def _members(client: AssentClient, asked: Mapping[bytes, int]) -> list[str]:
    """Return the attesters who could ask the vault for fields, any of whom may have had some: those with seats while a request was open,
    and who could judge its verdict, if it was challenged.

    ``asked`` has the requests with their blocks.
    """
    if not asked:
        return []
    formed = [(event.block_number, event.arguments["number"]) for event in client.events("EpochSet")]
    ends = {
        bytes(event.arguments["id"]): event.block_number for name in _ENDS for event in client.events(name, list(asked))
    }
    now = client.block_number()
    epochs: set[int] = set()
    for identifier, block in asked.items():
        first = max((epoch for at, epoch in formed if at <= block), default=1)
        # The epoch before may still ask within its grace.
        epochs |= {epoch for at, epoch in formed if at <= ends.get(identifier, now) and epoch >= first - 1}
    members = [each for epoch in sorted(epochs) for each in client.read(client.contract.members_of(epoch))]
    return list(dict.fromkeys([*members, *_judges(client, list(asked))]))


def _judges(client: AssentClient, asked: list[bytes]) -> Iterator[str]:
    """Yield the attesters who could judge the verdicts on these requests that were challenged."""
    challenged = [bytes(event.arguments["id"]) for event in client.events("Challenged", asked)]
    if not challenged:
        return
    for name in ("Recorded", "RecordedSealed"):
        for event in client.events(name, challenged):
            by = signers_of(event)
            roll = client.read(client.contract.roll_of(by.epoch)).attesters
            yield from (attester for index, attester in enumerate(roll) if not by.bitmap >> index & 1)
