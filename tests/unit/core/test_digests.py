"""Signatures: compact, recoverable, bound to chain and contract."""

import pytest
from eth_account import Account
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from oracle.core import digests
from oracle.core.digests import Domain
from oracle.core.structs import Question, Verdict

KEY = bytes(31) + b"\x07"
ADDRESS = Account.from_key(KEY).address
CONTRACT = "0x" + "33" * 20


@given(st.binary(min_size=32, max_size=32))
def test_signature__when_recovered__names_the_signer(digest: bytes) -> None:
    signature = digests.sign(KEY, digest)
    assert len(signature) == 64
    assert digests.recover(digest, signature) == ADDRESS


@given(st.binary(min_size=32, max_size=32), st.integers(0, 511))
def test_signature__when_a_bit_is_flipped__names_somebody_else(digest: bytes, bit: int) -> None:
    signature = bytearray(digests.sign(KEY, digest))
    signature[bit // 8] ^= 1 << bit % 8
    assert digests.recover(digest, bytes(signature)) != ADDRESS


@pytest.mark.parametrize("length", [0, 63, 65])
def test_recover__when_length_is_wrong__is_none(length: int) -> None:
    assert digests.recover(bytes(32), bytes(length)) is None


def test_compact__when_not_65_bytes__is_refused() -> None:
    with pytest.raises(ValueError, match="65"):
        digests.compact(bytes(64))


def test_report_digest__when_chain_contract_or_epoch_differ__differs() -> None:
    root = bytes(32)
    found = {
        digests.report_digest(Domain(1, CONTRACT), 1, 1, root),
        digests.report_digest(Domain(2, CONTRACT), 1, 1, root),
        digests.report_digest(Domain(1, "0x" + "44" * 20), 1, 1, root),
        digests.report_digest(Domain(1, CONTRACT), 2, 1, root),
        digests.report_digest(Domain(1, CONTRACT), 1, 2, root),
    }
    assert len(found) == 5


@pytest.mark.parametrize(
    "verdict", [Verdict(0, 5, bytes(32)), Verdict(1, 6, bytes(32)), Verdict(1, 5, b"\x01" * 32)], ids=str
)
def test_ruling_digest__when_anything_differs__differs(verdict: Verdict) -> None:
    domain, found = Domain(1, CONTRACT), Verdict(1, 5, bytes(32))
    first = digests.ruling_digest(domain, 1, bytes(32), False, found)
    assert digests.ruling_digest(domain, 1, bytes(32), False, verdict) != first
    assert digests.ruling_digest(domain, 1, bytes(32), True, found) != first
    assert digests.ruling_digest(domain, 2, bytes(32), False, found) != first
    assert digests.ruling_digest(domain, 1, b"\x01" * 32, False, found) != first
    assert digests.ruling_digest(Domain(1, "0x" + "44" * 20), 1, bytes(32), False, found) != first


def test_asking__when_shown__has_the_questions_parts_apart() -> None:
    data = digests.asking(Domain(1, CONTRACT), bytes(32), Question(1, 2, 3, 4, 5, 1, 2, 7, 8), 6)
    parts = {"use": 1, "deadline": 2, "purpose": 3, "step": 4, "callback": 5, "delivery": 1, "disclosure": 2}
    parts |= {"modifiers": 7, "place": 8, "tip": 6}
    assert data["message"] == {"agreement": bytes(32), **parts}


def test_digest__when_made__then_is_the_hash_of_the_preimage_that_it_remembers() -> None:
    domain = Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3")
    digest = digests.report_digest(domain, 3, 1, b"\x33" * 32)
    assert (len(digest), len(digest.preimage), digest.preimage[:2]) == (32, 66, b"\x19\x01")
    assert digest.preimage[2:34] == domain.separator
    assert keccak(digest.preimage) == digest
    typed = digests.typed_data_digest(digests.joining(domain, "0x" + "12" * 20, bytes(32), "https://node.example", 9))
    assert (len(typed.preimage), keccak(typed.preimage)) == (66, typed)
