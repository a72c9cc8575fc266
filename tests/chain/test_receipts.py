"""Receipts of agreements on Anvil: proven by a header, signed, checked offline; and whatever is altered in one."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import client_world
import jsonschema
import pytest
import rlp
from anvil_server import anvil
from client_world import CONTROLLER, HOLDER, PURPOSE, RELAYER, SUBJECT, World
from hexbytes import HexBytes

from oracle.client import NoSignerError, UnknownIdError
from oracle.core import canonical
from oracle.core.digests import Domain
from oracle.core.errors import AuditError
from oracle.core.purposes import purpose
from oracle.core.structs import AgreementState, Verdict
from oracle.receipts import ReceiptError, history_of, issue, uses_of, verify
from oracle.receipts.document import digest_of, slot_of
from oracle.receipts.proofs import _HEADER, ProofError, StateProof, _part, encode_header


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with anvil() as url:
        yield client_world.build(url)


@pytest.fixture(scope="module")
def receipt(world: World) -> dict[str, Any]:
    return issue(world.as_(HOLDER), world.give(prohibited=["Marketing"]).id)


def block_hash(world: World, number: int | str) -> bytes:
    number = hex(number) if isinstance(number, int) else number
    return bytes(HexBytes(world.rpc("eth_getBlockByNumber", number, False)["hash"]))


def through_json(receipt: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(receipt)))


# What it shows


def test_verify__when_it_is_given__then_all_of_it_holds_without_a_chain(world: World, receipt: dict[str, Any]) -> None:
    number = int(receipt["@id"].rpartition(":")[2])
    found = verify(through_json(receipt), block_hash(world, number), world.client.domain)
    assert found.anchored
    assert found.domain == world.client.domain
    assert not verify(receipt, block_hash(world, number)).anchored
    assert found.issuer == HOLDER.address
    assert found.standing.state is AgreementState.GIVEN
    assert found.standing.block == number
    assert world.client.agreement(found.agreement.id) == found.agreement


def test_receipt__in_terms_of_dpv__says_who_agreed_to_what(receipt: dict[str, Any]) -> None:
    record = receipt["dpv:hasRecordOfActivity"]
    assert receipt["@type"] == "dpv:ConsentReceipt"
    assert record["dpv:hasDataSubject"] == {"@id": f"did:pkh:eip155:31337:{SUBJECT.address}"}
    assert record["dpv:hasDataController"] == {"@id": f"did:pkh:eip155:31337:{CONTROLLER.address}"}
    assert record["dpv:hasProcess"]["dpv:hasPurpose"] == [purpose(PURPOSE).iri]
    assert record["dpv:hasProcess"]["dpv:hasProcessing"] == ["dpv:Infer"]
    assert record["dpv:hasConsentStatus"]["@type"] == "dpv:ConsentGiven"


def test_receipt__beside_its_schema__is_valid_and_an_altered_form_is_not(receipt: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs" / "api" / "receipt.schema.json").read_text())
    checker = jsonschema.Draft202012Validator(schema)
    checker.check_schema(schema)
    checker.validate(receipt)
    assert not checker.is_valid({**receipt, "dpv:hasConsequence": "none"})
    assert not checker.is_valid({**receipt, "assent:signature": "0x"})
    assert not checker.is_valid({name: value for name, value in receipt.items() if name != "assent:evidence"})


def test_verify__when_withdrawn_expired_or_used__then_the_receipt_says_so_and_the_old_one_still_holds(
    world: World,
) -> None:
    agreement = world.give(uses=2, price=5)
    asked = world.ask(agreement)
    before = issue(world.as_(HOLDER), agreement.id)
    world.record_verdict(asked, Verdict(1, 700_000, b"t" * 32))
    used = issue(world.as_(SUBJECT), agreement.id)
    assert verify(used).standing.earning == 1
    world.as_(SUBJECT).withdraw(agreement)
    after = issue(world.as_(RELAYER), agreement.id)
    assert verify(after).standing.status == "dpv:ConsentWithdrawn"
    assert verify(before).standing.status == "dpv:ConsentGiven"
    assert verify(before).standing.earning == 0
    # How it stood at an earlier block can be proven later, as far back as the endpoint keeps states.
    again = issue(world.as_(HOLDER), agreement.id, verify(before).standing.block)
    assert again == before

    short = world.give(valid_for_s=1_000)
    given = world.client.block_number()
    world.rpc("evm_increaseTime", 1_001)
    world.rpc("evm_mine")
    over = verify(issue(world.as_(HOLDER), short.id))
    assert over.standing.status == "dpv:ConsentExpired"
    assert over.standing.status_since == short.valid_until
    assert verify(issue(world.as_(HOLDER), short.id, given)).standing.status == "dpv:ConsentGiven"


# Who can't have one


def test_issue__when_it_was_never_given__then_unknown(world: World) -> None:
    with pytest.raises(UnknownIdError):
        issue(world.as_(HOLDER), b"\x07" * 32)


def test_issue__when_it_was_not_given_by_then__then_refused(world: World) -> None:
    before = world.client.block_number()
    agreement = world.give()
    with pytest.raises(ReceiptError, match="wasn't given by then"):
        issue(world.as_(HOLDER), agreement.id, before)


def test_issue__when_nobody_signs__then_said_so(world: World) -> None:
    with pytest.raises(NoSignerError):
        issue(world.client.with_signer(None), world.give().id)  # type: ignore[arg-type]


def test_verify__when_it_is_of_another_contract__then_refused(world: World, receipt: dict[str, Any]) -> None:
    for other in (Domain(1, world.client.address), Domain(31337, SUBJECT.address)):
        with pytest.raises(ReceiptError, match=f"not {other.contract} on chain {other.chain_id}"):
            verify(receipt, None, other)


def test_verify__when_what_was_withdrawn_was_never_given__then_refused(world: World) -> None:
    """Whoever is named as subject may refuse what was only signed: that shows no consent."""
    agreement, given = world.draft(), world.give()
    world.as_(SUBJECT).withdraw(agreement)
    forged = issue(world.as_(HOLDER), given.id)
    block = dict(world.rpc("eth_getBlockByNumber", "latest", False))
    slot = slot_of(agreement)
    proof = StateProof.fetch(lambda method, params: world.rpc(method, *params), world.client.address, slot, block)
    assert proof.word(world.client.address, slot) & 0xFF == AgreementState.REFUSED
    forged["assent:evidence"] |= {"terms": agreement.to_json(), **proof.to_json()}
    with pytest.raises(ReceiptError, match="wasn't given by then"):
        verify(forged)


# Whatever is altered


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for name in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[name], (*path, name))
    else:
        yield path


def altered(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    text = str(value)
    place = len(text) - 1 if not text.startswith("0x") else len(text) // 2
    return text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]


def test_verify__when_any_field_is_altered__then_refused(world: World, receipt: dict[str, Any]) -> None:
    known = verify(receipt).block_hash
    paths = list(leaves(receipt))
    assert len(paths) > 50
    for path in paths:
        for change in ("altered", "gone"):
            made = copy.deepcopy(receipt)
            place = made
            for name in path[:-1]:
                place = place[name]
            if change == "altered":
                place[path[-1]] = altered(place[path[-1]])
            else:
                del place[path[-1]]
            with pytest.raises(AuditError) as caught:
                verify(made, known)
            assert str(caught.value), path


@pytest.mark.parametrize("extra", [{"dpv:hasConsequence": "none"}, {"@graph": []}])
def test_verify__when_something_is_added__then_refused(receipt: dict[str, Any], extra: dict[str, Any]) -> None:
    with pytest.raises(ReceiptError, match="isn't what the evidence says"):
        verify({**receipt, **extra})


def test_verify__when_the_block_is_not_the_one_that_is_known__then_refused_though_the_issuer_signed(
    world: World,
) -> None:
    agreement = world.give()
    world.rpc("evm_mine")
    forgotten = issue(world.as_(HOLDER), agreement.id)
    number = verify(forgotten).standing.block
    world.rpc("anvil_reorg", 1, [])
    with pytest.raises(ReceiptError, match="is that block of this chain"):
        verify(forgotten, block_hash(world, number))


def test_verify__when_another_than_the_publisher_signed__then_refused(world: World, receipt: dict[str, Any]) -> None:
    unsigned = {name: value for name, value in receipt.items() if name != "assent:signature"}
    forged = RELAYER.sign(digest_of(world.client.domain, unsigned))
    with pytest.raises(ReceiptError, match=f"not the signature of {HOLDER.address}"):
        verify({**unsigned, "assent:signature": "0x" + forged.hex()})


def test_verify__when_an_issuer_vouches_for_another_state__then_the_proof_does_not_lead_there(
    world: World, receipt: dict[str, Any]
) -> None:
    """An issuer who would have a withdrawn agreement look given has to prove it."""
    agreement = world.give()
    world.as_(SUBJECT).withdraw(agreement)
    forged = issue(world.as_(HOLDER), agreement.id)
    forged["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]["@type"] = "dpv:ConsentGiven"
    del forged["assent:signature"]
    forged["assent:signature"] = "0x" + HOLDER.sign(digest_of(world.client.domain, forged)).hex()
    with pytest.raises(ReceiptError, match=r"hasConsentStatus\.@type"):
        verify(forged)
    # Nor does another agreement's proof do.
    forged["assent:evidence"] |= {
        name: receipt["assent:evidence"][name] for name in ("header", "accountProof", "storageProof")
    }
    with pytest.raises(AuditError):
        verify(forged)


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        {"assent:evidence": 7},
        {"assent:evidence": {}},
        {"assent:evidence": {"chainId": True}, "assent:signature": "0x"},
    ],
)
def test_verify__when_it_is_no_receipt__then_refused(nonsense: dict[str, Any]) -> None:
    with pytest.raises(ReceiptError):
        verify(nonsense)


@pytest.mark.parametrize(
    "nodes", [["0x"], ["0xc0"], ["0x80"], ["0x" + "c1" * 40], ["0xff"], [], ["0x00"] * 65, [7], "0x"]
)
def test_verify__when_the_proof_is_nonsense__then_proof_error(receipt: dict[str, Any], nodes: Any) -> None:
    for name in ("accountProof", "storageProof"):
        evidence = {**receipt["assent:evidence"], name: nodes}
        with pytest.raises(ProofError):
            verify({**receipt, "assent:evidence": evidence})


@pytest.mark.parametrize(
    "numbers", [{"number": "0x" + "ff" * 9}, {"timestamp": "0x" + "ff" * 900}, {"number": "0x" + "f" * 9_000}]
)
def test_header__when_a_number_is_absurd__then_proof_error(
    world: World, receipt: dict[str, Any], numbers: dict[str, str]
) -> None:
    block = dict(world.rpc("eth_getBlockByNumber", "latest", False)) | numbers
    header = rlp.encode([_part(name, block[name]) for name in _HEADER if name in block])
    with pytest.raises(ProofError):
        verify({**receipt, "assent:evidence": {**receipt["assent:evidence"], "header": "0x" + header.hex()}})


@pytest.mark.parametrize("uses", [float("inf"), float("nan"), 10**400, True, None, [1]])
def test_terms__when_a_number_is_none__then_refused(receipt: dict[str, Any], uses: object) -> None:
    terms = {**receipt["assent:evidence"]["terms"], "uses": uses}
    with pytest.raises(AuditError):
        verify({**receipt, "assent:evidence": {**receipt["assent:evidence"], "terms": terms}})


def test_signature__when_written_in_another_way__then_refused(receipt: dict[str, Any]) -> None:
    written = receipt["assent:signature"]
    for other in (written.upper().replace("0X", "0x"), written[:20] + " " + written[20:], written + "  "):
        with pytest.raises(ReceiptError):
            verify({**receipt, "assent:signature": other})


def test_header__when_it_has_a_part_that_is_unknown__then_refused_with_a_remedy(world: World) -> None:
    block = dict(world.rpc("eth_getBlockByNumber", "latest", False))
    assert StateProof(encode_header(block), (), ()).number == int(block["number"], 16)
    del block["withdrawalsRoot"]
    with pytest.raises(ProofError, match="update it"):
        encode_header(block)


# History


def test_history__when_it_was_given_used_and_withdrawn__then_all_in_order(world: World) -> None:
    agreement = world.give(uses=3, price=5)
    first = world.ask(agreement)
    world.record_verdict(first, Verdict(1, 700_000, b"t" * 32))
    second = world.ask(agreement)
    world.as_(SUBJECT).withdraw(agreement)
    world.as_(RELAYER).refuse(second.request)
    found = [(each.event, each.use, each.outcome) for each in history_of(world.client, agreement.id)]
    assert found == [
        ("given", None, None),
        ("requested", 0, None),
        ("recorded", 0, 1),
        ("requested", 1, None),
        ("withdrawn", None, None),
        ("refused", 1, None),
    ]
    one, two = uses_of(world.client, agreement.id)
    assert (one.state, one.outcome, one.score_ppm, one.earned) == ("recorded", 1, 700_000, 5)
    assert (one.purpose, one.step, one.controller, one.request) == (PURPOSE, "infer", CONTROLLER.address, first.id)
    assert (two.state, two.outcome, two.earned, two.request) == ("refused", None, 0, second.id)
    earned = world.client.unsettled(agreement.id)
    assert earned.price == one.earned + two.earned
    assert canonical.canonical([each.to_json() for each in history_of(world.client, agreement.id)])


def test_history__when_verdicts_were_challenged__then_how_each_ended() -> None:
    with anvil() as url:
        world = client_world.build(url, client_world.BENCH)
        agreement, right = world.give(uses=9), Verdict(1, 700_000, b"t" * 32)
        upheld, corrected, unjudged = (world.ask(agreement, deadline_s=10**5) for _ in range(3))
        for each in (upheld, unjudged, corrected):
            world.record_verdict(each, right)
            world.as_(RELAYER).challenge(each.id)
        world.judge(upheld, right, stands=True)
        world.judge(corrected, Verdict(0, 1, b"t" * 32), stands=False)
        world.pass_time(client_world.TERMS.judging_time + 1)
        world.as_(RELAYER).close(unjudged.id)
        found = [(each.event, each.use, each.outcome) for each in history_of(world.client, agreement.id)]
        assert found[-5:] == [
            ("recorded", 1, 1),
            ("challenged", 1, None),
            ("upheld", 0, None),
            ("corrected", 1, 0),
            ("unjudged", 2, None),
        ]
        told = [(each.state, each.outcome) for each in uses_of(world.client, agreement.id)]
        assert told == [("upheld", 1), ("corrected", 0), ("unjudged", 1)]
