"""What becomes of agreements after they were given, on Anvil: renewed, revoked, invalidated, erased; many at once; by representatives."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import client_world
import pytest
from anvil_server import anvil
from client_world import CONTROLLER, HOLDER, PURPOSE, RELAYER, SUBJECT, World
from jsonschema import Draft202012Validator

from oracle.chain.vocabulary import check_vocabulary
from oracle.client import ManyModelsError
from oracle.core.erasure import ERASURE_TIME_S, Eraser, erasure_evidence
from oracle.core.errors import ConfigurationError, ContractRevertError
from oracle.core.mandates import NOTICE_S
from oracle.core.purposes import mask
from oracle.core.structs import AgreementState, Mandate, ModelsBy, Right, Verdict
from oracle.receipts import issue, verify
from oracle.receipts.erasing import ErasureError, StillAgreedError, erase_record, record_to_erase
from oracle.receipts.erasures import Answer, NothingToEraseError, erasures_of
from oracle.receipts.history import history_of, uses_of

DEADLINE = 2**40
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "api" / "receipt.schema.json").read_text())


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


@pytest.fixture
def guardian(world: World) -> Iterator[Mandate]:
    """The relayer, with a mandate of the subject's that has begun."""
    begins = world.client.block_time() + NOTICE_S + 5
    mandate = Mandate(int(Right.REVOKE | Right.RENEW | Right.GIVE), begins, begins + 10**6, mask([PURPOSE]))
    world.as_(SUBJECT).appoint(RELAYER.address, mandate)
    world.pass_time(NOTICE_S + 10)
    yield mandate
    world.as_(SUBJECT).dismiss(SUBJECT.address, RELAYER.address)


