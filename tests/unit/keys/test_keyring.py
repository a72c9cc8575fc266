"""An operator's keys, around a change of them."""

import secrets

import pytest

from oracle.core.errors import SigningKeyError
from oracle.keys.keyring import Keyring
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner


def signer() -> LocalSigner:
    return LocalSigner(secrets.token_bytes(32))


def test_keyring__when_several_keys__then_each_by_its_address_and_seal_keys_in_order() -> None:
    old, new, seals = signer(), signer(), [SealKey.generate(), SealKey.generate()]
    keys = Keyring([old, new], seals)
    assert keys.addresses == (old.address, new.address)
    assert keys.signer(new.address) is new
    assert keys.seal_keys == tuple(seal.private for seal in seals)


def test_signer__when_there_is_no_such_key__then_says_which_and_where_to_name_it() -> None:
    missing = signer().address
    with pytest.raises(SigningKeyError, match=f"{missing}.*keys.attester"):
        Keyring([signer()], [SealKey.generate()]).signer(missing)


def test_keyring__when_a_key_is_missing_or_twice__then_signing_key_error() -> None:
    one = signer()
    with pytest.raises(SigningKeyError, match="twice"):
        Keyring([one, one], [SealKey.generate()])
    with pytest.raises(SigningKeyError):
        Keyring([], [SealKey.generate()])
    with pytest.raises(SigningKeyError):
        Keyring([one], [])
