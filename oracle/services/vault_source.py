"""Gets a request's fields from the vault that the record's holder named on chain."""

from __future__ import annotations

from oracle.core.digests import Domain
from oracle.core.errors import Reason, SealError, VaultError
from oracle.data.ask import Ask
from oracle.data.fetch import VaultClient, fetch_fields
from oracle.data.record import DisclosedField
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import Signer
from oracle.services.committee import Committee
from oracle.services.head import ChainClock
from oracle.store.node_store import RequestContext

_ASK_VALID_S = 60


class VaultSource:
    """Asks vaults, signed by the attester, and opens what they seal to this node."""

    def __init__(
        self,
        domain: Domain,
        committee: Committee,
        client: VaultClient,
        signer: Signer,
        seal_key: SealKey,
        clock: ChainClock,
    ) -> None:
        self._domain = domain
        self._committee = committee
        self._client = client
        self._signer = signer
        self._seal_key = seal_key
        self._clock = clock

    async def fields(self, context: RequestContext) -> list[DisclosedField]:
        """Return the disclosed fields, not yet verified. Raises VaultError or RecordError."""
        view = await self._committee.view()
        deadline = self._clock.timestamp + _ASK_VALID_S
        ask = Ask.signed(self._domain, context.id, view.epoch, deadline, self._signer.sign)
        try:
            return await fetch_fields(self._client, context.vault, ask, self._signer.address, self._seal_key.private)
        except SealError as error:
            raise VaultError(
                Reason.VAULT_REFUSED, "the vault's release isn't sealed to this node's seal key"
            ) from error
