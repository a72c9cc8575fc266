"""The way to the chain: opening an endpoint and reading blocks and logs from it. Plain methods only, no filters, no websockets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import structlog
from aiohttp import ClientError, ClientTimeout
from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.encoding import TextStringEncoder
from eth_abi.registry import BaseEquals
from eth_utils import to_checksum_address
from web3 import AsyncHTTPProvider, AsyncWeb3, HTTPProvider, Web3
from web3._utils.abi import build_strict_registry
from web3.exceptions import BlockNotFound, Web3Exception
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import FilterParams, LogReceipt

from oracle.chain.abi import Event, decode_log
from oracle.chain.transport import KeptHttpProvider
from oracle.core.errors import ContractRevertError, EndpointError, WrongChainError

log = structlog.get_logger()

_TIMEOUT_S = 10


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
    except (ContractRevertError, EndpointError):
        raise
    except (Web3Exception, ClientError, requests.RequestException, TimeoutError, OSError, ValueError) as error:
        # The endpoint's URL may hold a key: name the kind of failure, not the request.
        raise EndpointError(f"{doing}: {type(error).__name__}") from error


def open_async(rpc_url: str) -> AsyncWeb3[AsyncHTTPProvider]:
    """Return an AsyncWeb3 on an HTTP endpoint."""
    web3: AsyncWeb3[AsyncHTTPProvider] = AsyncWeb3(
        KeptHttpProvider(rpc_url, request_kwargs={"timeout": ClientTimeout(total=_TIMEOUT_S)})
    )
    # It asks for the chain's id before every call; ours is checked at the start.
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
    """Blocks and the contract's logs, from one endpoint."""

    def __init__(self, web3: AsyncWeb3[Any], contract: str, chain_id: int) -> None:
        self.web3 = web3
        self._contract = to_checksum_address(contract)
        self._chain_id = chain_id

    async def check_chain(self) -> None:
        """Raise WrongChainError unless the endpoint serves the configured chain and has code at the contract's address."""
        with endpoint_errors("eth_chainId"):
            found = await self.web3.eth.chain_id
            code = await self.web3.eth.get_code(self._contract)
        if found != self._chain_id:
            raise wrong_chain(found, self._chain_id)
        if not code:
            raise WrongChainError(f"no contract at {self._contract} on chain {found}; correct chain.contract")

    async def head(self, finality: str) -> Head:
        """Return the newest block that the finality lets the node believe: a tag, or a depth below the head."""
        with endpoint_errors("eth_getBlockByNumber"):
            if finality.isdecimal():
                latest = await self.web3.eth.block_number
                return await self.block(max(latest - int(finality), 0))
            block = await self.web3.eth.get_block(finality)  # type: ignore[arg-type]
        return Head(block["number"], bytes(block["hash"]), block["timestamp"])

    async def block(self, number: int) -> Head:
        """Return a block by number. Raises EndpointError if the endpoint doesn't have it."""
        with endpoint_errors("eth_getBlockByNumber"):
            block = await self.web3.eth.get_block(number)
        return Head(block["number"], bytes(block["hash"]), block["timestamp"])

    async def block_or_none(self, number: int) -> Head | None:
        """Return a block by number, or None if the chain is shorter now."""
        try:
            with endpoint_errors("eth_getBlockByNumber"):
                block = await self.web3.eth.get_block(number)
        except EndpointError as error:
            if isinstance(error.__cause__, BlockNotFound):
                return None
            raise
        return Head(block["number"], bytes(block["hash"]), block["timestamp"])

    async def events(self, first: int, last: Head) -> list[Event]:
        """Return the contract's events of a range of blocks, in order. Raises EndpointError if its last block isn't ``last`` any more."""
        query: FilterParams = {"address": self._contract, "fromBlock": first, "toBlock": last.number}
        with endpoint_errors("eth_getLogs"):
            logs = await self.web3.eth.get_logs(query)
        events = [event for event in map(_decoded, logs) if event is not None]
        if any(event.block_number == last.number and event.block_hash != last.hash for event in events):
            raise EndpointError("eth_getLogs: the chain changed while it was read")
        return sorted(events, key=lambda event: (event.block_number, event.log_index))


def _decoded(entry: LogReceipt) -> Event | None:
    try:
        return decode_log(entry)
    except (ValueError, Web3Exception) as error:
        # Anyone can write a text that isn't UTF-8 into an event: whoever did has no record, model or endpoint here; all others go on.
        log.warning("event_unreadable", block=entry["blockNumber"], index=entry["logIndex"], error=type(error).__name__)
        return None
