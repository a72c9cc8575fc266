"""Whole nodes on Anvil: challenges, reviews, and what becomes of those who signed a wrong verdict."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from daemon_chain import CHALLENGES, CONTROLLER, OPERATORS, SUBJECT, Ground
from daemon_nodes import FIELDS, Town, chain, lie, town

from oracle.core.digests import report_leaf
from oracle.core.structs import Answer, Request, RequestState, Verdict
from oracle.data.record import RecordTree
from oracle.store.tables import ChallengeState


@pytest.fixture(scope="module")
def made() -> Iterator[Ground]:
    with chain() as ground:
        yield ground


@pytest.fixture
async def nodes(made: Ground, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(made, tmp_path) as whole:
        yield whole


def challenge(nodes: Town, request: Request) -> None:
    nodes.ground.send(nodes.ground.contract.challenge(request.id), CONTROLLER, CHALLENGES.bond)


async def recorded(nodes: Town) -> Request:
    request = nodes.ground.ask(nodes.agree())
    await nodes.until(lambda: nodes.state(request.id) is RequestState.RECORDED)
    return request


async def wrongly_recorded(nodes: Town, delivery: int = 0) -> tuple[Request, Answer]:
    """Have the first three members sign what no honest one would, behind their own nodes' backs."""
    request = nodes.ground.ask(nodes.agree(), delivery=delivery)
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    own = nodes.own_score(0, request.id)
    score = 1_000_000 if own < 500_000 else 0
    return request, Answer(request, Verdict(int(score > 0), score, secrets.token_bytes(32)))


def slashed(nodes: Town) -> set[str]:
    return {each.arguments["operator"] for each in nodes.logs("OperatorSlashed")}


async def test_review__when_an_honest_verdict_is_challenged__then_it_is_upheld(nodes: Town) -> None:
    request = await recorded(nodes)
    challenge(nodes, request)
    asked = len(nodes.vault.releases(request.id))
    await nodes.until(lambda: nodes.state(request.id) is RequestState.UPHELD)
    assert len(nodes.logs("Upheld")) == 1
    assert (nodes.logs("Upheld")[0].arguments["by"] & 2**64 - 1).bit_count() == 3
    await nodes.tick()
    found = nodes.nodes[0].services.seat.store.challenge(request.id)
    assert found is not None
    assert found.state is ChallengeState.UPHELD
    assert asked == 4
    assert slashed(nodes) == set()


async def test_review__when_the_vault_is_gone__then_operators_go_by_what_they_found_before(
    nodes: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.reviews._FIRST_RETRY_S", 0.01)
    request = await recorded(nodes)
    nodes.network.hosts["vault.test"] = httpx.ConnectError("gone")
    challenge(nodes, request)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.UPHELD)


async def test_review__when_a_wrong_verdict_is_challenged__then_it_is_corrected_and_its_signers_are_slashed(
    nodes: Town,
) -> None:
    request, answer = await wrongly_recorded(nodes)
    _, attestation = nodes.ground.reported([answer])
    nodes.ground.send(nodes.ground.contract.record(request, answer.verdict, attestation), SUBJECT)
    challenge(nodes, request)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.CORRECTED)
    corrected = nodes.ground.contract.verdict_of(request.id).call()
    assert abs(corrected.score - nodes.own_score(0, request.id)) <= nodes.ground.model.tolerance
    # Its trail is had from whoever signed it.
    trail = bytes(nodes.logs("Corrected")[0].arguments["trail"])
    assert sum(node.services.seat.store.trail(trail) is not None for node in nodes.nodes) >= 3
    # No node was asked to sign the wrong verdict: who did, the transaction tells.
    members = nodes.ground.contract.members_of(nodes.ground.epoch).call()[:3]
    wanted = {nodes.ground.contract.operator_of(each).call() for each in members}
    await nodes.until(lambda: slashed(nodes) == wanted)
    for _ in range(8):
        await nodes.tick()
    assert len(nodes.logs("OperatorSlashed")) == 3


