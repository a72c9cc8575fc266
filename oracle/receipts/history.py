"""What became of an agreement, from the contract's events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from oracle.chain.abi import Event
from oracle.chain.recordings import told
from oracle.client import AssentClient
from oracle.core.purposes import purpose
from oracle.core.structs import Question, RequestState, Step

#: Events of an agreement, by what they are called here.
_OF_AGREEMENTS = {
    "AgreementRepresented": "represented",
    "AgreementGiven": "given",
    "AgreementAdopted": "adopted",
    "AgreementRenewed": "renewed",
    "AgreementWithdrawn": "withdrawn",
    "AgreementRevoked": "revoked",
    "AgreementInvalidated": "invalidated",
    "Erased": "erased",
}
#: Says in what state a contest left a verdict as it was: upheld, or unjudged.
_SETTLED = "ContestSettled"
#: Events of a request, by what they are called here.
_OF_REQUESTS = {
    "Recorded": "recorded",
    "RecordedSealed": "recorded",
    "Refused": "refused",
    "Expired": "expired",
    "Cancelled": "cancelled",
    "Challenged": "challenged",
    "Corrected": "corrected",
    _SETTLED: "upheld",
}
#: The events of an adoption, which is the controller's.
_ADOPTING = ("given", "adopted")
#: The argument that names who did it, where an event has one.
_ACTORS = ("by", "representative", "subject", "holder")
#: So many requests' events are asked for at a time: endpoints bound a question's length.
_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: of the agreement itself, or of a use of it (by number), with what was asked for, or the verdict that there is."""

    block: int
    log_index: int
    event: str
    transaction: bytes
    use: int | None = None
    request: bytes | None = None
    question: Question | None = None
    by: str | None = None
    valid_until: int | None = None
    #: The agreement that it was adopted under; of that one, the adopted agreement.
    other: bytes | None = None
    outcome: int | None = None
    score_ppm: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, without what there is none of."""
        request = None if self.request is None else "0x" + self.request.hex()
        other = None if self.other is None else "0x" + self.other.hex()
        told = {
            "by": self.by,
            "validUntil": self.valid_until,
            "agreement": other,
            "use": self.use,
            "request": request,
            "outcome": self.outcome,
            "scorePpm": self.score_ppm,
        }
        known = {name: value for name, value in told.items() if value is not None}
        return {"block": self.block, "event": self.event, "transaction": "0x" + self.transaction.hex(), **known}


def history_of(client: AssentClient, agreement_id: bytes) -> list[Entry]:
    """Return all that happened to an agreement and its uses, in order. Raises UnknownIdError or EndpointError."""
    agreement = client.agreement(agreement_id)
    found: list[Entry] = []
    for name, called in _OF_AGREEMENTS.items():
        found += [_entry(called, event) for event in client.events(name, agreement_id)]
    if any(entry.event == "adopted" for entry in found):  # what the subject gave is the other agreement
        found = [replace(each, by=agreement.controller) if each.event in _ADOPTING else each for each in found]
    found += [
        replace(_entry("adopted", event), by=agreement.controller, other=bytes(event.arguments["id"]))
        for event in client.events("AgreementAdopted", None, agreement_id)
    ]
    uses: dict[bytes, int] = {}
    for event in client.events("Requested", None, agreement_id):
        question = Question.unpack(event.arguments["question"])
        uses[bytes(event.arguments["id"])] = question.use
        found.append(_entry("requested", event, question.use, question))
    ids = list(uses)
    for start in range(0, len(ids), _AT_A_TIME):
        for name, called in _OF_REQUESTS.items():
            events = client.events(name, ids[start : start + _AT_A_TIME])
            found += [_entry(_called(event, called), event, uses[bytes(event.arguments["id"])]) for event in events]
    return sorted(found, key=lambda entry: (entry.block, entry.log_index))


def _called(event: Event, otherwise: str) -> str:
    return RequestState(event.arguments["state"]).name.lower() if event.name == _SETTLED else otherwise


def _entry(name: str, event: Event, use: int | None = None, question: Question | None = None) -> Entry:
    outcome, score = _verdict(event)
    request = None if use is None else bytes(event.arguments["id"])
    place = (event.block_number, event.log_index)
    by = next((event.arguments[key] for key in _ACTORS if isinstance(event.arguments.get(key), str)), None)
    until, other = event.arguments.get("validUntil"), event.arguments.get("under")
    return Entry(*place, name, event.transaction_hash, use, request, question, by, until, other, outcome, score)


def _verdict(event: Event) -> tuple[int | None, int | None]:
    """Return outcome and score that an event tells of in clear."""
    if event.name not in ("Recorded", "Corrected"):
        return None, None
    try:
        verdict, _ = told(event)
    except ValueError:  # sealed
        return None, None
    return verdict.outcome, verdict.score


@dataclass(frozen=True, slots=True)
class Used:
    """One use of an agreement: what was asked, how it stands, the verdict if there is one, and what it earns the subject.

    ``earned`` is in the smallest unit of ``currency`` (the zero address for ether); a use without a verdict earns nothing.
    """

    agreement: bytes
    use: int
    request: bytes
    controller: str
    model: bytes
    purpose: str
    step: str
    asked_block: int
    state: str
    outcome: int | None
    score_ppm: int | None
    earned: int
    currency: str

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: bytes as 0x-hex, amounts as decimal strings."""
        return {
            "agreement": "0x" + self.agreement.hex(),
            "use": self.use,
            "request": "0x" + self.request.hex(),
            "controller": self.controller,
            "model": "0x" + self.model.hex(),
            "purpose": self.purpose,
            "step": self.step,
            "askedBlock": self.asked_block,
            "state": self.state,
            "outcome": self.outcome,
            "scorePpm": self.score_ppm,
            "earned": str(self.earned),
            "currency": self.currency,
        }


def uses_of(client: AssentClient, agreement_id: bytes) -> list[Used]:
    """Return each use that was taken of an agreement, in order, from the chain alone. Raises UnknownIdError or EndpointError.

    Of an agreement to a publisher's models they are those of what was adopted under it.
    """
    agreement = client.agreement(agreement_id)
    if agreement.models_by is not None:
        return [used for adopted in client.adopted_under(agreement_id) for used in uses_of(client, adopted.id)]
    currency = client.price_of(agreement).currency
    of_use: dict[int, list[Entry]] = {}
    for entry in history_of(client, agreement_id):
        if entry.use is not None:
            of_use.setdefault(entry.use, []).append(entry)
    found = []
    for use, entries in sorted(of_use.items()):
        asked = next(each for each in entries if each.question is not None)
        # A correction, the last there is, stands in the place of what was recorded first; it earns no more.
        verdict = next((each for each in reversed(entries) if each.outcome is not None), None)
        question = asked.question
        if question is None or asked.request is None:
            continue
        found.append(
            Used(
                agreement=agreement_id,
                use=use,
                request=asked.request,
                controller=agreement.controller,
                model=agreement.model,
                purpose=purpose(question.purpose).term,
                step=Step(question.step).name.lower(),
                asked_block=asked.block,
                state=entries[-1].event,
                outcome=None if verdict is None else verdict.outcome,
                score_ppm=None if verdict is None else verdict.score_ppm,
                earned=agreement.price if any(each.event == "recorded" for each in entries) else 0,
                currency=currency,
            )
        )
    return found


__all__ = ["Entry", "Used", "history_of", "uses_of"]
