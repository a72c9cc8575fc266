"""The contracts' transactions: each method returns web3's prepared function, to estimate, sign and send.

``source_id`` is the hash of an agreement's source (:attr:`oracle.core.structs.Agreement.source_id`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oracle.core.structs import (
    Agreement,
    Answer,
    Attestation,
    Mandate,
    Model,
    Question,
    Recording,
    Request,
    Schedule,
    StandingRequest,
    Terms,
    Testimony,
    Verdict,
)


class AgreementTransactions:
    """What subjects, controllers and publishers do, and holders about agreements."""

    _functions: Any

    def give(self, agreement: Agreement) -> Any:
        """Give an agreement; to be sent by its subject."""
        return self._functions.give(agreement.to_abi())

    def give_by_sig(self, agreement: Agreement, deadline: int, signature: bytes) -> Any:
        """Give an agreement that its subject signed."""
        return self._functions.giveBySig(agreement.to_abi(), deadline, signature)

    def withdraw(self, agreement: Agreement) -> Any:
        """Withdraw an agreement; to be sent by its subject."""
        return self._functions.withdraw(agreement.to_abi())

    def withdraw_by_sig(self, agreement: Agreement, deadline: int, signature: bytes) -> Any:
        """Withdraw an agreement whose subject signed the withdrawal."""
        return self._functions.withdrawBySig(agreement.to_abi(), deadline, signature)

    def give_many_by_sig(self, agreements: Sequence[Agreement], deadline: int, signature: bytes) -> Any:
        """Give agreements of one subject, who signed for all of them at once."""
        return self._functions.giveManyBySig([each.to_abi() for each in agreements], deadline, signature)

    def withdraw_many_by_sig(self, agreements: Sequence[Agreement], deadline: int, signature: bytes) -> Any:
        """Withdraw agreements of one subject, who signed for all of them at once."""
        return self._functions.withdrawManyBySig([each.to_abi() for each in agreements], deadline, signature)

    def renew(self, agreement: Agreement, valid_until: int) -> Any:
        """Lengthen an agreement to ``valid_until`` (Unix seconds); to be sent by its subject or a representative."""
        return self._functions.renew(agreement.to_abi(), valid_until)

    def renew_by_sig(self, agreement: Agreement, valid_until: int, deadline: int, signature: bytes) -> Any:
        """Lengthen an agreement whose subject signed the renewal."""
        return self._functions.renewBySig(agreement.to_abi(), valid_until, deadline, signature)

    def adopt(self, under: Agreement, model: Model, uses: int) -> Any:
        """Make an agreement for one model of the publisher that ``under`` names; to be sent by the controller."""
        return self._functions.adopt(under.to_abi(), model.to_abi(), uses)

    def revoke(self, agreement: Agreement) -> Any:
        """End an agreement in its subject's stead; to be sent by a representative."""
        return self._functions.revoke(agreement.to_abi())

    def invalidate(self, agreement: Agreement) -> Any:
        """End an agreement that isn't what it seemed; to be sent by its holder."""
        return self._functions.invalidate(agreement.to_abi())

    def appoint(self, representative: str, mandate: Mandate) -> Any:
        """Let a representative act for the sender."""
        return self._functions.appoint(representative, mandate.to_abi())

    def dismiss(self, subject: str, representative: str) -> Any:
        """End a mandate; to be sent by the subject or the representative."""
        return self._functions.dismiss(subject, representative)

    def publish(self, model: Model, uri: str) -> Any:
        """Publish a model; to be sent by its publisher."""
        return self._functions.publish(model.to_abi(), uri)

    def deprecate(self, model: Model) -> Any:
        """Deprecate a model; to be sent by its publisher."""
        return self._functions.deprecate(model.to_abi())


