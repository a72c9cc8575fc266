"""An operator's attester keys and seal keys: those in use, and those that it changes from or to.

An epoch keeps its members' keys, so around a change of keys a node signs with the old one until the rotation and with the new one after it.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from oracle.core.errors import SigningKeyError
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import AsyncSigner


class Keyring:
    """Signers by address, and seal keys in the order in which they are tried."""

    def __init__(self, signers: Iterable[AsyncSigner], seal_keys: Iterable[SealKey]) -> None:
        """Raises SigningKeyError when there is no signer, no seal key, or one twice."""
        self._signers: dict[str, AsyncSigner] = {}
        for signer in signers:
            if signer.address in self._signers:
                raise SigningKeyError(
                    f"{signer.address} is named twice; name each attester once, by its file or among keys.remote.attester"
                )
            self._signers[signer.address] = signer
        self._seal_keys = tuple(seal_keys)
        if not self._signers or not self._seal_keys:
            raise SigningKeyError("an operator needs an attester and a seal key; make them with `assent keys new`")

    @property
    def addresses(self) -> tuple[str, ...]:
        """The attesters' addresses, checksummed, in the order of the settings."""
        return tuple(self._signers)

    @property
    def seal_keys(self) -> tuple[X25519PrivateKey, ...]:
        """The seal keys' private halves, in the order of the settings."""
        return tuple(key.private for key in self._seal_keys)

    def signer(self, attester: str) -> AsyncSigner:
        """Return the signer of one of the addresses. Raises SigningKeyError if there is none."""
        signer = self._signers.get(attester)
        if signer is None:
            raise SigningKeyError(
                f"there is no key of {attester} here; name it in keys.attester or keys.remote.attester"
            )
        return signer
