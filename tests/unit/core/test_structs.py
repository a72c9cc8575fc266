"""Structs: their ABI, JSON and EIP-712 forms, their ids."""

import json
from typing import Any

import pytest
from core_strategies import AGREEMENTS, REQUESTS, STRUCTS
from eth_account.messages import encode_typed_data
from hypothesis import given

from oracle.core.digests import Domain, report_leaf
from oracle.core.merkle import MerkleTree, verify
from oracle.core.structs import (
    Agreement,
    Answer,
    Attestation,
    Finality,
    Question,
    Quote,
    Record,
    Request,
    RequestState,
    Schedule,
    StandingRequest,
    Struct,
    Testimony,
    Verdict,
    pool_id,
    request_id,
    root_pool_id,
)

DOMAIN = Domain(1, "0x" + "33" * 20)
CONTROLLER = "0x" + "11" * 20
QUESTION = Question(4, 0, 31, 0, 50)
QUOTE = Quote(2, 3, 1_000, 0, 1_000, 500)


def _standing(in_blocks: bool = False, catch_up: bool = False) -> StandingRequest:
    schedule = Schedule(1_000, 100, 3, 30, in_blocks, catch_up)
    return StandingRequest(bytes(32), CONTROLLER, QUESTION, QUOTE, schedule)


def _mapping(struct: Any) -> dict[str, Any]:
    """Return a struct as web3 decodes an event's: camelCase names, a scope as one word."""
    if isinstance(struct, Agreement):
        terms = {**struct.terms.to_message(), "scope": struct.terms.scope.pack()}
        return {**struct.to_message(), "terms": terms}
    return dict(struct.to_message())


@given(STRUCTS)
def test_struct__when_hashed__is_as_eth_account_has_it(struct: Struct) -> None:
    data = DOMAIN.typed_data(type(struct).__name__, struct.types(), struct.to_message())
    assert struct.hash() == encode_typed_data(full_message=data).body


@given(STRUCTS)
def test_struct__when_through_abi__is_itself(struct: Struct) -> None:
    assert type(struct).from_abi(struct.to_abi()) == struct
    assert type(struct).from_abi(_mapping(struct)) == struct


@given(STRUCTS)
def test_struct__when_through_json__is_itself(struct: Struct) -> None:
    assert type(struct).from_json(json.loads(json.dumps(struct.to_json()))) == struct


@given(STRUCTS)
def test_struct__when_in_json__is_flat(struct: Struct) -> None:
    assert not any(isinstance(value, dict | list) for value in struct.to_json().values())


@given(AGREEMENTS)
def test_agreement__when_from_its_event__is_itself(agreement: Agreement) -> None:
    assert Agreement.from_given(agreement.to_given()) == agreement


@given(AGREEMENTS)
def test_agreement__when_named__is_about_its_subjects_record(agreement: Agreement) -> None:
    assert agreement.record == Record(agreement.root, agreement.subject, agreement.holder).id
    assert (agreement.source_id, agreement.terms_id) == (agreement.source.hash(), agreement.terms.hash())
    assert agreement.under_abi == (agreement.source_id, agreement.terms_abi)


@given(REQUESTS)
def test_request__when_asked__has_the_words_parts(request_: Request) -> None:
    question, quote = request_.question, request_.quote
    assert (request_.use, request_.deadline) == (question.use, question.deadline)
    assert (request_.purpose, request_.step) == (question.purpose, question.step)
    assert (request_.fee, request_.quorum, request_.outcome_count) == (quote.fee, quote.quorum, quote.outcome_count)
    assert request_.id == request_id(request_.agreement, request_.use)
    assert request_.commitment == request_.hash()


@given(REQUESTS)
def test_request__when_its_question_is_no_question__is_refused(request_: Request) -> None:
    agreement, controller, question, quote = request_.to_abi()
    with pytest.raises(ValueError, match="beyond"):
        Request.from_abi((agreement, controller, question | 1 << 200, quote))


