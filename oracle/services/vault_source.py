"""Gets a request's fields from the vault that the record's holder named on chain."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from oracle.core.digests import Domain
from oracle.core.errors import Reason, RecordError, SealError, VaultError
from oracle.data.ask import MAX_ASKS, Ask, ask_digest
from oracle.data.fetch import Fetched, OpeningKeys, VaultClient, VaultRefusedError, fetch_fields, fetch_many
from oracle.data.record import DisclosedField
from oracle.keys.keyring import Keyring
from oracle.keys.seal_key import HybridKey
from oracle.services.committee import Committee, CommitteeView
from oracle.store.node_store import RequestContext

_ASK_VALID_S = 60
#: So many times is one vault asked at once, for all who wait then. More would only wait there, until all of them are out of time.
_AT_ONCE = 4
_MOST_VAULTS = 1_024


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An ask that waits for its turn, and for its answer."""

    ask: Ask
    attester: str
    answer: asyncio.Future[Fetched]

    def tell(self, answer: Fetched) -> None:
        """Give it its answer, unless it has one, or nobody waits for it any more."""
        if not self.answer.done():
            self.answer.set_result(answer)


class _Queue:
    """Whoever asks one vault. ``failed_at`` is when it last couldn't be reached, by the loop's clock."""

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(_AT_ONCE)
        self.waiting: list[_Waiting] = []
        self.failed_at = float("-inf")

    def take(self) -> list[_Waiting]:
        """Take those who have waited longest: as many as go together."""
        some, self.waiting = self.waiting[:MAX_ASKS], self.waiting[MAX_ASKS:]
        return some


class VaultSource:
    """Asks vaults, signed by the attester, and opens what they seal to this node."""

    def __init__(
        self,
        domain: Domain,
        committee: Committee,
        client: VaultClient,
        keys: Keyring,
        hybrid: HybridKey | None = None,
    ) -> None:
        """With a ``hybrid`` key, vaults are asked to seal to it, too."""
        self._domain = domain
        self._committee = committee
        self._client = client
        self._keys = keys
        self._hybrid = hybrid
        #: When a vault last answered at all, by the monotonic clock.
        self.answered_at = float("-inf")
        self._queues: OrderedDict[str, _Queue] = OrderedDict()

    async def fields(self, context: RequestContext, view: CommitteeView) -> list[DisclosedField]:
        """Return the disclosed fields, not yet verified, as one of the members who sign for the request, or judge its verdict.

        Raises VaultError, RecordError or SigningKeyError.
        """
        if view.own_attester is None or context.vault is None:
            raise VaultError(Reason.VAULT_UNREACHABLE, "no vault to ask, or this node has no seat in the epoch")
        came_at = asyncio.get_running_loop().time()
        ask = await self._signed(context, view.own_attester, view.epoch)
        queue = self._queue(context.vault)
        own = _Waiting(ask, view.own_attester, asyncio.get_running_loop().create_future())
        queue.waiting.append(own)
        # Whoever's turn it is asks for all who wait: by the time that the last has its turn, its answer is there.
        async with queue.room:
            if queue.failed_at >= came_at and not own.answer.done():
                queue.waiting = [each for each in queue.waiting if each is not own]
                raise VaultError(Reason.VAULT_UNREACHABLE, "the vault didn't answer others who asked at the same time")
            if some := queue.take():
                await self._ask(queue, context.vault, some)
        return self._taken(await own.answer)

    async def _ask(self, queue: _Queue, vault: str, some: Sequence[_Waiting]) -> None:
        away = VaultError(Reason.VAULT_UNREACHABLE, "whoever asked for this one too was broken off")
        try:
            answers = await self._answers(vault, some)
            self.answered_at = time.monotonic()
            for each, answer in zip(some, answers, strict=True):
                each.tell(answer)
        except VaultError as error:
            away = error
            queue.failed_at = asyncio.get_running_loop().time()
        finally:
            for each in some:
                each.tell(away)

    async def _answers(self, vault: str, some: Sequence[_Waiting]) -> list[Fetched]:
        """Ask; return what came of each. Raises VaultError (VAULT_UNREACHABLE)."""
        keys = OpeningKeys(self._keys.seal_keys, self._hybrid.private if self._hybrid else None)
        if len(some) > 1:
            try:
                return await fetch_many(self._client, vault, [(each.ask, each.attester) for each in some], keys)
            except VaultRefusedError:
                pass  # it takes no asks together, or not these
        answers: list[Fetched] = []
        for each in some:
            try:
                answers.append(await fetch_fields(self._client, vault, each.ask, each.attester, keys))
            except (VaultRefusedError, SealError, RecordError) as error:
                answers.append(error)
        return answers

    def _taken(self, answer: Fetched) -> list[DisclosedField]:
        if isinstance(answer, SealError):
            raise VaultError(
                Reason.VAULT_REFUSED, "the vault's release isn't sealed to one of this node's seal keys"
            ) from answer
        if isinstance(answer, Exception):
            if isinstance(answer, VaultRefusedError) and answer.code == "epoch_stale":
                self._committee.forget()
            raise answer
        return answer

    def _queue(self, vault: str) -> _Queue:
        queue = self._queues.setdefault(vault, _Queue())
        self._queues.move_to_end(vault)
        while len(self._queues) > _MOST_VAULTS:
            self._queues.popitem(last=False)
        return queue

    async def _signed(self, context: RequestContext, attester: str, epoch: int) -> Ask:
        # The vault's clock is a wall clock; the believed head may be a quarter of an hour behind it.
        deadline = int(time.time()) + _ASK_VALID_S
        seal_key = self._hybrid.public if self._hybrid else b""
        digest = ask_digest(self._domain, context.id, epoch, deadline, seal_key)
        return Ask(context.id, epoch, deadline, await self._keys.signer(attester).asign(digest), seal_key)
