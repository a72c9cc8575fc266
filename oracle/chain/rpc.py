"""The way to the chain: opening an endpoint and reading blocks and logs from it. Plain methods only, no filters, no websockets."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import structlog
from aiohttp import ClientConnectionError, ClientError
from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.encoding import TextStringEncoder
from eth_abi.registry import BaseEquals
from eth_typing import BlockNumber
from eth_utils import to_checksum_address
from hexbytes import HexBytes
from web3 import AsyncWeb3, HTTPProvider, Web3
from web3._utils.abi import build_strict_registry
from web3.exceptions import BlockNotFound, Web3Exception
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import LogReceipt

from oracle.chain.abi import CONTRACTS, Event, decode_log
from oracle.chain.contract import AssentContract
from oracle.chain.endpoint import Endpoint, EndpointFailure, Fault
from oracle.chain.endpoint_checks import check_endpoints
from oracle.chain.pool import EndpointPool
from oracle.core.addresses import Addresses
from oracle.core.errors import ChainError, EndpointError, LogRangeError, WrongChainError
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

_TIMEOUT_S = 10
#: Providers cap their answers at thousands of logs, and some do so without a word.
_ROUND_CAP = 1_000
_FAULTS = {Fault.FORK: "the chain changed while it was read", Fault.BEHIND: "no endpoint has reached that block"}
#: What tells one log from all others: its block's hash, and its place there.
LogKey = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class Head:
    """A block's number, hash and time (Unix seconds)."""

    number: int
    hash: bytes
    timestamp: int


@contextmanager
def endpoint_errors(doing: str) -> Iterator[None]:
    """Turn what web3, aiohttp and requests raise for a failing endpoint into EndpointError."""
    try:
        yield
    except ChainError:
        raise
    except (Web3Exception, ClientError, requests.RequestException, TimeoutError, OSError, ValueError) as error:
        # The endpoint's URL may hold a key: name the kind of failure, not the request.
        away = isinstance(error, requests.ConnectionError | ClientConnectionError | ConnectionError)
        hint = "; no chain answers there: is it running, and is rpc_url right?" if away else ""
        raise EndpointError(f"{doing}: {type(error).__name__}{hint}") from error


def open_async(rpc_url: str | Sequence[str], metrics: Metrics | None = None, **limits: Any) -> AsyncWeb3[EndpointPool]:
    """Return an AsyncWeb3 on one HTTP endpoint, or on several in their order; ``limits`` are :class:`EndpointPool`'s."""
    urls = [rpc_url] if isinstance(rpc_url, str) else rpc_url
    web3 = AsyncWeb3(EndpointPool(urls, metrics or Metrics(), **limits))
    # It asks for the chain's id before every call; each endpoint's is checked when it is connected to.
    web3.middleware_onion.remove("validation")
    web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    web3.codec = _forgiving_codec()
    return web3


def _forgiving_codec() -> ABICodec:
    """Strings on chain are anyone's bytes: one that isn't UTF-8 must not stop whoever reads it."""
    registry = build_strict_registry()
    registry.unregister("string")
    decoder = StringDecoder(handle_string_errors="replace")  # type: ignore[no-untyped-call]
    strings = BaseEquals("string", with_sub=False)  # type: ignore[no-untyped-call]
    registry.register(strings, TextStringEncoder, decoder, label="string")
    return ABICodec(registry)


def open_sync(rpc_url: str) -> Web3:
    """Return a Web3 on an HTTP endpoint."""
    web3 = Web3(HTTPProvider(rpc_url, request_kwargs={"timeout": _TIMEOUT_S}))
    web3.codec = _forgiving_codec()
    return web3


def wrong_chain(found: int, wanted: int) -> WrongChainError:
    """Return the error for an endpoint of another chain."""
    return WrongChainError(
        f"the endpoint serves chain {found}, the configuration says {wanted}; correct rpc_url or chain_id"
    )


