"""Everything that the chain says about one recorded verdict, gathered before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.chain.abi import Event
from oracle.chain.contract import AgreementStatus, RequestStatus
from oracle.client import AssentClient, UnknownIdError
from oracle.core.digests import Domain
from oracle.core.errors import ContractRevertError, EndpointError
from oracle.core.structs import Agreement, Model, Record, Request


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """When an event happened: block and place in it, which put moments in order, and the block's time (Unix seconds)."""

    block: int
    log_index: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something held; ``end`` is None while it does."""

    begin: Moment
    end: Moment | None

    def covers(self, moment: Moment) -> bool:
        """Tell whether it held at a moment."""
        return self.begin < moment and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One recorded verdict on chain.

    ``given``, ``committed`` and ``published`` are how long agreement, record and model held; ``asked`` and ``answered`` when the request
    came and was recorded. ``standing`` is the agreement's status after the recording's block, None where the endpoint no longer has that
    state. ``epoch`` is the one that was current then, ``members`` the attesters of the epoch that the verdict names.
    """

    domain: Domain
    request_id: bytes
    status: RequestStatus
    recorded: Event
    calldata: bytes
    request: Request
    agreement: Agreement
    record: Record
    model: Model
    asked: Moment
    answered: Moment
    given: Span
    committed: Span
    published: Span
    standing: AgreementStatus | None
    epoch: int
    members: tuple[str, ...]

    @property
    def trail_digest(self) -> bytes:
        """The digest of the trail that the quorum signed, 32 bytes."""
        return bytes(self.recorded.arguments["trail"])


def gather(client: AssentClient, request_id: bytes) -> Evidence:
    """Read the evidence. Raises UnknownIdError if no verdict was recorded, or EndpointError."""
    recorded = _only(client, "Recorded", request_id)
    request, agreement, _ = client.request_terms(request_id)
    answered = _moment(client, recorded)
    return Evidence(
        domain=client.contract.domain,
        request_id=request_id,
        status=client.read(client.contract.verdict_of(request_id)),
        recorded=recorded,
        calldata=client.calldata(recorded.transaction_hash),
        request=request,
        agreement=agreement,
        record=client.record(agreement.record).record,
        model=client.model(agreement.model),
        asked=_moment(client, _only(client, "Requested", request_id)),
        answered=answered,
        given=_span(client, "AgreementGiven", "AgreementWithdrawn", agreement.id),
        committed=_span(client, "RecordCommitted", "RecordRetired", agreement.record),
        published=_span(client, "ModelPublished", "ModelDeprecated", agreement.model),
        standing=_standing(client, agreement.id, recorded.block_number),
        epoch=_epoch_at(client, answered),
        members=_members(client, recorded.arguments["epoch"]),
    )


def _only(client: AssentClient, name: str, identifier: bytes) -> Event:
    found = client.events(name, identifier)
    if not found:
        raise UnknownIdError(f"{name} event of", identifier)
    return found[-1]


def _moment(client: AssentClient, event: Event) -> Moment:
    return Moment(event.block_number, event.log_index, client.block_time(event.block_number))


def _span(client: AssentClient, begun: str, ended: str, identifier: bytes) -> Span:
    ends = client.events(ended, identifier)
    begin = _moment(client, _only(client, begun, identifier))
    return Span(begin, _moment(client, ends[0]) if ends else None)


def _standing(client: AssentClient, agreement_id: bytes, block: int) -> AgreementStatus | None:
    try:
        return client.read(client.contract.agreement_status(agreement_id), block)
    except EndpointError:  # most endpoints forget old state, none forgets events
        return None


def _epoch_at(client: AssentClient, moment: Moment) -> int:
    places = [(e.block_number, e.log_index, e.arguments["epoch"]) for e in client.events("EpochRotated")]
    return max(
        (number for block, index, number in places if (block, index) < (moment.block, moment.log_index)), default=0
    )


def _members(client: AssentClient, epoch: int) -> tuple[str, ...]:
    try:
        attesters: list[str] = client.read(client.contract.members_of(epoch))
    except ContractRevertError:  # no such epoch
        return ()
    return tuple(attesters)
