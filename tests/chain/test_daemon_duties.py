"""Whole nodes on Anvil: standing requests, epochs and keys, leases."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from daemon_chain import CONTROLLER, OPERATORS, PURPOSE, SUBJECT, TERMS, Ground
from daemon_nodes import Town, chain, key_file, open_node, settings, town

from oracle.core.structs import Agreement, Question, RequestState, Schedule, Step
from oracle.keys.devnet import devnet_key
from oracle.keys.signer import LocalSigner


@pytest.fixture(scope="module")
def made() -> Iterator[Ground]:
    with chain() as ground:
        yield ground


@pytest.fixture
async def nodes(made: Ground, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(made, tmp_path) as whole:
        yield whole


# Standing requests


def stand(nodes: Town, agreement: Agreement, **schedule: Any) -> Schedule:
    terms: dict[str, Any] = {
        "start": 0,
        "interval": 10,
        "rounds": 3,
        "window": 3_600,
        "in_blocks": True,
        "catch_up": False,
    }
    made = Schedule(**{**terms, **schedule})
    question = Question(0, 0, PURPOSE, Step.INFER)
    total = nodes.ground.quote(agreement).total * made.rounds
    nodes.ground.send(nodes.ground.contract.stand([agreement], question, made), CONTROLLER, total)
    return made


async def test_standing__when_rounds_come_due__then_each_is_opened_once_and_answered(nodes: Town) -> None:
    agreement = nodes.agree()
    stand(nodes, agreement, start=nodes.ground.head + 10)
    await nodes.tick()
    assert nodes.logs("RoundOpened") == []
    await nodes.until(lambda: len(nodes.logs("Recorded")) == 3, ticks=60)
    assert [each.arguments["round"] for each in nodes.logs("RoundOpened")] == [0, 1, 2]
    for _ in range(3):
        await nodes.tick()
    assert len(nodes.logs("RoundOpened")) == 3


async def test_standing__when_rounds_were_missed_and_it_does_not_catch_up__then_they_are_skipped_and_refunded(
    nodes: Town,
) -> None:
    agreement = nodes.agree()
    stand(nodes, agreement, start=nodes.ground.head + 5, interval=20, rounds=4)
    nodes.ground.mine(5 + 2 * 20 + 2)  # in the third round's time
    await nodes.until(lambda: len(nodes.logs("RoundOpened")) == 1)
    assert nodes.logs("RoundOpened")[0].arguments["round"] == 2
    nodes.ground.mine(45)
    await nodes.until(lambda: len(nodes.logs("StandingEnded")) == 1)
    assert len(nodes.logs("RoundOpened")) == 1
    assert nodes.logs("StandingEnded")[0].arguments["refunded"] == 3 * nodes.ground.quote(agreement).total


async def test_standing__when_rounds_were_missed_and_it_catches_up__then_all_are_opened_in_their_order(
    nodes: Town,
) -> None:
    stand(nodes, nodes.agree(), start=nodes.ground.now, interval=100, rounds=4, in_blocks=False, catch_up=True)
    nodes.ground.pass_time(350)
    await nodes.until(lambda: len(nodes.logs("RoundOpened")) == 4, ticks=60)
    assert [each.arguments["round"] for each in nodes.logs("RoundOpened")] == [0, 1, 2, 3]


async def test_standing__when_the_agreement_is_withdrawn__then_no_round_is_opened_and_the_rest_refunded(
    nodes: Town,
) -> None:
    agreement = nodes.agree()
    stand(nodes, agreement, start=nodes.ground.head + 3, interval=6)
    await nodes.until(lambda: len(nodes.logs("RoundOpened")) == 1)
    nodes.ground.send(nodes.ground.contract.withdraw(agreement), SUBJECT)
    await nodes.until(lambda: len(nodes.logs("StandingEnded")) == 1)
    assert nodes.logs("StandingEnded")[0].arguments["refunded"] == 2 * nodes.ground.quote(agreement).total


# Epochs and keys


async def test_keys__when_an_operator_changes_them__then_no_request_is_missed_and_both_epochs_have_its_signature(
    nodes: Town, tmp_path: Path
) -> None:
    ground, agreement = nodes.ground, nodes.agree()
    old, new = ground.attesters[0], LocalSigner(devnet_key(19))
    # Three of four must sign, and one is away: without the one that changes keys there is no quorum.
    nodes.nodes.pop()
    nodes.network.hosts["operator3.test"] = httpx.ConnectError("down")
    joining = ground.joining(OPERATORS[0], new, "http://operator0.test")
    both = settings(ground, tmp_path / "operator0", 0, {})
    seal = ground.seal_keys[new.address].private.private_bytes_raw()
    folder = tmp_path / "operator0"
    keys = both.keys.model_copy(
        update={
            "attester": (*both.keys.attester, key_file(folder, "attester2", devnet_key(19))),
            "seal": (*both.keys.seal, key_file(folder, "seal2", seal)),
        }
    )
    await nodes.nodes[0].services.close()
    nodes.nodes[0] = open_node(nodes, 0, both.model_copy(update={"keys": keys}))
    ground.send(ground.contract.change_keys(*joining), OPERATORS[0])
    before = ground.ask(agreement, 0)
    epoch = ground.epoch
    for node in nodes.nodes:
        node.services.epochs._enabled = False
    await nodes.until(lambda: nodes.state(before.id) is RequestState.RECORDED)
    assert ground.epoch == epoch
    assert old.address in ground.contract.members_of(epoch).call()
    for node in nodes.nodes:
        node.services.epochs._enabled = True
        node.services.epochs.changed()
    ground.pass_time(2)
    await nodes.until(lambda: ground.epoch == epoch + 1)
    assert new.address in ground.contract.members_of(epoch + 1).call()
    after = ground.ask(agreement, 1)
    await nodes.until(lambda: nodes.state(after.id) is RequestState.RECORDED)
    await nodes.nodes[0].services.surveyor.look(hurry=True)
    ready = nodes.nodes[0].outlook.reasons()
    assert [reason for reason in ready if reason.startswith("member")] == []


async def test_epochs__when_membership_changes__then_one_node_rotates_once(nodes: Town) -> None:
    ground = nodes.ground
    epoch = ground.epoch
    await nodes.tick()
    await nodes.tick()
    assert ground.epoch == epoch
    ground.send(ground.contract.resign(), OPERATORS[3])
    ground.pass_time(2)
    await nodes.until(lambda: ground.epoch == epoch + 1)
    for _ in range(5):
        await nodes.tick()
    assert ground.epoch == epoch + 1
    assert len(nodes.logs("EpochFormed")) == 1
    view = await nodes.nodes[3].services.seat.committee.view()
    assert view.own_index is None


async def test_epochs__when_another_waits__then_it_is_in_reserve_and_gets_a_seat_when_one_leaves(nodes: Town) -> None:
    ground, newcomer = nodes.ground, LocalSigner(devnet_key(19))
    epoch = ground.epoch
    ground.join(OPERATORS[4], newcomer)
    ground.pass_time(2)
    await nodes.until(lambda: ground.epoch == epoch + 1)
    roll = ground.contract.roll_of(ground.epoch).call()
    assert (roll.seats, roll.attesters[-1]) == (4, newcomer.address)
    ground.send(ground.contract.resign(), OPERATORS[3])
    ground.pass_time(2)
    await nodes.until(lambda: ground.epoch == epoch + 2)
    assert newcomer.address in ground.contract.members_of(ground.epoch).call()


async def test_leases__when_half_is_over__then_only_the_operators_own_sender_could_renew_and_health_says_so(
    nodes: Town,
) -> None:
    one = nodes.nodes[0]
    await one.services.leases.renew_due()
    assert one.services.leases.until is not None
    nodes.ground.pass_time(TERMS.lease * 4 // 5)
    one.services.leases._looked_at = float("-inf")
    await nodes.tick()
    assert nodes.logs("LeaseRenewed") == []  # here the operators' keys are elsewhere
    await one.services.surveyor.look(hurry=True)
    one.outlook.survey.lease_until = int(time.time()) + TERMS.lease // 5
    (reason,) = [each for each in one.outlook.reasons() if each.startswith("lease")]
    assert "assent operator renew" in reason


async def test_epochs__when_a_report_is_of_the_epoch_before__then_peers_sign_it_within_the_grace(nodes: Town) -> None:
    ground = nodes.ground
    request = ground.ask(nodes.agree())
    ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    views = [await node.services.seat.committee.view() for node in nodes.nodes]
    ground.send(ground.contract.resign(), OPERATORS[3])
    ground.rotate()
    # All but the proposer have seen the rotation.
    proposer = nodes.nodes[nodes.asked_block(request.id) % 4]
    for node in nodes.nodes:
        if node is not proposer:
            await node._watch_once()
    assert (await proposer.services.seat.committee.view()) == views[0] or True
    work: list[Any] = []
    await proposer.services.proposer.propose_due(proposer.services.seat.clock.number, 64, work.append)
    for each in work:
        await each
    assert nodes.state(request.id) is RequestState.RECORDED
    assert nodes.logs("PoolOpened")[-1].arguments["epoch"] == views[0].epoch


# Readiness
