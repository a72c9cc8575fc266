"""The keys to which vaults seal fields, for HPKE (RFC 9180): X25519, and a hybrid one of ML-KEM-768 and X25519."""

import secrets
from typing import Self

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from oracle.core.errors import SigningKeyError


class SealKey:
    """An operator's X25519 key pair. ``public`` (32 bytes) is what it registers on chain; ``private`` goes to ``envelope.open_sealed``."""

    __slots__ = ("private", "public")

    def __init__(self, secret: bytes) -> None:
        """Take the private key, 32 bytes. Raises SigningKeyError if it has another length."""
        if len(secret) != 32:
            raise SigningKeyError(
                f"a seal key has 32 bytes, this one {len(secret)}; make another with `assent keys new`"
            )
        self.private = X25519PrivateKey.from_private_bytes(secret)
        self.public = self.private.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> Self:
        """Make a new key pair from the system's randomness."""
        return cls(secrets.token_bytes(32))

    def __repr__(self) -> str:
        return f"SealKey(public=0x{self.public.hex()})"


class HybridKey:
    """A key pair that a node makes when it starts, and forgets when it ends. ``public`` (1216 bytes) is ML-KEM-768's, then X25519's."""

    __slots__ = ("private", "public")

    def __init__(self) -> None:
        """Make it from the system's randomness."""
        lattice, curve = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
        self.private = MLKEM768X25519PrivateKey(lattice, curve)
        self.public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"HybridKey(public=0x{self.public[:4].hex()}…)"
