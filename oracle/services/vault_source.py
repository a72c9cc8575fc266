"""Gets a request's fields from the vault that the record's holder named on chain."""

from __future__ import annotations

import time

from oracle.core.digests import Domain
from oracle.core.errors import Reason, SealError, VaultError
from oracle.data.ask import Ask, ask_digest
from oracle.data.fetch import VaultClient, VaultRefusedError, fetch_fields
from oracle.data.record import DisclosedField
from oracle.keys.keyring import Keyring
from oracle.services.committee import Committee
from oracle.store.node_store import RequestContext

_ASK_VALID_S = 60


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

    async def fields(self, context: RequestContext) -> list[DisclosedField]:
        """Return the disclosed fields, not yet verified. Raises VaultError, RecordError or SigningKeyError."""
        view = await self._committee.view()
        if view.own_attester is None or context.vault is None:
            raise VaultError(Reason.VAULT_UNREACHABLE, "no vault to ask, or this node isn't a member of the epoch")
        # The vault's clock is a wall clock; the believed head may be a quarter of an hour behind it.
        deadline = int(time.time()) + _ASK_VALID_S
        signer = self._keys.signer(view.own_attester)
        signature = await signer.asign(ask_digest(self._domain, context.id, view.epoch, deadline))
        ask = Ask(context.id, view.epoch, deadline, signature)
        try:
            fields = await fetch_fields(self._client, context.vault, ask, signer.address, self._keys.seal_keys)
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
