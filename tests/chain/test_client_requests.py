"""Asking, in every way there is: quoted, called back, anchored, from the balance, by signature; and giving a use up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import client_world
import pytest
from anvil_server import anvil
from client_world import CONTROLLER, FEE_WEI, PURPOSE, QUORUM, RELAYER, SUBJECT, TrailServer, World

from oracle.chain.contract import ETHER
from oracle.client import NoProofError, UnknownIdError
from oracle.core.digests import report_leaf
from oracle.core.errors import ContractRevertError
from oracle.core.structs import MAX_OPEN_S, Agreement, Delivery, Finality, Request, RequestState, Verdict

VERDICT = Verdict(1, 900_000, bytes(range(32)))
OTHER = Verdict(0, 100_000, bytes(32))
REVERTING_CODE = "0x60006000fd"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


@pytest.fixture
def server() -> Iterator[TrailServer]:
    served = TrailServer()
    yield served
    served.close()


# Quotes


def test_quote__when_the_subject_has_a_price__then_it_is_on_top_of_the_fee(world: World) -> None:
    price = world.client.quote(world.draft(price=7).terms)
    assert (price.quote.total, price.quote.fee, price.quote.price) == (FEE_WEI + 7, FEE_WEI, 7)
    assert (price.currency, price.in_ether, price.quote.quorum) == (ETHER, True, QUORUM)
    assert price.to_json()["royalty"] == str(FEE_WEI // 10)


def test_request__when_asked__then_just_the_quote_is_paid(world: World) -> None:
    web3, agreement = world.client.web3, world.give(price=5)
    before = web3.eth.get_balance(world.client.address)
    asked = world.ask(agreement)
    assert web3.eth.get_balance(world.client.address) - before == FEE_WEI + 5 == asked.request.quote.total
    assert world.client.request_terms(asked.id).request == asked.request


def test_request__when_from_the_balance__then_nothing_is_sent_along(world: World) -> None:
    controller, agreement = world.as_(CONTROLLER), world.give()
    with pytest.raises(ContractRevertError, match=r"BalanceTooLow.*deposit first") as caught:
        controller.request(agreement, PURPOSE, from_balance=True)
    assert caught.value.remedy
    controller.deposit(2 * FEE_WEI)
    controller.request(agreement, PURPOSE, from_balance=True)
    assert controller.balance() == FEE_WEI


# By signature


def test_request_signed__when_relayed__then_paid_from_the_controllers_balance_and_the_tip_is_the_relayers(
    world: World,
) -> None:
    controller, relayer, agreement = world.as_(CONTROLLER), world.as_(RELAYER), world.give()
    controller.deposit(FEE_WEI + 9)
    paid, earned = controller.balance(), relayer.balance()
    question = controller.question(agreement, PURPOSE)
    signature = controller.sign_asking(agreement, question, tip=9)
    asked = relayer.request_signed(agreement, question, 9, signature)
    assert asked.request.controller == CONTROLLER.address
    assert controller.balance() == paid - FEE_WEI - 9
    assert relayer.balance() == earned + 9
    assert world.client.request_terms(asked.id).request == asked.request


def test_request_signed__when_the_tip_is_another__then_invalid(world: World) -> None:
    controller, agreement = world.as_(CONTROLLER), world.give()
    question = controller.question(agreement, PURPOSE)
    signature = controller.sign_asking(agreement, question, tip=1)
    with pytest.raises(ContractRevertError, match=r"SignatureInvalid.*have it signed by that account"):
        world.as_(RELAYER).request_signed(agreement, question, 2, signature)


def test_cancel__when_a_signature_is_out__then_it_is_worth_nothing(world: World) -> None:
    controller, agreement = world.as_(CONTROLLER), world.give()
    controller.deposit(FEE_WEI)
    question = controller.question(agreement, PURPOSE)
    signature = controller.sign_asking(agreement, question)
    controller.cancel(agreement, question.use)
    with pytest.raises(ContractRevertError, match="RequestExists"):
        world.as_(RELAYER).request_signed(agreement, question, 0, signature)
    identifier = Request(agreement.id, CONTROLLER.address, question, world.client.quote(agreement.terms).quote).id
    assert world.client.verdict(identifier).state is RequestState.CANCELLED
    assert controller.free_use(agreement.id) == question.use + 1


def test_question__when_a_part_doesnt_fit__then_value_error(world: World) -> None:
    with pytest.raises(ValueError, match="callback"):
        world.as_(CONTROLLER).question(world.draft(), PURPOSE, use=0, callback_gas=2_000_001)


def test_request__when_the_deadline_is_too_far__then_typed_revert_with_remedy(world: World) -> None:
    with pytest.raises(ContractRevertError, match=r"DeadlineTooFar.*seven days"):
        world.ask(deadline_s=MAX_OPEN_S + 60)


# Batches


def test_verdict__when_recorded_in_a_batch__then_each_is_found(world: World) -> None:
    asked = [world.ask(), world.ask(), world.ask()]
    verdicts = [VERDICT, OTHER, VERDICT]
    sent = world.record_many(list(zip(asked, verdicts, strict=True)))
    for each, verdict in zip(asked, verdicts, strict=True):
        view = world.client.verdict(each.id)
        assert (view.outcome, view.score_ppm, view.trail) == (verdict.outcome, verdict.score, verdict.trail)
        assert (view.transaction, view.finality) == (sent.hash, Finality.CONTESTABLE)


def test_verdict__when_its_window_is_over__then_final(world: World) -> None:
    asked = world.ask()
    world.record_verdict(asked, VERDICT)
    world.pass_time(client_world.TERMS.window + 1)
    view = world.client.wait_final(asked.id, timeout_s=5)
    assert view.final
    assert view.to_json()["finality"] == "final"


# Anchored


def anchored(world: World) -> Any:
    return world.ask(delivery=Delivery.ANCHORED)


def test_claim__when_an_operator_serves_the_proof__then_recorded(world: World, server: TrailServer) -> None:
    asked = [anchored(world) for _ in range(5)]
    tree = world.anchor([(each, VERDICT) for each in asked], server)
    found = world.client.wait_proof(asked[2].id, timeout_s=5, nodes=["http://127.0.0.1:9", server.url])
    assert (found.root, found.verdict, found.anchored) == (tree.root, VERDICT, True)
    assert found.to_json()["root"] == "0x" + tree.root.hex()
    assert world.client.verdict(asked[2].id).state is RequestState.REQUESTED
    world.as_(RELAYER).claim(found)
    view = world.client.wait(asked[2].id, timeout_s=5)
    assert (view.outcome, view.signers) == (1, 0b111)
    with pytest.raises(ContractRevertError, match="RequestNotOpen"):
        world.as_(RELAYER).claim(found)


def test_proof__when_the_root_isnt_anchored__then_it_says_so(world: World, server: TrailServer) -> None:
    asked = anchored(world)
    leaf = report_leaf(asked.request, VERDICT)
    served = {"root": "0x" + leaf.hex(), "verdict": VERDICT.to_json(), "proof": []}
    server.serve_proof(asked.id, served)
    found = world.client.proof(asked.id, [server.url])
    assert not found.anchored
    with pytest.raises(NoProofError, match="isn't on chain"):
        world.client.wait_proof(asked.id, timeout_s=0, nodes=[server.url])
    with pytest.raises(ContractRevertError, match="RootUnknown"):
        world.as_(RELAYER).claim(found)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"proof": ["0x" + "11" * 32]}, "doesn't lead to its root"),
        ({"proof": ["0x11"]}, "doesn't lead to its root"),
        ({"verdict": {"outcome": 300, "score": 1, "trail": "0x" + "00" * 32}}, "no proof as operators serve it"),
        ({"verdict": None}, "no proof as operators serve it"),
        ({"root": 7}, "no proof as operators serve it"),
        ([], "no proof as operators serve it"),
    ],
)
def test_proof__when_it_is_spoilt__then_no_proof(world: World, server: TrailServer, change: Any, found: str) -> None:
    asked = anchored(world)
    leaf = report_leaf(asked.request, VERDICT)
    content = {"root": "0x" + leaf.hex(), "verdict": VERDICT.to_json(), "proof": []}
    server.serve_proof(asked.id, {**content, **change} if isinstance(change, dict) else change)
    with pytest.raises(NoProofError, match=found):
        world.client.proof(asked.id, [server.url])


def test_proof__when_nobody_has_one__then_no_proof_with_what_each_did(world: World, server: TrailServer) -> None:
    asked = anchored(world)
    with pytest.raises(NoProofError, match="status 404"):
        world.client.wait_proof(asked.id, timeout_s=0.05, poll_s=0.01, nodes=[server.url])
    with pytest.raises(UnknownIdError):
        world.client.proof(bytes(32), [server.url])


def test_proof__when_it_asked_to_be_recorded_or_has_ended__then_that_is_said(world: World, server: TrailServer) -> None:
    with pytest.raises(NoProofError, match="asked for its verdict to be recorded"):
        world.client.wait_proof(world.ask().id, timeout_s=0, nodes=[server.url])
    asked = anchored(world)
    world.pass_time(asked.request.last_second - world.client.block_time() + 1)
    world.as_(RELAYER).expire(asked.request)
    with pytest.raises(NoProofError, match="ended: expired; there will be none"):
        world.client.wait_proof(asked.id, timeout_s=0, nodes=[server.url])


def test_proof__when_the_root_came_late__then_it_is_not_anchored(world: World, server: TrailServer) -> None:
    asked = anchored(world)
    world.pass_time(asked.request.deadline - world.client.block_time() + 1)
    world.anchor([(asked, VERDICT)], server)
    assert not world.client.proof(asked.id, [server.url]).anchored


# Callbacks


def ask_clinic(world: World) -> tuple[Any, Agreement, bytes]:
    """Have a contract ask, with a callback."""
    clinic = client_world.deploy_clinic(world.url, world.client.address)
    agreement = world.draft(controller=clinic.address)
    world.as_(SUBJECT).give(agreement)
    total = world.client.quote(agreement.terms).quote.total
    ask = clinic.functions.ask(agreement.source_id, agreement.terms_abi, 0)
    sent = world.as_(CONTROLLER).send(ask, total)
    return clinic, agreement, bytes(sent.event("Requested").arguments["id"])


def asked_of(world: World, request_id: bytes) -> Any:
    return type("Asked", (), {"id": request_id, "request": world.client.request_terms(request_id).request})()


def test_callback__when_recorded__then_the_receiver_was_called(world: World) -> None:
    clinic, _, identifier = ask_clinic(world)
    sent = world.record_verdict(asked_of(world, identifier), VERDICT)
    assert "DeliveryFailed" not in [event.name for event in sent.events]
    assert not world.client.verdict(identifier).undelivered
    assert not clinic.functions.recalled(identifier).call()


def test_deliver_final__when_nobody_can_challenge_it_any_more__then_the_receiver_acts_on_it_once(world: World) -> None:
    clinic, _, identifier = ask_clinic(world)
    world.record_verdict(asked_of(world, identifier), VERDICT)
    with pytest.raises(ContractRevertError, match="NotFinal"):
        world.as_(RELAYER).deliver_final(identifier)
    world.pass_time(world.client.committee_terms.window + 1)
    sent = world.as_(RELAYER).deliver_final(identifier)
    assert sent.event("FinalDelivered").arguments["receiver"] == clinic.address
    assert clinic.functions.recalled(identifier).call()
    with pytest.raises(ContractRevertError, match="DeliveredFinally"):
        world.as_(RELAYER).deliver_final(identifier)


def test_retry_callback__when_it_failed__then_it_can_be_delivered_later(world: World) -> None:
    clinic, _, identifier = ask_clinic(world)
    code = world.client.web3.to_hex(world.client.web3.eth.get_code(clinic.address))
    world.rpc("anvil_setCode", clinic.address, REVERTING_CODE)
    sent = world.record_verdict(asked_of(world, identifier), VERDICT)
    assert sent.event("DeliveryFailed").arguments["receiver"] == clinic.address
    view = world.client.verdict(identifier)
    assert view.undelivered
    assert view.outcome == 1
    assert view.to_json()["undelivered"] is True
    world.rpc("anvil_setCode", clinic.address, code)
    assert world.as_(RELAYER).retry_callback(identifier).event("Delivered")
    assert not world.client.verdict(identifier).undelivered
    with pytest.raises(ContractRevertError, match="NothingToDeliver"):
        world.as_(RELAYER).retry_callback(identifier)
