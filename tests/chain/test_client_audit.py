"""The audit against verdicts recorded on Anvil, and trails served over HTTP: all holds, or the altered link is named."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import client_world
import pytest
from anvil_server import anvil
from client_world import ARBITER, CONTROLLER, HOLDER, SUBJECT, TrailServer, World
from web3 import HTTPProvider, Web3

from oracle.audit import AuditReport, CheckFailedError, CheckName, Evidence, audit, gather, judge
from oracle.audit.trail_source import FetchedTrail
from oracle.chain.abi import Event
from oracle.client import Asked
from oracle.core import canonical
from oracle.core.committee import assemble
from oracle.core.digests import recording_mark, report_digest, report_leaf
from oracle.core.structs import (
    AgreementState,
    Attestation,
    Delivery,
    Finality,
    ModelsBy,
    Recording,
    RequestState,
    Schedule,
    Summary,
    Verdict,
)
from oracle.models.evaluation import Evaluation
from oracle.models.features import features
from oracle.models.runtime import LocalRuntime

Trail = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


@pytest.fixture(scope="module")
def evaluation(world: World) -> Evaluation:
    card = world.package.card
    values = {field.name: field.value for field in world.tree.fields}
    row = features(card, {feature.name: values[feature.name] for feature in card.inputs})
    return LocalRuntime(world.package).evaluate([row])[0]


@pytest.fixture(scope="module")
def server() -> Iterator[TrailServer]:
    started = TrailServer()
    yield started
    started.close()


@dataclasses.dataclass
class Case:
    """One verdict, honestly made."""

    asked: Asked
    trail: Trail
    digest: bytes
    evidence: Evidence
    release: dict[str, Any]


@pytest.fixture(scope="module")
def case(world: World, evaluation: Evaluation, server: TrailServer) -> Case:
    asked = world.ask()
    trail = world.trail(asked, evaluation)
    digest = world.conclude(asked, trail, server)
    return Case(asked, trail, digest, gather(world.client, asked.id), world.release(asked))


def failed(report: AuditReport) -> list[str]:
    return [check.name.value for check in report.failures]


# A verdict that holds


def test_audit__when_all_is_honest__then_every_check_passes(world: World, case: Case, server: TrailServer) -> None:
    report = audit(world.client, case.asked.id, nodes=[server.url], release=case.release, packages=[world.package])
    assert report.passed, report.to_json()
    assert report.complete
    assert [check.name for check in report.checks] == list(CheckName)
    assert report.node == server.url
    report.must_pass()
    json.dumps(report.to_json())


def test_audit__when_no_release_is_given__then_passes_and_says_what_was_skipped(
    world: World, case: Case, server: TrailServer
) -> None:
    report = audit(world.client, case.asked.id, nodes=[server.url])
    assert report.passed
    assert not report.complete
    skipped = {check.name.value for check in report.checks if check.skipped}
    assert skipped == {"model_card", "release_fields", "recomputed_score", "recomputed_attribution"}
    assert "no release" in report.check("release_fields").detail


def test_audit__when_recorded_in_another_contracts_call__then_the_call_is_found(case: Case) -> None:
    wrapped = dataclasses.replace(case.evidence, calldata=b"\xde\xad\xbe\xef" * 9 + case.evidence.calldata + bytes(7))
    assert judge(wrapped, FetchedTrail(case.trail, "a node")).passed


def test_audit__when_not_recorded__then_that_is_what_fails(world: World) -> None:
    report = audit(world.client, world.ask().id)
    assert failed(report) == ["recorded"]
    assert report.check("recorded").found == "REQUESTED"
    assert failed(audit(world.client, bytes(32))) == ["recorded"]


def test_audit__when_withdrawn_after_the_recording__then_it_still_passes(
    world: World, evaluation: Evaluation, server: TrailServer
) -> None:
    agreement = world.give()
    asked = world.ask(agreement)
    world.conclude(asked, world.trail(asked, evaluation), server)
    world.as_(SUBJECT).withdraw(agreement)
    assert audit(world.client, asked.id, nodes=[server.url]).passed


def test_audit__when_the_model_was_adopted__then_it_says_under_what_and_another_publisher_fails(
    world: World, evaluation: Evaluation, server: TrailServer
) -> None:
    under = world.give(model_id=ModelsBy(world.model.publisher).pack(), uses=5)
    world.as_(CONTROLLER).adopt(under, world.model, 2)
    (adopted,) = world.client.adopted_under(under.id)
    asked = world.ask(adopted)
    trail = world.trail(asked, evaluation)
    world.conclude(asked, trail, server)
    report = audit(world.client, asked.id, nodes=[server.url])
    assert report.passed, report.to_json()
    assert f"under 0x{under.id.hex()}, which {SUBJECT.address} gave" in report.check("agreement").detail
    evidence = gather(world.client, asked.id)
    for other in ({"model": ModelsBy(CONTROLLER.address).pack()}, {"purposes": 1 << 119}):
        lying = dataclasses.replace(evidence, under=dataclasses.replace(under, **other))
        assert failed(judge(lying, FetchedTrail(trail, "a node"))) == ["agreement"]


# Nodes


def test_audit__when_a_node_fails_or_lies__then_the_next_is_asked(
    world: World, case: Case, server: TrailServer
) -> None:
    liar = TrailServer()
    try:
        liar.serve(case.digest, canonical.canonical({**case.trail, "software": "other"}))
        report = audit(world.client, case.asked.id, nodes=["http://127.0.0.1:9", "nonsense", liar.url, server.url])
        assert report.passed
        assert report.node == server.url
    finally:
        liar.close()


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (404, b"{}", "status 404"),
        (302, b"{}", "status 302"),
        (200, b"", "not JSON"),
        (200, b"[" * 100_000, "not JSON"),
        (200, b'{"a": NaN}', "not JSON"),
        (200, b'{"a": 123456789012345678901234567890}', "not canonical JSON"),
        (200, b"\xff\xfe", "not JSON"),
        (200, b'"' + b"x" * 300_000 + b'"', "more than 262144 bytes"),
        (200, b"{}", "a trail of digest 0x"),
    ],
)
def test_audit__when_a_node_is_hostile__then_trail_digest_fails_and_the_rest_goes_on(
    world: World, case: Case, status: int, body: bytes, found: str
) -> None:
    node = TrailServer()
    try:
        node.serve(case.digest, body, status)
        report = audit(world.client, case.asked.id, nodes=[node.url], release=case.release, packages=[world.package])
    finally:
        node.close()
    assert failed(report) == ["trail_digest"]
    assert found in (report.check("trail_digest").found or "")
    assert report.check("quorum").passed
    assert report.check("request").detail == "builds on trail_digest, which failed"


def test_audit__when_no_node_has_it__then_says_so(world: World, case: Case) -> None:
    # The operators' endpoints on chain lead nowhere.
    report = audit(world.client, case.asked.id, nodes=[])
    assert report.check("trail_digest").found == "no node to ask"
    with pytest.raises(CheckFailedError) as caught:
        report.must_pass()
    assert caught.value.check is CheckName.TRAIL_DIGEST


# Trails that a quorum signed, with one part altered


def _part(trail: Trail, path: str) -> tuple[dict[str, Any], str]:
    *folders, last = path.split(".")
    for folder in folders:
        trail = trail[folder]
    return trail, last


Alter = Callable[[Any], Any]


def _other_hex(value: str) -> str:
    return value[:-1] + ("0" if value[-1] != "0" else "1")


_ALTERED: list[tuple[str, Alter, str]] = [
    ("chainId", lambda v: v + 1, "deployment"),
    ("contract", lambda _: SUBJECT.address, "deployment"),
    ("request.id", _other_hex, "request"),
    ("request.commitment", _other_hex, "request"),
    ("request.block", lambda v: v - 1, "request"),
    ("request.terms.purpose", lambda v: v + 1, "request"),
    ("request.terms.fee", lambda _: "0", "request"),
    ("request.terms", lambda _: {}, "request"),
    ("request.terms.use", lambda _: False, "request"),
    ("agreement.id", _other_hex, "agreement"),
    ("agreement.since", lambda v: v + 1, "agreement"),
    ("agreement.terms.purposes", lambda _: str(2**120 - 1), "agreement"),
    ("agreement.terms.uses", lambda v: v + 1, "agreement"),
    ("agreement.terms.salt", lambda _: [], "agreement"),
    ("record.id", _other_hex, "record"),
    ("record.root", _other_hex, "record"),
    ("record.subject", lambda _: CONTROLLER.address, "record"),
    ("record.holder", lambda _: SUBJECT.address, "record"),
    ("record.fields", lambda v: [*v, v[0]], "record"),
    ("model.id", _other_hex, "model"),
    ("model.terms.tolerance", lambda _: 1_000_000, "model"),
    ("model.terms.extra", lambda _: 1, "model"),
    ("model.files", lambda v: {**v, "model.toml": _other_hex(v["model.toml"])}, "model"),
    ("model.name", lambda _: "other", "model_card"),
    ("model.version", lambda _: "9.9.9", "model_card"),
    ("output.label", lambda _: "other", "model_card"),
    ("output.thresholdPpm", lambda v: v - 1, "model_card"),
    ("output.scorePpm", lambda v: v + 5_000 if v < 500_000 else v - 5_000, "recomputed_score"),
    ("attribution.method", lambda _: "guess", "recomputed_attribution"),
    ("attribution.baselinePpm", lambda v: v + 2_000, "recomputed_attribution"),
    ("attribution.completenessPpm", lambda _: 1_001, "attribution"),
    ("attribution.completenessPpm", lambda _: -1, "attribution"),
    ("attribution.values", lambda v: {k: x + 1 for k, x in v.items()}, "attribution"),
    ("attribution.values", lambda v: {k: x + 500_000 for k, x in v.items()}, "attribution"),
    ("attribution.values", lambda v: dict(list(v.items())[1:]), "attribution"),
    ("proposer", lambda _: HOLDER.address, "proposer"),
    ("version", lambda _: "assent-trail/9", "trail_form"),
    ("output", lambda _: None, "trail_form"),
    ("record.fields", lambda _: "all", "trail_form"),
    ("extra", lambda _: 1, "trail_form"),
]


@pytest.mark.parametrize(
    ("path", "alter", "check"), _ALTERED, ids=[f"{each[0]}-{n}" for n, each in enumerate(_ALTERED)]
)
def test_judge__when_the_quorum_signed_an_altered_trail__then_the_right_check_fails(
    world: World, case: Case, path: str, alter: Alter, check: str
) -> None:
    trail = copy.deepcopy(case.trail)
    part, key = _part(trail, path)
    part[key] = alter(part.get(key))
    report = judge(
        signed(case.evidence, trail), FetchedTrail(trail, "n"), release=case.release, packages=[world.package]
    )
    assert check in failed(report), report.to_json()
    assert report.check(check).expected
    # Signatures are over the honest verdict, so the quorum fails as well; nothing unrelated does.
    related = {"attribution", "recomputed_attribution", "output", "release_fields", "model_card", "verdict", "recorded"}
    assert set(failed(report)) <= {check, "quorum", *related}


def signed(evidence: Evidence, trail: Trail) -> Evidence:
    """Return the evidence as if this trail's digest, and its score, had been recorded."""
    digest = canonical.digest(trail)
    output = trail.get("output") or {"scorePpm": evidence.status.score, "outcome": evidence.status.outcome}
    _, by = evidence.told
    verdict = Verdict(output["outcome"], output["scorePpm"], digest)
    summary = Summary(by.bitmap, by.epoch, verdict.outcome, verdict.score)
    arguments = {**evidence.recorded.arguments, "trail": digest, "summary": summary.pack()}
    mark = recording_mark(Recording(evidence.request, verdict, by))
    status = dataclasses.replace(evidence.status, mark=mark, score=verdict.score, outcome=verdict.outcome)
    return dataclasses.replace(
        evidence, recorded=dataclasses.replace(evidence.recorded, arguments=arguments), status=status
    )


