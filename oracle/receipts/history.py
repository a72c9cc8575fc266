"""What became of an agreement, from the contract's events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oracle.chain.abi import Event
from oracle.client import AssentClient
from oracle.core.structs import Question

#: Events of a request, by what they are called here.
_OF_REQUESTS = {
    "Recorded": "recorded",
    "Refused": "refused",
    "Expired": "expired",
    "Cancelled": "cancelled",
    "Challenged": "challenged",
    "Upheld": "upheld",
    "Corrected": "corrected",
}
#: So many requests' events are asked for at a time: endpoints bound a question's length.
_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: of the agreement itself, or of a use of it (by number), with the verdict's outcome and score if it has one."""

    block: int
    log_index: int
    event: str
    transaction: bytes
    use: int | None = None
    outcome: int | None = None
    score_ppm: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, without what there is none of."""
        told = {"use": self.use, "outcome": self.outcome, "scorePpm": self.score_ppm}
        known = {name: value for name, value in told.items() if value is not None}
        return {"block": self.block, "event": self.event, "transaction": "0x" + self.transaction.hex(), **known}


def history_of(client: AssentClient, agreement_id: bytes) -> list[Entry]:
    """Return all that happened to an agreement and its uses, in order. Raises UnknownIdError or EndpointError."""
    client.agreement(agreement_id)
    found = [_entry("given", event) for event in client.events("AgreementGiven", agreement_id)]
    found += [_entry("withdrawn", event) for event in client.events("AgreementWithdrawn", agreement_id)]
    uses: dict[bytes, int] = {}
    for event in client.events("Requested", None, agreement_id):
        use = Question.unpack(event.arguments["question"]).use
        uses[bytes(event.arguments["id"])] = use
        found.append(_entry("requested", event, use))
    ids = list(uses)
    for start in range(0, len(ids), _AT_A_TIME):
        for name, called in _OF_REQUESTS.items():
            events = client.events(name, ids[start : start + _AT_A_TIME])
            found += [_entry(called, event, uses[bytes(event.arguments["id"])]) for event in events]
    return sorted(found, key=lambda entry: (entry.block, entry.log_index))


def _entry(name: str, event: Event, use: int | None = None) -> Entry:
    outcome, score = event.arguments.get("outcome"), event.arguments.get("score")
    return Entry(event.block_number, event.log_index, name, event.transaction_hash, use, outcome, score)


__all__ = ["Entry", "history_of"]
