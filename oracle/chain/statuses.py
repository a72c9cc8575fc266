"""What the contracts' views tell. Times are Unix seconds; amounts are in the smallest unit of their currency."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.core.structs import (
    SEALED_OUTCOME,
    SEALED_SCORE,
    AgreementState,
    Finality,
    ModelState,
    Phase,
    Place,
    Quote,
    RecordState,
    RequestState,
)


@dataclass(frozen=True, slots=True)
class AgreementStatus:
    """An agreement on chain. ``earning`` verdicts earn for subject or publisher; ``settled`` of them are credited already.

    ``allotted`` of its uses are with what was adopted under it, if it is for a publisher's models, ``adopted_at`` the time of the last.
    """

    state: AgreementState
    since: int
    valid_until: int
    earning: int = 0
    settled: int = 0
    allotted: int = 0
    adopted_at: int = 0

    def stands(self, timestamp: int) -> bool:
        """Tell whether the agreement authorises at this time."""
        return self.state is AgreementState.GIVEN and timestamp < self.valid_until

    @property
    def unsettled(self) -> int:
        """How many verdicts a settlement would credit now."""
        return self.earning - self.settled


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """A record on chain."""

    state: RecordState
    since: int
    subject: str


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model on chain, and what a verdict of it costs and needs: its quote, in which the subject's price is 0."""

    state: ModelState
    since: int
    quote: Quote

    @property
    def fee(self) -> int:
        """Price of a verdict, in the smallest unit of the quote's currency."""
        return self.quote.fee

    @property
    def quorum(self) -> int:
        """Operators whose signatures a verdict needs at least."""
        return self.quote.quorum

    @property
    def outcome_count(self) -> int:
        """How many outcomes the model has."""
        return self.quote.outcome_count


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """A request on chain, with its verdict if there is one.

    ``mark`` (22 bytes) binds the verdict and who signed it (``recording_mark``); ``undelivered`` tells that the callback failed and can be
    retried. ``outcome`` and ``score`` are what stands in the slot; of a verdict that is sealed see ``clear``.
    """

    state: RequestState
    finality: Finality
    outcome: int
    score: int
    since: int
    mark: bytes
    undelivered: bool = False

    @property
    def has_verdict(self) -> bool:
        """Whether there is a verdict to read, be it challenged."""
        return self.state.has_verdict

    @property
    def clear(self) -> tuple[int | None, int | None]:
        """Outcome and score (parts per million), each None if it is sealed."""
        outcome = None if self.outcome == SEALED_OUTCOME else self.outcome
        return outcome, None if self.score == SEALED_SCORE else self.score


@dataclass(frozen=True, slots=True)
class Case:
    """The case of a challenged verdict.

    ``until`` is the last second (Unix time) at which the bench may judge while the phase is open, else at which the arbiter may rule;
    ``judges`` is a bitmap over the roll of the report's epoch, ``found`` the hash (32 bytes) of the verdict that they found right.
    """

    challenger: str
    until: int
    phase: Phase
    arbiter: str
    judges: int
    found: bytes

    @property
    def exists(self) -> bool:
        """Whether the verdict was ever challenged."""
        return self.phase is not Phase.NONE


@dataclass(frozen=True, slots=True)
class StandingStatus:
    """A standing request on chain: how many rounds were opened, and the first that may still be."""

    active: bool
    opened: int
    next: int

    @property
    def exists(self) -> bool:
        """Whether it was ever made."""
        return self.active or self.next != 0


@dataclass(frozen=True, slots=True)
class Pool:
    """What one set of signers earned together, in the currency with this index, since when. Epoch 0: there is no such pool."""

    epoch: int
    signers: int
    currency: int
    earned: int
    since: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """The committee's epoch: the first ``seats`` of its roll sign reports; ``members`` is the account that has the roll as code."""

    number: int
    seats: int
    roll: int
    since: int
    members: str


@dataclass(frozen=True, slots=True)
class Roll:
    """An epoch's roll: the attesters in the order in which bitmaps count them, of which the first ``seats`` sign reports.

    ``bonded_until`` is when those may take their stakes back whose last epoch it was (Unix time); 0 while it lasts.
    """

    seats: int
    bonded_until: int
    attesters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as registered: ``stake`` in wei, ``lease`` until when it takes part (Unix time), ``seal_key`` its X25519 public key.

    ``convicted_in`` is the epoch in which a verdict that it signed was found false last; 0 for never.
    """

    attester: str
    stake: int
    lease: int
    last_epoch: int
    place: Place
    resigned: bool
    convicted_in: int
    seal_key: bytes
    endpoint: str
