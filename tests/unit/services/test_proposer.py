"""A proposer and its peers, each with its own key, store, model and HTTP application; then the same with faults."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from eth_utils import keccak
from services_world import DOMAIN, ETHER, LOADED, Case, Peer, World, case, model_terms
from test_cosigner import digest_of

from oracle.chain.contract import Pool
from oracle.core.committee import members_of
from oracle.core.digests import recover, report_digest, report_leaf
from oracle.core.errors import ContractRevertError, EndpointError, Reason, VaultError
from oracle.core.merkle import MerkleTree, verify
from oracle.core.structs import root_pool_id
from oracle.core.trail import Trail
from oracle.services.reports import Draft, DraftReport
from oracle.services.trails import build_trail
from oracle.store.node_store import Changes
from oracle.store.tables import AnchorRow, Stage

MODEL = model_terms()


def answering(content: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=content if isinstance(content, bytes) else json.dumps(content).encode())


def misses(one: Peer, attester: str) -> int:
    """Return how many answers of a member were missing without a break till now."""
    return next((each.in_a_row for each in one.store.misses() if each.attester == attester), 0)


def host(one: Peer) -> str:
    return one.signer.address.lower()


def reason_of(one: Peer, asked: Case) -> str | None:
    found = one.store.report(asked.request.id)
    assert found is not None
    return found.reason


def must_be_sent(one: Peer, asked: Case, world: World) -> None:
    """Check a sent verdict as the contract would: quorum, each signature its member's, over the report."""
    ((answer, attestation),) = one.records.sent
    request, verdict = answer.request, answer.verdict
    assert request == asked.request
    data = one.store.trail(verdict.trail)
    assert data is not None
    trail = Trail.from_json(json.loads(data))
    digest = digest_of([trail], attestation.epoch)
    named = members_of(attestation.signers)
    assert len(named) == request.quorum == len(attestation.signatures) // 64
    for place, index in enumerate(named):
        signature = attestation.signatures[place * 64 : place * 64 + 64]
        assert recover(digest, signature) == world.chain.members[index]


