"""HTTP to one RPC endpoint, over connections that are kept; view calls that come together go together.

web3's own transport opens a connection for each call, and takes its session under a lock that a thread acquires for it: a call that is
cancelled while it waits there leaves the lock taken, and every later call waits for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import structlog
from aiohttp import ClientResponseError, ClientSession, TCPConnector
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from oracle.chain.methods import Meaning, meaning_of

log = structlog.get_logger()

_MOST_CONNECTIONS = 32
#: So many view calls go into one request at most: providers bound a batch's length, and its answer's size.
_MOST_TOGETHER = 20
#: How long an endpoint that takes none of its batches has calls one by one.
_APART_S = 600.0
_VIEW = RPCEndpoint("eth_call")


@dataclass(frozen=True, slots=True)
class _Call:
    """A view call, and whoever waits for its answer."""

    params: Any
    answer: asyncio.Future[RPCResponse]

    def tell(self, found: RPCResponse | BaseException) -> None:
        """Give it its answer, unless nobody waits any more."""
        if self.answer.done():
            return
        if isinstance(found, BaseException):
            self.answer.set_exception(found)
        else:
            self.answer.set_result(found)


class KeptHttpProvider(AsyncHTTPProvider):
    """web3's provider on a session of its own, made at the first call: within the loop that it is used in.

    View calls of one moment are sent as one JSON-RPC batch: most of what a call costs is its HTTP request. An endpoint that answers calls
    one by one, and not together, has them one by one for a while.
    """

    _session: ClientSession | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take what web3's provider takes."""
        super().__init__(*arguments, **options)
        self._waiting: list[_Call] = []
        self._scheduled = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._apart_until = float("-inf")

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Return an endpoint's answer. Raises ClientError, OSError or ValueError."""
        if method != _VIEW or time.monotonic() < self._apart_until:
            return await self._alone(method, params)
        call = _Call(params, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._send_waiting)
        return await call.answer

    def _send_waiting(self) -> None:
        """Send what has come by now. Who gave up meanwhile isn't asked for."""
        wanted, self._waiting, self._scheduled = [each for each in self._waiting if not each.answer.done()], [], False
        for start in range(0, len(wanted), _MOST_TOGETHER):
            part = wanted[start : start + _MOST_TOGETHER]
            task = asyncio.create_task(self._send(part))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            for each in part:
                # A request that nobody waits for any more would only keep a connection busy.
                each.answer.add_done_callback(partial(_end_if_unwanted, task, part))

    async def _send(self, part: Sequence[_Call]) -> None:
        answers: Sequence[RPCResponse | BaseException] = [ConnectionAbortedError()] * len(part)
        try:
            answers = await self._answers([each.params for each in part])
        except Exception as error:  # whoever waits is told, whatever it is
            answers = [error] * len(part)
        finally:
            for each, found in zip(part, answers, strict=True):
                each.tell(found)

    async def _answers(self, calls: list[Any]) -> Sequence[RPCResponse | BaseException]:
        if len(calls) == 1:
            return [await self._alone(_VIEW, calls[0])]
        found = await self._batch(calls)
        if found is not None:
            return found
        # It may be the endpoint that is unwell, and not that it wants no batches: the first call by itself tells.
        first = await self._alone(_VIEW, calls[0])
        self._apart_until = time.monotonic() + _APART_S
        log.info("endpoint_takes_no_batches", calls=len(calls))
        rest = (self._alone(_VIEW, params) for params in calls[1:])
        others: list[RPCResponse | BaseException] = await asyncio.gather(*rest, return_exceptions=True)
        return [first, *others]

    async def _alone(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        response: RPCResponse = await super().make_request(method, params)
        return response

    async def _batch(self, calls: list[Any]) -> list[RPCResponse] | None:
        """Return the answers in the calls' order; None if the endpoint answered, but not these calls."""
        try:
            found: Any = self.decode_rpc_response(
                await self._make_request(_VIEW, self.encode_batch_rpc_request([(_VIEW, each) for each in calls]))
            )
        except ClientResponseError as error:
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise
            return None
        if isinstance(found, dict) and meaning_of(cast(RPCResponse, found)) in (Meaning.LIMITED, Meaning.PASSING):
            return [cast(RPCResponse, found)] * len(calls)
        if not isinstance(found, list) or len(found) != len(calls):
            return None
        by_id: dict[int, Any] = {each["id"]: each for each in found if isinstance(each, dict) and _has_id(each)}
        return [by_id[each] for each in sorted(by_id)] if len(by_id) == len(calls) else None  # web3 counts up

    async def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:  # noqa: ARG002  web3's signature
        if self._session is None:
            self._session = ClientSession(raise_for_status=True, connector=TCPConnector(limit=_MOST_CONNECTIONS))
        options: Any = self.get_request_kwargs()
        async with self._session.post(str(self.endpoint_uri), data=request_data, **options) as response:
            return await response.read()

    async def disconnect(self) -> None:
        """Break off what runs, and close the connections."""
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call.tell(ConnectionAbortedError())
        running = list(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None


def _end_if_unwanted(task: asyncio.Task[None], part: Sequence[_Call], _: asyncio.Future[RPCResponse]) -> None:
    if all(each.answer.done() for each in part):
        task.cancel()


def _has_id(answer: dict[str, Any]) -> bool:
    return type(answer.get("id")) is int
