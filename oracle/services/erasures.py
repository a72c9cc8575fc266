"""Tells, on chain, that this node has nothing left of a record whose agreement is over and asks for erasure."""

from __future__ import annotations

import structlog

from oracle.core.digests import erasure, typed_data_digest
from oracle.core.erasure import Eraser, erasure_evidence
from oracle.core.errors import ContractRevertError
from oracle.services.acts import Acts
from oracle.services.seat import Seat

log = structlog.get_logger()

_SIGNED_FOR_S = 86_400


class Erasures:
    """A node keeps no field: what it had of them is gone with the evaluation. It says so once for each agreement of which it had any."""

    def __init__(self, seat: Seat, acts: Acts, enabled: bool) -> None:
        self._seat = seat
        self._acts = acts
        self._enabled = enabled

    async def attest_due(self, limit: int) -> None:
        """Send what is due. Raises EndpointError."""
        if not self._enabled:
            return
        attester = self._seat.keys.addresses[0]
        for agreement_id in self._seat.store.erasable(attester, limit):
            await self._attest(agreement_id, attester)

    async def _attest(self, agreement_id: bytes, attester: str) -> None:
        evidence = erasure_evidence(Eraser.OPERATOR, agreement_id, attester)
        deadline = self._seat.clock.timestamp + _SIGNED_FOR_S
        digest = typed_data_digest(erasure(self._seat.domain, agreement_id, evidence, deadline))
        signature = await self._seat.keys.signer(attester).asign(digest)
        try:
            await self._acts.attest_erasure(agreement_id, attester, evidence, deadline, signature)
        except ContractRevertError as revert:
            log.info("erasure_reverted", agreement=agreement_id.hex(), error=revert.name)
