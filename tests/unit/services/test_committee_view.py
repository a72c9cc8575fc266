"""The committee as services see it."""

from __future__ import annotations

import aiohttp
import pytest
from services_world import Known, World

from oracle.core.errors import EndpointError
from oracle.core.structs import Signers


async def test_view__when_read__then_kept_until_forgotten(operators: World) -> None:
    committee = operators.peers[1].committee
    first = await committee.view()
    assert first.own_index == 1
    assert [member.attester for member in first.members] == operators.chain.members
    reads = operators.chain.epoch_reads
    assert await committee.view() is first
    assert operators.chain.epoch_reads == reads
    committee.forget()
    assert (await committee.view()) == first


async def test_view__when_no_epoch_began__then_nobody(operators: World) -> None:
    operators.chain.epoch = 0
    view = await operators.peers[0].committee.view()
    assert (view.members, view.own_index) == ((), None)


@pytest.mark.parametrize("failure", [aiohttp.ClientConnectionError("http://key@host"), TimeoutError(), ValueError("x")])
async def test_view__when_the_endpoint_fails__then_endpoint_error_without_its_address(
    operators: World, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators.chain, "current_epoch", lambda: Known(failure))
    with pytest.raises(EndpointError) as caught:
        await operators.peers[0].committee.view()
    assert "key" not in str(caught.value)


async def test_bench__when_asked_for_often__then_read_once_in_a_while(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    committee, reads = operators.peers[3].committee, []
    plain = operators.chain.bench_of
    monkeypatch.setattr(operators.chain, "bench_of", lambda by: (reads.append(by), plain(by))[1])
    by, other = Signers(0b0111, 1), Signers(0b1011, 1)
    bench = await committee.bench(by)
    assert [member.index for member in bench.members] == [3]
    assert (bench.own_index, bench.own_turn, bench.wanted, bench.size, bench.roll_index) == (3, 0, 3, 4, 3)
    assert await committee.bench(by) is bench
    assert (await committee.bench(other)).own_index is None
    assert reads == [by, other]
    monkeypatch.setattr("oracle.services.committee._BENCH_S", 0.0)
    await committee.bench(by)
    assert reads == [by, other, by]
