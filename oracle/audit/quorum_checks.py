"""Checks of who signed: the report is rebuilt from the transaction that brought it, and each signature recovered."""

from __future__ import annotations

from functools import partial

from oracle.audit.case_checks import decision
from oracle.audit.evidence import Evidence
from oracle.audit.report import CheckFailedError, CheckName, equal, must, shown
from oracle.audit.signed import any_of, must_be_signed
from oracle.chain.recordings import RecordingCall, Report, anchorings, recordings
from oracle.core.committee import members_of, signers_needed
from oracle.core.digests import report_digest
from oracle.core.roll import NOBODY
from oracle.core.structs import Attestation, Verdict
from oracle.core.trail import Trail


def quorum(evidence: Evidence) -> str:
    """Members signed just this verdict, in an epoch that could sign then, and they are a quorum; of a corrected one, its judges did."""
    if evidence.corrected:
        return f"corrected by {decision(evidence, CheckName.QUORUM)}"
    return any_of(_reports(evidence), partial(_reported, evidence))


def proposer(evidence: Evidence, trail: Trail) -> str:
    """Whoever the trail names as its proposer was a member; of a corrected verdict, on the roll, or the arbiter."""
    members = {member.lower() for member in evidence.members}
    if evidence.corrected and evidence.case is not None:
        members = {each.lower() for each in (*evidence.case.roll, evidence.case.arbiter)} - {NOBODY}
    must(trail.proposer.lower() in members, CheckName.PROPOSER, "a member of the epoch", trail.proposer)
    return trail.proposer


def _reported(evidence: Evidence, found: tuple[RecordingCall, Report]) -> str:
    (recording, report), name, signing = found, CheckName.QUORUM, evidence.signing
    attestation = report.attestation
    _announced(evidence, recording.verdict, attestation)
    must(attestation.epoch in signing.epochs, name, f"an epoch of {shown(signing.epochs)}", attestation.epoch)
    members, indices = signing.members, members_of(attestation.signers)
    wanted = signers_needed(max(evidence.request.quorum, evidence.model.quorum), len(members))
    must(len(indices) >= wanted, name, f"at least {wanted} signers", len(indices))
    digest = report_digest(evidence.domain, attestation.epoch, report.count, report.root)
    must_be_signed(name, members, attestation.signers, attestation.signatures, digest)
    how = f"a report of {report.count}" + (", anchored" if recording.report is None else "")
    return f"{len(indices)} of {len(members)} members of epoch {attestation.epoch} signed, {wanted} needed; {how}"


def _announced(evidence: Evidence, verdict: Verdict, attestation: Attestation) -> None:
    """What was signed, and by whom, is what the event says."""
    said, by = evidence.told
    equal(CheckName.QUORUM, "verdict signed", said, verdict)
    equal(CheckName.QUORUM, "epoch in the event", attestation.epoch, by.epoch)
    equal(CheckName.QUORUM, "signers in the event", attestation.signers, by.bitmap)


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
