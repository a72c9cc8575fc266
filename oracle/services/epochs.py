"""Starts the next epoch when it would be another and the current one is old enough, when the turn is this node's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from oracle.chain.contract import AssentContract, Operator
from oracle.chain.rpc import endpoint_errors
from oracle.core.committee import turn
from oracle.core.errors import ContractRevertError
from oracle.core.structs import CommitteeTerms
from oracle.services.acts import Acts
from oracle.services.committee import CommitteeView
from oracle.services.seat import Seat

log = structlog.get_logger()

#: Who enters a full roll has a quarter more at stake than the lowest there.
_OUTBID_NUMERATOR, _OUTBID_DENOMINATOR = 5, 4


class Epochs:
    """Looks whether a rotation is due and would change anything, whenever something may have made it so: it costs, and whoever waits in
    vain would have all pay for it.
    """

    def __init__(self, contract: AssentContract, seat: Seat, acts: Acts, turn_blocks: int, enabled: bool) -> None:
        self._contract = contract
        self._seat = seat
        self._acts = acts
        self._turn_blocks = turn_blocks
        self._enabled = enabled
        self._maybe = True  # after a start: what changed before isn't known
        self._not_before = 0
        #: When the first lease on the roll ends (Unix seconds).
        self._lapse = 0
        self._since = 0

    def changed(self) -> None:
        """Note that operators joined, left, changed keys, stakes or leases, or an epoch began."""
        self._maybe = True
        self._not_before = 0
        self._since = self._seat.clock.number

    async def rotate_due(self) -> None:
        """Rotate if it is due. Raises EndpointError."""
        clock = self._seat.clock
        wanted = self._maybe or (0 < self._lapse < clock.timestamp)
        if not self._enabled or not wanted or clock.timestamp < self._not_before:
            return
        view = await self._seat.committee.view()
        if view.own_place is None or self._turn(view) != view.own_place:
            return
        with endpoint_errors("eth_call"):
            self._not_before = await self._contract.rotatable_at().acall()
        if clock.timestamp < self._not_before:
            return
        if await self._is_needed(view):
            await self._rotate(view)
        self._maybe = False

    def _turn(self, view: CommitteeView) -> int:
        waited = self._seat.clock.number - self._since
        return turn(view.epoch.to_bytes(32, "big"), waited, self._turn_blocks, view.roll_size)

    async def _rotate(self, view: CommitteeView) -> None:
        try:
            await self._acts.rotate(view.epoch)
        except ContractRevertError as revert:
            log.info("rotation_not_due", error=revert.name)
            return
        self._seat.metrics.rotations.inc()
        log.info("epoch_rotated", after=view.epoch)

    async def _is_needed(self, view: CommitteeView) -> bool:
        terms, now = await self._seat.committee.terms(), self._seat.clock.timestamp
        attesters = [*(member.attester for member in view.members), *view.reserve]
        with endpoint_errors("eth_call"):
            roll = await self._infos(await asyncio.gather(*(self._contract.operator_of(a).acall() for a in attesters)))
            waiting = await self._infos(await self._contract.waiting().acall())
        self._lapse = min((each.lease for each in roll), default=0)
        keys = any(info.attester != attester for info, attester in zip(roll, attesters, strict=True))
        leaving = any(each.stake < terms.penalty or each.resigned or each.lease < now for each in roll)
        seats = _seated(roll, terms) != [member.attester for member in view.members]
        return keys or leaving or seats or _enters([each for each in waiting if each.lease >= now], roll, terms)

    async def _infos(self, operators: Iterable[str]) -> list[Operator]:
        return await asyncio.gather(*(self._contract.operator_info(each).acall() for each in operators))


def _seated(roll: Iterable[Operator], terms: CommitteeTerms) -> list[str]:
    """Return the attesters of those of a roll, in its order, who would have seats in a new epoch."""
    whole = [each.attester for each in roll if each.stake >= terms.min_stake][: terms.seats]
    return whole if len(whole) >= terms.min_roll else []


def _enters(waiting: Iterable[Operator], roll: list[Operator], terms: CommitteeTerms) -> bool:
    highest = max((each.stake for each in waiting if each.stake >= terms.min_stake), default=None)
    if highest is None:
        return False
    lowest = min((each.stake for each in roll), default=0)
    outbids = lowest < terms.min_stake or highest * _OUTBID_DENOMINATOR >= lowest * _OUTBID_NUMERATOR
    return len(roll) < terms.max_roll or outbids
