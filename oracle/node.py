"""The daemon: builds the floors from settings and runs them until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from types import FrameType
from typing import Any

import httpx
import structlog
import uvicorn

from oracle.api import NodeParts, PeerParts, create_app
from oracle.chain.rpc import endpoint_errors
from oracle.chain.vocabulary import check_vocabulary
from oracle.core.errors import AssentError, ChainError, ConfigurationError, DatabaseError, SigningKeyError
from oracle.database.ownership import held
from oracle.peers.doorway import doorway
from oracle.services.assembly import assemble
from oracle.services.catalogue import Catalogue
from oracle.services.library import Librarian, Library
from oracle.services.outlook import Outlook
from oracle.services.pulse import Pulse
from oracle.settings import NodeSettings
from oracle.telemetry.logs import configure
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

_IDLE_S = 1.0
_RETRY_S = 1.0
#: A node that isn't ready yet looks at itself more often.
_LOOK_S, _LOOK_SOON_S = 1.0, 0.25
#: How long connections may take to close at the end.
_CLOSE_S = 3.0
#: The whole of a stop takes no longer, whatever hangs: systemd and Docker kill later than that.
_STOP_S = 15.0


class Node:
    """One operator's daemon."""

    def __init__(
        self,
        settings: NodeSettings,
        catalogue: Catalogue,
        transport: httpx.AsyncBaseTransport | None = None,
        library: Library | None = None,
    ) -> None:
        """Open keys and database. ``transport`` replaces the network to peers and vaults, for tests; without a ``library`` the
        catalogue stays as it is.

        Raises SigningKeyError or ConfigurationError.
        """
        self._settings = settings
        self._metrics = Metrics()
        self.services = assemble(settings, catalogue, self._metrics, transport, library)
        self._seat = self.services.seat
        self._clock = self._seat.clock
        self._library = library
        self._seen, self._evaluated = Pulse(), Pulse()
        self._tasks: asyncio.TaskGroup | None = None
        self._spawned: set[asyncio.Task[None]] = set()
        self.outlook = Outlook(settings, self.services.surveyor.survey, self._metrics.peers)
        identity = {"attester": self._seat.keys.addresses[0], "chain_id": settings.chain.chain_id}
        peers = PeerParts(self.services.cosigner, self.services.ruling_answers)
        self.app = create_app(NodeParts(self._seat.store, peers, self._metrics, self.outlook, identity))

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
                    tasks.create_task(self._forever("survey", self._look_once)),
                ]
                if self._library is not None:
                    tend = functools.partial(self._tend_once, Librarian(self._library, self._seat))
                    loops.append(tasks.create_task(self._forever("librarian", tend)))
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
        await self.services.reader.check_start(self._settings.chain.finality)
        with endpoint_errors("vocabulary"):
            told = await self.services.contract.vocabulary().acall()
        check_vocabulary(told)
        # A remote signer that is down may come back, and the node waits for it; one that doesn't have the keys is a mistake.
        for reason in await self.services.keys.check():
            log.warning("cannot_sign", reason=reason)
        log.info("node_started", attesters=self._seat.keys.addresses, port=self._settings.http.port)

    async def _close(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self.services.close()

    async def _forever(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Repeat a service's round. A round that fails for a reason of the outside world is retried; one that fails for another is
        logged with its trace and retried too: one bad request never stops the node.
        """
        while True:
            try:
                await work()
            except (ChainError, DatabaseError, SigningKeyError) as error:
                self._failed(name, error)
                log.warning("round_failed", service=name, error=str(error))
                await asyncio.sleep(_RETRY_S)
            except Exception as error:
                self._failed(name, error)
                log.exception("round_broke", service=name)
                await asyncio.sleep(_RETRY_S)

    def _failed(self, name: str, error: Exception) -> None:
        self._metrics.loop_errors.labels(name).inc()
        self.outlook.failed(name, error)

    async def _watch_once(self) -> None:
        found = await self.services.watcher.catch_up()
        self._clock.saw(found.head, self.services.reader.lead_s)
        if found.committee:
            self._seat.committee.forget()
            self.services.epochs.changed()
        if found.moved:
            self._seen.beat()
            self._evaluated.beat()
        # Not only when there is more to believe: what is stuck must not wait for finality.
        await self.services.transactor.settle(found.head.number)
        if found.moved:
            await self._after_blocks()
        await self.services.rounds.open_due()
        await asyncio.sleep(self._settings.chain.poll_interval_s)

    async def _after_blocks(self) -> None:
        """Do what new blocks may have made due. What an endpoint's failure cuts short is due again at the next block."""
        services, limit = self.services, self._settings.work.batch_size
        await services.closer.close_due(limit)
        await services.claimer.claim_due(limit)
        await services.epochs.rotate_due()
        await services.erasures.attest_due(limit)

    async def _look_once(self) -> None:
        """Look at the node as a whole, for whoever asks."""
        ready = not self.outlook.reasons()
        await self.services.surveyor.look(hurry=not ready)
        await asyncio.sleep(_LOOK_S if ready else _LOOK_SOON_S)

    async def _judge_once(self) -> None:
        """Cases, punishments, leases: rarely anything, and never urgent by the second."""
        await asyncio.sleep(_IDLE_S)
        services = self.services
        await services.judge.evaluate_due()
        await services.judge.judge_due(self._spawn)
        await services.punisher.punish_due()
        await services.leases.renew_due()
        services.archivist.archive_due()

    async def _evaluate_once(self) -> None:
        await self._seen.wait(_IDLE_S)
        while await self.services.evaluator.evaluate_due(self._settings.work.batch_size):
            self._evaluated.beat()

    async def _tend_once(self, librarian: Librarian) -> None:
        if await librarian.tend():
            self._seen.beat()
        await asyncio.sleep(self._settings.runtime.scan_interval_s)

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
        except (ChainError, DatabaseError, SigningKeyError) as error:
            self._failed("proposals", error)
            log.warning("proposal_failed", error=str(error))
        except Exception as error:
            self._failed("proposals", error)
            log.exception("proposal_broke")


async def _serve(server: uvicorn.Server) -> None:
    # The node handles the signals; uvicorn would raise them again at its own exit.
    with contextlib.suppress(SystemExit):
        await server._serve()
    if not server.started:
        raise ConfigurationError(["http: can't listen there; another process may hold the port: change http.port"])


class _Stopping:
    """The first signal asks the node to stop, and sees to it that it does; a second one ends the process at once.

    Nothing is lost by either: what was promised to anyone is in the database before the promise.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._watchdog = threading.Timer(_STOP_S, self._end, ["stop_forced", 0])
        self._watchdog.daemon = True
        for number in (signal.SIGTERM, signal.SIGINT):
            # Not the loop's own way: this one is heard even while the loop is busy.
            signal.signal(number, self._heard)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self._watchdog.is_alive():
            self._end("stop_at_once", 128 + number)
        self._watchdog.start()
        self._loop.call_soon_threadsafe(self.asked.set)

    def finish(self) -> None:
        """End the process now that all is closed: a thread that still runs a model, or an interpreter's tidying up, holds nothing."""
        self._end("node_stopped", 0)

    @staticmethod
    def _end(event: str, status: int) -> None:
        log.warning(event)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


async def run(settings: NodeSettings) -> None:
    """Run a node until SIGTERM or SIGINT. Raises AssentError when it can't start."""
    configure(settings.log_format, settings.log_level)
    stopping = _Stopping()
    try:
        with held(settings.database), Library.open(settings) as library:
            await Node(settings, library.catalogue, library=library).run(stopping.asked)
    except BaseExceptionGroup as group:
        raise _first(group) from None
    stopping.finish()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return one of a group's errors, our own before others: a node that can't run says why in one message."""
    own = group.subgroup(AssentError)
    found: BaseException = own or group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
