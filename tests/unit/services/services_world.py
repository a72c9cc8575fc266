"""Operators in one process: real stores, keys, models and HTTP applications, over a chain that answers from tables."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from oracle.api import NodeParts, create_app
from oracle.chain.contract import AgreementStatus, Epoch, Operator, RecordStatus, RequestStatus
from oracle.core.digests import Domain
from oracle.core.structs import (
    Agreement,
    AgreementState,
    Attestation,
    Model,
    Record,
    RecordState,
    Request,
    RequestState,
    Verdict,
)
from oracle.data.record import DisclosedField, RecordTree
from oracle.keys.signer import LocalSigner
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime
from oracle.models.zoo.screening import PACKAGE
from oracle.peers.client import PeerClient
from oracle.peers.messages import Answer, Proposal
from oracle.services.catalogue import Catalogue, LoadedModel
from oracle.services.committee import Committee
from oracle.services.cosigner import Cosigner
from oracle.services.evaluator import Evaluator
from oracle.services.head import ChainClock
from oracle.services.proposer import Proposer
from oracle.store.node_store import NodeStore, RequestContext
from oracle.store.tables import AgreementRow, ModelRow, RecordRow, RequestRow, Stage, open_database
from oracle.telemetry.metrics import Metrics

CHAIN_ID = 31337
CONTRACT = "0x" + "c0" * 20
SUBJECT, CONTROLLER, HOLDER, PUBLISHER = ("0x" + digit * 40 for digit in "1234")
NOW = 1_800_000_000
LOADED = ModelPackage.load(PACKAGE)
RUNTIME = LocalRuntime(LOADED)
DOMAIN = Domain(CHAIN_ID, CONTRACT)
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
    epoch: int = 1
    agreements: dict[bytes, object] = field(default_factory=dict)
    records: dict[bytes, object] = field(default_factory=dict)
    requests: dict[bytes, object] = field(default_factory=dict)
    infos: dict[str, object] = field(default_factory=dict)
    epoch_reads: int = 0

    def agreement_status(self, identifier: bytes) -> Known:
        return Known(self.agreements.get(identifier, AgreementStatus(AgreementState.GIVEN, NOW - 100, NOW + 10_000)))

    def record_status(self, identifier: bytes) -> Known:
        return Known(self.records.get(identifier, RecordStatus(RecordState.COMMITTED, NOW - 200, SUBJECT)))

    def verdict_of(self, identifier: bytes) -> Known:
        return Known(self.requests.get(identifier, RequestStatus(RequestState.REQUESTED, 0, 0, 0, bytes(22))))

    def current_epoch(self) -> Known:
        self.epoch_reads += 1
        return Known(Epoch(self.epoch, len(self.members), NOW, CONTRACT))

    def members_of(self, epoch: int) -> Known:
        return Known(list(self.members))

    def operator_of(self, attester: str) -> Known:
        return Known(attester)

    def operator_info(self, operator: str) -> Known:
        endpoint = f"http://{operator.lower()}"
        return Known(self.infos.get(operator, Operator(operator, 1, 0, bytes(32), endpoint)))


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
                use=self.request.use,
                purpose=self.request.purpose,
                step=self.request.step,
                deadline=self.request.deadline,
                stage=Stage.SEEN,
                attempts=0,
                not_before=0.0,
            ),
        ]


def model_terms(**changes: Any) -> Model:
    terms = Model(
        PUBLISHER, LOADED.files_digest, LOADED.input_schema_digest, LOADED.outcomes_digest,
        outcome_count=2, quorum=3, tolerance=LOADED.card.tolerance_ppm, fee=1000,
    )  # fmt: skip
    return replace(terms, **changes)


def case(fields: Mapping[str, object] | None = None, model: Model | None = None, step: int = 0) -> Case:
    """Make a request about a record with these fields (the marked ones by default)."""
    tree = RecordTree.salt(MARKED if fields is None else fields)
    record = Record(tree.root, SUBJECT, HOLDER)
    model = model or model_terms()
    agreement = Agreement(
        subject=SUBJECT, controller=CONTROLLER, record=record.id, model=model.id, purposes=1 << 5, prohibited=0,
        steps=0b11, valid_from=0, valid_until=NOW + 10_000, uses=5, notice=bytes(32), salt=secrets.token_bytes(32),
    )  # fmt: skip
    request = Request(agreement.id, 0, CONTROLLER, 5, step, NOW + 600, model.fee, model.quorum, model.outcome_count)
    return Case(tree, record, agreement, model, request)


Supply = Callable[[RequestContext], Awaitable[list[DisclosedField]]]


class Source:
    """A source of fields: each case's own, unless told otherwise for a request."""

    def __init__(self) -> None:
        self.cases: dict[bytes, Case] = {}
        self.instead: dict[bytes, object] = {}
        self.asked: list[bytes] = []

    async def fields(self, context: RequestContext) -> list[DisclosedField]:
        self.asked.append(context.id)
        answer = self.instead.get(context.id, self.cases[context.id].disclosed)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]


