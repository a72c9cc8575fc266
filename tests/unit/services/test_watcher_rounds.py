"""The watcher over a chain that misbehaves: ranges, failures, reorganisations. The real chain is in tests/chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from services_world import Case, case

from oracle.chain.abi import Event
from oracle.chain.rpc import Head
from oracle.core.errors import EndpointError
from oracle.services.watcher import REWIND_BLOCKS, Watcher
from oracle.settings import ChainSettings
from oracle.store.node_store import NodeStore
from oracle.store.tables import Stage, open_database
from oracle.telemetry.metrics import Metrics


def hash_of(number: int, fork: int) -> bytes:
    return number.to_bytes(16, "big") + fork.to_bytes(16, "big")


class Reader:
    """A chain of ``head`` blocks. Blocks from ``forked_at`` on have the hashes of another fork."""

    def __init__(self, head: int) -> None:
        self.head_number = head
        self.fork, self.forked_at = 0, 0
        self.logs: list[Event] = []
        self.asked: list[tuple[int, int]] = []
        self.most_blocks: int | None = None
        self.failures = 0

    def _head(self, number: int) -> Head:
        return Head(number, hash_of(number, self.fork if number >= self.forked_at else 0), 1_000 + number)

    async def head(self, finality: str) -> Head:
        return self._head(self.head_number)

    async def block(self, number: int) -> Head:
        return self._head(number)

    async def block_or_none(self, number: int) -> Head | None:
        return self._head(number) if number <= self.head_number else None

    async def events(self, first: int, last: Head) -> list[Event]:
        self.asked.append((first, last.number))
        if self.failures or (self.most_blocks and last.number - first + 1 > self.most_blocks):
            self.failures = max(self.failures - 1, 0)
            raise EndpointError("eth_getLogs: range too wide")
        return [event for event in self.logs if first <= event.block_number <= last.number]


def event(name: str, block: int, **arguments: Any) -> Event:
    return Event(name, arguments, block, bytes(32), bytes(32), 0)


def events_of(one: Case, block: int) -> list[Event]:
    request, record = one.request, one.record
    return [
        event("RecordCommitted", block, id=record.id, root=record.root, subject=record.subject, holder=record.holder,
              vault="http://vault\0.example"),
        event("ModelPublished", block, id=one.model.id, model=one.model.to_abi()),
        event("AgreementGiven", block, id=one.agreement.id, subject=one.agreement.subject,
              controller=one.agreement.controller, holder=one.agreement.holder, root=one.agreement.root,
              notice=one.agreement.notice, salt=one.agreement.salt, terms=one.agreement.terms_abi),
        event("Requested", block, id=request.id, agreement=request.agreement, question=request.question.pack()),
    ]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    made = NodeStore(open_database(f"sqlite:///{tmp_path / 'node.db'}"))
    yield made
    made.close()


def watcher(reader: Reader, store: NodeStore, range_blocks: int = 100, start: int = 0) -> Watcher:
    settings = ChainSettings(
        rpc_url="http://127.0.0.1:1",
        chain_id=1,
        contract="0x" + "c0" * 20,
        range_blocks=range_blocks,
        start_block=start,
    )
    return Watcher(reader, store, settings, Metrics())  # type: ignore[arg-type]


async def test_catch_up__when_far_behind__then_in_ranges_without_gap_or_overlap(store: NodeStore) -> None:
    reader = Reader(1_050)
    one = case()
    reader.logs = events_of(one, 1_000)
    found = await watcher(reader, store, 100, start=7).catch_up()
    assert reader.asked[0][0] == 7
    assert reader.asked[-1][1] == 1_050
    assert all(later[0] == earlier[1] + 1 for earlier, later in zip(reader.asked, reader.asked[1:], strict=False))
    assert max(last - first + 1 for first, last in reader.asked) == 100
    assert (found.requests, found.moved, found.committee) == (1, True, False)
    assert store.cursor() == (1_050, hash_of(1_050, 0))
    context = store.context(one.request.id)
    assert context is not None
    assert context.vault == "http://vault.example"


async def test_catch_up__when_nothing_is_new__then_nothing_is_asked(store: NodeStore) -> None:
    reader = Reader(10)
    watching = watcher(reader, store)
    await watching.catch_up()
    assert not (await watching.catch_up()).moved
    assert len(reader.asked) == 1


async def test_catch_up__when_the_endpoint_caps_the_range__then_it_halves_until_it_fits(store: NodeStore) -> None:
    reader = Reader(300)
    reader.most_blocks = 30
    watching = watcher(reader, store, 2_000)
    for _ in range(40):
        try:
            await watching.catch_up()
            break
        except EndpointError:
            continue
    assert store.cursor() == (300, hash_of(300, 0))


async def test_catch_up__when_a_failure_passes__then_the_range_grows_again(store: NodeStore) -> None:
    reader = Reader(2_000)
    reader.failures = 3
    watching = watcher(reader, store, 400)
    for _ in range(3):
        with pytest.raises(EndpointError):
            await watching.catch_up()
    await watching.catch_up()
    assert max(last - first + 1 for first, last in reader.asked[-3:]) == 400
    assert reader.asked[3] == (0, 49)


async def test_catch_up__when_it_fails_midway__then_what_was_read_is_kept(store: NodeStore) -> None:
    reader = Reader(500)
    watching = watcher(reader, store, 100)
    reading = reader.events

    async def failing(first: int, last: Head) -> list[Event]:
        if first >= 200:
            raise EndpointError("eth_getLogs: gone")
        return await reading(first, last)

    reader.events = failing  # type: ignore[method-assign]
    with pytest.raises(EndpointError):
        await watching.catch_up()
    assert store.cursor() == (199, hash_of(199, 0))


async def test_catch_up__when_the_cursors_block_changed__then_a_window_is_read_again_and_work_is_kept(
    store: NodeStore,
) -> None:
    reader = Reader(200)
    old, kept, gone = case(), case(), case()
    reader.logs = [*events_of(old, 100), *events_of(kept, 190), *events_of(gone, 199)]
    watching = watcher(reader, store)
    await watching.catch_up()
    store.evaluated({old.request.id: {"score": 1}})
    reader.fork, reader.forked_at = 1, 195
    reader.logs = [*events_of(old, 100), *events_of(kept, 191)]
    await watching.catch_up()
    assert reader.asked[-1] == (200 - REWIND_BLOCKS + 1, 200)
    assert store.cursor() == (200, hash_of(200, 1))
    assert store.context(gone.request.id) is None
    first, second = store.context(old.request.id), store.context(kept.request.id)
    assert first is not None
    assert second is not None
    assert (first.stage, second.block) == (Stage.EVALUATED, 191)


async def test_catch_up__when_the_chain_is_shorter_now__then_rewound(store: NodeStore) -> None:
    reader = Reader(40)
    watching = watcher(reader, store)
    await watching.catch_up()
    reader.head_number = 30
    await watching.catch_up()
    assert store.cursor() == (30, hash_of(30, 0))


async def test_catch_up__when_the_same_range_is_read_again__then_evaluations_stay(store: NodeStore) -> None:
    reader, one = Reader(20), case()
    reader.logs = events_of(one, 10)
    await watcher(reader, store).catch_up()
    store.evaluated({one.request.id: {"score": 1}})
    store.rewind(15, None)
    await watcher(reader, store).catch_up()
    context = store.context(one.request.id)
    assert context is not None
    assert (context.stage, context.evaluation) == (Stage.EVALUATED, {"score": 1})


async def test_catch_up__when_requests_end__then_stage_and_metrics(store: NodeStore) -> None:
    reader, recorded, refused, expired = Reader(20), case(), case(), case()
    reader.logs = [each for one in (recorded, refused, expired) for each in events_of(one, 10)]
    reader.logs += [
        event("Recorded", 12, id=recorded.request.id, outcome=1, score=5, trail=bytes(32)),
        event("Refused", 12, id=refused.request.id),
        event("Expired", 13, id=expired.request.id),
        event("AgreementWithdrawn", 11, id=refused.agreement.id),
        event("EpochRotated", 13, epoch=2),
    ]
    watching = watcher(reader, store)
    assert (await watching.catch_up()).committee
    assert store.counts() == {"recorded": 1, "ended": 2}
    assert watching._metrics.registry.get_sample_value("assent_latency_blocks_sum") == 2