class ChainReader:
    """Blocks and the contracts' logs, from the first healthy endpoint."""

    def __init__(self, web3: AsyncWeb3[EndpointPool], addresses: Addresses, chain_id: int) -> None:
        self.web3 = web3
        self._addresses = addresses
        self._homes = {name: addresses.of(name).lower() for name in CONTRACTS}
        self._chain_id = chain_id
        #: By how much the newest block's time was ahead of this machine's monotonic clock when that was first read.
        self.lead_s = float("-inf")
        self._newest = -1

    # Checks

    async def check_start(self, finality: str) -> None:
        """Ask every endpoint for its chain and for each method that the node uses; what one lacks is logged.

        Raises WrongChainError if an endpoint is of another chain, or the contract isn't there; EndpointError if none answers;
        ConfigurationError if there is a method that no endpoint has.
        """
        await check_endpoints(self.web3.provider, self._chain_id, self._addresses.core, finality)
        await self.check_chain()

    async def check_chain(self) -> None:
        """Raise WrongChainError unless the configured chain is served, with the contracts there that the configuration names."""
        for endpoint in self.web3.provider.endpoints:
            endpoint.must_serve(self._chain_id)
        core = self._addresses.core
        with endpoint_errors("eth_chainId"):
            found = await self.web3.eth.chain_id
            if found != self._chain_id:
                raise wrong_chain(found, self._chain_id)
            code = await self.web3.eth.get_code(to_checksum_address(core))
        if not code:
            raise WrongChainError(f"no contract at {core} on chain {found}; correct chain.contract")
        contract = AssentContract(self.web3, self._addresses, self._chain_id)
        with endpoint_errors("eth_call"):
            told = {"committee": await contract.committee().acall(), "records": await contract.records().acall()}
        for name, address in told.items():
            if address != getattr(self._addresses, name):
                named = getattr(self._addresses, name)
                raise WrongChainError(f"the contract's {name} is {address}, not {named}; correct chain.{name}")

    # Blocks

    async def head(self, finality: str) -> Head:
        """Return the newest block that the finality lets the node believe: a tag, or a depth below the head."""
        await self.web3.provider.refresh()
        latest = await self._block("latest")
        if (
            latest.number > self._newest
        ):  # one that comes no further, or an endpoint that is behind, doesn't stop the time
            self._newest, self.lead_s = latest.number, latest.timestamp - time.monotonic()
        if finality == "latest":
            return latest
        if not finality.isdecimal():
            return await self._block(finality)
        return await self.block(max(latest.number - int(finality), 0)) if int(finality) else latest

    async def block(self, number: int) -> Head:
        """Return a block by number. Raises EndpointError if no endpoint has it."""
        return await self._block(number)

    async def block_or_none(self, number: int) -> Head | None:
        """Return a block by number, or None if no endpoint has it: the chain is shorter now, or they are all behind."""
        try:
            return await self._block(number)
        except EndpointError as error:
            if isinstance(error.__cause__, BlockNotFound):
                return None
            raise

    async def _block(self, which: int | str) -> Head:
        with endpoint_errors("eth_getBlockByNumber"):
            block = await self.web3.eth.get_block(which)  # type: ignore[arg-type]
        return Head(block["number"], bytes(block["hash"]), block["timestamp"])

    # Logs

    async def events(self, first: int, last: Head, seen: Set[LogKey] | None = None) -> list[Event]:
        """Return the contracts' events of a range of blocks, in order, all from one endpoint, which had ``last`` before and after.

        With ``seen``, the range is read again: preferably from another endpoint than before, and only what wasn't seen is returned.
        Raises LogRangeError if the range should be smaller, and EndpointError for any other reason.
        """
        try:
            logs = await self.web3.provider.ask(
                lambda endpoint: self._logs_of(endpoint, first, last), "eth_getLogs", last.number, seen is not None
            )
        except EndpointFailure as failure:
            if failure.fault is Fault.REFUSED:
                raise LogRangeError("eth_getLogs: refused; a smaller range is asked for next") from failure
            raise EndpointError(f"eth_getLogs: {_FAULTS.get(failure.fault, failure.fault.value)}") from failure
        new = logs if seen is None else [each for each in logs if (each["blockHash"], each["logIndex"]) not in seen]
        return [event for event in map(self._decoded, new) if event is not None]

    async def _logs_of(self, endpoint: Endpoint, first: int, last: Head) -> list[LogReceipt]:
        query = {"address": list(self._addresses.all), "fromBlock": hex(first), "toBlock": hex(last.number)}
        answer = await endpoint.read("eth_getLogs", [query])
        block = await endpoint.read("eth_getBlockByNumber", [hex(last.number), False])
        try:
            logs = sorted(map(log_of, _result(answer)), key=lambda log: (log["blockNumber"], log["logIndex"]))
            same_chain = bytes.fromhex(_result(block)["hash"][2:]) == last.hash
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EndpointFailure(Fault.NONSENSE, again=True) from error
        if not same_chain:
            raise EndpointFailure(Fault.FORK)
        if logs and len(logs) % _ROUND_CAP == 0 and first < last.number:
            raise EndpointFailure(Fault.REFUSED)  # so a list ends that was cut off
        return logs

    def _decoded(self, entry: LogReceipt) -> Event | None:
        try:
            event = decode_log(entry)
        except ValueError as error:
            # Anyone can write a text that isn't UTF-8 into an event: whoever did has no record, model or endpoint here; all others go on.
            where = {"block": entry["blockNumber"], "index": entry["logIndex"]}
            log.warning("event_unreadable", **where, error=type(error).__name__)
            return None
        # Each contract speaks for itself alone.
        ours = event is not None and self._homes[event.contract] == entry["address"].lower()
        return event if ours else None


def _result(answer: Any) -> Any:
    if "result" not in answer:
        raise EndpointFailure(Fault.REFUSED, response=answer)
    return answer["result"]


def log_of(raw: Any) -> LogReceipt:
    """Return what web3's formatters make of a log, at a tenth of the time."""
    return {
        "address": raw["address"],
        "topics": [HexBytes(topic) for topic in raw["topics"]],
        "data": HexBytes(raw["data"]),
        "blockNumber": BlockNumber(int(raw["blockNumber"], 16)),
        "blockHash": HexBytes(raw["blockHash"]),
        "transactionHash": HexBytes(raw["transactionHash"]),
        "transactionIndex": int(raw["transactionIndex"], 16),
        "logIndex": int(raw["logIndex"], 16),
        "removed": bool(raw.get("removed", False)),
    }
