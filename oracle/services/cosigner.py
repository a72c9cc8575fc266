"""Signs a peer's report if this node, by its own evaluation, can stand behind every verdict in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from oracle.core.digests import LEAF_TYPES, Digest, leaf_values, recover, report_digest
from oracle.core.errors import AuditError, PeerError, Reason, RefusalError, VerdictMismatchError
from oracle.core.merkle import MerkleTree, leaf_hash
from oracle.core.structs import Verdict, contradict
from oracle.core.trail import MAX_TRAIL_BYTES, Trail
from oracle.peers.messages import Answer, Declined, Proposal, ProposedVerdict
from oracle.services.committee import CommitteeView
from oracle.services.reports import pool_of
from oracle.services.seat import Seat
from oracle.services.trails import build_trail, judge
from oracle.store.node_store import Evidence, Report, ReportedVerdict, RequestContext
from oracle.store.tables import Stage

log = structlog.get_logger()

_LOOK_AGAIN_S = 0.05
#: So many reports with one request does a proposer get signed in such a time: each is kept, with its trails.
_MOST_REPORTS, _REPORTS_S = 16, 600


@dataclass(frozen=True, slots=True)
class _Item:
    """One verdict of a proposal, parsed."""

    request: bytes
    verdict: Verdict
    trail: Trail
    leaf: bytes


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A proposal, parsed and authentic."""

    view: CommitteeView
    proposer: str
    signature: bytes
    digest: Digest
    tree: MerkleTree
    items: tuple[_Item, ...]

    def evidence(self, item: _Item, attester: str, signature: bytes, at: int) -> Evidence:
        proof, count = tuple(self.tree.proof(item.leaf)), len(self.items)
        return Evidence(item.request, attester, item.verdict, self.view.epoch, count, proof, signature, at)


#: Requests of a proposal that this node has seen, by id.
_Known = dict[bytes, RequestContext]