def test_audit__when_the_quorum_recorded_a_false_outcome__then_output_fails(
    world: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = world.ask()
    trail = world.trail(asked, evaluation)
    trail["output"]["outcome"] = 1 - trail["output"]["outcome"]
    world.conclude(asked, trail, server)
    report = audit(world.client, asked.id, nodes=[server.url], release=world.release(asked), packages=[world.package])
    assert failed(report) == ["output", "model_card", "recomputed_score"]


def test_audit__when_the_quorum_recorded_another_score_than_the_trails__then_verdict_fails(
    world: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = world.ask()
    trail = world.trail(asked, evaluation)
    digest = canonical.digest(trail)
    world.record_verdict(asked, Verdict(evaluation.outcome, evaluation.score_ppm ^ 1, digest))
    server.serve(digest, canonical.canonical(trail))
    assert failed(audit(world.client, asked.id, nodes=[server.url])) == ["verdict"]


def test_audit__when_the_quorum_signed_what_is_no_trail__then_trail_form_fails(
    world: World, server: TrailServer
) -> None:
    asked, content = world.ask(), {"anything": ["else", None]}
    digest = canonical.digest(content)
    world.record_verdict(asked, Verdict(1, 900_000, digest))
    server.serve(digest, canonical.canonical(content))
    report = audit(world.client, asked.id, nodes=[server.url])
    assert failed(report) == ["trail_form"]
    assert report.trail is None


# Releases


def _alter_value(release: dict[str, Any]) -> None:
    release["fields"][0]["value"] += 0.5


def _alter_proof(release: dict[str, Any]) -> None:
    release["fields"][0]["proof"][0] = _other_hex(release["fields"][0]["proof"][0])


def _alter_salt(release: dict[str, Any]) -> None:
    release["fields"][0]["salt"] = _other_hex(release["fields"][0]["salt"])


_RELEASES: list[Callable[[dict[str, Any]], None]] = [
    _alter_value,
    _alter_proof,
    _alter_salt,
    lambda release: release.update(request=_other_hex(release["request"])),
    lambda release: release.update(record=_other_hex(release["record"])),
    lambda release: release.update(version="assent-release/9"),
    lambda release: release.update(fields=release["fields"][1:]),
    lambda release: release.update(fields=[*release["fields"], release["fields"][0]]),
    lambda release: release.update(fields=[1, 2]),
    lambda release: release.update(fields=None),
    lambda release: release.clear(),
]


@pytest.mark.parametrize("alter", _RELEASES)
def test_judge__when_the_release_is_altered__then_release_fields_fails_and_shows_no_value(
    world: World, case: Case, alter: Callable[[dict[str, Any]], None]
) -> None:
    release = copy.deepcopy(case.release)
    values = [str(field["value"]) for field in release["fields"]]
    alter(release)
    report = judge(case.evidence, FetchedTrail(case.trail, "n"), release=release, packages=[world.package])
    assert failed(report) == ["release_fields"]
    assert report.check("recomputed_score").detail == "builds on release_fields, which failed"
    text = report.check("release_fields").detail
    assert not any(value in text for value in values if len(value) > 3)


def test_judge__when_another_field_is_released__then_release_fields_fails(world: World, case: Case) -> None:
    release = {**case.release, "fields": [*case.release["fields"], world.tree.disclose(["born"])[0].to_json()]}
    report = judge(case.evidence, FetchedTrail(case.trail, "n"), release=release, packages=[world.package])
    assert failed(report) == ["release_fields"]


def test_judge__when_no_package_is_given__then_recomputation_is_skipped(case: Case) -> None:
    report = judge(case.evidence, FetchedTrail(case.trail, "n"), release=case.release)
    assert report.passed
    assert report.check("release_fields").passed
    assert "no package" in report.check("recomputed_score").detail


# Evidence that doesn't hold: what the contract would refuse, were the endpoint honest


def _moved(evidence: Evidence, name: str, **changes: Any) -> Evidence:
    return dataclasses.replace(evidence, **{name: dataclasses.replace(getattr(evidence, name), **changes)})


def _asked(evidence: Evidence, **changes: Any) -> Evidence:
    question = dataclasses.replace(evidence.request.question, **changes)
    return dataclasses.replace(evidence, request=dataclasses.replace(evidence.request, question=question))


def _flipped(evidence: Evidence, place: int) -> Evidence:
    calldata = bytearray(evidence.calldata)
    calldata[place] ^= 1
    return dataclasses.replace(evidence, calldata=bytes(calldata))


_EVIDENCE: list[tuple[str, Callable[[Evidence], Evidence]]] = [
    ("consent_standing", lambda e: _moved(e, "given", end=e.answered.__class__(e.asked.block + 1, -1, 0))),
    ("consent_standing", lambda e: _moved(e, "given", begin=e.answered)),
    ("consent_standing", lambda e: _moved(e, "standing", state=AgreementState.WITHDRAWN)),
    ("consent_coverage", lambda e: _moved(e, "agreement", prohibited=e.agreement.purposes)),
    ("consent_coverage", lambda e: _moved(e, "agreement", steps=0b10)),
    ("consent_coverage", lambda e: _moved(e, "agreement", controller=SUBJECT.address)),
    ("consent_coverage", lambda e: _moved(e, "agreement", uses=0)),
    ("consent_coverage", lambda e: _moved(e, "agreement", valid_from=e.asked.timestamp + 1)),
    ("consent_coverage", lambda e: _asked(e, deadline=e.answered.timestamp - 1)),
    ("consent_coverage", lambda e: dataclasses.replace(e, anchored=e.answered)),  # it asked for it to be recorded
    ("record", lambda e: _moved(e, "committed", end=e.committed.begin)),
    ("record", lambda e: _moved(e, "committed", begin=e.answered)),
    ("model", lambda e: _moved(e, "published", end=e.given.begin)),
    ("recorded", lambda e: _moved(e, "status", score=1)),
    ("recorded", lambda e: _moved(e, "status", mark=bytes(22))),
    ("recorded", lambda e: _moved(e, "status", state=RequestState.CORRECTED)),
    ("case", lambda e: _moved(e, "status", state=RequestState.UPHELD)),
    ("case", lambda e: _moved(e, "status", state=RequestState.UNJUDGED)),
    ("quorum", lambda e: dataclasses.replace(e, calldata=b"")),
    ("quorum", lambda e: dataclasses.replace(e, calldata=e.calldata[:-64])),
    ("quorum", lambda e: _flipped(e, -1)),
    ("quorum", lambda e: _flipped(e, -100)),
    ("quorum", lambda e: _flipped(e, 4 + 9 * 32 - 1)),
    ("quorum", lambda e: _moved(e, "signing", epochs=(2,))),
    ("quorum", lambda e: _moved(e, "signing", members=())),
    ("quorum", lambda e: _moved(e, "signing", members=e.members[::-1])),
    ("quorum", lambda e: _moved(e, "model", quorum=4)),
]


@pytest.mark.parametrize(("check", "alter"), _EVIDENCE, ids=[f"{each[0]}-{n}" for n, each in enumerate(_EVIDENCE)])
def test_judge__when_the_chain_says_otherwise__then_the_right_check_fails(
    case: Case, check: str, alter: Callable[[Evidence], Evidence]
) -> None:
    report = judge(alter(case.evidence), FetchedTrail(case.trail, "n"))
    assert check in failed(report), report.to_json()


def test_judge__when_the_endpoint_has_no_old_state__then_events_decide(case: Case) -> None:
    report = judge(dataclasses.replace(case.evidence, standing=None), FetchedTrail(case.trail, "n"))
    assert report.passed
    assert "events alone" in report.check("consent_standing").detail


# Other ways in which a verdict comes on chain


def published(world: World, asked: Asked, evaluation: Evaluation, server: TrailServer) -> Verdict:
    """Serve a request's honest trail; return the verdict that it leads to."""
    trail = world.trail(asked, evaluation)
    server.serve(canonical.digest(trail), canonical.canonical(trail))
    return Verdict(evaluation.outcome, evaluation.score_ppm, canonical.digest(trail))


def audited(world: World, asked: Asked, server: TrailServer) -> AuditReport:
    return audit(world.client, asked.id, nodes=[server.url], release=world.release(asked), packages=[world.package])


def sent_with_decoys(world: World, call: Any, *decoys: Any) -> None:
    """Send a call with what looks like others behind it."""
    inputs = [each._encode_transaction_data() for each in (call, *decoys)]
    web3 = Web3(HTTPProvider(world.url))
    to = web3.to_checksum_address(call.address)
    whole = inputs[0] + "".join(each[2:] for each in inputs[1:])
    sent = web3.eth.send_transaction({"from": SUBJECT.address, "to": to, "data": whole})
    assert web3.eth.wait_for_transaction_receipt(sent)["status"] == 1


def test_audit__when_a_sender_appended_calls_that_never_ran__then_it_holds_all_the_same(
    world: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = world.ask(delivery=Delivery.ANCHORED)
    verdict = published(world, asked, evaluation, server)
    world.anchor([(asked, verdict)], server)
    proof, contract = world.client.proof(asked.id, [server.url]), world.client.contract
    other, unsigned = Verdict(0, 1, bytes(32)), Attestation(1, 7, bytes(192))
    # One signature is a member's, and no quorum's.
    leaf = report_leaf(proof.request, verdict)
    epoch = world.client.read(contract.current_epoch()).number
    digest = report_digest(contract.domain, epoch, 1, leaf)
    (member,) = (each for each in world.attesters if each.address == world.client.members(epoch)[2].attester)
    decoys = [
        contract.record(proof.request, verdict, assemble(epoch, {2: member.sign(digest)})),
        contract.record(proof.request, other, unsigned),
        contract.record(proof.request, verdict, unsigned),
        contract.record(proof.request, verdict, dataclasses.replace(unsigned, epoch=2**32 - 1)),
        contract.claim(proof.request, verdict, [bytes(32)]),
    ]
    # Sought by their selectors, those of record are found before those of claim.
    sent_with_decoys(world, contract.claim(proof.request, verdict, proof.proof), *decoys)
    report = audited(world, asked, server)
    assert report.passed, report.to_json()
    call, signed, _ = world.client.signing(asked.id)
    assert call.proof == tuple(proof.proof)
    assert world.client.verdict(asked.id).signers == signed.attestation.signers


def test_audit__when_recorded_in_a_batch__then_it_holds(
    world: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = [world.ask() for _ in range(3)]
    world.record_many([(each, published(world, each, evaluation, server)) for each in asked])
    for each in asked:
        report = audited(world, each, server)
        assert report.complete, report.to_json()
        assert report.passed
        assert "a report of 3" in report.check("quorum").detail


def test_audit__when_claimed_from_an_anchored_root__then_the_anchors_signatures_are_verified(
    world: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = [world.ask(delivery=Delivery.ANCHORED) for _ in range(3)]
    world.anchor([(each, published(world, each, evaluation, server)) for each in asked], server)
    assert failed(audit(world.client, asked[1].id)) == ["recorded"]
    world.as_(CONTROLLER).claim(world.client.proof(asked[1].id, [server.url]))
    report = audited(world, asked[1], server)
    assert report.passed, report.to_json()
    assert "a report of 3, anchored" in report.check("quorum").detail
    evidence = gather(world.client, asked[1].id)
    trail = report.trail
    assert trail is not None
    without = dataclasses.replace(evidence, signing=dataclasses.replace(evidence.signing, calldata=b""))
    refound = judge(without, FetchedTrail(trail.to_json(), "n"))
    assert failed(refound) == ["quorum"]
    assert "a call of anchor()" in (refound.check("quorum").expected or "")


def test_audit__when_claimed_after_deadline_and_agreement__then_it_goes_by_when_the_root_was_anchored(
    world: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = world.ask(world.give(valid_for_s=10**4), delivery=Delivery.ANCHORED, deadline_s=5_000)
    others = [world.ask(delivery=Delivery.ANCHORED) for _ in range(2)]
    world.anchor([(each, published(world, each, evaluation, server)) for each in (asked, *others)], server)
    world.pass_time(20_000)
    world.as_(CONTROLLER).claim(world.client.proof(asked.id, [server.url]))
    report = audited(world, asked, server)
    assert report.passed, report.to_json()
    evidence = gather(world.client, asked.id)
    assert evidence.anchored is not None
    late = dataclasses.replace(evidence.anchored, timestamp=asked.request.deadline + 1)
    assert report.trail is not None
    refound = judge(dataclasses.replace(evidence, anchored=late), FetchedTrail(report.trail.to_json(), "n"))
    assert failed(refound) == ["consent_coverage"]
    assert refound.check("consent_coverage").found == str(late.timestamp)


@pytest.fixture(scope="module")
def bench() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url, client_world.BENCH)


@pytest.fixture
def overruled() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url, client_world.OVERRULED)


@pytest.fixture
def ruled() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url, client_world.RULED)


def lied(world: World, evaluation: Evaluation) -> Asked:
    """Return a request whose verdict is a lie, and challenged."""
    asked = world.ask()
    world.record_verdict(asked, Verdict(1 - evaluation.outcome, 500_001, bytes(32)))
    world.as_(CONTROLLER).challenge(asked.id)
    return asked


def rejudged(world: World, asked: Asked, report: AuditReport, **changes: Any) -> list[str]:
    """Return what fails of a verdict that held, with changes of its case."""
    evidence = gather(world.client, asked.id)
    assert evidence.case is not None
    assert report.trail is not None
    altered = dataclasses.replace(evidence, case=dataclasses.replace(evidence.case, **changes))
    return failed(judge(altered, FetchedTrail(report.trail.to_json(), "n")))


def _said(event: Event | None, **arguments: Any) -> Event:
    assert event is not None
    return dataclasses.replace(event, arguments={**event.arguments, **arguments})


def test_audit__when_challenged_and_upheld__then_the_judges_are_verified_too(
    bench: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = bench.ask()
    verdict = published(bench, asked, evaluation, server)
    bench.record_verdict(asked, verdict)
    assert audited(bench, asked, server).finality is Finality.CONTESTABLE
    bench.as_(CONTROLLER).challenge(asked.id)
    report = audited(bench, asked, server)
    assert report.passed, report.to_json()
    assert "open: the bench may judge until" in report.check("case").detail
    assert report.to_json()["finality"] == "contested"
    bench.judge(asked, verdict, stands=True)
    report = audited(bench, asked, server)
    assert report.passed, report.to_json()
    assert "upheld by 3 of 5 on the roll of epoch 1" in report.check("case").detail
    assert report.finality is Finality.FINAL
    evidence = gather(bench.client, asked.id)
    assert evidence.case is not None
    roll, calldata, closed = evidence.case.roll, evidence.case.calldata, evidence.case.closed
    for changes in (
        {"roll": roll[::-1]},
        {"roll": roll[:3]},
        {"roll": (*roll, roll[0], roll[1])},
        {"calldata": b""},
        {"calldata": calldata[:-64]},
        {"calldata": calldata[:-1] + bytes([calldata[-1] ^ 1])},
        {"closed": None},
        {"closed": _said(closed, by=0b01110)},
        {"closed": _said(closed, by=0b111)},
        {"closed": _said(closed, by=0)},
        {"closed": _said(closed, stands=False)},
        {"settled": None},
        {"settled": _said(evidence.case.settled, state=9)},
    ):
        assert rejudged(bench, asked, report, **changes) == ["case"], changes
    elsewhere = dataclasses.replace(evidence, committee_domain=evidence.domain)
    assert report.trail is not None
    assert failed(judge(elsewhere, FetchedTrail(report.trail.to_json(), "n"))) == ["case"]


def test_audit__when_the_bench_corrected__then_the_judges_are_the_quorum_and_the_first_verdict_is_told(
    bench: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = lied(bench, evaluation)
    epoch = bench.client.recording(asked.id).by.epoch
    bench.judge(asked, published(bench, asked, evaluation, server), stands=False)
    report = audited(bench, asked, server)
    assert report.passed, report.to_json()
    assert f"corrected by 3 of 5 on the roll of epoch {epoch}" in report.check("quorum").detail
    assert f"the first verdict was outcome {1 - evaluation.outcome}, 500001 ppm" in report.check("case").detail
    assert "corrected in block" in report.check("recorded").detail
    evidence = gather(bench.client, asked.id)
    assert evidence.case is not None
    for changes in ({"roll": evidence.case.roll[::-1]}, {"calldata": b""}):
        assert {"quorum", "case"} <= set(rejudged(bench, asked, report, **changes))
    assert rejudged(bench, asked, report, settled=None) == ["case"]


def test_audit__when_judged_among_calls_that_never_ran__then_it_holds_all_the_same(
    evaluation: Evaluation, server: TrailServer
) -> None:
    with anvil() as url:
        world = client_world.build(url, client_world.BENCH)
        asked = lied(world, evaluation)
        verdict, recording = published(world, asked, evaluation, server), world.client.recording(asked.id)
        signed = {
            world.attesters.index(each): world.client.sign_ruling(asked.id, verdict, False, each)
            for each in world.bench(asked)
        }
        signatures, judge_ = b"".join(signed.values()), world.client.contract.judge
        call = judge_(recording, verdict, stands=False, judges=0b11100, signatures=signatures)
        decoys = [
            judge_(recording, recording.verdict, stands=True, judges=0b11100, signatures=signatures),
            judge_(recording, verdict, stands=False, judges=0b11100, signatures=bytes(192)),
            judge_(recording, verdict, stands=False, judges=0b10100, signatures=signatures[:128]),
            judge_(recording, verdict, stands=False, judges=0b111, signatures=signatures),
            judge_(dataclasses.replace(recording, verdict=verdict), verdict, stands=True, judges=0, signatures=b""),
        ]
        sent_with_decoys(world, call, *decoys)
        report = audited(world, asked, server)
        assert report.passed, report.to_json()
        # Nor do they hold where none of them ran.
        inputs = b"".join(bytes.fromhex(each._encode_transaction_data()[2:]) for each in decoys)
        assert rejudged(world, asked, report, calldata=inputs) == ["quorum", "case"]
        reordered = inputs + bytes.fromhex(call._encode_transaction_data()[2:])
        assert rejudged(world, asked, report, calldata=reordered) == []


def test_audit__when_the_arbiter_ruled__then_it_is_the_one_that_the_model_names(
    ruled: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = lied(ruled, evaluation)
    ruled.as_(ARBITER).rule(asked.id, published(ruled, asked, evaluation, server), False)
    report = audited(ruled, asked, server)
    assert report.passed, report.to_json()
    assert report.check("quorum").detail == f"corrected by the arbiter {ARBITER.address}"
    evidence = gather(ruled.client, asked.id)
    assert evidence.case is not None
    for arbiter in ("0x" + "0" * 40, SUBJECT.address):
        changes = {"challenged": _said(evidence.case.challenged, arbiter=arbiter)}
        assert rejudged(ruled, asked, report, **changes) == ["quorum", "case"]
    closed = _said(evidence.case.closed, by=0b1000)
    assert rejudged(ruled, asked, report, closed=closed) == ["quorum", "case"]


def test_audit__when_the_bench_judged_before_the_arbiter__then_its_signatures_are_verified_meanwhile_and_after(
    overruled: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked, other = lied(overruled, evaluation), lied(overruled, evaluation)
    overruled.judge(asked, published(overruled, asked, evaluation, server), stands=False)
    report = audit(overruled.client, asked.id, nodes=[server.url])
    told = report.check("case").detail
    assert report.check("case").passed
    assert "judged: it is false by 3 of 5 on the roll of epoch 1; the arbiter" in told
    evidence = gather(overruled.client, asked.id)
    assert evidence.case is not None
    forged = dataclasses.replace(evidence.case, roll=evidence.case.roll[::-1])
    fetched = CheckFailedError(CheckName.TRAIL_DIGEST, "a trail", "none")
    assert "case" in failed(judge(dataclasses.replace(evidence, case=forged), fetched))
    # It found the other to stand, and is overruled.
    overruled.judge(other, overruled.client.recording(other.id).verdict, stands=True)
    overruled.as_(ARBITER).rule(other.id, published(overruled, other, evaluation, server), False)
    report = audited(overruled, other, server)
    assert report.passed, report.to_json()
    assert f"corrected by the arbiter {ARBITER.address}, over the bench" in report.check("case").detail
    overruled.pass_time(client_world.TERMS.ruling_time + 1)
    overruled.as_(CONTROLLER).close(asked.id)
    report = audited(overruled, asked, server)
    assert report.passed, report.to_json()
    assert "corrected by 3 of 5" in report.check("quorum").detail


def test_audit__when_nobody_decided__then_it_is_told_that_nobody_confirmed_it(
    bench: World, evaluation: Evaluation, server: TrailServer
) -> None:
    asked = bench.ask(deadline_s=10**5)
    bench.record_verdict(asked, published(bench, asked, evaluation, server))
    bench.as_(CONTROLLER).challenge(asked.id)
    bench.pass_time(client_world.TERMS.judging_time + 1)
    bench.as_(CONTROLLER).close(asked.id)
    report = audited(bench, asked, server)
    assert report.passed, report.to_json()
    assert "nobody decided in time: unjudged" in report.check("case").detail
    evidence = gather(bench.client, asked.id)
    for changes in ({"closed": None}, {"settled": None}):
        assert rejudged(bench, asked, report, **changes) == ["case"]
    assert report.trail is not None
    upheld = _moved(evidence, "status", state=RequestState.UPHELD)
    assert failed(judge(upheld, FetchedTrail(report.trail.to_json(), "n"))) == ["case"]


def test_audit__when_asked_by_a_round_after_the_model_was_deprecated__then_it_holds(
    world: World, evaluation: Evaluation, server: TrailServer
) -> None:
    """A standing request's terms were fixed when it was made."""
    agreement = world.give(uses=10)
    schedule = Schedule(world.client.block_time(), 10, 2, 10**5, False, True)
    (standing,) = world.as_(CONTROLLER).stand([agreement], client_world.PURPOSE, schedule).standing
    world.as_(client_world.PUBLISHER).deprecate_model(world.model)
    asked = world.as_(CONTROLLER).open_round(standing.id)
    world.record_verdict(asked, published(world, asked, evaluation, server))
    report = audited(world, asked, server)
    assert report.passed, report.to_json()


def test_audit__when_signed_in_the_epoch_before__then_it_holds_within_the_grace(
    evaluation: Evaluation, server: TrailServer
) -> None:
    with anvil() as url:
        fresh = client_world.build(url)
        asked = fresh.ask()
        verdict = published(fresh, asked, evaluation, server)
        attestation = fresh.attest(1, report_leaf(asked.request, verdict))
        fresh.pass_time(client_world.TERMS.epoch_length)
        fresh.as_(client_world.OPERATORS[3]).resign()
        fresh.as_(client_world.RELAYER).rotate()
        relayer = fresh.as_(client_world.RELAYER)
        relayer.send(relayer.contract.record(asked.request, verdict, attestation))
        report = audited(fresh, asked, server)
        assert report.passed, report.to_json()
        assert "members of epoch 1 signed" in report.check("quorum").detail
        evidence = gather(fresh.client, asked.id)
        assert evidence.signing.epochs == (2, 1)
