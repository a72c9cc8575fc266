"""The way to an endpoint, on real sockets: connections are kept, and a call that is given up holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from eth_utils import to_checksum_address

from oracle.chain.rpc import open_async

ACCOUNT = to_checksum_address("0x" + "07" * 20)


class Endpoint:
    def __init__(self) -> None:
        self.peers: set[object] = set()
        self.stalled = False
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.peers.add(request.transport.get_extra_info("peername") if request.transport else None)
        call = await request.json()
        if self.stalled:
            await asyncio.sleep(60)
        return web.json_response({"jsonrpc": "2.0", "id": call["id"], "result": "0x7"})


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made, app = Endpoint(), web.Application()
    app.router.add_post("/", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}/"
    yield made
    await runner.cleanup()


async def test_calls__when_one_follows_the_other__then_they_share_a_connection(endpoint: Endpoint) -> None:
    web3 = open_async(endpoint.url)
    assert [await web3.eth.get_balance(ACCOUNT) for _ in range(20)] == [7] * 20
    assert len(endpoint.peers) == 1
    await web3.provider.disconnect()


async def test_calls__when_many_are_cancelled_at_any_moment__then_later_ones_are_answered(endpoint: Endpoint) -> None:
    web3 = open_async(endpoint.url)
    for delay in range(20):
        calls = [asyncio.create_task(web3.eth.get_balance(ACCOUNT)) for _ in range(20)]
        await asyncio.sleep(delay / 2_000)
        for each in calls:
            each.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    async with asyncio.timeout(10):
        assert await web3.eth.get_balance(ACCOUNT) == 7
    await web3.provider.disconnect()
