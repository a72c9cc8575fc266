"""Checks of a trail's facts against the chain: request, verdict, agreement, record, model. Each returns what it established."""

from __future__ import annotations

from typing import Any

from oracle.audit.evidence import Evidence
from oracle.audit.report import CheckName, equal, must, shown
from oracle.core import canonical
from oracle.core.digests import recording_mark
from oracle.core.matching import mismatch
from oracle.core.purposes import purpose
from oracle.core.structs import AgreementState, Delivery, Recording, RequestState, Step, Struct
from oracle.core.trail import Trail


def recorded(evidence: Evidence) -> str:
    """The request's slot has a verdict, and it is the one that the event announced, by the signers whom it names."""
    name, status, (verdict, by) = CheckName.RECORDED, evidence.status, evidence.told
    must(status.state.has_verdict, name, "a state with a verdict", status.state.name)
    equal(name, "corrected", evidence.corrected, status.state is RequestState.CORRECTED)
    equal(name, "outcome in the slot", verdict.outcome, status.outcome)
    equal(name, "score in the slot", verdict.score, status.score)
    equal(name, "mark in the slot", recording_mark(Recording(evidence.request, verdict, by)), status.mark)
    corrected = f", corrected in block {evidence.recorded.block_number}" if evidence.corrected else ""
    return f"recorded in block {evidence.answered.block}{corrected}; {status.finality.name.lower()}"


def deployment(evidence: Evidence, trail: Trail) -> str:
    """The trail is of this chain and contract."""
    name, domain = CheckName.DEPLOYMENT, evidence.domain
    equal(name, "chain", domain.chain_id, trail.chain_id)
    equal(name, "contract", domain.contract.lower(), trail.contract.lower())
    return f"chain {domain.chain_id}, contract {domain.contract}"


def request(evidence: Evidence, trail: Trail) -> str:
    """Request id, commitment, block and terms are the chain's."""
    name, request = CheckName.REQUEST, evidence.request
    equal(name, "id", shown(evidence.request_id), trail.request.id)
    equal(name, "block", evidence.asked.block, trail.request.block)
    _same_terms(name, request, trail.request.terms)
    equal(name, "commitment", shown(request.commitment), trail.request.commitment)
    return f"asked in block {evidence.asked.block} by {request.controller}"


def verdict(evidence: Evidence, trail: Trail) -> str:
    """The recorded outcome and score are the trail's output."""
    name, (verdict, _) = CheckName.VERDICT, evidence.told
    equal(name, "outcome", verdict.outcome, trail.output.outcome)
    equal(name, "score", verdict.score, trail.output.score_ppm)
    return f"outcome {verdict.outcome}, {verdict.score} ppm"


def agreement(evidence: Evidence, trail: Trail) -> str:
    """The agreement in the trail is the request's: its terms give the id, and its subject gave it, or what it was adopted under."""
    name, agreement, given = CheckName.AGREEMENT, evidence.agreement, evidence.given.begin
    equal(name, "id", shown(evidence.request.agreement), trail.agreement.id)
    _same_terms(name, agreement, trail.agreement.terms)
    equal(name, "id of the terms", shown(agreement.id), trail.agreement.id)
    equal(name, "given since", given.timestamp, trail.agreement.since)
    if evidence.under is None:
        return f"given by {agreement.subject} in block {given.block}"
    under, by = evidence.under, evidence.under.models_by
    equal(name, "publisher agreed to", evidence.model.publisher, None if by is None else by.publisher)
    expected = under.adopted(agreement.model, agreement.uses, agreement.valid_until)
    equal(name, "id by the terms that it was adopted under", shown(expected.id), shown(agreement.id))
    return (
        f"adopted by {agreement.controller} in block {given.block}, under {shown(under.id)}, which {under.subject} gave"
    )


