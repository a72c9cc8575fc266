"""Everything that the chain says about one recorded verdict, gathered before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.chain.abi import Event
from oracle.chain.contract import AgreementStatus, RequestStatus
from oracle.chain.recordings import signers_of, told
from oracle.client import AssentClient, UnknownIdError
from oracle.core.digests import Domain
from oracle.core.errors import ContractRevertError, EndpointError
from oracle.core.structs import Agreement, Model, Record, Recording, Request, Signers, Verdict

#: What can end an agreement that was given.
_AGREEMENT_ENDS = ("AgreementWithdrawn", "AgreementRevoked", "AgreementInvalidated")


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

    def meets(self, first: Moment, last: Moment) -> bool:
        """Tell whether it held at some moment between two."""
        return self.begin < last and (self.end is None or first < self.end)


@dataclass(frozen=True, slots=True)
class Signing:
    """A transaction that brought a quorum's signatures: its calldata, which epochs could sign then, and the members of the one named.

    ``epoch`` is the one named, 0 if the calldata doesn't tell.
    """

    moment: Moment
    calldata: bytes
    epochs: tuple[int, ...]
    epoch: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseEvidence:
    """What became of a challenge of the verdict. Each event is None while it isn't there.

    ``judged`` is the bench's finding where there is an arbiter, ``closed`` a ``CaseClosed`` or ``CaseUnjudged``, and ``settled`` what the
    core says: ``ContestSettled`` or ``Corrected``. ``calldata`` is of the transaction that brought the judges' signatures, empty if none
    did; ``roll`` has the attesters of the report's epoch, in the order of the judges' bitmap.
    """

    challenged: Event
    judged: Event | None
    closed: Event | None
    settled: Event | None
    calldata: bytes
    roll: tuple[str, ...]

    @property
    def arbiter(self) -> str:
        """Who may rule: an address, the zero address for nobody."""
        named: str = self.challenged.arguments["arbiter"]
        return named


@dataclass(frozen=True, slots=True)
class Evidence:
    """One verdict on chain.

    ``recorded`` is the event of the verdict as it stands, ``Recorded`` or ``Corrected``; ``first`` is the event of the first verdict, the
    same unless it was corrected, and ``calldata`` its transaction's. ``signing`` is where the quorum's signatures came on chain: in that
    transaction, or, if the verdict was claimed, in the one that anchored its root. ``case`` is there if the verdict was challenged.
    ``given``, ``committed`` and ``published`` are how long agreement, record and model held; ``renewals`` when the agreement was
    lengthened, and until when; ``ordered`` when the request's terms were fixed, which for a standing request's round is before ``asked``,
    when it was made; ``answered`` when the first verdict was recorded, and ``anchored`` when the report was that it was claimed from, None
    if it wasn't claimed. ``under`` is the agreement to a publisher's models that this one was adopted under, None if the subject gave it.
    ``standing`` is the agreement's status after that block, None where the endpoint no longer has that state.
    """

    domain: Domain
    committee_domain: Domain
    request_id: bytes
    status: RequestStatus
    recorded: Event
    first: Event
    calldata: bytes
    signing: Signing
    case: CaseEvidence | None
    request: Request
    agreement: Agreement
    under: Agreement | None
    record: Record
    model: Model
    ordered: Moment
    asked: Moment
    answered: Moment
    anchored: Moment | None
    given: Span
    committed: Span
    published: Span
    renewals: tuple[tuple[Moment, int], ...]
    standing: AgreementStatus | None

    def valid_until(self, moment: Moment) -> int:
        """Return the agreement's end as it was at a moment (Unix seconds): its terms', or what it was renewed to last."""
        return max((end for at, end in self.renewals if at < moment), default=self.agreement.valid_until)

    @property
    def members(self) -> tuple[str, ...]:
        """Attesters who signed reports in the epoch that the verdict names, in the order of the signers' bitmap."""
        return self.signing.members

    @property
    def corrected(self) -> bool:
        """Whether the verdict took the place of another, which was false."""
        return self.recorded.name == "Corrected"

    @property
    def trail_digest(self) -> bytes:
        """The digest of the trail of the verdict as it stands, 32 bytes."""
        return self.told[0].trail

    @property
    def told(self) -> tuple[Verdict, Signers]:
        """The verdict as it stands, and who signed it, or judged it right, as the event has it."""
        return told(self.recorded)

    @property
    def recording(self) -> Recording:
        """The first verdict, as its event has it: what a challenge is about."""
        return Recording(self.request, *told(self.first))


