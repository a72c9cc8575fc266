"""Balances with the contract, in ether and in tokens, and what agreements and publishers earn.

``currency`` is a token's address; the zero address, the default, stands for ether. Amounts are in the currency's smallest unit.
"""

from __future__ import annotations

from eth_utils import to_checksum_address

from oracle.chain.contract import ETHER
from oracle.client.answers import Sent, Unsettled
from oracle.client.errors import ManyModelsError, TokenFundsError
from oracle.client.lookups import Lookups
from oracle.client.tokens import Token
from oracle.core.structs import Agreement


class Treasurer(Lookups):
    """For everyone: each account has a balance in each currency. All methods that send raise what :meth:`Sender.send` does."""

    def balance(self, account: str | None = None, currency: str = ETHER) -> int:
        """Return an account's balance, the signer's own by default. Raises ContractRevertError for a token in which no model is paid."""
        return self.read(self.contract.balance_of(account or self._signer().address, currency))

    def balances(self, account: str | None = None) -> dict[str, int]:
        """Return an account's balances in all currencies, the signer's own by default."""
        return {currency: self.balance(account, currency) for currency in self.currencies()}

    def approve(self, currency: str, amount: int) -> list[Sent]:
        """Let the contract take so much of the signer's tokens, unless it may already; return the transactions that it took.

        A smaller allowance is cleared first: some tokens refuse to change one. Raises TokenFundsError if the signer hasn't so much.
        """
        token, owner = Token(self.web3, currency), self._signer().address
        held = token.balance_of(owner)
        if held < amount:
            raise TokenFundsError(owner, token.address, held, amount)
        allowed = token.allowance(owner, self.address)
        if allowed >= amount:
            return []
        cleared = [self.send(token.approve(self.address, 0))] if allowed else []
        return [*cleared, self.send(token.approve(self.address, amount))]

    def deposit(self, amount: int, currency: str = ETHER, *, account: str | None = None) -> Sent:
        """Add to an account's balance, the signer's own by default; tokens are approved first where needed."""
        if currency == ETHER:
            return self.send(self.contract.deposit(account or self._signer().address, ETHER, amount), amount)
        token = to_checksum_address(currency)
        self.approve(token, amount)
        return self.send(self.contract.deposit(account or self._signer().address, token, amount))

    def withdraw_balance(self, currency: str = ETHER, to: str | None = None) -> Sent:
        """Pay out all of the signer's balance in a currency, to itself by default."""
        return self.send(self.contract.withdraw_balance(currency, to or self._signer().address))

    def unsettled(self, agreement_id: bytes) -> Unsettled:
        """Return what :meth:`settle` would credit now. Raises UnknownIdError or ManyModelsError."""
        price = self.price_of(self._of_one_model(agreement_id))
        verdicts = self.read(self.contract.agreement_status(agreement_id)).unsettled
        quote = price.quote
        return Unsettled(verdicts, verdicts * quote.price, verdicts * quote.royalty_amount, price.currency)

    def settle(self, agreement_id: bytes) -> Sent:
        """Credit an agreement's subject and its model's publisher with what its verdicts earned since the last time; open to anyone.

        Raises ManyModelsError, which names what to settle, for an agreement to a publisher's models: nothing is earned under that itself.
        """
        agreement = self._of_one_model(agreement_id)
        return self.send(self.contract.settle(agreement, self.model(agreement.model)))

    def _of_one_model(self, agreement_id: bytes) -> Agreement:
        agreement = self.agreement(agreement_id)
        if agreement.models_by is not None:
            adopted: list[bytes] = self.read(self.contract.adopted_under(agreement_id))
            raise ManyModelsError(adopted)
        return agreement
