"""Whole nodes on Anvil, and somebody who wants a verdict for nothing, an honest operator slashed, or its own offence forgotten."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from daemon_chain import CONTROLLER, STAKE_WEI, TERMS, Ground
from daemon_nodes import FIELDS, Town, catalogue, chain, lie, open_node, town
from daemon_nodes import settings as daemon_settings

from oracle.core.errors import Reason
from oracle.core.keccak import keccak
from oracle.core.structs import Delivery, Request, RequestState
from oracle.data.record import DisclosedField, RecordTree
from oracle.models.features import features
from oracle.settings import NodeSettings

ETHER = "0x" + "0" * 40


@pytest.fixture(scope="module")
def made() -> Iterator[Ground]:
    with chain() as ground:
        yield ground


@pytest.fixture
async def nodes(made: Ground, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(made, tmp_path) as whole:
        yield whole


@pytest.fixture
async def lagging(made: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """Nodes that believe a block once two more are on it."""

    def cautious(settings: NodeSettings) -> NodeSettings:
        return settings.model_copy(update={"chain": settings.chain.model_copy(update={"finality": "2"})})

    monkeypatch.setattr("daemon_nodes.settings", lambda *named, plain=daemon_settings: cautious(plain(*named)))
    async with town(made, tmp_path) as whole:
        yield whole


async def try_hard(nodes: Town, *requests: Request) -> None:
    """Let everyone have its turn to propose, however soon after the last, without a new block."""
    for _ in range(8):
        await nodes.propose()
        nodes.ground.quiet()
        for node in nodes.nodes:
            node.services.seat.clock.number += 1
            node.services.seat.store.all_postponed([each.id for each in requests], -1, "again", "at once")


async def anchored_at(nodes: Town, timestamp: int) -> None:
    """Have everyone propose, in time, and the block that takes it be long in coming: until then."""
    nodes.ground.rpc("evm_setAutomine", False)
    for _ in range(8):
        await nodes.propose()
        for node in nodes.nodes:
            node.services.seat.clock.number += 1
    nodes.ground.rpc("evm_setNextBlockTimestamp", timestamp)
    nodes.ground.rpc("evm_setAutomine", True)
    nodes.ground.mine(1)


async def served(nodes: Town, request: Request) -> list[int]:
    async with httpx.AsyncClient(transport=nodes.network) as client:
        path = f"/v1/proofs/0x{request.id.hex()}"
        return [(await client.get(f"http://operator{index}.test{path}")).status_code for index in range(4)]


# A verdict for nothing


async def test_deadline__when_the_next_block_may_be_behind_it__then_nobody_signs(nodes: Town) -> None:
    request = nodes.ground.ask(nodes.agree(), delivery=Delivery.ANCHORED, lasts_s=61)
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    nodes.ground.pass_time(request.deadline - nodes.ground.now - 20)
    await nodes.see()
    await try_hard(nodes, request)
    assert nodes.logs("Anchored") == []
    # Who proposes all the same gets no signature for it.
    nodes.nodes[0].services.seat.clock.lead_s -= 60
    await try_hard(nodes, request)
    assert nodes.logs("Anchored") == []


@pytest.mark.parametrize("delivery", [Delivery.RECORDED, Delivery.ANCHORED])
async def test_deadline__when_the_chain_is_past_it_and_the_head_that_nodes_believe_is_not__then_nothing_is_sent(
    lagging: Town, delivery: Delivery
) -> None:
    agreement, ground = lagging.agree(), lagging.ground
    deadline = ground.now + 90
    requests = [ground.ask(agreement, use, delivery=delivery, deadline=deadline) for use in range(2)]
    ground.mine(2)
    await lagging.see()
    await lagging.evaluate()
    assert all(node.services.seat.store.counts() == {"evaluated": 2} for node in lagging.nodes)
    ground.pass_time(deadline + 5 - ground.now)
    await lagging.see()
    assert all(node.services.seat.clock.timestamp <= deadline for node in lagging.nodes)
    await try_hard(lagging, *requests)
    # What recordMany skips, its calldata tells.
    assert lagging.logs("Skipped") == lagging.logs("Anchored") == []


async def test_deadline__when_nodes_restart_after_it__then_nothing_is_sent_before_they_looked(
    nodes: Town, tmp_path: Path
) -> None:
    ground, agreement = nodes.ground, nodes.agree()
    deadline = ground.now + 120
    requests = [ground.ask(agreement, use, delivery=Delivery.ANCHORED, deadline=deadline) for use in range(2)]
    ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    ground.pass_time(3_600)
    for node in nodes.nodes:
        await node.services.close()
    again = [daemon_settings(ground, tmp_path / f"operator{index}", index, {}) for index in range(4)]
    nodes.nodes = [open_node(nodes, index, each) for index, each in enumerate(again)]
    await try_hard(nodes, *requests)
    assert nodes.logs("Anchored") == []


async def test_proof__when_the_root_came_late__then_nobody_serves_it_or_claims_with_it(nodes: Town) -> None:
    ground = nodes.ground
    request = ground.ask(nodes.agree(), delivery=Delivery.ANCHORED, lasts_s=90)
    ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    await anchored_at(nodes, request.deadline + 1)
    assert nodes.logs("Anchored")
    await nodes.see()
    assert await served(nodes, request) == [404] * 4
    assert all(node.services.seat.store.counts() == {"evaluated": 1} for node in nodes.nodes)
    ground.pass_time(86_400)
    ground.send(ground.contract.expire(request), CONTROLLER)
    assert nodes.state(request.id) is RequestState.EXPIRED


# Honest operators slashed


async def test_case__when_a_record_was_made_with_two_leaves_of_one_name__then_the_vault_can_show_but_one(
    made: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A holder in league with a challenger shows signers one value, and judges another: honest signers would be convicted."""
    loaded = next(iter(catalogue()._by_files.values()))
    card = loaded.package.card
    low: dict[str, object] = {each.name: each.minimum for each in card.inputs}
    scores = [loaded.runtime.evaluate([features(card, fields)])[0].score_ppm for fields in (FIELDS, low)]
    with chain(5, replace(TERMS, seats=3), quorum=2) as ground:
        assert abs(scores[0] - scores[1]) > 2 * ground.model.tolerance
        async with town(ground, tmp_path) as nodes:
            trees = [RecordTree.salt(fields) for fields in (FIELDS, low)]
            # Both trees under one root: in which half a field may be is fixed by its name.
            siblings = [tree.root for tree in reversed(trees)]
            root = keccak(trees[0].root + trees[1].root)
            shown = 0

            def disclose(_: bytes, names: list[str]) -> list[DisclosedField]:
                fields = trees[shown].disclose(names)
                return [replace(each, proof=(*each.proof, siblings[shown])) for each in fields]

            record = ground.commit("http://vault.test", root)
            monkeypatch.setattr(nodes.vault, "record", lambda _: record)
            monkeypatch.setattr(nodes.vault, "disclose", disclose)
            request = ground.ask(ground.agree(record))
            for shown in (0, 1):  # noqa: B007  what the vault shows
                for _ in range(4):
                    await nodes.tick()
            assert nodes.state(request.id) is RequestState.REQUESTED
            reports = [node.services.seat.store.report(request.id) for node in nodes.nodes[:3]]
            assert {each.reason for each in reports if each} == {Reason.PROOF_WRONG}


