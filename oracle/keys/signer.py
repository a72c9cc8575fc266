"""The port through which everything is signed, and its implementation with a key in memory."""

from typing import Any, Protocol

from eth_account import Account
from eth_keys.datatypes import PrivateKey

from oracle.core import digests
from oracle.core.errors import SigningKeyError

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class Signer(Protocol):
    """Signs for one address, wherever its key is."""

    @property
    def address(self) -> str:
        """The checksummed address whose signatures these are."""

    def sign(self, digest: bytes) -> bytes:
        """Return the compact signature (EIP-2098, 64 bytes) of a 32-byte digest. Raises SigningKeyError."""

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Return the raw signed transaction. Raises SigningKeyError."""


class LocalSigner:
    """A signer with its key in memory. What it signs is recovered and compared before it leaves."""

    __slots__ = ("_key", "address")

    def __init__(self, private_key: bytes) -> None:
        """Take a secp256k1 private key, 32 bytes. Raises SigningKeyError if it isn't one."""
        if len(private_key) != 32 or not 0 < int.from_bytes(private_key, "big") < _ORDER:
            raise SigningKeyError("not a secp256k1 private key: it has 32 bytes and lies within the curve's order")
        self._key = bytes(private_key)
        self.address: str = PrivateKey(self._key).public_key.to_checksum_address()

    def __repr__(self) -> str:
        return f"LocalSigner({self.address})"

    def sign(self, digest: bytes) -> bytes:
        """Return the compact signature (EIP-2098, 64 bytes) of a 32-byte digest. Raises SigningKeyError."""
        if len(digest) != 32:
            raise SigningKeyError(f"a digest has 32 bytes, this one {len(digest)}; hash what you want signed")
        signature = digests.sign(self._key, digest)
        self._must_be_mine(digests.recover(digest, signature))
        return signature

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Return the raw signed transaction. Raises SigningKeyError, or TypeError if a field of the transaction is missing or wrong."""
        raw = bytes(Account.sign_transaction(transaction, self._key).raw_transaction)
        self._must_be_mine(Account.recover_transaction(raw))
        return raw

    def _must_be_mine(self, recovered: str | None) -> None:
        if recovered != self.address:
            raise SigningKeyError(
                f"a signature for {self.address} recovers to {recovered}; it was not used: check this machine's memory and libraries"
            )
