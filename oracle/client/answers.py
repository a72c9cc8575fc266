"""What the client's methods return. Times are Unix seconds; amounts are in the smallest unit of their currency."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from oracle.chain.abi import Event
from oracle.chain.contract import Case, StandingStatus
from oracle.core.committee import members_of
from oracle.core.roll import NOBODY
from oracle.core.structs import (
    Agreement,
    Finality,
    Model,
    ModelState,
    Quote,
    Record,
    Request,
    RequestState,
    StandingRequest,
    Verdict,
)


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
class Price:
    """What a request costs and needs, and the token (zero address for ether) in which it is paid."""

    quote: Quote
    currency: str

    @property
    def in_ether(self) -> bool:
        """Whether it is paid in ether."""
        return self.quote.currency == 0

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; amounts as decimal strings."""
        quote = self.quote
        return {
            "total": str(quote.total),
            "fee": str(quote.fee),
            "price": str(quote.price),
            "royalty": str(quote.royalty_amount),
            "currency": self.currency,
            "quorum": quote.quorum,
            "outcomes": quote.outcome_count,
        }


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
class Candidate:
    """An operator that waits for a place on the roll. ``stake`` is in wei, ``lease`` until when it takes part (Unix seconds)."""

    operator: str
    attester: str
    endpoint: str
    stake: int
    lease: int

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; the stake as a decimal string."""
        named = {"operator": self.operator, "attester": self.attester, "endpoint": self.endpoint}
        return {**named, "stakeWei": str(self.stake), "lease": self.lease}


@dataclass(frozen=True, slots=True)
class Member:
    """One operator on an epoch's roll: its place in bitmaps, its keys then, and where it answers.

    Who has a seat signs reports; the others are the reserve, and judge. ``stake`` (wei) and ``lease`` (Unix seconds) are as of now, 0
    for an operator that left.
    """

    index: int
    attester: str
    operator: str
    endpoint: str
    has_seat: bool
    stake: int
    lease: int

    @property
    def place(self) -> str:
        """``seat`` or ``reserve``."""
        return "seat" if self.has_seat else "reserve"

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; the stake as a decimal string."""
        named = {"operator": self.operator, "attester": self.attester, "endpoint": self.endpoint}
        return {"index": self.index, "place": self.place, **named, "stakeWei": str(self.stake), "lease": self.lease}


@dataclass(frozen=True, slots=True)
class Earning:
    """A pool that earned something, and a member's place among those who share it: the arguments of ``collect``.

    ``earned`` is what all signers earned together, ever, in ``currency`` (a token's address, zero for ether).
    """

    pool: bytes
    index: int
    epoch: int
    signers: int
    currency: str
    earned: int


class Unsettled(NamedTuple):
    """What a settlement would credit now: for so many verdicts, ``price`` to the subject and ``royalty`` to the publisher in all."""

    verdicts: int
    price: int
    royalty: int
    currency: str


class Round(NamedTuple):
    """A round of a standing request that was opened: its number, its request, and that request's state."""

    round: int
    request_id: bytes
    state: RequestState


@dataclass(frozen=True, slots=True)
class StandingView:
    """A standing request, its state on chain, and its rounds so far.

    ``due`` is when the next round is due, a block's number or Unix seconds as its schedule has it; None if there is none to come.
    """

    standing: StandingRequest
    status: StandingStatus
    rounds: tuple[Round, ...]
    due: int | None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        rounds = [
            {"round": each.round, "request": _hex(each.request_id), "state": each.state.name.lower()}
            for each in self.rounds
        ]
        return {
            "standing": _hex(self.standing.id),
            "active": self.status.active,
            "opened": self.status.opened,
            "next": self.status.next,
            "due": self.due,
            "terms": self.standing.to_json(),
            "requests": rounds,
        }


@dataclass(frozen=True, slots=True)
class MadeStanding:
    """Standing requests that were made together, one under each agreement, and the transaction."""

    standing: tuple[StandingRequest, ...]
    sent: Sent


