"""Operators in one process: real stores, keys, models and HTTP applications, over a chain that answers from tables."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from oracle.api import NodeParts, PeerParts, create_app
from oracle.chain.contract import AgreementStatus, Epoch, Operator, Pool, RecordStatus, RequestStatus, Roll
from oracle.core.digests import Domain, Domains
from oracle.core.structs import (
    Agreement,
    AgreementState,
    Answer,
    Attestation,
    CommitteeTerms,
    Finality,
    Model,
    Place,
    Question,
    Quote,
    Record,
    RecordState,
    Request,
    RequestState,
    Signers,
)
from oracle.data.record import DisclosedField, RecordTree
from oracle.keys.keyring import Keyring
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime
from oracle.models.zoo.screening import PACKAGE
from oracle.peers.client import PeerClient
from oracle.peers.messages import Answer as PeerAnswer
from oracle.peers.messages import Proposal
from oracle.services.arbiters import Arbiters
from oracle.services.catalogue import Catalogue, LoadedModel
from oracle.services.committee import Committee, CommitteeView
from oracle.services.cosigner import Cosigner
from oracle.services.evaluator import Evaluator
from oracle.services.head import ChainClock
from oracle.services.judge import Judge
from oracle.services.proofs import Proofs
from oracle.services.proposer import Proposer
from oracle.services.ruling_answers import RulingAnswers
from oracle.services.seat import Seat
from oracle.store.node_store import Changes, NodeStore, RequestContext
from oracle.store.tables import AgreementRow, ModelRow, RecordRow, RequestRow, Stage, open_database
from oracle.telemetry.metrics import Metrics

CHAIN_ID = 31337
CONTRACT = "0x" + "c0" * 20
ETHER = "0x" + "0" * 40
SUBJECT, CONTROLLER, HOLDER, PUBLISHER = ("0x" + digit * 40 for digit in "1234")
NOW = 1_800_000_000
LOADED = ModelPackage.load(PACKAGE)
RUNTIME = LocalRuntime(LOADED)
DOMAIN = Domain(CHAIN_ID, CONTRACT)
DOMAINS = Domains(DOMAIN, Domain(CHAIN_ID, "0x" + "c1" * 20), Domain(CHAIN_ID, "0x" + "c2" * 20))
OPEN = RequestStatus(RequestState.REQUESTED, Finality.NONE, 0, 0, 0, bytes(20))
TERMS = CommitteeTerms(
    seats=4, max_roll=9, min_roll=3, min_stake=4, penalty=2, bond=1, window=600, judging_time=300, ruling_time=200, start=0,
    epoch_length=100, lease=10_000, grace=60, unbonding=900_000,
)  # fmt: skip
#: Values that occur nowhere else, so that a leak of one is a leak.
MARKED = {
    feature.name: feature.minimum + (feature.maximum - feature.minimum) * 0.2718281 for feature in LOADED.card.inputs
}


class Known:
    """A view call whose answer is known, or whose failure is."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def acall(self, block: object = "latest") -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@dataclass
