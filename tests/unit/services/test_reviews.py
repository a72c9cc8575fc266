"""What a node finds about a challenged verdict, what it proposes, and what it signs of a peer's finding."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from typing import Any

import pytest
from services_world import DOMAIN, LOADED, NOW, OPEN, Case, Peer, World, case

from oracle.core.committee import members_of
from oracle.core.digests import recover, review_digest
from oracle.core.errors import ContractRevertError, PeerError, Reason, VaultError
from oracle.core.structs import Recording, RequestState, Signers, Verdict
from oracle.keys.signer import LocalSigner
from oracle.peers.messages import ReviewProposal
from oracle.services.findings import find, stands
from oracle.services.review_answers import ReviewAnswers
from oracle.services.trails import build_trail
from oracle.store.node_store import Changes, Recorded
from oracle.store.tables import ChallengeRow, ChallengeState, Stage

TOLERANCE = LOADED.card.tolerance_ppm
THRESHOLD = LOADED.card.threshold_ppm


@dataclass
class Scene:
    """A challenged verdict that all operators know of."""

    world: World
    asked: Case
    recorded: Verdict

    async def evaluate(self) -> None:
        for one in self.world.peers:
            await one.reviewer.evaluate_due()

    async def review(self, heads: range = range(10, 18)) -> list[tuple[Any, ...]]:
        """Let everyone propose at several heads; return what was sent."""
        for head in heads:
            work: list[Any] = []
            for one in self.world.peers:
                one.seat.clock.number = head
                await one.reviewer.review_due(work.append)
            await asyncio.gather(*work)
        return [each for one in self.world.peers for each in one.acts.of("review")]


BY = Signers(0b1011, 1)


async def scene(world: World, off: int = 0, outcome: int | None = None) -> Scene:
    """Have a verdict recorded whose score is off by so much from everyone's own, and challenged."""
    asked = case()
    await world.evaluate(asked)
    own = world.peers[0].context(asked).evaluation
    assert own is not None
    score = own["score"] + off if own["score"] + off <= 1_000_000 else own["score"] - off
    recorded = Verdict(int(score >= THRESHOLD) if outcome is None else outcome, score, secrets.token_bytes(32))
    row = {"request": asked.request.id, "block_number": 12, "until": NOW + 300}
    for one in world.peers:
        verdicts = {asked.request.id: Recorded(recorded, BY, bytes(32))}
        ended = Changes(endings={asked.request.id: (Stage.RECORDED, 11)}, verdicts=verdicts)
        one.store.apply(ended, (11, bytes(32)))
        challenge = ChallengeRow(**row, state=ChallengeState.OPEN, attempts=0, not_before=0.0)
        one.store.apply(Changes([challenge]), (12, bytes(32)))
    world.chain.requests[asked.request.id] = replace(OPEN, state=RequestState.CHALLENGED)
    return Scene(world, asked, recorded)


def found(one: Peer, made: Scene) -> Any:
    challenge = one.store.challenge(made.asked.request.id)
    assert challenge is not None
    return find(one.seat, challenge, one.signer.address, "x")


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


