"""What time it is on chain, by what a node read of it."""

from __future__ import annotations

import time

import pytest

from oracle.chain.rpc import ChainReader, Head
from oracle.core.addresses import Addresses
from oracle.services.head import ChainClock


def test_present__when_nothing_was_read_yet__then_no_deadline_is_ahead() -> None:
    assert ChainClock().present() > 2**40


def test_present__when_what_is_believed_is_behind__then_by_the_newest_block() -> None:
    clock = ChainClock()
    clock.saw(Head(10, b"", 10_000), 10_900 - time.monotonic())
    assert (clock.number, clock.timestamp) == (10, 10_000)
    assert clock.present() in (10_899, 10_900, 10_901)
    assert clock.behind_s() == 300  # and no longer is waited


def test_behind__when_the_newest_is_believed__then_nothing() -> None:
    clock = ChainClock()
    clock.saw(Head(10, b"", 10_000), 10_000 - time.monotonic())
    assert clock.behind_s() in (0, 1)


async def test_lead__when_no_block_comes_or_an_endpoint_is_behind__then_time_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Provider:
        async def refresh(self) -> None: ...

    reader = ChainReader(type("Web3", (), {"provider": Provider()})(), Addresses(*["0x" + "c0" * 20] * 3), 1)  # type: ignore[arg-type]
    heads = [Head(10, b"a", 1_000), Head(10, b"a", 1_000), Head(9, b"b", 990), Head(11, b"c", 1_012)]
    times = iter([100.0, 152.0])
    monkeypatch.setattr("oracle.chain.rpc.time", type("Time", (), {"monotonic": lambda: next(times)}))

    async def block(_: object) -> Head:
        return heads.pop(0)

    monkeypatch.setattr(reader, "_block", block)
    leads = []
    for _ in range(4):
        await reader.head("latest")
        leads.append(reader.lead_s)
    assert leads == [900.0, 900.0, 900.0, 860.0]
