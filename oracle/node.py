"""The daemon: builds the floors from settings and runs them until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
import uvicorn
from web3 import AsyncHTTPProvider, AsyncWeb3

from oracle.api import NodeParts, create_app
from oracle.chain.contract import AssentContract
from oracle.chain.rpc import ChainReader, open_async
from oracle.core.errors import ChainError, ConfigurationError
from oracle.data.fetch import VaultClient
from oracle.keys.devnet import refuse_devnet_key
from oracle.keys.keystore import read_seal_key, read_signer
from oracle.models.package import ModelPackage
from oracle.peers.client import PeerClient
from oracle.services.catalogue import Catalogue, LoadedModel
from oracle.services.closer import Closer
from oracle.services.committee import Committee
from oracle.services.cosigner import Cosigner
from oracle.services.evaluator import Evaluator
from oracle.services.head import ChainClock
from oracle.services.proposer import Proposer
from oracle.services.pulse import Pulse
from oracle.services.transactor import Transactor
from oracle.services.vault_source import VaultSource
from oracle.services.watcher import Watcher
from oracle.settings import NodeSettings
from oracle.store.node_store import NodeStore
from oracle.store.tables import open_database
from oracle.store.transactions import TransactionStore
from oracle.telemetry.logs import configure
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

_IDLE_S = 1.0
_RETRY_S = 1.0
_STALE_HEAD_S = 120
_LOW_BALANCE_WEI = 10**16


def load_models(settings: NodeSettings) -> Catalogue:
    """Load every package, run its self-test, and return them. Raises ModelError. Imports torch."""
    from oracle.models.runtime import LocalRuntime  # noqa: PLC0415  torch is heavy: only a running node pays for it

    loaded = []
    for folder in settings.models:
        package = ModelPackage.load(folder)
        runtime = LocalRuntime(package)
        runtime.self_test()
        loaded.append(LoadedModel(package, runtime))
        log.info("model_loaded", name=package.card.name, files="0x" + package.files_digest.hex())
    return Catalogue(loaded)


class Node:
    """One operator's daemon."""

    def __init__(self, settings: NodeSettings, catalogue: Catalogue) -> None:
        """Open keys and database. Raises SigningKeyError or ConfigurationError."""
        self._settings = settings
        chain, work = settings.chain, settings.work
        self._metrics = Metrics()
        self._clock = ChainClock()
        self._seen, self._evaluated = Pulse(), Pulse()
        self._tasks: asyncio.TaskGroup | None = None
        self._proposals: set[asyncio.Task[None]] = set()
        self._last_round = 0.0

        attester = read_signer(settings.keys.attester, settings.keys.password_file)
        sender = read_signer(settings.keys.sender, settings.keys.password_file)
        seal_key = read_seal_key(settings.keys.seal, settings.keys.password_file)
        for signer in (attester, sender):
            refuse_devnet_key(signer.address, chain.chain_id)
        self._attester = attester.address

        engine = open_database(settings.database)
        self._store = NodeStore(engine)
        self._store.bind(chain.chain_id, chain.contract)

        self._web3: AsyncWeb3[AsyncHTTPProvider] = open_async(chain.rpc_url)
        self._contract = AssentContract(self._web3, chain.contract, chain.chain_id)
        self._reader = ChainReader(self._web3, chain.contract, chain.chain_id)
        self._committee = Committee(self._contract, attester.address)
        private = work.allow_private_addresses
        self._vaults = VaultClient(allow_private=private, timeout_s=work.vault_timeout_s)
        self._peers = VaultClient(allow_private=private, timeout_s=work.peer_timeout_s)
        domain = self._contract.domain
        source = VaultSource(domain, self._committee, self._vaults, attester, seal_key)
        self._watcher = Watcher(self._reader, self._store, chain, self._metrics)
        self._evaluator = Evaluator(self._contract, self._store, source, catalogue, self._clock, self._metrics)
        self._transactor = Transactor(self._web3, self._contract, TransactionStore(engine), sender, self._metrics)
        self._proposer = Proposer(
            domain,
            self._store,
            self._committee,
            catalogue,
            PeerClient(self._peers, work.peer_timeout_s),
            attester,
            self._transactor,
            self._metrics,
            work.turn_blocks,
        )
        self._closer = Closer(self._store, self._committee, self._transactor, self._clock, work.turn_blocks)
        cosigner = Cosigner(
            domain, self._store, self._committee, catalogue, attester, self._metrics, work.cosign_wait_s
        )
        identity: dict[str, str | int] = {"attester": attester.address, "chainId": chain.chain_id}
        self._app = create_app(NodeParts(self._store, cosigner, self._metrics, self.not_ready, identity))

    # Readiness

    async def not_ready(self) -> list[str]:
        """Return every reason why the node can't do its work now; none if it can."""
        reasons = []
        if time.monotonic() - self._last_round > max(10 * self._settings.chain.poll_interval_s, 10):
            reasons.append("chain: not read lately; check chain.rpc_url")
        elif time.time() - self._clock.timestamp > _STALE_HEAD_S and self._settings.chain.finality == "latest":
            reasons.append(f"chain: the head is older than {_STALE_HEAD_S} s; the endpoint may lag")
        try:
            if (await self._committee.view()).own_index is None:
                reasons.append(
                    f"committee: attester {self._attester} isn't a member of the current epoch; join and rotate"
                )
            if await self._transactor.balance_wei() < _LOW_BALANCE_WEI:
                reasons.append(f"balance: the sender {self._transactor.address} has too little ether for gas")
        except ChainError as error:
            reasons.append(f"chain: {error}")
        return reasons

    # Running

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; then take no new work, let HTTP answers finish, and return. What is in flight is in the store."""
        await self._check_start()
        server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                host=self._settings.http.host,
                port=self._settings.http.port,
                log_config=None,
                timeout_graceful_shutdown=5,
                limit_concurrency=256,
            )
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                serving = tasks.create_task(_serve(server))
                loops = [
                    tasks.create_task(self._forever("watcher", self._watch_once)),
                    tasks.create_task(self._forever("evaluator", self._evaluate_once)),
                    tasks.create_task(self._forever("proposer", self._propose_once)),
                ]
                await stop.wait()
                log.info("node_stopping")
                # A proposal broken off is made again after the restart; a transaction under way is in the store.
                for task in (*loops, *self._proposals):
                    task.cancel()
                server.should_exit = True
                await serving
        finally:
            await self._close()

    async def _check_start(self) -> None:
        await self._reader.check_chain()
        log.info("node_started", attester=self._attester, port=self._settings.http.port)

    async def _close(self) -> None:
        await self._vaults.aclose()
        await self._peers.aclose()
        await self._web3.provider.disconnect()
        self._store.close()

    async def _forever(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Repeat a service's round. A round that fails for a reason of the outside world is retried; one that fails for another is
        logged with its trace and retried too: one bad request never stops the node.
        """
        while True:
            try:
                await work()
            except ChainError as error:
                self._metrics.loop_errors.labels(name).inc()
                log.warning("round_failed", service=name, error=str(error))
                await asyncio.sleep(_RETRY_S)
            except Exception:
                self._metrics.loop_errors.labels(name).inc()
                log.exception("round_broke", service=name)
                await asyncio.sleep(_RETRY_S)

    async def _watch_once(self) -> None:
        found = await self._watcher.catch_up()
        self._last_round = time.monotonic()
        self._clock.number, self._clock.timestamp = found.head.number, found.head.timestamp
        if found.rotated:
            self._committee.forget()
        if found.moved:
            self._seen.beat()
            self._evaluated.beat()
            await self._transactor.settle(found.head.number)
            await self._closer.close_due(self._settings.work.batch_size)
        await asyncio.sleep(self._settings.chain.poll_interval_s)

    async def _evaluate_once(self) -> None:
        await self._seen.wait(_IDLE_S)
        while await self._evaluator.evaluate_due(self._settings.work.batch_size):
            self._evaluated.beat()

    async def _propose_once(self) -> None:
        await self._evaluated.wait(_IDLE_S)
        await self._proposer.propose_due(self._clock.number, self._settings.work.batch_size, self._spawn)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._tasks is None:
            work.close()
            return
        task = self._tasks.create_task(self._guarded(work))
        self._proposals.add(task)
        task.add_done_callback(self._proposals.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ChainError as error:
            log.warning("proposal_failed", error=str(error))
        except Exception:
            log.exception("proposal_broke")


async def _serve(server: uvicorn.Server) -> None:
    # The node handles the signals; uvicorn would raise them again at its own exit.
    with contextlib.suppress(SystemExit):
        await server._serve()
    if not server.started:
        raise ConfigurationError(["http: can't listen there; another process may hold the port: change http.port"])


async def run(settings: NodeSettings) -> None:
    """Run a node until SIGTERM or SIGINT. Raises AssentError when it can't start."""
    configure(settings.log_format, settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Node(settings, load_models(settings)).run(stop)
