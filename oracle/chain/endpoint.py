"""One RPC endpoint: what it is asked, and how well it answers."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import ClientError, ClientResponseError, ClientTimeout
from web3.types import RPCEndpoint, RPCResponse

from oracle.chain.methods import MAY_BE_BEHIND, Meaning, meaning_of
from oracle.chain.transport import KeptHttpProvider
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

_FIRST_REST_S, _LAST_REST_S = 0.25, 30.0
_LIMITED_REST_S = 1.0
_WRONG_CHAIN_REST_S = 60.0
#: After so many failures without an answer between them, an endpoint is down.
_DOWN_AFTER = 3
_TOO_MANY_REQUESTS = 429
#: An endpoint that has more calls to answer than that is busy.
_FEW_CALLS = 8


class Fault(StrEnum):
    """How an endpoint failed; the label of a metric."""

    TIMEOUT = "timeout"
    SLOW = "slow"
    TRANSPORT = "transport"
    HTTP = "http"
    LIMITED = "limited"
    NONSENSE = "nonsense"
    TROUBLE = "trouble"
    REFUSED = "refused"
    METHOD = "method"
    BEHIND = "behind"
    FORK = "fork"
    WRONG_CHAIN = "wrong_chain"


class EndpointFailure(Exception):  # noqa: N818  it says that another endpoint is to be asked; none leaves this package
    """This endpoint has no answer. ``again`` tells whether the same may have one in a moment; ``response`` is what it said instead."""

    def __init__(self, fault: Fault, again: bool = False, response: RPCResponse | None = None) -> None:
        self.fault = fault
        self.again = again
        self.response = response
        super().__init__(fault.value)


class Endpoint:
    """An endpoint with its health. ``name`` has its place in the settings and its host: the rest of a URL may be a secret."""

    def __init__(self, index: int, url: str, timeout_s: float, metrics: Metrics) -> None:
        self.name = f"{index}-{urlsplit(url).hostname}"
        self.head = 0
        self.lacks: set[str] = set()
        self.found_chain: int | None = None
        self._wanted_chain: int | None = None
        self._metrics = metrics
        self._failures = 0
        self._not_before = 0.0
        self._in_flight = 0
        self._counted: object = None
        # Whoever asks decides what to do about a failure, so the client must not.
        timeout = ClientTimeout(total=timeout_s)
        self._http = KeptHttpProvider(url, {"timeout": timeout}, exception_retry_configuration=None)

    # Health

    def must_serve(self, chain_id: int) -> None:
        """Never use it unless it is of this chain; asked for at the next call, and again whenever it was lost."""
        if self._wanted_chain != chain_id:
            self._wanted_chain, self.found_chain = chain_id, None

    @property
    def is_foreign(self) -> bool:
        """Whether it said that it serves another chain."""
        return self.found_chain is not None and self.found_chain != self._wanted_chain

    @property
    def is_resting(self) -> bool:
        """Whether it failed lately, and should be left alone."""
        return time.monotonic() < self._not_before

    @property
    def is_down(self) -> bool:
        """Whether it failed several times in a row."""
        return self._failures >= _DOWN_AFTER

    @property
    def is_busy(self) -> bool:
        """Whether it has so many calls to answer that it may take its time for each."""
        return self._in_flight > _FEW_CALLS

    def _failed(self, failure: EndpointFailure) -> None:
        if failure.fault is Fault.BEHIND:
            return  # nobody has a receipt of what isn't mined
        # Calls that went together failed together, by one and the same error or answer: that is one failure.
        shared = failure.__cause__ or failure.response
        if shared is not None and shared is self._counted:
            return
        self._counted = shared
        self._metrics.rpc_errors.labels(self.name, failure.fault.value).inc()
        if failure.fault in (Fault.REFUSED, Fault.METHOD):
            return  # it answers
        self._failures += 1
        rest_s = min(_FIRST_REST_S * 2 ** min(self._failures, 16), _LAST_REST_S)
        if failure.fault is Fault.LIMITED:
            rest_s = max(rest_s, _LIMITED_REST_S)
        elif failure.fault is Fault.WRONG_CHAIN:
            rest_s = _WRONG_CHAIN_REST_S
        elif failure.fault in (Fault.TRANSPORT, Fault.TIMEOUT) or self.is_down:
            self.found_chain = None  # who answers there next?
        self._not_before = time.monotonic() + rest_s
        self._metrics.rpc_up.labels(self.name).set(0 if self.is_down or self.is_foreign else 1)
        if self._failures == _DOWN_AFTER:
            log.warning("endpoint_down", endpoint=self.name, fault=failure.fault.value)

    def was_slow(self) -> None:
        """Note that another answered before it, though it was asked later."""
        self._failed(EndpointFailure(Fault.SLOW))

    def _answered(self) -> None:
        if self.is_down:
            log.info("endpoint_up", endpoint=self.name)
        self._failures, self._not_before = 0, 0.0
        self._metrics.rpc_up.labels(self.name).set(1)

    # Calls

    async def read(self, method: str, params: Any) -> RPCResponse:
        """Return the answer to a read, or an error that any endpoint would give. Raises EndpointFailure for any other."""
        try:
            response = await self._exchange(method, params)
            self._must_answer(method, response)
        except EndpointFailure as failure:
            self._failed(failure)
            raise
        self._answered()
        self._note_head(method, params, response)
        return response

    async def send(self, raw: Any) -> RPCResponse:
        """Hand it a transaction, and return what it says, refusals too. Raises EndpointFailure if it says nothing."""
        try:
            response = await self._exchange("eth_sendRawTransaction", [raw])
        except EndpointFailure as failure:
            self._failed(failure)
            raise
        self._answered()
        return response

    async def disconnect(self) -> None:
        """Close its connections."""
        await self._http.disconnect()

    async def _exchange(self, method: str, params: Any) -> RPCResponse:
        unsure = self.found_chain is None or self.is_foreign
        if unsure and self._wanted_chain is not None and method != "eth_chainId":
            await self._ask_chain()
        if self.is_foreign:
            raise EndpointFailure(Fault.WRONG_CHAIN)
        return await self._post(method, params)

    async def _ask_chain(self) -> int:
        response = await self._post("eth_chainId", [])
        try:
            found = int(response["result"], 16)
        except (KeyError, TypeError, ValueError):
            raise EndpointFailure(Fault.NONSENSE, again=True) from None
        self.found_chain = found
        if self.is_foreign:
            log.error("endpoint_of_another_chain", endpoint=self.name, found=found)
        return found

    async def chain_id(self) -> int:
        """Return the chain that it serves. Raises EndpointFailure."""
        try:
            found = await self._ask_chain()
        except EndpointFailure as failure:
            self._failed(failure)
            raise
        if self.is_foreign:
            self._failed(EndpointFailure(Fault.WRONG_CHAIN))
        return found

    async def _post(self, method: str, params: Any) -> RPCResponse:
        self._in_flight += 1
        try:
            response = await self._http.make_request(RPCEndpoint(method), params)
        except ClientResponseError as error:
            limited = error.status == _TOO_MANY_REQUESTS
            raise EndpointFailure(Fault.LIMITED if limited else Fault.HTTP, again=True) from error
        except TimeoutError as error:
            raise EndpointFailure(Fault.TIMEOUT, again=True) from error
        except (ClientError, OSError) as error:
            raise EndpointFailure(Fault.TRANSPORT, again=True) from error
        except ValueError as error:
            raise EndpointFailure(Fault.NONSENSE, again=True) from error
        finally:
            self._in_flight -= 1
        if not isinstance(response, dict) or not ("result" in response or response.get("error")):
            raise EndpointFailure(Fault.NONSENSE, again=True)
        return response

    def _must_answer(self, method: str, response: RPCResponse) -> None:
        if "error" not in response:
            if response["result"] is None and method in MAY_BE_BEHIND:
                raise EndpointFailure(Fault.BEHIND, response=response)
            return
        meaning = meaning_of(response)
        if meaning is Meaning.METHOD:
            self.lacks.add(method)
            raise EndpointFailure(Fault.METHOD, response=response)
        if meaning is Meaning.LIMITED:
            raise EndpointFailure(Fault.LIMITED, response=response)
        if meaning is Meaning.PASSING:
            raise EndpointFailure(Fault.TROUBLE, again=True, response=response)
        if meaning is Meaning.REFUSED:
            raise EndpointFailure(Fault.REFUSED, response=response)

    def _note_head(self, method: str, params: Any, response: RPCResponse) -> None:
        result: Any = response.get("result")
        if method != "eth_getBlockByNumber" or not isinstance(result, dict) or not result.get("number"):
            return
        number = int(result["number"], 16)
        self.head = number if params[0] == "latest" else max(self.head, number)
