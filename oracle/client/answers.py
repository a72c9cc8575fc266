"""What the client's methods return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from oracle.chain.abi import Event
from oracle.core.committee import members_of
from oracle.core.structs import Agreement, Model, ModelState, Record, Request, RequestState


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that was mined and succeeded, with the contract's events in it."""

    hash: bytes
    block: int
    gas_used: int
    events: list[Event]

    def event(self, name: str) -> Event:
        """Return the transaction's first event of this name. Raises ValueError if there is none."""
        for event in self.events:
            if event.name == name:
                return event
        raise ValueError(f"the transaction emitted no {name}")

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; the events by name only."""
        names = [event.name for event in self.events]
        return {"transaction": _hex(self.hash), "block": self.block, "gasUsed": self.gas_used, "events": names}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was made: its id (32 bytes), its terms, and the transaction."""

    id: bytes
    request: Request
    sent: Sent


class CommittedRecord(NamedTuple):
    """A record as committed, and the base URL of the vault that holds it."""

    record: Record
    vault_url: str


class RequestTerms(NamedTuple):
    """A request's terms, the agreement it was made under, and its block."""

    request: Request
    agreement: Agreement
    block: int


class Use(NamedTuple):
    """One use of an agreement: its number, the request that took it, and that request's state."""

    use: int
    request_id: bytes
    state: RequestState


class PublishedModel(NamedTuple):
    """A model as published, where its package can be had, and its state."""

    model: Model
    uri: str
    state: ModelState


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an epoch: its place in the signers' bitmap, its keys, and its HTTP interface."""

    index: int
    attester: str
    operator: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Earning:
    """A set of signers that earned fees in an epoch, and a member's place in it: the arguments of ``collect``."""

    epoch: int
    signers: int
    index: int


@dataclass(frozen=True, slots=True)
class VerdictView:
    """A request's state, and how it ended.

    ``outcome`` and ``score_ppm`` are of a recorded verdict; ``since`` is when the request ended (Unix seconds). ``trail`` is the whole
    digest of the trail (32 bytes), ``epoch`` and ``signers`` (bitmap) who signed; ``block`` and ``transaction`` where it ended. What
    doesn't apply is None.
    """

    request_id: bytes
    state: RequestState
    outcome: int | None = None
    score_ppm: int | None = None
    since: int | None = None
    trail: bytes | None = None
    epoch: int | None = None
    signers: int | None = None
    block: int | None = None
    transaction: bytes | None = None

    @property
    def recorded(self) -> bool:
        """Whether there is a verdict."""
        return self.state is RequestState.RECORDED

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; signers as a list of indices in the epoch."""
        return {
            "request": _hex(self.request_id),
            "state": self.state.name.lower(),
            "outcome": self.outcome,
            "scorePpm": self.score_ppm,
            "since": self.since,
            "trail": _hex(self.trail),
            "epoch": self.epoch,
            "signers": None if self.signers is None else list(members_of(self.signers)),
            "block": self.block,
            "transaction": _hex(self.transaction),
        }


def _hex(value: bytes | None) -> str | None:
    return None if value is None else "0x" + value.hex()