def consent_standing(evidence: Evidence) -> str:
    """The agreement stood when the request was made, and when the verdict was recorded; nor was its time over when operators answered."""
    name, given = CheckName.CONSENT_STANDING, evidence.given
    span = f"given since block {given.begin.block}"
    span += ", not ended" if given.end is None else f", ended in block {given.end.block}"
    must(given.covers(evidence.asked), name, f"given at block {evidence.asked.block}", span)
    must(given.covers(evidence.answered), name, f"given at block {evidence.answered.block}", span)
    brought = evidence.anchored or evidence.answered
    ends, how = evidence.valid_until(brought), "recorded" if evidence.anchored is None else "anchored"
    must(brought.timestamp < ends, name, f"{how} before {ends}", f"{how} at {brought.timestamp}")
    if evidence.standing is None:
        return f"{span}; by events alone, the endpoint has no state of block {evidence.answered.block}"
    ended_later = given.end is not None and given.end.block == evidence.answered.block
    stood = evidence.standing.state is AgreementState.GIVEN
    equal(name, f"given after block {evidence.answered.block}", not ended_later, stood)
    return span


def consent_coverage(evidence: Evidence) -> str:
    """The agreement let this controller ask, then, for this purpose and step, as this use."""
    name, terms, asked = CheckName.CONSENT_COVERAGE, evidence.agreement, evidence.request
    equal(name, "controller", terms.controller, asked.controller)
    for moment in (evidence.ordered, evidence.asked):
        found = mismatch(terms.terms, asked.question, moment.timestamp, evidence.valid_until(moment))
        told = f"purpose {asked.purpose}, step {asked.step}, use {asked.use} at {moment.timestamp}: {found}"
        must(found is None, name, "a question that the terms admit", told)
    if evidence.anchored is not None:
        equal(name, "delivery of a claimed verdict", Delivery.ANCHORED.name, Delivery(asked.question.delivery).name)
        anchored = evidence.anchored.timestamp
        must(anchored <= asked.deadline, name, f"anchored by {asked.deadline}", anchored)
    last = asked.deadline if evidence.anchored is None else asked.last_second
    must(evidence.answered.timestamp <= last, name, f"recorded by {last}", evidence.answered.timestamp)
    return f"{purpose(asked.purpose).term}, {Step(asked.step).name.lower()}, use {asked.use} of {terms.uses}"


def record(evidence: Evidence, trail: Trail) -> str:
    """The record in the trail is the agreement's, the subject's, and was committed when the operators looked at it."""
    name, record, found = CheckName.RECORD, evidence.record, trail.record
    equal(name, "id", shown(evidence.agreement.record), found.id)
    equal(name, "root", shown(record.root), found.root)
    equal(name, "subject", record.subject.lower(), found.subject.lower())
    equal(name, "holder", record.holder.lower(), found.holder.lower())
    equal(name, "the agreement's subject", evidence.agreement.subject, record.subject)
    at = f"committed between blocks {evidence.asked.block} and {evidence.answered.block}"
    must(evidence.committed.meets(evidence.asked, evidence.answered), name, at, "committed later, or retired before")
    names = [field.name for field in found.fields]
    must(len(set(names)) == len(names), name, "each field once", "a field twice")
    return f"held by {record.holder}, {len(names)} fields used"


def model(evidence: Evidence, trail: Trail) -> str:
    """The model in the trail is the agreement's, was published when the request was made, and has these files."""
    name, model, found = CheckName.MODEL, evidence.model, trail.model
    equal(name, "id", shown(evidence.agreement.model), found.id)
    _same_terms(name, model, found.terms)
    at = f"published at block {evidence.ordered.block}"
    must(evidence.published.covers(evidence.ordered), name, at, "published later, or deprecated before")
    equal(name, "digest of the files", model.files, canonical.digest(dict(found.files)))
    return f"{shown(found.name)} {shown(found.version)}, published by {model.publisher}"


def _same_terms(name: CheckName, chain: Struct, found: dict[str, Any]) -> None:
    wanted = chain.to_json()
    for key in wanted.keys() | found.keys():
        # As JSON writes them: to Python, true is 1.
        expected, given = repr(wanted.get(key)), repr(found.get(key))
        must(expected == given, name, f"terms.{shown(key)} {expected}", given)
