"""What subjects, holders and publishers do by a transaction or a signature. All methods that send raise what :meth:`Sender.send` does."""

from __future__ import annotations

from oracle.client.answers import Sent
from oracle.client.connection import Connection
from oracle.core import digests
from oracle.core.structs import Agreement, Model
from oracle.keys.signer import Signer


class Subject(Connection):
    """For subjects, and for relayers of their signatures."""

    def sign_agreement(self, agreement: Agreement, deadline: int, signer: Signer | None = None) -> bytes:
        """Return the subject's compact signature (64 bytes) by which anyone may give the agreement until ``deadline`` (Unix seconds)."""
        return self._sign(digests.giving(self.domain, agreement, deadline), signer)

    def give(self, agreement: Agreement) -> Sent:
        """Give an agreement, as its subject."""
        return self.send(self.contract.give(agreement))

    def give_signed(self, agreement: Agreement, deadline: int, signature: bytes) -> Sent:
        """Give an agreement that its subject signed."""
        return self.send(self.contract.give_by_sig(agreement, deadline, signature))

    def withdraw(self, agreement: Agreement) -> Sent:
        """Withdraw an agreement, as its subject. It takes effect at once, also for open requests."""
        return self.send(self.contract.withdraw(agreement))

    def sign_withdrawal(self, agreement: Agreement, deadline: int, signer: Signer | None = None) -> bytes:
        """Return the subject's compact signature (64 bytes) by which anyone may withdraw the agreement until ``deadline``."""
        return self._sign(digests.withdrawal(self.domain, agreement.id, deadline), signer)

    def withdraw_signed(self, agreement: Agreement, deadline: int, signature: bytes) -> Sent:
        """Withdraw an agreement whose subject signed the withdrawal."""
        return self.send(self.contract.withdraw_by_sig(agreement, deadline, signature))


class Holder(Connection):
    """For those who keep records."""

    def commit_record(self, root: bytes, subject: str, vault_url: str) -> Sent:
        """Commit a record's root (32 bytes), as its holder; ``vault_url`` is where operators ask for fields."""
        return self.send(self.contract.commit(root, subject, vault_url))

    def retire_record(self, root: bytes, subject: str) -> Sent:
        """Retire a record, as its holder: it gets no more verdicts."""
        return self.send(self.contract.retire(root, subject))


class Publisher(Connection):
    """For those who publish models."""

    def publish_model(self, model: Model, uri: str) -> Sent:
        """Publish a model version, as its publisher; ``uri`` is where the package can be had."""
        return self.send(self.contract.publish(model, uri))

    def deprecate_model(self, model: Model) -> Sent:
        """Deprecate a model version, as its publisher: no new request may name it."""
        return self.send(self.contract.deprecate(model))