@pytest.mark.parametrize(
    ("round_", "now", "once", "later"),
    [
        (0, 999, False, False),
        (0, 1_000, True, True),
        (0, 1_099, True, True),
        (0, 1_100, False, True),
        (1, 1_099, False, False),
        (2, 1_299, True, True),
        (2, 1_300, False, True),
        (3, 1_300, False, False),
        (-1, 1_300, False, False),
    ],
)
@pytest.mark.parametrize("in_blocks", [False, True])
def test_round__when_due__opens_until_the_next_is_due_or_ever_after(
    round_: int, now: int, once: bool, later: bool, in_blocks: bool
) -> None:
    block, timestamp = (now, 0) if in_blocks else (0, now)
    assert _standing(in_blocks).opens(round_, block, timestamp) is once
    assert _standing(in_blocks, catch_up=True).opens(round_, block, timestamp) is later


def test_round__when_counted__is_due_an_interval_after_the_one_before() -> None:
    assert [_standing().due(round_) for round_ in range(3)] == [1_000, 1_100, 1_200]


def test_schedule__when_a_flag_is_no_boolean__is_refused() -> None:
    data = _standing().schedule.to_json()
    with pytest.raises(ValueError, match="boolean"):
        Schedule.from_json({**data, "catchUp": 1})


def test_answers__when_in_the_trees_order__are_by_ascending_leaf() -> None:
    verdict = Verdict(1, 725_000, bytes(32))
    requests = [Request(bytes(32), CONTROLLER, QUESTION.at(use, 9), QUOTE) for use in range(5)]
    leaves = [report_leaf(request, verdict) for request in requests]
    tree = MerkleTree(leaves)
    assert list(tree.leaves) == sorted(leaves)
    proof = tuple(tree.proof(leaves[3]))
    assert verify(tree.root, leaves[3], proof)
    clear = ((1).to_bytes(32), (725_000).to_bytes(32), bytes(32))
    words = (bytes(32), CONTROLLER, requests[3].question.pack(), QUOTE.pack())
    assert Answer(requests[3], verdict).to_abi() == (words, clear)
    testimony = Testimony(requests[3], verdict, proof, 2, 5, bytes(64))
    assert testimony.to_abi() == (words, clear, list(proof), 2, 5, bytes(64))


def test_pools__when_epoch_signers_currency_root_or_quorum_differ__differ() -> None:
    found = {pool_id(1, 7, 0), pool_id(2, 7, 0), pool_id(1, 11, 0), pool_id(1, 7, 1)}
    found |= {root_pool_id(bytes(32), 0, 3), root_pool_id(bytes(32), 1, 3), root_pool_id(b"\x01" * 32, 0, 3)}
    found |= {root_pool_id(bytes(32), 0, 4)}
    assert len(found) == 8


def test_request_state__when_there_is_a_verdict__says_so() -> None:
    with_verdict = {state.name for state in RequestState if state.has_verdict}
    assert with_verdict == {"RECORDED", "CHALLENGED", "UPHELD", "CORRECTED", "UNJUDGED"}
    assert (len(RequestState), len(Finality)) == (10, 4)


def test_verdict__when_through_abi__is_three_words_and_itself() -> None:
    verdict = Verdict(1, 725_000, b"\x07" * 32)
    assert Verdict.from_abi(verdict.to_abi()) == verdict
    assert Verdict.from_abi(dict(zip(("outcome", "score", "trail"), verdict.to_abi(), strict=True))) == verdict
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


@pytest.mark.parametrize(("outcome", "score"), [(255, 0), (0, 1_000_001), (1 << 255, 0), (0, 1 << 255)])
def test_verdict__when_a_word_is_sealed__is_none_in_clear(outcome: int, score: int) -> None:
    with pytest.raises(ValueError, match="clear"):
        Verdict.from_abi((outcome.to_bytes(32), score.to_bytes(32), bytes(32)))
    with pytest.raises(ValueError, match="clear"):
        Verdict.from_json({"outcome": outcome, "score": score, "trail": "0x" + "00" * 32})


def test_attestation__when_through_abi__is_itself() -> None:
    attestation = Attestation(7, 0b1011, b"s" * 192)
    assert attestation.to_abi() == (7 << 64 | 0b1011, b"s" * 192)
    assert Attestation.from_abi(attestation.to_abi()) == attestation
    assert Attestation.from_abi({"by": 7 << 64 | 0b1011, "signatures": b"s" * 192}) == attestation
    with pytest.raises(ValueError, match="beyond"):
        Attestation.from_abi((1 << 96, b""))
