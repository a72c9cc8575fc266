"""Checks of who signed: the report is rebuilt from the transaction that brought it, and each signature recovered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from oracle.audit.evidence import Evidence, Signing
from oracle.audit.report import CheckFailedError, CheckName, equal, must, shown
from oracle.chain.recordings import RecordingCall, Report, Review, anchorings, recordings, reviews, told
from oracle.core.committee import members_of, review_quorum, signers_needed
from oracle.core.digests import recover, report_digest, review_digest
from oracle.core.quantise import within
from oracle.core.structs import Attestation, Finality, RequestState, Verdict
from oracle.core.trail import Trail

C = TypeVar("C", Review, tuple[RecordingCall, Report])

_SIGNATURE_BYTES = 64


def quorum(evidence: Evidence) -> str:
    """Members signed just this verdict, in an epoch that could sign then, and they are a quorum."""
    if evidence.corrected:
        return _any(_reviews(evidence, evidence.calldata, CheckName.QUORUM), partial(_corrected, evidence))
    return _any(_reports(evidence), partial(_reported, evidence))


def _corrected(evidence: Evidence, review: Review) -> str:
    name = CheckName.QUORUM
    _announced(evidence, review.verdict, review.attestation)
    wanted = review_quorum(_least(evidence), len(evidence.members))
    _signed(name, evidence.signing, review.attestation, _review_digest(evidence, review), wanted)
    return _told(evidence, review.attestation, wanted, "in a review")


def _reported(evidence: Evidence, found: tuple[RecordingCall, Report]) -> str:
    (recording, report), name = found, CheckName.QUORUM
    attestation = report.attestation
    _announced(evidence, recording.verdict, attestation)
    digest = report_digest(evidence.domain, attestation.epoch, report.count, report.root)
    wanted = signers_needed(_least(evidence), len(evidence.members))
    _signed(name, evidence.signing, attestation, digest, wanted)
    how = f"a report of {report.count}" + (", anchored" if recording.report is None else "")
    return _told(evidence, attestation, wanted, how)


def _announced(evidence: Evidence, verdict: Verdict, attestation: Attestation) -> None:
    """What was signed, and by whom, is what the event says."""
    said, by = evidence.told
    equal(CheckName.QUORUM, "verdict signed", said, verdict)
    equal(CheckName.QUORUM, "epoch in the event", attestation.epoch, by.epoch)
    equal(CheckName.QUORUM, "signers in the event", attestation.signers, by.bitmap)


def _least(evidence: Evidence) -> int:
    return max(evidence.request.quorum, evidence.model.quorum)


def _told(evidence: Evidence, attestation: Attestation, wanted: int, how: str) -> str:
    signers, size = len(members_of(attestation.signers)), len(evidence.members)
    return f"{signers} of {size} members of epoch {attestation.epoch} signed, {wanted} needed; {how}"


def review(evidence: Evidence) -> str:
    """What came of a challenge, if there was one, is what the committee signed; and whether the verdict can still change."""
    name, contest, finality = CheckName.REVIEW, evidence.contest, evidence.status.finality
    if contest is None:
        equal(name, "state of a verdict never challenged", RequestState.RECORDED.name, evidence.status.state.name)
        return "never challenged; " + _FINALITY[finality]
    by = f"challenged by {contest.challenged.arguments['challenger']}"
    if contest.ended is None or contest.signing is None:
        wanted = RequestState.CHALLENGED if contest.ended is None else RequestState.RECORDED
        equal(name, "state", wanted.name, evidence.status.state.name)
        until = contest.challenged.arguments["until"]
        return (
            f"{by}, a review is due by {until}"
            if contest.ended is None
            else f"{by}, never answered; the verdict stands"
        )
    return f"{by}; " + _reviewed(evidence, contest.signing)


def proposer(evidence: Evidence, trail: Trail) -> str:
    """Whoever the trail names as its proposer was a member."""
    members = {member.lower() for member in evidence.members}
    must(trail.proposer.lower() in members, CheckName.PROPOSER, "a member of the epoch", trail.proposer)
    return trail.proposer


_FINALITY = {
    Finality.NONE: "no verdict",
    Finality.CONTESTABLE: "can still be challenged",
    Finality.CONTESTED: "under review",
    Finality.FINAL: "final",
}


def _reviewed(evidence: Evidence, signing: Signing) -> str:
    name = CheckName.REVIEW
    wanted = RequestState.CORRECTED if evidence.corrected else RequestState.UPHELD
    equal(name, "state", wanted.name, evidence.status.state.name)
    return _any(_reviews(evidence, signing.calldata, name), partial(_found, evidence, signing))


def _found(evidence: Evidence, signing: Signing, found: Review) -> str:
    name, (first, _) = CheckName.REVIEW, told(evidence.first)
    needed = review_quorum(_least(evidence), len(signing.members))
    _signed(name, signing, found.attestation, _review_digest(evidence, found), needed)
    signers = f"{len(members_of(found.attestation.signers))} of {len(signing.members)} members"
    before = f"outcome {first.outcome}, {first.score} ppm"
    if evidence.corrected:
        return f"corrected by {signers}: the first verdict was {before}"
    equal(name, "outcome found", first.outcome, found.verdict.outcome)
    allowed = 2 * evidence.model.tolerance
    near = within(first.score, found.verdict.score, allowed)
    must(near, name, f"a score within {allowed} ppm of {first.score}", found.verdict.score)
    return f"upheld by {signers}"


def _signed(name: CheckName, signing: Signing, attestation: Attestation, digest: bytes, wanted: int) -> None:
    """Each member named in an attestation signed the digest, in an epoch that could, and they are enough."""
    must(attestation.epoch in signing.epochs, name, f"an epoch of {shown(signing.epochs)}", attestation.epoch)
    indices, members = members_of(attestation.signers), signing.members
    must(len(indices) >= wanted, name, f"at least {wanted} signers", len(indices))
    equal(name, "bytes of signatures", len(indices) * _SIGNATURE_BYTES, len(attestation.signatures))
    for place, index in enumerate(indices):
        signature = attestation.signatures[place * _SIGNATURE_BYTES : (place + 1) * _SIGNATURE_BYTES]
        must(index < len(members), name, f"one of {len(members)} members", f"member {index}")
        equal(name, f"signature {place} of member", members[index], recover(digest, signature))


def _review_digest(evidence: Evidence, found: Review) -> bytes:
    return review_digest(evidence.domain, found.attestation.epoch, evidence.request_id, found.verdict)


def _any(candidates: Sequence[C], check: Callable[[C], str]) -> str:
    """Return what the check says of the first that passes it; else raise what it says of the first.

    Whoever sends a transaction may write into its input what looks like other calls, and never ran.
    """
    failures = []
    for each in candidates:
        try:
            return check(each)
        except CheckFailedError as failure:
            failures.append(failure)
    raise failures[0]


def _reviews(evidence: Evidence, calldata: bytes, name: CheckName) -> list[Review]:
    """Return the calls, one at least, that review this request."""
    found = [each for each in reviews(calldata) if each.request_id == evidence.request_id]
    if not found:
        raise CheckFailedError(name, "a call of review() of the request in the transaction", "none in its calldata")
    return found


def _reports(evidence: Evidence) -> list[tuple[RecordingCall, Report]]:
    """Return the calls, one at least, that record this request's verdict, each with the report that was signed: its own, or the anchored
    one.
    """
    found = [each for each in recordings(evidence.calldata) if each.request == evidence.request]
    if not found:
        expected = "a call of record(), recordMany() or claim() with the request's terms in the transaction"
        raise CheckFailedError(CheckName.QUORUM, expected, "none in its calldata")
    whole = [
        (each, report) for each in found for report in ([each.report] if each.report else _anchored(evidence, each))
    ]
    if not whole:
        expected = f"a call of anchor() with root {shown(found[0].root)} in the transaction that anchored it"
        raise CheckFailedError(CheckName.QUORUM, expected, "none in its calldata")
    return whole


def _anchored(evidence: Evidence, claimed: RecordingCall) -> list[Report]:
    wanted = (claimed.root, evidence.model.currency.lower(), evidence.request.quorum)
    return [
        found.report
        for found in anchorings(evidence.signing.calldata)
        if (found.report.root, found.currency.lower(), found.quorum) == wanted
    ]