class RequestTransactions:
    """What controllers ask, and how it is answered."""

    _functions: Any

    def request(self, source_id: bytes, terms: Terms, question: Question) -> Any:
        """Ask for a verdict; to be sent by the controller, with the quote's total in wei, or 0 to pay from its balance."""
        return self._functions.request(source_id, terms.to_abi(), question.pack())

    def request_by_sig(
        self, source_id: bytes, controller: str, terms: Terms, question: Question, tip: int, signature: bytes
    ) -> Any:
        """Ask what a controller signed for, paid from its balance; the sender has the tip of it."""
        return self._functions.requestBySig(source_id, controller, terms.to_abi(), question.pack(), tip, signature)

    def cancel(self, source_id: bytes, terms: Terms, use: int) -> Any:
        """Give up a use that no request took; to be sent by the controller."""
        return self._functions.cancel(source_id, terms.to_abi(), use)

    def record(self, request: Request, verdict: Verdict, attestation: Attestation) -> Any:
        """Record a verdict."""
        return self._functions.record(request.to_abi(), verdict.to_abi(), attestation.to_abi())

    def record_many(self, answers: Sequence[Answer], attestation: Attestation) -> Any:
        """Record the verdicts of one report; the answers in ascending order of their leaves."""
        return self._functions.recordMany([answer.to_abi() for answer in answers], attestation.to_abi())

    def anchor(self, root: bytes, count: int, currency: str, quorum: int, attestation: Attestation) -> Any:
        """Put a report's root on chain, for requests with quotes of this currency (an address) and quorum."""
        return self._functions.anchor(root, count, currency, quorum, attestation.to_abi())

    def claim(self, request: Request, verdict: Verdict, proof: Sequence[bytes]) -> Any:
        """Record a verdict of an anchored report."""
        return self._functions.claim(request.to_abi(), verdict.to_abi(), list(proof))

    def refuse(self, request: Request) -> Any:
        """End a request whose agreement no longer stands."""
        return self._functions.refuse(request.to_abi())

    def expire(self, request: Request) -> Any:
        """End a request whose deadline passed."""
        return self._functions.expire(request.to_abi())

    def retry_callback(self, recording: Recording) -> Any:
        """Deliver a verdict whose callback failed, with at least the gas that the request named."""
        return self._functions.retryCallback(recording.to_abi())

    def deliver_final(self, recording: Recording) -> Any:
        """Tell a verdict's receiver that it can't change any more; whoever sends pays for what the receiver does."""
        return self._functions.deliverFinal(recording.to_abi())

    def stand(self, agreements: Sequence[Agreement], question: Question, schedule: Schedule) -> Any:
        """Make a standing request under each agreement; to be sent by their controller, with all rounds' totals in wei, or 0."""
        return self._functions.stand([each.under_abi for each in agreements], question.pack(), schedule.to_abi())

    def open_round(self, standing: StandingRequest, round_: int) -> Any:
        """Open a round that is due."""
        return self._functions.openRound(standing.to_abi(), round_)

    def end_standing(self, standing: StandingRequest) -> Any:
        """End a standing request and refund what wasn't opened."""
        return self._functions.endStanding(standing.to_abi())


class RecordTransactions:
    """What holders of records do, and who erases."""

    _record_functions: Any

    def attest_erasure(self, agreement_id: bytes, evidence: bytes) -> Any:
        """Say that the sender erased what it had under an agreement; ``evidence`` is its statement's digest, 32 bytes."""
        return self._record_functions.attestErasure(agreement_id, evidence)

    def attest_erasure_by_sig(
        self, agreement_id: bytes, by: str, evidence: bytes, deadline: int, signature: bytes
    ) -> Any:
        """Say it for somebody who signed it."""
        return self._record_functions.attestErasureBySig(agreement_id, by, evidence, deadline, signature)

    def anchor_log(self, number: int, digest: bytes) -> Any:
        """Fix the sender's release log up to an entry."""
        return self._record_functions.anchorLog(number, digest)

    def commit(self, root: bytes, subject: str, vault: str) -> Any:
        """Commit a record; to be sent by its holder."""
        return self._record_functions.commit(root, subject, vault)

    def retire(self, root: bytes, subject: str) -> Any:
        """Retire a record; to be sent by its holder."""
        return self._record_functions.retire(root, subject)


