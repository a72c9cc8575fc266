"""The contract's views, typed: each returns a :class:`Read` that runs against a sync or an async Web3 alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from web3.exceptions import ContractLogicError

from oracle.chain.abi import revert_of
from oracle.chain.statuses import (
    AgreementStatus,
    Challenge,
    Epoch,
    EpochEnd,
    ModelStatus,
    Operator,
    Pool,
    RecordStatus,
    RequestStatus,
    ScheduledPolicy,
    StandingStatus,
)
from oracle.chain.views import Views
from oracle.core.structs import (
    AgreementState,
    ChallengeTerms,
    Finality,
    Mandate,
    ModelState,
    Policy,
    Question,
    Quote,
    RecordState,
    RequestState,
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
    """Views about agreements, records and models."""

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

    def record_status(self, record_id: bytes) -> Read[RecordStatus]:
        """State of a record."""
        return Read(self._views.recordStatus(record_id), lambda v: RecordStatus(RecordState(v[0]), v[1], v[2]))

    def model_status(self, model_id: bytes) -> Read[ModelStatus]:
        """State of a model, and its quote."""
        function = self._views.modelStatus(model_id)
        return Read(function, lambda v: ModelStatus(ModelState(v[0]), v[1], Quote.unpack(v[2])))

    def currency_at(self, index: int) -> Read[str]:
        """The token with this index in quotes; the zero address, for ether, with 0 and with any that isn't listed."""
        return Read(self._views.currencyAt(index), str)


class RequestReads:
    """Views about requests, standing requests and challenges."""

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

    def challenge_of(self, request_id: bytes) -> Read[Challenge]:
        """The challenge of a request's verdict; all zero if there was none, or it lapsed."""
        return Read(self._views.challengeOf(request_id), lambda v: Challenge(*v))

    def challenge_terms(self) -> Read[ChallengeTerms]:
        """The terms of challenges, which never change."""
        return Read(self._views.challengeTerms(), ChallengeTerms.from_abi)


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


class OperatorReads:
    """Views about operators, epochs and policy."""

    _views: Views

    def current_epoch(self) -> Read[Epoch]:
        """The epoch whose members sign now; number 0 before the first rotation."""
        return Read(self._views.currentEpoch(), lambda v: Epoch(*v))

    def epoch_end(self, epoch: int) -> Read[EpochEnd]:
        """Until when an epoch that is over still counts: fixed by the rotation that ended it."""
        return Read(self._views.epochEnd(epoch), lambda v: EpochEnd(*v))

    def members_of(self, epoch: int) -> Read[list[str]]:
        """Attesters of an epoch, in the order of the signers' bitmap."""
        return Read(self._views.membersOf(epoch), list)

    def operator_of(self, attester: str) -> Read[str]:
        """The operator that registered this attester; the zero address if none did."""
        return Read(self._views.operatorOf(attester), str)

    def operator_info(self, operator: str) -> Read[Operator]:
        """An operator's registration; its attester is the zero address if there is none."""
        return Read(self._views.operatorInfo(operator), _operator)

    def current_policy(self) -> Read[Policy]:
        """The terms of the operator set."""
        return Read(self._views.currentPolicy(), Policy.from_abi)

    def scheduled_policy(self) -> Read[ScheduledPolicy | None]:
        """The policy that is to come, or None."""
        return Read(self._views.scheduledPolicy(), _scheduled)

    def registries(self) -> Read[str]:
        """The contract with the code of operators and balances."""
        return Read(self._views.registries(), str)

    def desk(self) -> Read[str]:
        """The contract with the code of records, standing requests and challenges."""
        return Read(self._views.desk(), str)

    def consents(self) -> Read[str]:
        """The contract with the code of what becomes of agreements, of representatives, models and lookups."""
        return Read(self._views.consents(), str)

    def mandate_of(self, subject: str, representative: str) -> Read[Mandate]:
        """What a representative may do for a subject; without rights if it was never appointed, or was dismissed."""
        return Read(self._views.mandateOf(subject, representative), Mandate.from_abi)


def _request_status(values: Any) -> RequestStatus:
    state, finality, outcome, score, since, mark, undelivered = values
    return RequestStatus(RequestState(state), Finality(finality), outcome, score, since, bytes(mark), undelivered)


def _operator(values: Any) -> Operator:
    *registered, seal_key, endpoint = values
    attester, stake, resigned, last_epoch, jailed_until = registered
    return Operator(attester, stake, resigned, last_epoch, jailed_until, bytes(seal_key), endpoint)


def _scheduled(values: Any) -> ScheduledPolicy | None:
    policy, not_before = values
    return ScheduledPolicy(Policy.from_abi(policy), not_before) if not_before else None
