"""Challenges: judged by the bench, ruled on by the arbiter, left undecided; and what those who signed a wrong verdict lose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import client_world
import pytest
from anvil_server import anvil
from client_world import (
    ARBITER,
    BENCH,
    CONTROLLER,
    FIFTH,
    OPERATORS,
    OVERRULED,
    RELAYER,
    RULED,
    STAKE_WEI,
    TERMS,
    TrailServer,
    World,
)

from oracle.client import Asked, ContestState, SignatureUnknownError, UnjudgedError, UnknownIdError, VerdictTimeoutError
from oracle.core import digests
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Delivery, Finality, Phase, RequestState, Testimony, Verdict

VERDICT = Verdict(1, 900_000, bytes(range(32)))
OTHER = Verdict(0, 100_000, bytes(reversed(range(32))))


@pytest.fixture
def bench() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url, BENCH)


@pytest.fixture
def overruled() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url, OVERRULED)


@pytest.fixture
def ruled() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url, RULED)


def challenged(world: World) -> Asked:
    asked = world.ask()
    world.record_verdict(asked, VERDICT)
    world.as_(CONTROLLER).challenge(asked.id)
    return asked


def states(world: World) -> list[ContestState]:
    return [each.state for each in world.client.contests()]


def stake_of(world: World, operator: str) -> int:
    return world.client.read(world.client.contract.operator_info(operator)).stake


# By the bench


def test_challenge__when_the_bench_may_judge__then_the_verdict_can_be_read_meanwhile(bench: World) -> None:
    asked = challenged(bench)
    view = bench.client.verdict(asked.id)
    assert (view.state, view.finality, view.outcome) == (RequestState.CHALLENGED, Finality.CONTESTED, 1)
    assert view.case is not None
    assert (view.case.challenger, view.case.phase) == (CONTROLLER.address, Phase.OPEN)
    shown = view.to_json()["case"]
    assert (shown["phase"], shown["arbiter"], shown["judges"]) == ("open", None, [])
    (contest,) = bench.client.contests(open_only=True)
    assert (contest.request_id, contest.state) == (asked.id, ContestState.OPEN)
    assert (contest.challenger, contest.to_json()["state"]) == (CONTROLLER.address, "open")
    with pytest.raises(VerdictTimeoutError, match="still challenged"):
        bench.client.wait_case(asked.id, timeout_s=0.01, poll_s=0.01)
    with pytest.raises(ContractRevertError, match="NotContestable"):
        bench.as_(CONTROLLER).challenge(asked.id)
    with pytest.raises(ContractRevertError, match=r"NotDue.*wait until then"):
        bench.as_(RELAYER).close(asked.id)


def test_judge__when_the_verdict_stands__then_upheld_and_the_bond_is_the_judges(bench: World) -> None:
    asked = challenged(bench)
    bench.judge(asked, VERDICT, stands=True)
    view = bench.client.wait_case(asked.id, timeout_s=5)
    assert (view.state, view.final, view.outcome, view.trail) == (RequestState.UPHELD, True, 1, VERDICT.trail)
    assert bench.client.contests(open_only=True) == []
    assert states(bench) == [ContestState.UPHELD]
    share = TERMS.bond // 3
    judges = (OPERATORS[2], OPERATORS[3], FIFTH)
    assert [bench.client.credit(each.address) for each in judges] == [share] * 3
    assert bench.client.credit(CONTROLLER.address) == 0
    paid = bench.as_(FIFTH).withdraw_credit(RELAYER.address).event("CreditWithdrawn").arguments
    assert (paid["to"], paid["amount"]) == (RELAYER.address, share)
    with pytest.raises(ContractRevertError, match="NothingToWithdraw"):
        bench.as_(FIFTH).withdraw_credit()


def test_judge__when_it_was_a_lie__then_corrected_and_its_signers_are_convicted(bench: World) -> None:
    asked = challenged(bench)
    sent = bench.judge(asked, OTHER, stands=False)
    view = bench.client.verdict(asked.id)
    assert (view.state, view.final, view.outcome, view.trail) == (RequestState.CORRECTED, True, 0, OTHER.trail)
    assert (view.signers, view.epoch, view.transaction) == (0b11100, 1, sent.hash)
    assert view.case is not None
    assert view.case.phase is Phase.CLOSED
    slashed = [each.arguments["operator"] for each in sent.events if each.name == "OperatorSlashed"]
    assert slashed == [OPERATORS[0].address, OPERATORS[1].address]
    assert [stake_of(bench, each.address) for each in OPERATORS[:3]] == [STAKE_WEI - TERMS.penalty] * 2 + [STAKE_WEI]
    # The bond back, and as much again.
    assert bench.client.credit(CONTROLLER.address) == 2 * TERMS.bond
    assert bench.client.credit(OPERATORS[2].address) == TERMS.bond // 3
    # The convicted come last, and have no seat.
    roll = bench.client.roll()
    assert [each.operator for each in roll] == [each.address for each in (*OPERATORS[2:], FIFTH, *OPERATORS[:2])]
    assert [each.place for each in roll] == ["seat"] * 3 + ["reserve"] * 2
    testimonies = bench.client.testimonies(asked.id)
    assert [bench.client.witness(each) for each in testimonies] == [each.address for each in bench.attesters[:2]]
    recording = bench.client.recording(asked.id)
    assert (recording.verdict, recording.by.bitmap, recording.by.epoch) == (OTHER, 0b11100, 1)


def test_judge__when_signatures_are_of_nobody_there__then_typed_error(bench: World) -> None:
    asked = challenged(bench)
    good = [bench.client.sign_ruling(asked.id, OTHER, False, each) for each in bench.bench(asked)]
    signer = bench.client.sign_ruling(asked.id, OTHER, False, bench.attesters[0])
    stranger = bench.client.sign_ruling(asked.id, OTHER, False, RELAYER)
    upheld = bench.client.sign_ruling(asked.id, VERDICT, True, bench.attesters[4])
    for wrong in (signer, stranger, upheld, b"no signature"):
        with pytest.raises(SignatureUnknownError, match="have those sign just this ruling who didn't sign"):
            bench.as_(RELAYER).judge(asked.id, OTHER, False, [*good[:2], wrong])
    with pytest.raises(ContractRevertError, match="QuorumMismatch"):
        bench.as_(RELAYER).judge(asked.id, OTHER, False, good[:2])
    with pytest.raises(ContractRevertError, match="VerdictMismatch"):
        bench.judge(asked, VERDICT, stands=False)
    # In any order, and one twice.
    bench.as_(RELAYER).judge(asked.id, OTHER, False, [*reversed(good), good[1]])
    assert states(bench) == [ContestState.CORRECTED]


def test_close__when_nobody_judged__then_unjudged_and_a_final_verdict_is_refused(bench: World) -> None:
    asked = challenged(bench)
    bench.pass_time(TERMS.judging_time + 1)
    bench.as_(RELAYER).close(asked.id)
    view = bench.client.wait_case(asked.id, timeout_s=5)
    assert (view.state, view.finality, view.outcome) == (RequestState.UNJUDGED, Finality.FINAL, 1)
    assert (view.final, view.unjudged, view.recorded) == (False, True, True)
    assert bench.client.credit(CONTROLLER.address) == TERMS.bond - TERMS.bond // 2
    assert states(bench) == [ContestState.UNJUDGED]
    with pytest.raises(UnjudgedError, match="nobody decided in time") as caught:
        bench.client.wait_final(asked.id, timeout_s=5)
    assert caught.value.request_id == asked.id
    assert bench.client.wait_final(asked.id, timeout_s=5, take_unjudged=True) == view
    with pytest.raises(ContractRevertError, match="NotContestable"):
        bench.as_(CONTROLLER).challenge(asked.id)
    with pytest.raises(ContractRevertError, match="NotUnderReview"):
        bench.as_(RELAYER).close(asked.id)


# With an arbiter


def test_close__when_the_arbiter_is_content__then_as_the_bench_found(overruled: World) -> None:
    asked = challenged(overruled)
    with pytest.raises(ContractRevertError, match=r"RulingNotDue.*wait"):
        overruled.as_(ARBITER).rule(asked.id, VERDICT, True)
    overruled.judge(asked, OTHER, stands=False)
    view = overruled.client.verdict(asked.id)
    assert view.case is not None
    assert (view.state, view.case.phase, view.case.judges) == (RequestState.CHALLENGED, Phase.FALSE, 0b11100)
    (contest,) = overruled.client.contests(open_only=True)
    assert (contest.state, contest.to_json()["arbiter"]) == (ContestState.JUDGED, ARBITER.address)
    with pytest.raises(ContractRevertError, match="NotDue"):
        overruled.as_(RELAYER).close(asked.id)
    overruled.pass_time(TERMS.ruling_time + 1)
    overruled.as_(RELAYER).close(asked.id)
    view = overruled.client.verdict(asked.id)
    assert (view.state, view.outcome, view.signers) == (RequestState.CORRECTED, 0, 0b11100)


def test_rule__when_the_arbiter_overrules_the_bench__then_the_judges_are_convicted(overruled: World) -> None:
    asked = challenged(overruled)
    overruled.judge(asked, OTHER, stands=False)
    with pytest.raises(ContractRevertError, match=r"NotArbiter.*that the model names"):
        overruled.as_(RELAYER).rule(asked.id, VERDICT, True)
    overruled.as_(ARBITER).rule(asked.id, VERDICT, True)
    view = overruled.client.verdict(asked.id)
    assert view.case is not None
    assert (view.state, view.outcome, view.case.phase) == (RequestState.UPHELD, 1, Phase.OVERRULED)
    stakes = [stake_of(overruled, each.address) for each in (*OPERATORS, FIFTH)]
    assert stakes == [STAKE_WEI] * 2 + [STAKE_WEI - TERMS.penalty] * 3


def test_rule__when_too_few_could_judge__then_the_arbiter_decides_at_once(ruled: World) -> None:
    asked = challenged(ruled)
    call = ruled.client.ruling_call(asked.id, OTHER, False)
    assert (call.to, call.value) == (ruled.client.contract.addresses.committee, 0)
    transaction = {"from": ARBITER.address, "to": call.to, "data": "0x" + call.calldata.hex()}
    web3 = ruled.client.web3
    receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_transaction(transaction))  # type: ignore[arg-type]
    assert receipt["status"] == 1
    view = ruled.client.wait_final(asked.id, timeout_s=5)
    assert (view.state, view.outcome, view.signers, view.epoch) == (RequestState.CORRECTED, 0, 0, 1)
    assert ruled.client.recording(asked.id).by.bitmap == 0
    stakes = [stake_of(ruled, each.address) for each in OPERATORS]
    assert stakes == [STAKE_WEI - TERMS.penalty] * 3 + [STAKE_WEI]
    assert ruled.client.credit(ARBITER.address) == TERMS.bond


def test_rule__when_the_arbiter_upholds__then_final_and_nobody_loses_but_the_challenger(ruled: World) -> None:
    asked = challenged(ruled)
    ruled.as_(ARBITER).rule(asked.id, VERDICT, True)
    assert ruled.client.wait_final(asked.id, timeout_s=5).state is RequestState.UPHELD
    assert {stake_of(ruled, each.address) for each in OPERATORS} == {STAKE_WEI}
    assert (ruled.client.credit(CONTROLLER.address), states(ruled)) == (0, [ContestState.UPHELD])


def test_close__when_the_arbiter_was_silent_too__then_unjudged(ruled: World) -> None:
    asked = challenged(ruled)
    with pytest.raises(ContractRevertError, match="NotDue"):
        ruled.as_(RELAYER).close(asked.id)
    ruled.pass_time(TERMS.ruling_time + 1)
    ruled.as_(RELAYER).close(asked.id)
    assert states(ruled) == [ContestState.UNJUDGED]


# Who may challenge


def test_challenge__when_nobody_could_decide__then_typed_revert() -> None:
    with anvil() as url:
        world = client_world.build(url)
        asked = world.ask()
        with pytest.raises(UnknownIdError):
            world.as_(CONTROLLER).challenge(asked.id)
        world.record_verdict(asked, VERDICT)
        with pytest.raises(ContractRevertError, match=r"NobodyToJudge.*names no arbiter"):
            world.as_(CONTROLLER).challenge(asked.id)
        assert world.client.contests() == []


def test_challenge__when_the_window_is_over__then_typed_revert(bench: World) -> None:
    asked = bench.ask()
    bench.record_verdict(asked, VERDICT)
    bench.pass_time(TERMS.window + 1)
    with pytest.raises(ContractRevertError, match="NotContestable"):
        bench.as_(CONTROLLER).challenge(asked.id)


# Testimonies


def test_testimonies__when_recorded_in_a_batch_or_claimed__then_with_their_proofs(bench: World) -> None:
    batch = [bench.ask() for _ in range(3)]
    bench.record_many([(each, VERDICT) for each in batch])
    anchored, server = [bench.ask(delivery=Delivery.ANCHORED) for _ in range(3)], TrailServer()
    try:
        bench.anchor([(each, VERDICT) for each in anchored], server)
        bench.as_(RELAYER).claim(bench.client.proof(anchored[1].id, [server.url]))
    finally:
        server.close()
    attesters = [attester.address for attester in bench.attesters[:2]]
    for asked in (batch[1], anchored[1]):
        testimonies = bench.client.testimonies(asked.id)
        assert [bench.client.witness(each) for each in testimonies] == attesters
        assert {(each.count, len(each.proof) > 0) for each in testimonies} == {(3, True)}
    with pytest.raises(UnknownIdError):
        bench.client.testimonies(anchored[0].id)


def test_punish_conflict__when_one_signed_two_that_cant_both_be_honest__then_slashed(bench: World) -> None:
    asked = bench.ask()
    bench.record_verdict(asked, VERDICT)
    (first, *_) = bench.client.testimonies(asked.id)

    def signed(verdict: Verdict) -> Testimony:
        digest = digests.report_digest(bench.client.domain, first.epoch, 1, digests.report_leaf(asked.request, verdict))
        return Testimony(asked.request, verdict, (), first.epoch, 1, bench.attesters[0].sign(digest))

    near = signed(replace(VERDICT, score=VERDICT.score + 2 * bench.model.tolerance))
    for compatible in (first, near):
        with pytest.raises(ContractRevertError, match="TestimoniesCompatible"):
            bench.as_(RELAYER).punish_conflict(first, compatible)
    sent = bench.as_(RELAYER).punish_conflict(first, signed(OTHER))
    slashed = sent.event("OperatorSlashed").arguments
    assert (slashed["operator"], slashed["penalty"]) == (OPERATORS[0].address, TERMS.penalty)
    assert bench.client.credit(RELAYER.address) == TERMS.bond
    with pytest.raises(ContractRevertError, match="AlreadyPunished"):
        bench.as_(RELAYER).punish_conflict(first, signed(OTHER))
