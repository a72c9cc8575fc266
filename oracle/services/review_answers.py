"""Signs a peer's review if this node, by its own fresh evaluation, found the same."""

from __future__ import annotations

import asyncio

import structlog

from oracle.core.digests import recover, review_digest
from oracle.core.errors import PeerError, Reason, RefusalError
from oracle.peers.messages import Answer, Declined, ReviewProposal
from oracle.services.cosigner import parse_trail
from oracle.services.findings import Finding, must_agree
from oracle.services.seat import Seat
from oracle.store.node_store import ChallengeContext
from oracle.store.tables import ChallengeState

log = structlog.get_logger()

_LOOK_AGAIN_S = 0.05


class ReviewAnswers:
    """Answers peers' reviews. ``wait_s`` is how long it waits for its own evaluation."""

    def __init__(self, seat: Seat, wait_s: float) -> None:
        self._seat = seat
        self._wait_s = wait_s

    async def answer(self, proposal: ReviewProposal) -> Answer:
        """Return a signature over the review, or why there is none. Raises PeerError when the proposal isn't a member's own."""
        view = await self._seat.shared_view(proposal.epoch, proposal.proposer)
        identity, verdict = bytes.fromhex(proposal.request[2:]), proposal.verdict
        digest = review_digest(self._seat.domain, proposal.epoch, identity, verdict)
        if recover(digest, bytes.fromhex(proposal.signature[2:])) != proposal.proposer:
            raise PeerError("the signature isn't the proposer's over this review")
        found = Finding(verdict, parse_trail(proposal.trail) if proposal.trail is not None else None)
        try:
            challenge = await self._own_finding(identity)
            must_agree(self._seat, challenge, found, proposal.proposer)
        except RefusalError as refusal:
            return self._declined(proposal, refusal)
        if found.trail is not None:
            self._seat.store.save_trail(found.trail.digest, identity, found.trail.content)
        signature = await self._seat.signer(view).asign(digest)
        self._seat.metrics.reviews_signed.inc()
        return Answer(signature="0x" + signature.hex())

    def _declined(self, proposal: ReviewProposal, refusal: RefusalError) -> Answer:
        self._seat.metrics.reviews_declined.labels(refusal.reason).inc()
        log.warning("review_declined", request=proposal.request, peer=proposal.proposer, reason=refusal.reason.value)
        declined = Declined(request=proposal.request, reason=refusal.reason, message=str(refusal)[:500])
        return Answer(declined=[declined])

    async def _own_finding(self, identity: bytes) -> ChallengeContext:
        """Return the challenge with this node's evaluation, waiting a little for both: nodes see a block at different moments."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._wait_s
        while True:
            challenge = self._seat.store.challenge(identity)
            if challenge is not None and challenge.state is not ChallengeState.OPEN:
                raise RefusalError(Reason.NOT_CHALLENGED, f"the challenge is {challenge.state.value} at this node")
            if challenge is not None and challenge.evaluation is not None:
                return challenge
            if loop.time() >= give_up:
                reason = Reason.NOT_CHALLENGED if challenge is None else Reason.NOT_READY
                raise RefusalError(reason, "this node knows of no challenge, or hasn't evaluated the request anew yet")
            await asyncio.sleep(_LOOK_AGAIN_S)
