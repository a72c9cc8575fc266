"""A roll that convicts by itself, as processes: three seats, two in reserve, and no arbiter. Two seats lie; the others judge them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.devnet import Devnet, DevnetOptions
from deploy.story import PURPOSE, sign_and_relay
from oracle.audit import audit
from oracle.client import Asked, AssentClient
from oracle.core.canonical import digest as digest_of
from oracle.core.committee import assemble, members_of
from oracle.core.digests import report_digest, report_leaf
from oracle.core.structs import Agreement, RequestState, Verdict
from oracle.keys.keystore import read_signer
from oracle.keys.signer import LocalSigner
from oracle.models.zoo.screening.data import held_out

WAIT_S = 90
LIARS = ("operator0", "operator1")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with Devnet(DevnetOptions(tmp_path_factory.mktemp("bench"), operators=5, seats=3), print) as running:
        yield running


@pytest.fixture(scope="module")
def agreement(bench: Devnet) -> Agreement:
    record = bench.keep_record(held_out()[10].fields, bench.accounts.subject.address)
    return sign_and_relay(bench, record, uses=20)[0]


def attester_of(bench: Devnet, name: str) -> LocalSigner:
    folder = bench.operator(name).config.parent
    return read_signer(folder / "attester.json", folder / "password")


def record_lie(bench: Devnet, client: AssentClient, asked: Asked, right: Verdict) -> Verdict:
    """Have two of three seats sign the opposite of what is right, and bring it on chain."""
    score = 1_000_000 if right.score < 500_000 else 0
    lie = Verdict(int(score > 0), score, digest_of({"made": "up"}))
    epoch = client.read(client.contract.current_epoch()).number
    digest = report_digest(client.domain, epoch, 1, report_leaf(asked.request, lie))
    attestation = assemble(epoch, {index: attester_of(bench, name).sign(digest) for index, name in enumerate(LIARS)})
    bench.client(bench.accounts.relayer).send(client.contract.record(asked.request, lie, attestation))
    return lie


def test_lie__when_two_of_three_seats_tell_it__then_seat_and_reserve_convict_them_and_the_next_verdict_is_right(
    bench: Devnet, agreement: Agreement
) -> None:
    assert bench.arbiter is None
    controller = bench.client(bench.accounts.controller)
    honest = controller.wait(controller.request(agreement, PURPOSE).id, WAIT_S)
    assert honest.outcome is not None
    assert honest.score_ppm is not None
    right = Verdict(honest.outcome, honest.score_ppm, bytes(32))
    # Without their nodes no honest verdict has a quorum: the lie is there first.
    for name in LIARS:
        bench.processes.kill(name)
    asked = controller.request(agreement, PURPOSE)
    lie = record_lie(bench, controller, asked, right)
    assert controller.verdict(asked.id).outcome == lie.outcome

    challenger = bench.client(bench.accounts.relayer)
    challenger.challenge(asked.id)
    verdict = challenger.wait_case(asked.id, WAIT_S)
    assert verdict.state is RequestState.CORRECTED
    assert (verdict.outcome, verdict.final) == (right.outcome, True)
    assert members_of(verdict.signers or 0) == (2, 3, 4)
    report = audit(challenger, asked.id)
    assert report.passed, report.to_json()

    terms = challenger.committee_terms
    owners = {bench.operator(name).owner.address for name in LIARS}
    slashed = {each.arguments["operator"]: each.arguments["penalty"] for each in challenger.events("OperatorSlashed")}
    assert slashed == dict.fromkeys(owners, terms.penalty)
    # The bond is the judges'; the challenger has it back, and as much again, from what was taken.
    assert challenger.read(challenger.contract.credit_of(challenger.sender_address)) == 2 * terms.bond
    seats = {member.operator for member in challenger.roll() if member.has_seat}
    assert seats == {operator.owner.address for operator in bench.operators[2:]}

    again = controller.wait(controller.request(agreement, PURPOSE).id, WAIT_S)
    assert (again.outcome, again.score_ppm) == (right.outcome, right.score)