async def test_propose_due__when_all_are_honest__then_a_quorum_is_sent_and_every_signer_has_the_trail(
    operators: World,
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    await one.propose()
    must_be_sent(one, asked, operators)
    answer, attestation = one.records.sent[0]
    for index in members_of(attestation.signers):
        assert operators.peers[index].store.trail(answer.verdict.trail) is not None


async def test_propose_due__when_it_is_anothers_turn__then_nothing_until_the_turn_comes(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    first = operators.peers.index(operators.first)
    second = operators.peers[(first + 1) % 4]
    await second.propose(10)
    await second.propose(11)
    assert second.records.sent == []
    await second.propose(12)  # turns last two blocks here
    must_be_sent(second, asked, operators)


async def test_propose_due__when_a_peers_report_was_just_signed__then_left_to_it_for_one_turn(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    first = operators.first
    second = operators.peers[(operators.peers.index(first) + 1) % 4]
    for each in operators.peers:
        each.seat.clock.number = 11
    await first.propose(11)
    assert len(first.records.sent) == 1
    await second.propose(12)  # its turn, but it signed at 11
    assert second.records.sent == []
    await second.propose(13)  # the chain hasn't the verdict yet
    must_be_sent(second, asked, operators)


async def test_propose_due__when_a_peer_has_it_signed_again_and_again__then_others_wait_for_one_turn_only(
    operators: World,
) -> None:
    asked = case()
    await operators.evaluate(asked)
    first = operators.first
    second = operators.peers[(operators.peers.index(first) + 1) % 4]
    view = await first.committee.view()
    for block in (11, 12, 13):
        for each in operators.peers:
            each.seat.clock.number = block
        # Signed by all, and never sent; another report each time.
        trail = build_trail(DOMAIN, first.context(asked), LOADED, first.signer.address, f"assent/{block}")
        report = DraftReport(DOMAIN, 1, [Draft(first.context(asked), trail)])
        assert len(await (await first.proposer._ask(report, view)).until(4)) >= 3
    await second.propose(13)
    must_be_sent(second, asked, operators)


FAULTS: dict[str, object] = {
    "refused": httpx.ConnectError("no"),
    "timeout": httpx.ReadTimeout("slow"),
    "private address": VaultError(Reason.VAULT_UNREACHABLE, "leads to a private address"),
    "port that doesn't exist": OverflowError("port must be 0-65535"),
    "500": answering(b"oops", 500),
    "redirect": httpx.Response(302, headers={"location": "http://169.254.169.254/"}),
    "not json": answering(b"<html>"),
    "huge": answering(b"[" * 2_000_000),
    "deep": answering(b"[" * 100_000),
    "another shape": answering({"signature": 7}),
    "nothing said": answering({}),
    "nobody's signature": answering({"signature": "0x" + "00" * 64}),
    "wrong signature": answering({"signature": "0x" + "11" * 64}),
    "declined": answering({"declined": [{"request": "0x" + "00" * 32, "reason": "score_mismatch", "message": "no"}]}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_propose_due__when_one_peer_fails_or_lies__then_the_quorum_is_reached_without_it(
    operators: World, fault: str
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    faulty = operators.others(one)[0]
    operators.network.hosts[host(faulty)] = FAULTS[fault]
    await one.propose()
    must_be_sent(one, asked, operators)
    faulty_index = operators.chain.members.index(faulty.signer.address)
    assert faulty_index not in members_of(one.records.sent[0][1].signers)


async def test_propose_due__when_a_peer_signs_with_another_key__then_its_signature_is_not_used(
    operators: World,
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    faulty, other, _ = operators.others(one)
    # A true signature over the right report, by a member's key; but not by this member's.
    faulty.seat.keys._signers[faulty.signer.address] = other.signer
    await one.propose()
    must_be_sent(one, asked, operators)


@pytest.mark.parametrize("fault", ["refused", "wrong signature", "private address", "declined"])
async def test_propose_due__when_two_of_four_fail__then_postponed_and_nothing_sent(
    operators: World, fault: str
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    for faulty in operators.others(one)[:2]:
        operators.network.hosts[host(faulty)] = FAULTS[fault]
    await one.propose()
    assert one.records.sent == []
    assert reason_of(one, asked) == Reason.NOT_READY
    calls = operators.network.calls
    await one.propose()
    assert operators.network.calls == calls


async def test_propose_due__when_peers_come_back__then_sent_at_the_next_attempt(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    apps = dict(operators.network.hosts)
    for faulty in operators.others(one):
        operators.network.hosts[host(faulty)] = httpx.ConnectError("no")
    await one.propose()
    operators.network.hosts.update(apps)
    later = time.time() + 1.1
    monkeypatch.setattr("oracle.store.requests.time.time", lambda: later)
    await one.propose()
    must_be_sent(one, asked, operators)


async def test_propose_due__when_the_proposer_lies__then_no_peer_signs(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    truth = build_trail(DOMAIN, one.context(asked), LOADED, one.signer.address, "x").output.score_ppm

    def lie(*arguments: Any) -> Trail:
        trail = build_trail(*arguments)
        score = 1_000_000 if truth < 500_000 else 0
        outcome = int(score > 0)
        update = {"score_ppm": score, "outcome": outcome, "label": LOADED.card.outcomes[outcome]}
        return trail.model_copy(update={"output": trail.output.model_copy(update=update)})

    monkeypatch.setattr("oracle.services.proposer.build_trail", lie)
    await one.propose()
    assert one.records.sent == []


# Once sent


async def test_propose_due__when_it_was_sent__then_peers_are_not_asked_again_at_each_pulse(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    await one.propose()
    calls = operators.network.calls
    for _ in range(5):
        await one.propose()
    assert operators.network.calls == calls
    assert len(one.records.sent) == 1


async def test_propose_due__when_the_contract_has_a_verdict_already__then_peers_are_not_asked_again(
    operators: World,
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    one.records.failure = ContractRevertError("RequestNotOpen")
    await one.propose()
    calls = operators.network.calls
    await one.propose()
    assert operators.network.calls == calls


async def test_propose_due__when_the_epoch_is_stale__then_the_committee_is_read_anew_and_it_is_tried_again(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    one.records.failure = ContractRevertError("EpochStale", {"given": 1, "current": 2})
    await one.propose()
    assert reason_of(one, asked) == "EpochStale"
    one.records.failure, operators.chain.epoch = None, 2
    for each in operators.peers:
        each.committee.forget()
    later = time.time() + 1.1
    monkeypatch.setattr("oracle.store.requests.time.time", lambda: later)
    await one.propose()
    assert one.records.sent[0][1].epoch == 2


async def test_propose_due__when_the_chain_fails__then_postponed_not_repeated_at_once(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    one.records.failure = EndpointError("record: TimeoutError")
    with pytest.raises(EndpointError):
        await one.propose()
    calls = operators.network.calls
    await one.propose()
    assert operators.network.calls == calls


async def test_propose_due__when_recorded_meanwhile__then_postponing_leaves_no_reason(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    one.over(asked, Stage.RECORDED)
    one.store.postponed(asked.request.id, 1, "sent", "late")
    assert reason_of(one, asked) is None


# Many


async def test_propose_due__when_many_wait_for_others_turns__then_own_ones_are_not_held_up(operators: World) -> None:
    one = operators.first
    others = several(12)
    one.see(*others, block=11)  # older than one's own
    one.see(case(), block=14)
    assert await one.evaluator.evaluate_due(64) == len(others) + 1
    started: list[Any] = []
    await one.proposer.propose_due(14, 4, started.append)
    assert len(started) == 1
    for work in started:
        work.close()


async def test_propose_due__when_under_way__then_not_started_twice(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    started: list[Any] = []
    for _ in range(3):
        await one.proposer.propose_due(10, 64, started.append)
    assert len(started) == 1
    started[0].close()


async def test_propose_due__when_no_member__then_nothing(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.first
    operators.chain.members.remove(one.signer.address)
    one.committee.forget()
    await one.propose()
    assert operators.network.calls == 0


# Reports of several


def several(count: int, **asked: Any) -> list[Case]:
    return [case(**asked) for _ in range(count)]


async def test_propose_due__when_several_are_evaluated__then_one_report_in_the_order_of_its_leaves(
    operators: World,
) -> None:
    one = operators.first
    cases = several(3)
    await operators.evaluate(*cases)
    await one.propose()
    ((root, answers, attestation),) = one.records.many
    assert {answer.request.id for answer in answers} == {each.request.id for each in cases}
    leaves = [report_leaf(answer.request, answer.verdict) for answer in answers]
    assert leaves == sorted(leaves)
    assert root == MerkleTree(leaves).root
    digest = report_digest(DOMAIN, 1, 3, root)
    for place, index in enumerate(members_of(attestation.signers)):
        signature = attestation.signatures[64 * place : 64 * place + 64]
        assert recover(digest, signature) == operators.chain.members[index]
    assert operators.network.calls == 3
    assert one.records.sent == []


async def test_propose_due__when_anchored_ones_are_among_them__then_their_root_alone_is_sent(operators: World) -> None:
    one = operators.first
    anchored, recorded = several(2, delivery=1), several(1)
    await operators.evaluate(*anchored, *recorded)
    await one.propose()
    ((root, count, currency, quorum, _),) = one.records.anchored
    assert (count, currency, quorum) == (2, ETHER, 3)
    assert len(one.records.sent) == 1
    for each in operators.peers:
        kept = each.store.reports_by(one.signer.address, [anchored[0].request.id], 0)
        assert kept == {anchored[0].request.id: 1}
    pool = root_pool_id(root, 0, 3)
    row = AnchorRow(pool=pool, block_number=11, root=root, count=2, transaction=b"t" * 32)
    one.store.apply(Changes([row]), (11, bytes(32)))
    assert [reason_of(one, each) for each in anchored] == [None, None]
    found = one.store.proven(anchored[0].request.id, anchored[0].request.deadline)
    assert found is not None
    assert verify(root, report_leaf(anchored[0].request, found.verdict), found.proof)


@pytest.mark.parametrize("decliners", [1, 2])
async def test_propose_due__when_peers_decline_one__then_the_rest_is_sent_and_it_too_if_enough_are_left(
    operators: World, decliners: int
) -> None:
    one = operators.first
    cases = several(3)
    bad = cases[1]
    declining = operators.others(one)[:decliners]
    for each in operators.peers:
        each.see(*cases)
        if each in declining:
            each.store.refused(bad.request.id, Reason.PROOF_WRONG, "no")
        await each.evaluator.evaluate_due(64)
    await one.propose()
    sent = {answer.request.id for _, answers, _ in one.records.many for answer in answers}
    wanted = {each.request.id for each in cases if decliners == 1 or each is not bad}
    assert sent == wanted
    if decliners == 2:
        assert reason_of(one, bad) == Reason.NOT_READY
        assert one.metrics.registry.get_sample_value("assent_verdicts_left_out_total") == 1


async def test_propose_due__when_a_peer_is_silent__then_its_miss_is_counted_and_ends_when_it_answers(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, silent = operators.first, operators.peers[0]
    app = operators.network.hosts[host(silent)]
    operators.network.hosts[host(silent)] = httpx.ConnectError("no")
    for expected in (1, 2):
        (asked,) = several(1)
        await operators.evaluate(asked)
        await one.propose()
        assert misses(one, silent.signer.address) == expected
    assert misses(one, operators.peers[1].signer.address) == 0
    operators.network.hosts[host(silent)] = app
    (asked,) = several(1)
    await operators.evaluate(asked)
    await one.propose()
    worst = {each.attester: (each.asked, each.missed, each.in_a_row) for each in one.store.misses()}
    assert worst[silent.signer.address] == (3, 2, 0)
    labels = {"member": silent.signer.address}
    assert one.metrics.registry.get_sample_value("assent_answers_missed_total", labels) == 2


async def test_propose_due__when_peers_sign__then_every_signature_is_kept_as_evidence(operators: World) -> None:
    one = operators.first
    cases = several(2)
    await operators.evaluate(*cases)
    await one.propose()
    for each in cases:
        kept = one.store.evidence(each.request.id)
        assert len(kept) >= 3
        for evidence in kept:
            leaf = report_leaf(each.request, evidence.verdict)
            tree_root = leaf
            for sibling in evidence.proof:
                tree_root = keccak(min(tree_root, sibling) + max(tree_root, sibling))
            digest = report_digest(DOMAIN, evidence.epoch, evidence.count, tree_root)
            assert recover(digest, evidence.signature) == evidence.attester


async def test_propose_due__when_peers_say_that_it_is_anchored__then_the_proof_is_fetched_and_kept(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = case(delivery=1)
    first = operators.first
    late = operators.others(first)[0]
    await operators.evaluate(asked)
    app = operators.network.hosts[host(late)]
    operators.network.hosts[host(late)] = httpx.ConnectError("down")
    await first.propose()
    operators.network.hosts[host(late)] = app
    root = first.records.anchored[0][0]
    pool = root_pool_id(root, 0, 3)
    operators.chain.pools[pool] = Pool(1, 7, 0, 0, 0)
    row = {"pool": pool, "block_number": 11, "root": root, "count": 1, "transaction": b"t" * 32}
    for each in operators.peers:
        each.store.apply(Changes([AnchorRow(**row)]), (11, bytes(32)))
    index = operators.peers.index(late)
    turn = (index - operators.peers.index(first)) % 4
    await late.propose(10 + 2 * turn)
    assert late.records.anchored == []
    named = asked.request.id, asked.request.deadline
    assert late.store.proven(*named) == first.store.proven(*named)
    report = late.store.report(asked.request.id)
    assert report is not None
    assert report.stage is Stage.ANCHORED


async def test_propose_due__when_a_peer_says_so_without_a_root_on_chain__then_nothing_is_kept(
    operators: World,
) -> None:
    asked = case(delivery=1)
    await operators.evaluate(asked)
    one = operators.first
    liar = answering(
        {"declined": [{"request": "0x" + asked.request.id.hex(), "reason": "already_anchored", "message": "x"}]}
    )
    for each in operators.others(one):
        operators.network.hosts[host(each)] = liar
    await one.propose()
    assert one.store.proven(asked.request.id, asked.request.deadline) is None
    assert reason_of(one, asked) == Reason.NOT_READY
