"""A master key that never leaves its hardware: an AES key on a PKCS#11 token (an HSM, a smart card, or SoftHSM).

Keys are wrapped with AES-GCM (12 random bytes, then ciphertext and tag), which also tokens do that let no key's value out.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol, cast

import pkcs11
from pkcs11 import GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import (
    EncryptedDataInvalid,
    EncryptedDataLenRange,
    NoSuchKey,
    PinIncorrect,
    PinLenRange,
    PKCS11Error,
    UserAlreadyLoggedIn,
)

from oracle.core.errors import SealError, SigningKeyError
from oracle.vault.master_key import MasterKeyUnavailableError

_CONTEXT = b"assent-vault/1\x00pkcs11"
_NONCE_BYTES, _TAG_BITS = 12, 128
_NEVER_OPENS = (EncryptedDataInvalid, EncryptedDataLenRange)


class _Cipher(Protocol):
    """What a token's AES key can do."""

    session: pkcs11.Session

    def encrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes: ...

    def decrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes: ...


class Pkcs11Key:
    """The AES key with a label on the token with a label, through a PKCS#11 library. One session, one call at a time."""

    def __init__(self, library: Path, token: str, label: str, pin: str) -> None:
        """Open a session. Raises SigningKeyError for a wrong PIN or an absent key, MasterKeyUnavailableError without library or token."""
        self._place = (library, token, label, pin)
        self._lock = threading.Lock()
        self._key: _Cipher | None = _opened(*self._place)
        # Labels are given anew; what the key makes of a constant is its alone. The nonce is used for nothing else.
        check = self._run(bytes(_NONCE_BYTES), b"assent-vault/1 master key's id", encrypts=True)
        self.id = f"pkcs11:{token}/{label}:{hashlib.sha256(check).hexdigest()[:16]}"

    def wrap(self, key: bytes) -> bytes:
        """Wrap a key, in 60 bytes. Raises MasterKeyUnavailableError."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._run(nonce, key, encrypts=True)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key. Raises SealError, MasterKeyUnavailableError."""
        nonce, content = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        return self._run(nonce, content, encrypts=False)

    def _run(self, nonce: bytes, content: bytes, *, encrypts: bool) -> bytes:
        """Have the token encrypt or decrypt; on a session of its own if that fails, for the old one may be gone."""
        with self._lock:
            for last in (False, True):
                key = self._key or _opened(*self._place)
                self._key = key
                act = key.encrypt if encrypts else key.decrypt
                parameters = GCMParams(nonce, _CONTEXT, _TAG_BITS)
                try:
                    return bytes(act(content, mechanism=Mechanism.AES_GCM, mechanism_param=parameters))
                except _NEVER_OPENS:
                    break
                except (PKCS11Error, ValueError) as error:
                    self._key = None
                    with suppress(PKCS11Error):
                        key.session.close()
                    if last and encrypts:
                        raise _away(self._place[1], error) from None
        # Tokens have no one code for a tag that doesn't fit; a session that was just opened was asked, so it isn't gone.
        raise SealError("a record's key isn't wrapped under this master key, or was altered")

    def __repr__(self) -> str:
        return f"Pkcs11Key({self.id})"


def _opened(library: Path, token: str, label: str, pin: str) -> _Cipher:
    try:
        place = pkcs11.lib(str(library)).get_token(token_label=token)
        try:
            session = place.open(user_pin=pin)
        except UserAlreadyLoggedIn:  # another key of the same token is in use in this process
            session = place.open()
        found = session.get_key(label=label, key_type=KeyType.AES, object_class=ObjectClass.SECRET_KEY)
    except (PinIncorrect, PinLenRange):
        raise SigningKeyError(
            f"the PIN isn't that of the token {token!r}; a token locks after a few wrong ones"
        ) from None
    except NoSuchKey:
        raise SigningKeyError(f"the token {token!r} has no AES key {label!r}; make one, or name another") from None
    except (PKCS11Error, RuntimeError, OSError) as error:  # RuntimeError: the library can't be loaded
        raise _away(token, error) from None
    return cast(_Cipher, found)


def _away(token: str, error: Exception) -> MasterKeyUnavailableError:
    return MasterKeyUnavailableError(
        f"the token {token!r} doesn't answer ({type(error).__name__}); check the PKCS#11 library, and that the token is there"
    )
