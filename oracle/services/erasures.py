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
    """A node keeps no field: it is gone with the evaluation. The node says so once for each agreement under which it asked for any."""

    def __init__(self, seat: Seat, acts: Acts, enabled: bool) -> None:
        self._seat = seat
        self._acts = acts
        self._enabled = enabled
        #: What can't be said, since the attester's key isn't here any more.
        self._lost: set[tuple[bytes, str]] = set()

    async def attest_due(self, limit: int) -> None:
        """Send what is due. Raises EndpointError."""
        if not self._enabled:
            return
        for agreement_id, attester in self._seat.store.erasable(self._seat.clock.timestamp, limit):
            if attester in self._seat.keys.addresses:
                await self._attest(agreement_id, attester)
            elif (agreement_id, attester) not in self._lost:
                self._lost.add((agreement_id, attester))
                log.warning(
                    "erasure_unsigned",
                    agreement=agreement_id.hex(),
                    attester=attester,
                    remedy="name its key in keys.attester",
                )

    async def _attest(self, agreement_id: bytes, attester: str) -> None:
        evidence = erasure_evidence(Eraser.OPERATOR, agreement_id, attester)
        deadline = self._seat.clock.timestamp + _SIGNED_FOR_S
        digest = typed_data_digest(erasure(self._seat.domains.records, agreement_id, attester, evidence, deadline))
        signature = await self._seat.keys.signer(attester).asign(digest)
        try:
            await self._acts.attest_erasure(agreement_id, attester, evidence, deadline, signature)
        except ContractRevertError as revert:
            log.info("erasure_reverted", agreement=agreement_id.hex(), error=revert.name)
