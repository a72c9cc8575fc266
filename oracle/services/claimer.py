"""Claims anchored verdicts that nobody has claimed and whose deadline is near or over: unclaimed, they would expire and nobody be paid."""

from __future__ import annotations

import structlog

from oracle.core.committee import turn
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Answer
from oracle.services.acts import DONE, Acts
from oracle.services.seat import Seat
from oracle.store.node_store import Proven, RequestContext

log = structlog.get_logger()

_FIRST_RETRY_S, _LAST_RETRY_S = 5.0, 3_600.0


class Claimer:
    """Claims what is due when the turn is this node's. ``margin_s`` is how long before a deadline."""

    def __init__(self, seat: Seat, acts: Acts, turn_blocks: int, margin_s: int) -> None:
        self._seat = seat
        self._acts = acts
        self._turn_blocks = turn_blocks
        self._margin_s = margin_s

    async def claim_due(self, limit: int) -> None:
        """Send claims. Raises EndpointError; a revert means that somebody else was faster, or that there is no such root."""
        view, clock = await self._seat.committee.view(), self._seat.clock
        if view.own_index is None:
            return

        def own_turn(request_id: bytes, block: int) -> bool:
            return turn(request_id, clock.number - block, self._turn_blocks, len(view.members)) == view.own_index

        now = clock.timestamp
        for context in self._seat.store.claimable(now, now + self._margin_s, limit, own_turn):
            if proven := self._seat.store.proven(context.id, context.request.deadline):
                await self._claim(context, proven)

    async def _claim(self, context: RequestContext, proven: Proven) -> None:
        try:
            await self._acts.claim(Answer(context.request, proven.verdict), proven.proof)
        except ContractRevertError as revert:
            log.info("claim_reverted", request=context.id.hex(), error=revert.name)
            # What can't be claimed must not stand before what can.
            again_s = min(_FIRST_RETRY_S * 2 ** min(context.attempts, 16), _LAST_RETRY_S)
            delay_s = self._seat.sent_s() if revert.name in DONE else again_s
            self._seat.store.postponed(context.id, delay_s, revert.name, str(revert))
            return
        self._seat.metrics.claims.inc()
        self._seat.store.postponed(context.id, self._seat.sent_s(), "sent", "the claim is sent; it isn't final yet")
