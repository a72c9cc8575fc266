"""What a node signs of a peer's proposal."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import pytest
from services_world import DOMAIN, LOADED, NOW, Case, Peer, World, case

from oracle.core.canonical import canonical
from oracle.core.digests import LEAF_TYPES, leaf_values, recover, report_digest
from oracle.core.errors import PeerError, Reason, SignerUnavailableError
from oracle.core.merkle import MerkleTree, leaf_hash
from oracle.core.structs import Leeway, Verdict, root_pool_id
from oracle.core.trail import Trail
from oracle.keys.keyring import Keyring
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner
from oracle.peers.messages import Answer, Proposal, ProposedVerdict
from oracle.services.punisher import conflicts
from oracle.services.trails import build_trail
from oracle.store.node_store import Changes, Evidence
from oracle.store.tables import AnchorRow, Stage


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

    def leaving(**fields: Any) -> Answer:
        signed = [{each.attester for each in peer.store.evidence(one.request.id)} for one in cases]
        kept.append(signed == [{signer.address, proposer.signer.address}] * 3)
        kept.append(all(peer.store.trail(each.digest) == canonical(each.to_json()) for each in trails))
        return Answer(**fields)

    monkeypatch.setattr("oracle.services.cosigner.Answer", leaving)
    answer = await peer.answer(proposal_of(proposer.signer, trails))
    assert answer.declined == []
    assert recover(digest_of(trails, 1), bytes.fromhex((answer.signature or "")[2:])) == signer.address
    assert kept == [True, True]


class SlowSigner:
    """A remote signer that takes its time: it signs when it is let."""

    def __init__(self, signer: LocalSigner) -> None:
        self.address, self._signer = signer.address, signer
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def asign(self, digest: bytes) -> bytes:
        self.asked.set()
        await self.let.wait()
        return self._signer.sign(digest)


async def test_answer__when_a_verdict_is_being_signed_for_another__then_declined_for_now_and_signed_later(
    operators: World,
) -> None:
    proposer, peer, third, _ = operators.peers
    shared, own = case(), case()
    await operators.evaluate(shared, own)
    slow = SlowSigner(peer.signer)
    peer.seat.keys._signers[slow.address] = slow
    first = asyncio.create_task(peer.answer(proposal_of(proposer.signer, [trail_of(proposer, shared)])))
    await slow.asked.wait()
    second = proposal_of(third.signer, [trail_of(third, shared), trail_of(third, own)])
    answer = await peer.answer(second)
    assert [each.request for each in answer.declined] == ["0x" + shared.request.id.hex()]
    assert reasons(answer) == [Reason.NOT_READY]
    slow.let.set()
    assert (await first).signature is not None
    assert (await peer.answer(second)).signature is not None


async def test_answer__when_the_signer_fails__then_nothing_is_kept_as_signed_and_it_can_be_asked_again(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    proposal = proposal_of(proposer.signer, [trail_of(proposer, asked)])

    async def down(_digest: bytes) -> bytes:
        raise SignerUnavailableError("down")

    working = SlowSigner(peer.signer)
    working.let.set()
    broken = SlowSigner(peer.signer)
    monkeypatch.setattr(broken, "asign", down)
    peer.seat.keys._signers[broken.address] = broken
    with pytest.raises(SignerUnavailableError):
        await peer.answer(proposal)
    assert {each.attester for each in peer.store.evidence(asked.request.id)} == {proposer.signer.address}
    peer.seat.keys._signers[working.address] = working
    assert (await peer.answer(proposal)).signature is not None


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
    operators.chain.epoch = 2  # the one before may sign for 60 s
    operators.chain.since = NOW - 61
    peer.committee.forget()
    with pytest.raises(PeerError, match="epoch"):
        await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)], 1))
    operators.chain.since = NOW - 60
    peer.committee.forget()
    answer = await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)], 1))
    assert answer.signature is not None


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
    peer.committee.forget()
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
    peer.over(asked, Stage.RECORDED)
    answer = await peer.answer(proposal_of(proposer.signer, [trail_of(proposer, asked)]))
    assert reasons(answer) == [Reason.REQUEST_UNKNOWN]


# What it keeps, and what it stays with


async def test_answer__when_it_declines__then_the_proposers_signature_is_kept_as_evidence(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    own = trail_of(proposer, asked)
    wrong = lying(own, (own.output.score_ppm + 500_000) % 1_000_000)
    proposal = proposal_of(proposer.signer, [wrong])
    assert reasons(await peer.answer(proposal)) == [Reason.SCORE_MISMATCH]
    (kept,) = peer.store.evidence(asked.request.id)
    assert (kept.attester, kept.verdict.score) == (proposer.signer.address, wrong.output.score_ppm)
    assert "0x" + kept.signature.hex() == proposal.signature
    assert peer.store.contested() == {}
    await peer.answer(proposal_of(proposer.signer, [own]))
    signed = peer.store.evidence(asked.request.id)
    ((first, second),) = conflicts(signed, {each.attester: each.attester for each in signed}, asked.model.leeway)
    assert {first.verdict.score, second.verdict.score} == {own.output.score_ppm, wrong.output.score_ppm}


async def test_answer__when_the_commitment_is_anothers__then_its_signature_is_no_evidence(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked, other = case(), case()
    await operators.evaluate(asked, other)
    trail, instead = trail_of(proposer, asked), trail_of(proposer, other)
    request = trail.request.model_copy(update={"commitment": instead.request.commitment})
    await peer.answer(proposal_of(proposer.signer, [trail.model_copy(update={"request": request})]))
    assert peer.store.evidence(asked.request.id) == []


@pytest.mark.parametrize("with_former_key", [False, True])
@pytest.mark.parametrize("far_ppm", [500_000, 0])
async def test_answer__when_a_verdict_contradicts_one_it_signed__then_declined_though_it_is_its_own_now(
    operators: World, far_ppm: int, with_former_key: bool
) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    own = trail_of(proposer, asked)
    former = LocalSigner(secrets.token_bytes(32))
    object.__setattr__(peer.seat, "keys", Keyring([peer.signer, former], [SealKey.generate()]))
    signer = former if with_former_key else peer.signer
    other = Verdict(1 - own.output.outcome, (own.output.score_ppm + far_ppm) % 1_000_000, bytes(32))
    earlier = Evidence(asked.request.id, signer.address, other, 1, 1, (), bytes(64), int(time.time()))
    peer.store.keep_evidence([earlier], {asked.request.id: Leeway(0)})
    assert reasons(await peer.answer(proposal_of(proposer.signer, [own]))) == [Reason.ALREADY_SIGNED]


async def test_answer__when_a_proposer_has_one_request_signed_over_and_over__then_only_so_often(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.cosigner._MOST_REPORTS", 3)
    proposer, peer, other, _ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    trail = trail_of(proposer, asked)
    for number in range(3):
        varied = trail.model_copy(update={"software": f"assent/{number}"})
        assert (await peer.answer(proposal_of(proposer.signer, [varied]))).signature is not None
    kept = len(peer.store.trails_of(asked.request.id))
    answer = await peer.answer(proposal_of(proposer.signer, [trail]))
    assert reasons(answer) == [Reason.PROPOSALS_SPENT]
    assert len(peer.store.trails_of(asked.request.id)) == kept == 3
    # That is one proposer's limit, no other's.
    assert (await peer.answer(proposal_of(other.signer, [trail_of(other, asked)]))).signature is not None


@pytest.mark.parametrize(("left_s", "signs"), [(27, True), (23, False), (-5, False)])
async def test_answer__when_the_deadline_is_near_by_the_newest_block__then_declined(
    operators: World, left_s: int, signs: bool
) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    object.__setattr__(peer.seat, "answer_margin_s", 24)
    proposal = proposal_of(proposer.signer, [trail_of(proposer, asked)])
    # The head that it believes is far behind.
    assert peer.seat.clock.timestamp < asked.request.deadline - 24
    peer.seat.clock.lead_s = asked.request.deadline - left_s - time.monotonic()
    answer = await peer.answer(proposal)
    assert (answer.signature is not None) is signs
    assert [each.reason for each in answer.declined] == ([] if signs else [Reason.DEADLINE_NEAR])


async def test_answer__when_the_request_is_anchored_here__then_declined_as_that(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case(delivery=1)
    await operators.evaluate(asked)
    proposal = proposal_of(proposer.signer, [trail_of(proposer, asked)])
    assert (await peer.answer(proposal)).signature is not None
    root = digest_root([trail_of(proposer, asked)])
    pool = root_pool_id(root, 0, 3)
    row = AnchorRow(pool=pool, block_number=11, root=root, count=1, transaction=bytes(32))
    peer.store.apply(Changes([row]), (11, bytes(32)))
    assert reasons(await peer.answer(proposal)) == [Reason.ALREADY_ANCHORED]


async def test_answer__when_a_request_is_in_the_proposal_twice__then_peer_error(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    trail = trail_of(proposer, asked)
    with pytest.raises(PeerError, match="twice"):
        await peer.answer(proposal_of(proposer.signer, [trail, trail]))


async def test_answer__when_the_epoch_before_has_another_key__then_signed_with_that_one(operators: World) -> None:
    proposer, peer, *_ = operators.peers
    asked = case()
    await operators.evaluate(asked)
    new = LocalSigner(secrets.token_bytes(32))
    peer.seat.keys._signers[new.address] = new
    peer.committee._attesters = (peer.signer.address, new.address)
    place = operators.chain.members.index(peer.signer.address)
    operators.chain.earlier[1] = list(operators.chain.members)
    operators.chain.members[place] = new.address
    operators.chain.epoch, operators.chain.since = 2, NOW - 10
    peer.committee.forget()
    trails = [trail_of(proposer, asked)]
    for epoch, expected in ((1, peer.signer.address), (2, new.address)):
        answer = await peer.answer(proposal_of(proposer.signer, trails, epoch))
        assert recover(digest_of(trails, epoch), bytes.fromhex((answer.signature or "")[2:])) == expected


def digest_root(trails: list[Trail]) -> bytes:
    (trail,) = trails
    verdict = Verdict(trail.output.outcome, trail.output.score_ppm, trail.digest)
    request, commitment = bytes.fromhex(trail.request.id[2:]), bytes.fromhex(trail.request.commitment[2:])
    return leaf_hash(LEAF_TYPES, leaf_values(request, commitment, verdict))
