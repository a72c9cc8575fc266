"""Reads the contract's events into the store. There is only catch-up: each round reads from the stored cursor to the believed head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from oracle.chain.abi import Event
from oracle.chain.rpc import ChainReader, Head
from oracle.core.errors import EndpointError
from oracle.services.reading import changes_of
from oracle.settings import ChainSettings
from oracle.store.node_store import Changes, NodeStore
from oracle.store.tables import RequestRow, Stage
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

#: How far back a node goes when the block at its cursor is gone.
REWIND_BLOCKS = 64

#: After these the committee is another, may soon be, or answers elsewhere.
_OF_COMMITTEE = {
    "EpochRotated",
    "OperatorJoined",
    "OperatorChanged",
    "OperatorResigned",
    "OperatorJailed",
    "OperatorReleased",
    "OperatorSlashed",
    "PolicyChanged",
}


@dataclass(frozen=True, slots=True)
class Round:
    """What one round found. ``committee`` tells that the operators or their policy changed."""

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
        self._range_blocks = settings.range_blocks

    async def catch_up(self) -> Round:
        """Read all that is new. Raises EndpointError when the endpoint fails; what was read till then is stored."""
        head = await self._reader.head(self._settings.finality)
        self._metrics.head_block.set(head.number)
        first = await self._first_block()
        moved, requests, committee = False, 0, False
        while first <= head.number:
            last = min(first + self._range_blocks - 1, head.number)
            end = head if last == head.number else await self._reader.block(last)
            events = await self._events(first, end)
            self._apply(events, end)
            requests += sum(event.name == "Requested" for event in events)
            committee = committee or any(event.name in _OF_COMMITTEE for event in events)
            first, moved = last + 1, True
        self._metrics.requests_seen.inc(requests)
        return Round(head, moved, requests, committee)

    async def _events(self, first: int, end: Head) -> list[Event]:
        """Read a range. The next one is half as long after a failure (an endpoint may cap it), twice as long after a success."""
        try:
            events = await self._reader.events(first, end)
        except EndpointError:
            self._range_blocks = max(min(self._range_blocks, end.number - first + 1) // 2, 1)
            raise
        self._range_blocks = min(self._range_blocks * 2, self._settings.range_blocks)
        return events

    async def _first_block(self) -> int:
        cursor = self._store.cursor()
        if cursor is None:
            return self._settings.start_block
        number, block_hash = cursor
        block = await self._reader.block_or_none(number)
        if block is not None and block.hash == block_hash:
            return number + 1
        return await self._rewind(number)

    async def _rewind(self, number: int) -> int:
        """Go back a window and read it again. Requests of the window are evaluated anew, even of blocks that still stand."""
        back = max(number - REWIND_BLOCKS, self._settings.start_block - 1)
        block = await self._reader.block_or_none(back) if back >= self._settings.start_block else None
        log.warning("chain_reorganised", cursor=number, back_to=back)
        kept = (block.number, block.hash) if block else None
        self._store.rewind(back, kept)
        return back + 1 if block else self._settings.start_block

    def _apply(self, events: Sequence[Event], end: Head) -> None:
        changes = changes_of(events)
        self._store.apply(changes, (end.number, end.hash))
        self._observe(events, changes)

    def _observe(self, events: Sequence[Event], changes: Changes) -> None:
        self._metrics.challenges_seen.inc(sum(event.name == "Challenged" for event in events))
        for row in changes.rows:
            if isinstance(row, RequestRow):
                self._metrics.latency.began(row.id)
        for request_id, (stage, block) in changes.endings.items():
            report = self._store.report(request_id)
            recorded = report is not None and stage is Stage.RECORDED
            self._metrics.latency.ended(request_id, block - report.block if report and recorded else None)
            log.info("request_ended", request=request_id.hex(), stage=stage.value, block=block)
        for event in events:
            if event.name == "DeliveryFailed":
                # What it reverted with is the receiver's own text.
                log.warning("delivery_failed", request=bytes(event.arguments["id"]).hex())