class Cosigner:
    """Answers peers' proposals. ``wait_s`` is how long it waits for its own evaluations."""

    def __init__(self, seat: Seat, wait_s: float) -> None:
        self._seat = seat
        self._store = seat.store
        self._wait_s = wait_s
        self._signing: set[bytes] = set()

    async def answer(self, proposal: Proposal) -> Answer:
        """Return a signature over the report, or what is declined of it.

        Raises PeerError when the proposal isn't from a member of an epoch that may sign, or this node isn't one: then nothing in it is
        looked at.
        """
        # Before anything is parsed: a stranger's proposal costs as little as can be.
        view = await self._seat.shared_view(proposal.epoch, proposal.proposer)
        parsed = self._authenticate(view, proposal)
        # One wait for the whole report: its proposer doesn't wait for each verdict's in turn.
        known = await self._own_evaluations(parsed)
        declined = [
            self._declined(item, parsed.proposer, refusal) async for item, refusal in self._refusals(parsed, known)
        ]
        if declined:
            self._keep_proposers(parsed, known)
            return Answer(declined=declined)
        return await self._sign(parsed, known)

    async def _sign(self, parsed: _Parsed, known: _Known) -> Answer:
        """Sign, unless one of the verdicts is being signed for another proposal, which a remote signer may take its time for."""
        busy = RefusalError(Reason.NOT_READY, "the request is being signed for another proposal")
        refused = [(item, busy) for item in parsed.items if item.request in self._signing]
        # Looked at again: other proposals may have been signed since these verdicts were judged.
        if refused := refused or self._strays(parsed, known):
            self._keep_proposers(parsed, known)
            return Answer(declined=[self._declined(item, parsed.proposer, refusal) for item, refusal in refused])
        ids = {item.request for item in parsed.items}
        self._signing |= ids
        try:
            return await self._sign_and_keep(parsed, known)
        finally:
            self._signing -= ids

    async def _sign_and_keep(self, parsed: _Parsed, known: _Known) -> Answer:
        signer = self._seat.signer(parsed.view)
        try:
            signature = await signer.asign(parsed.digest)
        except BaseException:  # a shutdown, too
            self._keep_proposers(parsed, known)
            raise
        now = int(time.time())
        # All is durable before the signature leaves: whoever signed can show what it signed, and stays with it.
        with self._store.together():
            self._store.save_trails((item.verdict.trail, item.request, item.trail.content) for item in parsed.items)
            self._store.save_report(self._report(parsed, known, now))
            self._keep_proposers(parsed, known)
            self._keep_evidence(parsed, known, signer.address, signature, now)
        requests = (item.request for item in parsed.items)
        self._seat.promises.signed(requests, parsed.proposer, self._seat.clock.number)
        self._seat.metrics.reports_signed.inc()
        return Answer(signature="0x" + signature.hex())

    def _report(self, parsed: _Parsed, known: _Known, now: int) -> Report:
        root = parsed.tree.root
        verdicts = [
            ReportedVerdict(item.request, item.verdict, item.leaf, pool_of(root, known[item.request].request))
            for item in parsed.items
        ]
        return Report(root, parsed.view.epoch, parsed.proposer, tuple(verdicts), now)

    def _declined(self, item: _Item, proposer: str, refusal: RefusalError) -> Declined:
        request = "0x" + item.request.hex()
        self._seat.metrics.reports_declined.labels(refusal.reason).inc()
        log.warning("verdict_declined", request=request, peer=proposer, reason=refusal.reason.value)
        return Declined(request=request, reason=refusal.reason, message=str(refusal)[:500])

    def _keep_proposers(self, parsed: _Parsed, known: _Known) -> None:
        self._keep_evidence(parsed, known, parsed.proposer, parsed.signature, int(time.time()))

    def _keep_evidence(self, parsed: _Parsed, known: _Known, attester: str, signature: bytes, now: int) -> None:
        """Keep who signed what of the requests that this node knows, whether it signs them itself or not."""
        evidence, leeways = [], {}
        for item in parsed.items:
            context = known.get(item.request)
            if context is None or item.trail.request.commitment != "0x" + context.request.commitment.hex():
                continue  # not a verdict about the request: the contract wouldn't take it for one
            evidence.append(parsed.evidence(item, attester, signature, now))
            leeways[item.request] = context.model.leeway
        self._store.keep_evidence(evidence, leeways)

    # Parsing

    def _authenticate(self, view: CommitteeView, proposal: Proposal) -> _Parsed:
        items = tuple(_item(each) for each in proposal.verdicts)
        if len({item.request for item in items}) != len(items):
            raise PeerError("a request is in the proposal twice")
        tree = MerkleTree([item.leaf for item in items])
        digest = report_digest(self._seat.domain, proposal.epoch, len(items), tree.root)
        signature = bytes.fromhex(proposal.signature[2:])
        if recover(digest, signature) != proposal.proposer:
            raise PeerError("the signature isn't the proposer's over this report")
        return _Parsed(view, proposal.proposer, signature, digest, tree, items)

    # Judging

    async def _own_evaluations(self, parsed: _Parsed) -> _Known:
        """Return what this node knows of the requests, waiting a little for its evaluations: nodes see a block at different moments."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._wait_s
        ids = {item.request for item in parsed.items}
        waiting = ids
        while (waiting := waiting - self._store.worked_on(waiting)) and loop.time() < give_up:
            await asyncio.sleep(_LOOK_AGAIN_S)
        return self._store.contexts(ids)

    async def _refusals(self, parsed: _Parsed, known: _Known) -> AsyncIterator[tuple[_Item, RefusalError]]:
        """Yield each verdict that this node can't stand behind, and why."""
        ids = [item.request for item in parsed.items]
        reports = self._store.reports_by(parsed.proposer, ids, int(time.time()) - _REPORTS_S)
        others = {item.request: refusal for item, refusal in self._strays(parsed, known)}
        spent = RefusalError(Reason.PROPOSALS_SPENT, "this proposer had the request signed too often lately")
        others |= {each: spent for each, count in reports.items() if count >= _MOST_REPORTS}
        late = RefusalError(Reason.DEADLINE_NEAR, "its verdict might not be mined by the deadline any more")
        others |= {each: late for each, context in known.items() if context.request.deadline < self._seat.answerable()}
        for item in parsed.items:
            await asyncio.sleep(0)  # others are answered between two of very many
            try:
                self._judge(item, parsed, self._evaluated(known.get(item.request)))
            except RefusalError as refusal:
                yield item, refusal
            else:
                if item.request in others:
                    yield item, others[item.request]

    def _strays(self, parsed: _Parsed, known: _Known) -> list[tuple[_Item, RefusalError]]:
        """Return the verdicts that contradict one that this node signed, with whichever of its keys: its operator would be slashed."""
        signed = self._store.signed_by(self._seat.keys.addresses, [item.request for item in parsed.items])
        refusal = RefusalError(Reason.ALREADY_SIGNED, "this node signed another verdict of the request before")
        return [
            (item, refusal)
            for item in parsed.items
            if item.request in known
            and any(contradict(each, item.verdict, known[item.request].model.leeway) for each in signed[item.request])
        ]

    def _evaluated(self, context: RequestContext | None) -> RequestContext:
        if context is None or context.stage is Stage.SEEN:
            raise RefusalError(Reason.NOT_READY, "this node hasn't evaluated the request yet")
        if context.stage is not Stage.EVALUATED or context.evaluation is None:
            raise self._refusal(context)
        return context

    def _judge(self, item: _Item, parsed: _Parsed, context: RequestContext) -> None:
        if item.trail.proposer != parsed.proposer:
            raise VerdictMismatchError(Reason.TRAIL_MISMATCH, "the trail names another proposer")
        package = self._seat.catalogue.package(context.model)
        own = build_trail(self._seat.domain, context, package, parsed.proposer, item.trail.software)
        judge(own, item.trail, item.verdict, package, context.model.tolerance)

    def _refusal(self, context: RequestContext) -> RefusalError:
        if context.stage is Stage.ANCHORED:
            return RefusalError(Reason.ALREADY_ANCHORED, "the request is in a report whose root is on chain")
        report = self._store.report(context.id)
        reason = Reason(report.reason) if report and report.reason in set(Reason) else Reason.REQUEST_UNKNOWN
        return RefusalError(reason, f"the request is {context.stage.value} at this node")


def _item(proposed: ProposedVerdict) -> _Item:
    trail = parse_trail(proposed.trail)
    request, commitment = bytes.fromhex(proposed.request[2:]), bytes.fromhex(trail.request.commitment[2:])
    verdict = proposed.verdict(trail.digest)
    return _Item(request, verdict, trail, leaf_hash(LEAF_TYPES, leaf_values(request, commitment, verdict)))


def parse_trail(data: object) -> Trail:
    """Return a peer's trail. Raises PeerError when it isn't one, or too large."""
    try:
        trail = Trail.from_json(data)
        size = len(trail.content)
    except (AuditError, ValueError) as error:  # ValueError: a number that canonical JSON can't say
        raise PeerError(str(error)) from error
    if size > MAX_TRAIL_BYTES:
        raise PeerError(f"a trail has at most {MAX_TRAIL_BYTES} bytes")
    return trail


__all__ = ["Cosigner", "parse_trail"]
