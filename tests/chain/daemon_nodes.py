"""Whole nodes over Anvil, and a vault, in one process: everything of a daemon but its sockets and its clock, which a test drives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from daemon_chain import HOLDER, SUBJECT, TERMS, Ground, ground
from vault_chain import screening

from oracle.chain.abi import Event, contract_of, decode_log
from oracle.chain.contract import AssentContract
from oracle.chain.rpc import open_async
from oracle.core.digests import report_digest
from oracle.core.structs import Agreement, CommitteeTerms, Record, Request, RequestState
from oracle.keys.devnet import DEVNET_CHAIN_ID, devnet_key
from oracle.keys.keystore import write_secret
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime
from oracle.models.zoo.screening import PACKAGE
from oracle.node import Node
from oracle.peers.messages import Proposal
from oracle.services.catalogue import Catalogue, LoadedModel
from oracle.services.reports import Draft, DraftReport
from oracle.services.trails import build_trail
from oracle.settings import ChainSettings, KeySettings, NodeSettings, WorkSettings
from oracle.vault.chain_view import ChainView
from oracle.vault.gatekeeper import Gatekeeper
from oracle.vault.master_key import LocalKey
from oracle.vault.serve import schemas_of
from oracle.vault.service import create_app
from oracle.vault.store import VaultStore
from oracle.vault.vault import Vault

SIZE = 4
TURN_BLOCKS = 2
PASSWORD = "devnet"


@cache
def catalogue() -> Catalogue:
    package = ModelPackage.load(PACKAGE)
    return Catalogue([LoadedModel(package, LocalRuntime(package))])


FIELDS: dict[str, object] = {
    feature.name: round((feature.minimum + feature.maximum) / 2, 3)
    for feature in ModelPackage.load(PACKAGE).card.inputs
}


class Network(httpx.AsyncBaseTransport):
    """Routes each host to an application, or to a fault."""

    def __init__(self) -> None:
        self.hosts: dict[str, Any] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        place = self.hosts[request.url.host]
        if isinstance(place, Exception):
            raise place
        return await httpx.ASGITransport(place).handle_async_request(request)


@contextmanager
def chain(size: int = SIZE, terms: CommitteeTerms = TERMS, **model: Any) -> Iterator[Ground]:
    """Start Anvil with the screening model at a quorum of 3 (2 in the smallest committees)."""
    with ground(size, replace(screening(min(3, terms.min_roll)), **model), terms, "http://operator{}.test") as made:
        yield made


@dataclass
class Town:
    """The nodes, the vault, and the chain."""

    ground: Ground
    network: Network
    vault: Vault
    first: int
    nodes: list[Node] = field(default_factory=list)

    # The chain's side

    def record(self, fields: dict[str, object] | None = None) -> Record:
        record = self.vault.add(fields or FIELDS, SUBJECT, HOLDER)
        self.ground.commit("http://vault.test", record.root)
        return record

    def agree(self, **changes: Any) -> Agreement:
        return self.ground.agree(self.record(), **changes)

    def state(self, identity: bytes) -> RequestState:
        self.ground.quiet()
        return self.ground.contract.verdict_of(identity).call().state

    def own_score(self, node: int, identity: bytes) -> int:
        context = self.nodes[node].services.seat.store.context(identity)
        assert context is not None
        assert context.evaluation is not None
        return int(context.evaluation["score"])

    def logs(self, name: str) -> list[Event]:
        """Return the contracts' events of one name, since the nodes were started."""
        self.ground.quiet()
        contract = self.ground.web3.to_checksum_address(self.ground.contract.addresses.of(contract_of(name)))
        entries = self.ground.web3.eth.get_logs({"address": contract, "fromBlock": self.first})
        return [event for event in map(decode_log, entries) if event is not None and event.name == name]

    def asked_block(self, identity: bytes) -> int:
        """Return the block in which a request was made."""
        return next(each.block_number for each in self.logs("Requested") if each.arguments["id"] == identity)

    # The nodes' side

    async def see(self) -> None:
        """Let every node read the chain and do what new blocks make due."""
        for node in self.nodes:
            await node._watch_once()

    async def evaluate(self) -> None:
        for node in self.nodes:
            while await node.services.evaluator.evaluate_due(64):
                pass

    async def propose(self) -> None:
        work: list[Any] = []
        for node in self.nodes:
            head = node.services.seat.clock.number
            await node.services.proposer.propose_due(head, 64, work.append)
        await asyncio.gather(*work)

    async def judge(self) -> None:
        """Cases, punishments, leases."""
        work: list[Any] = []
        for node in self.nodes:
            await node.services.judge.evaluate_due()
        for node in self.nodes:
            await node.services.judge.judge_due(work.append)
        await asyncio.gather(*work)
        for node in self.nodes:
            await node.services.punisher.punish_due()
            await node.services.leases.renew_due()

    async def tick(self, blocks: int = 1) -> None:
        """One block later, everyone does everything."""
        self.ground.mine(blocks)
        await self.see()
        await self.evaluate()
        await self.propose()
        await self.judge()

    async def until(self, done: Any, ticks: int = 4 * TURN_BLOCKS * SIZE) -> None:
        """Tick until something is so; fail if it doesn't become so while each node has had its turn twice."""
        for _ in range(ticks):
            if done():
                return
            await self.tick()
        assert done()


