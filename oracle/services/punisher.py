"""Brings before the contract what proves an operator wrong: signatures of a verdict that was corrected, or of two that conflict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import combinations

import structlog

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import endpoint_errors
from oracle.core.committee import turn
from oracle.core.errors import ContractRevertError
from oracle.core.structs import CLAIM_TIME_S, MAX_OPEN_S, ChallengeTerms, Reference, Testimony, contradict
from oracle.services.acts import Acts
from oracle.services.seat import Seat
from oracle.services.witnesses import Witnesses
from oracle.store.node_store import ChallengeContext, Evidence, RequestContext
from oracle.store.tables import ChallengeState

log = structlog.get_logger()

#: Evidence is kept for so long beyond the last moment at which it may be needed.
_SPARE_S = 86_400
_TRY_AGAIN_S = 60.0
_PRUNE_EVERY_S = 3_600.0
#: So often is all evidence looked through for conflicts.
_COMPARE_EVERY_S = 10.0


class Punisher:
    """Punishes when the turn is this node's."""

    def __init__(
        self, contract: AssentContract, seat: Seat, acts: Acts, witnesses: Witnesses, turn_blocks: int
    ) -> None:
        self._contract = contract
        self._seat = seat
        self._store = seat.store
        self._acts = acts
        self._witnesses = witnesses
        self._turn_blocks = turn_blocks
        self._terms: ChallengeTerms | None = None
        self._tried: dict[tuple[str, bytes, str], float] = {}
        self._done: set[tuple[str, bytes, str]] = set()
        #: What took nothing, for there was nothing: tried again after a while, should there be a stake again.
        self._spent: set[tuple[str, bytes, str]] = set()
        self._settled: set[bytes] = set()
        #: The corrected verdicts of which it was read who signed them on chain.
        self._read: set[bytes] = set()
        #: By attester, which has one operator for ever.
        self._operators: dict[str, str] = {}
        self._conflicting: set[bytes] = set()
        #: How much evidence of a request was compared.
        self._compared: dict[bytes, int] = {}
        self._compared_at = float("-inf")
        self._pruned_at = time.monotonic()

    async def punish_due(self) -> None:
        """Send what is due. Raises EndpointError."""
        open_ = self._store.challenges(ChallengeState.CORRECTED, lambda identity, _: identity not in self._settled)
        for challenge in open_:
            if await self._own_turn(challenge.request.id):
                await self._punish_corrected(challenge)
        if time.monotonic() - self._compared_at >= _COMPARE_EVERY_S:
            self._compared_at = time.monotonic()
            await self._compare()
        for identity in [each for each in self._conflicting if await self._own_turn(each)]:
            await self._punish_conflicts(identity)
        await self._prune()

    async def _own_turn(self, identity: bytes) -> bool:
        view, head = await self._seat.committee.view(), self._seat.clock.number
        return view.own_index == turn(identity, head, self._turn_blocks, max(len(view.members), 1))

    # Corrected verdicts

    async def _punish_corrected(self, challenge: ChallengeContext) -> None:
        context = challenge.request
        recorded = context.recorded
        if recorded is None:
            return
        if self._may_try("witnesses", context, ""):
            self._read.discard(context.id)
            signed = await self._witnesses.of(context, int(time.time()))
            self._store.keep_evidence(signed, {context.id: context.model.tolerance}, bounded=False)
            self._read.add(context.id)
        wrong = [
            each
            for each in self._store.evidence(context.id)
            if (each.verdict.outcome, each.verdict.score) == (recorded.verdict.outcome, recorded.verdict.score)
        ]
        left = False
        for each in self._unpunished("punish", context, wrong):
            left = True
            if self._may_try("punish", context, each.attester):
                await self._send("punish", context, each)
        if not left and context.id in self._read:
            self._settled.add(context.id)

    def _unpunished(self, kind: str, context: RequestContext, signed: Sequence[Evidence]) -> list[Evidence]:
        """Leave out who was punished for this already, and this node itself."""
        own = self._seat.keys.addresses
        named = ((each, (kind, context.id, each.attester)) for each in signed if each.attester not in own)
        return [each for each, key in named if key not in self._done and key not in self._spent]

    # Conflicting verdicts

    async def _compare(self) -> None:
        """Look for conflicts among what has more evidence than when it was looked at last: any member can make that much of it."""
        contested = self._store.contested()
        self._compared = {each: count for each, count in self._compared.items() if each in contested}
        for identity, count in contested.items():
            if self._compared.get(identity) == count:
                continue
            await asyncio.sleep(0)  # others have their turn between two of very many
            context = self._store.context(identity)
            if context is not None and await self._conflicts(context):
                self._conflicting.add(identity)
            self._compared[identity] = count

    async def _punish_conflicts(self, identity: bytes) -> None:
        context = self._store.context(identity)
        pairs = await self._conflicts(context) if context is not None else []
        left = [pair for pair in pairs if context and self._unpunished("punishConflict", context, pair[:1])]
        if context is None or not left:
            self._conflicting.discard(identity)
            return
        for first, second in left:
            if self._may_try("punishConflict", context, first.attester):
                self._seat.metrics.conflicts.inc()
                await self._send("punishConflict", context, first, second)

    async def _conflicts(self, context: RequestContext) -> list[tuple[Evidence, Evidence]]:
        signed = self._store.evidence(context.id)
        for attester in {each.attester for each in signed} - self._operators.keys():
            with endpoint_errors("eth_call"):
                self._operators[attester] = await self._contract.operator_of(attester).acall()
        return conflicts(signed, self._operators, context.model.tolerance)

    # Both

    def _may_try(self, kind: str, context: RequestContext, attester: str) -> bool:
        now, key = time.monotonic(), (kind, context.id, attester)
        if now - self._tried.get(key, float("-inf")) < _TRY_AGAIN_S:
            return False
        self._tried[key] = now
        return True

    async def _send(self, kind: str, context: RequestContext, first: Evidence, second: Evidence | None = None) -> None:
        shown = {"kind": kind, "request": context.id.hex(), "attester": first.attester}
        try:
            if second is None:
                await self._acts.punish(first.attester, testimony(context, first))
            else:
                named = Reference.to(context.agreement, context.request.use)
                both = testimony(context, first), testimony(context, second)
                await self._acts.punish_conflict(first.attester, named, context.model, *both)
        except ContractRevertError as revert:
            if revert.name == "AlreadyPunished":
                self._done.add((kind, context.id, first.attester))
            if revert.name == "NothingToSlash":
                self._spent.add((kind, context.id, first.attester))
            log.info("punishment_reverted", **shown, error=revert.name)
            return
        self._seat.metrics.punishments.labels(kind).inc()
        log.warning("punishment_sent", **shown)

    async def _prune(self) -> None:
        """Forget what can't be needed any more: it was signed so long ago that its request has ended, was claimed, and was reviewed, and
        once more after a review that nobody gave.
        """
        if time.monotonic() - self._pruned_at < _PRUNE_EVERY_S:
            return
        if self._terms is None:
            with endpoint_errors("eth_call"):
                self._terms = await self._contract.challenge_terms().acall()
        self._pruned_at = time.monotonic()
        for memory in (self._spent, self._settled, self._compared):
            memory.clear()
        open_s, contested_s = MAX_OPEN_S + CLAIM_TIME_S, self._terms.window + self._terms.review_time
        before = int(time.time()) - open_s - 2 * contested_s - _SPARE_S
        self._store.prune_evidence(before)
        self._store.prune_reports(before)


def conflicts(
    signed: Sequence[Evidence], operators: Mapping[str, str], tolerance_ppm: int
) -> list[tuple[Evidence, Evidence]]:
    """Return for each operator two signatures over verdicts of a request that no honest one could have signed both, if there are.

    ``operators`` has whose each attester is: one operator may have signed with two keys.
    """
    by_operator: dict[str, list[Evidence]] = {}
    for each in signed:
        by_operator.setdefault(operators[each.attester], []).append(each)
    pairs = (combinations(own, 2) for own in by_operator.values())
    found = (
        next((pair for pair in each if contradict(pair[0].verdict, pair[1].verdict, tolerance_ppm)), None)
        for each in pairs
    )
    return [pair for pair in found if pair is not None]


def testimony(context: RequestContext, evidence: Evidence) -> Testimony:
    """Return evidence as the contract takes it."""
    facts = (evidence.proof, evidence.epoch, evidence.count, evidence.signature)
    return Testimony(context.request, evidence.verdict, *facts)
