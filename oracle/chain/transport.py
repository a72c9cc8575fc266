"""HTTP to one RPC endpoint, over connections that are kept; view calls that come together go together.

web3's own transport opens a connection for each call, and takes its session under a lock that a thread acquires for it: a call that is
cancelled while it waits there leaves the lock taken, and every later call waits for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import ClientResponseError, ClientSession, TCPConnector
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint, RPCResponse

log = structlog.get_logger()

_MOST_CONNECTIONS = 32
#: So many view calls go into one request at most: providers bound a batch's length, and its answer's size.
_MOST_TOGETHER = 20
_VIEW = RPCEndpoint("eth_call")


class KeptHttpProvider(AsyncHTTPProvider):
    """web3's provider on a session of its own, made at the first call: within the loop that it is used in.

    View calls of one moment are sent as one JSON-RPC batch: most of what a call costs is its HTTP request. An endpoint that takes none has
    each call by itself from then on.
    """

    _session: ClientSession | None = None
    _takes_batches = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take what web3's provider takes."""
        super().__init__(*arguments, **options)
        self._waiting: list[tuple[Any, asyncio.Future[RPCResponse]]] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Return an endpoint's answer. Raises ClientError, OSError or ValueError."""
        if method != _VIEW or not self._takes_batches:
            return await self._alone(method, params)
        answer: asyncio.Future[RPCResponse] = asyncio.get_running_loop().create_future()
        self._waiting.append((params, answer))
        if len(self._waiting) == 1:
            task = asyncio.create_task(self._send_waiting())
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return await answer

    async def _send_waiting(self) -> None:
        """Send what has come by the time that this task has its turn. Who gave up meanwhile isn't asked for."""
        waiting, self._waiting = self._waiting, []
        wanted = [(params, answer) for params, answer in waiting if not answer.done()]
        parts = [wanted[start : start + _MOST_TOGETHER] for start in range(0, len(wanted), _MOST_TOGETHER)]
        await asyncio.gather(*(self._send(part) for part in parts))

    async def _send(self, part: list[tuple[Any, asyncio.Future[RPCResponse]]]) -> None:
        answers: Sequence[RPCResponse | BaseException] = [ConnectionAbortedError()] * len(part)
        try:
            answers = await self._answers([params for params, _ in part])
        except Exception as error:  # whoever waits is told, whatever it is
            answers = [error] * len(part)
        finally:
            for (_, answer), found in zip(part, answers, strict=True):
                if answer.done():
                    continue
                if isinstance(found, BaseException):
                    answer.set_exception(found)
                else:
                    answer.set_result(found)

    async def _answers(self, calls: list[Any]) -> Sequence[RPCResponse | BaseException]:
        if len(calls) > 1 and self._takes_batches:
            found = await self._batch(calls)
            if found is not None:
                return found
            self._takes_batches = False
            log.info("endpoint_takes_no_batches")
        alone = (self._alone(_VIEW, params) for params in calls)
        answers: list[RPCResponse | BaseException] = await asyncio.gather(*alone, return_exceptions=True)
        return answers

    async def _alone(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        response: RPCResponse = await super().make_request(method, params)
        return response

    async def _batch(self, calls: list[Any]) -> list[RPCResponse] | None:
        """Return the answers in the calls' order, or None if the endpoint doesn't take calls together."""
        try:
            found: Any = self.decode_rpc_response(
                await self._make_request(_VIEW, self.encode_batch_rpc_request([(_VIEW, each) for each in calls]))
            )
        except ClientResponseError as error:
            if error.status < HTTPStatus.INTERNAL_SERVER_ERROR and error.status != HTTPStatus.TOO_MANY_REQUESTS:
                return None
            raise
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
        """Close the connections."""
        for task in self._sending:
            task.cancel()
        if self._session is not None:
            await self._session.close()
            self._session = None


def _has_id(answer: dict[str, Any]) -> bool:
    return type(answer.get("id")) is int
