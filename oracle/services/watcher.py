"""Reads the contract's events into the store. There is only catch-up: each round reads from the stored cursor to the believed head."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from oracle.chain.abi import Event
from oracle.chain.rpc import ChainReader, Head
from oracle.core.errors import EndpointError
from oracle.core.structs import Agreement, Model, Record
from oracle.settings import ChainSettings
from oracle.store.node_store import NodeStore
from oracle.store.tables import AgreementRow, ModelRow, RecordRow, RequestRow, Stage
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

#: How far back a node goes when the block at its cursor is gone.
REWIND_BLOCKS = 64

_ENDINGS = {"Recorded": Stage.RECORDED, "Refused": Stage.ENDED, "Expired": Stage.ENDED}


@dataclass(frozen=True, slots=True)
class Round:
    """What one round found."""

    head: Head
    moved: bool
    requests: int
    rotated: bool


def _agreement_row(event: Event) -> AgreementRow:
    agreement = Agreement.from_abi(event.arguments["agreement"])
    return AgreementRow(
        id=bytes(event.arguments["id"]),
        block_number=event.block_number,
        terms=agreement.to_json(),
        valid_until=agreement.valid_until,
    )


def _text(value: str) -> str:
    return value.replace("\0", "")  # which PostgreSQL won't store, and no address has


def _record_row(event: Event) -> RecordRow:
    args = event.arguments
    record = Record(bytes(args["root"]), args["subject"], args["holder"])
    return RecordRow(id=record.id, block_number=event.block_number, terms=record.to_json(), vault=_text(args["vault"]))


def _model_row(event: Event) -> ModelRow:
    model = Model.from_abi(event.arguments["model"])
    return ModelRow(id=bytes(event.arguments["id"]), block_number=event.block_number, terms=model.to_json())


def _request_row(event: Event) -> RequestRow:
    args = event.arguments
    return RequestRow(
        id=bytes(args["id"]),
        block_number=event.block_number,
        agreement=bytes(args["agreement"]),
        use=args["use"],
        purpose=args["purpose"],
        step=args["step"],
        deadline=args["deadline"],
        stage=Stage.SEEN,
        attempts=0,
        not_before=0.0,
    )


_ROWS: dict[str, Callable[[Event], Any]] = {
    "AgreementGiven": _agreement_row,
    "RecordCommitted": _record_row,
    "ModelPublished": _model_row,
    "Requested": _request_row,
}


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
        self._metrics.chain_lag_s.set(max(time.time() - head.timestamp, 0))
        first = await self._first_block()
        moved, requests, rotated = False, 0, False
        while first <= head.number:
            last = min(first + self._range_blocks - 1, head.number)
            end = head if last == head.number else await self._reader.block(last)
            events = await self._events(first, end)
            self._apply(events, end)
            requests += sum(event.name == "Requested" for event in events)
            rotated = rotated or any(event.name == "EpochRotated" for event in events)
            first, moved = last + 1, True
        self._metrics.requests_seen.inc(requests)
        return Round(head, moved, requests, rotated)

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
        rows = [_ROWS[event.name](event) for event in events if event.name in _ROWS]
        endings, withdrawn = {}, {}
        for event in events:
            if event.name in _ENDINGS:
                endings[bytes(event.arguments["id"])] = (_ENDINGS[event.name], event.block_number)
            elif event.name == "AgreementWithdrawn":
                withdrawn[bytes(event.arguments["id"])] = event.block_number
        self._store.apply(rows, endings, withdrawn, (end.number, end.hash))
        for request_id, (stage, block) in endings.items():
            self._observe_end(request_id, stage, block)

    def _observe_end(self, request_id: bytes, stage: Stage, block: int) -> None:
        report = self._store.report(request_id)
        if report is not None and stage is Stage.RECORDED:
            self._metrics.latency_blocks.observe(block - report.block)
        log.info("request_ended", request=request_id.hex(), stage=stage.value, block=block)
