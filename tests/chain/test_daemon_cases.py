"""Whole nodes on Anvil: challenged verdicts, who judges them, and what becomes of those who signed a wrong one."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from daemon_chain import CONTROLLER, HOLDER, OPERATORS, PUBLISHER, SUBJECT, TERMS, Ground
from daemon_nodes import FIELDS, Town, chain, lie, town

from oracle.core.committee import members_of
from oracle.core.digests import report_leaf
from oracle.core.errors import Reason
from oracle.core.structs import Answer, Phase, Recording, Request, RequestState, Verdict
from oracle.data.record import RecordTree
from oracle.store.tables import CaseState, Stage

#: Three seats sign, two of them suffice, and two more are in reserve: the smallest roll that convicts by itself.
SEATS, ROLL, QUORUM = 3, 5, 2
BENCH = replace(TERMS, seats=SEATS)


@pytest.fixture(scope="module")
def made() -> Iterator[Ground]:
    with chain(ROLL, BENCH, quorum=QUORUM) as ground:
        yield ground


@pytest.fixture
async def nodes(made: Ground, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(made, tmp_path) as whole:
        yield whole


@pytest.fixture(scope="module")
def arbitrated() -> Iterator[Ground]:
    """The same roll, and an arbiter."""
    with chain(ROLL, BENCH, quorum=QUORUM, arbiter=HOLDER) as ground:
        yield ground


@pytest.fixture
async def under_arbiter(arbitrated: Ground, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(arbitrated, tmp_path, arbiters=(HOLDER,)) as whole:
        yield whole


def recording(nodes: Town, request: Request) -> Recording:
    """Return a verdict as the nodes read it from the chain."""
    context = nodes.nodes[0].services.seat.store.context(request.id)
    assert context is not None
    assert context.recorded is not None
    return Recording(request, context.recorded.verdict, context.recorded.by)


async def challenge(nodes: Town, request: Request) -> Recording:
    await nodes.see()
    asked = nodes.nodes[0].services.seat.store.context(request.id)
    assert asked is not None
    contested = recording(nodes, request)
    function = nodes.ground.contract.challenge(contested, asked.agreement)
    nodes.ground.send(function, CONTROLLER, TERMS.bond)
    return contested


async def recorded(nodes: Town) -> Request:
    request = nodes.ground.ask(nodes.agree())
    await nodes.until(lambda: nodes.state(request.id) is RequestState.RECORDED)
    return request


async def wrong_answer(nodes: Town) -> tuple[Request, Answer]:
    """Return what no honest member would sign of a request."""
    request = nodes.ground.ask(nodes.agree())
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    own = nodes.own_score(0, request.id)
    score = 1_000_000 if own < 500_000 else 0
    return request, Answer(request, Verdict(int(score > 0), score, secrets.token_bytes(32)))


async def wrongly_recorded(nodes: Town) -> Request:
    """Have the first members sign a lie, behind their own nodes' backs."""
    request, answer = await wrong_answer(nodes)
    _, attestation = nodes.ground.reported([answer])
    nodes.ground.send(nodes.ground.contract.record(request, answer.verdict, attestation), SUBJECT)
    return request


def slashed(nodes: Town) -> set[str]:
    return {each.arguments["operator"] for each in nodes.logs("OperatorSlashed")}


def case_state(nodes: Town, request: Request) -> CaseState | None:
    case = nodes.nodes[0].services.seat.store.case(request.id)
    return case.state if case else None


def askers(nodes: Town, request: Request) -> list[str]:
    return [release.attester for release in nodes.vault.releases(request.id)]


# The bench


async def test_case__when_an_honest_verdict_is_challenged__then_the_bench_upholds_it(nodes: Town) -> None:
    request = await recorded(nodes)
    contested = await challenge(nodes, request)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.UPHELD)
    (closed,) = nodes.logs("CaseClosed")
    judges = set(members_of(closed.arguments["by"]))
    assert len(judges) == ROLL // 2 + 1
    assert not judges & set(members_of(contested.by.bitmap))
    await nodes.tick()
    assert case_state(nodes, request) is CaseState.UPHELD
    assert slashed(nodes) == set()


