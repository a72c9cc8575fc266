"""The ports through which everything is signed, and their implementation with a key in memory."""

from typing import Any, Protocol

from eth_keys.datatypes import PrivateKey

from oracle.core import digests
from oracle.core.digests import Digest
from oracle.core.errors import SigningKeyError
from oracle.keys.transactions import UnsignedTransaction, must_be

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class Signer(Protocol):
    """Signs for one address, at once: what the client signs with."""

    @property
    def address(self) -> str:
        """The checksummed address whose signatures these are."""

    def sign(self, digest: Digest) -> bytes:
        """Return the compact signature (EIP-2098, 64 bytes) of a digest. Raises SigningKeyError."""

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Return the raw signed transaction. Raises SigningKeyError."""


class AsyncSigner(Protocol):
    """Signs for one address, wherever its key is: what the daemon signs with."""

    @property
    def address(self) -> str:
        """The checksummed address whose signatures these are."""

    async def asign(self, digest: Digest) -> bytes:
        """Return the compact signature (EIP-2098, 64 bytes) of a digest. Raises SigningKeyError."""

    async def asign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Return the raw signed transaction. Raises SigningKeyError."""

    async def check(self) -> None:
        """Raise SigningKeyError if it couldn't sign now."""


class LocalSigner:
    """A signer with its key in memory, for client and daemon. What it signs is recovered and compared before it leaves."""

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
        must_be(self.address, digests.recover(digest, signature))
        return signature

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Return the raw signed transaction. Raises SigningKeyError, or TypeError if a field of the transaction is missing or wrong."""
        unsigned = UnsignedTransaction(transaction, self.address)
        return unsigned.signed(self.sign(unsigned.digest))

    async def asign(self, digest: bytes) -> bytes:
        """Do as :meth:`sign`, for the daemon: a tenth of a millisecond, so that it doesn't leave the loop."""
        return self.sign(digest)

    async def asign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Do as :meth:`sign_transaction`, for the daemon."""
        return self.sign_transaction(transaction)

    async def check(self) -> None:
        """Find nothing amiss: a key in memory is always there."""
