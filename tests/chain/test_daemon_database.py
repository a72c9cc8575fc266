"""Whole nodes on Anvil whose databases are PostgreSQL's, and the server goes away in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from daemon_chain import Ground
from daemon_nodes import Town, chain, town
from postgres_server import Server

from oracle.core.errors import DatabaseError
from oracle.core.structs import RequestState


@pytest.fixture(scope="module")
def made() -> Iterator[Ground]:
    with chain() as ground:
        yield ground


@pytest.fixture
async def nodes(made: Ground, postgres: Server, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(made, tmp_path, postgres.create) as whole:
        yield whole


async def test_nodes__when_postgresql_restarts_midway__then_every_request_is_recorded_once(
    nodes: Town, postgres: Server
) -> None:
    agreement = nodes.agree()
    requests = [nodes.ground.ask(agreement, use) for use in range(4)]
    nodes.ground.mine(1)
    await nodes.see()
    postgres.stop()
    try:
        for node in nodes.nodes:
            with pytest.raises(DatabaseError):
                await node.services.evaluator.evaluate_due(64)
    finally:
        postgres.start()
    requests += [nodes.ground.ask(agreement, use) for use in range(4, 6)]
    await nodes.until(lambda: all(nodes.state(each.id) is RequestState.RECORDED for each in requests))
    await nodes.see()
    recorded = [bytes(each.arguments["id"]) for each in nodes.logs("Recorded")]
    assert sorted(recorded) == sorted(each.id for each in requests)
    assert [node.services.seat.store.counts() for node in nodes.nodes] == [{"recorded": 6}] * 4
