"""Gets a request's fields from the vault that the record's holder named on chain."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from oracle.core.digests import Domain
from oracle.core.errors import Reason, SealError, VaultError
from oracle.data.ask import Ask, ask_digest
from oracle.data.fetch import VaultClient, VaultRefusedError, fetch_fields
from oracle.data.record import DisclosedField
from oracle.keys.keyring import Keyring
from oracle.services.committee import Committee
from oracle.store.node_store import RequestContext

_ASK_VALID_S = 60
#: So many asks are under way at one vault. More would only wait there, until all of them are out of time.
_AT_ONCE = 16
_MOST_VAULTS = 1_024


class _Queue:
    """Whoever asks one vault, a few at a time. ``failed_at`` is when it last couldn't be reached, by the loop's clock."""

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(_AT_ONCE)
        self.failed_at = float("-inf")


class VaultSource:
    """Asks vaults, signed by the attester, and opens what they seal to this node."""

    def __init__(
        self,
        domain: Domain,
        committee: Committee,
        client: VaultClient,
        keys: Keyring,
    ) -> None:
        self._domain = domain
        self._committee = committee
        self._client = client
        self._keys = keys
        #: When a vault last answered at all, by the monotonic clock.
        self.answered_at = float("-inf")
        self._queues: OrderedDict[str, _Queue] = OrderedDict()

    async def fields(self, context: RequestContext) -> list[DisclosedField]:
        """Return the disclosed fields, not yet verified. Raises VaultError, RecordError or SigningKeyError."""
        view = await self._committee.view()
        if view.own_attester is None or context.vault is None:
            raise VaultError(Reason.VAULT_UNREACHABLE, "no vault to ask, or this node isn't a member of the epoch")
        came_at = asyncio.get_running_loop().time()
        queue = self._queue(context.vault)
        async with queue.room:
            if queue.failed_at >= came_at:
                raise VaultError(Reason.VAULT_UNREACHABLE, "the vault didn't answer others who asked at the same time")
            try:
                return await self._ask(context, context.vault, view.own_attester, view.epoch)
            except VaultError as error:
                if error.reason is Reason.VAULT_UNREACHABLE:
                    queue.failed_at = asyncio.get_running_loop().time()
                raise

    def _queue(self, vault: str) -> _Queue:
        queue = self._queues.setdefault(vault, _Queue())
        self._queues.move_to_end(vault)
        while len(self._queues) > _MOST_VAULTS:
            self._queues.popitem(last=False)
        return queue

    async def _ask(self, context: RequestContext, vault: str, attester: str, epoch: int) -> list[DisclosedField]:
        # The vault's clock is a wall clock; the believed head may be a quarter of an hour behind it.
        deadline = int(time.time()) + _ASK_VALID_S
        signer = self._keys.signer(attester)
        signature = await signer.asign(ask_digest(self._domain, context.id, epoch, deadline))
        ask = Ask(context.id, epoch, deadline, signature)
        try:
            fields = await fetch_fields(self._client, vault, ask, signer.address, self._keys.seal_keys)
            self.answered_at = time.monotonic()
            return fields
        except VaultRefusedError as refusal:
            self.answered_at = time.monotonic()
            if refusal.code == "epoch_stale":
                self._committee.forget()
            raise
        except SealError as error:
            raise VaultError(
                Reason.VAULT_REFUSED, "the vault's release isn't sealed to one of this node's seal keys"
            ) from error
