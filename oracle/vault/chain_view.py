"""What the vault reads from the chain. Facts that an id fixes are recomputed and kept; what can change is read at the latest block.

An ask costs one call when the same request was asked for at the same block before: the operators of a committee all ask within moments.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import aiohttp
from eth_typing import BlockNumber, HexStr
from eth_utils import to_checksum_address
from web3 import AsyncWeb3
from web3.exceptions import Web3Exception, Web3RPCError
from web3.types import FilterParams, LogReceipt

from oracle.chain.abi import Event, decode_log, event_topic
from oracle.chain.contract import AssentContract, Read
from oracle.chain.memo import Memo
from oracle.chain.pool import EndpointPool
from oracle.chain.recordings import signers_of
from oracle.chain.rpc import ChainReader
from oracle.core.errors import ChainError, EndpointError
from oracle.core.structs import Agreement, Model, Question, Signers, request_id

T = TypeVar("T")
S = TypeVar("S", Agreement, Model)
_KEPT = 4096
_SMALLEST_RANGE = 1_000


@dataclass(frozen=True, slots=True)
class Requested:
    """A request as its event has it."""

    agreement: bytes
    question: Question


class Head:
    """The chain at one block; ``timestamp`` in Unix seconds. Reads at it are made once."""

    def __init__(self, number: int, block_hash: bytes, timestamp: int) -> None:
        self.number = number
        self.block_hash = block_hash
        self.timestamp = timestamp
        self.memo = Memo(_KEPT)

    async def read(self, key: Hashable, read: Read[T]) -> T:
        """Make a view call at this block, once. Raises ContractRevertError or EndpointError."""
        return await self.memo.once(key, lambda: reach(read.acall(self.number)))


class ChainView:
    """The contract's state and events."""

    def __init__(
        self, web3: AsyncWeb3[EndpointPool], contract: AssentContract, start_block: int, freshness_s: float = 0.2
    ) -> None:
        """``contract`` is built on ``web3`` and was deployed at or after ``start_block``."""
        self.contract = contract
        self._web3 = web3
        self._start = start_block
        self._freshness_s = freshness_s
        self._facts = Memo(_KEPT)
        self._head: Head | None = None
        self._fetched_at = -freshness_s
        self._fetching: asyncio.Task[Head] | None = None

    async def head(self) -> Head:
        """Return the latest block, at most ``freshness_s`` old. Raises EndpointError."""
        if self._head is not None and time.monotonic() - self._fetched_at < self._freshness_s:
            return self._head
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch_head())
        return await asyncio.shield(self._fetching)

    async def check_chain(self) -> None:
        """Raise WrongChainError or EndpointError unless the configured chain is served, with the contract on it."""
        await ChainReader(self._web3, self.contract.addresses, self.contract.domain.chain_id).check_chain()

    async def close(self) -> None:
        """Close the connections to the endpoint."""
        await self._web3.provider.disconnect()

    async def requested(self, head: Head, identifier: bytes) -> Requested | None:
        """Return a request by its id, or None. Only agreement and use are fixed by the id, so it is looked up at each block anew."""
        event = await head.memo.once(("Requested", identifier), lambda: self._event(head, "Requested", identifier))
        if event is None:
            return None
        agreement, question = bytes(event.arguments["agreement"]), _question(event.arguments["question"])
        if question is None or request_id(agreement, question.use) != identifier:
            raise EndpointError("the RPC endpoint answered with a request that hasn't the id asked for")
        return Requested(agreement, question)

    async def signers_of(self, head: Head, identifier: bytes) -> Signers | None:
        """Return who signed the recorded verdict of a request, in clear or sealed; None if there is none."""
        for name in ("Recorded", "RecordedSealed"):
            event = await head.memo.once((name, identifier), partial(self._event, head, name, identifier))
            if event is not None:
                return signers_of(event)
        return None

    async def agreement(self, head: Head, identifier: bytes) -> Agreement:
        """Return the terms of an agreement that was given. Raises EndpointError if the endpoint has none with this id."""
        return await self._fact(head, "AgreementGiven", identifier, Agreement.from_given)

    async def model(self, head: Head, identifier: bytes) -> Model:
        """Return the terms of a model that was published. Raises EndpointError if the endpoint has none with this id."""
        return await self._fact(head, "ModelPublished", identifier, _published)

    async def _fact(self, head: Head, event_name: str, identifier: bytes, build: Callable[[Mapping[str, Any]], S]) -> S:
        async def find() -> S:
            event = await self._event(head, event_name, identifier)
            fact = None if event is None else build(event.arguments)
            if fact is None or fact.hash() != identifier:
                raise EndpointError(f"the RPC endpoint has no {event_name} event with the id 0x{identifier.hex()}")
            return fact

        return await self._facts.once((event_name, identifier), find)

    async def _fetch_head(self) -> Head:
        started = time.monotonic()
        block = await reach(self._web3.eth.get_block("latest"))
        if self._head is None or self._head.block_hash != bytes(block["hash"]):
            self._head = Head(block["number"], bytes(block["hash"]), block["timestamp"])
        self._fetched_at = started
        return self._head

    async def _event(self, head: Head, name: str, identifier: bytes) -> Event | None:
        logs = await self._logs(name, identifier, self._start, head.number)
        ours = [decode_log(log) for log in logs if log["address"] == self.contract.address]
        return ours[-1] if ours else None

    async def _logs(self, name: str, identifier: bytes, first: int, last: int) -> list[LogReceipt]:
        """Return the logs in a range of blocks, newest half first where the endpoint won't answer for all of it."""
        wanted: FilterParams = {
            "address": to_checksum_address(self.contract.address),
            "fromBlock": BlockNumber(first),
            "toBlock": BlockNumber(last),
            "topics": [HexStr(event_topic(name)), HexStr("0x" + identifier.hex())],
        }
        try:
            return await reach(self._web3.eth.get_logs(wanted))
        except EndpointError as error:
            if not isinstance(error.__cause__, Web3RPCError) or last - first < _SMALLEST_RANGE:
                raise
        middle = (first + last) // 2
        newer = await self._logs(name, identifier, middle + 1, last)
        return newer or await self._logs(name, identifier, first, middle)


def _question(word: int) -> Question | None:
    try:
        return Question.unpack(word)
    except ValueError:
        return None


def _published(arguments: Mapping[str, Any]) -> Model:
    return Model.from_abi(arguments["model"])


async def reach(call: Awaitable[T]) -> T:
    """Await a call to the endpoint. Raises EndpointError for whatever web3 and its transport raise, and ChainError as it is."""
    try:
        return await call
    except ChainError:
        raise
    except (Web3Exception, aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
        raise EndpointError(f"the RPC endpoint failed: {type(error).__name__}; check rpc_url") from error