async def test_case__when_a_verdict_is_challenged__then_the_reserve_gets_its_fields_and_not_before(nodes: Town) -> None:
    request = await recorded(nodes)
    attesters = [each.address for each in nodes.ground.attesters]
    before = Counter(askers(nodes, request))
    assert set(before) == set(attesters[:SEATS])
    contested = await challenge(nodes, request)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.UPHELD)
    again = set(Counter(askers(nodes, request)) - before)
    assert again >= set(attesters[SEATS:])
    assert not again & {attesters[index] for index in members_of(contested.by.bitmap)}


async def test_case__when_a_wrong_verdict_is_challenged__then_it_is_corrected_and_its_signers_are_convicted(
    nodes: Town,
) -> None:
    request = await wrongly_recorded(nodes)
    epoch = nodes.ground.epoch
    await challenge(nodes, request)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.CORRECTED)
    status = nodes.ground.contract.verdict_of(request.id).call()
    assert abs(status.score - nodes.own_score(0, request.id)) <= nodes.ground.model.tolerance
    # Its trail is had from whoever signed it.
    trail = bytes(nodes.logs("Corrected")[0].arguments["trail"])
    assert sum(node.services.seat.store.trail(trail) is not None for node in nodes.nodes) >= ROLL // 2 + 1
    # At once, and without a signature of theirs but those under the lie.
    assert slashed(nodes) == set(OPERATORS[:QUORUM])
    assert nodes.ground.epoch == epoch + 1
    seats = nodes.ground.contract.members_of(epoch + 1).call()
    assert not {nodes.ground.attesters[index].address for index in range(QUORUM)} & set(seats)
    await nodes.tick()
    assert case_state(nodes, request) is CaseState.CORRECTED


async def test_case__when_wrong_verdicts_were_recorded_together__then_one_conviction_is_enough_for_all(
    nodes: Town,
) -> None:
    (first, wrong), (second, other) = await wrong_answer(nodes), await wrong_answer(nodes)
    answers = {each.request.id: each for each in (wrong, other)}
    tree, attestation = nodes.ground.reported([wrong, other])
    by_leaf = {report_leaf(each.request, each.verdict): each for each in answers.values()}
    ordered = [by_leaf[leaf] for leaf in tree.leaves]
    nodes.ground.send(nodes.ground.contract.record_many(ordered, attestation), SUBJECT)
    await challenge(nodes, first)
    await challenge(nodes, second)
    both = (first.id, second.id)
    await nodes.until(lambda: all(nodes.state(each) is RequestState.CORRECTED for each in both))
    assert len(nodes.logs("OperatorSlashed")) == QUORUM


async def test_case__when_the_vault_is_gone__then_nobody_judges_and_a_node_closes_it(
    nodes: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.judge._FIRST_RETRY_S", 0.01)
    request = await recorded(nodes)
    nodes.network.hosts["vault.test"] = httpx.ConnectError("gone")
    await challenge(nodes, request)
    for _ in range(8):
        await nodes.tick()
    assert nodes.state(request.id) is RequestState.CHALLENGED
    nodes.ground.pass_time(TERMS.judging_time + 1)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.UNJUDGED)
    assert nodes.ground.contract.credit_of(CONTROLLER).call() == TERMS.bond - TERMS.bond // 2
    await nodes.tick()
    assert case_state(nodes, request) is CaseState.UNJUDGED


