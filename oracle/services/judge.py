"""Judges challenged verdicts that this node didn't sign: evaluates anew, proposes what it found, and ends cases that are due."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from oracle.core.committee import turn
from oracle.core.digests import ruling_digest
from oracle.core.errors import AssentError, ChainError, ContractRevertError, RefusalError
from oracle.core.structs import Recording
from oracle.peers.client import PeerClient
from oracle.peers.messages import RulingProposal
from oracle.services.acts import Acts
from oracle.services.arbiters import Arbiters
from oracle.services.canvass import Canvass
from oracle.services.committee import Bench
from oracle.services.evaluator import Evaluator
from oracle.services.findings import Finding, find
from oracle.services.proposer import SOFTWARE
from oracle.services.seat import Seat
from oracle.store.node_store import CaseContext, RequestContext
from oracle.store.tables import CaseState

log = structlog.get_logger()

_FIRST_RETRY_S, _LAST_RETRY_S, _SENT_S = 1.0, 15.0, 30.0
#: So often is the vault asked before an operator goes by what it found when the request was made.
_MOST_ASKS = 3


class Judge:
    """What this node does about challenged verdicts."""

    def __init__(
        self,
        seat: Seat,
        evaluator: Evaluator,
        peers: PeerClient,
        acts: Acts,
        turn_blocks: int,
        arbiters: Arbiters,
    ) -> None:
        self._seat = seat
        self._store = seat.store
        self._evaluator = evaluator
        self._peers = peers
        self._acts = acts
        self._turn_blocks = turn_blocks
        self._arbiters = arbiters
        self._under_way: set[bytes] = set()
        #: Cases that aren't this node's to judge, and when that is looked at again, by the monotonic clock.
        self._elsewhere: dict[bytes, float] = {}

    # Evaluating

    async def evaluate_due(self) -> int:
        """Evaluate anew what this node may judge; return how many got an evaluation. One that fails doesn't stop the others."""
        done, now = 0, time.monotonic()
        self._elsewhere = {each: until for each, until in self._elsewhere.items() if until > now}
        for case in self._store.cases(CaseState.OPEN, evaluated=False):
            open_ = case.judged is None and case.until >= self._seat.clock.timestamp
            if open_ and case.request.id not in self._elsewhere and self._may_judge(case):
                done += await self._evaluate(case)
        return done

    def _may_judge(self, case: CaseContext) -> bool:
        """An arbiter that this node's operator doesn't know could overrule any judge, and take a penalty from it."""
        return self._arbiters.may_serve(case.request.model)

    async def _evaluate(self, case: CaseContext) -> int:
        context = case.request
        try:
            bench = await self._bench(case)
            if bench.own_attester is None:
                # Not put off in the store: this node may be the one to close the case. Its stake may become whole again.
                self._elsewhere[context.id] = time.monotonic() + _SENT_S
                return 0
            evaluation = await self._evaluator.anew(context, bench)
        except (RefusalError, ChainError) as error:
            if case.attempts + 1 < _MOST_ASKS or context.evaluation is None or isinstance(error, ChainError):
                self._later(case, type(error).__name__)
                return 0
            log.warning("judged_from_memory", request=context.id.hex(), error=type(error).__name__)
            evaluation = context.evaluation
        except Exception as error:  # its text may quote a field: only its kind is told
            self._later(case, type(error).__name__)
            return 0
        self._store.reevaluated(context.id, evaluation)
        return 1

    async def _bench(self, case: CaseContext) -> Bench:
        return await self._seat.committee.bench(_recording(case.request).by)

    def _later(self, case: CaseContext, why: str) -> None:
        delay_s = min(_FIRST_RETRY_S * 2 ** min(case.attempts, 8), _LAST_RETRY_S)
        self._store.case_postponed(case.request.id, delay_s)
        log.warning("judging_postponed", request=case.request.id.hex(), reason=why)

    # Proposing and closing

    async def judge_due(self, spawn: Callable[..., object]) -> None:
        """Propose a ruling, through ``spawn(coroutine)``, for each case whose turn it is; close what is over. Raises EndpointError."""
        terms, now = await self._seat.committee.terms(), self._seat.clock.timestamp
        for case in self._store.cases(CaseState.OPEN):
            identity = case.request.id
            if case.closable_after(terms.ruling_time) < now:
                if await self._may_close(case):
                    await self._close(case)
            elif case.judged is None and case.until >= now and case.evaluation and identity not in self._under_way:
                bench = await self._bench(case)
                due = bench.own_turn is not None and self._turn(case, len(bench.members)) == bench.own_turn
                if due and self._may_judge(case):
                    self._under_way.add(identity)
                    spawn(self._judge(case, bench))

    async def _may_close(self, case: CaseContext) -> bool:
        """Whether it is this node's turn: whoever was on the roll has one, for there may be few judges, and those away."""
        bench = await self._bench(case)
        return bench.roll_index is not None and self._turn(case, bench.size) == bench.roll_index

    def _turn(self, case: CaseContext, size: int) -> int:
        waited = self._seat.clock.number - case.block
        return turn(case.request.id, waited, self._turn_blocks, size)

    async def _close(self, case: CaseContext) -> None:
        recording = _recording(case.request)
        # Of a case on which nobody found anything, the verdict has no meaning.
        found = case.judged.verdict if case.judged else recording.verdict
        corrects = case.judged is not None and not case.judged.stands
        try:
            await self._acts.close_case(recording, found, _callback_gas(case.request) if corrects else 0)
        except ContractRevertError as revert:
            log.info("closing_reverted", request=case.request.id.hex(), error=revert.name)
        self._store.case_postponed(case.request.id, _SENT_S)

    async def _judge(self, case: CaseContext, bench: Bench) -> None:
        identity = case.request.id
        try:
            finding = find(self._seat, case, bench.own_attester or "", SOFTWARE)
            signatures = await self._collect(case, finding, bench)
            if len(signatures) < bench.wanted:
                self._later(case, "too few signed")
            else:
                await self._send(case, finding, signatures)
        except AssentError:
            self._later(case, "failed")
            raise
        finally:
            self._under_way.discard(identity)

    async def _collect(self, case: CaseContext, finding: Finding, bench: Bench) -> dict[int, bytes]:
        context, verdict = case.request, finding.verdict
        if finding.trail is not None:
            # Kept before anyone can have signed it, as a report's trails are.
            self._store.save_trail(verdict.trail, context.id, finding.content)
        signer = self._seat.signer(bench)
        digest = ruling_digest(self._seat.committee_domain, bench.epoch, context.id, finding.upholds, verdict)
        own = await signer.asign(digest)
        proposal = RulingProposal(
            epoch=bench.epoch,
            request="0x" + context.id.hex(),
            stands=finding.upholds,
            outcome=verdict.outcome,
            score=verdict.score,
            digest="0x" + verdict.trail.hex(),
            trail=finding.trail.to_json() if finding.trail else None,
            proposer=signer.address,
            signature="0x" + own.hex(),
        )
        metrics = self._seat.metrics.peers
        canvass = Canvass(bench, digest, own, lambda member: self._peers.rule(member.endpoint, proposal), metrics)
        try:
            return await canvass.until(bench.wanted)
        finally:
            canvass.cancel()

    async def _send(self, case: CaseContext, finding: Finding, signatures: dict[int, bytes]) -> None:
        context = case.request
        judges = sum(1 << index for index in signatures)
        ordered = b"".join(signatures[index] for index in sorted(signatures))
        # With an arbiter the verdict changes later, when the case is closed.
        corrects = not finding.upholds and not self._arbiters.named_by(context.model)
        gas = _callback_gas(context) if corrects else 0
        try:
            await self._acts.judge(_recording(context), finding.verdict, finding.upholds, judges, ordered, gas)
        except ContractRevertError as revert:
            log.warning("judging_reverted", request=context.id.hex(), error=revert.name)
            if revert.name != "NotUnderReview":
                self._later(case, revert.name)
                return
        self._seat.metrics.rulings.labels("stands" if finding.upholds else "false").inc()
        self._store.case_postponed(context.id, _SENT_S)


def _recording(context: RequestContext) -> Recording:
    """Return a challenged verdict as it was recorded: a case's request has one."""
    assert context.recorded is not None  # noqa: S101  a case without one isn't read
    return Recording(context.request, context.recorded.verdict, context.recorded.by)


def _callback_gas(context: RequestContext) -> int:
    return context.request.question.callback_gas
