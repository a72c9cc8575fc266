"""The client against the contract on Anvil."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import client_world
import pytest
from anvil_server import anvil
from client_world import CONTROLLER, FEE_WEI, HOLDER, OPERATORS, PUBLISHER, QUORUM, RELAYER, SUBJECT, TERMS, World
from hexbytes import HexBytes

from oracle.chain.contract import ETHER
from oracle.client import (
    AssentClient,
    FundsError,
    NoSignerError,
    UnknownIdError,
    VerdictTimeoutError,
)
from oracle.core.errors import ContractRevertError, EndpointError, WrongChainError
from oracle.core.purposes import UnknownPurposeError
from oracle.core.structs import (
    MIN_OPEN_S,
    AgreementState,
    Model,
    ModelState,
    Record,
    RecordState,
    RequestState,
    Step,
    Verdict,
)
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner

VERDICT = Verdict(1, 900_000, bytes(range(32)))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


# Opening


def test_from_deployment__when_the_file_has_what_it_needs__then_the_client_works(world: World, tmp_path: Path) -> None:
    path = tmp_path / "31337.json"
    named = world.deployment
    where = {"contract": named.contract, "committee": named.committee, "records": named.records}
    path.write_text(json.dumps({"chainId": 31337, **where, "block": world.block}))
    client = AssentClient.from_deployment(path, rpc_url=world.url)
    assert client.model(world.model.id) == world.model


def test_contract__when_the_endpoint_is_of_another_chain__then_it_says_so(world: World) -> None:
    client = AssentClient(world.url, world.client.address, chain_id=1)
    with pytest.raises(WrongChainError, match="chain 31337"):
        client.verdict(bytes(32))


def test_contract__when_there_is_no_code__then_it_says_so(world: World) -> None:
    with pytest.raises(WrongChainError, match="no contract"):
        AssentClient(world.url, SUBJECT.address).verdict(bytes(32))


def test_read__when_nothing_listens__then_endpoint_error() -> None:
    with pytest.raises(EndpointError):
        AssentClient("http://127.0.0.1:9", SUBJECT.address).verdict(bytes(32))


# Agreements


def test_give__when_the_subject_sends__then_it_is_given_and_found(world: World) -> None:
    agreement = world.draft()
    sent = world.as_(SUBJECT).give(agreement)
    assert sent.event("AgreementGiven").arguments["id"] == agreement.id
    assert sent.gas_used > 0
    assert world.client.agreement(agreement.id) == agreement


def test_give__when_somebody_else_sends__then_typed_revert_and_nothing_sent(world: World) -> None:
    before = world.client.web3.eth.get_transaction_count(RELAYER.address)
    with pytest.raises(ContractRevertError) as caught:
        world.as_(RELAYER).give(world.draft())
    assert caught.value.name == "NotSubject"
    assert world.client.web3.eth.get_transaction_count(RELAYER.address) == before


def test_give_signed__when_relayed__then_given(world: World) -> None:
    agreement, deadline = world.draft(), int(time.time()) + 10**6
    signature = world.client.sign_agreement(agreement, deadline, SUBJECT)
    world.as_(RELAYER).give_signed(agreement, deadline, signature)
    status = world.client.read(world.client.contract.agreement_status(agreement.id))
    assert status.state is AgreementState.GIVEN


def test_withdraw_signed__when_relayed__then_withdrawn(world: World) -> None:
    agreement, deadline = world.give(), int(time.time()) + 10**6
    signature = world.as_(SUBJECT).sign_withdrawal(agreement, deadline)
    world.as_(RELAYER).withdraw_signed(agreement, deadline, signature)
    assert world.client.read(world.client.contract.agreement_status(agreement.id)).state is AgreementState.WITHDRAWN


def test_send__when_there_is_no_signer__then_it_says_so(world: World) -> None:
    with pytest.raises(NoSignerError):
        world.client.give(world.draft())


def test_send__when_the_sender_is_poor__then_funds_error(world: World) -> None:
    poor = LocalSigner(bytes(31) + b"\x07")
    with pytest.raises(FundsError, match="has 0 wei"):
        world.as_(poor).commit_record(bytes(31) + b"\x01", SUBJECT.address, "https://vault.example")


def test_send__when_given_more_room_than_a_transaction_may_have__then_sent_with_all_it_can(world: World) -> None:
    client = world.as_(HOLDER)
    call = client.contract.commit(secrets.token_bytes(32), SUBJECT.address, "https://vault.example")
    sent = client.send(call, room=10**8)
    assert client.web3.eth.get_transaction(HexBytes(sent.hash))["gas"] == 2**24


def test_agreement__when_unknown__then_unknown_id(world: World) -> None:
    with pytest.raises(UnknownIdError, match="agreement"):
        world.client.agreement(bytes(32))


# Requests


def test_request__when_covered__then_the_next_use_is_taken(world: World) -> None:
    agreement = world.give()
    first, second = world.ask(agreement), world.ask(agreement)
    assert (first.request.use, second.request.use) == (0, 1)
    assert first.sent.event("Requested").arguments["id"] == first.id
    assert world.client.request_terms(first.id) == (first.request, agreement, first.sent.block)
    world.record_verdict(second, VERDICT)
    assert world.client.uses(agreement.id) == [
        (0, first.id, RequestState.REQUESTED),
        (1, second.id, RequestState.RECORDED),
    ]


def test_request__when_the_step_is_not_agreed__then_typed_revert(world: World) -> None:
    with pytest.raises(ContractRevertError) as caught:
        world.ask(step=Step.TRAIN)
    assert caught.value.name == "StepNotAgreed"


def test_request__when_the_purpose_is_misspelt__then_it_suggests(world: World) -> None:
    with pytest.raises(UnknownPurposeError, match="did you mean AcademicResearch"):
        world.as_(CONTROLLER).request(world.draft(), "AcademicReserch")


def test_verdict__when_recorded__then_the_event_completes_it(world: World) -> None:
    asked = world.ask()
    sent = world.record_verdict(asked, VERDICT)
    view = world.client.wait(asked.id, timeout_s=5)
    assert view.recorded
    assert (view.outcome, view.score_ppm, view.trail) == (1, 900_000, VERDICT.trail)
    assert (view.epoch, view.signers, view.block, view.transaction) == (1, 0b111, sent.block, sent.hash)
    assert view.to_json()["signers"] == [0, 1, 2]


def test_wait__when_it_stays_open__then_times_out(world: World) -> None:
    asked = world.ask()
    with pytest.raises(VerdictTimeoutError) as caught:
        world.client.wait(asked.id, timeout_s=0.05, poll_s=0.01)
    assert isinstance(caught.value, TimeoutError)
    with pytest.raises(UnknownIdError):
        world.client.wait(bytes(32))


def test_refuse__when_the_agreement_was_withdrawn__then_refused_and_refunded(world: World) -> None:
    agreement = world.give()
    asked = world.ask(agreement)
    world.as_(SUBJECT).withdraw(agreement)
    before = world.client.balance(CONTROLLER.address)
    sent = world.as_(RELAYER).refuse(asked.request)
    view = world.client.verdict(asked.id)
    assert (view.state, view.block, view.score_ppm) == (RequestState.REFUSED, sent.block, None)
    assert world.client.balance(CONTROLLER.address) == before + FEE_WEI


def test_expire__when_the_deadline_passed__then_expired_and_paid_back(world: World) -> None:
    asked = world.ask(deadline_s=MIN_OPEN_S + 5)  # the block is a little later
    world.pass_time(MIN_OPEN_S + 6)
    world.as_(RELAYER).expire(asked.request)
    assert world.client.verdict(asked.id).state is RequestState.EXPIRED
    paid = world.as_(CONTROLLER).withdraw_balance().event("Withdrawn").arguments
    assert (paid["account"], paid["currency"], paid["to"]) == (CONTROLLER.address, ETHER, CONTROLLER.address)


# Records and models


def test_record__when_committed__then_found_with_its_vault_until_retired(world: World) -> None:
    root = bytes(31) + b"\x09"
    record = Record(root, SUBJECT.address, HOLDER.address)
    world.as_(HOLDER).commit_record(root, SUBJECT.address, "https://other.example")
    assert world.client.record(record.id) == (record, "https://other.example")
    world.as_(HOLDER).retire_record(root, SUBJECT.address)
    assert world.client.read(world.client.contract.record_status(record.id)).state is RecordState.RETIRED


def test_models__when_one_is_deprecated__then_the_list_says_so(world: World) -> None:
    model = Model(PUBLISHER.address, b"\x01" * 32, bytes(32), bytes(32), 2, QUORUM, 0, 0, ETHER, 0)
    world.as_(PUBLISHER).publish_model(model, "ipfs://m")
    world.as_(PUBLISHER).deprecate_model(model)
    found = {each.model.id: each for each in world.client.models()}
    assert found[model.id] == (model, "ipfs://m", ModelState.DEPRECATED)
    assert found[world.model.id].state is ModelState.PUBLISHED


# Operators


def test_members__when_rotated__then_in_the_order_of_the_bitmap(world: World) -> None:
    members = world.client.members()
    assert [member.attester for member in members] == [attester.address for attester in world.attesters]
    assert {member.endpoint for member in members} == {"https://node.example"}


def test_collect__when_verdicts_were_recorded__then_the_share_is_credited(world: World) -> None:
    world.record_verdict(world.ask(), VERDICT)
    (earning,) = world.client.earnings(OPERATORS[0].address)
    assert (earning.signers, earning.index, earning.currency) == (0b111, 0, ETHER)
    amount = world.as_(RELAYER).collect(earning).event("Collected").arguments
    assert amount["amount"] >= FEE_WEI * 9 // 10 // QUORUM
    with pytest.raises(ContractRevertError, match=r"NothingToCollect\(\): wait until more"):
        world.as_(RELAYER).collect(earning)


def test_operator__when_it_joins_and_leaves__then_its_stake_comes_back_and_its_place_stays_known(world: World) -> None:
    operator, attester = world.as_(CONTROLLER), LocalSigner(bytes(31) + b"\x08")
    operator.join(attester, SealKey.generate().public, "https://fifth.example", client_world.STAKE_WEI)
    world.pass_time(20)
    epoch = operator.rotate().event("EpochFormed").arguments["epoch"]
    operator.resign()
    world.pass_time(20)
    operator.rotate()
    world.pass_time(TERMS.unbonding)
    assert operator.withdraw_stake().event("StakeWithdrawn").arguments["stake"] == client_world.STAKE_WEI
    assert (world.client.roll(epoch)[4].endpoint, world.client.roll(epoch)[4].has_seat) == (
        "https://fifth.example",
        False,
    )
    assert len(world.client.members()) == len(OPERATORS)


def test_events__when_the_endpoint_limits_ranges__then_they_are_halved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.rpc("anvil_mine", hex(1_200))
    client = AssentClient(world.url, world.client.address, start_block=0)
    provider = client.web3.provider
    original, spans = provider.make_request, []

    def limited(method: str, params: list[dict[str, str]]) -> object:
        if method == "eth_getLogs":
            span = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16)
            spans.append(span)
            if span > 700:
                return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32005, "message": "range too large"}}
        return original(method, params)

    monkeypatch.setattr(provider, "make_request", limited)
    assert client.model(world.model.id) == world.model
    assert len(spans) > 2
