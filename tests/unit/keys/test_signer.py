"""Signers, seal keys and the devnet's accounts."""

import pytest
from eth_account import Account

from oracle.core import digests
from oracle.core.errors import SigningKeyError
from oracle.keys import devnet
from oracle.keys.devnet import ADDRESSES, devnet_key, refuse_devnet_key
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner, Signer

KEY = bytes(range(1, 33))
TRANSACTION = {
    "to": ADDRESSES[1],
    "value": 1,
    "gas": 21_000,
    "maxFeePerGas": 2,
    "maxPriorityFeePerGas": 1,
    "nonce": 0,
    "chainId": 1,
}


def test_signature__when_made__then_is_compact_and_recovers() -> None:
    signer: Signer = LocalSigner(KEY)
    signature = signer.sign(b"\7" * 32)
    assert len(signature) == 64
    assert digests.recover(b"\7" * 32, signature) == signer.address == Account.from_key(KEY).address


def test_transaction__when_signed__then_recovers() -> None:
    signer = LocalSigner(KEY)
    assert Account.recover_transaction(signer.sign_transaction(TRANSACTION)) == signer.address


def test_signature__when_it_recovers_to_another__then_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = LocalSigner(KEY)
    monkeypatch.setattr(digests, "sign", lambda *_: bytes(64))
    with pytest.raises(SigningKeyError, match="recovers to"):
        signer.sign(b"\7" * 32)


def test_transaction__when_it_recovers_to_another__then_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = LocalSigner(KEY)
    monkeypatch.setattr(Account, "recover_transaction", lambda _: ADDRESSES[0])
    with pytest.raises(SigningKeyError, match="recovers to"):
        signer.sign_transaction(TRANSACTION)


def test_signature__when_digest_is_no_digest__then_is_refused() -> None:
    with pytest.raises(SigningKeyError, match="32 bytes"):
        LocalSigner(KEY).sign(b"text")


@pytest.mark.parametrize("key", [b"", bytes(32), b"\xff" * 32, KEY + b"\1"])
def test_signer__when_key_is_none__then_is_refused(key: bytes) -> None:
    with pytest.raises(SigningKeyError):
        LocalSigner(key)


@pytest.mark.parametrize("holder", [LocalSigner(KEY), SealKey(KEY)])
def test_repr__of_what_holds_a_key__then_shows_none_of_it(holder: object) -> None:
    for shown in (repr(holder), str(holder), f"{holder}"):
        assert KEY.hex() not in shown
        assert str(KEY) not in shown
    assert not hasattr(holder, "__dict__")


def test_seal_key__when_generated__then_has_32_public_bytes_of_its_own() -> None:
    assert len(SealKey.generate().public) == 32
    assert SealKey.generate().public != SealKey.generate().public


def test_seal_key__when_of_another_length__then_is_refused() -> None:
    with pytest.raises(SigningKeyError):
        SealKey(bytes(31))


def test_devnet_keys__when_derived__then_are_the_addresses_written_out() -> None:
    assert tuple(LocalSigner(devnet_key(index)).address for index in range(20)) == ADDRESSES


def test_devnet_key__when_index_is_negative__then_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0"):
        devnet_key(-1)


@pytest.mark.parametrize("address", [ADDRESSES[0], ADDRESSES[19], ADDRESSES[7].lower()])
def test_devnet_key__when_chain_is_another__then_is_refused(address: str) -> None:
    with pytest.raises(SigningKeyError, match="a key of your own"):
        refuse_devnet_key(address, 1)


def test_devnet_key__when_chain_is_the_devnet_or_key_is_ones_own__then_passes() -> None:
    refuse_devnet_key(ADDRESSES[0], devnet.DEVNET_CHAIN_ID)
    refuse_devnet_key(LocalSigner(KEY).address, 1)
