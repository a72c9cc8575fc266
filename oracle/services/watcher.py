"""Reads the contracts' events into the store. There is only catch-up: each round reads from the stored cursor to the believed head."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from oracle.chain.abi import Event
from oracle.chain.rpc import ChainReader, Head, LogKey
from oracle.core.errors import EndpointError, LogRangeError
from oracle.services.ranges import Ranges
from oracle.services.reading import changes_of
from oracle.settings import ChainSettings
from oracle.store.node_store import Changes, NodeStore
from oracle.store.tables import RequestRow, Stage
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

#: The newest blocks aren't read a second time yet: what is late in them may still be.
_AT_REST_BLOCKS = 2
#: After a pause no more than so many windows are read a second time.
_MOST_WINDOWS = 16
#: So many blocks are asked for at a time.
_BLOCKS_AT_ONCE = 32
#: After these the committee is another, may soon be, or answers elsewhere.
_OF_COMMITTEE = {
    "EpochFormed",
    "OperatorJoined",
    "OperatorChanged",
    "OperatorResigned",
    "OperatorCrowdedOut",
    "OperatorSlashed",
    "StakeAdded",
    "LeaseRenewed",
}


@dataclass(frozen=True, slots=True)
class Round:
    """What one round found. ``committee`` tells that operators, or the epoch, changed."""

    head: Head
    moved: bool
    requests: int
    committee: bool


class Watcher:
    """Follows the chain at the configured finality."""

    def __init__(self, reader: ChainReader, store: NodeStore, settings: ChainSettings, metrics: Metrics) -> None:
        self._reader = reader
        self._store = store
        self._settings = settings
        self._metrics = metrics
        self._ranges = Ranges(settings.range_blocks, settings.range_logs)
        self._head: Head | None = None
        #: What was found since the last round that came to its end.
        self._moved, self._requests, self._committee = False, 0, False
        #: The logs of late, from which block on this process read, and up to which block it did so twice.
        self._seen: dict[LogKey, int] = {}
        self._since: int | None = None
        self._looked = -1

    async def catch_up(self) -> Round:
        """Read all that is new. Raises EndpointError when the endpoints fail; what was read till then is stored."""
        head = await self._reader.head(self._settings.finality)
        first = await self._first_block(head)
        if self._head is not None and head.number < min(first - 1, self._head.number):
            return self._round(self._head)  # the endpoint lags: what is known holds
        self._head = head
        self._metrics.head_block.set(head.number)
        self._since = first if self._since is None else min(self._since, first)
        while first <= head.number:
            last = self._ranges.last(first, head.number)
            end = head if last == head.number else await self._reader.block(last)
            events = await self._events(first, end)
            if events is None:
                continue
            times = await self._times(events)
            self._remember(events, head)
            self._apply(events, times, end)
            first, self._moved = last + 1, True
        if self._moved:
            await self._look_again(head, self._since)
        return self._round(head)

    def _round(self, head: Head) -> Round:
        found = Round(head, self._moved, self._requests, self._committee)
        self._moved, self._requests, self._committee = False, 0, False
        return found

    async def _events(self, first: int, end: Head) -> list[Event] | None:
        """Read a range, or return None if it is to be asked for in smaller ones."""
        blocks = end.number - first + 1
        try:
            events = await self._reader.events(first, end)
        except LogRangeError:
            if not self._ranges.refused(blocks):
                raise
            return None
        except EndpointError:
            self._ranges.failed(blocks)
            raise
        self._ranges.answered(blocks, len(events))
        return events

    # Reorganisations

    async def _first_block(self, head: Head) -> int:
        """Return the first block to be read: after the cursor, or after the last block of which the chain is still what was read."""
        cursor = self._store.cursor()
        if cursor is None:
            return self._settings.start_block
        if cursor[0] <= head.number and await self._stands(cursor, head):
            return cursor[0] + 1
        # Whoever is behind the cursor may only lag. It is on another fork if it has another block where one was read.
        marks = [cursor, *(mark for mark in self._store.checkpoints() if mark[0] < cursor[0])]
        marks = [mark for mark in marks if mark[0] <= head.number]
        if not marks or (marks[0] != cursor and await self._stands(marks[0], head)):
            return cursor[0] + 1
        return await self._rewind(cursor[0], marks, head)

    async def _stands(self, mark: tuple[int, bytes], head: Head) -> bool:
        number, block_hash = mark
        block = head if number == head.number else await self._reader.block_or_none(number)
        if block is None:
            raise EndpointError(f"eth_getBlockByNumber: no endpoint has block {number}, though its head is later")
        return block.hash == block_hash

    async def _rewind(self, cursor: int, marks: Sequence[tuple[int, bytes]], head: Head) -> int:
        """Forget what the chain took back, however deep, and return the first block to be read again."""
        kept = await self._fork_point(marks, head)
        back = kept[0] if kept else self._settings.start_block - 1
        log.warning("chain_reorganised", cursor=cursor, back_to=back)
        self._store.rewind(back, kept)
        self._metrics.reorganisation_blocks.observe(cursor - back)
        self._seen = {key: number for key, number in self._seen.items() if number <= back}
        self._looked = min(self._looked, back)
        return back + 1

    async def _fork_point(self, marks: Sequence[tuple[int, bytes]], head: Head) -> tuple[int, bytes] | None:
        """Return the last of the marks that still stands; the first is known not to. Steps double, then halve."""
        gone, stands, step = 0, len(marks), 1
        while step < len(marks):
            if await self._stands(marks[step], head):
                stands = step
                break
            gone, step = step, step * 2
        while stands - gone > 1:
            middle = (gone + stands) // 2
            if await self._stands(marks[middle], head):
                stands = middle
            else:
                gone = middle
        return marks[stands] if stands < len(marks) else None

    # A second look

    def _remember(self, events: Sequence[Event], head: Head) -> None:
        oldest = head.number - _MOST_WINDOWS * self._settings.reread_blocks - _AT_REST_BLOCKS
        for event in events:
            if event.block_number >= oldest:
                self._seen[(event.block_hash, event.log_index)] = event.block_number

    async def _look_again(self, head: Head, since: int) -> None:
        """Read the last window a second time, once it is long enough: a list of logs may have been cut off, or an index not ready.

        What was read before this process began, from ``since`` on, is read again too, but nobody knows whether it was missing.
        """
        window, cursor = self._settings.reread_blocks, self._store.cursor()
        last = head.number - min(_AT_REST_BLOCKS, window)
        first = max(self._looked + 1, last - _MOST_WINDOWS * window + 1, self._settings.start_block)
        if window == 0 or cursor is None or last - first + 1 < window:
            return
        try:
            new = await self._reader.events(first, await self._reader.block(last), self._seen.keys())
            times = await self._times(new)
        except EndpointError as error:
            log.info("second_look_failed", first=first, last=last, error=str(error))
            return
        self._looked = last
        self._seen = {key: number for key, number in self._seen.items() if number > last}
        if new:
            self._apply(new, times, Head(*cursor, head.timestamp))
        late = sum(event.block_number >= since for event in new)
        if late:
            log.warning("events_found_late", first=first, last=last, count=late)
            self._metrics.events_found_late.inc(late)

    # Applying

    async def _times(self, events: Sequence[Event]) -> dict[int, int]:
        """Return when the blocks were made in which roots were anchored, by number. Raises EndpointError."""
        anchored = {event.block_number: event.block_hash for event in events if event.name == "Anchored"}
        room = asyncio.Semaphore(_BLOCKS_AT_ONCE)

        async def time_of(number: int) -> int:
            async with room:
                block = await self._reader.block(number)
            if block.hash != anchored[number]:
                raise EndpointError(
                    f"eth_getBlockByNumber: block {number} isn't the one of its logs: the chain changed"
                )
            return block.timestamp

        return dict(zip(anchored, await asyncio.gather(*map(time_of, anchored)), strict=True))

    def _apply(self, events: Sequence[Event], times: Mapping[int, int], end: Head) -> None:
        changes = changes_of(events, times)
        self._store.apply(changes, (end.number, end.hash))
        requests = sum(event.name == "Requested" for event in events)
        self._requests += requests
        self._metrics.requests_seen.inc(requests)
        self._committee = self._committee or any(event.name in _OF_COMMITTEE for event in events)
        self._observe(events, changes)

    def _observe(self, events: Sequence[Event], changes: Changes) -> None:
        self._metrics.challenges_seen.inc(sum(event.name == "Challenged" for event in events))
        for row in changes.rows:
            if isinstance(row, RequestRow):
                self._metrics.latency.began(row.id)
        recorded = [each for each, (stage, _) in changes.endings.items() if stage is Stage.RECORDED]
        asked = self._store.blocks_of(recorded)
        for request_id, (stage, block) in changes.endings.items():
            self._metrics.latency.ended(request_id, block - asked[request_id] if request_id in asked else None)
            log.info("request_ended", request=request_id.hex(), stage=stage.value, block=block)
        for event in events:
            if event.name == "DeliveryFailed":
                # What it reverted with is the receiver's own text.
                log.warning("delivery_failed", request=bytes(event.arguments["id"]).hex())
