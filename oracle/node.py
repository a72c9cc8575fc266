"""The daemon: builds the floors from settings and runs them until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx
import structlog
import uvicorn

from oracle.api import NodeParts, PeerParts, create_app
from oracle.core.errors import ChainError, ConfigurationError
from oracle.models.package import ModelPackage
from oracle.peers.doorway import doorway
from oracle.services.assembly import assemble
from oracle.services.catalogue import Catalogue, LoadedModel
from oracle.services.pulse import Pulse
from oracle.settings import NodeSettings
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

    def __init__(
        self, settings: NodeSettings, catalogue: Catalogue, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Open keys and database. ``transport`` replaces the network to peers and vaults, for tests.

        Raises SigningKeyError or ConfigurationError.
        """
        self._settings = settings
        self._metrics = Metrics()
        self.services = assemble(settings, catalogue, self._metrics, transport)
        self._seat = self.services.seat
        self._clock = self._seat.clock
        self._seen, self._evaluated = Pulse(), Pulse()
        self._tasks: asyncio.TaskGroup | None = None
        self._spawned: set[asyncio.Task[None]] = set()
        self._last_round = 0.0
        attesters = self._seat.keys.addresses
        identity: dict[str, str | int] = {"attester": attesters[0], "chainId": settings.chain.chain_id}
        peers = PeerParts(self.services.cosigner, self.services.review_answers, self.services.jailer)
        parts = NodeParts(self._seat.store, peers, self._metrics, self.not_ready, identity)
        self.app = create_app(parts)

    # Readiness

    async def not_ready(self) -> list[str]:
        """Return every reason why the node can't do its work now; none if it can."""
        reasons = []
        if time.monotonic() - self._last_round > max(10 * self._settings.chain.poll_interval_s, 10):
            reasons.append("chain: not read lately; check chain.rpc_url")
        elif time.time() - self._clock.timestamp > _STALE_HEAD_S and self._settings.chain.finality == "latest":
            reasons.append(f"chain: the head is older than {_STALE_HEAD_S} s; the endpoint may lag")
        try:
            await self.services.reader.check_chain()
            member = (await self._seat.committee.view()).own_index is not None
            self._metrics.member.set(member)
            if not member:
                reasons.append(
                    f"committee: {' and '.join(self._seat.keys.addresses)} isn't a member of the current epoch; join and rotate"
                )
            if await self.services.transactor.balance_wei() < _LOW_BALANCE_WEI:
                reasons.append(f"balance: the sender {self.services.transactor.address} has too little ether for gas")
        except ChainError as error:
            reasons.append(f"chain: {error}")
        return reasons

    # Running

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; then take no new work, let HTTP answers finish, and return. What is in flight is in the store."""
        await self._check_start()
        server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                host=self._settings.http.host,
                port=self._settings.http.port,
                log_config=None,
                timeout_graceful_shutdown=5,
                limit_concurrency=1_024,
                http=doorway(),
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
                    tasks.create_task(self._forever("judge", self._judge_once)),
                ]
                await stop.wait()
                log.info("node_stopping")
                # A proposal broken off is made again after the restart; a transaction under way is in the store.
                for task in (*loops, *self._spawned):
                    task.cancel()
                server.should_exit = True
                await serving
        finally:
            await self._close()

    async def _check_start(self) -> None:
        await self.services.reader.check_chain()
        log.info("node_started", attesters=self._seat.keys.addresses, port=self._settings.http.port)

    async def _close(self) -> None:
        await self.services.close()

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
        found = await self.services.watcher.catch_up()
        self._last_round = time.monotonic()
        self._clock.number, self._clock.timestamp = found.head.number, found.head.timestamp
        if found.committee:
            self._seat.committee.forget()
            self.services.epochs.changed()
        if found.moved:
            self._seen.beat()
            self._evaluated.beat()
            await self._after_blocks(found.head.number)
        await self.services.rounds.open_due()
        await asyncio.sleep(self._settings.chain.poll_interval_s)

    async def _after_blocks(self, head: int) -> None:
        """Do what new blocks may have made due. What an endpoint's failure cuts short is due again at the next block."""
        services, limit = self.services, self._settings.work.batch_size
        await services.transactor.settle(head)
        await services.closer.close_due(limit)
        await services.claimer.claim_due(limit)
        await services.epochs.rotate_due()

    async def _judge_once(self) -> None:
        """Challenges, punishments, jailings: rarely anything, and never urgent by the second."""
        await asyncio.sleep(_IDLE_S)
        services = self.services
        await services.reviewer.evaluate_due()
        await services.reviewer.review_due(self._spawn)
        await services.punisher.punish_due()
        await services.jailer.jail_due()

    async def _evaluate_once(self) -> None:
        await self._seen.wait(_IDLE_S)
        while await self.services.evaluator.evaluate_due(self._settings.work.batch_size):
            self._evaluated.beat()

    async def _propose_once(self) -> None:
        await self._evaluated.wait(_IDLE_S)
        await self.services.proposer.propose_due(self._clock.number, self._settings.work.batch_size, self._spawn)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._tasks is None:
            work.close()
            return
        task = self._tasks.create_task(self._guarded(work))
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

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
