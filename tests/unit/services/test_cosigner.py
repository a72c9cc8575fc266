"""What a node signs of a peer's proposal."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import pytest
from services_world import DOMAIN, LOADED, Case, Peer, World, case

from oracle.core.canonical import canonical
from oracle.core.digests import LEAF_TYPES, leaf_values, recover, report_digest
from oracle.core.errors import PeerError, Reason
from oracle.core.merkle import MerkleTree, leaf_hash
from oracle.core.structs import Verdict
from oracle.core.trail import Trail
from oracle.keys.signer import LocalSigner
from oracle.peers.messages import Answer, Proposal, ProposedVerdict
from oracle.services.trails import build_trail
from oracle.store.tables import Stage


def digest_of(trails: list[Trail], epoch: int) -> bytes:
    leaves = []
    for trail in trails:
        verdict = Verdict(trail.output.outcome, trail.output.score_ppm, trail.digest)
        request, commitment = bytes.fromhex(trail.request.id[2:]), bytes.fromhex(trail.request.commitment[2:])
        leaves.append(leaf_hash(LEAF_TYPES, leaf_values(request, commitment, verdict)))
    return report_digest(DOMAIN, epoch, len(leaves), MerkleTree(leaves).root)


def proposal_of(signer: LocalSigner, trails: list[Trail], epoch: int = 1, **changes: Any) -> Proposal:
    """Sign a proposal of these trails; ``changes`` go in afterwards."""
    verdicts = [
        ProposedVerdict(
            request=trail.request.id, outcome=trail.output.outcome, score=trail.output.score_ppm, trail=trail.to_json()
        )
        for trail in trails
    ]
    signature = "0x" + signer.sign(digest_of(trails, epoch)).hex()
    proposal = Proposal(epoch=epoch, verdicts=verdicts, proposer=signer.address, signature=signature)
    return proposal.model_copy(update=changes)


def trail_of(one: Peer, asked: Case, proposer: str | None = None) -> Trail:
    return build_trail(DOMAIN, one.context(asked), LOADED, proposer or one.signer.address, "assent/test")


def lying(trail: Trail, score: int) -> Trail:
    outcome = int(score >= LOADED.card.threshold_ppm)
    update = {"score_ppm": score, "outcome": outcome, "label": LOADED.card.outcomes[outcome]}
    return trail.model_copy(update={"output": trail.output.model_copy(update=update)})


def reasons(answer: Answer) -> list[Reason]:
    assert answer.signature is None
    return [each.reason for each in answer.declined]


async def test_answer__when_all_agree__then_signed_by_its_own_key_and_kept_first(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposer, peer, *_ = operators.peers
    cases = [case() for _ in range(3)]
    await operators.evaluate(*cases)
    trails = [trail_of(proposer, each) for each in cases]
    kept: list[bool] = []
    signer = peer.signer

    class Looking:
        address = signer.address

        def sign(self, digest: bytes) -> bytes:
            kept.append(all(peer.store.trail(each.digest) == canonical(each.to_json()) for each in trails))
            return signer.sign(digest)

    monkeypatch.setattr(peer.cosigner, "_signer", Looking())
    answer = await peer.answer(proposal_of(proposer.signer, trails))
    assert answer.declined == []
    assert recover(digest_of(trails, 1), bytes.fromhex((answer.signature or "")[2:])) == signer.address
    assert kept == [True]


async def test_answer__when_a_score_is_wrong__then_that_verdict_is_declined_and_nothing_kept(
    operators: World,
) -> None:
    proposer, peer, *_ = operators.peers
    honest, wrong = case(), case()
    await operators.evaluate(honest, wrong)
    own = trail_of(proposer, wrong)
    trails = [trail_of(proposer, honest), lying(own, (own.output.score_ppm + 500_000) % 1_000_000)]
    answer = await peer.answer(proposal_of(proposer.signer, trails))
    assert reasons(answer) == [Reason.SCORE_MISMATCH]
    assert answer.declined[0].request == "0x" + wrong.request.id.hex()
    assert peer.store.trail(trails[0].digest) is None


async def test_answer__when_the_trail_names_another_proposer__then_declined(operators: World) -> None:
    proposer, peer, third, _ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    trail = trail_of(proposer, asked, third.signer.address)
    assert reasons(await peer.answer(proposal_of(proposer.signer, [trail]))) == [Reason.TRAIL_MISMATCH]


async def test_answer__when_the_commitment_is_anothers__then_declined(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked, other = case(), case()
    await operators.evaluate(asked, other)
    trail, instead = trail_of(proposer, asked), trail_of(proposer, other)
    mixed = trail.model_copy(
        update={"request": trail.request.model_copy(update={"commitment": instead.request.commitment})}
    )
    assert reasons(await peer.answer(proposal_of(proposer.signer, [mixed]))) == [Reason.TRAIL_MISMATCH]


# Who may propose


async def test_answer__when_a_stranger_proposes__then_peer_error(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    stranger = LocalSigner(secrets.token_bytes(32))
    trail = trail_of(proposer, asked, stranger.address)
    with pytest.raises(PeerError, match="members of the current epoch"):
        await peer.answer(proposal_of(stranger, [trail]))


@pytest.mark.parametrize("epoch", [2, 9])
async def test_answer__when_the_epoch_is_another__then_peer_error(operators: World, epoch: int) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    with pytest.raises(PeerError, match="epoch"):
        await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)], epoch))


async def test_answer__when_an_old_epoch_is_replayed__then_peer_error(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    operators.chain.epoch = 2
    with pytest.raises(PeerError, match="epoch"):
        await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)], 1))


async def test_answer__when_the_epoch_has_rotated_since__then_the_committee_is_read_anew(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    await peer.committee.view()
    operators.chain.epoch = 2
    monkeypatch.setattr("oracle.services.committee._SOONEST_REREAD_S", 0.0)
    answer = await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)], 2))
    assert answer.signature is not None


async def test_answer__when_a_flood_speaks_of_later_epochs__then_the_chain_is_not_read_for_each(
    operators: World,
) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    trail = trail_of(proposer, asked)
    before = operators.chain.epoch_reads
    for epoch in range(2, 40):
        with pytest.raises(PeerError):
            await peer.answer(proposal_of(proposer.signer, [trail], epoch))
    assert operators.chain.epoch_reads - before <= 2


async def test_answer__when_the_signature_is_wrong__then_peer_error(operators: World) -> None:
    proposer, peer, third, _ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    trail = trail_of(proposer, asked)
    for wrong in (
        "0x" + third.signer.sign(digest_of([trail], 1)).hex(),
        "0x" + proposer.signer.sign(digest_of([trail], 2)).hex(),
        "0x" + "00" * 64,
        "0x" + "ff" * 64,
    ):
        with pytest.raises(PeerError, match="signature"):
            await peer.answer(proposal_of(proposer.signer, [trail], signature=wrong))


async def test_answer__when_the_node_is_no_member__then_peer_error(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    operators.chain.members.remove(peer.signer.address)
    with pytest.raises(PeerError, match="member"):
        await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)]))


# Malformed by a member


def with_json(proposal: Proposal, trail: dict[str, Any]) -> Proposal:
    return proposal.model_copy(update={"verdicts": [proposal.verdicts[0].model_copy(update={"trail": trail})]})


@pytest.mark.parametrize(
    "value", [2**60, 10**400, float("nan"), float("inf"), {"a": [2**70]}], ids=["2^60", "10^400", "nan", "inf", "inner"]
)
async def test_answer__when_a_number_is_no_canonical_json__then_peer_error(operators: World, value: object) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    trail = trail_of(proposer, asked)
    data = trail.to_json()
    data["request"]["terms"]["deadline"] = value
    with pytest.raises(PeerError):
        await peer.answer(with_json(proposal_of(proposer.signer, [trail]), data))


async def test_answer__when_the_trail_is_no_trail__then_peer_error_without_its_content(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    proposal = proposal_of(proposer.signer, [trail_of(proposer, asked)])
    with pytest.raises(PeerError) as caught:
        await peer.answer(with_json(proposal, {"version": "marked-value-31"}))
    assert "marked" not in str(caught.value)


async def test_answer__when_a_trail_is_larger_than_auditors_read__then_peer_error(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    trail = trail_of(proposer, asked)
    request = trail.request.model_copy(update={"terms": {**trail.request.terms, "padding": "x" * 300_000}})
    trail = trail.model_copy(update={"request": request})
    with pytest.raises(PeerError, match="at most"):
        await peer.answer(proposal_of(proposer.signer, [trail]))


# Not ready


async def test_answer__when_it_has_not_evaluated__then_not_ready_after_the_wait(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await proposer.evaluate(asked)
    peer.see(asked)
    started = time.monotonic()
    answer = await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)]))
    assert reasons(answer) == [Reason.NOT_READY]
    assert 0.1 <= time.monotonic() - started < 1


async def test_answer__when_many_are_unknown__then_one_wait_for_all(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    cases = [case() for _ in range(20)]
    await proposer.evaluate(*cases)
    started = time.monotonic()
    answer = await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, each) for each in cases]))
    assert reasons(answer) == [Reason.NOT_READY] * 20
    assert time.monotonic() - started < 1


async def test_answer__when_the_evaluation_comes_during_the_wait__then_signed(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await proposer.evaluate(asked)
    monkeypatch.setattr(peer.cosigner, "_wait_s", 5.0)
    answering = asyncio.create_task(peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)])))
    await asyncio.sleep(0.05)
    await peer.evaluate(asked)
    assert (await answering).signature is not None


async def test_answer__when_this_node_refused_the_request__then_its_reason(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await proposer.evaluate(asked)
    peer.see(asked)
    peer.store.refused(asked.request.id, Reason.PROOF_WRONG, "not the record's")
    answer = await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)]))
    assert reasons(answer) == [Reason.PROOF_WRONG]


async def test_answer__when_the_request_has_ended_here__then_declined(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    peer.store.apply([], {asked.request.id: (Stage.RECORDED, 11)}, {}, (11, bytes(32)))
    answer = await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)]))
    assert reasons(answer) == [Reason.REQUEST_UNKNOWN]
