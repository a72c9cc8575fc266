"""Brings before the committee what proves an operator wrong by itself: its signatures of two verdicts that conflict."""

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
from oracle.core.structs import CLAIM_TIME_S, MAX_OPEN_S, Leeway, Testimony, contradict
from oracle.services.acts import Acts
from oracle.services.seat import Seat
from oracle.store.node_store import Evidence, RequestContext

log = structlog.get_logger()

#: Two signatures of one operator that no honest one would make both.
Pair = tuple[Evidence, Evidence]

#: Evidence is kept for so long beyond the last moment at which it may be needed.
_SPARE_S = 86_400
_TRY_AGAIN_S = 60.0
_PRUNE_EVERY_S = 3_600.0
#: So often is all evidence looked through for conflicts.
_COMPARE_EVERY_S = 10.0


class Punisher:
    """Punishes when the turn is this node's."""

    def __init__(self, contract: AssentContract, seat: Seat, acts: Acts, turn_blocks: int) -> None:
        self._contract = contract
        self._seat = seat
        self._store = seat.store
        self._acts = acts
        self._turn_blocks = turn_blocks
        #: By request and attester.
        self._tried: dict[tuple[bytes, str], float] = {}
        self._done: set[tuple[bytes, str]] = set()
        #: What took nothing, for there was nothing: tried again after a while, should there be a stake again.
        self._spent: set[tuple[bytes, str]] = set()
        #: By attester, which has one operator for ever.
        self._operators: dict[str, str] = {}
        self._conflicting: set[bytes] = set()
        #: How much evidence of a request was compared.
        self._compared: dict[bytes, int] = {}
        self._compared_at = float("-inf")
        self._pruned_at = time.monotonic()

    async def punish_due(self) -> None:
        """Send what is due. Raises EndpointError."""
        if time.monotonic() - self._compared_at >= _COMPARE_EVERY_S:
            self._compared_at = time.monotonic()
            await self._compare()
        for identity in [each for each in self._conflicting if await self._own_turn(each)]:
            await self._punish_conflicts(identity)
        await self._prune()

    async def _own_turn(self, identity: bytes) -> bool:
        view, head = await self._seat.committee.view(), self._seat.clock.number
        return view.own_index == turn(identity, head, self._turn_blocks, max(len(view.members), 1))

    def _unpunished(self, context: RequestContext, pairs: Sequence[Pair]) -> list[Pair]:
        """Leave out who was punished for this already, and this node itself."""
        own = self._seat.keys.addresses
        named = ((pair, (context.id, pair[0].attester)) for pair in pairs if pair[0].attester not in own)
        return [pair for pair, key in named if key not in self._done and key not in self._spent]

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
        left = self._unpunished(context, pairs) if context is not None else []
        if context is None or not left:
            self._conflicting.discard(identity)
            return
        for first, second in left:
            if self._may_try(context, first.attester):
                self._seat.metrics.conflicts.inc()
                await self._send(context, first, second)

    async def _conflicts(self, context: RequestContext) -> list[Pair]:
        signed = self._store.evidence(context.id)
        for attester in {each.attester for each in signed} - self._operators.keys():
            with endpoint_errors("eth_call"):
                self._operators[attester] = await self._contract.operator_of(attester).acall()
        return conflicts(signed, self._operators, context.model.leeway)

    def _may_try(self, context: RequestContext, attester: str) -> bool:
        now, key = time.monotonic(), (context.id, attester)
        if now - self._tried.get(key, float("-inf")) < _TRY_AGAIN_S:
            return False
        self._tried[key] = now
        return True

    async def _send(self, context: RequestContext, first: Evidence, second: Evidence) -> None:
        shown, key = {"request": context.id.hex(), "attester": first.attester}, (context.id, first.attester)
        both = testimony(context, first), testimony(context, second)
        try:
            await self._acts.punish_conflict(first.attester, context.agreement, context.model, *both)
        except ContractRevertError as revert:
            if revert.name == "AlreadyPunished":
                self._done.add(key)
            if revert.name == "NothingToTake":
                self._spent.add(key)
            log.info("punishment_reverted", **shown, error=revert.name)
            return
        self._seat.metrics.punishments.inc()
        log.warning("punishment_sent", **shown)

    async def _prune(self) -> None:
        """Forget what can't be needed any more: it was signed so long ago that its request has ended, and its signers' stakes, if they left
        then, are paid out.
        """
        if time.monotonic() - self._pruned_at < _PRUNE_EVERY_S:
            return
        terms = await self._seat.committee.terms()
        self._pruned_at = time.monotonic()
        self._spent.clear()
        self._compared.clear()
        before = int(time.time()) - MAX_OPEN_S - CLAIM_TIME_S - terms.unbonding - _SPARE_S
        self._store.prune_evidence(before)
        self._store.prune_reports(before)


def conflicts(signed: Sequence[Evidence], operators: Mapping[str, str], leeway: Leeway) -> list[Pair]:
    """Return for each operator two signatures over verdicts of a request that no honest one could have signed both, if there are.

    ``operators`` has whose each attester is: one operator may have signed with two keys.
    """
    by_operator: dict[str, list[Evidence]] = {}
    for each in signed:
        by_operator.setdefault(operators[each.attester], []).append(each)
    pairs = (combinations(own, 2) for own in by_operator.values())
    found = (
        next((pair for pair in each if contradict(pair[0].verdict, pair[1].verdict, leeway)), None) for each in pairs
    )
    return [pair for pair in found if pair is not None]


def testimony(context: RequestContext, evidence: Evidence) -> Testimony:
    """Return evidence as the contract takes it."""
    facts = (evidence.proof, evidence.epoch, evidence.count, evidence.signature)
    return Testimony(context.request, evidence.verdict, *facts)
