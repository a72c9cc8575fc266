"""Whole nodes on Anvil: reports of any size, anchored verdicts, and callbacks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from daemon_chain import CONTROLLER, SUBJECT, TERMS, Ground
from daemon_nodes import FIELDS, Town, catalogue, chain, town
from eth_typing import HexStr
from hexbytes import HexBytes

from oracle.chain.abi import example_artifact
from oracle.core.errors import Reason
from oracle.core.structs import Delivery, ModelsBy, Question, Request, RequestState, Verdict
from oracle.models.features import features
from oracle.store.tables import Stage


@pytest.fixture(scope="module")
def made() -> Iterator[Ground]:
    with chain() as ground:
        yield ground


@pytest.fixture
async def nodes(made: Ground, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(made, tmp_path) as whole:
        yield whole


def many(nodes: Town, count: int, **asked: int) -> list[Request]:
    agreement = nodes.agree()
    return [nodes.ground.ask(agreement, use, **asked) for use in range(count)]


def all_recorded(nodes: Town, requests: list[Request]) -> bool:
    return all(nodes.state(each.id) is RequestState.RECORDED for each in requests)


async def test_reports__when_many_requests_wait__then_few_transactions_record_them_all(nodes: Town) -> None:
    requests = many(nodes, 12)
    await nodes.until(lambda: all_recorded(nodes, requests), ticks=3)
    # Each of the four nodes put those together that were asked in blocks of its own.
    hashes = {each.transaction_hash for each in nodes.logs("Recorded")}
    assert len(hashes) <= 4
    assert {each.arguments["signers"].bit_count() for each in nodes.logs("PoolOpened")} == {3}
    await nodes.see()
    assert all(node.services.seat.store.counts() == {"recorded": 12} for node in nodes.nodes)


async def test_reports__when_the_model_was_adopted__then_recorded_and_none_once_the_first_is_withdrawn(
    nodes: Town,
) -> None:
    ground = nodes.ground
    under = nodes.agree(model=ModelsBy(ground.model.publisher).pack())
    ground.send(ground.contract.adopt(under, ground.model, 5), CONTROLLER)
    adopted = under.adopted(ground.model.id, 5, under.valid_until)
    request = ground.ask(adopted)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.RECORDED)
    late = ground.ask(adopted, 1)
    ground.send(ground.contract.withdraw(under), SUBJECT)
    await nodes.until(lambda: nodes.state(late.id) is RequestState.REFUSED)


async def test_reports__when_two_of_four_refuse_one_verdict__then_the_rest_is_recorded_without_it(nodes: Town) -> None:
    requests = many(nodes, 8)
    nodes.ground.mine(1)
    await nodes.see()
    refused = requests[0]
    for node in nodes.nodes[:2]:
        node.services.seat.store.refused(refused.id, Reason.PROOF_WRONG, "not the record's")
    await nodes.evaluate()
    for _ in range(4):
        await nodes.propose()
        await nodes.tick()
    assert all_recorded(nodes, requests[1:])
    assert nodes.state(refused.id) is RequestState.REQUESTED


async def test_reports__when_anchored__then_the_proof_is_served_and_claims(nodes: Town) -> None:
    requests = many(nodes, 6, delivery=Delivery.ANCHORED)
    await nodes.until(lambda: len(anchored(nodes)) > 0, ticks=3)
    await nodes.see()
    assert nodes.state(requests[0].id) is RequestState.REQUESTED
    async with httpx.AsyncClient(transport=nodes.network) as client:
        for request in requests:
            # Those who signed have it, and the others fetch it when they are told.
            served = [await client.get(f"http://operator{i}.test/v1/proofs/0x{request.id.hex()}") for i in range(4)]
            answers = [each.json() for each in served if each.status_code == 200]
            assert len(answers) >= 3
            found = answers[0]
            assert Request.from_json(found["request"]) == request
            proof = [bytes.fromhex(each[2:]) for each in found["proof"]]
            claim = nodes.ground.contract.claim(request, Verdict.from_json(found["verdict"]), proof)
            nodes.ground.send(claim, SUBJECT)
    assert all_recorded(nodes, requests)


def anchored(nodes: Town) -> list[object]:
    return nodes.logs("Anchored")


async def test_reports__when_an_anchored_verdict_is_not_claimed__then_operators_do_near_the_deadline(
    nodes: Town,
) -> None:
    (request,) = many(nodes, 1, delivery=Delivery.ANCHORED, lasts_s=4_000)
    await nodes.until(lambda: len(anchored(nodes)) == 1)
    for _ in range(10):
        await nodes.tick()
    assert len(anchored(nodes)) == 1
    assert nodes.state(request.id) is RequestState.REQUESTED
    nodes.ground.pass_time(request.deadline - nodes.ground.now - 500)
    await nodes.until(lambda: nodes.state(request.id) is RequestState.RECORDED)
    pool = nodes.ground.contract.pool_info(nodes.logs("Anchored")[0].arguments["pool"]).call()
    assert pool.earned == request.quote.operators_amount
    assert pool.signers.bit_count() == 3


async def test_reports__when_a_node_did_not_sign_the_anchored_report__then_it_gets_the_proof_from_who_did(
    nodes: Town,
) -> None:
    (request,) = many(nodes, 1, delivery=Delivery.ANCHORED)
    absent = (nodes.asked_block(request.id) + 3) % 4  # the last whose turn comes
    late, host = nodes.nodes.pop(absent), f"operator{absent}.test"
    nodes.network.hosts[host] = httpx.ConnectError("down")
    await nodes.until(lambda: len(anchored(nodes)) == 1)
    nodes.network.hosts[host] = late.app
    nodes.nodes.append(late)
    await nodes.until(lambda: late.services.seat.store.proven(request.id, request.deadline) is not None)
    report = late.services.seat.store.report(request.id)
    assert report is not None
    assert report.stage is Stage.ANCHORED
    assert len(anchored(nodes)) == 1


async def test_reports__when_the_controller_is_called_back__then_it_is_with_the_gas_that_it_named(nodes: Town) -> None:
    ground, clinic_abi = nodes.ground, example_artifact("Clinic")
    factory = ground.web3.eth.contract(abi=clinic_abi["abi"], bytecode=HexStr(clinic_abi["bytecode"]))
    sent = factory.constructor(ground.contract.address, 5, own_outcome()).transact({"from": CONTROLLER})
    address = ground.web3.eth.wait_for_transaction_receipt(sent)["contractAddress"]
    clinic = ground.web3.eth.contract(address=address, abi=clinic_abi["abi"])
    agreement = nodes.agree(controller=address)
    total = ground.quote(agreement).total
    for use in range(3):
        ground.send(clinic.functions.ask(agreement.source_id, agreement.terms_abi, use), CONTROLLER, total)
    await nodes.until(lambda: len(nodes.logs("Recorded")) == 3)
    assert nodes.logs("DeliveryFailed") == []
    questions = [Question.unpack(each.arguments["question"]) for each in nodes.logs("Requested")]
    requests = [Request(agreement.id, address, each, ground.quote(agreement)) for each in questions]
    assert not any(clinic.functions.recalled(each.id).call() for each in requests)
    ground.pass_time(TERMS.window + 1)
    for each in requests:
        ground.send(ground.contract.deliver_final(ground.recording(each)), SUBJECT)
        assert clinic.functions.recalled(each.id).call()
    # Whatever the receivers do, each has its gas, and the next one too.
    for found in {each.transaction_hash for each in nodes.logs("Recorded")}:
        transaction = ground.web3.eth.get_transaction(HexBytes(found))
        used = ground.web3.eth.get_transaction_receipt(HexBytes(found))["gasUsed"]
        calls = sum(each.transaction_hash == found for each in nodes.logs("Recorded"))
        assert transaction["gas"] >= used + calls * (20_000 * 64 // 63 + 10_000)


def own_outcome() -> int:
    """Return what the model says of the record that all of these requests are about."""
    loaded = next(iter(catalogue()._by_files.values()))
    return loaded.runtime.evaluate([features(loaded.package.card, FIELDS)])[0].outcome


async def test_reports__when_a_callback_names_too_much_gas__then_there_is_no_verdict_and_a_typed_reason(
    nodes: Town,
) -> None:
    dear, cheap = (nodes.ground.ask(nodes.agree(), callback=gas) for gas in (501, 0))
    await nodes.until(lambda: nodes.state(cheap.id) is RequestState.RECORDED)
    assert nodes.state(dear.id) is RequestState.REQUESTED
    async with httpx.AsyncClient(transport=nodes.network) as client:
        told = (await client.get(f"http://operator1.test/v1/requests/0x{dear.id.hex()}")).json()
    assert (told["stage"], told["reason"]) == ("refused", "callback_too_dear")
