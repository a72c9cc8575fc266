"""The contract, typed: each view returns a :class:`Read` that runs against a sync or an async Web3 alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from eth_utils import to_checksum_address
from web3 import AsyncWeb3, Web3
from web3.exceptions import ContractLogicError

from oracle.chain.abi import artifact, revert_of
from oracle.core.digests import Domain
from oracle.core.structs import (
    Agreement,
    AgreementState,
    Attestation,
    Model,
    ModelState,
    RecordState,
    Request,
    RequestState,
    Verdict,
)

T = TypeVar("T")
Block = int | str


@dataclass(frozen=True, slots=True)
class AgreementStatus:
    """An agreement on chain; times in Unix seconds."""

    state: AgreementState
    since: int
    valid_until: int

    def stands(self, timestamp: int) -> bool:
        """Tell whether the agreement authorises at this time."""
        return self.state is AgreementState.GIVEN and timestamp < self.valid_until


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """A record on chain."""

    state: RecordState
    since: int
    subject: str


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model on chain; the fee in wei."""

    state: ModelState
    since: int
    outcome_count: int
    quorum: int
    fee: int


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """A request on chain, with its verdict if recorded. ``trail`` is the head (22 bytes) of the trail's digest."""

    state: RequestState
    outcome: int
    score: int
    since: int
    trail: bytes


