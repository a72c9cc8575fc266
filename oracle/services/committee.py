"""The committee as the chain has it now: seats and reserve, their endpoints, this node's place, and who judges a challenged verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import endpoint_errors
from oracle.core.committee import members_of
from oracle.core.structs import CommitteeTerms, Signers

_SOONEST_REREAD_S = 1.0
#: Of a bench only stakes, keys and endpoints change, and rarely.
_BENCH_S = 10.0


@dataclass(frozen=True, slots=True)
class Member:
    """One operator of an epoch's roll: its place there, its key, whose it is, and where it answers."""

    index: int
    attester: str
    endpoint: str
    operator: str = ""


@dataclass(frozen=True, slots=True)
class CommitteeView:
    """Members who sign one thing together, in ascending order of their places on the epoch's roll; times in Unix seconds.

    Of a report they are the epoch's seats, and ``reserve`` are the attesters of the rest of the roll. ``own_index`` is None if this node
    isn't one of them, ``reserve_index`` if it isn't in the reserve. ``signs_until`` is 0 while the epoch isn't over.
    """

    epoch: int
    members: tuple[Member, ...]
    own_index: int | None
    since: int = 0
    signs_until: int = 0
    reserve: tuple[str, ...] = ()
    reserve_index: int | None = None

    @property
    def own_attester(self) -> str | None:
        """The address of this node's key that the epoch has, or None."""
        return next((member.attester for member in self.members if member.index == self.own_index), None)

    @property
    def own_turn(self) -> int | None:
        """This node's place among the members, counted from 0, or None."""
        return next((place for place, member in enumerate(self.members) if member.index == self.own_index), None)

    @property
    def own_place(self) -> int | None:
        """This node's place on the whole roll, or None."""
        return self.own_index if self.reserve_index is None else len(self.members) + self.reserve_index

    @property
    def roll_size(self) -> int:
        """How many are on the roll."""
        return len(self.members) + len(self.reserve)

    def index_of(self, attester: str) -> int | None:
        """Return a member's index by its attester, or None."""
        return next((member.index for member in self.members if member.attester == attester), None)


@dataclass(frozen=True, slots=True)
class Bench(CommitteeView):
    """Who may judge a verdict: all of its epoch's roll who didn't sign it and have a penalty's worth at stake; ``wanted`` decide.

    The roll has ``size`` operators; ``roll_index`` is this node's place on it, whether or not it may judge.
    """

    wanted: int = 0
    size: int = 0
    roll_index: int | None = None


class Committee:
    """Reads the committee from the chain and keeps it until told that it changed.

    ``attesters`` are this node's: around a change of keys, the epoch decides which of them is a member.
    """

    def __init__(self, contract: AssentContract, attesters: Sequence[str]) -> None:
        self._contract = contract
        self._attesters = tuple(attesters)
        self._view: CommitteeView | None = None
        self._before: CommitteeView | None = None
        self._terms: CommitteeTerms | None = None
        #: Benches, and when they were read by the loop's clock.
        self._benches: dict[Signers, tuple[float, Bench]] = {}
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    def forget(self) -> None:
        """Read anew at the next use: an epoch began, or endpoints may have changed."""
        self._view = self._before = None

    async def terms(self) -> CommitteeTerms:
        """Return what the committee goes by. Raises EndpointError."""
        if self._terms is None:
            with endpoint_errors("committee"):
                self._terms = await self._contract.committee_terms().acall()
        return self._terms

    async def view(self) -> CommitteeView:
        """Return the current epoch's seats. Raises EndpointError."""
        async with self._lock:
            if self._view is None:
                with endpoint_errors("committee"):
                    self._view = await self._read()
                self._read_at = asyncio.get_running_loop().time()
            return self._view

    async def recent(self, epoch: int, timestamp: int) -> CommitteeView | None:
        """Return an epoch's seats if they may sign at this time (Unix seconds): the current one's, or for a while those of the one before.

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

    async def bench(self, by: Signers) -> Bench:
        """Return who may judge a verdict that these signed, read at most every ten seconds. Raises EndpointError."""
        now = asyncio.get_running_loop().time()
        self._benches = {each: kept for each, kept in self._benches.items() if now - kept[0] < _BENCH_S}
        if by not in self._benches:
            self._benches[by] = now, await self._read_bench(by)
        return self._benches[by][1]

    async def _read_bench(self, by: Signers) -> Bench:
        with endpoint_errors("committee"):
            roll, (judges, wanted) = await asyncio.gather(
                self._contract.roll_of(by.epoch).acall(), self._contract.bench_of(by).acall()
            )
            members = await self._members((index, roll.attesters[index]) for index in members_of(judges))
        place = next((index for index, each in enumerate(roll.attesters) if each in self._attesters), None)
        own = self._own_index(members)
        return Bench(by.epoch, members, own, wanted=wanted, size=len(roll.attesters), roll_index=place)

    async def _before_current(self, epoch: int) -> CommitteeView:
        async with self._lock:
            if self._before is None or self._before.epoch != epoch:
                with endpoint_errors("committee"):
                    until = await self._contract.signs_until(epoch).acall()
                    self._before = replace(await self._seats(epoch, 0), signs_until=until)
            return self._before

    async def _read(self) -> CommitteeView:
        epoch = await self._contract.current_epoch().acall()
        return await self._seats(epoch.number, epoch.since) if epoch.number else CommitteeView(0, (), None)

    async def _seats(self, epoch: int, since: int) -> CommitteeView:
        roll = await self._contract.roll_of(epoch).acall()
        members = await self._members(enumerate(roll.attesters[: roll.seats]))
        reserve = roll.attesters[roll.seats :]
        spare = next((index for index, attester in enumerate(reserve) if attester in self._attesters), None)
        return CommitteeView(epoch, members, self._own_index(members), since, reserve=reserve, reserve_index=spare)

    async def _members(self, places: Iterable[tuple[int, str]]) -> tuple[Member, ...]:
        return tuple(await asyncio.gather(*(self._member(index, attester) for index, attester in places)))

    async def _member(self, index: int, attester: str) -> Member:
        operator = await self._contract.operator_of(attester).acall()
        info = await self._contract.operator_info(operator).acall()
        return Member(index, attester, info.endpoint, operator)

    def _own_index(self, members: Sequence[Member]) -> int | None:
        return next((member.index for member in members if member.attester in self._attesters), None)
