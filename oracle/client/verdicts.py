"""Verdicts: as they stand, waited for, proven under an anchored root, claimed, and delivered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from oracle.chain.abi import Event
from oracle.chain.contract import RequestStatus
from oracle.chain.recordings import RecordingCall, Report, anchorings, recordings, signers_of, told
from oracle.chain.remedies import REMEDIES
from oracle.client.answers import AnchoredVerdict, Sent, VerdictView
from oracle.client.errors import NoProofError, UnjudgedError, UnknownIdError, VerdictTimeoutError
from oracle.client.lookups import Lookups
from oracle.client.nodes import NoAnswerError, UnusableError, ask_nodes
from oracle.core.committee import members_of, signers_needed
from oracle.core.digests import recover, report_digest, report_leaf
from oracle.core.eip712 import bytes_of
from oracle.core.errors import ContractRevertError
from oracle.core.merkle import climb
from oracle.core.structs import Delivery, Finality, Recording, Request, RequestState, Verdict
from oracle.keys.devnet import DEVNET_CHAIN_ID

_ENDINGS: Mapping[RequestState, str] = {
    RequestState.RECORDED: "Recorded",
    RequestState.CHALLENGED: "Recorded",
    RequestState.UPHELD: "Recorded",
    RequestState.UNJUDGED: "Recorded",
    RequestState.CORRECTED: "Corrected",
    RequestState.REFUSED: "Refused",
    RequestState.EXPIRED: "Expired",
    RequestState.CANCELLED: "Cancelled",
}
_MAX_PROOF_BYTES = 16_384
_MAX_PROOF_LENGTH = 32


class Verdicts(Lookups):
    """For whoever reads verdicts; bringing one on chain, or to its receiver, is open to anyone."""

    def verdict(self, identifier: bytes) -> VerdictView:
        """Return a request's state now, and its verdict if it has one. An unknown id has state NONE."""
        status = self.read(self.contract.verdict_of(identifier))
        ending = _ENDINGS.get(status.state)
        if ending is None:
            return VerdictView(identifier, status.state)
        sealed = self.events("RecordedSealed", identifier) if ending == "Recorded" else []
        event = sealed[-1] if sealed else self._only(ending, "verdict", identifier)
        ended = VerdictView(identifier, status.state, block=event.block_number, transaction=event.transaction_hash)
        if not status.has_verdict:
            return replace(ended, since=status.since)
        return self._with_verdict(ended, status, event)

    def _with_verdict(self, ended: VerdictView, status: RequestStatus, event: Event) -> VerdictView:
        case = self.read(self.contract.case_of(ended.request_id))
        outcome, score_ppm = status.clear
        sealed = event.name == "RecordedSealed" or score_ppm is None
        by = signers_of(event)
        return replace(
            ended,
            finality=status.finality,
            outcome=outcome,
            score_ppm=score_ppm,
            since=status.since,
            trail=None if sealed else bytes(event.arguments["trail"]),
            epoch=by.epoch,
            signers=by.bitmap,
            undelivered=status.undelivered,
            case=case if case.exists else None,
        )

    def recording(self, request_id: bytes) -> Recording:
        """Return a request's verdict as it stands, and who signed it, from its event: who judged it right, if it was corrected, and nobody
        if the arbiter ruled. Raises UnknownIdError if none is in clear.
        """
        corrected = self.events("Corrected", request_id)
        event = corrected[-1] if corrected else self._only("Recorded", "verdict", request_id)
        return Recording(self.request_terms(request_id).request, *told(event))

    def signing(self, request_id: bytes) -> tuple[RecordingCall, Report, Event]:
        """Return how a request's first verdict was recorded, the report that its signers signed, and the event that their signatures
        brought about: ``Recorded``, or ``Anchored``. Raises UnknownIdError.

        Call and report are read from the transactions' input. That members signed the report is verified only where the input has several
        that it may have been; for all else, audit the verdict.
        """
        event = self._only("Recorded", "verdict", request_id)
        verdict, _ = told(event)
        found = [
            (recording, report, brought)
            for recording in recordings(self.calldata(event.transaction_hash))
            if recording.request.id == request_id and recording.verdict == verdict
            for report, brought in self._reports(recording, event)
        ]
        if not found:
            raise UnknownIdError("call that recorded", request_id)
        if len(found) == 1:
            return found[0]
        # Whoever sends a transaction may write into its input what looks like other calls, and never ran.
        members: dict[bytes, dict[int, list[str]]] = {}
        return next((each for each in found if self._is_signed(*each, members)), found[0])

    def _reports(self, recording: RecordingCall, recorded: Event) -> Iterator[tuple[Report, Event]]:
        if recording.report is not None:
            yield recording.report, recorded
            return
        pool = recording.request.root_pool(recording.root)
        for event in self.events("Anchored", recording.root):
            if bytes(event.arguments["pool"]) == pool:
                calls = anchorings(self.calldata(event.transaction_hash))
                yield from ((each.report, event) for each in calls if each.report.root == recording.root)

    def _is_signed(
        self, recording: RecordingCall, report: Report, brought: Event, known: dict[bytes, dict[int, list[str]]]
    ) -> bool:
        """Tell whether a quorum of an epoch that could sign then signed a report; ``known`` has the members of such epochs, by event."""
        key = brought.transaction_hash
        if key not in known:
            when = self.block_time(brought.block_number)
            epochs = self.epochs_at(brought.block_number, brought.log_index, when)
            known[key] = {each: self.read(self.contract.members_of(each)) for each in epochs}
        attestation = report.attestation
        members, signers = known[key].get(attestation.epoch, []), members_of(attestation.signers)
        if not members or len(signers) < signers_needed(recording.request.quorum, len(members)):
            return False
        digest = report_digest(self.contract.domain, attestation.epoch, report.count, report.root)
        return all(
            index < len(members) and recover(digest, report.signature_of(index) or b"") == members[index]
            for index in signers
        )

    # Waiting

    def wait(self, request_id: bytes, timeout_s: float = 60, poll_s: float = 0.2) -> VerdictView:
        """Return how a request ended, waiting until it has. Raises VerdictTimeoutError, or UnknownIdError."""

        def ended(status: RequestStatus) -> bool:
            return status.state is not RequestState.REQUESTED

        return self._wait(request_id, ended, timeout_s, poll_s)

    def wait_final(
        self, request_id: bytes, timeout_s: float = 60, poll_s: float = 0.2, *, take_unjudged: bool = False
    ) -> VerdictView:
        """As :meth:`wait`, but until what it ended with can't change any more.

        Raises UnjudgedError if the verdict was challenged and nobody decided, unless such ones are taken, too.
        """

        def settled(status: RequestStatus) -> bool:
            open_ = (Finality.CONTESTABLE, Finality.CONTESTED)
            return status.state is not RequestState.REQUESTED and status.finality not in open_

        found = self._wait(request_id, settled, timeout_s, poll_s)
        if found.unjudged and not take_unjudged:
            raise UnjudgedError(request_id)
        return found

    def wait_case(self, request_id: bytes, timeout_s: float = 60, poll_s: float = 0.2) -> VerdictView:
        """As :meth:`wait`, but until no case is open about the verdict (any more)."""
        return self._wait(request_id, lambda s: s.state is not RequestState.CHALLENGED, timeout_s, poll_s)

    def _wait(
        self, request_id: bytes, done: Callable[[RequestStatus], bool], timeout_s: float, poll_s: float
    ) -> VerdictView:
        until = time.monotonic() + timeout_s
        while not done(status := self.read(self.contract.verdict_of(request_id))):
            if time.monotonic() >= until:
                raise VerdictTimeoutError(request_id, timeout_s, status.state)
            time.sleep(poll_s)
        if status.state is RequestState.NONE:
            raise UnknownIdError("request", request_id)
        return self.verdict(request_id)

    # Anchored verdicts

    def proof(self, request_id: bytes, nodes: Sequence[str] | None = None) -> AnchoredVerdict:
        """Fetch the verdict of a request with its proof under an anchored root, from the operators (base URLs) or those named.

        What comes is checked: the proof leads from the verdict's leaf to the root, and ``anchored`` tells whether that root is on chain
        for such requests. Raises NoProofError.
        """
        request = self.request_terms(request_id).request
        if request.question.delivery is not Delivery.ANCHORED:
            raise NoProofError(
                request_id, "it asked for its verdict to be recorded", "there is none to claim: wait for the verdict"
            )
        state = self.read(self.contract.verdict_of(request_id)).state
        if state in (RequestState.REFUSED, RequestState.EXPIRED, RequestState.CANCELLED):
            raise NoProofError(request_id, f"it has ended: {state.name.lower()}", "there will be none")
        endpoints = [member.endpoint for member in self.roll()] if nodes is None else list(nodes)
        allow_private = nodes is not None or self.domain.chain_id == DEVNET_CHAIN_ID
        try:
            answer = ask_nodes(
                f"/v1/proofs/0x{request_id.hex()}",
                [each for each in endpoints if each],
                lambda content: _proven(request, content),
                allow_private=allow_private,
                max_bytes=_MAX_PROOF_BYTES,
            )
        except NoAnswerError as error:
            raise NoProofError(request_id, str(error)) from None
        found: AnchoredVerdict = answer.content
        return replace(found, anchored=self.is_anchored(found.root, request))

    def is_anchored(self, root: bytes, request: Request) -> bool:
        """Tell whether a report of this root was anchored for requests of this one's currency and quorum, by its deadline."""
        pool = self.read(self.contract.pool_info(request.root_pool(root)))
        return pool.epoch != 0 and pool.since <= request.deadline

    def wait_proof(
        self, request_id: bytes, timeout_s: float = 60, poll_s: float = 1.0, nodes: Sequence[str] | None = None
    ) -> AnchoredVerdict:
        """As :meth:`proof`, but wait until an operator has one and its root is on chain. Raises NoProofError when the time is over."""
        until = time.monotonic() + timeout_s
        while True:
            try:
                found = self.proof(request_id, nodes)
            except NoProofError as error:
                missing = error
            else:
                if found.anchored:
                    return found
                missing = NoProofError(request_id, "its root isn't on chain, or came there after the deadline")
            if time.monotonic() >= until:
                raise missing
            time.sleep(poll_s)

    def claim(self, verdict: AnchoredVerdict) -> Sent:
        """Bring a proven verdict into its request's slot; open to anyone."""
        return self.send(self.contract.claim(verdict.request, verdict.verdict, verdict.proof))

    # Callbacks

    def retry_callback(self, request_id: bytes) -> Sent:
        """Deliver a verdict whose callback failed; open to anyone. The ``DeliveryFailed`` event, if it comes again, says why."""
        if not self.read(self.contract.verdict_of(request_id)).undelivered:
            name = "NothingToDeliver"
            raise ContractRevertError(name, {"id": "0x" + request_id.hex()}, REMEDIES[name])
        return self.send(self.contract.retry_callback(self.recording(request_id)))

    def deliver_final(self, request_id: bytes) -> Sent:
        """Tell the contract that asked that its verdict can't change any more: once, at the sender's cost; open to anyone.

        If that contract reverts, so does this, and it can be done again.
        """
        return self.send(self.contract.deliver_final(self.recording(request_id)))


def _proven(request: Request, content: Any) -> AnchoredVerdict:
    try:
        root, verdict = bytes_of(content["root"]), Verdict.from_json(content["verdict"])
        proof = tuple(bytes_of(each) for each in content["proof"])
        leaf = report_leaf(request, verdict)
    except (KeyError, ValueError, TypeError, AttributeError):
        raise UnusableError("no proof as operators serve it") from None
    if len(proof) > _MAX_PROOF_LENGTH or any(len(each) != 32 for each in proof) or climb(leaf, proof) != root:
        raise UnusableError("a proof that doesn't lead to its root")
    return AnchoredVerdict(request, verdict, root, proof, anchored=False)
