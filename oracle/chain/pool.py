"""Several RPC endpoints as one: reads go to the first healthy one, transactions to all."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, TypeVar

from web3.providers.async_base import AsyncBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from oracle.chain.endpoint import Endpoint, EndpointFailure, Fault
from oracle.chain.methods import METHODS, Refusal, refusal_of
from oracle.core.errors import EndpointError
from oracle.telemetry.metrics import Metrics

T = TypeVar("T")

#: A read is tried so often in all, unless there are more endpoints than that.
_LEAST_TRIES = 6
_FIRST_PAUSE_S, _LIMITED_PAUSE_S = 0.05, 0.25
#: So long is the slower of two endpoints waited for when their heads are compared.
_COMPARING_S = 0.25
#: Logs of many blocks take longer than anything else that is asked for.
_SLOW = {"eth_getLogs": 4}


class EndpointPool(AsyncBaseProvider):
    """A provider for AsyncWeb3 over an ordered list of endpoints.

    A read goes to the first endpoint that is healthy: of the right chain, not behind the others, not failing. When it fails, or has not
    answered within ``patience_s``, the next one is asked as well, and the first answer counts. An endpoint that failed rests for a
    while, twice as long each time, and is the preferred one again afterwards.
    """

    global_ccip_read_enabled = False  # no endpoint has this node fetch what a contract names

    def __init__(
        self,
        urls: Sequence[str],
        metrics: Metrics,
        timeout_s: float = 10.0,
        patience_s: float = 1.0,
        max_lag_blocks: int = 2,
    ) -> None:
        """``timeout_s`` is the longest that a call may take; behind by more than ``max_lag_blocks`` is not healthy."""
        super().__init__()
        self.endpoints = tuple(Endpoint(index, url, timeout_s, metrics) for index, url in enumerate(urls))
        self._metrics = metrics
        self._patience_s = patience_s
        self._max_lag_blocks = max_lag_blocks
        self._probes: dict[Endpoint, asyncio.Task[Any]] = {}
        self._sending: set[asyncio.Task[RPCResponse]] = set()

    # As AsyncWeb3 uses it

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Answer a call. Raises EndpointError when no endpoint does."""
        if method not in METHODS:
            raise EndpointError(f"{method}: not among the methods that a node may use")
        if method == "eth_sendRawTransaction":
            return await self._broadcast(params[0])
        try:
            return await self.ask(lambda endpoint: endpoint.read(method, params), method)
        except EndpointFailure as failure:
            if failure.response is not None:
                return failure.response
            raise EndpointError(
                f"{method}: {failure.fault}; see chain.rpc_urls and the endpoints' metrics"
            ) from failure

    async def is_connected(self, show_traceback: bool = False) -> bool:  # noqa: ARG002  web3's signature
        """Tell whether an endpoint answered when last asked."""
        return any(not endpoint.is_down for endpoint in self.endpoints)

    async def disconnect(self) -> None:
        """Break off what runs, and close all connections."""
        running = [*self._probes.values(), *self._sending]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for endpoint in self.endpoints:
            await endpoint.disconnect()

    # Reading

    async def ask(
        self, work: Callable[[Endpoint], Awaitable[T]], method: str, reached: int = 0, another: bool = False
    ) -> T:
        """Do work with one endpoint, and with the next one if it fails or is slow. Raises the most telling EndpointFailure.

        Only endpoints that have ``reached`` a block are asked. With ``another``, the order begins after the preferred one.
        """
        asked = _Asked()
        running: dict[asyncio.Task[T], Endpoint] = {}
        turns = _turns(self._order(method, reached, another), asked.spent)
        patience_s = self._patience_s * _SLOW.get(method, 1)
        turn, over = None, False
        try:
            while True:
                if turn is None or turn[1] in asked.spent:
                    turn = next(turns, None)
                    over = turn is None
                if turn is None and not running:
                    break
                # Who is busy isn't stalled: to ask it again before it has answered would make it the slower, for everyone.
                if turn is not None and not (turn[1] in running.values() and turn[1].is_busy):
                    await asyncio.sleep(max(turn[0], asked.pause_s(turn[1])))
                    running[asyncio.create_task(asked.attempt(work, turn[1]))] = turn[1]
                    turn = None
                wait_s = None if over else patience_s
                done, _ = await asyncio.wait(running, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
                answers = [task for task in done if not isinstance(task.exception(), EndpointFailure)]
                answered = {running[task] for task in answers}
                running = {task: endpoint for task, endpoint in running.items() if task not in done}
                if answers:
                    for slower in set(running.values()) - answered:
                        slower.was_slow()
                    return answers[0].result()
        finally:
            for each in running:
                each.add_done_callback(_looked_at)
                each.cancel()
        raise asked.most_telling()

    def _order(self, method: str, reached: int, another: bool) -> list[Endpoint]:
        """Return the endpoints to ask, the best first. Raises EndpointFailure if there are none."""
        able = [each for each in self.endpoints if not each.is_foreign and method not in each.lacks]
        if not able:
            foreign = all(each.is_foreign for each in self.endpoints)
            raise EndpointFailure(Fault.WRONG_CHAIN if foreign else Fault.METHOD)
        able = [each for each in able if not each.head or each.head >= reached]
        if not able:
            raise EndpointFailure(Fault.BEHIND)
        best = max(each.head for each in able)

        def rank(endpoint: Endpoint) -> tuple[bool, bool, bool]:
            lags = best - endpoint.head > self._max_lag_blocks
            return endpoint.is_down and endpoint.is_resting, lags, endpoint.is_resting

        ordered = sorted(able, key=rank)  # stable: the order of the settings
        return [*ordered[1:], ordered[0]] if another else ordered

    async def refresh(self) -> None:
        """Compare the endpoints' heads, so that none that lags is asked. One that is slow is compared once it has answered."""
        if len(self.endpoints) < 2 and not self.endpoints[0].is_foreign:
            return
        for endpoint in self.endpoints:
            probe = self._probes.get(endpoint)
            if (probe is None or probe.done()) and not endpoint.is_resting:
                self._probes[endpoint] = asyncio.create_task(_probe(endpoint))
        fresh = [probe for probe in self._probes.values() if not probe.done()]
        if not fresh:
            return
        _, rest = await asyncio.wait(fresh, timeout=self._patience_s, return_when=asyncio.FIRST_COMPLETED)
        if rest:
            await asyncio.wait(rest, timeout=_COMPARING_S)
        best = max(endpoint.head for endpoint in self.endpoints)
        for endpoint in self.endpoints:
            self._metrics.rpc_lag_blocks.labels(endpoint.name).set(best - endpoint.head)

    # Sending

    async def _broadcast(self, raw: Any) -> RPCResponse:
        """Send to all, and return when the first has taken it; the most telling refusal if none has. Raises EndpointError."""
        able = [each for each in self.endpoints if not each.is_foreign and "eth_sendRawTransaction" not in each.lacks]
        running = {asyncio.create_task(endpoint.send(raw)) for endpoint in able}
        self._sending |= running
        for task in running:
            task.add_done_callback(self._sending.discard)
            task.add_done_callback(_looked_at)
        refused: list[RPCResponse] = []
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                if isinstance(each.exception(), EndpointFailure):
                    continue
                if "error" not in each.result():
                    return each.result()
                refused.append(each.result())
        if not refused:
            raise EndpointError("eth_sendRawTransaction: no endpoint answered; see chain.rpc_urls")
        return min(refused, key=lambda response: list(Refusal).index(refusal_of(response)))


def _looked_at(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # or asyncio complains of a failure that nobody waits for any more


@dataclass
class _Asked:
    """What came of one question: the failures, and who has nothing to add."""

    failures: list[EndpointFailure] = field(default_factory=list)
    spent: set[Endpoint] = field(default_factory=set)
    limited: Counter[Endpoint] = field(default_factory=Counter)

    def pause_s(self, endpoint: Endpoint) -> float:
        """How long to leave an endpoint alone that said it was asked too much: longer each time."""
        times = self.limited[endpoint]
        return _LIMITED_PAUSE_S * 2 ** (times - 1) if times else 0.0

    async def attempt(self, work: Callable[[Endpoint], Awaitable[T]], endpoint: Endpoint) -> T:
        try:
            return await work(endpoint)
        except EndpointFailure as failure:
            self.failures.append(failure)
            if not failure.again:
                self.spent.add(endpoint)
            self.limited[endpoint] += failure.fault is Fault.LIMITED
            raise

    def most_telling(self) -> EndpointFailure:
        """What an endpoint said goes before that another said nothing; that it said no before that it hasn't seen it yet."""
        return min(self.failures, key=lambda failure: (failure.response is None, failure.fault is Fault.BEHIND))


async def _probe(endpoint: Endpoint) -> None:
    with contextlib.suppress(EndpointFailure):  # it is counted, and rests
        await endpoint.read("eth_getBlockByNumber", ["latest", False])


def _turns(order: Sequence[Endpoint], spent: Set[Endpoint]) -> Iterator[tuple[float, Endpoint]]:
    """Yield whom to ask next, and how long to wait before it; not again who has said its last word."""
    tries, pause_s = 0, 0.0
    while tries < max(_LEAST_TRIES, len(order)):
        left = [endpoint for endpoint in order if endpoint not in spent]
        if not left:
            return
        for endpoint in left:
            if endpoint not in spent:
                tries += 1
                yield pause_s, endpoint
        pause_s = max(2 * pause_s, _FIRST_PAUSE_S)
