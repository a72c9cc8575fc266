"""The contracts' views, typed: each returns a :class:`Read` that runs against a sync or an async Web3 alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from web3.exceptions import ContractLogicError

from oracle.chain.abi import revert_of
from oracle.chain.statuses import (
    AgreementStatus,
    Case,
    Epoch,
    ModelStatus,
    Operator,
    Pool,
    RecordStatus,
    RequestStatus,
    Roll,
    StandingStatus,
)
from oracle.chain.views import Views
from oracle.core.structs import (
    AgreementState,
    CommitteeTerms,
    Finality,
    Mandate,
    ModelState,
    Phase,
    Place,
    Question,
    Quote,
    RecordState,
    RequestState,
    Signers,
    Terms,
)

T = TypeVar("T")
Block = int | str


class Read(Generic[T]):
    """A view call, not yet made. Both ways raise ContractRevertError when the contract reverts."""

    def __init__(self, function: Any, parse: Callable[[Any], T]) -> None:
        self._function = function
        self._parse = parse

    def call(self, block: Block = "latest") -> T:
        """Make the call with the sync Web3 that the contract was built on."""
        try:
            return self._parse(self._function.call(block_identifier=block))
        except ContractLogicError as error:
            raise revert_of(error) from error

    async def acall(self, block: Block = "latest") -> T:
        """Make the call with the AsyncWeb3 that the contract was built on."""
        try:
            return self._parse(await self._function.call(block_identifier=block))
        except ContractLogicError as error:
            raise revert_of(error) from error


class AgreementReads:
    """Views about agreements and models."""

    _views: Views

    def agreement_status(self, agreement_id: bytes) -> Read[AgreementStatus]:
        """State of an agreement, and how many of its verdicts earn."""
        function = self._views.agreementStatus(agreement_id)
        return Read(function, lambda v: AgreementStatus(AgreementState(v[0]), *v[1:]))

    def adopted_under(self, agreement_id: bytes) -> Read[list[bytes]]:
        """The ids of what was adopted under an agreement to a publisher's models, also of what has ended since."""
        return Read(self._views.adoptedUnder(agreement_id), lambda ids: [bytes(each) for each in ids])

    def vocabulary(self) -> Read[tuple[str, bytes]]:
        """The name of the vocabulary of purposes that the contract goes by, and its Merkle root, 32 bytes."""
        return Read(self._views.vocabulary(), lambda told: (str(told[0]), bytes(told[1])))

    def check(self, source_id: bytes, controller: str, terms: Terms, question: Question) -> Read[bytes]:
        """The id of the agreement that lets the controller ask this now; reverts with the reason if none does."""
        return Read(self._views.check(source_id, controller, terms.to_abi(), question.pack()), bytes)

    def model_status(self, model_id: bytes) -> Read[ModelStatus]:
        """State of a model, and its quote."""
        function = self._views.modelStatus(model_id)
        return Read(function, lambda v: ModelStatus(ModelState(v[0]), v[1], Quote.unpack(v[2])))

    def currency_at(self, index: int) -> Read[str]:
        """The token with this index in quotes; the zero address, for ether, with 0 and with any that isn't listed."""
        return Read(self._views.currencyAt(index), str)


class RequestReads:
    """Views about requests and standing requests."""

    _views: Views

    def verdict_of(self, request_id: bytes) -> Read[RequestStatus]:
        """State of a request, its verdict, and how final that is."""
        return Read(self._views.verdictOf(request_id), _request_status)

    def states_of(self, request_ids: Sequence[bytes]) -> Read[list[RequestState]]:
        """States of many requests, in the order of their ids; NONE for what nobody asked."""
        return Read(self._views.statesOf(list(request_ids)), lambda v: [RequestState(each) for each in v])

    def quote(self, terms: Terms) -> Read[Quote]:
        """What a request under these terms costs and needs; reverts unless the model takes requests."""
        return Read(self._views.quote(terms.to_abi()), Quote.unpack)

    def next_use(self, agreement_id: bytes, first: int = 0) -> Read[int]:
        """The first use, at or after ``first``, that no request has taken."""
        return Read(self._views.nextUse(agreement_id, first), int)

    def standing_status(self, standing_id: bytes) -> Read[StandingStatus]:
        """State of a standing request."""
        return Read(self._views.standingStatus(standing_id), lambda v: StandingStatus(*v))


class TreasuryReads:
    """Views about money. ``currency`` is a token's address, the zero address for ether."""

    _views: Views

    def balance_of(self, account: str, currency: str) -> Read[int]:
        """An account's balance; reverts for a token in which no model is paid."""
        return Read(self._views.balanceOf(account, currency), int)

    def pool_info(self, pool_id: bytes) -> Read[Pool]:
        """What a pool earned, and whose it is."""
        return Read(self._views.poolInfo(pool_id), lambda v: Pool(*v))

    def pool_of(self, epoch: int, signers: int, currency: str) -> Read[bytes]:
        """The pool (32 bytes) of the reports that these signers (a bitmap) had recorded in an epoch."""
        return Read(self._views.poolOf(epoch, signers, currency), bytes)

    def pool_of_root(self, root: bytes, currency: str, quorum: int) -> Read[bytes]:
        """The pool (32 bytes) of the claims under an anchored root."""
        return Read(self._views.poolOfRoot(root, currency, quorum), bytes)


