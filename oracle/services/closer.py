"""Ends, on chain, requests that can't get a verdict any more, so that their controllers get the fee back."""

from __future__ import annotations

import structlog

from oracle.core.committee import turn
from oracle.core.errors import ContractRevertError
from oracle.services.committee import Committee
from oracle.services.head import ChainClock
from oracle.services.transactor import Transactor
from oracle.store.node_store import NodeStore

log = structlog.get_logger()


class Closer:
    """Refuses requests whose agreement is over, and expires those past their deadline, when the turn is this node's."""

    def __init__(
        self, store: NodeStore, committee: Committee, transactor: Transactor, clock: ChainClock, turn_blocks: int
    ) -> None:
        self._store = store
        self._committee = committee
        self._transactor = transactor
        self._clock = clock
        self._turn_blocks = turn_blocks

    async def close_due(self, limit: int) -> None:
        """Send what is due. Raises EndpointError; a revert means that somebody else was faster, or that it isn't due yet."""
        view = await self._committee.view()
        if view.own_index is None:
            return
        for context in self._store.closable(self._clock.timestamp, limit):
            waited = self._clock.number - context.block
            if turn(context.id, waited, self._turn_blocks, len(view.members)) != view.own_index:
                continue
            over = context.withdrawn or context.agreement.valid_until <= self._clock.timestamp
            try:
                await self._transactor.close(context.request, over)
            except ContractRevertError as revert:
                log.info("close_reverted", request=context.id.hex(), error=revert.name)
