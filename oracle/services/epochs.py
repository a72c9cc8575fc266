"""Starts the next epoch when membership changed and the epoch is old enough, when the turn is this node's."""

from __future__ import annotations

import structlog

from oracle.core.committee import turn
from oracle.core.errors import ContractRevertError
from oracle.services.acts import Acts
from oracle.services.seat import Seat

log = structlog.get_logger()

#: Not so many operators are left, or the same ones: it is asked again when something changes.
_SETTLED = ("MembershipUnchanged", "CommitteeTooSmall")


class Epochs:
    """Asks the contract whether a rotation is due, whenever something may have made it so."""

    def __init__(self, seat: Seat, acts: Acts, turn_blocks: int, enabled: bool) -> None:
        self._seat = seat
        self._acts = acts
        self._turn_blocks = turn_blocks
        self._enabled = enabled
        self._maybe = True  # after a start: what changed before isn't known
        self._not_before = 0
        self._since = 0

    def changed(self) -> None:
        """Note that operators joined, left, changed keys, or rotated."""
        self._maybe = True
        self._not_before = 0
        self._since = self._seat.clock.number

    async def rotate_due(self) -> None:
        """Rotate if it is due. Raises EndpointError."""
        clock = self._seat.clock
        if not self._enabled or not self._maybe or clock.timestamp < self._not_before:
            return
        view = await self._seat.committee.view()
        if view.own_index is None:
            return
        waited = clock.number - self._since
        if turn(view.epoch.to_bytes(32, "big"), waited, self._turn_blocks, len(view.members)) != view.own_index:
            return
        try:
            await self._acts.rotate(view.epoch)
        except ContractRevertError as revert:
            self._reverted(revert)
            return
        self._maybe = False
        self._seat.metrics.rotations.inc()
        log.info("epoch_rotated", after=view.epoch)

    def _reverted(self, revert: ContractRevertError) -> None:
        log.info("rotation_not_due", error=revert.name)
        if revert.name == "RotationTooSoon":
            self._not_before = int(str(revert.arguments.get("notBefore", 0)))
        elif revert.name in _SETTLED:
            self._maybe = False