class Records:
    """Takes what a proposer would send to the chain."""

    def __init__(self) -> None:
        self.sent: list[tuple[Request, Verdict, Attestation]] = []
        self.failure: Exception | None = None

    async def record(self, request: Request, verdict: Verdict, attestation: Attestation) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append((request, verdict, attestation))


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

    def see(self, *cases: Case, block: int = 10) -> None:
        for each in cases:
            self.source.cases[each.request.id] = each
            self.store.apply(each.rows(block), {}, {}, (block, bytes(32)))

    async def evaluate(self, *cases: Case) -> None:
        self.see(*cases)
        assert await self.evaluator.evaluate_due(64) == len(cases)

    async def propose(self, head: int = 10) -> None:
        """Propose what is due and wait for all of it."""
        work: list[Any] = []
        await self.proposer.propose_due(head, 64, work.append)
        await asyncio.gather(*work)

    async def answer(self, proposal: Proposal) -> Answer:
        return await self.cosigner.answer(proposal)

    def context(self, each: Case) -> RequestContext:
        found = self.store.context(each.request.id)
        assert found is not None
        return found


def peer(chain: Chain, network: Network, folder: Path, wait_s: float = 0.1, runtime: Any = RUNTIME) -> Peer:
    """Build an operator and make it a member of the epoch."""
    signer, metrics = LocalSigner(secrets.token_bytes(32)), Metrics()
    path = folder / f"{signer.address}.db"
    store, source, records = NodeStore(open_database(f"sqlite:///{path}")), Source(), Records()
    catalogue = Catalogue([LoadedModel(LOADED, runtime)])
    committee = Committee(chain, signer.address)  # type: ignore[arg-type]
    evaluator = Evaluator(chain, store, source, catalogue, ChainClock(10, NOW), metrics)  # type: ignore[arg-type]
    cosigner = Cosigner(DOMAIN, store, committee, catalogue, signer, metrics, wait_s)
    client = PeerClient(httpx.AsyncClient(transport=network), 5)
    proposer = Proposer(DOMAIN, store, committee, catalogue, client, signer, records, metrics, 2)

    async def ready() -> list[str]:
        return []

    app = create_app(NodeParts(store, cosigner, metrics, ready))
    chain.members.append(signer.address)
    network.hosts[signer.address.lower()] = app
    return Peer(signer, store, path, source, evaluator, cosigner, proposer, records, committee, metrics, app)


@dataclass
class World:
    """Four operators."""

    chain: Chain
    network: Network
    peers: list[Peer]

    def proposer_of(self, each: Case) -> Peer:
        """The operator whose turn is first."""
        return self.peers[int.from_bytes(each.request.id, "big") % len(self.peers)]

    def others(self, one: Peer) -> list[Peer]:
        return [each for each in self.peers if each is not one]

    async def evaluate(self, *cases: Case) -> None:
        for each in self.peers:
            await each.evaluate(*cases)


def world(folder: Path, size: int = 4) -> World:
    """Make operators over one chain and one network."""
    chain, network = Chain(), Network()
    return World(chain, network, [peer(chain, network, folder) for _ in range(size)])