async def test_review__when_the_verdict_stands__then_a_quorum_signs_just_that_verdict(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    (recording, context, verdict, attestation, gas), *_ = await made.review()
    assert verdict == made.recorded
    assert recording == Recording(made.asked.request, made.recorded, BY)
    assert (context.agreement, context.model, gas) == (made.asked.agreement, made.asked.model, 0)
    digest = review_digest(DOMAIN, 1, made.asked.request.id, verdict)
    named_ = members_of(attestation.signers)
    assert len(named_) == 3
    for place, index in enumerate(named_):
        signature = attestation.signatures[64 * place : 64 * place + 64]
        assert recover(digest, signature) == operators.chain.members[index]


async def test_review__when_the_verdict_is_wrong__then_a_quorum_signs_the_proposers_with_a_trail_that_they_keep(
    operators: World,
) -> None:
    made = await scene(operators, off=-500_000)
    await made.evaluate()
    (_, _, verdict, attestation, _), *_ = await made.review()
    assert abs(verdict.score - made.recorded.score) > 2 * TOLERANCE
    for index in members_of(attestation.signers):
        assert operators.peers[index].store.trail(verdict.trail) is not None


async def test_review__when_the_request_is_asked_about_again__then_the_vault_is(operators: World) -> None:
    made = await scene(operators)
    one = operators.peers[0]
    asked = len(one.source.asked)
    assert await one.reviewer.evaluate_due() == 1
    assert len(one.source.asked) == asked + 1
    assert await one.reviewer.evaluate_due() == 0
    assert found(one, made).upholds


async def test_review__when_the_vault_no_longer_answers__then_what_was_found_before_after_some_asks(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.reviews._FIRST_RETRY_S", 0.0)
    made = await scene(operators)
    one = operators.peers[0]
    one.source.instead[made.asked.request.id] = VaultError(Reason.VAULT_UNREACHABLE, "gone")
    assert [await one.reviewer.evaluate_due() for _ in range(4)] == [0, 0, 1, 0]
    assert found(one, made).upholds


@pytest.mark.parametrize(("remembers", "others"), [(True, False), (True, True), (False, False), (False, True)])
async def test_review__when_other_leaves_are_shown_than_the_verdicts_trail_has__then_from_memory_or_not_at_all(
    operators: World, remembers: bool, others: bool
) -> None:
    made = await scene(operators)
    one = operators.peers[0]
    context = one.context(made.asked)
    trail = build_trail(DOMAIN, context, LOADED, one.signer.address, "x")
    fields = [each.model_copy(update={"leaf": "0x" + "5a" * 32}) for each in trail.record.fields]
    if others:
        trail = trail.model_copy(update={"record": trail.record.model_copy(update={"fields": fields})})
    one.store.save_trail(made.recorded.trail, context.id, trail.content)
    own = dict(context.evaluation or {}, leaves={each.name: each.leaf for each in fields})
    evaluation = own if remembers else None
    (open_,) = one.store.challenges(ChallengeState.OPEN, evaluated=False)
    open_ = replace(open_, request=replace(context, evaluation=evaluation))
    # What is shown now fits the trail, or it has to be what was seen then.
    assert await one.reviewer._evaluate(open_) == int(not others or remembers)
    kept = one.store.challenge(context.id)
    assert kept is not None
    if others:
        assert kept.evaluation == evaluation
    else:
        assert kept.evaluation is not None
        assert kept.evaluation["leaves"] != own["leaves"]


async def test_review__when_the_chain_can_not_be_read__then_nothing_is_decided_from_memory(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.reviews._FIRST_RETRY_S", 0.0)
    made = await scene(operators)
    operators.chain.requests[made.asked.request.id] = OSError("http://key@host")
    one = operators.peers[0]
    assert [await one.reviewer.evaluate_due() for _ in range(5)] == [0] * 5


async def test_review__when_too_few_agree__then_nothing_is_sent(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    for one in operators.peers[:2]:
        other = dict(one.context(made.asked).evaluation or {})
        other["score"] = (other["score"] + 500_000) % 1_000_000
        other["outcome"] = int(other["score"] >= THRESHOLD)
        one.store.reevaluated(made.asked.request.id, other)
    assert await made.review() == []


async def test_review__when_it_is_over__then_lapsed_by_one_at_a_time_and_not_reviewed(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    for one in operators.peers:
        one.seat.clock.timestamp = NOW + 301
    assert await made.review(range(12, 14)) == []
    assert [each for one in operators.peers for each in one.acts.of("lapse")] == [(made.asked.request.id,)]


async def test_review__when_the_contract_refuses__then_tried_again_later(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await scene(operators)
    await made.evaluate()
    for one in operators.peers:
        one.acts.failures["review"] = ContractRevertError("EpochStale")
    assert await made.review() == []
    for one in operators.peers:
        one.acts.failures.clear()
    monkeypatch.setattr("oracle.store.duties.time.time", lambda: 2_000_000_000.0)
    assert len(await made.review()) >= 1


# A peer's finding


def proposal(one: Peer, made: Scene, verdict: Verdict, trail: Any = None, **changes: Any) -> ReviewProposal:
    digest = review_digest(DOMAIN, 1, made.asked.request.id, verdict)
    message = ReviewProposal(
        epoch=1,
        request="0x" + made.asked.request.id.hex(),
        outcome=verdict.outcome,
        score=verdict.score,
        digest="0x" + verdict.trail.hex(),
        trail=trail,
        proposer=one.signer.address,
        signature="0x" + one.signer.sign(digest).hex(),
    )
    return message.model_copy(update=changes)


async def reason(peer: Peer, message: ReviewProposal) -> Reason | None:
    answer = await ReviewAnswers(peer.seat, 0.1).answer(message)
    return answer.declined[0].reason if answer.declined else None


async def test_answer__when_the_peer_found_the_same__then_signed(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    one, peer, *_ = operators.peers
    assert await reason(peer, proposal(one, made, made.recorded)) is None


async def test_answer__when_the_peer_found_otherwise__then_declined(operators: World) -> None:
    made = await scene(operators)
    await made.evaluate()
    one, peer, *_ = operators.peers
    recorded = made.recorded
    others = (
        Verdict(recorded.outcome, abs(recorded.score - 1), recorded.trail),
        Verdict(1 - recorded.outcome, recorded.score, recorded.trail),
        Verdict(recorded.outcome, recorded.score, bytes(32)),
    )
    for other in others:
        assert await reason(peer, proposal(one, made, other)) is Reason.REVIEW_MISMATCH


async def test_answer__when_a_wrong_verdict_is_upheld_or_corrected_falsely__then_declined(operators: World) -> None:
    made = await scene(operators, off=-500_000)
    await made.evaluate()
    one, peer, *_ = operators.peers
    assert await reason(peer, proposal(one, made, made.recorded)) is Reason.REVIEW_MISMATCH
    own = found(one, made)
    assert not own.upholds
    assert await reason(peer, proposal(one, made, own.verdict)) is Reason.REVIEW_MISMATCH  # without its trail
    stolen = found(peer, made)
    assert await reason(peer, proposal(one, made, stolen.verdict, stolen.trail.to_json())) is Reason.TRAIL_MISMATCH
    assert await reason(peer, proposal(one, made, own.verdict, own.trail.to_json())) is None


async def test_answer__when_there_is_no_challenge_or_no_evaluation_yet__then_declined_after_the_wait(
    operators: World,
) -> None:
    made = await scene(operators)
    one, peer, *_ = operators.peers
    assert await reason(peer, proposal(one, made, made.recorded)) is Reason.NOT_READY
    other = Scene(operators, case(), made.recorded)
    assert await reason(peer, proposal(one, other, made.recorded)) is Reason.NOT_CHALLENGED
    await made.evaluate()
    ended = Changes(challenges={made.asked.request.id: (ChallengeState.UPHELD, 13)})
    peer.store.apply(ended, (13, bytes(32)))
    assert await reason(peer, proposal(one, made, made.recorded)) is Reason.NOT_CHALLENGED


async def test_answer__when_it_is_not_a_members_own__then_peer_error(operators: World) -> None:
    made = await scene(operators)
    one, peer, other, _ = operators.peers
    good = proposal(one, made, made.recorded)
    stranger = LocalSigner(secrets.token_bytes(32)).address
    for changes in (
        {"signature": "0x" + "00" * 64},
        {"proposer": other.signer.address},
        {"proposer": stranger},
        {"epoch": 7},
        {"score": made.recorded.score ^ 1},
        {"trail": {"version": "marked-value"}},
    ):
        with pytest.raises(PeerError) as caught:
            await ReviewAnswers(peer.seat, 0.1).answer(good.model_copy(update=changes))
        assert "marked" not in str(caught.value)