async def test_case__when_the_vault_gives_other_fields__then_whoever_saw_the_first_goes_by_those(
    nodes: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.judge._FIRST_RETRY_S", 0.01)
    request = await recorded(nodes)
    other = RecordTree.salt(FIELDS).disclose(FIELDS)  # of another record
    monkeypatch.setattr(nodes.vault, "disclose", lambda *_: other)
    contested = await challenge(nodes, request)
    for _ in range(8):
        await nodes.tick()
    # Who was shown the first keeps to it; the reserve, which wasn't, can't judge: nobody is convicted by another record.
    assert nodes.state(request.id) is RequestState.CHALLENGED
    (left,) = set(range(SEATS)) - set(members_of(contested.by.bitmap))
    case = nodes.nodes[left].services.seat.store.case(request.id)
    assert case is not None
    assert case.evaluation is not None


# The arbiter


async def test_case__when_the_model_has_an_arbiter__then_a_ruling_takes_effect_when_its_time_is_over(
    under_arbiter: Town,
) -> None:
    nodes = under_arbiter
    request = await wrongly_recorded(nodes)
    await challenge(nodes, request)
    await nodes.until(lambda: bool(nodes.logs("Judged")))
    await nodes.tick()
    assert nodes.ground.contract.case_of(request.id).call().phase is Phase.FALSE
    assert nodes.state(request.id) is RequestState.CHALLENGED
    assert slashed(nodes) == set()
    nodes.ground.pass_time(TERMS.ruling_time + 1)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.CORRECTED)
    assert slashed(nodes) == set(OPERATORS[:QUORUM])


async def test_case__when_the_arbiter_overrules__then_nodes_see_it_and_its_judges_pay(under_arbiter: Town) -> None:
    nodes = under_arbiter
    request = await recorded(nodes)
    contested = await challenge(nodes, request)
    await nodes.until(lambda: bool(nodes.logs("Judged")))
    judges = nodes.ground.contract.case_of(request.id).call().judges
    false = Verdict(1 - contested.verdict.outcome, 0, bytes(32))
    nodes.ground.send(nodes.ground.contract.rule(contested, false, stands=False), HOLDER)
    await nodes.tick()
    assert case_state(nodes, request) is CaseState.CORRECTED
    guilty = [*members_of(judges), *members_of(contested.by.bitmap)]
    assert slashed(nodes) == {OPERATORS[index] for index in guilty}


async def test_case__when_the_arbiter_is_unknown__then_a_node_neither_signs_nor_judges(
    arbitrated: Ground, tmp_path: Path
) -> None:
    async with town(arbitrated, tmp_path, arbiters=(PUBLISHER,)) as nodes:
        request = nodes.ground.ask(nodes.agree())
        for _ in range(6):
            await nodes.tick()
        assert nodes.state(request.id) is RequestState.REQUESTED
        reports = [node.services.seat.store.report(request.id) for node in nodes.nodes[:SEATS]]
        assert [(each.stage, each.reason) for each in reports if each] == [
            (Stage.REFUSED, Reason.ARBITER_UNKNOWN)
        ] * SEATS
        assert askers(nodes, request) == []
        answer = Answer(request, Verdict(0, 0, secrets.token_bytes(32)))
        _, attestation = nodes.ground.reported([answer])
        nodes.ground.send(nodes.ground.contract.record(request, answer.verdict, attestation), SUBJECT)
        await challenge(nodes, request)
        for _ in range(6):
            await nodes.tick()
        assert nodes.logs("Judged") == []
        assert askers(nodes, request) == []


# Conflicts


async def test_conflict__when_an_operator_signs_two_verdicts_far_apart__then_whoever_saw_both_has_it_slashed(
    nodes: Town,
) -> None:
    request = nodes.ground.ask(nodes.agree())
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    liar = 2
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
    liar = 2
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
    liar, witness = 2, nodes.nodes[0].services
    await witness.cosigner.answer(lie(nodes, liar, request, 0))
    nodes.ground.change_key(liar)
    await nodes.see()
    await witness.cosigner.answer(lie(nodes, liar, request, 400_000))
    assert len({each.attester for each in witness.seat.store.evidence(request.id)}) == 2
    witness.punisher._compared_at = float("-inf")
    await nodes.until(lambda: slashed(nodes) == {OPERATORS[liar]})
