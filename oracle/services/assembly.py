"""Puts a node's services together from its settings."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from web3 import AsyncWeb3

from oracle.chain.contract import AssentContract
from oracle.chain.pool import EndpointPool
from oracle.chain.rpc import ChainReader, open_async
from oracle.core.digests import Domain
from oracle.data.fetch import VaultClient
from oracle.keys.opening import OperatorKeys, open_keys
from oracle.keys.seal_key import HybridKey
from oracle.peers.client import PeerClient
from oracle.services.acts import Acts
from oracle.services.arbiters import Arbiters
from oracle.services.archivist import Archivist
from oracle.services.catalogue import Catalogue
from oracle.services.claimer import Claimer
from oracle.services.closer import Closer
from oracle.services.committee import Committee
from oracle.services.cosigner import Cosigner
from oracle.services.epochs import Epochs
from oracle.services.erasures import Erasures
from oracle.services.evaluator import Evaluator
from oracle.services.head import ChainClock
from oracle.services.judge import Judge
from oracle.services.leases import Leases
from oracle.services.library import Library
from oracle.services.proofs import Proofs
from oracle.services.proposer import Proposer
from oracle.services.punisher import Punisher
from oracle.services.rounds import Rounds
from oracle.services.ruling_answers import RulingAnswers
from oracle.services.seat import Seat
from oracle.services.surveyor import Surveyor
from oracle.services.transactor import Transactor
from oracle.services.vault_source import VaultSource
from oracle.services.watcher import Watcher
from oracle.settings import NodeSettings
from oracle.store.node_store import open_store
from oracle.store.transactions import TransactionStore
from oracle.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a node runs, and what is to be closed at its end."""

    seat: Seat
    keys: OperatorKeys
    contract: AssentContract
    reader: ChainReader
    watcher: Watcher
    evaluator: Evaluator
    proposer: Proposer
    cosigner: Cosigner
    closer: Closer
    erasures: Erasures
    claimer: Claimer
    rounds: Rounds
    epochs: Epochs
    leases: Leases
    judge: Judge
    ruling_answers: RulingAnswers
    punisher: Punisher
    archivist: Archivist
    transactor: Transactor
    surveyor: Surveyor
    web3: AsyncWeb3[EndpointPool]
    clients: tuple[VaultClient, ...]

    async def close(self) -> None:
        """Close connections and database."""
        for client in self.clients:
            await client.aclose()
        await self.keys.aclose()
        await self.web3.provider.disconnect()
        self.seat.store.close()


def assemble(
    settings: NodeSettings,
    catalogue: Catalogue,
    metrics: Metrics,
    transport: httpx.AsyncBaseTransport | None = None,
    library: Library | None = None,
) -> Services:
    """Open keys and database and build the services. ``transport`` replaces the network to peers and vaults, for tests.

    Raises SigningKeyError or ConfigurationError.
    """
    chain, work = settings.chain, settings.work
    opened = open_keys(settings.keys, chain.chain_id, metrics)
    keys, sender = opened.keyring, opened.sender
    store = open_store(settings.database, Domain(chain.chain_id, chain.contract))
    limits = {"timeout_s": chain.timeout_s, "patience_s": chain.patience_s, "max_lag_blocks": chain.max_lag_blocks}
    web3 = open_async(chain.endpoints, metrics, **limits)
    contract = AssentContract(web3, chain.addresses, chain.chain_id)
    committee = Committee(contract, keys.addresses)
    seat = Seat(
        contract.domains, store, committee, catalogue, keys, ChainClock(), metrics, answer_margin_s=work.answer_margin_s
    )
    private = work.allow_private_addresses
    vaults = VaultClient(allow_private=private, timeout_s=work.vault_timeout_s, transport=transport)
    peering = VaultClient(allow_private=private, timeout_s=work.peer_timeout_s, transport=transport)
    reader = ChainReader(web3, chain.addresses, chain.chain_id)
    hybrid = HybridKey() if settings.keys.post_quantum else None
    source = VaultSource(contract.domain, committee, vaults, keys, hybrid)
    transactor = Transactor(
        web3, contract, TransactionStore(store.engine, sender.address), sender, metrics, settings.send
    )
    acts, peers = Acts(contract, transactor), PeerClient(peering, work.peer_timeout_s)
    arbiters, turn_blocks = Arbiters(work.arbiters), work.turn_blocks
    evaluator = Evaluator(contract, seat, source, work.max_callback_gas, arbiters)
    leases = Leases(contract, seat, acts, sender.address, work.renew_lease)
    return Services(
        seat=seat,
        keys=opened,
        contract=contract,
        reader=reader,
        watcher=Watcher(reader, store, chain, metrics),
        evaluator=evaluator,
        proposer=Proposer(seat, peers, acts, Proofs(contract, seat, peers), turn_blocks, work.report_max),
        cosigner=Cosigner(seat, work.cosign_wait_s),
        closer=Closer(seat, acts, turn_blocks),
        erasures=Erasures(seat, acts, work.attest_erasures),
        claimer=Claimer(seat, acts, turn_blocks, work.claim_margin_s),
        rounds=Rounds(seat, reader, acts, turn_blocks),
        epochs=Epochs(contract, seat, acts, turn_blocks, work.rotate_epochs),
        leases=leases,
        judge=Judge(seat, evaluator, peers, acts, turn_blocks, arbiters),
        ruling_answers=RulingAnswers(seat, work.cosign_wait_s, arbiters),
        punisher=Punisher(contract, seat, acts, turn_blocks),
        archivist=Archivist(store, work.archive_after_days),
        transactor=transactor,
        surveyor=Surveyor(settings, seat, reader, transactor, source, opened, leases, library),
        web3=web3,
        clients=(vaults, peering),
    )
