"""Challenges: upheld, corrected, left unanswered; and what those who signed a wrong verdict lose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import client_world
import pytest
from anvil_server import anvil
from client_world import CHALLENGES, CONTROLLER, OPERATORS, RELAYER, TrailServer, World

from oracle.client import Asked, UnknownIdError, VerdictTimeoutError
from oracle.core import digests
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Delivery, Finality, RequestState, Testimony, Verdict

VERDICT = Verdict(1, 900_000, bytes(range(32)))
OTHER = Verdict(0, 100_000, bytes(reversed(range(32))))


@pytest.fixture
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


def challenged(world: World) -> Asked:
    asked = world.ask()
    world.record_verdict(asked, VERDICT)
    world.as_(CONTROLLER).challenge(asked.id)
    return asked


def test_challenge__when_a_review_is_due__then_the_verdict_can_be_read_meanwhile(world: World) -> None:
    asked = challenged(world)
    view = world.client.verdict(asked.id)
    assert (view.state, view.finality, view.outcome) == (RequestState.CHALLENGED, Finality.CONTESTED, 1)
    assert view.challenge is not None
    assert (view.challenge.challenger, view.challenge.bond) == (CONTROLLER.address, CHALLENGES.bond)
    (contest,) = world.client.contests(open_only=True)
    assert (contest.request_id, contest.state) == (asked.id, RequestState.CHALLENGED)
    assert (contest.challenger, contest.to_json()["bondWei"]) == (CONTROLLER.address, str(CHALLENGES.bond))
    with pytest.raises(VerdictTimeoutError, match="still under review"):
        world.client.wait_review(asked.id, timeout_s=0.01, poll_s=0.01)
    with pytest.raises(ContractRevertError, match="NotContestable"):
        world.as_(CONTROLLER).challenge(asked.id)


def test_review__when_the_committee_finds_the_same__then_upheld_and_the_bond_is_the_signers(world: World) -> None:
    asked = challenged(world)
    world.review(asked, replace(VERDICT, score=VERDICT.score + 2 * world.model.tolerance))
    view = world.client.wait_review(asked.id, timeout_s=5)
    assert (view.state, view.final, view.outcome, view.trail) == (RequestState.UPHELD, True, 1, VERDICT.trail)
    assert world.client.contests(open_only=True) == []
    assert [each.state for each in world.client.contests()] == [RequestState.UPHELD]
    earned = [each.earned for each in world.client.earnings(OPERATORS[3].address)]
    assert earned == [CHALLENGES.bond]
    with pytest.raises(ContractRevertError, match="TestimonyIrrelevant"):
        world.as_(RELAYER).punish_all(asked.id)


def test_review__when_the_committee_finds_another__then_corrected_and_its_signers_can_be_slashed(world: World) -> None:
    asked = challenged(world)
    before = world.client.balance(CONTROLLER.address)
    sent = world.review(asked, OTHER)
    view = world.client.verdict(asked.id)
    assert (view.state, view.final, view.outcome, view.trail) == (RequestState.CORRECTED, True, 0, OTHER.trail)
    assert (view.signers, view.transaction) == (0b1111, sent.hash)
    assert view.challenge is not None
    assert (view.challenge.outcome, view.challenge.score) == (1, 900_000)
    assert world.client.balance(CONTROLLER.address) == before + CHALLENGES.bond
    testimonies = world.client.testimonies(asked.id)
    attesters = [attester.address for attester in world.attesters]
    assert [world.client.witness(each) for each in testimonies] == attesters[:3]
    slashed = world.as_(RELAYER).punish_all(asked.id)
    assert [each.event("OperatorSlashed").arguments["penalty"] for each in slashed] == [CHALLENGES.penalty] * 3
    assert world.client.balance(CONTROLLER.address) == before + CHALLENGES.bond + 3 * CHALLENGES.penalty // 2
    with pytest.raises(ContractRevertError, match="AlreadyPunished"):
        world.as_(RELAYER).punish(testimonies[0])


def test_lapse__when_nobody_answered__then_the_verdict_stands_and_the_bond_is_back(world: World) -> None:
    asked = challenged(world)
    with pytest.raises(ContractRevertError, match=r"ReviewStillDue.*wait"):
        world.as_(RELAYER).lapse(asked.id)
    before = world.client.balance(CONTROLLER.address)
    world.pass_time(CHALLENGES.review_time + 1)
    world.as_(RELAYER).lapse(asked.id)
    view = world.client.verdict(asked.id)
    assert (view.state, view.outcome, view.challenge) == (RequestState.RECORDED, 1, None)
    assert world.client.balance(CONTROLLER.address) == before + CHALLENGES.bond
    world.as_(CONTROLLER).challenge(asked.id)
    assert [each.state for each in world.client.contests()] == [RequestState.RECORDED, RequestState.CHALLENGED]
    assert len(world.client.contests(open_only=True)) == 1


def test_challenge__when_the_window_is_over__then_typed_revert(world: World) -> None:
    asked = world.ask()
    world.record_verdict(asked, VERDICT)
    world.pass_time(CHALLENGES.window + 1)
    with pytest.raises(ContractRevertError, match="NotContestable"):
        world.as_(CONTROLLER).challenge(asked.id)


def test_testimonies__when_recorded_in_a_batch_or_claimed__then_with_their_proofs(world: World) -> None:
    batch = [world.ask() for _ in range(3)]
    world.record_many([(each, VERDICT) for each in batch])
    anchored, server = [world.ask(delivery=Delivery.ANCHORED) for _ in range(3)], TrailServer()
    try:
        world.anchor([(each, VERDICT) for each in anchored], server)
        world.as_(RELAYER).claim(world.client.proof(anchored[1].id, [server.url]))
    finally:
        server.close()
    attesters = [attester.address for attester in world.attesters[:3]]
    for asked in (batch[1], anchored[1]):
        testimonies = world.client.testimonies(asked.id)
        assert [world.client.witness(each) for each in testimonies] == attesters
        assert {(each.count, len(each.proof) > 0) for each in testimonies} == {(3, True)}
    with pytest.raises(UnknownIdError):
        world.client.testimonies(anchored[0].id)


def test_punish_conflict__when_one_signed_two_that_cant_both_be_honest__then_slashed(world: World) -> None:
    asked = world.ask()
    world.record_verdict(asked, VERDICT)
    (first, *_) = world.client.testimonies(asked.id)
    digest = digests.report_digest(world.client.domain, first.epoch, 1, digests.report_leaf(asked.request, OTHER))
    second = Testimony(asked.request, OTHER, (), first.epoch, 1, world.attesters[0].sign(digest))
    sent = world.as_(RELAYER).punish_conflict(first, second)
    slashed = sent.event("OperatorSlashed").arguments
    assert (slashed["operator"], slashed["beneficiary"]) == (OPERATORS[0].address, RELAYER.address)
    with pytest.raises(ContractRevertError, match="TestimoniesCompatible"):
        world.as_(RELAYER).punish_conflict(first, first)
