"""Signs a peer's ruling if this node, by its own fresh evaluation, found the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from oracle.core.digests import recover, ruling_digest
from oracle.core.errors import PeerError, Reason, RefusalError
from oracle.peers.messages import Answer, Declined, RulingProposal
from oracle.services.arbiters import Arbiters
from oracle.services.committee import Bench
from oracle.services.cosigner import parse_trail
from oracle.services.findings import Finding, must_agree
from oracle.services.seat import Seat
from oracle.store.node_store import CaseContext
from oracle.store.tables import CaseState

log = structlog.get_logger()

_LOOK_AGAIN_S = 0.05


class RulingAnswers:
    """Answers peers' rulings. ``wait_s`` is how long it waits for its own evaluation."""

    def __init__(self, seat: Seat, wait_s: float, arbiters: Arbiters) -> None:
        self._seat = seat
        self._wait_s = wait_s
        self._arbiters = arbiters

    async def answer(self, proposal: RulingProposal) -> Answer:
        """Return a signature over the ruling, or why there is none. Raises PeerError when the proposal isn't a judge's own."""
        identity, verdict = bytes.fromhex(proposal.request[2:]), proposal.verdict
        digest = ruling_digest(self._seat.committee_domain, proposal.epoch, identity, proposal.stands, verdict)
        # Before the chain is asked: what a stranger sends costs as little as can be.
        if recover(digest, bytes.fromhex(proposal.signature[2:])) != proposal.proposer:
            raise PeerError("the signature isn't the proposer's over this ruling")
        try:
            bench = await self._bench(await self._known(identity, proposal.proposer))
            if bench.epoch != proposal.epoch or bench.own_attester is None or bench.index_of(proposal.proposer) is None:
                raise PeerError("proposer and this node must be judges of the request's verdict, in its report's epoch")
            found = Finding(verdict, parse_trail(proposal.trail) if proposal.trail is not None else None)
            case = await self._own_finding(identity)
            self._arbiters.must_serve(case.request.model)
            if found.upholds != proposal.stands:
                raise PeerError("a verdict that is false comes with the right one's trail, and one that stands without")
            must_agree(self._seat, case, found, proposal.proposer)
        except RefusalError as refusal:
            return self._declined(proposal, refusal)
        if found.trail is not None:
            self._seat.store.save_trail(found.trail.digest, identity, found.trail.content)
        signature = await self._seat.signer(bench).asign(digest)
        self._seat.metrics.rulings_signed.inc()
        return Answer(signature="0x" + signature.hex())

    def _declined(self, proposal: RulingProposal, refusal: RefusalError) -> Answer:
        self._seat.metrics.rulings_declined.labels(refusal.reason).inc()
        log.warning("ruling_declined", request=proposal.request, peer=proposal.proposer, reason=refusal.reason.value)
        declined = Declined(request=proposal.request, reason=refusal.reason, message=str(refusal)[:500])
        return Answer(declined=[declined])

    async def _bench(self, case: CaseContext) -> Bench:
        recorded = case.request.recorded
        assert recorded is not None  # noqa: S101  a case without one isn't read
        return await self._seat.committee.bench(recorded.by)

    async def _known(self, identity: bytes, proposer: str) -> CaseContext:
        """Return an open case; with a proposer on the roll, wait a little for it: nodes see a block at different moments."""
        view = await self._seat.committee.view()
        ours = view.index_of(proposer) is not None or proposer in view.reserve
        case = await self._until(identity, lambda found: found is not None, self._wait_s if ours else 0)
        if case is None:
            raise RefusalError(Reason.NOT_CHALLENGED, "this node knows of no challenge of that request's verdict")
        return case

    async def _own_finding(self, identity: bytes) -> CaseContext:
        """Return the case with this node's evaluation, waiting a little for it."""
        case = await self._until(
            identity, lambda found: found is not None and found.evaluation is not None, self._wait_s
        )
        if case is None or case.evaluation is None:
            raise RefusalError(Reason.NOT_READY, "this node hasn't evaluated the request anew yet")
        return case

    async def _until(
        self, identity: bytes, wanted: Callable[[CaseContext | None], bool], wait_s: float
    ) -> CaseContext | None:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + wait_s
        while True:
            case = self._seat.store.case(identity)
            if case is not None and case.state is not CaseState.OPEN:
                raise RefusalError(Reason.NOT_CHALLENGED, f"the case is {case.state.value} at this node")
            if wanted(case) or loop.time() >= give_up:
                return case
            await asyncio.sleep(_LOOK_AGAIN_S)