def status(receipt: dict[str, Any]) -> dict[str, Any]:
    Draft202012Validator(SCHEMA).validate(receipt)
    found: dict[str, Any] = receipt["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]
    return found


def test_receipt__when_renewed__then_it_says_so_and_until_when(world: World) -> None:
    agreement = world.give(valid_for_s=5_000)
    until = agreement.valid_until + 10_000
    world.as_(SUBJECT).renew(agreement, until)
    receipt = issue(world.as_(HOLDER), agreement.id)
    assert verify(receipt).standing.valid_until == until
    assert status(receipt)["@type"] == "dpv:RenewedConsentGiven"
    assert status(receipt).keys() == {"@type", "assent:verdictsEarning"}, "who renewed it and when, the event tells"
    world.pass_time(6_000)
    asked = world.ask(agreement)  # after the end that its terms name
    world.record_verdict(asked, Verdict(1, 700_000, b"t" * 32))
    entry = next(each for each in history_of(world.client, agreement.id) if each.event == "renewed")
    assert (entry.by, entry.valid_until) == (SUBJECT.address, until)


def test_receipt__when_revoked_by_a_guardian__then_the_open_request_is_refunded(
    world: World, guardian: Mandate
) -> None:
    agreement = world.give()
    asked = world.ask(agreement)
    world.as_(RELAYER).revoke(agreement)
    receipt = issue(world.as_(HOLDER), agreement.id)
    assert status(receipt)["@type"] == "dpv:ConsentRevoked"
    assert "dpv:isIndicatedBy" not in status(receipt), "the contract's word doesn't have the guardian; the event has"
    assert history_of(world.client, agreement.id)[-1].by == RELAYER.address
    world.as_(HOLDER).refuse(asked.request)
    with pytest.raises(ContractRevertError, match="AgreementNotGiven"):
        world.ask(agreement)


def _lasting(world: World, seconds: int) -> int:
    """Return what to draft with, for an agreement to last so long by the chain's clock, which tests have moved."""
    return world.client.block_time() - int(time.time()) + seconds


def test_give__when_by_a_representative__then_within_the_mandate_only(world: World, guardian: Mandate) -> None:
    lasting = {"valid_for_s": _lasting(world, 5_000)}
    agreement = world.draft(**lasting)
    world.as_(RELAYER).give(agreement)
    assert [each.event for each in history_of(world.client, agreement.id)] == ["represented", "given"]
    with pytest.raises(ContractRevertError, match="MandateExceeded"):
        world.as_(RELAYER).give(world.draft(purposes=[PURPOSE, "Marketing"], **lasting))
    with pytest.raises(ContractRevertError, match="MandateOutlasted"):
        world.as_(RELAYER).give(world.draft())
    with pytest.raises(ContractRevertError, match="NotSubject"):
        world.as_(CONTROLLER).give(world.draft(**lasting))
    assert world.client.read(world.client.contract.mandate_of(SUBJECT.address, RELAYER.address)) == guardian


def test_renew__when_by_a_representative__then_within_the_mandate_only(world: World, guardian: Mandate) -> None:
    lasting = {"valid_for_s": _lasting(world, 5_000)}
    agreement, broad = world.give(**lasting), world.give(purposes=[PURPOSE, "Marketing"], **lasting)
    with pytest.raises(ContractRevertError, match="MandateOutlasted"):
        world.as_(RELAYER).renew(agreement, guardian.until + 1)
    with pytest.raises(ContractRevertError, match="MandateExceeded"):
        world.as_(RELAYER).renew(broad, guardian.until)
    world.as_(RELAYER).renew(agreement, guardian.until)
    assert world.client.read(world.client.contract.agreement_status(agreement.id)).valid_until == guardian.until


def test_receipt__when_invalidated__then_by_the_holder(world: World) -> None:
    agreement = world.give()
    world.as_(HOLDER).invalidate(agreement)
    receipt = issue(world.as_(SUBJECT), agreement.id)
    assert status(receipt)["@type"] == "dpv:ConsentInvalidated"
    assert status(receipt)["dpv:isIndicatedBy"]["@id"].endswith(HOLDER.address)


def test_many__when_signed_at_once__then_given_and_withdrawn_by_a_relayer(world: World) -> None:
    subject, relayer = world.as_(SUBJECT), world.as_(RELAYER)
    agreements = [world.draft(uses=uses) for uses in (1, 2, 3)]
    relayer.give_many_signed(agreements, DEADLINE, subject.sign_agreements(agreements, DEADLINE))
    assert {_state(world, each.id) for each in agreements} == {AgreementState.GIVEN}
    subject.withdraw(agreements[1])
    relayer.withdraw_many_signed(agreements, DEADLINE, subject.sign_withdrawals(agreements, DEADLINE))
    assert {_state(world, each.id) for each in agreements} == {AgreementState.WITHDRAWN}


def test_renewal__when_signed__then_brought_by_a_relayer(world: World) -> None:
    agreement = world.give()
    until = agreement.valid_until + 5
    signature = world.as_(SUBJECT).sign_renewal(agreement, until, DEADLINE)
    world.as_(RELAYER).renew_signed(agreement, until, DEADLINE, signature)
    assert world.client.read(world.client.contract.agreement_status(agreement.id)).valid_until == until


def test_adopt__when_the_publisher_is_agreed_to__then_used_shown_and_withdrawn_with_it(world: World) -> None:
    under = world.give(model_id=ModelsBy(world.model.publisher).pack(), uses=5, price=7)
    sent = world.as_(CONTROLLER).adopt(under, world.model, 2)
    assert sent.event("AgreementAdopted").arguments["under"] == under.id
    (adopted,) = world.client.adopted_under(under.id)
    assert adopted == under.adopted(world.model.id, 2, under.valid_until)
    assert world.client.read(world.client.contract.agreement_status(under.id)).allotted == 2
    world.record_verdict(world.ask(adopted), Verdict(1, 700_000, b"t" * 32))
    receipts = [issue(world.as_(HOLDER), each.id) for each in (under, adopted)]
    assert [status(each)["@type"] for each in receipts] == ["dpv:ConsentGiven"] * 2
    broad, single = (each["dpv:hasRecordOfActivity"]["dpv:hasProcess"] for each in receipts)
    assert broad["assent:hasModelsBy"]["@id"].endswith(world.model.publisher)
    assert "assent:hasModel" not in broad
    assert single["assent:hasModel"] == "0x" + world.model.id.hex()
    assert [verify(each).agreement for each in receipts] == [under, adopted]
    open_one = world.ask(adopted)
    world.as_(SUBJECT).withdraw(under)
    assert {_state(world, each.id) for each in (under, adopted)} == {AgreementState.WITHDRAWN}
    world.as_(HOLDER).refuse(open_one.request)
    events = [(each.event, each.other, each.by) for each in history_of(world.client, adopted.id)]
    assert events[:2] == [("given", None, CONTROLLER.address), ("adopted", under.id, CONTROLLER.address)]
    assert history_of(world.client, under.id)[0].by == SUBJECT.address
    assert [each.event for each in history_of(world.client, under.id)] == ["given", "adopted", "withdrawn"]
    uses = uses_of(world.client, under.id)
    assert [(each.agreement, each.state, each.earned) for each in uses] == [
        (adopted.id, "recorded", 7), (adopted.id, "refused", 0)
    ]  # fmt: skip


def test_adopt__when_it_may_not__then_refused_by_name(world: World) -> None:
    under = world.give(model_id=ModelsBy(world.model.publisher).pack(), uses=5)
    with pytest.raises(ContractRevertError, match="NotController"):
        world.as_(SUBJECT).adopt(under, world.model, 1)
    with pytest.raises(ContractRevertError, match="AllotmentTooLarge"):
        world.as_(CONTROLLER).adopt(under, world.model, 6)
    with pytest.raises(ContractRevertError, match="of a publisher's models adopt one first"):
        world.ask(under)
    with pytest.raises(ContractRevertError, match="AgreementMalformed"):
        world.give(model_id=ModelsBy(world.model.publisher, 7).pack())
    other = world.give(model_id=ModelsBy(HOLDER.address).pack())
    with pytest.raises(ContractRevertError, match="ModelNotAgreed"):
        world.as_(CONTROLLER).adopt(other, world.model, 1)
    assert world.client.price_of(under).currency == "0x" + "0" * 40
    with pytest.raises(ManyModelsError, match="none yet"):
        world.client.unsettled(under.id)
    world.as_(CONTROLLER).adopt(under, world.model, 1)
    (adopted,) = world.client.adopted_under(under.id)
    with pytest.raises(ManyModelsError, match=adopted.id.hex()):
        world.as_(HOLDER).settle(under.id)


def test_exclude__when_one_model_is_ruled_out__then_it_is_withdrawn_and_not_adopted_again(world: World) -> None:
    subject, controller = world.as_(SUBJECT), world.as_(CONTROLLER)
    early, late = (world.give(model_id=ModelsBy(world.model.publisher).pack(), uses=5) for _ in range(2))
    assert len(subject.exclude_model(early, world.model.id)) == 1
    with pytest.raises(ContractRevertError, match="AgreementExists"):
        controller.adopt(early, world.model, 2)
    controller.adopt(late, world.model, 2)
    (adopted,) = world.client.adopted_under(late.id)
    assert len(subject.exclude_model(late, world.model.id)) == 2
    assert _state(world, adopted.id) is AgreementState.WITHDRAWN
    assert _state(world, late.id) is AgreementState.GIVEN
    world.pass_time(3_700)
    with pytest.raises(ContractRevertError, match="AgreementExists"):
        controller.adopt(late, world.model, 1)
    assert subject.exclude_model(late, world.model.id) == []


def test_withdraw__when_a_model_is_adopted_in_front_of_it__then_its_gas_is_enough(world: World) -> None:
    under = world.give(model_id=ModelsBy(world.model.publisher).pack(), uses=5)
    subject = world.as_(SUBJECT)
    world.rpc("evm_setAutomine", False)
    try:
        with ThreadPoolExecutor() as pool:
            withdrawing = pool.submit(subject.withdraw, under)  # estimated before anything is adopted
            until = time.monotonic() + 30
            while not _waiting(world, SUBJECT.address) and time.monotonic() < until:
                time.sleep(0.02)
            # The controller pays more, and is put in front.
            call = world.as_(CONTROLLER).contract.adopt(under, world.model, 1)
            fee = {"maxFeePerGas": 10**12, "maxPriorityFeePerGas": 10**11, "nonce": _nonce(world, CONTROLLER.address)}
            raw = CONTROLLER.sign_transaction(
                call.build_transaction({**fee, "chainId": 31337, "gas": 400_000, "value": 0})
            )
            world.rpc("eth_sendRawTransaction", "0x" + bytes(raw).hex())
            world.rpc("evm_mine")
            withdrawn = withdrawing.result(timeout=30)
    finally:
        world.rpc("evm_setAutomine", True)
    assert [event.name for event in withdrawn.events] == ["AgreementWithdrawn"] * 2
    assert withdrawn.gas_used > 44_000
    assert {_state(world, each.id) for each in (under, *world.client.adopted_under(under.id))} == {
        AgreementState.WITHDRAWN
    }


def test_erasures__when_a_model_was_adopted__then_of_both_agreements_and_erased_at_once() -> None:
    with anvil() as url:
        world = client_world.build(url)
        under = world.give(model_id=ModelsBy(world.model.publisher).pack(), uses=5, erasure=True)
        world.as_(CONTROLLER).adopt(under, world.model, 2)
        (adopted,) = world.client.adopted_under(under.id)
        asked = world.ask(adopted)
        world.record_verdict(asked, Verdict(1, 700_000, b"t" * 32))
        world.as_(SUBJECT).withdraw(adopted)
        world.pass_time(ERASURE_TIME_S + 10)
        # The record is needed yet, under the other: the vault isn't late.
        assert erasures_of(world.client, adopted.id, [])[0].answer is Answer.PENDING
        world.as_(SUBJECT).withdraw(under)
        released = [(asked.id, each.by) for each in erasures_of(world.client, adopted.id)[1:3]]
        rows = [(each.agreement, each.eraser) for each in erasures_of(world.client, under.id, released)]
        assert rows == [(under.id, Eraser.VAULT), (adopted.id, Eraser.VAULT), *[(adopted.id, Eraser.OPERATOR)] * 2]
        record = record_to_erase(world.as_(HOLDER), under.id)
        done = erase_record(world.as_(HOLDER), Shelf(record.id), under.id, record)
        assert len(done.attested) == 2
        answers = [each.answer for each in erasures_of(world.client, under.id, released)]
        assert answers[:2] == [Answer.ERASED] * 2


def test_vocabulary__of_the_contract__is_ours_and_another_is_named(world: World) -> None:
    told = world.client.read(world.client.contract.vocabulary())
    check_vocabulary(told)
    with pytest.raises(
        ConfigurationError, match=r"chain\.contract: goes by the purposes of 'another' .* use the release"
    ):
        check_vocabulary(("another", bytes(32)))


def test_conditions__when_not_undertaken__then_refused_by_name(world: World) -> None:
    agreement = world.give(modifiers=["NCU", "IRB"], place=276, language="de")
    with pytest.raises(ContractRevertError, match="ModifiersUnmet"):
        world.ask(agreement)
    with pytest.raises(ContractRevertError, match="PlaceNotAgreed"):
        world.ask(agreement, undertakes=["NCU", "IRB"], place=840)
    asked = world.ask(agreement, undertakes=["NCU", "IRB", "PUB"], place=276)
    assert (asked.request.question.modifiers, asked.request.question.place) == (0b1000000001010000, 276)
    receipt = issue(world.as_(HOLDER), agreement.id)
    status(receipt)
    activity = receipt["dpv:hasRecordOfActivity"]
    assert len(activity["dpv:hasProcess"]["assent:hasModifier"]) == 2
    assert activity["dpv:hasNotice"]["dct:language"] == "de"
    verify(receipt)


# Erasure


def test_erasures__when_withdrawn__then_who_answered_and_who_has_not(world: World) -> None:
    agreement = world.give(erasure=True)
    world.record_verdict(world.ask(agreement), Verdict(1, 700_000, b"t" * 32))
    with pytest.raises(NothingToEraseError):
        erasures_of(world.client, agreement.id)
    with pytest.raises(ContractRevertError, match="AgreementInForce"):
        world.as_(HOLDER).attest_erasure(agreement.id, bytes(32))
    world.as_(SUBJECT).withdraw(agreement)
    found = erasures_of(world.client, agreement.id)
    # Of members that are silent only the vault's log tells whether they had anything.
    assert [each.answer for each in found] == [Answer.PENDING, *[Answer.SILENT] * 4]
    assert found[0].eraser is Eraser.VAULT
    request = world.client.uses(agreement.id)[0].request_id
    released = {(request, each.by) for each in found[1:4]} | {
        (bytes(32), found[4].by)
    }  # what others had is another agreement's
    assert [each.answer for each in erasures_of(world.client, agreement.id, released)] == [Answer.PENDING] * 4

    world.as_(HOLDER).attest_erasure(agreement.id, erasure_evidence(Eraser.VAULT, agreement.id, HOLDER.address))
    operator = found[1].by
    world.as_(RELAYER).attest_erasure(agreement.id, erasure_evidence(Eraser.OPERATOR, agreement.id, operator))
    answers = [each.answer for each in erasures_of(world.client, agreement.id, released)]
    assert answers == [Answer.ERASED, *[Answer.PENDING] * 3], "another can't answer for an operator"
    world.pass_time(ERASURE_TIME_S + 10)
    answers = [each.answer for each in erasures_of(world.client, agreement.id, released)]
    assert answers == [Answer.ERASED, *[Answer.OVERDUE] * 3]


def test_erasures__when_it_has_expired__then_it_is_over_too(world: World) -> None:
    ahead = world.client.block_time() - int(time.time())
    agreement = world.give(erasure=True, valid_for_s=ahead + 1_000)
    with pytest.raises(NothingToEraseError, match="in force"):
        erasures_of(world.client, agreement.id)
    world.pass_time(1_100)
    evidence = erasure_evidence(Eraser.VAULT, agreement.id, HOLDER.address)
    world.as_(HOLDER).attest_erasure(agreement.id, evidence)
    assert [each.answer for each in erasures_of(world.client, agreement.id)] == [Answer.ERASED]


def test_erasures__when_an_epoch_began_while_a_request_was_open__then_its_members_are_listed_too() -> None:
    with anvil() as url:
        world = client_world.build(url)
        agreement = world.give(erasure=True)
        asked = world.ask(agreement)
        before = world.client.read(world.client.contract.members_of(1))
        world.as_(client_world.OPERATORS[0]).resign()
        world.pass_time(client_world.TERMS.epoch_length + 1)
        world.as_(RELAYER).rotate()
        world.record_verdict(asked, Verdict(1, 700_000, b"t" * 32))
        world.as_(SUBJECT).withdraw(agreement)
        after = world.client.read(world.client.contract.members_of(2))
        listed = {each.by for each in erasures_of(world.client, agreement.id)[1:]}
        assert listed == {*before, *after}


def test_erasures__when_a_verdict_was_challenged__then_its_judges_are_listed_too() -> None:
    with anvil() as url:
        world = client_world.build(url, client_world.BENCH)
        agreement = world.give(erasure=True)
        asked, other = world.ask(agreement), world.ask(agreement)
        for each in (asked, other):
            world.record_verdict(each, Verdict(1, 700_000, b"t" * 32))
        world.as_(SUBJECT).withdraw(agreement)
        # Those in reserve get fields of no request that isn't challenged.
        attesters = [each.address for each in world.attesters]
        assert [each.by for each in erasures_of(world.client, agreement.id)[1:]] == attesters[:3]
        world.as_(RELAYER).challenge(asked.id)
        assert [each.by for each in erasures_of(world.client, agreement.id)[1:]] == attesters


# Erased by the holder


class Shelf:
    """A vault of one record, perhaps."""

    def __init__(self, record_id: bytes | None) -> None:
        self.record_id = record_id
        self.forgotten: list[bytes] = []

    def holds(self, record_id: bytes) -> bool:
        return record_id == self.record_id

    def forget(self, record_id: bytes) -> str | None:
        self.forgotten.append(record_id)
        self.record_id = None
        return None


def test_erase__when_the_agreement_is_over__then_key_record_and_statement_in_order_and_once() -> None:
    with anvil() as url:
        world = client_world.build(url)
        holder = world.as_(HOLDER)
        agreement, another = world.give(erasure=True), world.give()
        with pytest.raises(NothingToEraseError, match="in force"):
            record_to_erase(holder, agreement.id)
        world.as_(SUBJECT).withdraw(agreement)
        with pytest.raises(StillAgreedError, match=another.id.hex()):
            record_to_erase(holder, agreement.id)
        world.as_(SUBJECT).withdraw(another)
        record = record_to_erase(holder, agreement.id)
        shelf, empty = Shelf(record.id), Shelf(None)
        with pytest.raises(ErasureError, match="isn't the record's holder"):
            erase_record(world.as_(RELAYER), shelf, agreement.id, record)
        with pytest.raises(ErasureError, match="isn't in this vault"):
            erase_record(holder, empty, agreement.id, record)
        assert not shelf.forgotten
        # A statement of something else doesn't stand for this one.
        holder.attest_erasure(agreement.id, bytes(32))
        done = erase_record(holder, shelf, agreement.id, record)
        assert (shelf.forgotten, done.key_destroyed) == ([record.id], True)
        assert done.retired
        assert done.attested
        again = erase_record(holder, shelf, agreement.id, record)
        assert (again.key_destroyed, again.retired, again.attested) == (False, None, ())
        assert erasures_of(world.client, agreement.id)[0].answer is Answer.ERASED


def test_erasures__when_an_adopted_agreement_was_renewed_for_longer__then_the_others_are_told(world: World) -> None:
    under = world.give(
        model_id=ModelsBy(world.model.publisher).pack(),
        uses=5,
        erasure=True,
        valid_for_s=world.client.block_time() - int(time.time()) + 1_000,
    )
    world.as_(CONTROLLER).adopt(under, world.model, 2)
    (adopted,) = world.client.adopted_under(under.id)
    world.as_(SUBJECT).renew(adopted, adopted.valid_until + 100_000)
    world.pass_time(1_100)
    assert [(each.agreement, each.answer) for each in erasures_of(world.client, under.id)] == [
        (under.id, Answer.PENDING)
    ]
    assert {each.by for each in history_of(world.client, under.id) if each.event == "adopted"} == {CONTROLLER.address}


def test_erasures__when_the_agreement_asks_for_none__then_nobody_has_to(world: World) -> None:
    agreement = world.give()
    world.as_(SUBJECT).withdraw(agreement)
    with pytest.raises(NothingToEraseError):
        erasures_of(world.client, agreement.id)


def _waiting(world: World, account: str) -> bool:
    pending = {sender.lower() for sender in world.rpc("txpool_content")["pending"]}
    return account.lower() in pending


def _nonce(world: World, account: str) -> int:
    return int(world.rpc("eth_getTransactionCount", account, "latest"), 16)


def _state(world: World, agreement_id: bytes) -> AgreementState:
    return world.client.read(world.client.contract.agreement_status(agreement_id)).state


def test_history__then_json_that_canonical_json_can_carry(world: World) -> None:
    agreement = world.give()
    world.as_(SUBJECT).renew(agreement, agreement.valid_until + 1)
    assert json.dumps([each.to_json() for each in history_of(world.client, agreement.id)])
