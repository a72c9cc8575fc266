"""Answers challenges: evaluates the request anew, proposes what was found, and ends challenges that stayed unanswered."""

from __future__ import annotations

import json
from collections.abc import Callable

import structlog

from oracle.core.committee import assemble, review_quorum, turn
from oracle.core.digests import review_digest
from oracle.core.errors import AssentError, ChainError, ContractRevertError, RefusalError
from oracle.core.structs import Attestation, Recording
from oracle.core.trail import Trail
from oracle.peers.client import PeerClient
from oracle.peers.messages import ReviewProposal
from oracle.services.acts import Acts
from oracle.services.canvass import Canvass
from oracle.services.committee import CommitteeView
from oracle.services.evaluator import Evaluator
from oracle.services.findings import Finding, find
from oracle.services.proposer import SOFTWARE
from oracle.services.seat import Seat
from oracle.store.node_store import ChallengeContext, RequestContext
from oracle.store.tables import ChallengeState

log = structlog.get_logger()

_FIRST_RETRY_S, _LAST_RETRY_S, _SENT_S = 1.0, 15.0, 30.0
#: So often is the vault asked before an operator goes by what it found when the request was made.
_MOST_ASKS = 3


class Reviewer:
    """What this node does about challenges."""

    def __init__(self, seat: Seat, evaluator: Evaluator, peers: PeerClient, acts: Acts, turn_blocks: int) -> None:
        self._seat = seat
        self._store = seat.store
        self._evaluator = evaluator
        self._peers = peers
        self._acts = acts
        self._turn_blocks = turn_blocks
        self._under_way: set[bytes] = set()

    # Evaluating

    async def evaluate_due(self) -> int:
        """Evaluate anew what is challenged; return how many got an evaluation. One that fails doesn't stop the others."""
        done = 0
        for challenge in self._store.challenges(ChallengeState.OPEN, evaluated=False):
            done += await self._evaluate(challenge)
        return done

    async def _evaluate(self, challenge: ChallengeContext) -> int:
        context = challenge.request
        try:
            evaluation = await self._evaluator.anew(context)
        except (RefusalError, ChainError) as error:
            if challenge.attempts + 1 < _MOST_ASKS or context.evaluation is None or isinstance(error, ChainError):
                self._later(challenge, type(error).__name__)
                return 0
            log.warning("review_from_memory", request=context.id.hex(), error=type(error).__name__)
            evaluation = context.evaluation
        except Exception as error:  # its text may quote a field: only its kind is told
            self._later(challenge, type(error).__name__)
            return 0
        shown = self._shown(context)
        if shown is not None and evaluation["leaves"] != shown:
            # A record may have two leaves of one name: nobody may show signers the one, and have them punished for the other.
            log.warning("review_of_other_leaves", request=context.id.hex())
            if context.evaluation is None or context.evaluation["leaves"] != shown:
                self._later(challenge, "the vault shows other leaves than the verdict is about")
                return 0
            evaluation = context.evaluation
        self._store.reevaluated(context.id, evaluation)
        return 1

    def _shown(self, context: RequestContext) -> dict[str, str] | None:
        """Return the leaves that the recorded verdict is about, by name: of its trail, or as this node was shown them when it was made."""
        recorded = context.recorded
        content = self._store.trail(recorded.verdict.trail) if recorded is not None else None
        if content is not None:
            return {each.name: each.leaf for each in Trail.from_json(json.loads(content)).record.fields}
        return context.evaluation["leaves"] if context.evaluation is not None else None

    def _later(self, challenge: ChallengeContext, why: str) -> None:
        delay_s = min(_FIRST_RETRY_S * 2 ** min(challenge.attempts, 8), _LAST_RETRY_S)
        self._store.challenge_postponed(challenge.request.id, delay_s)
        log.warning("review_postponed", request=challenge.request.id.hex(), reason=why)

    # Proposing

    async def review_due(self, spawn: Callable[..., object]) -> None:
        """Start a review, through ``spawn(coroutine)``, of each challenge whose turn it is; lapse what is over. Raises EndpointError."""
        view, clock = await self._seat.committee.view(), self._seat.clock
        if view.own_index is None:
            return

        def own_turn(request_id: bytes, block: int) -> bool:
            return turn(request_id, clock.number - block, self._turn_blocks, len(view.members)) == view.own_index

        for challenge in self._store.challenges(ChallengeState.OPEN, own_turn):
            identity = challenge.request.id
            if challenge.until < clock.timestamp:
                await self._lapse(identity)
            elif challenge.evaluation is not None and identity not in self._under_way:
                self._under_way.add(identity)
                spawn(self._review(challenge, view))

    async def _lapse(self, identity: bytes) -> None:
        try:
            await self._acts.lapse(identity)
        except ContractRevertError as revert:
            log.info("lapse_reverted", request=identity.hex(), error=revert.name)
        self._store.challenge_postponed(identity, _SENT_S)

    async def _review(self, challenge: ChallengeContext, view: CommitteeView) -> None:
        identity = challenge.request.id
        try:
            finding = find(self._seat, challenge, view.own_attester or "", SOFTWARE)
            attestation = await self._collect(challenge, finding, view)
            if attestation is None:
                self._later(challenge, "too few signed")
            else:
                await self._send(challenge, finding, attestation)
        except AssentError:
            self._later(challenge, "failed")
            raise
        finally:
            self._under_way.discard(identity)

    async def _collect(self, challenge: ChallengeContext, finding: Finding, view: CommitteeView) -> Attestation | None:
        context, verdict = challenge.request, finding.verdict
        if finding.trail is not None:
            # Kept before anyone can have signed it, as a report's trails are.
            self._store.save_trail(verdict.trail, context.id, finding.content)
        signer = self._seat.signer(view)
        digest = review_digest(self._seat.domain, view.epoch, context.id, verdict)
        own = await signer.asign(digest)
        proposal = ReviewProposal(
            epoch=view.epoch,
            request="0x" + context.id.hex(),
            outcome=verdict.outcome,
            score=verdict.score,
            digest="0x" + verdict.trail.hex(),
            trail=finding.trail.to_json() if finding.trail else None,
            proposer=signer.address,
            signature="0x" + own.hex(),
        )
        metrics = self._seat.metrics.peers
        canvass = Canvass(view, digest, own, lambda member: self._peers.review(member.endpoint, proposal), metrics)
        wanted = review_quorum(context.request.quorum, len(view.members))
        try:
            signatures = await canvass.until(wanted)
        finally:
            canvass.cancel()
        return assemble(view.epoch, signatures) if len(signatures) >= wanted else None

    async def _send(self, challenge: ChallengeContext, finding: Finding, attestation: Attestation) -> None:
        context = challenge.request
        recorded = context.recorded
        if recorded is None:
            return
        recording = Recording(context.request, recorded.verdict, recorded.by)
        callback_gas = 0 if finding.upholds else context.request.question.callback_gas
        try:
            await self._acts.review(recording, context, finding.verdict, attestation, callback_gas)
        except ContractRevertError as revert:
            log.warning("review_reverted", request=context.id.hex(), error=revert.name)
            if revert.name != "NotChallenged":
                self._seat.committee.forget()
                self._later(challenge, revert.name)
                return
        self._seat.metrics.reviews.labels("upheld" if finding.upholds else "corrected").inc()
        self._store.challenge_postponed(context.id, _SENT_S)
