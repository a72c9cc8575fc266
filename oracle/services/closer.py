"""Ends, on chain, requests that can't get a verdict any more, so that their controllers get the fee back."""

from __future__ import annotations

import structlog

from oracle.core.committee import turn
from oracle.core.errors import ContractRevertError
from oracle.services.acts import Acts
from oracle.services.seat import Seat

log = structlog.get_logger()


class Closer:
    """Refuses requests whose agreement is over, and expires those past their deadline, when the turn is this node's."""

    def __init__(self, seat: Seat, acts: Acts, turn_blocks: int) -> None:
        self._store = seat.store
        self._committee = seat.committee
        self._acts = acts
        self._clock = seat.clock
        self._turn_blocks = turn_blocks

    async def close_due(self, limit: int) -> None:
        """Send what is due. Raises EndpointError; a revert means that somebody else was faster, or that it isn't due yet."""
        view = await self._committee.view()
        if view.own_index is None:
            return

        def own_turn(request_id: bytes, block: int) -> bool:
            waited = self._clock.number - block
            return turn(request_id, waited, self._turn_blocks, len(view.members)) == view.own_index

        for context in self._store.closable(self._clock.timestamp, limit, own_turn):
            over = context.withdrawn or context.agreement.valid_until <= self._clock.timestamp
            try:
                await self._acts.close(context.request, over)
            except ContractRevertError as revert:
                log.info("close_reverted", request=context.id.hex(), error=revert.name)
