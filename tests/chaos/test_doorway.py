"""The node's HTTP interface on real sockets: trickles, crowds and gigabytes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from oracle.api import NodeParts, PeerParts, create_app
from oracle.peers.doorway import doorway
from oracle.peers.messages import Answer, Proposal
from oracle.store.node_store import NodeStore
from oracle.store.tables import open_database
from oracle.telemetry.metrics import Metrics

PROPOSAL = Proposal.model_validate(
    {
        "epoch": 1,
        "verdicts": [{"request": "0x" + "ab" * 32, "outcome": 1, "score": 500_000, "trail": {}}],
        "proposer": "0x" + "ab" * 20,
        "signature": "0x" + "00" * 64,
    }
)
HEAD_S, OF_ONE = 0.3, 16
OUTLOOK: Any = None  # nobody asks here how the node is


class Signing:
    async def answer(self, _message: object) -> Answer:
        return Answer(signature="0x" + "11" * 64)


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[tuple[str, int]]:
    """A node's interface, served as the node serves it, with shorter times."""
    store = NodeStore(open_database(f"sqlite:///{tmp_path / 'node.db'}"))
    peers = PeerParts(Signing(), Signing())  # type: ignore[arg-type]
    app = create_app(NodeParts(store, peers, Metrics(), OUTLOOK, {"attester": "0x" + "ab" * 20, "chain_id": 7}))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        place = listening.getsockname()
        config = uvicorn.Config(app, log_config=None, http=doorway(HEAD_S, OF_ONE, 64), timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield place
        server.should_exit = True
        await serving
    store.close()


async def propose(node: tuple[str, int]) -> int:
    async with httpx.AsyncClient(timeout=5) as client:
        url = f"http://{node[0]}:{node[1]}/v1/reports"
        return (await client.post(url, content=PROPOSAL.model_dump_json())).status_code


async def ended(reader: asyncio.StreamReader) -> bytes:
    with contextlib.suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), 10)
    return b""


async def test_head__when_it_trickles__then_the_connection_is_ended(node: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*node)
    with contextlib.suppress(ConnectionError):
        for byte in b"POST /v1/reports HTTP/1.1\r\n" + b"x-slow: " + b"z" * 1_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)
            if reader.at_eof():
                break
    assert await ended(reader) == b""
    writer.close()


async def test_head__when_the_next_one_trickles__then_the_connection_is_ended(node: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*node)
    writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.write(b"GET /hea")
    assert b"ok" in await ended(reader)
    writer.close()


async def test_connections__when_a_crowd_says_nothing__then_an_honest_peer_of_that_address_is_served(
    node: tuple[str, int],
) -> None:
    crowd = [await asyncio.open_connection(*node) for _ in range(3 * OF_ONE)]
    assert await propose(node) == 200
    for _, writer in crowd:
        writer.close()


async def test_bodies__when_many_trickle__then_the_others_are_turned_away_and_a_member_is_served(
    node: tuple[str, int],
) -> None:
    url = f"http://{node[0]}:{node[1]}/v1/reports"
    async with httpx.AsyncClient(timeout=5) as client:
        pass_ = (await client.post(url, content=PROPOSAL.model_dump_json())).headers["assent-pass"]
        slow = []
        for _ in range(8):
            reader, writer = await asyncio.open_connection(*node)
            writer.write(b"POST /v1/reports HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
            await writer.drain()
            slow.append((reader, writer))
        await asyncio.sleep(0.3)
        another = PROPOSAL.model_copy(update={"signature": "0x" + "22" * 64}).model_dump_json()
        stranger = await client.post(url, content=another)
        member = await client.post(url, content=another, headers={"assent-pass": pass_})
    assert (stranger.status_code, member.status_code) == (429, 200)
    assert stranger.headers["retry-after"] == "1"
    for _, writer in slow:
        writer.close()


async def test_body__when_it_is_a_gigabyte__then_413_and_the_connection_is_ended(node: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*node)
    writer.write(b"POST /v1/reports HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 2**30 and not writer.is_closing():
            writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            await writer.drain()
            sent += 65_536
            if reader.at_eof():
                break
    assert sent < 64 * 2**20
    writer.close()