@dataclass(frozen=True, slots=True)
class Epoch:
    """The committee's epoch; ``since`` in Unix seconds."""

    number: int
    size: int
    since: int
    members: str


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as registered. ``seal_key`` is its X25519 public key."""

    attester: str
    stake: int
    left_at: int
    seal_key: bytes
    endpoint: str


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


class AssentContract:
    """The deployed contract. Views return :class:`Read`; transactions return web3's prepared function, to estimate, sign and send."""

    def __init__(self, web3: Web3 | AsyncWeb3[Any], address: str, chain_id: int) -> None:
        self.address = to_checksum_address(address)
        self.domain = Domain(chain_id, self.address)
        self._functions: Any = web3.eth.contract(address=self.address, abi=artifact()["abi"]).functions

    # Views

    def agreement_status(self, agreement_id: bytes) -> Read[AgreementStatus]:
        """State of an agreement."""
        function = self._functions.agreementStatus(agreement_id)
        return Read(function, lambda v: AgreementStatus(AgreementState(v[0]), v[1], v[2]))

    def record_status(self, record_id: bytes) -> Read[RecordStatus]:
        """State of a record."""
        return Read(self._functions.recordStatus(record_id), lambda v: RecordStatus(RecordState(v[0]), v[1], v[2]))

    def model_status(self, model_id: bytes) -> Read[ModelStatus]:
        """State of a model."""
        return Read(self._functions.modelStatus(model_id), lambda v: ModelStatus(ModelState(v[0]), *v[1:]))

    def verdict_of(self, request_id: bytes) -> Read[RequestStatus]:
        """State of a request, and its verdict."""
        return Read(
            self._functions.verdictOf(request_id),
            lambda v: RequestStatus(RequestState(v[0]), v[1], v[2], v[3], bytes(v[4])),
        )

    def check(self, agreement: Agreement, controller: str, purpose: int, step: int, use: int) -> Read[bytes]:
        """Whether the agreement lets the controller ask now; reverts with the reason if not."""
        return Read(self._functions.check(agreement.to_abi(), controller, purpose, step, use), bytes)

    def current_epoch(self) -> Read[Epoch]:
        """The epoch whose members sign now; number 0 before the first rotation."""
        return Read(self._functions.currentEpoch(), lambda v: Epoch(*v))

    def members_of(self, epoch: int) -> Read[list[str]]:
        """Attesters of an epoch, in the order of the signers' bitmap."""
        return Read(self._functions.membersOf(epoch), list)

    def operator_of(self, attester: str) -> Read[str]:
        """The operator that registered this attester."""
        return Read(self._functions.operatorOf(attester), str)

    def operator_info(self, operator: str) -> Read[Operator]:
        """An operator's registration."""
        return Read(self._functions.operatorInfo(operator), lambda v: Operator(v[0], v[1], v[2], bytes(v[3]), v[4]))

    def next_use(self, agreement_id: bytes, first: int = 0) -> Read[int]:
        """The first use, at or after ``first``, that no request has taken."""
        return Read(self._functions.nextUse(agreement_id, first), int)

    def credit_of(self, account: str) -> Read[int]:
        """What the account can withdraw, in wei."""
        return Read(self._functions.creditOf(account), int)

    def earned_by(self, epoch: int, signers: int) -> Read[int]:
        """What a set of signers earned in an epoch, in wei."""
        return Read(self._functions.earnedBy(epoch, signers), int)

    def policy(self, name: str) -> Read[int]:
        """One of ``minStake``, ``minMembers``, ``unbondingTime``, ``epochLength``."""
        return Read(getattr(self._functions, name)(), int)

    # Transactions

    def give(self, agreement: Agreement) -> Any:
        """Give an agreement; to be sent by its subject."""
        return self._functions.give(agreement.to_abi())

    def give_by_sig(self, agreement: Agreement, deadline: int, signature: bytes) -> Any:
        """Give an agreement that its subject signed."""
        return self._functions.giveBySig(agreement.to_abi(), deadline, signature)

    def withdraw(self, agreement: Agreement) -> Any:
        """Withdraw an agreement; to be sent by its subject."""
        return self._functions.withdraw(agreement.to_abi())

    def withdraw_by_sig(self, agreement: Agreement, deadline: int, signature: bytes) -> Any:
        """Withdraw an agreement whose subject signed the withdrawal."""
        return self._functions.withdrawBySig(agreement.to_abi(), deadline, signature)

    def commit(self, root: bytes, subject: str, vault: str) -> Any:
        """Commit a record; to be sent by its holder."""
        return self._functions.commit(root, subject, vault)

    def retire(self, root: bytes, subject: str) -> Any:
        """Retire a record; to be sent by its holder."""
        return self._functions.retire(root, subject)

    def publish(self, model: Model, uri: str) -> Any:
        """Publish a model; to be sent by its publisher."""
        return self._functions.publish(model.to_abi(), uri)

    def deprecate(self, model: Model) -> Any:
        """Deprecate a model; to be sent by its publisher."""
        return self._functions.deprecate(model.to_abi())

    def join(self, attester: str, seal_key: bytes, endpoint: str, deadline: int, signature: bytes) -> Any:
        """Join the operators; the stake goes with the transaction."""
        return self._functions.join(attester, seal_key, endpoint, deadline, signature)

    def resign(self) -> Any:
        """Leave the operators."""
        return self._functions.resign()

    def withdraw_stake(self) -> Any:
        """Take back the stake, once unbonded."""
        return self._functions.withdrawStake()

    def rotate(self) -> Any:
        """Start a new epoch."""
        return self._functions.rotate()

    def request(self, agreement: Agreement, purpose: int, step: int, use: int, deadline: int) -> Any:
        """Ask for a verdict; the fee goes with the transaction."""
        return self._functions.request(agreement.to_abi(), purpose, step, use, deadline)

    def record(self, request: Request, verdict: Verdict, attestation: Attestation) -> Any:
        """Record a verdict."""
        return self._functions.record(request.to_abi(), verdict.to_abi(), attestation.to_abi())

    def refuse(self, request: Request) -> Any:
        """End a request whose agreement no longer stands."""
        return self._functions.refuse(request.to_abi())

    def expire(self, request: Request) -> Any:
        """End a request whose deadline passed."""
        return self._functions.expire(request.to_abi())

    def collect(self, epoch: int, signers: int, index: int) -> Any:
        """Credit a member with its share."""
        return self._functions.collect(epoch, signers, index)

    def withdraw_credits(self, to: str) -> Any:
        """Pay out the sender's credits."""
        return self._functions.withdrawCredits(to)