async def test_review__when_wrong_verdicts_were_recorded_together__then_the_proof_convicts(nodes: Town) -> None:
    first, wrong = await wrongly_recorded(nodes)
    second, other = await wrongly_recorded(nodes)
    answers = {each.request.id: each for each in (wrong, other)}
    tree, attestation = nodes.ground.reported([wrong, other])
    by_leaf = {report_leaf(each.request, each.verdict): each for each in answers.values()}
    ordered = [by_leaf[leaf] for leaf in tree.leaves]
    nodes.ground.send(nodes.ground.contract.record_many(ordered, attestation), SUBJECT)
    assert nodes.state(second.id) is RequestState.RECORDED
    challenge(nodes, first)
    await nodes.until(lambda: nodes.state(first.id) is RequestState.CORRECTED)
    await nodes.until(lambda: len(slashed(nodes)) == 3)


async def test_review__when_nobody_answers__then_the_challenge_lapses_and_may_be_made_again(nodes: Town) -> None:
    request = await recorded(nodes)
    challenge(nodes, request)
    nodes.ground.pass_time(CHALLENGES.review_time + 1)
    await nodes.see()
    work: list[Any] = []
    for _ in range(10):
        nodes.ground.mine(1)
        await nodes.see()
        for node in nodes.nodes:
            await node.services.reviewer.review_due(work.append)
        if nodes.logs("ChallengeLapsed"):
            break
    assert work == []
    assert nodes.state(request.id) is RequestState.RECORDED
    await nodes.tick()
    challenge(nodes, request)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.UPHELD)


async def test_conflict__when_an_operator_signs_two_verdicts_far_apart__then_whoever_saw_both_has_it_slashed(
    nodes: Town,
) -> None:
    request = nodes.ground.ask(nodes.agree())
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    liar = 3
    for score in (0, 400_000):  # the truth is 1,000,000
        proposal = lie(nodes, liar, request, score)
        answer = await nodes.nodes[0].services.cosigner.answer(proposal)
        assert answer.signature is None  # declined, and kept
    nodes.nodes[0].services.punisher._compared_at = float("-inf")
    await nodes.until(lambda: slashed(nodes) == {OPERATORS[liar]})
    for _ in range(8):
        await nodes.tick()
    assert len(nodes.logs("OperatorSlashed")) == 1


async def test_conflict__when_an_operator_calls_one_score_by_two_names__then_it_is_slashed(nodes: Town) -> None:
    request = nodes.ground.ask(nodes.agree())
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    liar = 3
    for outcome in (0, 1):
        answer = await nodes.nodes[0].services.cosigner.answer(lie(nodes, liar, request, 400_000, outcome))
        assert answer.signature is None
    nodes.nodes[0].services.punisher._compared_at = float("-inf")
    await nodes.until(lambda: slashed(nodes) == {OPERATORS[liar]})


async def test_conflict__when_an_operator_signs_with_two_keys__then_it_is_slashed(nodes: Town) -> None:
    request = nodes.ground.ask(nodes.agree())
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    liar, witness = 3, nodes.nodes[0].services
    await witness.cosigner.answer(lie(nodes, liar, request, 0))
    nodes.ground.change_key(liar)
    await nodes.see()
    await witness.cosigner.answer(lie(nodes, liar, request, 400_000))
    assert len({each.attester for each in witness.seat.store.evidence(request.id)}) == 2
    witness.punisher._compared_at = float("-inf")
    await nodes.until(lambda: slashed(nodes) == {OPERATORS[liar]})


async def test_review__when_the_vault_gives_other_fields__then_what_was_found_before_counts(
    nodes: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.reviews._FIRST_RETRY_S", 0.01)
    request = await recorded(nodes)
    other = RecordTree.salt(FIELDS).disclose(FIELDS)  # of another record
    monkeypatch.setattr(nodes.vault, "disclose", lambda *_: other)
    challenge(nodes, request)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.UPHELD)
