"""When it is this node's turn: proposes a report, collects signatures, and hands the quorum's attestation to be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

import oracle
from oracle.core import committee as turns
from oracle.core.canonical import canonical
from oracle.core.digests import LEAF_TYPES, Domain, leaf_values, recover, report_digest
from oracle.core.errors import AssentError, ContractRevertError, Reason
from oracle.core.merkle import MerkleTree, leaf_hash
from oracle.core.structs import Attestation, Request, Verdict
from oracle.core.trail import Trail
from oracle.keys.signer import Signer
from oracle.peers.client import PeerClient
from oracle.peers.messages import Answer, Proposal, ProposedVerdict
from oracle.services.catalogue import Catalogue
from oracle.services.committee import Committee, CommitteeView, Member
from oracle.services.trails import build_trail
from oracle.store.node_store import NodeStore, RequestContext
from oracle.store.tables import Stage
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

SOFTWARE = f"assent/{oracle.__version__}"
_FIRST_RETRY_S, _LAST_RETRY_S = 1.0, 8.0
#: How long a verdict that was sent, or that the contract has, may take to be in blocks that this node believes.
_SENT_S = 30.0
#: So many rounds' limits may be under way at once.
_ROUNDS_AT_ONCE = 4


class Recorder(Protocol):
    """Whoever puts a quorum's verdict on chain."""

    async def record(self, request: Request, verdict: Verdict, attestation: Attestation) -> None:
        """Send the verdict. Raises ContractRevertError if the contract won't have it."""
        ...


class Proposer:
    """Proposes what is evaluated, one report a request, when the turn is this node's."""

    def __init__(
        self,
        domain: Domain,
        store: NodeStore,
        committee: Committee,
        catalogue: Catalogue,
        peers: PeerClient,
        signer: Signer,
        recorder: Recorder,
        metrics: Metrics,
        turn_blocks: int,
    ) -> None:
        self._domain = domain
        self._store = store
        self._committee = committee
        self._catalogue = catalogue
        self._peers = peers
        self._signer = signer
        self._recorder = recorder
        self._metrics = metrics
        self._turn_blocks = turn_blocks
        self._under_way: set[bytes] = set()

    async def propose_due(self, head: int, limit: int, spawn: Callable[..., object]) -> None:
        """Start a proposal, through ``spawn(coroutine)``, for each evaluated request whose turn it is at this head."""
        view = await self._committee.view()
        if view.own_index is None:
            return

        def own_turn(request_id: bytes, block: int) -> bool:
            turn = turns.turn(request_id, head - block, self._turn_blocks, len(view.members))
            return turn == view.own_index and request_id not in self._under_way

        room = min(limit, _ROUNDS_AT_ONCE * limit - len(self._under_way))
        for context in self._store.due(Stage.EVALUATED, max(room, 0), own_turn):
            self._under_way.add(context.id)
            spawn(self._propose(context, view))

    async def _propose(self, context: RequestContext, view: CommitteeView) -> None:
        try:
            await self._propose_once(context, view)
        except Exception as error:
            self._postpone(context, Reason.NOT_READY, f"the proposal failed: {type(error).__name__}")
            raise
        finally:
            self._under_way.discard(context.id)

    async def _propose_once(self, context: RequestContext, view: CommitteeView) -> None:
        trail, verdict, digest, own = self._report(context, view)
        # Kept before anyone can have signed it: a verdict on chain whose trail nobody has would be worthless.
        self._store.save_trail(verdict.trail, context.id, canonical(trail.to_json()))
        proposal = Proposal(
            epoch=view.epoch,
            verdicts=[
                ProposedVerdict(
                    request="0x" + context.id.hex(), outcome=verdict.outcome, score=verdict.score, trail=trail.to_json()
                )
            ],
            proposer=self._signer.address,
            signature="0x" + own.hex(),
        )
        self._metrics.reports_proposed.inc()
        signatures = await self._collect(proposal, digest, view, context.request.quorum, own)
        if len(signatures) < context.request.quorum:
            self._postpone(context, Reason.NOT_READY, "too few peers signed; asked again")
            log.warning(
                "quorum_missed", request=context.id.hex(), signed=len(signatures), wanted=context.request.quorum
            )
            return
        attestation = turns.assemble(view.epoch, signatures)
        log.info("quorum_reached", request=context.id.hex(), signers=list(signatures))
        try:
            await self._recorder.record(context.request, verdict, attestation)
        except ContractRevertError as revert:
            self._reverted(context, revert)
        else:
            self._store.postponed(context.id, _SENT_S, "sent", "the verdict is sent; it isn't final yet")

    def _postpone(self, context: RequestContext, reason: str, message: str) -> None:
        delay_s = min(_FIRST_RETRY_S * 2 ** min(context.attempts, 16), _LAST_RETRY_S)
        self._store.postponed(context.id, delay_s, reason, message)

    def _report(self, context: RequestContext, view: CommitteeView) -> tuple[Trail, Verdict, bytes, bytes]:
        package = self._catalogue.find(context.model).package
        trail = build_trail(self._domain, context, package, self._signer.address, SOFTWARE)
        verdict = Verdict(trail.output.outcome, trail.output.score_ppm, trail.digest)
        leaf = leaf_hash(LEAF_TYPES, leaf_values(context.id, context.request.commitment, verdict))
        digest = report_digest(self._domain, view.epoch, 1, MerkleTree([leaf]).root)
        return trail, verdict, digest, self._signer.sign(digest)

    async def _collect(
        self, proposal: Proposal, digest: bytes, view: CommitteeView, quorum: int, own: bytes
    ) -> dict[int, bytes]:
        """Ask all peers at once and stop at the quorum: a signature more costs gas and buys nothing."""
        if view.own_index is None:
            return {}
        signatures = {view.own_index: own}
        asks = [
            asyncio.create_task(self._ask(member, proposal, digest))
            for member in view.members
            if member.index != view.own_index
        ]
        try:
            for ask in asyncio.as_completed(asks):
                index, signature = await ask
                if signature is not None:
                    signatures[index] = signature
                if len(signatures) >= quorum:
                    break
        finally:
            for ask in asks:
                ask.cancel()
        return signatures

    async def _ask(self, member: Member, proposal: Proposal, digest: bytes) -> tuple[int, bytes | None]:
        try:
            answer = await self._peers.propose(member.endpoint, proposal)
        except AssentError as error:
            log.warning("peer_failed", peer=member.attester, error=str(error))
            return member.index, None
        except Exception as error:
            # An endpoint is a stranger's text, and so is what it answers: whatever comes of it, only that peer is lost.
            log.warning("peer_failed", peer=member.attester, error=type(error).__name__)
            return member.index, None
        return member.index, self._valid_signature(member, answer, digest)

    def _valid_signature(self, member: Member, answer: Answer, digest: bytes) -> bytes | None:
        for declined in answer.declined:
            log.warning("peer_declined", peer=member.attester, request=declined.request, reason=declined.reason.value)
        if answer.signature is None:
            return None
        signature = bytes.fromhex(answer.signature[2:])
        if recover(digest, signature) != member.attester:
            log.warning("peer_signature_wrong", peer=member.attester)
            return None
        return signature

    def _reverted(self, context: RequestContext, revert: ContractRevertError) -> None:
        if revert.name == "RequestNotOpen":  # somebody else's report came first: as good as ours
            self._store.postponed(context.id, _SENT_S, "sent", "the request has ended; that isn't final yet")
            return
        if revert.name == "EpochStale":
            self._committee.forget()
        self._postpone(context, revert.name, str(revert))
        log.warning("record_reverted", request=context.id.hex(), error=revert.name)