def gather(client: AssentClient, request_id: bytes) -> Evidence:
    """Read the evidence. Raises UnknownIdError if no verdict was recorded, or EndpointError."""
    first = _only(client, "Recorded", request_id)
    recorded = next(iter(client.events("Corrected", request_id)), first)
    request, agreement, _ = client.request_terms(request_id)
    asked = _only(client, "Requested", request_id)
    report = _reported(client, request_id)
    return Evidence(
        domain=client.contract.domain,
        committee_domain=client.contract.committee_domain,
        request_id=request_id,
        status=client.read(client.contract.verdict_of(request_id)),
        recorded=recorded,
        first=first,
        calldata=client.calldata(first.transaction_hash),
        signing=_signing(client, *(report or (first, 0))),
        case=_case(client, request_id, signers_of(first).epoch),
        request=request,
        agreement=agreement,
        under=_under(client, agreement.id),
        record=client.record(agreement.record).record,
        model=client.model(agreement.model),
        ordered=_moment(client, _ordered(client, request_id) or asked),
        asked=_moment(client, asked),
        answered=_moment(client, first),
        anchored=_moment(client, report[0]) if report is not None and report[0].name == "Anchored" else None,
        given=_span(client, "AgreementGiven", _AGREEMENT_ENDS, agreement.id),
        committed=_span(client, "RecordCommitted", ("RecordRetired",), agreement.record),
        published=_span(client, "ModelPublished", ("ModelDeprecated",), agreement.model),
        renewals=_renewals(client, agreement.id),
        standing=_standing(client, agreement.id, first.block_number),
    )


def _reported(client: AssentClient, request_id: bytes) -> tuple[Event, int] | None:
    """Return the event that the signatures of the first verdict's report brought about, and their epoch, which only their transaction's
    input tells. None if it doesn't.
    """
    try:
        _, report, event = client.signing(request_id)
    except UnknownIdError:
        return None
    return event, report.attestation.epoch


def _ordered(client: AssentClient, request_id: bytes) -> Event | None:
    """Return the event of the standing request of which this request is a round, if it is one."""
    for opened in client.events("RoundOpened", None, request_id):
        return _only(client, "StandingMade", bytes(opened.arguments["id"]))
    return None


def _under(client: AssentClient, agreement_id: bytes) -> Agreement | None:
    adopted = client.events("AgreementAdopted", agreement_id)
    return client.agreement(bytes(adopted[-1].arguments["under"])) if adopted else None


def _case(client: AssentClient, request_id: bytes, epoch: int) -> CaseEvidence | None:
    """Return what there is of the one case that a verdict of a report of this epoch can have."""

    def last(*names: str) -> Event | None:
        return next((event for name in names for event in client.events(name, request_id)[-1:]), None)

    challenged, judged, closed = last("Challenged"), last("Judged"), last("CaseClosed", "CaseUnjudged")
    if challenged is None:
        return None
    # With an arbiter the signatures came before the case was closed.
    brought = judged or (closed if closed is not None and closed.arguments.get("by") else None)
    calldata = b"" if brought is None else client.calldata(brought.transaction_hash)
    settled = last("Corrected", "ContestSettled")
    return CaseEvidence(challenged, judged, closed, settled, calldata, _roll(client, epoch))


def _signing(client: AssentClient, event: Event, epoch: int) -> Signing:
    moment = _moment(client, event)
    calldata = client.calldata(event.transaction_hash)
    return Signing(
        moment,
        calldata,
        client.epochs_at(moment.block, moment.log_index, moment.timestamp),
        epoch,
        _members(client, epoch),
    )


def _only(client: AssentClient, name: str, identifier: bytes) -> Event:
    found = client.events(name, identifier)
    if not found:
        raise UnknownIdError(f"{name} event of", identifier)
    return found[-1]


def _moment(client: AssentClient, event: Event) -> Moment:
    return Moment(event.block_number, event.log_index, client.block_time(event.block_number))


def _span(client: AssentClient, begun: str, ended: tuple[str, ...], identifier: bytes) -> Span:
    ends = [event for name in ended for event in client.events(name, identifier)]
    begin = _moment(client, _only(client, begun, identifier))
    return Span(begin, _moment(client, ends[0]) if ends else None)


def _renewals(client: AssentClient, agreement_id: bytes) -> tuple[tuple[Moment, int], ...]:
    events = client.events("AgreementRenewed", agreement_id)
    return tuple((_moment(client, event), event.arguments["validUntil"]) for event in events)


def _standing(client: AssentClient, agreement_id: bytes, block: int) -> AgreementStatus | None:
    try:
        return client.read(client.contract.agreement_status(agreement_id), block)
    except EndpointError:  # most endpoints forget old state, none forgets events
        return None


def _members(client: AssentClient, epoch: int) -> tuple[str, ...]:
    try:
        attesters: list[str] = client.read(client.contract.members_of(epoch))
    except ContractRevertError:  # no such epoch
        return ()
    return tuple(attesters)


def _roll(client: AssentClient, epoch: int) -> tuple[str, ...]:
    try:
        return client.read(client.contract.roll_of(epoch)).attesters
    except ContractRevertError:  # no such epoch
        return ()
