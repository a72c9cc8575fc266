"""Standing requests: made, opened round by round, ended."""

from __future__ import annotations

from collections.abc import Iterator

import client_world
import pytest
from anvil_server import anvil
from client_world import CONTROLLER, FEE_WEI, PURPOSE, RELAYER, SUBJECT, World

from oracle.client import UnknownIdError
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Agreement, RequestState, Schedule, Verdict

VERDICT = Verdict(1, 900_000, bytes(range(32)))
INTERVAL, ROUNDS = 100, 3


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


def schedule(world: World, *, catch_up: bool = False, rounds: int = ROUNDS, delay: int = 0) -> Schedule:
    return Schedule(world.client.block_time() + delay, INTERVAL, rounds, 3600, False, catch_up)


def stand(world: World, *agreements: Agreement, plan: Schedule | None = None) -> bytes:
    under = agreements or (world.give(uses=10),)
    made = world.as_(CONTROLLER).stand(list(under), PURPOSE, plan or schedule(world))
    return made.standing[0].id


def test_stand__when_made__then_all_rounds_are_paid_and_it_is_found(world: World) -> None:
    web3, agreement = world.client.web3, world.give(uses=10)
    before = web3.eth.get_balance(world.client.address)
    plan = schedule(world)
    made = world.as_(CONTROLLER).stand([agreement], PURPOSE, plan)
    (standing,) = made.standing
    assert made.sent.event("StandingMade").arguments["id"] == standing.id
    assert web3.eth.get_balance(world.client.address) - before == ROUNDS * FEE_WEI
    assert world.client.standing(standing.id) == standing
    view = world.client.standing_view(standing.id)
    assert (view.status.active, view.rounds, view.due) == (True, (), plan.start)
    assert [each.standing for each in world.client.standings(agreement_id=agreement.id)] == [standing]
    assert standing in [each.standing for each in world.client.standings(controller=CONTROLLER.address)]
    assert world.client.standings(controller=RELAYER.address) == []


def test_stand__when_under_two_agreements__then_both_have_free_uses(world: World) -> None:
    first, second = world.give(uses=10), world.give(uses=10)
    world.ask(second)
    made = world.as_(CONTROLLER).stand([first, second], PURPOSE, schedule(world))
    assert [each.question.use for each in made.standing] == [1, 1]
    assert len(made.sent.events) == 2


def test_stand__when_there_is_no_agreement__then_value_error(world: World) -> None:
    with pytest.raises(ValueError, match="agreement"):
        world.as_(CONTROLLER).stand([], PURPOSE, schedule(world))


def test_stand__when_uses_are_too_few__then_typed_revert_with_remedy(world: World) -> None:
    with pytest.raises(ContractRevertError, match=r"UsesSpent.*another agreement"):
        stand(world, world.give(uses=2))


def test_free_use__when_a_standing_request_runs__then_its_uses_are_left_to_it(world: World) -> None:
    agreement = world.give(uses=10)
    identifier = stand(world, agreement)
    assert world.ask(agreement).request.use == ROUNDS
    assert world.as_(CONTROLLER).free_use(agreement.id, 2) == ROUNDS + 1
    world.as_(CONTROLLER).end_standing(identifier)
    assert world.as_(CONTROLLER).free_use(agreement.id, 2) == 0
    assert world.as_(CONTROLLER).free_use(agreement.id, 4) == ROUNDS + 1


def test_open_round__when_due__then_a_request_like_any_other(world: World) -> None:
    identifier = stand(world)
    asked = world.as_(RELAYER).open_round(identifier)
    assert (asked.request.use, asked.request.controller) == (0, CONTROLLER.address)
    assert world.client.request_terms(asked.id).request == asked.request
    world.record_verdict(asked, VERDICT)
    view = world.client.standing_view(identifier)
    assert view.rounds == ((0, asked.id, RequestState.RECORDED),)
    assert view.due == view.standing.due(1)
    assert view.to_json()["requests"][0]["state"] == "recorded"


def test_open_round__when_none_is_due__then_typed_revert(world: World) -> None:
    identifier = stand(world, plan=schedule(world, delay=1_000))
    with pytest.raises(ContractRevertError, match=r"RoundNotDue.*wait until it is due"):
        world.as_(RELAYER).open_round(identifier)


def test_open_round__when_some_were_missed__then_the_one_that_is_due_or_all_with_catch_up(world: World) -> None:
    skipping = stand(world)
    catching = stand(world, plan=schedule(world, catch_up=True))
    world.pass_time(INTERVAL + 5)
    anyone = world.as_(RELAYER)
    assert anyone.open_round(skipping).request.use == 1
    assert [anyone.open_round(catching).request.use for _ in range(2)] == [0, 1]
    with pytest.raises(ContractRevertError, match="RoundOver"):
        anyone.open_round(skipping, 0)


def test_end_standing__when_the_controller_ends_it__then_the_rest_is_refunded(world: World) -> None:
    identifier, controller = stand(world), world.as_(CONTROLLER)
    controller.open_round(identifier)
    with pytest.raises(ContractRevertError, match="StandingStillRuns"):
        world.as_(RELAYER).end_standing(identifier)
    before = controller.balance()
    refund = controller.end_standing(identifier).event("StandingEnded").arguments["refunded"]
    assert refund == controller.balance() - before == (ROUNDS - 1) * FEE_WEI
    view = world.client.standing_view(identifier)
    assert (view.status.active, view.due) == (False, None)
    with pytest.raises(ContractRevertError, match="StandingNotActive"):
        controller.end_standing(identifier)


def test_end_standing__when_the_agreement_was_withdrawn__then_anyone_may(world: World) -> None:
    agreement = world.give(uses=10)
    identifier = stand(world, agreement)
    world.as_(SUBJECT).withdraw(agreement)
    refund = world.as_(RELAYER).end_standing(identifier).event("StandingEnded").arguments["refunded"]
    assert refund == ROUNDS * FEE_WEI


def test_standing__when_unknown__then_unknown_id(world: World) -> None:
    with pytest.raises(UnknownIdError, match="standing request"):
        world.client.standing_view(bytes(32))