def lie(nodes: Town, who: int, request: Request, score: int, outcome: int | None = None) -> Proposal:
    """Return what a member that lies would propose, signed by its key."""
    seat = nodes.nodes[who].services.seat
    context = seat.store.context(request.id)
    assert context is not None
    package = seat.catalogue.find(context.model).package
    signer = nodes.ground.attesters[who]
    trail = build_trail(seat.domain, context, package, signer.address, "assent/lie")
    outcome = int(score > 0) if outcome is None else outcome
    update = {"score_ppm": score, "outcome": outcome, "label": package.card.outcomes[outcome]}
    trail = trail.model_copy(update={"output": trail.output.model_copy(update=update)})
    report = DraftReport(seat.domain, nodes.ground.epoch, [Draft(context, trail)])
    assert report.digest == report_digest(seat.domain, report.epoch, 1, report.root)
    signature = "0x" + signer.sign(report.digest).hex()
    verdicts = [draft.proposed() for draft in report.drafts]
    return Proposal(epoch=report.epoch, verdicts=verdicts, proposer=signer.address, signature=signature)


def key_file(folder: Path, name: str, secret: bytes) -> Path:
    path = folder / f"{name}.json"
    if not path.exists():
        write_secret(path, secret, PASSWORD, light=True)
    return path


def settings(made: Ground, folder: Path, index: int, work: dict[str, Any]) -> NodeSettings:
    """Write an operator's keys into a folder of its own, and return its settings."""
    folder.mkdir(exist_ok=True)
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(PASSWORD)
    attester = made.attesters[index]
    secrets_ = (devnet_key(10 + index), devnet_key(15 + index))
    seal = made.seal_keys[attester.address].private.private_bytes_raw()
    keys = KeySettings(
        attester=(key_file(folder, "attester", secrets_[0]),),
        sender=key_file(folder, "sender", secrets_[1]),
        seal=(key_file(folder, "seal", seal),),
        password_file=password,
    )
    return NodeSettings(
        chain=ChainSettings(
            rpc_url=made.url,
            chain_id=DEVNET_CHAIN_ID,
            **made.places,
            finality="latest",
            poll_interval_s=0.001,
        ),
        keys=keys,
        work=WorkSettings(turn_blocks=TURN_BLOCKS, cosign_wait_s=0.2, peer_timeout_s=5, **work),
        database=f"sqlite:///{folder / 'node.db'}",
        models=(PACKAGE,),
    )


def open_node(town: Town, index: int, made: NodeSettings) -> Node:
    """Start a node where an operator's endpoint is."""
    node = Node(made, catalogue(), town.network)
    town.network.hosts[f"operator{index}.test"] = node.app
    return node


@asynccontextmanager
async def town(
    made: Ground, folder: Path, database: Callable[[], str] | None = None, **work: Any
) -> AsyncIterator[Town]:
    """Start nodes and a vault over a chain; what they did on it is undone at the end. ``database`` names one for each node."""
    before = made.rpc("evm_snapshot")
    network = Network()
    vault = Vault(VaultStore(f"sqlite:///{folder}/vault.sqlite"), LocalKey(bytes(range(32))))
    web3 = open_async(made.url)
    view = ChainView(web3, AssentContract(web3, made.contract.addresses, DEVNET_CHAIN_ID), 0, freshness_s=0)
    network.hosts["vault.test"] = create_app(Gatekeeper(vault, view, schemas_of([PACKAGE])), view)
    whole = Town(made, network, vault, made.head + 1)
    for index in range(len(made.attesters)):
        told = settings(made, folder / f"operator{index}", index, work)
        told = told.model_copy(update={"database": database()}) if database else told
        whole.nodes.append(open_node(whole, index, told))
    try:
        yield whole
    finally:
        for node in whole.nodes:
            await node.services.close()
        await view.close()
        made.rpc("evm_revert", before)
