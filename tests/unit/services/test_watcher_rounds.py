"""The watcher over a chain that misbehaves: ranges, failures, reorganisations. The real chain is in tests/chain."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from services_world import CONTRACT, Case, case
from sqlalchemy import select

from oracle.chain.abi import Event
from oracle.chain.rpc import Head, LogKey
from oracle.core.errors import EndpointError, LogRangeError
from oracle.core.structs import Summary, Verdict
from oracle.services.watcher import Watcher
from oracle.settings import ChainSettings
from oracle.store.node_store import Judged, NodeStore
from oracle.store.tables import AnchorRow, CaseState, Stage, open_database
from oracle.telemetry.metrics import Metrics

RECORDED = Summary(0b111, 1, 1, 5).pack()


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
        self.hidden: set[int] = set()
        self.blocks_asked = 0

    def _head(self, number: int) -> Head:
        return Head(number, hash_of(number, self.fork if number >= self.forked_at else 0), 1_000 + number)

    async def head(self, finality: str) -> Head:
        return self._head(self.head_number)

    async def block(self, number: int) -> Head:
        return self._head(number)

    async def block_or_none(self, number: int) -> Head | None:
        self.blocks_asked += 1
        return self._head(number) if number <= self.head_number else None

    async def events(self, first: int, last: Head, seen: Set[LogKey] | None = None) -> list[Event]:
        self.asked.append((first, last.number))
        if self.failures:
            self.failures -= 1
            raise EndpointError("eth_getLogs: timeout")
        if self.most_blocks and last.number - first + 1 > self.most_blocks:
            raise LogRangeError("eth_getLogs: range too wide")
        found = [each for each in self.logs if first <= each.block_number <= last.number]
        if seen is None:
            return [each for each in found if each.block_number not in self.hidden]
        return [each for each in found if (each.block_hash, each.log_index) not in seen]


def event(name: str, block: int, **arguments: Any) -> Event:
    return Event(name, arguments, block, secrets.token_bytes(32), bytes(32), 0)


def events_of(one: Case, block: int) -> list[Event]:
    request, record = one.request, one.record
    return [
        event("RecordCommitted", block, id=record.id, root=record.root, subject=record.subject, holder=record.holder,
              vault="http://vault\0.example"),
        event("ModelPublished", block, id=one.model.id, model=one.model.to_abi()),
        event("AgreementGiven", block, **one.agreement.to_given()),
        event("Requested", block, id=request.id, agreement=request.agreement, question=request.question.pack()),
    ]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    made = NodeStore(open_database(f"sqlite:///{tmp_path / 'node.db'}"))
    yield made
    made.close()


def watcher(reader: Reader, store: NodeStore, range_blocks: int = 100, start: int = 0, reread: int = 0) -> Watcher:
    settings = ChainSettings(
        rpc_url="http://127.0.0.1:1",
        chain_id=1,
        contract=CONTRACT,
        committee=CONTRACT,
        records=CONTRACT,
        range_blocks=range_blocks,
        start_block=start,
        reread_blocks=reread,
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


async def test_catch_up__when_roots_were_anchored__then_kept_with_their_blocks_times(store: NodeStore) -> None:
    reader = Reader(60)
    roots = [secrets.token_bytes(32) for _ in range(3)]
    blocks = (40, 40, 50)
    reader.logs = [
        Event("Anchored", {"root": root, "pool": root, "count": 1}, block, hash_of(block, 0), bytes(32), 0)
        for root, block in zip(roots, blocks, strict=True)
    ]
    await watcher(reader, store).catch_up()
    with store._reading() as session:
        kept = {row.root: row.since for row in session.scalars(select(AnchorRow))}
    assert kept == dict(zip(roots, (1_040, 1_040, 1_050), strict=True))


async def test_catch_up__when_an_anchorings_block_is_another_by_now__then_endpoint_error_and_nothing_is_kept(
    store: NodeStore,
) -> None:
    reader = Reader(60)
    root = secrets.token_bytes(32)
    reader.logs = [Event("Anchored", {"root": root, "pool": root, "count": 1}, 40, hash_of(40, 1), bytes(32), 0)]
    with pytest.raises(EndpointError, match="the chain changed"):
        await watcher(reader, store).catch_up()
    with store._reading() as session:
        assert session.scalars(select(AnchorRow)).all() == []


async def test_catch_up__when_nothing_is_new__then_nothing_is_asked(store: NodeStore) -> None:
    reader = Reader(10)
    watching = watcher(reader, store)
    await watching.catch_up()
    assert not (await watching.catch_up()).moved
    assert len(reader.asked) == 1


async def test_catch_up__when_the_endpoint_caps_the_range__then_it_halves_until_it_fits_and_stays_there(
    store: NodeStore,
) -> None:
    reader = Reader(1_000)
    reader.most_blocks = 30
    await watcher(reader, store, 2_000).catch_up()
    assert store.cursor() == (1_000, hash_of(1_000, 0))
    refused = [last - first + 1 for first, last in reader.asked if last - first + 1 > 30]
    assert refused == [1_001, 500, 250, 125, 62, 31]


async def test_catch_up__when_an_answer_is_near_a_cap__then_the_next_range_is_smaller(store: NodeStore) -> None:
    reader = Reader(400)
    reader.logs = [event("DeliveryFailed", block, id=bytes(32)) for block in range(100) for _ in range(60)]
    await watcher(reader, store, 100).catch_up()
    assert [last - first + 1 for first, last in reader.asked[:3]] == [100, 50, 100]


async def test_catch_up__when_a_single_block_is_refused__then_endpoint_error(store: NodeStore) -> None:
    reader = Reader(10)

    async def refusing(first: int, last: Head) -> list[Event]:
        raise LogRangeError("eth_getLogs: no")

    reader.events = refusing  # type: ignore[method-assign, assignment]
    with pytest.raises(LogRangeError):
        await watcher(reader, store).catch_up()
    assert store.cursor() is None


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


async def block_by_block(watching: Watcher, reader: Reader, blocks: int) -> None:
    for _ in range(blocks):
        reader.head_number += 1
        await watching.catch_up()


async def test_catch_up__when_the_cursors_block_changed__then_back_to_the_fork_and_work_before_it_is_kept(
    store: NodeStore,
) -> None:
    reader = Reader(189)
    old, kept, gone = case(), case(), case()
    reader.logs = [*events_of(old, 100), *events_of(kept, 190), *events_of(gone, 199)]
    watching = watcher(reader, store)
    await block_by_block(watching, reader, 11)
    store.evaluated({old.request.id: {"score": 1}})
    reader.fork, reader.forked_at = 1, 195
    reader.logs = [*events_of(old, 100), *events_of(kept, 190)]
    await watching.catch_up()
    assert reader.asked[-1] == (195, 200)
    assert store.cursor() == (200, hash_of(200, 1))
    assert store.context(gone.request.id) is None
    first, second = store.context(old.request.id), store.context(kept.request.id)
    assert first is not None
    assert second is not None
    assert (first.stage, second.block) == (Stage.EVALUATED, 190)
    assert watching._metrics.registry.get_sample_value("assent_reorganisation_blocks_sum") == 6


@pytest.mark.parametrize("depth", [3, 65, 99])
async def test_catch_up__when_the_reorganisation_is_deep__then_to_the_very_fork_in_few_questions(
    store: NodeStore, depth: int
) -> None:
    reader = Reader(0)
    watching = watcher(reader, store)
    await block_by_block(watching, reader, 100)
    reader.fork, reader.forked_at = 1, 101 - depth
    reader.blocks_asked = 0
    reader.head_number += 1
    await watching.catch_up()
    assert reader.asked[-1] == (101 - depth, 101)
    assert store.cursor() == (101, hash_of(101, 1))
    assert reader.blocks_asked <= 15
    assert store.checkpoints()[-1] == (1, hash_of(1, 0))


async def test_catch_up__when_no_block_that_was_read_stands__then_from_the_start(store: NodeStore) -> None:
    reader = Reader(150)
    watching = watcher(reader, store, start=20)
    await watching.catch_up()
    reader.fork, reader.forked_at = 1, 0
    await watching.catch_up()
    assert reader.asked[-2:] == [(20, 119), (120, 150)]
    assert store.cursor() == (150, hash_of(150, 1))


async def test_catch_up__when_the_endpoint_is_behind_the_cursor__then_nothing_is_taken_back(store: NodeStore) -> None:
    reader, one = Reader(27), case()
    reader.logs = events_of(one, 30)
    watching = watcher(reader, store)
    await block_by_block(watching, reader, 5)
    reader.head_number = 29
    found = await watching.catch_up()
    assert (found.head.number, found.moved) == (32, False)
    assert store.cursor() == (32, hash_of(32, 0))
    assert store.context(one.request.id) is not None


async def test_catch_up__when_behind_the_cursor_on_another_fork__then_rewound(store: NodeStore) -> None:
    reader, one = Reader(27), case()
    reader.logs = events_of(one, 30)
    watching = watcher(reader, store)
    await block_by_block(watching, reader, 5)
    reader.head_number, reader.fork, reader.forked_at, reader.logs = 30, 1, 29, []
    await watching.catch_up()
    assert store.cursor() == (30, hash_of(30, 1))
    assert store.context(one.request.id) is None


@pytest.mark.parametrize("hidden", [14, 20])
async def test_catch_up__when_an_answer_lacked_logs__then_found_when_the_window_is_read_again(
    store: NodeStore, hidden: int
) -> None:
    reader, there, late = Reader(9), case(), case()
    reader.logs = [*events_of(there, 12), *events_of(late, hidden)]
    reader.hidden = {hidden}
    watching = watcher(reader, store, reread=5)
    await block_by_block(watching, reader, 12)
    store.evaluated({there.request.id: {"score": 1}})
    await block_by_block(watching, reader, 10)
    counts = watching._metrics.registry.get_sample_value
    assert store.counts() == {"seen": 1, "evaluated": 1}
    assert (counts("assent_events_found_late_total"), counts("assent_requests_seen_total")) == (4, 2)


async def test_catch_up__when_only_the_agreement_came_late__then_the_request_is_taken_up(store: NodeStore) -> None:
    reader, one = Reader(9), case()
    *others, asked = events_of(one, 14)
    asked = replace(asked, block_number=15)
    reader.logs, reader.hidden = [*others, asked], {14}
    watching = watcher(reader, store, reread=5)
    await block_by_block(watching, reader, 7)
    assert store.counts() == {"refused": 1}
    await block_by_block(watching, reader, 7)
    assert store.counts() == {"seen": 1}


async def test_catch_up__when_a_case_is_read_again__then_as_it_was(store: NodeStore) -> None:
    reader, one = Reader(9), case()
    identity, found = one.request.id, Verdict(1, 7, bytes(32))
    words = dict(zip(("outcome", "score", "trail"), found.to_abi(), strict=True))
    reader.logs = [
        *events_of(one, 10),
        event("Recorded", 11, id=identity, summary=RECORDED, trail=bytes(32)),
        event("Challenged", 12, id=identity, until=9, arbiter=CONTRACT),
        event("Judged", 13, id=identity, stands=False, judges=7, **words, until=20),
        event("ContestSettled", 14, id=identity, state=9),
    ]
    reader.head_number = 30
    watching = watcher(reader, store)
    await watching.catch_up()
    for _ in range(2):  # as read at once, and as read again
        (settled,) = store.cases(CaseState.UNJUDGED)
        assert (settled.block, settled.until, settled.arbiter) == (12, 9, CONTRACT)
        assert settled.judged == Judged(False, found, 20)
        store.rewind(30, (9, hash_of(9, 0)))
        await watching.catch_up()


async def test_catch_up__when_the_bench_found_a_sealed_verdict__then_the_event_is_left_alone(store: NodeStore) -> None:
    reader, one = Reader(9), case()
    sealed = {"outcome": b"\xff" * 32, "score": b"\xff" * 32, "trail": bytes(32)}
    reader.logs = [
        *events_of(one, 10),
        event("Recorded", 11, id=one.request.id, summary=RECORDED, trail=bytes(32)),
        event("Challenged", 12, id=one.request.id, until=9, arbiter=CONTRACT),
        event("Judged", 13, id=one.request.id, stands=False, judges=7, **sealed, until=20),
    ]
    reader.head_number = 30
    await watcher(reader, store).catch_up()
    (opened,) = store.cases(CaseState.OPEN)
    assert opened.judged is None


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
        event("Recorded", 12, id=recorded.request.id, summary=RECORDED, trail=bytes(32)),
        event("Refused", 12, id=refused.request.id),
        event("Expired", 13, id=expired.request.id),
        event("AgreementWithdrawn", 11, id=refused.agreement.id),
        event("EpochFormed", 13, epoch=2),
    ]
    watching = watcher(reader, store)
    assert (await watching.catch_up()).committee
    assert store.counts() == {"recorded": 1, "ended": 2}
    assert watching._metrics.registry.get_sample_value("assent_latency_blocks_sum") == 2