class CaseTransactions:
    """How verdicts are contested."""

    _committee_functions: Any

    def challenge(self, recording: Recording, agreement: Agreement) -> Any:
        """Challenge a verdict under an agreement; the bond goes with the transaction."""
        return self._committee_functions.challenge(recording.to_abi(), agreement.under_abi)

    def judge(self, recording: Recording, verdict: Verdict, *, stands: bool, judges: int, signatures: bytes) -> Any:
        """Bring what the bench found; ``judges`` is a bitmap over the roll of the recording's epoch."""
        found = (verdict.to_abi(), stands, judges, signatures)
        return self._committee_functions.judge(recording.to_abi(), *found)

    def rule(self, recording: Recording, verdict: Verdict, *, stands: bool) -> Any:
        """Rule on a case; to be sent by its arbiter."""
        return self._committee_functions.rule(recording.to_abi(), verdict.to_abi(), stands)

    def close(self, recording: Recording, verdict: Verdict) -> Any:
        """End a case on which nobody can rule any more; ``verdict`` is what the bench found, if it did."""
        return self._committee_functions.close(recording.to_abi(), verdict.to_abi())

    def withdraw_credit(self, to: str) -> Any:
        """Pay out what the sender has at the committee."""
        return self._committee_functions.withdraw(to)

    def punish_conflict(self, agreement: Agreement, model: Model, first: Testimony, second: Testimony) -> Any:
        """Take a penalty from an operator that signed two verdicts of one request that can't both be honest."""
        return self._committee_functions.punishConflict(
            agreement.under_abi, model.to_abi(), first.to_abi(), second.to_abi()
        )


class TreasuryTransactions:
    """Money in and out. ``currency`` is a token's address, the zero address for ether."""

    _functions: Any

    def deposit(self, account: str, currency: str, amount: int) -> Any:
        """Add to an account's balance; ether goes with the transaction, a token is approved before."""
        return self._functions.deposit(account, currency, amount)

    def withdraw_balance(self, currency: str, to: str) -> Any:
        """Pay out the sender's balance."""
        return self._functions.withdrawBalance(currency, to)

    def collect(self, pool_id: bytes, index: int) -> Any:
        """Credit a member (by its index in the pool's epoch) with its share."""
        return self._functions.collect(pool_id, index)

    def settle(self, agreement: Agreement, model: Model) -> Any:
        """Credit subject and publisher with what the agreement's verdicts earned."""
        return self._functions.settle(agreement.to_abi(), model.to_abi())


class OperatorTransactions:
    """What operators do."""

    _committee_functions: Any

    def join(self, attester: str, seal_key: bytes, endpoint: str, deadline: int, signature: bytes) -> Any:
        """Join the operators; the stake goes with the transaction."""
        return self._committee_functions.join(attester, seal_key, endpoint, deadline, signature)

    def change_keys(self, attester: str, seal_key: bytes, endpoint: str, deadline: int, signature: bytes) -> Any:
        """Change the sender's attester, seal key or endpoint."""
        return self._committee_functions.changeKeys(attester, seal_key, endpoint, deadline, signature)

    def add_stake(self, operator: str) -> Any:
        """Add the ether sent to an operator's stake."""
        return self._committee_functions.addStake(operator)

    def renew_lease(self) -> Any:
        """Renew the sender's lease; an operator that is out waits again."""
        return self._committee_functions.renew()

    def resign(self) -> Any:
        """Leave the operators."""
        return self._committee_functions.resign()

    def withdraw_stake(self) -> Any:
        """Take back the stake, once unbonded."""
        return self._committee_functions.withdrawStake()

    def rotate(self) -> Any:
        """Form the next epoch."""
        return self._committee_functions.rotate()
