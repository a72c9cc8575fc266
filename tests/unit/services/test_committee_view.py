"""The committee as services see it."""

from __future__ import annotations

import aiohttp
import pytest
from services_world import Known, World

from oracle.core.errors import EndpointError


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
