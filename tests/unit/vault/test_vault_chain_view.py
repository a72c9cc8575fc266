"""Looking events up where the endpoint limits what it answers."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from web3 import AsyncWeb3
from web3.exceptions import Web3RPCError

from oracle.chain.contract import AssentContract
from oracle.core.errors import EndpointError
from oracle.vault.chain_view import ChainView, Head

CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
HEAD = Head(100_000, bytes(32), 0)


class Endpoint:
    """Answers ranges of at most ``most`` blocks; has one log, at block ``at``."""

    def __init__(self, most: int, at: int, failure: Exception | None = None) -> None:
        self.most, self.at = most, at
        self.failure = failure or Web3RPCError("range too large")
        self.asked: list[tuple[int, int]] = []

    async def get_logs(self, wanted: dict[str, Any]) -> list[Any]:
        first, last = wanted["fromBlock"], wanted["toBlock"]
        self.asked.append((first, last))
        if last - first + 1 > self.most:
            raise self.failure
        return ["log"] if first <= self.at <= last else []


def view(endpoint: Endpoint) -> ChainView:
    web3 = cast("AsyncWeb3[Any]", SimpleNamespace(eth=endpoint))
    return ChainView(web3, cast(AssentContract, SimpleNamespace(address=CONTRACT)), start_block=0)


@pytest.mark.parametrize("at", [0, 31_415, 99_999, 100_000])
async def test_logs__when_the_endpoint_limits_ranges__then_are_found_newest_first(at: int) -> None:
    endpoint = Endpoint(most=2_000, at=at)
    assert await view(endpoint)._logs("Requested", bytes(32), 0, HEAD.number) == ["log"]
    answered = [asked for asked in endpoint.asked if asked[1] - asked[0] < 2_000]
    assert answered == sorted(answered, reverse=True)
    assert answered[0][1] == HEAD.number


async def test_logs__when_the_endpoint_answers_all__then_take_one_call() -> None:
    endpoint = Endpoint(most=10**9, at=5)
    await view(endpoint)._logs("Requested", bytes(32), 0, HEAD.number)
    assert endpoint.asked == [(0, HEAD.number)]


@pytest.mark.parametrize(("failure", "calls"), [(Web3RPCError("no"), 10), (OSError("away"), 1)])
async def test_logs__when_the_endpoint_answers_nothing__then_fail_soon(failure: Exception, calls: int) -> None:
    endpoint = Endpoint(most=0, at=5, failure=failure)
    with pytest.raises(EndpointError):
        await view(endpoint)._logs("Requested", bytes(32), 0, HEAD.number)
    assert len(endpoint.asked) <= calls
