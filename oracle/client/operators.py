"""What those who run nodes do, alone and together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oracle.client.answers import Earning, Sent
from oracle.client.errors import SignatureUnknownError
from oracle.client.treasury import Treasurer
from oracle.core import digests
from oracle.core.committee import assemble
from oracle.core.digests import recover, typed_data_digest
from oracle.core.structs import Attestation
from oracle.keys.signer import Signer

_JOINING_VALID_S = 600


class Operator(Treasurer):
    """For those who run nodes. All methods that send raise what :meth:`oracle.client.sending.Sender.send` does."""

    def join(self, attester: Signer, seal_public: bytes, endpoint: str, stake_wei: int) -> Sent:
        """Join the operators with a stake; membership starts with the next rotation.

        ``attester`` signs that its key is this operator's; ``seal_public`` is the X25519 key (32 bytes) to which vaults seal.
        """
        proven = self._joining(attester, seal_public, endpoint)
        return self.send(self.contract.join(attester.address, seal_public, endpoint, *proven), stake_wei)

    def change_keys(self, attester: Signer, seal_public: bytes, endpoint: str) -> Sent:
        """Change attester, seal key and endpoint; give what stays as it is. A new attester signs from the next rotation on."""
        proven = self._joining(attester, seal_public, endpoint)
        return self.send(self.contract.change_keys(attester.address, seal_public, endpoint, *proven))

    def add_stake(self, amount_wei: int, operator: str | None = None) -> Sent:
        """Add to an operator's stake, the signer's own by default; open to anyone."""
        return self.send(self.contract.add_stake(operator or self._signer().address), amount_wei)

    def resign(self) -> Sent:
        """Leave the operators from the next rotation on; the stake unbonds from the end of the last epoch."""
        return self.send(self.contract.resign())

    def withdraw_stake(self) -> Sent:
        """Take back the stake, once unbonded and no longer a member."""
        return self.send(self.contract.withdraw_stake())

    def release(self, operator: str | None = None) -> Sent:
        """Put an operator back whose jail time is over or whose stake is enough again, the signer by default; open to anyone."""
        return self.send(self.contract.release(operator or self._signer().address))

    def rotate(self) -> Sent:
        """Start a new epoch; open to anyone once membership changed and the epoch is old enough."""
        return self.send(self.contract.rotate())

    # Together

    def sign_jailing(self, operator: str, deadline: int, attester: Signer | None = None) -> bytes:
        """Return a member's compact signature that an operator doesn't answer and be put out, good until ``deadline`` and in this epoch."""
        return self._sign(digests.jailing(self.domain, self._epoch(), operator, deadline), attester)

    def jail(self, operator: str, deadline: int, signatures: Sequence[bytes]) -> Sent:
        """Put out an operator that a supermajority of the epoch's members signed against; open to anyone."""
        data = digests.jailing(self.domain, self._epoch(), operator, deadline)
        return self.send(self.contract.jail(operator, deadline, self._attested(data, signatures)))

    def sign_amendment(self, policy: Any, deadline: int, attester: Signer | None = None) -> bytes:
        """Return a member's compact signature for another policy, good until ``deadline`` and in this epoch."""
        return self._sign(digests.amendment(self.domain, self._epoch(), policy, deadline), attester)

    def schedule_policy(self, policy: Any, deadline: int, signatures: Sequence[bytes]) -> Sent:
        """Schedule a policy that a supermajority of the epoch's members signed; it can be applied after the unbonding time."""
        data = digests.amendment(self.domain, self._epoch(), policy, deadline)
        return self.send(self.contract.schedule_policy(policy, deadline, self._attested(data, signatures)))

    def apply_policy(self) -> Sent:
        """Apply the scheduled policy, once it is due; open to anyone."""
        return self.send(self.contract.apply_policy())

    # Earnings

    def earnings(self, operator: str | None = None) -> list[Earning]:
        """Return every pool in which an operator, the signer by default, has a share: by reports, by anchored roots, by reviews."""
        attesters, currencies = set(self.attesters_of(operator or self._signer().address)), self.currencies()
        places: dict[int, int | None] = {}
        earnings = []
        for pool in self._pools():
            info = self.read(self.contract.pool_info(pool))
            if info.epoch not in places:
                places[info.epoch] = self._place(info.epoch, attesters)
            index = places[info.epoch]
            if info.earned and index is not None and info.signers >> index & 1:
                currency = currencies[info.currency]
                earnings.append(Earning(pool, index, info.epoch, info.signers, currency, info.earned))
        return earnings

    def collect(self, earning: Earning) -> Sent:
        """Credit a member with its share of what a pool earned since it last collected; open to anyone."""
        return self.send(self.contract.collect(earning.pool, earning.index))

    def _pools(self) -> list[bytes]:
        """Return all pools: those that were opened, and those of anchored roots."""
        opened = [bytes(event.arguments["id"]) for event in self.events("PoolOpened")]
        anchored = [bytes(event.arguments["pool"]) for event in self.events("Anchored")]
        return [*opened, *anchored]

    def _place(self, epoch: int, attesters: set[str]) -> int | None:
        members: list[str] = self.read(self.contract.members_of(epoch))
        return next((index for index, member in enumerate(members) if member in attesters), None)

    def _joining(self, attester: Signer, seal_public: bytes, endpoint: str) -> tuple[int, bytes]:
        deadline = self.block_time() + _JOINING_VALID_S
        data = digests.joining(self.domain, self._signer().address, seal_public, endpoint, deadline)
        return deadline, self._sign(data, attester)

    def _epoch(self) -> int:
        return self.read(self.contract.current_epoch()).number

    def _attested(self, data: dict[str, Any], signatures: Sequence[bytes]) -> Attestation:
        """Put signatures at their members' places. Raises SignatureUnknownError for one that is no member's of the current epoch."""
        epoch = self._epoch()
        members: list[str] = self.read(self.contract.members_of(epoch))
        places = {member: index for index, member in enumerate(members)}
        digest, found = typed_data_digest(data), {}
        for signature in signatures:
            signer = recover(digest, signature)
            if signer not in places:
                raise SignatureUnknownError(epoch, signer)
            found[places[signer]] = signature
        return assemble(epoch, found)
