"""What operators do beyond one verdict for one request: batches, callbacks, anchored roots, rounds, cases."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.clinic import Clinic
from deploy.devnet import Devnet
from deploy.story import PURPOSE, sign_and_relay
from oracle.audit import audit
from oracle.client import AssentClient
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Agreement, Delivery, Record, RequestState, Schedule
from oracle.models.zoo.screening.data import held_out

WAIT_S = 60


@pytest.fixture(scope="module")
def record(devnet: Devnet) -> Record:
    return devnet.keep_record(held_out()[10].fields, devnet.accounts.subject.address)


@pytest.fixture
def agreement(devnet: Devnet, record: Record) -> Agreement:
    return sign_and_relay(devnet, record, uses=20)[0]


@pytest.fixture
def controller(devnet: Devnet) -> AssentClient:
    return devnet.client(devnet.accounts.controller)


def test_batch__when_requests_come_together__then_several_share_a_report(
    controller: AssentClient, agreement: Agreement
) -> None:
    controller.block_time()
    with ThreadPoolExecutor(8) as threads:
        asking = [threads.submit(controller.request, agreement, PURPOSE, use=use) for use in range(8)]
        asked = [each.result() for each in asking]
    verdicts = [controller.wait(each.id, WAIT_S) for each in asked]
    assert all(verdict.recorded for verdict in verdicts)
    assert len({verdict.transaction for verdict in verdicts}) < len(asked)
    assert audit(controller, asked[3].id).passed


def test_callback__when_a_contract_asked__then_it_is_called(
    devnet: Devnet, controller: AssentClient, record: Record
) -> None:
    clinic = Clinic(controller, devnet.accounts.clinic, PURPOSE, recall_outcome=0)
    agreement, _ = sign_and_relay(devnet, record, uses=1, controller=clinic.address)
    identifier, _ = clinic.ask(agreement, 0)
    verdict = controller.wait(identifier, WAIT_S)
    assert verdict.recorded
    assert not verdict.undelivered
    assert not clinic.recalled(identifier)  # it isn't final yet
    with pytest.raises(ContractRevertError, match="NotFinal"):
        controller.deliver_final(identifier)


def test_anchored__when_asked_for__then_a_proof_is_served_and_can_be_claimed(
    controller: AssentClient, agreement: Agreement
) -> None:
    asked = [controller.request(agreement, PURPOSE, delivery=Delivery.ANCHORED) for _ in range(2)]
    found = controller.wait_proof(asked[0].id, WAIT_S)
    assert found.anchored
    controller.claim(found)
    verdict = controller.wait(asked[0].id, WAIT_S)
    assert (verdict.outcome, verdict.trail) == (found.verdict.outcome, found.verdict.trail)
    report = audit(controller, asked[0].id)
    assert report.passed, report.to_json()


def test_challenge__when_too_few_are_left_to_judge__then_the_models_arbiter_rules(
    devnet: Devnet, controller: AssentClient, agreement: Agreement
) -> None:
    asked = controller.request(agreement, PURPOSE)
    first = controller.wait(asked.id, WAIT_S)
    challenger = devnet.client(devnet.accounts.relayer)
    challenger.challenge(asked.id)
    recording = challenger.recording(asked.id)
    devnet.board().do(challenger.contract.rule(recording, recording.verdict, stands=True))
    verdict = challenger.wait_case(asked.id, WAIT_S)
    assert verdict.state is RequestState.UPHELD
    assert verdict.final
    assert verdict.trail == first.trail
    report = audit(controller, asked.id)
    assert report.passed, report.to_json()
    assert devnet.arbiter in report.check("case").detail


def test_standing__when_rounds_are_due__then_operators_open_and_answer_them(
    controller: AssentClient, agreement: Agreement
) -> None:
    schedule = Schedule(controller.block_time() + 2, 5, 2, 600, False, True)
    (standing,) = controller.stand([agreement], PURPOSE, schedule).standing
    until = time.monotonic() + WAIT_S
    while len(rounds := controller.standing_view(standing.id).rounds) < schedule.rounds:
        assert time.monotonic() < until
        time.sleep(0.5)
    assert all(controller.wait(each.request_id, WAIT_S).recorded for each in rounds)


def test_request__when_signed_and_relayed__then_answered_like_any_other(
    devnet: Devnet, controller: AssentClient, agreement: Agreement
) -> None:
    controller.deposit(controller.quote(agreement.terms).quote.total + 5)
    question = controller.question(agreement, PURPOSE)
    signature = controller.sign_asking(agreement, question, tip=5)
    asked = devnet.client(devnet.accounts.relayer).request_signed(agreement, question, 5, signature)
    assert controller.wait(asked.id, WAIT_S).recorded