# An offence forgotten


async def known(nodes: Town, **asked: int) -> Request:
    request = nodes.ground.ask(nodes.agree(), **asked)
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    return request


async def test_evidence__when_the_request_is_open_for_days__then_still_kept(
    nodes: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness, week = nodes.nodes[0].services, 7 * 86_400
    agreement = nodes.agree(valid_until=nodes.ground.now + week + 86_400)
    request = nodes.ground.ask(agreement, lasts_s=week - 60, delivery=Delivery.ANCHORED)
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    real = time.time
    with monkeypatch.context() as then:
        then.setattr("oracle.services.cosigner.time.time", lambda: real() - week - 86_400)
        await witness.cosigner.answer(lie(nodes, 2, request, 0, 0))
    witness.punisher._pruned_at = float("-inf")
    await witness.punisher.punish_due()
    assert len(witness.seat.store.evidence(request.id)) == 1
    await witness.cosigner.answer(lie(nodes, 2, request, 400_000, 0))
    witness.punisher._compared_at = float("-inf")
    await nodes.until(lambda: len(nodes.logs("OperatorSlashed")) == 1)


async def test_punish__when_an_operator_contradicts_itself_again_and_again__then_once_and_nobody_pays_for_more(
    nodes: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.punisher._TRY_AGAIN_S", 0.0)
    agreement = nodes.agree()
    requests = [nodes.ground.ask(agreement, use) for use in range(4)]
    nodes.ground.mine(1)
    await nodes.see()
    await nodes.evaluate()
    for request in requests:
        for score in (0, 400_000):
            for index in (0, 1, 2):
                proposal = lie(nodes, 3, request, score, 0)
                await nodes.nodes[index].services.cosigner.answer(proposal)
    nodes.nodes = nodes.nodes[:3]  # it is not at home
    contract, liar = nodes.ground.contract, nodes.ground.attesters[3].address
    for _ in range(32):
        for node in nodes.nodes:
            node.services.punisher._compared_at = float("-inf")
        await nodes.tick()
    operator = contract.operator_of(liar).call()
    info = contract.operator_info(operator).call()
    assert (info.stake, info.convicted_in) == (STAKE_WEI - TERMS.penalty, 1)
    assert contract.current_epoch().call().number == 2
    assert [each.arguments["penalty"] for each in nodes.logs("OperatorSlashed")] == [TERMS.penalty]
    assert all(node.services.punisher._conflicting == set() for node in nodes.nodes)
    # It makes its stake whole again, and nodes look again every hour.
    nodes.ground.send(contract.add_stake(operator), operator, TERMS.penalty)
    for node in nodes.nodes:
        node.services.punisher._pruned_at = node.services.punisher._compared_at = float("-inf")
    for _ in range(12):
        for node in nodes.nodes:
            node.services.punisher._compared_at = float("-inf")
        await nodes.tick()
    assert len(nodes.logs("OperatorSlashed")) == 1


async def test_compare__when_nothing_is_new__then_nothing_is_compared_again(
    nodes: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await known(nodes)
    witness = nodes.nodes[0].services
    for score in (100, 101):
        await witness.cosigner.answer(lie(nodes, 2, request, score, 0))
    compared: list[bytes] = []
    plain = witness.punisher._conflicts

    async def counted(context: object) -> object:
        compared.append(request.id)
        return await plain(context)  # type: ignore[arg-type]

    monkeypatch.setattr(witness.punisher, "_conflicts", counted)
    for _ in range(3):
        witness.punisher._compared_at = float("-inf")
        await witness.punisher.punish_due()
    assert len(compared) == 1
    await witness.cosigner.answer(lie(nodes, 2, request, 102, 0))
    witness.punisher._compared_at = float("-inf")
    await witness.punisher.punish_due()
    assert len(compared) == 2


# Claims kept out


async def test_claim__when_others_cannot_be_claimed__then_it_is_claimed_all_the_same(
    made: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.services.claimer._FIRST_RETRY_S", 0.0)  # blocks come in milliseconds here
    async with town(made, tmp_path, batch_size=2, claim_margin_s=600) as nodes:
        ground = nodes.ground
        mine, deadline = nodes.agree(uses=100), ground.now + 200
        stuck = [ground.ask(mine, use, delivery=Delivery.ANCHORED, deadline=deadline) for use in range(24)]
        ground.mine(1)
        await nodes.see()
        await nodes.evaluate()
        await anchored_at(nodes, deadline + 1)
        assert sum(each.arguments["count"] for each in nodes.logs("Anchored")) >= len(stuck)
        before = len(nodes.logs("Anchored"))
        victim = ground.ask(nodes.agree(), delivery=Delivery.ANCHORED, lasts_s=4_000)
        await nodes.until(lambda: len(nodes.logs("Anchored")) > before)
        await nodes.see()
        ground.pass_time(victim.deadline - ground.now - 300)
        for _ in range(16):
            ground.mine(1)
            await nodes.see()
        assert nodes.state(victim.id) is RequestState.RECORDED