class EpochReads:
    """Views about epochs, and about what else is deployed."""

    _views: Views

    def current_epoch(self) -> Read[Epoch]:
        """The epoch whose members sign now; number 0 before the first."""
        return Read(self._views.currentEpoch(), lambda v: Epoch(*v))

    def signs_until(self, epoch: int) -> Read[int]:
        """Last second at which an epoch that is over may sign (Unix time); 0 while it isn't over."""
        return Read(self._views.epochEnd(epoch), lambda v: int(v[0]))

    def members_of(self, epoch: int) -> Read[list[str]]:
        """Attesters of an epoch who sign reports, in the order of the signers' bitmap."""
        return Read(self._views.membersOf(epoch), list)

    def mandate_of(self, subject: str, representative: str) -> Read[Mandate]:
        """What a representative may do for a subject; without rights if it was never appointed, or was dismissed."""
        return Read(self._views.mandateOf(subject, representative), Mandate.from_abi)

    def requests(self) -> Read[str]:
        """The contract with the code of requests, their money, and contests."""
        return Read(self._views.requests(), str)

    def agreements(self) -> Read[str]:
        """The contract with the code of what becomes of agreements, of representatives and models."""
        return Read(self._views.agreements(), str)

    def committee(self) -> Read[str]:
        """The committee whose epochs sign here."""
        return Read(self._views.committee(), str)

    def records(self) -> Read[str]:
        """The contract with the commitments to records."""
        return Read(self._views.records(), str)


class RecordReads:
    """Views about records."""

    _record_views: Views

    def record_status(self, record_id: bytes) -> Read[RecordStatus]:
        """State of a record."""
        return Read(self._record_views.recordStatus(record_id), lambda v: RecordStatus(RecordState(v[0]), v[1], v[2]))

    def records_core(self) -> Read[str]:
        """The contract whose agreements erasure statements are about."""
        return Read(self._record_views.core(), str)


class CommitteeReads:
    """Views about operators, rolls and cases."""

    _committee_views: Views

    def committee_terms(self) -> Read[CommitteeTerms]:
        """What the committee goes by, which never changes."""
        return Read(self._committee_views.terms(), CommitteeTerms.from_abi)

    def committee_core(self) -> Read[str]:
        """The contract whose verdicts the committee signs."""
        return Read(self._committee_views.core(), str)

    def operator_of(self, attester: str) -> Read[str]:
        """The operator that registered this attester; the zero address if none did."""
        return Read(self._committee_views.operatorOf(attester), str)

    def operator_info(self, operator: str) -> Read[Operator]:
        """An operator's registration; its attester is the zero address if there is none."""
        return Read(self._committee_views.operatorInfo(operator), _operator)

    def waiting(self) -> Read[list[str]]:
        """The operators who wait for a place on the roll."""
        return Read(self._committee_views.waiting(), list)

    def roll_of(self, epoch: int) -> Read[Roll]:
        """An epoch's roll; reverts for one that never was."""
        return Read(self._committee_views.rollOf(epoch), _roll)

    def rotatable_at(self) -> Read[int]:
        """First second at which the next epoch may be formed (Unix time)."""
        return Read(self._committee_views.rotatableAt(), int)

    def case_of(self, request_id: bytes) -> Read[Case]:
        """The case of a request's verdict; of phase NONE if nobody challenged it."""
        return Read(self._committee_views.caseOf(request_id), _case)

    def bench_of(self, by: Signers) -> Read[tuple[int, int]]:
        """Who may judge a verdict of these signers, as a bitmap over the roll of its epoch, and how many of them decide."""
        return Read(self._committee_views.benchOf(by.pack()), lambda v: (int(v[0]), int(v[1])))

    def credit_of(self, account: str) -> Read[int]:
        """What an account has at the committee, in wei: pay of judges, rewards, bonds that came back."""
        return Read(self._committee_views.creditOf(account), int)


def _request_status(values: Any) -> RequestStatus:
    state, finality, outcome, score, since, mark, undelivered = values
    return RequestStatus(RequestState(state), Finality(finality), outcome, score, since, bytes(mark), undelivered)


def _operator(values: Any) -> Operator:
    attester, stake, lease, last_epoch, place, resigned, convicted_in, seal_key, endpoint = values
    return Operator(attester, stake, lease, last_epoch, Place(place), resigned, convicted_in, bytes(seal_key), endpoint)


def _roll(values: Any) -> Roll:
    (_, seats, _, bonded_until), attesters = values
    return Roll(seats, bonded_until, tuple(attesters))


def _case(values: Any) -> Case:
    challenger, until, phase, arbiter, judges, found = values
    return Case(challenger, until, Phase(phase), arbiter, judges, bytes(found))
