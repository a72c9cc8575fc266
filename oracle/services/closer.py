"""Ends, on chain, requests that can't get a verdict any more, so that their controllers get the fee back."""

from __future__ import annotations

import time

import structlog

from oracle.core.committee import turn
from oracle.core.errors import ContractRevertError
from oracle.services.acts import DONE, Acts
from oracle.services.seat import Seat

log = structlog.get_logger()


class Closer:
    """Refuses requests whose agreement was ended, and expires those past their last second, when the turn is this node's."""

    def __init__(self, seat: Seat, acts: Acts, turn_blocks: int) -> None:
        self._seat = seat
        self._store = seat.store
        self._committee = seat.committee
        self._acts = acts
        self._clock = seat.clock
        self._turn_blocks = turn_blocks
        #: Until when what somebody else has ended is left alone: this node doesn't believe those blocks yet.
        self._ended: dict[bytes, float] = {}

    async def close_due(self, limit: int) -> None:
        """Send what is due. Raises EndpointError; a revert means that somebody else was faster, or that it isn't due yet."""
        view = await self._committee.view()
        if view.own_index is None:
            return

        now = time.monotonic()
        self._ended = {identity: until for identity, until in self._ended.items() if until > now}

        def own_turn(request_id: bytes, block: int) -> bool:
            if request_id in self._ended:
                return False
            waited = self._clock.number - block
            return turn(request_id, waited, self._turn_blocks, len(view.members)) == view.own_index

        for context in self._store.closable(self._clock.timestamp, limit, own_turn):
            try:
                await self._acts.close(context.request, context.withdrawn)
            except ContractRevertError as revert:
                if revert.name in DONE:
                    self._ended[context.id] = now + self._seat.sent_s()
                log.info("close_reverted", request=context.id.hex(), error=revert.name)