class Chain:
    """Stands in for the contract's views. Put an exception in place of an answer to make that call fail."""

    members: list[str] = field(default_factory=list)
    reserve: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    epoch: int = 1
    since: int = NOW - 1_000
    #: Members of epochs before, where they were others.
    earlier: dict[int, list[str]] = field(default_factory=dict)
    agreements: dict[bytes, object] = field(default_factory=dict)
    records: dict[bytes, object] = field(default_factory=dict)
    requests: dict[bytes, object] = field(default_factory=dict)
    infos: dict[str, object] = field(default_factory=dict)
    pools: dict[bytes, Pool] = field(default_factory=dict)
    epoch_reads: int = 0

    def agreement_status(self, identifier: bytes) -> Known:
        return Known(self.agreements.get(identifier, AgreementStatus(AgreementState.GIVEN, NOW - 100, NOW + 10_000)))

    def record_status(self, identifier: bytes) -> Known:
        return Known(self.records.get(identifier, RecordStatus(RecordState.COMMITTED, NOW - 200, SUBJECT)))

    def verdict_of(self, identifier: bytes) -> Known:
        return Known(self.requests.get(identifier, OPEN))

    def current_epoch(self) -> Known:
        self.epoch_reads += 1
        return Known(Epoch(self.epoch, len(self.members), len(self.members), self.since, CONTRACT))

    def pool_info(self, pool: bytes) -> Known:
        return Known(self.pools.get(pool, Pool(0, 0, 0, 0, 0)))

    def committee_terms(self) -> Known:
        return Known(TERMS)

    def signs_until(self, epoch: int) -> Known:
        return Known(self.since + TERMS.grace if epoch < self.epoch else 0)

    def members_of(self, epoch: int) -> Known:
        return Known(list(self.earlier.get(epoch, self.members)))

    def roll_of(self, epoch: int) -> Known:
        seats = self.earlier.get(epoch, self.members)
        return Known(Roll(len(seats), 0, (*seats, *self.reserve)))

    def bench_of(self, by: Signers) -> Known:
        size = len(self.earlier.get(by.epoch, self.members)) + len(self.reserve)
        return Known((((1 << size) - 1) & ~by.bitmap, size // 2 + 1))

    def waiting(self) -> Known:
        return Known(list(self.waits))

    def rotatable_at(self) -> Known:
        return Known(self.since + TERMS.epoch_length)

    def operator_of(self, attester: str) -> Known:
        return Known(attester)

    def operator_info(self, operator: str) -> Known:
        endpoint = f"http://{operator.lower()}"
        return Known(self.infos.get(operator, operator_info(operator, endpoint=endpoint)))


def operator_info(operator: str, **changes: Any) -> Operator:
    """Return an operator as registered, with a whole stake and lease; it is its own attester."""
    made = Operator(operator, TERMS.min_stake, NOW + TERMS.lease, 0, Place.ROLL, False, 0, bytes(32), "http://node")
    return replace(made, **changes)


@dataclass(frozen=True)
class Case:
    """One request about one record, and all it names."""

    tree: RecordTree
    record: Record
    agreement: Agreement
    model: Model
    request: Request

    @property
    def disclosed(self) -> list[DisclosedField]:
        return self.tree.disclose(field.name for field in self.tree.fields)

    def rows(self, block: int = 10) -> list[object]:
        return [
            RecordRow(id=self.record.id, block_number=block, terms=self.record.to_json(), vault="http://vault.example"),
            ModelRow(id=self.model.id, block_number=block, terms=self.model.to_json()),
            AgreementRow(
                id=self.agreement.id,
                block_number=block,
                terms=self.agreement.to_json(),
                valid_until=self.agreement.valid_until,
            ),
            RequestRow(
                id=self.request.id,
                block_number=block,
                agreement=self.agreement.id,
                question=self.request.question.to_json(),
                deadline=self.request.deadline,
                delivery=int(self.request.question.delivery),
                stage=Stage.SEEN,
                attempts=0,
                not_before=0.0,
            ),
        ]


def model_terms(**changes: Any) -> Model:
    terms = Model(
        PUBLISHER, LOADED.files_digest, LOADED.input_schema_digest, LOADED.outcomes_digest,
        outcome_count=2, quorum=3, tolerance=LOADED.card.tolerance_ppm, fee=1000, currency=ETHER, royalty=100,
    )  # fmt: skip
    return replace(terms, **changes)


def case(
    fields: Mapping[str, object] | None = None, model: Model | None = None, *, erasure: bool = False, **asked: Any
) -> Case:
    """Make a request about a record with these fields (the marked ones by default); ``asked`` are parts of the question."""
    tree = RecordTree.salt(MARKED if fields is None else fields)
    record = Record(tree.root, SUBJECT, HOLDER)
    model = model or model_terms()
    agreement = Agreement(
        controller=CONTROLLER, subject=SUBJECT, holder=HOLDER, root=tree.root, notice=bytes(32),
        salt=secrets.token_bytes(32), model=model.id, purposes=1 << 5, prohibited=0, steps=0b11,
        modifiers=0, place=0, language=bytes(2), erasure=erasure, disclosure=3, valid_from=0,
        valid_until=NOW + 10_000, uses=5, price=7,
    )  # fmt: skip
    question = replace(Question(use=0, deadline=NOW + 600, purpose=5, step=0), **asked)
    quote = Quote(model.outcome_count, model.quorum, model.royalty, 0, model.fee, agreement.price)
    return Case(tree, record, agreement, model, Request(agreement.id, CONTROLLER, question, quote))


Supply = Callable[[RequestContext], Awaitable[list[DisclosedField]]]


class Source:
    """A source of fields: each case's own, unless told otherwise for a request."""

    def __init__(self) -> None:
        self.cases: dict[bytes, Case] = {}
        self.instead: dict[bytes, object] = {}
        self.asked: list[bytes] = []

    async def fields(self, context: RequestContext, view: CommitteeView) -> list[DisclosedField]:
        assert view.own_attester is not None
        self.asked.append(context.id)
        answer = self.instead.get(context.id, self.cases[context.id].disclosed)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]


class Records:
    """Takes what a proposer would send to the chain."""

    def __init__(self) -> None:
        self.sent: list[tuple[Answer, Attestation]] = []
        self.many: list[tuple[bytes, list[Answer], Attestation]] = []
        self.anchored: list[tuple[bytes, int, str, int, Attestation]] = []
        self.failure: Exception | None = None

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def record(self, answer: Answer, attestation: Attestation) -> None:
        self._fail()
        self.sent.append((answer, attestation))

    async def record_many(self, root: bytes, answers: Sequence[Answer], attestation: Attestation) -> None:
        self._fail()
        self.many.append((root, list(answers), attestation))

    async def anchor(self, root: bytes, count: int, currency: str, quorum: int, attestation: Attestation) -> None:
        self._fail()
        self.anchored.append((root, count, currency, quorum, attestation))


class Acting:
    """Takes every other act, by name: what a service would send to the chain."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.done: list[tuple[Any, ...]] = []
        self.failures: dict[str, Exception] = {}

    def __getattr__(self, name: str) -> Any:
        async def act(*arguments: Any) -> None:
            if name in self.failures:
                raise self.failures[name]
            self.done.append((name, *arguments))

        return act

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [each[1:] for each in self.done if each[0] == name]


class Network(httpx.AsyncBaseTransport):
    """Routes each host to an application, or to a fault."""

    def __init__(self) -> None:
        self.hosts: dict[str, Any] = {}
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        place = self.hosts[request.url.host]
        if isinstance(place, Exception):
            raise place
        if isinstance(place, httpx.Response):
            return place
        if isinstance(place, httpx.AsyncBaseTransport):
            return await place.handle_async_request(request)
        return await httpx.ASGITransport(place).handle_async_request(request)


@dataclass
class Peer:
    """One operator: everything of a node but the chain's transport."""

    signer: LocalSigner
    seat: Seat
    store: NodeStore
    path: Path
    source: Source
    evaluator: Evaluator
    cosigner: Cosigner
    proposer: Proposer
    records: Records
    committee: Committee
    metrics: Metrics
    app: Any
    acts: Acting
    judge: Judge

    def see(self, *cases: Case, block: int = 10) -> None:
        for each in cases:
            self.source.cases[each.request.id] = each
            self.store.apply(Changes(each.rows(block)), (block, bytes(32)))

    async def evaluate(self, *cases: Case) -> None:
        self.see(*cases)
        assert await self.evaluator.evaluate_due(64) == len(cases)

    async def propose(self, head: int = 10) -> None:
        """Propose what is due and wait for all of it."""
        work: list[Any] = []
        await self.proposer.propose_due(head, 64, work.append)
        await asyncio.gather(*work)

    def over(self, each: Case, stage: Stage, block: int = 11) -> None:
        """Let the chain have ended a request."""
        self.store.apply(Changes(endings={each.request.id: (stage, block)}), (block, bytes(32)))

    async def answer(self, proposal: Proposal) -> PeerAnswer:
        return await self.cosigner.answer(proposal)

    def context(self, each: Case) -> RequestContext:
        found = self.store.context(each.request.id)
        assert found is not None
        return found


def peer(
    chain: Chain, network: Network, folder: Path, wait_s: float = 0.1, runtime: Any = RUNTIME, seat_: bool = True
) -> Peer:
    """Build an operator and put it on the roll, with a seat or in reserve."""
    signer, metrics = LocalSigner(secrets.token_bytes(32)), Metrics()
    path = folder / f"{signer.address}.db"
    store, source, records = NodeStore(open_database(f"sqlite:///{path}")), Source(), Records()
    catalogue, keys = Catalogue([LoadedModel(LOADED, runtime)]), Keyring([signer], [SealKey.generate()])
    committee = Committee(chain, keys.addresses)  # type: ignore[arg-type]
    seat = Seat(DOMAINS, store, committee, catalogue, keys, ChainClock(10, NOW), metrics)
    arbiters = Arbiters(())
    evaluator = Evaluator(chain, seat, source, 500_000, arbiters)  # type: ignore[arg-type]
    cosigner = Cosigner(seat, wait_s)
    client = PeerClient(httpx.AsyncClient(transport=network), 5)
    acts = Acting(records)
    proofs = Proofs(chain, seat, client)  # type: ignore[arg-type]
    proposer = Proposer(seat, client, records, proofs, 2, 64)
    judge = Judge(seat, evaluator, client, acts, 2, arbiters)  # type: ignore[arg-type]
    answers = RulingAnswers(seat, wait_s, arbiters)

    identity = {"attester": signer.address, "chain_id": DOMAIN.chain_id}
    app = create_app(NodeParts(store, PeerParts(cosigner, answers), metrics, None, identity))  # type: ignore[arg-type]
    (chain.members if seat_ else chain.reserve).append(signer.address)
    network.hosts[signer.address.lower()] = app
    return Peer(
        signer, seat, store, path, source, evaluator, cosigner, proposer, records, committee, metrics, app, acts,
        judge,
    )  # fmt: skip


@dataclass
class World:
    """Four operators."""

    chain: Chain
    network: Network
    peers: list[Peer]

    @property
    def first(self) -> Peer:
        """The operator whose turn it is to propose what was asked in block 10."""
        return self.peers[10 % len(self.peers)]

    def claimer_of(self, each: Case) -> Peer:
        """The operator whose turn to claim is first."""
        return self.peers[int.from_bytes(each.request.id, "big") % len(self.peers)]

    def others(self, one: Peer) -> list[Peer]:
        return [each for each in self.peers if each is not one]

    async def evaluate(self, *cases: Case) -> None:
        for each in self.peers:
            await each.evaluate(*cases)


def world(folder: Path, size: int = 4, seats: int | None = None) -> World:
    """Make operators over one chain and one network; all have seats unless told otherwise."""
    chain, network = Chain(), Network()
    made = [peer(chain, network, folder, seat_=seats is None or index < seats) for index in range(size)]
    return World(chain, network, made)
