"""What subjects, holders and publishers do by a transaction or a signature. All methods that send raise what :meth:`Sender.send` does."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.client.answers import Sent
from oracle.client.connection import Connection
from oracle.client.lookups import Lookups
from oracle.core import digests
from oracle.core.structs import Agreement, AgreementState, Mandate, Model
from oracle.keys.signer import Signer

#: What a withdrawal costs more for an agreement adopted under the one withdrawn: 12,000 gas.
_ADOPTION_GAS = 15_000


def _room(*agreements: Agreement) -> int:
    """Return the gas by which a controller that adopts a model first, which it can once an hour, makes ending these dearer."""
    return sum(_ADOPTION_GAS for agreement in agreements if agreement.models_by is not None)


class Subject(Lookups):
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
        return self.send(self.contract.withdraw(agreement), room=_room(agreement))

    def exclude_model(self, under: Agreement, model_id: bytes) -> list[Sent]:
        """Keep one model from being used under an agreement to its publisher's models, as the subject; ``under`` stands.

        First what could be adopted is refused, so that nobody adopts it any more, then what was adopted is withdrawn; what is so already
        isn't done again.
        """
        whole = under.adopted(model_id, under.uses, under.valid_until)
        sent = []
        if self.read(self.contract.agreement_status(whole.id)).state is AgreementState.NONE:
            sent.append(self.withdraw(whole))
        for adopted in self.adopted_under(under.id):
            state = self.read(self.contract.agreement_status(adopted.id)).state
            if adopted.model == model_id and state is AgreementState.GIVEN:
                sent.append(self.withdraw(adopted))
        return sent

    def sign_withdrawal(self, agreement: Agreement, deadline: int, signer: Signer | None = None) -> bytes:
        """Return the subject's compact signature (64 bytes) by which anyone may withdraw the agreement until ``deadline``."""
        return self._sign(digests.withdrawal(self.domain, agreement.id, deadline), signer)

    def withdraw_signed(self, agreement: Agreement, deadline: int, signature: bytes) -> Sent:
        """Withdraw an agreement whose subject signed the withdrawal."""
        return self.send(self.contract.withdraw_by_sig(agreement, deadline, signature), room=_room(agreement))

    def sign_agreements(self, agreements: Sequence[Agreement], deadline: int, signer: Signer | None = None) -> bytes:
        """Return the subject's compact signature by which anyone may give all of these agreements, in this order, until ``deadline``."""
        return self._sign(digests.giving_many(self.domain, agreements, deadline), signer)

    def give_many_signed(self, agreements: Sequence[Agreement], deadline: int, signature: bytes) -> Sent:
        """Give agreements of one subject, who signed for all of them at once."""
        return self.send(self.contract.give_many_by_sig(agreements, deadline, signature))

    def sign_withdrawals(self, agreements: Sequence[Agreement], deadline: int, signer: Signer | None = None) -> bytes:
        """Return the subject's compact signature by which anyone may withdraw all of these agreements until ``deadline``."""
        ids = [agreement.id for agreement in agreements]
        return self._sign(digests.withdrawal_of_many(self.domain, ids, deadline), signer)

    def withdraw_many_signed(self, agreements: Sequence[Agreement], deadline: int, signature: bytes) -> Sent:
        """Withdraw agreements of one subject, who signed for all of them at once. Those that are over already stay as they are."""
        return self.send(self.contract.withdraw_many_by_sig(agreements, deadline, signature), room=_room(*agreements))

    def renew(self, agreement: Agreement, valid_until: int) -> Sent:
        """Lengthen an agreement to ``valid_until`` (Unix seconds, exclusive), as its subject or a representative."""
        return self.send(self.contract.renew(agreement, valid_until), room=_room(agreement))

    def sign_renewal(
        self, agreement: Agreement, valid_until: int, deadline: int, signer: Signer | None = None
    ) -> bytes:
        """Return the subject's compact signature by which anyone may renew the agreement to ``valid_until``, until ``deadline``."""
        return self._sign(digests.renewal(self.domain, agreement.id, valid_until, deadline), signer)

    def renew_signed(self, agreement: Agreement, valid_until: int, deadline: int, signature: bytes) -> Sent:
        """Renew an agreement whose subject signed the renewal."""
        return self.send(self.contract.renew_by_sig(agreement, valid_until, deadline, signature), room=_room(agreement))

    def appoint(self, representative: str, mandate: Mandate) -> Sent:
        """Let a representative act for the sender, a subject. A later call replaces the mandate."""
        return self.send(self.contract.appoint(representative, mandate))

    def dismiss(self, subject: str, representative: str) -> Sent:
        """End a mandate at once, as the subject or the representative."""
        return self.send(self.contract.dismiss(subject, representative))

    def revoke(self, agreement: Agreement) -> Sent:
        """End an agreement in its subject's stead, as a representative."""
        return self.send(self.contract.revoke(agreement), room=_room(agreement))


class Controller(Connection):
    """For controllers, beside what they ask."""

    def adopt(self, under: Agreement, model: Model, uses: int) -> Sent:
        """Make an agreement for one model of the publisher that ``under`` names, with ``uses`` of its uses, as the controller.

        The new agreement is ``under.adopted(model.id, uses, end)``, where ``end`` is when ``under`` ends now.
        """
        return self.send(self.contract.adopt(under, model, uses))


class Holder(Connection):
    """For those who keep records."""

    def invalidate(self, agreement: Agreement) -> Sent:
        """End an agreement about a record of the sender's, because it isn't what it seemed."""
        return self.send(self.contract.invalidate(agreement), room=_room(agreement))

    def attest_erasure(self, agreement_id: bytes, evidence: bytes) -> Sent:
        """Say that the sender erased what it had under an agreement that is over; ``evidence`` is its statement's digest, 32 bytes."""
        return self.send(self.contract.attest_erasure(agreement_id, evidence))

    def anchor_log(self, number: int, digest: bytes) -> Sent:
        """Fix the sender's release log up to an entry, by its number and digest (32 bytes)."""
        return self.send(self.contract.anchor_log(number, digest))

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
