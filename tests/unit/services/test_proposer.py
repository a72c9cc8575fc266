"""A proposer and its peers, each with its own key, store, model and HTTP application; then the same with faults."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from services_world import DOMAIN, LOADED, Case, Peer, World, case, model_terms
from test_cosigner import digest_of

from oracle.core.committee import members_of
from oracle.core.digests import recover
from oracle.core.errors import ContractRevertError, EndpointError, Reason, VaultError
from oracle.core.trail import Trail
from oracle.services.trails import build_trail
from oracle.store.tables import Stage

MODEL = model_terms()


def answering(content: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=content if isinstance(content, bytes) else json.dumps(content).encode())


def host(one: Peer) -> str:
    return one.signer.address.lower()


def reason_of(one: Peer, asked: Case) -> str | None:
    found = one.store.report(asked.request.id)
    assert found is not None
    return found.reason


def must_be_sent(one: Peer, asked: Case, world: World) -> None:
    """Check a sent verdict as the contract would: quorum, each signature its member's, over the report."""
    ((request, verdict, attestation),) = one.records.sent
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
    one = operators.proposer_of(asked)
    await one.propose()
    must_be_sent(one, asked, operators)
    _, verdict, attestation = one.records.sent[0]
    for index in members_of(attestation.signers):
        assert operators.peers[index].store.trail(verdict.trail) is not None


async def test_propose_due__when_it_is_anothers_turn__then_nothing_until_the_turn_comes(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    first = operators.peers.index(operators.proposer_of(asked))
    second = operators.peers[(first + 1) % 4]
    await second.propose(10)
    await second.propose(11)
    assert second.records.sent == []
    await second.propose(12)  # turns last two blocks here
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
    one = operators.proposer_of(asked)
    faulty = operators.others(one)[0]
    operators.network.hosts[host(faulty)] = FAULTS[fault]
    await one.propose()
    must_be_sent(one, asked, operators)
    faulty_index = operators.chain.members.index(faulty.signer.address)
    assert faulty_index not in members_of(one.records.sent[0][2].signers)


async def test_propose_due__when_a_peer_signs_with_another_key__then_its_signature_is_not_used(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.proposer_of(asked)
    faulty, other, _ = operators.others(one)
    # A true signature over the right report, by a member's key; but not by this member's.
    monkeypatch.setattr(faulty.cosigner, "_signer", other.signer)
    await one.propose()
    must_be_sent(one, asked, operators)


@pytest.mark.parametrize("fault", ["refused", "wrong signature", "private address", "declined"])
async def test_propose_due__when_two_of_four_fail__then_postponed_and_nothing_sent(
    operators: World, fault: str
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.proposer_of(asked)
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
    one = operators.proposer_of(asked)
    apps = dict(operators.network.hosts)
    for faulty in operators.others(one):
        operators.network.hosts[host(faulty)] = httpx.ConnectError("no")
    await one.propose()
    operators.network.hosts.update(apps)
    later = time.time() + 1.1
    monkeypatch.setattr("oracle.store.node_store.time.time", lambda: later)
    await one.propose()
    must_be_sent(one, asked, operators)


async def test_propose_due__when_the_proposer_lies__then_no_peer_signs(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.proposer_of(asked)
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
    one = operators.proposer_of(asked)
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
    one = operators.proposer_of(asked)
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
    one = operators.proposer_of(asked)
    one.records.failure = ContractRevertError("EpochStale", {"given": 1, "current": 2})
    await one.propose()
    assert reason_of(one, asked) == "EpochStale"
    one.records.failure, operators.chain.epoch = None, 2
    for each in operators.peers:
        each.committee.forget()
    later = time.time() + 1.1
    monkeypatch.setattr("oracle.store.node_store.time.time", lambda: later)
    await one.propose()
    assert one.records.sent[0][2].epoch == 2


async def test_propose_due__when_the_chain_fails__then_postponed_not_repeated_at_once(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.proposer_of(asked)
    one.records.failure = EndpointError("record: TimeoutError")
    with pytest.raises(EndpointError):
        await one.propose()
    calls = operators.network.calls
    await one.propose()
    assert operators.network.calls == calls


async def test_propose_due__when_recorded_meanwhile__then_postponing_leaves_no_reason(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.proposer_of(asked)
    one.store.apply([], {asked.request.id: (Stage.RECORDED, 11)}, {}, (11, bytes(32)))
    one.store.postponed(asked.request.id, 1, "sent", "late")
    assert reason_of(one, asked) is None


# Many


async def test_propose_due__when_many_wait_for_others_turns__then_own_ones_are_not_held_up(operators: World) -> None:
    one = operators.peers[0]
    mine: list[Case] = []
    others: list[Case] = []
    while len(others) < 12 or not mine:
        each = case()
        (mine if operators.proposer_of(each) is one else others).append(each)
    for each in others:  # older than one's own
        one.see(each, block=10)
    for each in mine[:1]:
        one.see(each, block=11)
    assert await one.evaluator.evaluate_due(64) == len(others) + 1
    started: list[Any] = []
    await one.proposer.propose_due(11, 4, started.append)
    assert len(started) == 1
    for work in started:
        work.close()


async def test_propose_due__when_under_way__then_not_started_twice(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.proposer_of(asked)
    started: list[Any] = []
    for _ in range(3):
        await one.proposer.propose_due(10, 64, started.append)
    assert len(started) == 1
    started[0].close()


async def test_propose_due__when_no_member__then_nothing(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.proposer_of(asked)
    operators.chain.members.remove(one.signer.address)
    one.committee.forget()
    await one.propose()
    assert operators.network.calls == 0
