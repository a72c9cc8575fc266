"""Reading verdicts and reports from calldata that anyone may have written."""

from __future__ import annotations

from typing import Any

import pytest
from web3 import Web3

from oracle.chain.contract import ETHER, AssentContract
from oracle.chain.recordings import Judging, anchorings, judgings, recordings
from oracle.core.addresses import Addresses
from oracle.core.digests import report_leaf
from oracle.core.merkle import MerkleTree
from oracle.core.structs import (
    Answer,
    Attestation,
    Question,
    Quote,
    Recording,
    Request,
    Signers,
    Verdict,
)

ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
CONTRACT = AssentContract(Web3(), Addresses(ADDRESS, ADDRESS, ADDRESS), 5)
ATTESTATION = Attestation(3, 0b1101, bytes(range(192)))
QUOTE = Quote(2, 3, 0, 0, 10**15, 0)
REQUESTS = [Request(bytes([use]) * 32, ADDRESS, Question(use, 9, 1, 0), QUOTE) for use in range(5)]
VERDICT = Verdict(1, 725_000, b"\x07" * 32)


def calldata(function: Any) -> bytes:
    return bytes.fromhex(function._encode_transaction_data()[2:])


def test_recordings__when_one_is_recorded__then_its_leaf_is_the_root() -> None:
    (found,) = recordings(calldata(CONTRACT.record(REQUESTS[0], VERDICT, ATTESTATION)))
    assert (found.request, found.verdict, found.proof) == (REQUESTS[0], VERDICT, ())
    assert found.report is not None
    assert (found.report.root, found.report.count) == (report_leaf(REQUESTS[0], VERDICT), 1)
    assert found.report.attestation == ATTESTATION
    assert found.report.signature_of(2) == ATTESTATION.signatures[64:128]
    assert found.report.signature_of(1) is None


def test_recordings__when_many_are_recorded__then_each_has_its_proof() -> None:
    tree = MerkleTree([report_leaf(request, VERDICT) for request in REQUESTS])
    by_leaf = {report_leaf(request, VERDICT): request for request in REQUESTS}
    answers = [Answer(by_leaf[leaf], VERDICT) for leaf in tree.leaves]
    found = list(recordings(calldata(CONTRACT.record_many(answers, ATTESTATION))))
    assert {each.request.id for each in found} == {request.id for request in REQUESTS}
    for each in found:
        assert each.proof == tuple(tree.proof(report_leaf(each.request, VERDICT)))
        assert each.report is not None
        assert (each.root, each.report.count) == (tree.root, 5)
        testimonies = each.testimonies(each.report)
        assert [each.signature for each in testimonies] == [ATTESTATION.signatures[i : i + 64] for i in (0, 64, 128)]


def test_recordings__when_claimed__then_the_root_is_the_proofs_and_the_report_elsewhere() -> None:
    tree = MerkleTree([report_leaf(request, VERDICT) for request in REQUESTS])
    proof = tree.proof(report_leaf(REQUESTS[1], VERDICT))
    (found,) = recordings(calldata(CONTRACT.claim(REQUESTS[1], VERDICT, proof)))
    assert (found.request, found.root, found.report) == (REQUESTS[1], tree.root, None)


def test_anchorings__when_anchored__then_the_report_with_currency_and_quorum() -> None:
    (found,) = anchorings(calldata(CONTRACT.anchor(b"\x01" * 32, 5, ETHER, 3, ATTESTATION)))
    assert (found.report.root, found.report.count, found.currency, found.quorum) == (b"\x01" * 32, 5, ETHER, 3)


RECORDING = Recording(REQUESTS[0], VERDICT, Signers(0b111, 2))
OTHER = Verdict(0, 100_000, b"\x08" * 32)


def test_judgings__when_judged__then_the_recording_and_what_was_found() -> None:
    call = CONTRACT.judge(RECORDING, OTHER, stands=False, judges=0b111000, signatures=bytes(range(192)))
    expected = Judging(RECORDING, OTHER, False, 0b111000, bytes(range(192)))
    assert list(judgings(calldata(call))) == [expected]
    # Inside another contract's call, and twice.
    assert list(judgings(b"\x01" * 9 + calldata(call) + calldata(call))) == [expected, expected]


def test_judgings__when_ruled_or_closed__then_none() -> None:
    for call in (CONTRACT.rule(RECORDING, OTHER, stands=False), CONTRACT.close(RECORDING, VERDICT)):
        assert list(judgings(calldata(call))) == []


@pytest.mark.parametrize("place", [4 + 2 * 32, 4 + 4 * 32, 4 + 7 * 32])
def test_judgings__when_a_word_cant_be__then_none(place: int) -> None:
    call = CONTRACT.judge(RECORDING, OTHER, stands=False, judges=1, signatures=bytes(64))
    whole = bytearray(calldata(call))
    whole[place] = 1  # question, outcome, signers
    assert list(judgings(bytes(whole))) == []
    assert list(judgings(calldata(call)[: 4 + 9 * 32])) == []


@pytest.mark.parametrize("cut", [4, 20, 36, 200, 400])
def test_recordings__when_the_calldata_is_cut__then_none(cut: int) -> None:
    whole = calldata(CONTRACT.record(REQUESTS[0], VERDICT, ATTESTATION))
    assert list(recordings(whole[:cut])) == []


def test_recordings__when_a_word_is_no_question__then_none() -> None:
    whole = bytearray(calldata(CONTRACT.record(REQUESTS[0], VERDICT, ATTESTATION)))
    whole[4 + 2 * 32] = 1  # a bit beyond the question's parts
    assert list(recordings(bytes(whole))) == []


def test_recordings__when_there_are_no_answers__then_none() -> None:
    assert list(recordings(calldata(CONTRACT.record_many([], ATTESTATION)))) == []
    assert list(recordings(b"")) == []


def test_recordings__when_a_length_is_absurd__then_none() -> None:
    whole = bytearray(calldata(CONTRACT.record_many([Answer(REQUESTS[0], VERDICT)], ATTESTATION)))
    whole[4 + 2 * 32 : 4 + 3 * 32] = b"\xff" * 32
    assert list(recordings(bytes(whole))) == []
