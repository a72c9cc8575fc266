"""What a judge finds about a challenged verdict, what it proposes, and what it signs of another's finding."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from services_world import DOMAINS, LOADED, NOW, OPEN, PUBLISHER, TERMS, Case, Peer, World, case, world

from oracle.core.committee import members_of
from oracle.core.digests import recover, ruling_digest
from oracle.core.errors import ContractRevertError, PeerError, Reason, VaultError
from oracle.core.roll import NOBODY
from oracle.core.structs import Recording, RequestState, Signers, Verdict
from oracle.keys.signer import LocalSigner
from oracle.peers.messages import RulingProposal
from oracle.services.arbiters import Arbiters
from oracle.services.findings import find, stands
from oracle.services.ruling_answers import RulingAnswers
from oracle.store.node_store import Changes, Judged, Recorded
from oracle.store.tables import CaseRow, CaseState, Stage

TOLERANCE = LOADED.card.tolerance_ppm
THRESHOLD = LOADED.card.threshold_ppm


#: Two of three seats signed; they leave five of a roll of seven, of whom four decide.
BY, SEATS, ROLL = Signers(0b011, 1), 3, 7
JUDGES, WANTED = range(2, ROLL), ROLL // 2 + 1


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[World]:
    """Three seats, and four in reserve."""
    made = world(tmp_path, ROLL, SEATS)
    yield made
    for each in made.peers:
        each.store.close()


@dataclass
class Scene:
    """A challenged verdict that all operators know of."""

    world: World
    asked: Case
    recorded: Verdict

    @property
    def judges(self) -> list[Peer]:
        return [self.world.peers[index] for index in JUDGES]

    async def evaluate(self) -> None:
        for one in self.world.peers:
            await one.judge.evaluate_due()

    async def judge(self, heads: range = range(10, 20)) -> list[tuple[Any, ...]]:
        """Let everyone propose at several heads; return what was sent."""
        for head in heads:
            work: list[Any] = []
            for one in self.world.peers:
                one.seat.clock.number = head
                await one.judge.judge_due(work.append)
            await asyncio.gather(*work)
        return [each for one in self.world.peers for each in one.acts.of("judge")]

    @property
    def closed(self) -> list[tuple[Any, ...]]:
        return [each for one in self.world.peers for each in one.acts.of("close_case")]


async def scene(world: World, off: int = 0, outcome: int | None = None, arbiter: str = NOBODY, **asked_: Any) -> Scene:
    """Have a verdict recorded whose score is off by so much from everyone's own, and challenged."""
    asked = case(**asked_)
    for one in world.peers:
        one.see(asked)
    for one in world.peers[:SEATS]:
        assert await one.evaluator.evaluate_due(64) == 1
    own = world.peers[0].context(asked).evaluation
    assert own is not None
    score = own["score"] + off if own["score"] + off <= 1_000_000 else own["score"] - off
    recorded = Verdict(int(score >= THRESHOLD) if outcome is None else outcome, score, secrets.token_bytes(32))
    row = {"request": asked.request.id, "block_number": 12, "until": NOW + 300, "arbiter": arbiter}
    for one in world.peers:
        verdicts = {asked.request.id: Recorded(recorded, BY, bytes(32))}
        ended = Changes(endings={asked.request.id: (Stage.RECORDED, 11)}, verdicts=verdicts)
        one.store.apply(ended, (11, bytes(32)))
        challenged = CaseRow(**row, state=CaseState.OPEN, attempts=0, not_before=0.0)
        one.store.apply(Changes([challenged]), (12, bytes(32)))
    world.chain.requests[asked.request.id] = replace(OPEN, state=RequestState.CHALLENGED)
    return Scene(world, asked, recorded)


def found(one: Peer, made: Scene) -> Any:
    opened = one.store.case(made.asked.request.id)
    assert opened is not None
    return find(one.seat, opened, one.signer.address, "x")


