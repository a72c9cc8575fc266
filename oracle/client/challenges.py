"""How verdicts are challenged, judged and ruled on, and how a conflict convicts who signed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oracle.client.answers import Call, Contest, ContestState, Sent
from oracle.client.errors import SignatureUnknownError
from oracle.client.verdicts import Verdicts
from oracle.core.committee import assemble, majority
from oracle.core.digests import Digest, recover, report_digest, report_leaf, ruling_digest
from oracle.core.merkle import climb
from oracle.core.structs import Attestation, Phase, Recording, RequestState, Testimony, Verdict
from oracle.keys.signer import Signer

_ENDED = {
    RequestState.UPHELD: ContestState.UPHELD,
    RequestState.CORRECTED: ContestState.CORRECTED,
    RequestState.UNJUDGED: ContestState.UNJUDGED,
}


class Challenger(Verdicts):
    """For whoever doubts a verdict, judges one, or is a model's arbiter.

    All methods that send raise what :meth:`Sender.send` does, and UnknownIdError for a request without a verdict in clear.
    """

    def challenge(self, request_id: bytes) -> Sent:
        """Challenge a recorded verdict while its window lasts, with the bond: back if it is false, half of it if nobody judges."""
        recording = self.recording(request_id)
        agreement = self.agreement(recording.request.agreement)
        return self.send(self.contract.challenge(recording, agreement), self.committee_terms.bond)

    def contests(self, *, open_only: bool = False) -> list[Contest]:
        """Return all challenges there were, oldest first, each with its case; or only those on which somebody can still decide."""
        events = self.events("Challenged")
        ids = [bytes(event.arguments["id"]) for event in events]
        states = self.read(self.contract.states_of(ids)) if ids else []
        found = []
        for event, identifier, state in zip(events, ids, states, strict=True):
            case = self.read(self.contract.case_of(identifier))
            under_way = ContestState.OPEN if case.phase is Phase.OPEN else ContestState.JUDGED
            challenger = event.arguments["challenger"]
            found.append(Contest(identifier, challenger, _ENDED.get(state, under_way), case, event.block_number))
        return [each for each in found if not (open_only and each.state.is_over)]

    def sign_ruling(self, request_id: bytes, verdict: Verdict, stands: bool, attester: Signer | None = None) -> bytes:
        """Return a judge's compact signature (64 bytes): the verdict recorded stands, or it is false and ``verdict`` is right.

        If it stands, ``verdict`` is the one that was recorded.
        """
        digest = self._ruling(self.recording(request_id), verdict, stands)
        return self._signer(attester).sign(digest)

    def judge(self, request_id: bytes, verdict: Verdict, stands: bool, signatures: Sequence[bytes]) -> Sent:
        """Bring what the bench found; open to anyone who has the signatures of more than half of the roll of the report's epoch.

        Of more than it takes, those of the first on the roll are brought. Raises SignatureUnknownError for one that is no judge's.
        """
        recording = self.recording(request_id)
        found = self._attested(recording, self._ruling(recording, verdict, stands), signatures)
        judging = self.contract.judge(
            recording, verdict, stands=stands, judges=found.signers, signatures=found.signatures
        )
        return self.send(judging)

    def rule(self, request_id: bytes, verdict: Verdict, stands: bool) -> Sent:
        """Rule on a case, as its arbiter; ``verdict`` is the one recorded if it stands, else the right one."""
        return self.send(self._rule(request_id, verdict, stands))

    def ruling_call(self, request_id: bytes, verdict: Verdict, stands: bool) -> Call:
        """Return the call of :meth:`rule`, for an arbiter that is a contract to send."""
        function = self._rule(request_id, verdict, stands)
        return Call(str(function.address), bytes.fromhex(function._encode_transaction_data()[2:]))

    def close(self, request_id: bytes) -> Sent:
        """End a case when nobody can decide any more: as the bench found, or unjudged; open to anyone."""
        recording, judged = self.recording(request_id), self.events("Judged", request_id)
        found = Verdict.from_abi(judged[-1].arguments) if judged else recording.verdict
        return self.send(self.contract.close(recording, found))

    def testimonies(self, request_id: bytes) -> list[Testimony]:
        """Return what each of those who signed a request's first verdict testifies, from the transactions on chain.

        Raises UnknownIdError if no call that recorded it can be read there.
        """
        call, report, _ = self.signing(request_id)
        return call.testimonies(report)

    def punish_conflict(self, first: Testimony, second: Testimony) -> Sent:
        """Take a penalty from an operator that signed two verdicts of one request that can't both be honest.

        As much as a bond, half of the penalty at most, is the sender's credit; open to anyone.
        """
        agreement = self.request_terms(first.request.id).agreement
        return self.send(self.contract.punish_conflict(agreement, self.model(agreement.model), first, second))

    def witness(self, testimony: Testimony) -> str | None:
        """Return whose signature a testimony has, an attester's address; None if it is none."""
        root = climb(report_leaf(testimony.request, testimony.verdict), testimony.proof)
        return recover(report_digest(self.domain, testimony.epoch, testimony.count, root), testimony.signature)

    def _rule(self, request_id: bytes, verdict: Verdict, stands: bool) -> Any:
        return self.contract.rule(self.recording(request_id), verdict, stands=stands)

    def _ruling(self, recording: Recording, verdict: Verdict, stands: bool) -> Digest:
        domain, epoch = self.contract.committee_domain, recording.by.epoch
        return ruling_digest(domain, epoch, recording.request.id, stands, verdict)

    def _attested(self, recording: Recording, ruling: Digest, signatures: Sequence[bytes]) -> Attestation:
        """Put signatures at their judges' places on the roll, as many as decide."""
        epoch, signed = recording.by.epoch, recording.by.bitmap
        roll = self.read(self.contract.roll_of(epoch)).attesters
        places = {attester: index for index, attester in enumerate(roll) if not signed >> index & 1}
        found = {}
        for signature in signatures:
            signer = recover(ruling, signature)
            if signer not in places:
                raise SignatureUnknownError(epoch, signer)
            found[places[signer]] = signature
        return assemble(epoch, dict(sorted(found.items())[: majority(len(roll))]))
