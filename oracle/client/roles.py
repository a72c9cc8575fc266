"""What each party does by a transaction or a signature. All methods that send raise what :meth:`Sender.send` does."""

from __future__ import annotations

import time

from oracle.client.answers import Asked, Sent, VerdictView
from oracle.client.connection import Connection
from oracle.client.errors import UnknownIdError, VerdictTimeoutError
from oracle.client.lookups import Lookups
from oracle.core import digests
from oracle.core import purposes as dpv
from oracle.core.structs import Agreement, Model, Request, RequestState, Step
from oracle.keys.signer import Signer

_JOINING_VALID_S = 600


class Subject(Connection):
    """For subjects, and for relayers of their signatures."""

    def sign_agreement(self, agreement: Agreement, deadline: int, signer: Signer | None = None) -> bytes:
        """Return the subject's compact signature (64 bytes) by which anyone may give the agreement until ``deadline`` (Unix seconds)."""
        return self._sign(digests.giving(self.domain, agreement, deadline), signer)

    def give(self, agreement: Agreement) -> Sent:
        """Give an agreement, as its subject."""
        return self._send(self.contract.give(agreement))

    def give_signed(self, agreement: Agreement, deadline: int, signature: bytes) -> Sent:
        """Give an agreement that its subject signed."""
        return self._send(self.contract.give_by_sig(agreement, deadline, signature))

    def withdraw(self, agreement: Agreement) -> Sent:
        """Withdraw an agreement, as its subject. It takes effect at once, also for open requests."""
        return self._send(self.contract.withdraw(agreement))

    def sign_withdrawal(self, agreement: Agreement, deadline: int, signer: Signer | None = None) -> bytes:
        """Return the subject's compact signature (64 bytes) by which anyone may withdraw the agreement until ``deadline``."""
        return self._sign(digests.withdrawal(self.domain, agreement.id, deadline), signer)

    def withdraw_signed(self, agreement: Agreement, deadline: int, signature: bytes) -> Sent:
        """Withdraw an agreement whose subject signed the withdrawal."""
        return self._send(self.contract.withdraw_by_sig(agreement, deadline, signature))


class Requester(Lookups):
    """For controllers; closing a request is open to anyone."""

    def request(
        self,
        agreement: Agreement,
        purpose: str | int,
        *,
        step: Step = Step.INFER,
        use: int | None = None,
        deadline_s: int = 3600,
    ) -> Asked:
        """Ask for a verdict, as the agreement's controller, and put the model's fee in escrow.

        ``purpose`` is a DPV term or its bit; ``use`` is the first free one by default; ``deadline_s`` counts from the latest block's time.
        Raises UnknownPurposeError, or ContractRevertError with the reason why the agreement doesn't cover it.
        """
        bit = dpv.purpose(purpose).bit
        taken = self.read(self.contract.next_use(agreement.id)) if use is None else use
        status = self.read(self.contract.model_status(agreement.model))
        deadline = self.block_time() + deadline_s
        sent = self._send(self.contract.request(agreement, bit, step, taken, deadline), status.fee)
        terms = (agreement.controller, bit, int(step), deadline, status.fee, status.quorum, status.outcome_count)
        request = Request(agreement.id, taken, *terms)
        return Asked(request.id, request, sent)

    def wait(self, request_id: bytes, timeout_s: float = 60, poll_s: float = 0.2) -> VerdictView:
        """Return how a request ended, waiting until it has. Raises VerdictTimeoutError, or UnknownIdError."""
        until = time.monotonic() + timeout_s
        while (state := self.read(self.contract.verdict_of(request_id)).state) is RequestState.REQUESTED:
            if time.monotonic() >= until:
                raise VerdictTimeoutError(request_id, timeout_s)
            time.sleep(poll_s)
        if state is RequestState.NONE:
            raise UnknownIdError("request", request_id)
        return self.verdict(request_id)

    def refuse(self, request: Request) -> Sent:
        """End a request whose agreement no longer stands; its fee goes back to the controller's credits."""
        return self._send(self.contract.refuse(request))

    def expire(self, request: Request) -> Sent:
        """End a request whose deadline passed; its fee goes back to the controller's credits."""
        return self._send(self.contract.expire(request))

    def withdraw_credits(self, to: str | None = None) -> Sent:
        """Pay out the sender's credits (refunds and collected fees), to itself by default."""
        return self._send(self.contract.withdraw_credits(to or self._signer().address))


class Holder(Connection):
    """For those who keep records."""

    def commit_record(self, root: bytes, subject: str, vault_url: str) -> Sent:
        """Commit a record's root (32 bytes), as its holder; ``vault_url`` is where operators ask for fields."""
        return self._send(self.contract.commit(root, subject, vault_url))

    def retire_record(self, root: bytes, subject: str) -> Sent:
        """Retire a record, as its holder: no new request may name it."""
        return self._send(self.contract.retire(root, subject))


class Publisher(Connection):
    """For those who publish models."""

    def publish_model(self, model: Model, uri: str) -> Sent:
        """Publish a model version, as its publisher; ``uri`` is where the package can be had."""
        return self._send(self.contract.publish(model, uri))

    def deprecate_model(self, model: Model) -> Sent:
        """Deprecate a model version, as its publisher: no new request may name it."""
        return self._send(self.contract.deprecate(model))


class Operator(Connection):
    """For those who run nodes."""

    def join(self, attester: Signer, seal_public: bytes, endpoint: str, stake_wei: int) -> Sent:
        """Join the operators with a stake; membership starts with the next rotation.

        ``attester`` signs that its key is this operator's; ``seal_public`` is the X25519 key (32 bytes) to which vaults seal.
        """
        deadline = self.block_time() + _JOINING_VALID_S
        signature = self._sign(digests.joining(self.domain, self._signer().address, seal_public, deadline), attester)
        return self._send(
            self.contract.join(attester.address, seal_public, endpoint, deadline, signature),
            stake_wei,
        )

    def resign(self) -> Sent:
        """Leave the operators; the stake unbonds from now."""
        return self._send(self.contract.resign())

    def withdraw_stake(self) -> Sent:
        """Take back the stake, once unbonded and no longer a member."""
        return self._send(self.contract.withdraw_stake())

    def rotate(self) -> Sent:
        """Start a new epoch; open to anyone once membership changed and the epoch is old enough."""
        return self._send(self.contract.rotate())

    def collect(self, epoch: int, signers: int, index: int) -> Sent:
        """Credit an epoch's member (by index) with its share of what one set of signers (bitmap) earned; open to anyone."""
        return self._send(self.contract.collect(epoch, signers, index))