@pytest.mark.parametrize(
    ("own", "recorded", "outcome", "expected"),
    [
        (500_000, 500_000, 1, True),
        (500_000, 500_000 + 2 * TOLERANCE, 1, True),
        (500_000, 500_000 + 2 * TOLERANCE + 1, 1, False),
        (500_000, 500_000 - 2 * TOLERANCE - 1, 1, False),
        (500_000, 500_000, 0, False),
        (THRESHOLD, THRESHOLD - 1, 0, True),
        (THRESHOLD - 1, THRESHOLD, 1, True),
        (THRESHOLD, THRESHOLD - 1, 1, False),
    ],
)
def test_stands__when_a_verdict_was_recorded__then_within_twice_the_tolerance_and_with_its_scores_label(
    own: int, recorded: int, outcome: int, expected: bool
) -> None:
    assert stands(Verdict(outcome, recorded, bytes(32)), own, LOADED, TOLERANCE) is expected


async def test_judge__when_the_verdict_stands__then_just_as_many_as_decide_sign_just_that_verdict(
    operators: World,
) -> None:
    made = await scene(operators)
    await made.evaluate()
    (recording, verdict, stands_, judges, signatures, gas), *_ = await made.judge()
    assert (verdict, stands_, gas) == (made.recorded, True, 0)
    assert recording == Recording(made.asked.request, made.recorded, BY)
    digest = ruling_digest(DOMAINS.committee, 1, made.asked.request.id, True, verdict)
    named_ = members_of(judges)
    assert len(named_) == WANTED
    assert set(named_) <= set(JUDGES)
    for place, index in enumerate(named_):
        signature = signatures[64 * place : 64 * place + 64]
        assert recover(digest, signature) == operators.peers[index].signer.address


async def test_judge__when_the_verdict_is_wrong__then_the_judges_sign_the_proposers_with_a_trail_that_they_keep(
    operators: World,
) -> None:
    made = await scene(operators, off=-500_000, callback=5)
    await made.evaluate()
    (_, verdict, stands_, judges, _, gas), *_ = await made.judge()
    assert abs(verdict.score - made.recorded.score) > 2 * TOLERANCE
    assert (stands_, gas) == (False, made.asked.request.question.callback_gas)
    for index in members_of(judges):
        assert operators.peers[index].store.trail(verdict.trail) is not None


async def test_judge__when_this_node_signed_the_verdict__then_it_neither_asks_the_vault_nor_judges(
    operators: World,
) -> None:
    made = await scene(operators)
    signer = operators.peers[0]
    asked = len(signer.source.asked)
    await made.evaluate()
    assert len(signer.source.asked) == asked
    await made.judge()
    assert signer.acts.of("judge") == []


async def test_judge__when_the_request_is_asked_about_again__then_the_vault_is(operators: World) -> None:
    made = await scene(operators)
    one = operators.peers[2]
    asked = len(one.source.asked)
    assert await one.judge.evaluate_due() == 1
    assert len(one.source.asked) == asked + 1
    assert await one.judge.evaluate_due() == 0
    assert found(one, made).upholds


