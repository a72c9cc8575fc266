"""The master key, under which the records' keys are wrapped: a port, and the key that is in a file. Others are in modules of their own."""

from __future__ import annotations

import hashlib
import hmac
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from oracle.core.errors import AssentError, SealError, SigningKeyError

KEY_BYTES = 32


class MasterKeyUnavailableError(AssentError):
    """Whatever keeps the master key doesn't answer now. Asking again later may help."""


class MasterKey(Protocol):
    """Wraps keys of 32 bytes. Calls block, and may come from several threads.

    ``id`` tells one master key from another, and is no secret: it is written down with what was wrapped.
    """

    @property
    def id(self) -> str:
        """Name the key."""

    def wrap(self, key: bytes) -> bytes:
        """Wrap a key. Raises MasterKeyUnavailableError."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key. Raises SealError if it wasn't wrapped under this one, or was altered; MasterKeyUnavailableError."""


class LocalKey:
    """A master key that is in this process's memory, read from a key file. Wraps by RFC 3394."""

    def __init__(self, secret: bytes) -> None:
        """Take the key, 32 bytes. Raises SigningKeyError if it has another length."""
        if len(secret) != KEY_BYTES:
            raise SigningKeyError(f"a vault's master key has {KEY_BYTES} bytes; make another with `assent keys new`")
        self._secret = secret
        self.id = "local:" + hmac.digest(secret, b"assent-vault/1 master key's id", hashlib.sha256).hex()[:32]

    def wrap(self, key: bytes) -> bytes:
        """Wrap a key, in 40 bytes."""
        return aes_key_wrap(self._secret, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key. Raises SealError."""
        try:
            return aes_key_unwrap(self._secret, wrapped)
        except (InvalidUnwrap, ValueError):
            raise SealError("a record's key isn't wrapped under this master key, or was altered") from None

    def __repr__(self) -> str:
        return f"LocalKey({self.id})"