@dataclass(frozen=True, slots=True)
class AnchoredVerdict:
    """A verdict under an anchored root, with the proof that leads there: what ``claim`` takes."""

    request: Request
    verdict: Verdict
    root: bytes
    proof: tuple[bytes, ...]
    anchored: bool

    def to_json(self) -> dict[str, Any]:
        """Return JSON values. ``anchored`` tells whether the root is on chain by now."""
        return {
            "request": _hex(self.request.id),
            "outcome": self.verdict.outcome,
            "scorePpm": self.verdict.score,
            "trail": _hex(self.verdict.trail),
            "root": _hex(self.root),
            "proof": [_hex(each) for each in self.proof],
            "anchored": self.anchored,
        }


class ContestState(StrEnum):
    """How far the case of a challenged verdict is. ``JUDGED``: the bench has found, and the arbiter may still rule."""

    OPEN = "open"
    JUDGED = "judged"
    UPHELD = "upheld"
    CORRECTED = "corrected"
    UNJUDGED = "unjudged"

    @property
    def is_over(self) -> bool:
        """Whether nobody can decide anything any more."""
        return self not in (ContestState.OPEN, ContestState.JUDGED)


@dataclass(frozen=True, slots=True)
class Contest:
    """A challenge of a request's verdict: by whom, in which block, and how far its case is."""

    request_id: bytes
    challenger: str
    state: ContestState
    case: Case
    block: int

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        named = {"request": _hex(self.request_id), "state": self.state.value}
        return {**named, **case_json(self.case), "block": self.block}


@dataclass(frozen=True, slots=True)
class Call:
    """A call that somebody else is to send, as a contract's wallet takes it: to whom, with what input, and how much (wei)."""

    to: str
    calldata: bytes
    value: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; the amount as a decimal string."""
        return {"to": self.to, "calldata": _hex(self.calldata), "value": str(self.value)}


@dataclass(frozen=True, slots=True)
class VerdictView:
    """A request's state, and how it ended.

    ``outcome`` and ``score_ppm`` are the verdict's as it stands, corrected or not; ``since`` is when the request ended or was corrected.
    ``finality`` tells whether the verdict can still change. ``trail`` is the whole digest of the trail (32 bytes). ``signers`` (bitmap
    over the roll of ``epoch``) signed it, or judged it right, if it was corrected; none if the arbiter ruled. ``block`` and
    ``transaction`` are where it was recorded, corrected, or ended. ``undelivered`` tells that the callback failed. ``case`` is there if
    somebody challenged it. What doesn't apply is None.
    """

    request_id: bytes
    state: RequestState
    finality: Finality = Finality.NONE
    outcome: int | None = None
    score_ppm: int | None = None
    since: int | None = None
    trail: bytes | None = None
    epoch: int | None = None
    signers: int | None = None
    block: int | None = None
    transaction: bytes | None = None
    undelivered: bool = False
    case: Case | None = None

    @property
    def recorded(self) -> bool:
        """Whether there is a verdict, be it challenged."""
        return self.state.has_verdict

    @property
    def final(self) -> bool:
        """Whether there is a verdict to act on: it can't change any more, and isn't :attr:`unjudged`."""
        return self.finality is Finality.FINAL and not self.unjudged

    @property
    def unjudged(self) -> bool:
        """Whether the verdict was challenged and nobody decided in time: it can't change any more, and nobody confirmed it either."""
        return self.state is RequestState.UNJUDGED

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; signers as a list of indices in the epoch."""
        return {
            "request": _hex(self.request_id),
            "state": self.state.name.lower(),
            "finality": self.finality.name.lower(),
            "outcome": self.outcome,
            "scorePpm": self.score_ppm,
            "since": self.since,
            "trail": _hex(self.trail),
            "epoch": self.epoch,
            "signers": None if self.signers is None else list(members_of(self.signers)),
            "block": self.block,
            "transaction": _hex(self.transaction),
            "undelivered": self.undelivered,
            "case": None if self.case is None else case_json(self.case),
        }


def case_json(case: Case) -> dict[str, Any]:
    """Return a case as JSON values: without an arbiter that is None; the judges as a list of indices on the roll."""
    return {
        "phase": case.phase.name.lower(),
        "challenger": case.challenger,
        "arbiter": None if case.arbiter == NOBODY else case.arbiter,
        "until": case.until,
        "judges": list(members_of(case.judges)),
    }


def _hex(value: bytes | None) -> str | None:
    return None if value is None else "0x" + value.hex()
