"""Signs a peer's report if this node, by its own evaluation, can stand behind every verdict in it."""

from __future__ import annotations

import asyncio

import structlog

from oracle.core.canonical import canonical
from oracle.core.digests import LEAF_TYPES, Domain, leaf_values, recover, report_digest
from oracle.core.errors import AuditError, PeerError, Reason, RefusalError, VerdictMismatchError
from oracle.core.merkle import MerkleTree, leaf_hash
from oracle.core.trail import MAX_TRAIL_BYTES, Trail
from oracle.keys.signer import Signer
from oracle.peers.messages import Answer, Declined, Proposal, ProposedVerdict
from oracle.services.catalogue import Catalogue
from oracle.services.committee import Committee, CommitteeView
from oracle.services.trails import build_trail, judge
from oracle.store.node_store import NodeStore, RequestContext
from oracle.store.tables import Stage
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

_LOOK_AGAIN_S = 0.02


class Cosigner:
    """Answers peers' proposals."""

    def __init__(
        self,
        domain: Domain,
        store: NodeStore,
        committee: Committee,
        catalogue: Catalogue,
        signer: Signer,
        metrics: Metrics,
        wait_s: float,
    ) -> None:
        self._domain = domain
        self._store = store
        self._committee = committee
        self._catalogue = catalogue
        self._signer = signer
        self._metrics = metrics
        self._wait_s = wait_s

    async def answer(self, proposal: Proposal) -> Answer:
        """Return a signature over the report, or what is declined of it.

        Raises PeerError when the proposal isn't from a member of the current epoch, or this node isn't one: then nothing in it is
        looked at.
        """
        # Before anything is parsed: a stranger's proposal costs as little as can be.
        _must_be_of(await self._committee.view_at(proposal.epoch), proposal)
        trails = [_parse(item) for item in proposal.verdicts]
        digest = self._authenticate(proposal, trails)
        declined: list[Declined] = []
        # One wait for the whole report: its proposer doesn't wait for each verdict's in turn.
        give_up = asyncio.get_running_loop().time() + self._wait_s
        for item, trail in zip(proposal.verdicts, trails, strict=True):
            try:
                await self._judge(item, trail, proposal.proposer, give_up)
            except RefusalError as refusal:
                declined.append(Declined(request=item.request, reason=refusal.reason, message=str(refusal)[:500]))
                self._metrics.reports_declined.labels(refusal.reason).inc()
                log.warning(
                    "verdict_declined", request=item.request, peer=proposal.proposer, reason=refusal.reason.value
                )
        if declined:
            return Answer(declined=declined)
        # The copies are durable before the signature leaves: whoever signed can show what it signed.
        for item, trail in zip(proposal.verdicts, trails, strict=True):
            self._store.save_trail(trail.digest, bytes.fromhex(item.request[2:]), canonical(trail.to_json()))
        self._metrics.reports_signed.inc()
        return Answer(signature="0x" + self._signer.sign(digest).hex())

    def _authenticate(self, proposal: Proposal, trails: list[Trail]) -> bytes:
        leaves = [self._leaf(item, trail) for item, trail in zip(proposal.verdicts, trails, strict=True)]
        digest = report_digest(self._domain, proposal.epoch, len(leaves), MerkleTree(leaves).root)
        if recover(digest, bytes.fromhex(proposal.signature[2:])) != proposal.proposer:
            raise PeerError("the signature isn't the proposer's over this report")
        return digest

    @staticmethod
    def _leaf(item: ProposedVerdict, trail: Trail) -> bytes:
        commitment = bytes.fromhex(trail.request.commitment[2:])
        values = leaf_values(bytes.fromhex(item.request[2:]), commitment, item.verdict(trail.digest))
        return leaf_hash(LEAF_TYPES, values)

    async def _judge(self, item: ProposedVerdict, trail: Trail, proposer: str, give_up: float) -> None:
        context = await self._own_evaluation(bytes.fromhex(item.request[2:]), give_up)
        if trail.proposer != proposer:
            raise VerdictMismatchError(Reason.TRAIL_MISMATCH, "the trail names another proposer")
        package = self._catalogue.find(context.model).package
        own = build_trail(self._domain, context, package, proposer, trail.software)
        judge(own, trail, item.verdict(trail.digest), package, context.model.tolerance)

    async def _own_evaluation(self, request_id: bytes, give_up: float) -> RequestContext:
        """Return the request with this node's own evaluation, waiting a little for it: nodes see a block at different moments."""
        loop = asyncio.get_running_loop()
        while True:
            context = self._store.context(request_id)
            if context is not None and context.evaluation is not None and context.stage is Stage.EVALUATED:
                return context
            if context is not None and context.stage is not Stage.SEEN:
                report = self._store.report(request_id)
                reason = Reason(report.reason) if report and report.reason in set(Reason) else Reason.REQUEST_UNKNOWN
                raise RefusalError(reason, f"the request is {context.stage.value} at this node")
            if loop.time() >= give_up:
                raise RefusalError(Reason.NOT_READY, "this node hasn't evaluated the request yet")
            await asyncio.sleep(_LOOK_AGAIN_S)


def _must_be_of(view: CommitteeView, proposal: Proposal) -> None:
    if proposal.epoch != view.epoch or view.own_index is None or view.index_of(proposal.proposer) is None:
        raise PeerError("proposer and this node must be members of the current epoch")


def _parse(item: ProposedVerdict) -> Trail:
    try:
        trail = Trail.from_json(item.trail)
        size = len(canonical(trail.to_json()))
    except (AuditError, ValueError) as error:  # ValueError: a number that canonical JSON can't say
        raise PeerError(str(error)) from error
    if size > MAX_TRAIL_BYTES:
        raise PeerError(f"a trail has at most {MAX_TRAIL_BYTES} bytes")
    return trail
