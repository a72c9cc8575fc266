"""The committee as the chain has it now: members, their endpoints, and this node's place among them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import endpoint_errors

_SOONEST_REREAD_S = 1.0


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the epoch."""

    index: int
    attester: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class CommitteeView:
    """One epoch's members, in the order of the signers' bitmap. ``own_index`` is None if this node isn't one of them."""

    epoch: int
    members: tuple[Member, ...]
    own_index: int | None

    def index_of(self, attester: str) -> int | None:
        """Return a member's place by its attester, or None."""
        return next((member.index for member in self.members if member.attester == attester), None)


class Committee:
    """Reads the committee from the chain and keeps it until told that it rotated."""

    def __init__(self, contract: AssentContract, attester: str) -> None:
        self._contract = contract
        self._attester = attester
        self._view: CommitteeView | None = None
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    def forget(self) -> None:
        """Read anew at the next use: the epoch rotated, or endpoints may have changed."""
        self._view = None

    async def view(self) -> CommitteeView:
        """Return the current epoch's committee. Raises EndpointError."""
        async with self._lock:
            if self._view is None:
                with endpoint_errors("committee"):
                    self._view = await self._read()
                self._read_at = asyncio.get_running_loop().time()
            return self._view

    async def view_at(self, epoch: int) -> CommitteeView:
        """Return the committee, read anew if a later epoch is spoken of; at most once a second, for anyone may speak."""
        view = await self.view()
        if epoch > view.epoch and asyncio.get_running_loop().time() - self._read_at >= _SOONEST_REREAD_S:
            self.forget()
            view = await self.view()
        return view

    async def _read(self) -> CommitteeView:
        epoch = await self._contract.current_epoch().acall()
        if epoch.number == 0:
            return CommitteeView(0, (), None)
        attesters = await self._contract.members_of(epoch.number).acall()
        members = await asyncio.gather(*(self._member(i, attester) for i, attester in enumerate(attesters)))
        own = attesters.index(self._attester) if self._attester in attesters else None
        return CommitteeView(epoch.number, tuple(members), own)

    async def _member(self, index: int, attester: str) -> Member:
        operator = await self._contract.operator_of(attester).acall()
        info = await self._contract.operator_info(operator).acall()
        return Member(index, attester, info.endpoint)
