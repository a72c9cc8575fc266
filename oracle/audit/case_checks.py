"""Checks of what became of a challenge: who judged, who ruled, and whether what they found is what stands."""

from __future__ import annotations

from functools import partial

from oracle.audit.evidence import CaseEvidence, Evidence
from oracle.audit.report import CheckFailedError, CheckName, equal, must, shown
from oracle.audit.signed import any_of, must_be_signed
from oracle.chain.abi import Event
from oracle.chain.recordings import Judging, judgings
from oracle.core.committee import majority, members_of
from oracle.core.digests import ruling_digest
from oracle.core.roll import NOBODY
from oracle.core.structs import Finality, Recording, RequestState, Verdict

_FINALITY = {
    Finality.NONE: "no verdict",
    Finality.CONTESTABLE: "can still be challenged",
    Finality.CONTESTED: "challenged",
    Finality.FINAL: "final",
}


def case(evidence: Evidence) -> str:
    """What came of a challenge, if there was one, is what the bench or the arbiter decided; and whether the verdict can still change."""
    name, found, state = CheckName.CASE, evidence.case, evidence.status.state
    if found is None:
        equal(name, "state of a verdict never challenged", RequestState.RECORDED.name, state.name)
        return "never challenged; " + _FINALITY[evidence.status.finality]
    by = f"challenged by {found.challenged.arguments['challenger']}"
    if found.closed is None:
        equal(name, "state", RequestState.CHALLENGED.name, state.name)
        return f"{by}; {_under_way(evidence, found)}"
    if found.closed.name == "CaseUnjudged":
        _must_have_settled(found, state, RequestState.UNJUDGED)
        return f"{by}; nobody decided in time: unjudged, the verdict is what it was"
    stands: bool = found.closed.arguments["stands"]
    _must_have_settled(found, state, RequestState.UPHELD if stands else RequestState.CORRECTED)
    equal(name, "a correction", evidence.corrected, not stands)
    return f"{by}; {_decided(evidence, found.closed)}"


def decision(evidence: Evidence, name: CheckName) -> str:
    """Who decided that the verdict as it stands is right: exactly the majority of a roll, by their signatures, or the model's arbiter."""
    found = evidence.case
    if found is None or found.closed is None or found.closed.name != "CaseClosed":
        raise CheckFailedError(name, "a CaseClosed event", "none")
    stands, judges = found.closed.arguments["stands"], found.closed.arguments["by"]
    verdict, by = evidence.told
    if evidence.corrected:
        equal(name, "judges in the event", judges, by.bitmap)
        equal(name, "epoch in the event", evidence.recording.by.epoch, by.epoch)
    if judges == 0:
        return _ruled(evidence, found, name)
    return _any_judging(evidence, found, name, (stands, judges, verdict))


def _must_have_settled(found: CaseEvidence, state: RequestState, wanted: RequestState) -> None:
    """The core has the verdict in the state in which the committee ended the case."""
    name, settled = CheckName.CASE, found.settled
    equal(name, "state", wanted.name, state.name)
    event = "Corrected" if wanted is RequestState.CORRECTED else "ContestSettled"
    equal(name, "event of the core", event, None if settled is None else settled.name)
    if settled is not None and settled.name == "ContestSettled":
        equal(name, "state in the event", wanted.name, RequestState(settled.arguments["state"]).name)


def _under_way(evidence: Evidence, found: CaseEvidence) -> str:
    if found.judged is None:
        return f"open: the bench may judge until {found.challenged.arguments['until']}"
    said = found.judged.arguments
    told = _any_judging(evidence, found, CheckName.CASE, (said["stands"], said["judges"], Verdict.from_abi(said)))
    how = "stands" if said["stands"] else "is false"
    return f"judged: it {how} by {told}; the arbiter {found.arbiter} may rule until {said['until']}"


def _decided(evidence: Evidence, closed: Event) -> str:
    told, first = decision(evidence, CheckName.CASE), evidence.recording.verdict
    if closed.arguments["stands"]:
        return f"upheld by {told}"
    return f"corrected by {told}: the first verdict was outcome {first.outcome}, {first.score} ppm"


def _ruled(evidence: Evidence, found: CaseEvidence, name: CheckName) -> str:
    must(found.arbiter != NOBODY, name, "judges, for there is no arbiter", "none")
    equal(name, "arbiter that the agreement's model names", evidence.model.arbiter, found.arbiter)
    return f"the arbiter {found.arbiter}" + (", over the bench" if found.judged is not None else "")


def _any_judging(evidence: Evidence, found: CaseEvidence, name: CheckName, said: tuple[bool, int, Verdict]) -> str:
    """Check the calls that bring judges' signatures about this request until one holds: what ran, and nothing that only looks like it."""
    calls = [each for each in judgings(found.calldata) if each.recording.request.id == evidence.request_id]
    if not calls:
        raise CheckFailedError(name, "a call of judge() of the request in the transaction", "none in its calldata")
    return any_of(calls, partial(_judging, evidence, found, name, said))


def _judging(
    evidence: Evidence, found: CaseEvidence, name: CheckName, said: tuple[bool, int, Verdict], call: Judging
) -> str:
    """What was judged is the verdict recorded, and exactly as many as decide signed what the events say, none of them its signer."""
    recording, (stands, judges, verdict), roll = evidence.recording, said, found.roll
    equal(name, "recording judged", _named(recording), _named(call.recording))
    equal(name, "whether it stands", stands, call.stands)
    equal(name, "judges in the event", call.judges, judges)
    equal(name, "verdict judged right", verdict, call.verdict)
    equal(name, "whether it is the one recorded", stands, call.verdict == recording.verdict)
    wanted, indices = majority(len(roll)), members_of(call.judges)
    must(len(indices) == wanted, name, f"exactly {wanted} judges", len(indices))
    signers = recording.by.bitmap
    must(call.judges & signers == 0, name, "judges who didn't sign the verdict", members_of(call.judges & signers))
    epoch = recording.by.epoch
    digest = ruling_digest(evidence.committee_domain, epoch, evidence.request_id, call.stands, call.verdict)
    must_be_signed(name, roll, call.judges, call.signatures, digest)
    return f"{len(indices)} of {len(roll)} on the roll of epoch {epoch}"


def _named(recording: Recording) -> str:
    """Return what a recording is, for a comparison that shows its parts."""
    verdict, by = recording.verdict, recording.by
    answer = f"outcome {verdict.outcome}, {verdict.score} ppm, trail {shown(verdict.trail)}"
    return f"{shown(recording.request.commitment)}: {answer}, signers {by.bitmap} of epoch {by.epoch}"
