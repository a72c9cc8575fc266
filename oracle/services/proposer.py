"""When it is this node's turn: proposes reports, collects signatures, and hands the quorum's attestation to be sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

import oracle
from oracle.core import committee as turns
from oracle.core.errors import ContractRevertError, Reason
from oracle.core.structs import Answer, Attestation
from oracle.peers.client import PeerClient
from oracle.peers.messages import Proposal
from oracle.services.acts import DONE
from oracle.services.canvass import Canvass
from oracle.services.committee import CommitteeView
from oracle.services.proofs import Proofs
from oracle.services.reports import Draft, DraftReport, batches, fitting, regroup
from oracle.services.seat import Seat
from oracle.services.trails import build_trail
from oracle.store.node_store import RequestContext
from oracle.store.tables import Stage

log = structlog.get_logger()

SOFTWARE = f"assent/{oracle.__version__}"
_FIRST_RETRY_S, _LAST_RETRY_S = 1.0, 8.0
#: So many rounds' limits may be under way at once.
_ROUNDS_AT_ONCE = 4
#: A report is proposed so often, each time without what peers declined.
_MOST_PROPOSALS = 3


class Recorder(Protocol):
    """Whoever puts a quorum's report on chain. All methods raise ContractRevertError if the contract won't have it."""

    async def record(self, answer: Answer, attestation: Attestation) -> None:
        """Send the verdict of a report of one."""
        ...

    async def record_many(self, root: bytes, answers: Sequence[Answer], attestation: Attestation) -> None:
        """Send the verdicts of a report, in the order of its leaves."""
        ...

    async def anchor(self, root: bytes, count: int, currency: str, quorum: int, attestation: Attestation) -> None:
        """Send a report's root."""
        ...