async def test_judge__when_the_vault_no_longer_answers__then_what_was_found_before_after_some_asks(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.judge._FIRST_RETRY_S", 0.0)
    made = await scene(operators)
    one = operators.peers[2]
    one.source.instead[made.asked.request.id] = VaultError(Reason.VAULT_UNREACHABLE, "gone")
    assert [await one.judge.evaluate_due() for _ in range(4)] == [0, 0, 1, 0]
    assert found(one, made).upholds


async def test_judge__when_the_chain_can_not_be_read__then_nothing_is_decided_from_memory(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.judge._FIRST_RETRY_S", 0.0)
    made = await scene(operators)
    operators.chain.requests[made.asked.request.id] = OSError("http://key@host")
    one = operators.peers[2]
    assert [await one.judge.evaluate_due() for _ in range(5)] == [0] * 5


async def test_judge__when_too_few_agree__then_nothing_is_sent(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    for one in made.judges[:2]:
        case_ = one.store.case(made.asked.request.id)
        assert case_ is not None
        other = dict(case_.evaluation or {})
        other["score"] = (other["score"] + 500_000) % 1_000_000
        other["outcome"] = int(other["score"] >= THRESHOLD)
        one.store.reevaluated(made.asked.request.id, other)
    assert await made.judge() == []


async def test_judge__when_its_time_is_over__then_closed_by_one_at_a_time_and_not_judged(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    for one in operators.peers:
        one.seat.clock.timestamp = NOW + 301
    assert await made.judge(range(12, 14)) == []
    recording = Recording(made.asked.request, made.recorded, BY)
    assert made.closed == [(recording, made.recorded, 0)]


async def test_judge__when_an_arbiter_may_still_rule__then_not_closed_before_that_is_over(operators: World) -> None:
    made = await scene(operators, arbiter=PUBLISHER)
    for seconds, expected in ((301, 0), (300 + TERMS.ruling_time, 0), (301 + TERMS.ruling_time, 1)):
        for one in operators.peers:
            one.seat.clock.timestamp = NOW + seconds
        assert await made.judge(range(12, 14)) == []
        assert len(made.closed) == expected


async def test_judge__when_the_bench_has_found__then_closed_as_it_found_once_the_arbiters_time_is_over(
    operators: World,
) -> None:
    made = await scene(operators, arbiter=PUBLISHER, callback=5)
    await made.evaluate()
    right = Verdict(1 - made.recorded.outcome, 7, secrets.token_bytes(32))
    for one in operators.peers:
        judged = {made.asked.request.id: (Judged(False, right, NOW + 500), 13)}
        one.store.apply(Changes(judged=judged), (13, bytes(32)))
    for seconds, expected in ((0, 0), (500, 0), (501, 1)):
        for one in operators.peers:
            one.seat.clock.timestamp = NOW + seconds
        assert await made.judge(range(12, 14)) == []
        assert len(made.closed) == expected
    recording = Recording(made.asked.request, made.recorded, BY)
    assert made.closed == [(recording, right, made.asked.request.question.callback_gas)]


async def test_judge__when_the_chain_takes_a_finding_back__then_the_case_is_open_again(operators: World) -> None:
    made = await scene(operators)
    one = operators.peers[2]
    judged = {made.asked.request.id: (Judged(True, made.recorded, NOW + 500), 13)}
    one.store.apply(Changes(judged=judged), (13, bytes(32)))
    settled = {made.asked.request.id: (CaseState.UPHELD, 14)}
    one.store.apply(Changes(cases=settled), (14, bytes(32)))
    for back, state, has in ((13, CaseState.OPEN, True), (12, CaseState.OPEN, False)):
        one.store.rewind(back, (back, bytes(32)))
        opened = one.store.case(made.asked.request.id)
        assert opened is not None
        assert (opened.state, opened.judged is not None) == (state, has)


async def test_judge__when_the_models_arbiter_is_unknown_here__then_this_node_does_not_judge(operators: World) -> None:
    made = await scene(operators)
    for one in operators.peers:
        one.judge._arbiters = Arbiters(())
    model = replace(made.asked.model, arbiter=PUBLISHER)
    opened = made.judges[0].store.case(made.asked.request.id)
    assert opened is not None
    named = replace(opened, request=replace(opened.request, model=model))
    judge = made.judges[0].judge
    assert judge._may_judge(opened)
    assert not judge._may_judge(named)
    judge._arbiters = Arbiters([PUBLISHER])
    assert judge._may_judge(named)


async def test_judge__when_the_contract_refuses__then_tried_again_later(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await scene(operators)
    await made.evaluate()
    for one in operators.peers:
        one.acts.failures["judge"] = ContractRevertError("JudgingOver")
    assert await made.judge() == []
    for one in operators.peers:
        one.acts.failures.clear()
    monkeypatch.setattr("oracle.store.duties.time.time", lambda: 2_000_000_000.0)
    assert len(await made.judge()) >= 1


# A peer's finding


def proposal(
    one: Peer, made: Scene, verdict: Verdict, trail: Any = None, stands: bool | None = None, **changes: Any
) -> RulingProposal:
    stands = trail is None if stands is None else stands
    digest = ruling_digest(DOMAINS.committee, 1, made.asked.request.id, stands, verdict)
    message = RulingProposal(
        epoch=1,
        request="0x" + made.asked.request.id.hex(),
        stands=stands,
        outcome=verdict.outcome,
        score=verdict.score,
        digest="0x" + verdict.trail.hex(),
        trail=trail,
        proposer=one.signer.address,
        signature="0x" + one.signer.sign(digest).hex(),
    )
    return message.model_copy(update=changes)


async def reason(peer: Peer, message: RulingProposal) -> Reason | None:
    answer = await RulingAnswers(peer.seat, 0.1, Arbiters(())).answer(message)
    return answer.declined[0].reason if answer.declined else None


async def test_answer__when_the_peer_found_the_same__then_signed(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    one, peer, *_ = made.judges
    assert await reason(peer, proposal(one, made, made.recorded)) is None


async def test_answer__when_the_peer_found_otherwise__then_declined(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    one, peer, *_ = made.judges
    recorded = made.recorded
    others = (
        Verdict(recorded.outcome, abs(recorded.score - 1), recorded.trail),
        Verdict(1 - recorded.outcome, recorded.score, recorded.trail),
        Verdict(recorded.outcome, recorded.score, bytes(32)),
    )
    for other in others:
        assert await reason(peer, proposal(one, made, other)) is Reason.RULING_MISMATCH


async def test_answer__when_a_wrong_verdict_is_upheld_or_corrected_falsely__then_declined(operators: World) -> None:
    made = await scene(operators, off=-500_000)
    await made.evaluate()
    one, peer, *_ = made.judges
    assert await reason(peer, proposal(one, made, made.recorded)) is Reason.RULING_MISMATCH
    own = found(one, made)
    assert not own.upholds
    assert await reason(peer, proposal(one, made, own.verdict)) is Reason.RULING_MISMATCH  # without its trail
    stolen = found(peer, made)
    assert await reason(peer, proposal(one, made, stolen.verdict, stolen.trail.to_json())) is Reason.TRAIL_MISMATCH
    assert await reason(peer, proposal(one, made, own.verdict, own.trail.to_json())) is None


async def test_answer__when_there_is_no_challenge_or_no_evaluation_yet__then_declined_after_the_wait(
    operators: World,
) -> None:
    made = await scene(operators)
    one, peer, *_ = made.judges
    assert await reason(peer, proposal(one, made, made.recorded)) is Reason.NOT_READY
    other = Scene(operators, case(), made.recorded)
    assert await reason(peer, proposal(one, other, made.recorded)) is Reason.NOT_CHALLENGED
    await made.evaluate()
    ended = Changes(cases={made.asked.request.id: (CaseState.UPHELD, 13)})
    peer.store.apply(ended, (13, bytes(32)))
    assert await reason(peer, proposal(one, made, made.recorded)) is Reason.NOT_CHALLENGED


async def test_answer__when_it_is_not_a_members_own__then_peer_error(operators: World) -> None:
    made = await scene(operators)
    one, peer, other, *_ = made.judges
    good = proposal(one, made, made.recorded)
    stranger = LocalSigner(secrets.token_bytes(32)).address
    for changes in (
        {"signature": "0x" + "00" * 64},
        {"proposer": other.signer.address},
        {"proposer": stranger},
        {"epoch": 7},
        {"score": made.recorded.score ^ 1},
        {"stands": False},
        {"trail": {"version": "marked-value"}},
    ):
        with pytest.raises(PeerError) as caught:
            await RulingAnswers(peer.seat, 0.1, Arbiters(())).answer(good.model_copy(update=changes))
        assert "marked" not in str(caught.value)


async def test_answer__when_the_proposer_signed_the_verdict__then_peer_error(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    signer, judge = operators.peers[0], made.judges[0]
    with pytest.raises(PeerError):
        await RulingAnswers(judge.seat, 0.1, Arbiters(())).answer(proposal(signer, made, made.recorded))
    with pytest.raises(PeerError):  # nor does it sign for others
        await RulingAnswers(signer.seat, 0.1, Arbiters(())).answer(proposal(judge, made, made.recorded))


async def test_answer__when_a_finding_and_its_trail_do_not_go_together__then_peer_error(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    one, peer, *_ = made.judges
    with pytest.raises(PeerError):
        await reason(peer, proposal(one, made, made.recorded, stands=False))


async def test_answer__when_a_stranger_speaks_of_an_unknown_request__then_it_does_not_wait(operators: World) -> None:
    made = await scene(operators)
    peer, stranger = made.judges[0], LocalSigner(secrets.token_bytes(32))
    other = Scene(operators, case(), made.recorded)
    digest = ruling_digest(DOMAINS.committee, 1, other.asked.request.id, True, made.recorded)
    changes = {"proposer": stranger.address, "signature": "0x" + stranger.sign(digest).hex()}
    message = proposal(peer, other, made.recorded).model_copy(update=changes)
    async with asyncio.timeout(5):
        answer = await RulingAnswers(peer.seat, 3_600, Arbiters(())).answer(message)
    assert answer.declined[0].reason is Reason.NOT_CHALLENGED
