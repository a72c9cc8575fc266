"""The committee as the chain has it now: members, their endpoints, and this node's place among them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import endpoint_errors

_SOONEST_REREAD_S = 1.0


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the epoch: who signs, whose it is, and where it answers."""

    index: int
    attester: str
    endpoint: str
    operator: str = ""


@dataclass(frozen=True, slots=True)
class CommitteeView:
    """One epoch's members, in the order of the signers' bitmap; times in Unix seconds.

    ``own_index`` is None if this node isn't one of them. ``signs_until`` is 0 while the epoch isn't over.
    """

    epoch: int
    members: tuple[Member, ...]
    own_index: int | None
    since: int = 0
    signs_until: int = 0

    @property
    def own_attester(self) -> str | None:
        """The address of this node's key that the epoch has, or None."""
        return None if self.own_index is None else self.members[self.own_index].attester

    def index_of(self, attester: str) -> int | None:
        """Return a member's place by its attester, or None."""
        return next((member.index for member in self.members if member.attester == attester), None)


class Committee:
    """Reads the committee from the chain and keeps it until told that it rotated.

    ``attesters`` are this node's: around a change of keys, the epoch decides which of them is a member.
    """

    def __init__(self, contract: AssentContract, attesters: Sequence[str]) -> None:
        self._contract = contract
        self._attesters = tuple(attesters)
        self._view: CommitteeView | None = None
        self._before: CommitteeView | None = None
        self._min_members = 0
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    @property
    def min_members(self) -> int:
        """The smallest committee that the policy allows, as last read."""
        return self._min_members

    def forget(self) -> None:
        """Read anew at the next use: the epoch rotated, or endpoints may have changed."""
        self._view = self._before = None

    async def view(self) -> CommitteeView:
        """Return the current epoch's committee. Raises EndpointError."""
        async with self._lock:
            if self._view is None:
                with endpoint_errors("committee"):
                    self._view = await self._read()
                self._read_at = asyncio.get_running_loop().time()
            return self._view

    async def recent(self, epoch: int, timestamp: int) -> CommitteeView | None:
        """Return an epoch's committee if it may sign at this time (Unix seconds): the current one, or for a while the one before.

        Read anew if a later epoch is spoken of; at most once a second, for anyone may speak. Raises EndpointError.
        """
        view = await self.view()
        if epoch > view.epoch and asyncio.get_running_loop().time() - self._read_at >= _SOONEST_REREAD_S:
            self.forget()
            view = await self.view()
        if epoch == view.epoch:
            return view if epoch else None
        if epoch == 0 or epoch + 1 != view.epoch:
            return None
        before = await self._before_current(epoch)
        return before if timestamp <= before.signs_until else None

    async def _before_current(self, epoch: int) -> CommitteeView:
        async with self._lock:
            if self._before is None or self._before.epoch != epoch:
                with endpoint_errors("committee"):
                    end = await self._contract.epoch_end(epoch).acall()
                    self._before = replace(await self._members(epoch, 0), signs_until=end.signs_until)
            return self._before

    async def _read(self) -> CommitteeView:
        epoch, policy = await asyncio.gather(
            self._contract.current_epoch().acall(), self._contract.current_policy().acall()
        )
        self._min_members = policy.min_members
        if epoch.number == 0:
            return CommitteeView(0, (), None)
        return await self._members(epoch.number, epoch.since)

    async def _members(self, epoch: int, since: int) -> CommitteeView:
        attesters = await self._contract.members_of(epoch).acall()
        members = await asyncio.gather(*(self._member(i, attester) for i, attester in enumerate(attesters)))
        own = next((index for index, attester in enumerate(attesters) if attester in self._attesters), None)
        return CommitteeView(epoch, tuple(members), own, since)

    async def _member(self, index: int, attester: str) -> Member:
        operator = await self._contract.operator_of(attester).acall()
        info = await self._contract.operator_info(operator).acall()
        return Member(index, attester, info.endpoint, operator)