class Proposer:
    """Proposes what is evaluated, as many verdicts a report as there are, when the turn is this node's."""

    def __init__(
        self, seat: Seat, peers: PeerClient, recorder: Recorder, proofs: Proofs, turn_blocks: int, report_max: int
    ) -> None:
        self._proofs = proofs
        self._seat = seat
        self._store = seat.store
        self._metrics = seat.metrics
        self._peers = peers
        self._recorder = recorder
        self._turn_blocks = turn_blocks
        self._report_max = report_max
        self._under_way: set[bytes] = set()

    async def propose_due(self, head: int, limit: int, spawn: Callable[..., object]) -> None:
        """Start proposals, through ``spawn(coroutine)``, of the evaluated requests whose turn it is at this head."""
        view = await self._seat.committee.view()
        if view.own_index is None:
            return

        promises = self._seat.promises

        def own_turn(request_id: bytes, block: int) -> bool:
            turn = turns.proposing_turn(block, head, self._turn_blocks, len(view.members))
            free = request_id not in self._under_way
            return turn == view.own_index and free and not promises.binds(request_id, head, self._turn_blocks)

        limit = max(limit, self._report_max)
        room = min(limit, _ROUNDS_AT_ONCE * limit - len(self._under_way))
        due = self._store.due(Stage.EVALUATED, self._seat.answerable(), max(room, 0), own_turn)
        for batch in batches(due, self._report_max):
            self._under_way.update(context.id for context in batch)
            spawn(self._propose(batch, view))

    async def _propose(self, batch: Sequence[RequestContext], view: CommitteeView) -> None:
        """Propose a batch. Who hasn't answered when it is sent is still waited for, to be counted; the batch is free before."""
        canvasses: list[Canvass] = []
        try:
            try:
                await self._propose_parts(batch, view, canvasses)
            except Exception as error:
                for context in batch:
                    self._postpone(context, Reason.NOT_READY, f"the proposal failed: {type(error).__name__}")
                raise
            finally:
                self._under_way.difference_update(context.id for context in batch)
            for canvass in canvasses:
                await canvass.rest()
                self._count(view, canvass)
        finally:
            for canvass in canvasses:
                canvass.cancel()

    async def _propose_parts(
        self, batch: Sequence[RequestContext], view: CommitteeView, canvasses: list[Canvass]
    ) -> None:
        drafts = [self._draft(context, view) for context in batch]
        for part in fitting(drafts):
            groups = [part]
            for _ in range(_MOST_PROPOSALS):
                groups = [rest for group in groups for rest in await self._propose_group(group, view, canvasses)]
            for draft in (draft for group in groups for draft in group):
                self._postpone(draft.context, Reason.NOT_READY, "peers don't agree on what to sign; asked again")

    def _draft(self, context: RequestContext, view: CommitteeView) -> Draft:
        package = self._seat.catalogue.package(context.model)
        own = view.own_attester or ""
        return Draft(context, build_trail(self._seat.domain, context, package, own, SOFTWARE))

    async def _propose_group(
        self, drafts: Sequence[Draft], view: CommitteeView, canvasses: list[Canvass]
    ) -> list[list[Draft]]:
        """Propose drafts as one report and send it; return what to propose again, in groups, if too few signed all of it."""
        report = DraftReport(self._seat.domain, view.epoch, drafts)
        canvass = await self._ask(report, view)
        canvasses.append(canvass)
        wanted = turns.signers_needed(report.quorum, len(view.members))
        signatures = await canvass.until(wanted)
        self._keep(report, view, canvass)
        if len(signatures) >= wanted:
            await self._send(report, turns.assemble(view.epoch, signatures))
            return []
        for draft in report.drafts:
            if draft.context.id in canvass.anchored:
                await self._proofs.fetch(draft.context, canvass.anchored[draft.context.id])
        return self._left(report, canvass, wanted)

    async def _ask(self, report: DraftReport, view: CommitteeView) -> Canvass:
        signer = self._seat.signer(view)
        own = await signer.asign(report.digest)
        now = int(time.time())
        # What this node signs, it can show, and stays with: before anyone has it. A verdict on chain whose trail nobody has is worthless.
        with self._store.together():
            self._store.save_trails(
                (draft.verdict.trail, draft.context.id, draft.trail.content) for draft in report.drafts
            )
            self._store.keep_evidence(report.evidence(signer.address, own, now), report.leeways)
            self._store.save_report(report.kept(signer.address, now))
        proposal = Proposal(
            epoch=report.epoch,
            verdicts=[draft.proposed() for draft in report.drafts],
            proposer=signer.address,
            signature="0x" + own.hex(),
        )
        self._metrics.reports_proposed.inc()
        return Canvass(
            view, report.digest, own, lambda member: self._peers.propose(member.endpoint, proposal), self._metrics.peers
        )

    def _keep(self, report: DraftReport, view: CommitteeView, canvass: Canvass) -> None:
        now = int(time.time())
        signed = {view.members[index].attester: signature for index, signature in canvass.signatures.items()}
        evidence = (report.evidence(attester, signature, now) for attester, signature in signed.items())
        self._store.keep_evidence([each for some in evidence for each in some], report.leeways)

    def _left(self, report: DraftReport, canvass: Canvass, wanted: int) -> list[list[Draft]]:
        by_id = {draft.context.id: draft for draft in report.drafts}
        groups = regroup(report.ids, canvass.declined, wanted)
        if len(groups) == 1 and len(groups[0]) == len(by_id):
            groups = []  # it wasn't for what they decline: too few answered
        kept = {identity for group in groups for identity in group}
        left_out = [draft for identity, draft in by_id.items() if identity not in kept]
        for draft in left_out:
            self._postpone(draft.context, Reason.NOT_READY, "too few peers signed; asked again")
            log.warning("quorum_missed", request=draft.context.id.hex(), wanted=wanted)
        if kept:
            self._metrics.verdicts_left_out.inc(len(left_out))
        return [[by_id[identity] for identity in group] for group in groups]

    async def _send(self, report: DraftReport, attestation: Attestation) -> None:
        shown = {"root": report.root.hex(), "verdicts": len(report.drafts)}
        log.info("quorum_reached", **shown, signers=turns.members_of(attestation.signers))
        self._metrics.report_size.observe(len(report.drafts))
        try:
            if report.anchored:
                count = len(report.drafts)
                await self._recorder.anchor(report.root, count, report.currency, report.quorum, attestation)
            elif len(report.drafts) == 1:
                await self._recorder.record(report.answers[0], attestation)
            else:
                await self._recorder.record_many(report.root, report.answers, attestation)
        except ContractRevertError as revert:
            self._reverted(report, revert)
            return
        self._store.all_postponed(report.ids, self._seat.sent_s(), "sent", "the verdict is sent; it isn't final yet")

    def _reverted(self, report: DraftReport, revert: ContractRevertError) -> None:
        if revert.name in DONE:
            self._store.all_postponed(
                report.ids, self._seat.sent_s(), "sent", "the request has ended; that isn't final yet"
            )
            return
        if revert.name in ("EpochStale", "QuorumMismatch", "SignerMismatch", "SignerUnknown"):
            self._seat.committee.forget()
        for draft in report.drafts:
            self._postpone(draft.context, revert.name, str(revert))
        log.warning("report_reverted", root=report.root.hex(), error=revert.name)

    def _postpone(self, context: RequestContext, reason: str, message: str) -> None:
        delay_s = min(_FIRST_RETRY_S * 2 ** min(context.attempts, 16), _LAST_RETRY_S)
        self._store.postponed(context.id, delay_s, reason, message)

    def _count(self, view: CommitteeView, canvass: Canvass) -> None:
        with self._store.together():
            for index in (*canvass.declined, *canvass.silent):
                attester = view.members[index].attester
                counts = self._store.count_answer(attester, index in canvass.silent)
                self._metrics.peers.counted(attester, missing=index in canvass.silent, in_a_row=counts.in_a_row)
