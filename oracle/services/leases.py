"""Keeps this node's operator on the roll: a lease that isn't renewed ends, and the operator leaves with a rotation."""

from __future__ import annotations

import time

import structlog

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import endpoint_errors
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Place
from oracle.services.acts import Acts
from oracle.services.seat import Seat

log = structlog.get_logger()

_LOOK_S = 60.0


class Leases:
    """Renews the lease in its second half, if the operator is the sender itself: nobody else may. Else it is for the operator to do, by
    `assent operator renew`, and the node's health says so in time.
    """

    def __init__(self, contract: AssentContract, seat: Seat, acts: Acts, sender: str, enabled: bool) -> None:
        self._contract = contract
        self._seat = seat
        self._acts = acts
        self._sender = sender
        self._enabled = enabled
        self._looked_at = float("-inf")
        #: Until when the lease holds (Unix seconds), and how long one is, as last read; None for an operator that isn't on the list.
        self.until: int | None = None
        self.length_s = 0

    async def renew_due(self) -> None:
        """Look at the lease once a minute, and renew it if it is due. Raises EndpointError."""
        if time.monotonic() - self._looked_at < _LOOK_S:
            return
        terms = await self._seat.committee.terms()
        with endpoint_errors("eth_call"):
            operator = await self._contract.operator_of(self._seat.keys.addresses[0]).acall()
            info = await self._contract.operator_info(operator).acall()
        self._looked_at = time.monotonic()
        self.length_s = terms.lease
        self.until = None if info.resigned or info.place is Place.OUT else info.lease
        if self.until is None or not self._enabled or operator != self._sender:
            return
        if self.until - self._seat.clock.timestamp > terms.lease // 2:
            return
        try:
            await self._acts.renew_lease(self.until)
        except ContractRevertError as revert:
            log.warning("lease_not_renewed", error=revert.name)
        else:
            log.info("lease_renewed", until=self.until)
