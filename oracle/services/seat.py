"""What every service that acts as a member has: the seat in the committee."""

from __future__ import annotations

from dataclasses import dataclass, field

from oracle.core.digests import Domain, Domains
from oracle.core.errors import PeerError
from oracle.keys.keyring import Keyring
from oracle.keys.signer import AsyncSigner
from oracle.services.catalogue import Catalogue
from oracle.services.committee import Committee, CommitteeView
from oracle.services.head import ChainClock
from oracle.services.promises import Promises
from oracle.store.node_store import NodeStore
from oracle.telemetry.metrics import Metrics

#: How long what was sent may take to be mined and read.
SENT_S = 30.0


@dataclass(frozen=True, slots=True)
class Seat:
    """One operator's place: its deployment, store, committee, models and keys."""

    domains: Domains
    store: NodeStore
    committee: Committee
    catalogue: Catalogue
    keys: Keyring
    clock: ChainClock
    metrics: Metrics
    promises: Promises = field(default_factory=Promises)
    #: What is due sooner than that isn't answered any more: its verdict would be told, and might not be mined in time.
    answer_margin_s: int = 0

    @property
    def domain(self) -> Domain:
        """Assent's EIP-712 domain, under which reports are signed."""
        return self.domains.core

    @property
    def committee_domain(self) -> Domain:
        """The committee's, under which rulings are signed."""
        return self.domains.committee

    def answerable(self) -> int:
        """Return the earliest deadline (Unix seconds) by which an answer begun now can be on chain."""
        return self.clock.present() + self.answer_margin_s

    def sent_s(self) -> float:
        """Return how long what was sent, or what the contract has, may take to be in blocks that this node believes."""
        return SENT_S + self.clock.behind_s()

    def signer(self, view: CommitteeView) -> AsyncSigner:
        """Return the key that an epoch has as this node's. Raises PeerError if this node isn't one of these members."""
        attester = view.own_attester
        if attester is None:
            raise PeerError(f"this node has no part in this of epoch {view.epoch}")
        return self.keys.signer(attester)

    async def shared_view(self, epoch: int, proposer: str) -> CommitteeView:
        """Return the committee of an epoch that may sign now and that both a proposer and this node are members of.

        Raises PeerError otherwise: then nothing of a proposal is looked at. Raises EndpointError.
        """
        view = await self.committee.recent(epoch, self.clock.timestamp)
        if view is None or view.own_index is None or view.index_of(proposer) is None:
            raise PeerError(
                "proposer and this node must be members of the current epoch, or of the one before for a while"
            )
        return view
