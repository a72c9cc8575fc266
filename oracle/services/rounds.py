"""Opens the rounds of standing requests that are due, when the turn is this node's; and ends those of which no round can be opened."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from oracle.chain.rpc import ChainReader, Head
from oracle.core.committee import turn
from oracle.core.errors import ContractRevertError
from oracle.core.keccak import keccak
from oracle.core.structs import MIN_OPEN_S, Schedule
from oracle.services.acts import Acts
from oracle.services.committee import CommitteeView
from oracle.services.seat import Seat
from oracle.store.node_store import StandingContext

log = structlog.get_logger()


#: So long, in blocks, may what was sent take to be in blocks that this node believes, before it is tried again.
_PATIENCE_BLOCKS = 100
#: Stands for the end of a standing request where a round is wanted.
_END = 2**32 - 1


class Rounds:
    """Watches the schedules. Whether a round is due is a question of the newest block: a schedule may be denser than finality."""

    def __init__(self, seat: Seat, reader: ChainReader, acts: Acts, turn_blocks: int) -> None:
        self._seat = seat
        self._reader = reader
        self._acts = acts
        self._turn_blocks = turn_blocks
        #: By standing request and round: in which block it was first seen to be due, and in which it was seen to be done.
        self._since: dict[tuple[bytes, int], int] = {}
        self._done: dict[tuple[bytes, int], int] = {}
        self._passed: dict[bytes, int] = {}

    async def open_due(self) -> None:
        """Open and end what is due. Raises EndpointError; a revert means that somebody else was faster."""
        # Only of models that this node runs: else anyone could publish one of its own and have operators pay for its rounds for years.
        waiting = [context for context in self._seat.store.standing() if self._seat.catalogue.has(context.model)]
        view = await self._seat.committee.view()
        if not waiting or view.own_index is None:
            return
        head = await self._reader.head("latest")
        for context in waiting:
            if is_over(context, head):
                await self._end(context, head, view)
                continue
            round_ = self._due(context, head)
            if round_ is not None:
                await self._open(context, round_, head, view)
        self._forget(context.standing.id for context in waiting)

    def _due(self, context: StandingContext, head: Head) -> int | None:
        """Return the round to open now: the one whose time it is; of a schedule that catches up, the first that isn't opened."""
        schedule, identity = context.standing.schedule, context.standing.id
        now, first = round_at(schedule, head), context.next
        while self._is_done(identity, first, head):
            first += 1
        self._note_missed(context, schedule, first, now)
        # What has run out may be renewed; for less than a minute no request can be open.
        if first > now or context.valid_until - 1 < head.timestamp + MIN_OPEN_S:
            return None
        round_ = first if schedule.catch_up else now
        return round_ if schedule.opens(round_, head.number, head.timestamp) else None

    def _note_missed(self, context: StandingContext, schedule: Schedule, first: int, now: int) -> None:
        if schedule.catch_up:
            return
        begin = max(first, self._passed.get(context.standing.id, 0))
        missed = min(now, schedule.rounds) - begin
        if missed > 0:
            self._passed[context.standing.id] = begin + missed
            self._seat.metrics.rounds_missed.inc(missed)
            log.warning("rounds_missed", standing=context.standing.id.hex(), first=begin, count=missed)

    async def _open(self, context: StandingContext, round_: int, head: Head, view: CommitteeView) -> None:
        standing = context.standing
        if not self._own_turn(standing.id, round_, head, view):
            return
        try:
            await self._acts.open_round(standing, round_)
        except ContractRevertError as revert:
            log.info("round_reverted", standing=standing.id.hex(), round=round_, error=revert.name)
            if revert.name == "RoundOver" and not standing.schedule.catch_up:
                self._done[(standing.id, round_)] = head.number
            return
        self._done[(standing.id, round_)] = head.number
        self._seat.metrics.rounds_opened.inc()
        log.info("round_opened", standing=standing.id.hex(), round=round_)

    async def _end(self, context: StandingContext, head: Head, view: CommitteeView) -> None:
        """What wasn't opened is the controller's again."""
        standing = context.standing
        if context.opened >= standing.schedule.rounds or self._is_done(standing.id, _END, head):
            return
        if not self._own_turn(standing.id, _END, head, view):
            return
        try:
            await self._acts.end_standing(standing)
        except ContractRevertError as revert:
            log.info("standing_end_reverted", standing=standing.id.hex(), error=revert.name)
        self._done[(standing.id, _END)] = head.number

    def _is_done(self, standing_id: bytes, round_: int, head: Head) -> bool:
        done = self._done.get((standing_id, round_))
        return done is not None and head.number - done < _PATIENCE_BLOCKS

    def _own_turn(self, standing_id: bytes, round_: int, head: Head, view: CommitteeView) -> bool:
        since = self._since.setdefault((standing_id, round_), head.number)
        order = keccak(standing_id + round_.to_bytes(4, "big"))
        return turn(order, head.number - since, self._turn_blocks, len(view.members)) == view.own_index

    def _forget(self, waiting: Iterable[bytes]) -> None:
        kept = set(waiting)
        self._since = {key: block for key, block in self._since.items() if key[0] in kept}
        self._done = {key: block for key, block in self._done.items() if key[0] in kept}
        self._passed = {key: round_ for key, round_ in self._passed.items() if key in kept}


def round_at(schedule: Schedule, head: Head) -> int:
    """Return the last round whose time has begun in a block; -1 before the first."""
    now = head.number if schedule.in_blocks else head.timestamp
    return (now - schedule.start) // schedule.interval if now >= schedule.start else -1


def is_over(context: StandingContext, head: Head) -> bool:
    """Tell whether no round can be opened any more, as the contract has it."""
    schedule = context.standing.schedule
    if context.withdrawn or context.next >= schedule.rounds:
        return True
    # An agreement that has run out may be renewed, as long as the schedule goes on.
    waits = schedule.catch_up and head.timestamp < context.valid_until
    return round_at(schedule, head) >= schedule.rounds and not waits
