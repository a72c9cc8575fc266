"""A whole node on Anvil: each condition of readiness broken for real, in turn, and mended."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from daemon_chain import OPERATORS, PUBLISHER, Ground
from daemon_nodes import Town, chain, settings, town
from sqlalchemy import create_engine

from oracle.node import Node
from oracle.services import surveyor
from oracle.services.health import conditions
from oracle.settings import HealthSettings


@pytest.fixture(scope="module")
def made() -> Iterator[Ground]:
    with chain() as ground:
        yield ground


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no look run out of time: what's slow here is the machine, and each test breaks one thing only."""
    monkeypatch.setattr(surveyor, "_RPC_TIMEOUT_S", 120.0)


@pytest.fixture
async def nodes(made: Ground, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(made, tmp_path) as whole:
        made.mine(1)
        await whole.see()
        assert await broken(whole) == []
        yield whole


async def broken(nodes: Town, idle_s: float = 0) -> list[str]:
    """Let the first node look at itself; return what it finds wrong. However slow this machine is, the chain was just read."""
    node = nodes.nodes[0]
    node.services.seat.clock.read_at = time.monotonic() - idle_s
    node.services.surveyor._slowly_at = float("-inf")  # as if its time had come
    await node.services.surveyor.look(hurry=True)
    return [each.name for each in node.outlook.conditions() if not each.met]


async def told(node: Node) -> tuple[int, dict[str, object]]:
    transport = httpx.ASGITransport(node.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
        answer = await client.get("/readyz")
        return answer.status_code, answer.json()


async def test_balance__when_the_sender_is_empty__then_says_whom_to_send_ether(nodes: Town) -> None:
    sender = nodes.nodes[0].services.transactor.address
    before = nodes.ground.web3.eth.get_balance(nodes.ground.web3.to_checksum_address(sender))
    nodes.ground.rpc("anvil_setBalance", sender, "0x1")
    assert await broken(nodes) == ["balance"]
    status, answer = await told(nodes.nodes[0])
    assert status == 503
    assert sender in str(answer["reasons"])
    nodes.ground.rpc("anvil_setBalance", sender, hex(before))
    assert await broken(nodes) == []
    assert (await told(nodes.nodes[0]))[0] == 200


async def test_chain__when_the_endpoint_serves_another__then_says_which(nodes: Town) -> None:
    nodes.ground.rpc("anvil_setChainId", 5)
    try:
        assert await broken(nodes) == ["chain"]
        assert "serves chain 5" in str((await told(nodes.nodes[0]))[1])
    finally:
        nodes.ground.rpc("anvil_setChainId", 31337)
    assert await broken(nodes) == []


async def test_chain__when_there_is_no_contract__then_says_so(nodes: Town) -> None:
    address = nodes.ground.contract.address
    code = nodes.ground.web3.eth.get_code(nodes.ground.web3.to_checksum_address(address))
    nodes.ground.rpc("anvil_setCode", address, "0x")
    assert await broken(nodes) == ["chain"]
    nodes.ground.rpc("anvil_setCode", address, "0x" + bytes(code).hex())
    assert await broken(nodes) == []


async def test_member__when_the_operator_left__then_says_how_to_come_back(nodes: Town) -> None:
    nodes.ground.send(nodes.ground.contract.resign(), OPERATORS[0])
    nodes.ground.pass_time(2)
    nodes.ground.send(nodes.ground.contract.rotate(), PUBLISHER)
    await nodes.see()
    assert await broken(nodes) == ["member"]


async def test_vaults__when_none_answers__then_waiting_requests_are_told(nodes: Town) -> None:
    agreement = nodes.agree()
    nodes.network.hosts["vault.test"] = httpx.ConnectError("gone")
    nodes.ground.ask(agreement)
    await nodes.see()
    await nodes.evaluate()
    assert await broken(nodes) == ["vaults"]
    assert nodes.nodes[0].outlook.status().vault_waits == 1


async def test_database__when_it_can_not_be_written__then_says_so_and_recovers(nodes: Town, tmp_path: Path) -> None:
    other = create_engine(f"sqlite:///{tmp_path / 'operator0' / 'node.db'}")
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        assert await broken(nodes) == ["database"]
        connection.rollback()
    other.dispose()
    assert await broken(nodes) == []


async def test_limits__when_disk_or_head_pass_them__then_each_is_told(
    nodes: Town, made: Ground, tmp_path: Path
) -> None:
    node = nodes.nodes[0]
    strict = settings(made, tmp_path / "operator0", 0, {}).model_copy(
        update={"health": HealthSettings(min_free_mb=10**9, stale_s=1)}
    )
    time.sleep(max(node.services.surveyor.survey.head_timestamp + 1.1 - time.time(), 0))
    found = {each.name for each in conditions(node.services.surveyor.survey, strict) if not each.met}
    assert {"disk", "chain_fresh"} <= found


async def test_chain_fresh__when_no_round_succeeds__then_told(nodes: Town) -> None:
    assert await broken(nodes, idle_s=60) == ["chain_fresh"]
    assert await broken(nodes) == []


async def test_backlog__when_a_request_waits__then_its_age_in_blocks_and_seconds(nodes: Town) -> None:
    agreement = nodes.agree()
    nodes.network.hosts["vault.test"] = httpx.ConnectError("gone")
    nodes.ground.ask(agreement)
    nodes.ground.mine(7)
    await nodes.see()
    await broken(nodes)
    oldest = nodes.nodes[0].outlook.status().oldest
    assert oldest is not None
    assert oldest.age_blocks == 7
    block = nodes.ground.web3.eth.get_block(oldest.block)
    assert oldest.age_seconds == pytest.approx(time.time() - block["timestamp"], abs=30)
