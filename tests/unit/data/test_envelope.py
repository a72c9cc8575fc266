"""Sealed messages open for one key, one request and one attester, whole."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from oracle.core.errors import SealError
from oracle.data.envelope import HYBRID_KEY_BYTES, open_sealed, seal
from oracle.keys.seal_key import HybridKey

KEY = X25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
REQUEST = b"\x11" * 32
ATTESTER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SEALED = seal(PUBLIC, REQUEST, ATTESTER, b"fields")


@given(plaintext=st.binary(max_size=2000))
def test_message__when_sealed__then_opens_for_its_reader(plaintext: bytes) -> None:
    sealed = seal(PUBLIC, REQUEST, ATTESTER, plaintext)
    assert open_sealed(KEY, REQUEST, ATTESTER.lower(), sealed) == plaintext


def test_message__when_sealed_twice__then_differs() -> None:
    assert seal(PUBLIC, REQUEST, ATTESTER, b"fields") != SEALED


def test_message__when_opened_for_another_request__then_stays_shut() -> None:
    with pytest.raises(SealError):
        open_sealed(KEY, b"\x12" * 32, ATTESTER, SEALED)


def test_message__when_opened_as_another_attester__then_stays_shut() -> None:
    with pytest.raises(SealError):
        open_sealed(KEY, REQUEST, OTHER, SEALED)


def test_message__when_opened_with_another_key__then_stays_shut() -> None:
    with pytest.raises(SealError):
        open_sealed(X25519PrivateKey.generate(), REQUEST, ATTESTER, SEALED)


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_message__when_a_byte_is_flipped__then_stays_shut(place: int) -> None:
    altered = SEALED[:place] + bytes([SEALED[place] ^ 1]) + SEALED[place + 1 :]
    with pytest.raises(SealError):
        open_sealed(KEY, REQUEST, ATTESTER, altered)


@pytest.mark.parametrize("altered", [b"", SEALED[:31], SEALED[:-1], SEALED + b"\0", bytes(64)], ids=len)
def test_message__when_cut_or_longer__then_stays_shut(altered: bytes) -> None:
    with pytest.raises(SealError):
        open_sealed(KEY, REQUEST, ATTESTER, altered)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), b"\1" + bytes(31)])
def test_seal__when_the_key_is_none_or_of_small_order__then_is_refused(key: bytes) -> None:
    with pytest.raises(SealError, match="register another"):
        seal(key, REQUEST, ATTESTER, b"fields")


def test_seal__when_the_request_id_is_none__then_is_refused() -> None:
    with pytest.raises(SealError, match="32 bytes"):
        seal(PUBLIC, b"", ATTESTER, b"fields")


# Sealed to a hybrid key, too

HYBRID = HybridKey()
TWICE = seal(PUBLIC, REQUEST, ATTESTER, b"fields", HYBRID.public)


def test_hybrid__when_sealed__then_opens_with_both_keys_and_with_no_one_of_them() -> None:
    assert open_sealed(KEY, REQUEST, ATTESTER, TWICE, HYBRID.private) == b"fields"
    assert len(HYBRID.public) == HYBRID_KEY_BYTES
    for key, hybrid in ((X25519PrivateKey.generate(), HYBRID.private), (KEY, HybridKey().private), (KEY, None)):
        with pytest.raises(SealError):
            open_sealed(key, REQUEST, ATTESTER, TWICE, hybrid)


def test_hybrid__when_a_vault_seals_once_only__then_stays_shut() -> None:
    with pytest.raises(SealError):  # no downgrade: who asked for both opens nothing less
        open_sealed(KEY, REQUEST, ATTESTER, SEALED, HYBRID.private)


@pytest.mark.parametrize("place", [0, 31, 32, 500, 1_150, len(TWICE) - 1])
def test_hybrid__when_a_byte_is_flipped__then_stays_shut(place: int) -> None:
    altered = TWICE[:place] + bytes([TWICE[place] ^ 1]) + TWICE[place + 1 :]
    with pytest.raises(SealError):
        open_sealed(KEY, REQUEST, ATTESTER, altered, HYBRID.private)


def test_hybrid__when_of_another_request_or_attester__then_stays_shut() -> None:
    for request, attester in ((b"\x12" * 32, ATTESTER), (REQUEST, OTHER)):
        with pytest.raises(SealError):
            open_sealed(KEY, request, attester, TWICE, HYBRID.private)


@pytest.mark.parametrize(
    "key", [b"x", bytes(31), HYBRID.public[:-1], HYBRID.public + b"x", b"\xff" * HYBRID_KEY_BYTES], ids=len
)
def test_hybrid__when_the_key_is_none__then_is_refused(key: bytes) -> None:
    with pytest.raises(SealError, match="1216 bytes"):
        seal(PUBLIC, REQUEST, ATTESTER, b"fields", key)
