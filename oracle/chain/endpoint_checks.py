"""What is asked of every RPC endpoint before a node starts: its chain, and each method that the node will use."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from oracle.chain.endpoint import Endpoint, EndpointFailure
from oracle.chain.methods import METHODS
from oracle.chain.pool import EndpointPool
from oracle.core.errors import ConfigurationError, EndpointError, WrongChainError

log = structlog.get_logger()

_NOBODY, _NOTHING = "0x" + "00" * 19 + "01", "0x" + "00" * 32
_REMEDY = "choose an endpoint that has it, or name another one in chain.rpc_urls"


async def check_endpoints(pool: EndpointPool, chain_id: int, contract: str, finality: str) -> None:
    """Check every endpoint. One that doesn't answer is left for later; one of another chain never.

    Raises WrongChainError, EndpointError if none answers, or ConfigurationError if there is a method that none has.
    """
    for endpoint in pool.endpoints:
        endpoint.must_serve(chain_id)
    found = await asyncio.gather(*(_chain_of(endpoint) for endpoint in pool.endpoints))
    wrong = [
        f"endpoint {endpoint.name} serves chain {chain}, the configuration says {chain_id}; correct rpc_url or chain_id"
        for endpoint, chain in zip(pool.endpoints, found, strict=True)
        if chain not in (None, chain_id)
    ]
    if wrong:
        raise WrongChainError("; ".join(wrong))
    reached = [endpoint for endpoint, chain in zip(pool.endpoints, found, strict=True) if chain is not None]
    if not reached:
        names = ", ".join(endpoint.name for endpoint in pool.endpoints)
        raise EndpointError(f"none of the RPC endpoints answers ({names}); check chain.rpc_urls, and that they are up")
    await asyncio.gather(*(_try_methods(endpoint, contract) for endpoint in reached))
    if not any(await asyncio.gather(*(_believes(endpoint, finality) for endpoint in reached))):
        raise ConfigurationError(
            [f"chain.finality: no endpoint has a {finality} block; give a depth in blocks instead"]
        )
    nowhere = METHODS.intersection(*(endpoint.lacks for endpoint in reached))
    if nowhere:
        raise ConfigurationError([f"chain.rpc_urls: no endpoint has {method}; {_REMEDY}" for method in sorted(nowhere)])


async def _chain_of(endpoint: Endpoint) -> int | None:
    try:
        return await endpoint.chain_id()
    except EndpointFailure as failure:
        log.warning("endpoint_silent", endpoint=endpoint.name, fault=failure.fault.value)
        return None


async def _try_methods(endpoint: Endpoint, contract: str) -> None:
    """Note what the endpoint lacks. How it answers otherwise is another matter, and another time's."""
    await asyncio.gather(*(_try(endpoint, method, params) for method, params in _harmless(contract).items()))
    for method in sorted(endpoint.lacks):
        log.warning("endpoint_lacks_method", endpoint=endpoint.name, method=method, remedy=_REMEDY)


async def _try(endpoint: Endpoint, method: str, params: list[Any]) -> None:
    try:
        await endpoint.read(method, params)
    except EndpointFailure as failure:
        log.debug("endpoint_tried", endpoint=endpoint.name, method=method, fault=failure.fault.value)


async def _believes(endpoint: Endpoint, finality: str) -> bool:
    """Tell whether an endpoint knows the tag, or may: it may have been silent just now."""
    tag = "latest" if finality.isdecimal() else finality
    try:
        await endpoint.read("eth_getBlockByNumber", [tag, False])
    except EndpointFailure as failure:
        return failure.response is None
    return True


def _harmless(contract: str) -> Mapping[str, list[Any]]:
    """One call of each method, which changes nothing."""
    return {
        "eth_call": [{"to": contract, "data": "0x"}, "latest"],
        "eth_chainId": [],
        "eth_estimateGas": [{"from": _NOBODY, "to": _NOBODY}],
        "eth_feeHistory": ["0x1", "latest", [50]],
        "eth_getBalance": [_NOBODY, "latest"],
        "eth_getBlockByNumber": ["latest", False],
        "eth_getCode": [contract, "latest"],
        "eth_getLogs": [{"address": contract, "fromBlock": "latest", "toBlock": "latest"}],
        "eth_getTransactionCount": [_NOBODY, "latest"],
        "eth_getTransactionReceipt": [_NOTHING],
        "eth_sendRawTransaction": ["0x"],
    }
