"""What those who run nodes do."""

from __future__ import annotations

from oracle.client.answers import Earning, Sent
from oracle.client.treasury import Treasurer
from oracle.core import digests
from oracle.keys.signer import Signer

_JOINING_VALID_S = 600


class Operator(Treasurer):
    """For those who run nodes. All methods that send raise what :meth:`oracle.client.sending.Sender.send` does."""

    def join(self, attester: Signer, seal_public: bytes, endpoint: str, stake_wei: int) -> Sent:
        """Join the operators with a stake, and wait for a place on the roll, which a rotation gives.

        ``attester`` signs that its key is this operator's; ``seal_public`` is the X25519 key (32 bytes) to which vaults seal.
        """
        proven = self._joining(attester, seal_public, endpoint)
        return self.send(self.contract.join(attester.address, seal_public, endpoint, *proven), stake_wei)

    def change_keys(self, attester: Signer, seal_public: bytes, endpoint: str) -> Sent:
        """Change attester, seal key and endpoint; give what stays as it is. A new attester signs from the next epoch on."""
        proven = self._joining(attester, seal_public, endpoint)
        return self.send(self.contract.change_keys(attester.address, seal_public, endpoint, *proven))

    def add_stake(self, amount_wei: int, operator: str | None = None) -> Sent:
        """Add to an operator's stake, the signer's own by default; open to anyone."""
        return self.send(self.contract.add_stake(operator or self._signer().address), amount_wei)

    def renew_lease(self) -> Sent:
        """Renew the signer's lease from now; an operator that is out waits again, with stake enough."""
        return self.send(self.contract.renew_lease())

    def resign(self) -> Sent:
        """Leave: the waiting list at once, the roll with a rotation; the stake unbonds from the end of the last epoch."""
        return self.send(self.contract.resign())

    def withdraw_stake(self) -> Sent:
        """Take back the stake, once unbonded and off the roll."""
        return self.send(self.contract.withdraw_stake())

    def rotate(self) -> Sent:
        """Form the next epoch; open to anyone once the last rotation is an epoch's length ago."""
        return self.send(self.contract.rotate())

    # Earnings

    def credit(self, account: str | None = None) -> int:
        """Return what an account, the signer by default, has at the committee, in wei: pay of judges, rewards, bonds that came back."""
        return self.read(self.contract.credit_of(account or self._signer().address))

    def withdraw_credit(self, to: str | None = None) -> Sent:
        """Pay out what the signer has at the committee, to itself by default."""
        return self.send(self.contract.withdraw_credit(to or self._signer().address))

    def earnings(self, operator: str | None = None) -> list[Earning]:
        """Return every pool in which an operator, the signer by default, has a share: by reports, and by anchored roots."""
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
        deadline, domain = self.block_time() + _JOINING_VALID_S, self.contract.committee_domain
        data = digests.joining(domain, self._signer().address, seal_public, endpoint, deadline)
        return deadline, self._sign(data, attester)
