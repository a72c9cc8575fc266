"""Puts members that don't answer out of the set, when a supermajority has the same experience with them."""

from __future__ import annotations

import time

import structlog

from oracle.core.committee import assemble, supermajority, turn
from oracle.core.digests import Digest, jailing, recover, typed_data_digest
from oracle.core.errors import ContractRevertError, PeerError, Reason
from oracle.core.keccak import keccak
from oracle.peers.client import PeerClient
from oracle.peers.messages import Answer, Declined, JailingProposal
from oracle.services.acts import Acts
from oracle.services.canvass import Canvass
from oracle.services.committee import CommitteeView, Member
from oracle.services.seat import Seat

log = structlog.get_logger()

_VALID_S = 600
_LONGEST_S = 3_600
_RETRY_BLOCKS = 20
_NO_REQUEST = "0x" + "00" * 32


class Jailer:
    """Proposes jailings and answers peers' ones. ``jail_after`` is how many answers in a row may be missing; with 0 nobody is jailed."""

    def __init__(self, seat: Seat, peers: PeerClient, acts: Acts, turn_blocks: int, jail_after: int) -> None:
        self._seat = seat
        self._peers = peers
        self._acts = acts
        self._turn_blocks = turn_blocks
        self._jail_after = jail_after
        self._tried: dict[str, int] = {}
        self._epoch = -1

    async def jail_due(self) -> None:
        """Propose the jailing of each member that missed too many proposals, when the turn is this node's. Raises EndpointError."""
        view = await self._seat.committee.view()
        if view.epoch != self._epoch:
            self._epoch = view.epoch
            self._seat.store.forgive([member.attester for member in view.members])
        enough_left = len(view.members) > self._seat.committee.min_members
        if self._jail_after == 0 or view.own_index is None or not enough_left:
            return
        for member in view.members:
            if member.index != view.own_index and self._is_absent(member) and self._own_turn(member, view):
                await self._jail(member, view)

    def _is_absent(self, member: Member) -> bool:
        return 0 < self._jail_after < self._seat.store.misses_of(member.attester)

    def _own_turn(self, member: Member, view: CommitteeView) -> bool:
        head = self._seat.clock.number
        if head - self._tried.get(member.attester, -_RETRY_BLOCKS) < _RETRY_BLOCKS:
            return False
        return turn(keccak(member.attester.encode()), head, self._turn_blocks, len(view.members)) == view.own_index

    async def _jail(self, member: Member, view: CommitteeView) -> None:
        self._tried[member.attester] = self._seat.clock.number
        deadline = max(self._seat.clock.timestamp, int(time.time())) + _VALID_S
        digest = self._digest(view.epoch, member.operator, deadline)
        signer = self._seat.signer(view)
        own = await signer.asign(digest)
        proposal = JailingProposal(
            epoch=view.epoch,
            operator=member.operator,
            deadline=deadline,
            proposer=signer.address,
            signature="0x" + own.hex(),
        )
        metrics = self._seat.metrics.peers
        canvass = Canvass(view, digest, own, lambda peer: self._peers.jail(peer.endpoint, proposal), metrics)
        try:
            wanted = supermajority(len(view.members))
            signatures = await canvass.until(wanted)
        finally:
            canvass.cancel()
        if len(signatures) < wanted:
            self._ended(member, "too_few_signed")
            return
        try:
            await self._acts.jail(member.operator, deadline, assemble(view.epoch, signatures))
        except ContractRevertError as revert:
            self._ended(member, revert.name)
            return
        self._ended(member, "sent")

    def _ended(self, member: Member, end: str) -> None:
        self._seat.metrics.jailings.labels(end).inc()
        log.warning("jailing", operator=member.operator, end=end)

    def _digest(self, epoch: int, operator: str, deadline: int) -> Digest:
        return typed_data_digest(jailing(self._seat.domain, epoch, operator, deadline))

    async def answer(self, proposal: JailingProposal) -> Answer:
        """Sign if this node has missed the member's answers as often. Raises PeerError when the proposal isn't a member's own."""
        view = await self._seat.shared_view(proposal.epoch, proposal.proposer)
        digest = self._digest(proposal.epoch, proposal.operator, proposal.deadline)
        if recover(digest, bytes.fromhex(proposal.signature[2:])) != proposal.proposer:
            raise PeerError("the signature isn't the proposer's over this jailing")
        if proposal.deadline > max(self._seat.clock.timestamp, int(time.time())) + _LONGEST_S:
            raise PeerError(f"a jailing is valid for at most {_LONGEST_S} s")
        member = next((each for each in view.members if each.operator == proposal.operator), None)
        if member is None or not self._is_absent(member):
            self._seat.metrics.reviews_declined.labels(Reason.MISSES_TOO_FEW).inc()
            message = "that operator answers this node, or did lately"
            return Answer(declined=[Declined(request=_NO_REQUEST, reason=Reason.MISSES_TOO_FEW, message=message)])
        signature = await self._seat.signer(view).asign(digest)
        return Answer(signature="0x" + signature.hex())
