"""Opens an operator's keys as its settings name them: from files, from a remote signer, or some from each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oracle.core.errors import SignerUnavailableError, SigningKeyError
from oracle.keys.devnet import refuse_devnet_key
from oracle.keys.keyring import Keyring
from oracle.keys.keystore import read_seal_key, read_signer
from oracle.keys.signer import AsyncSigner
from oracle.keys.web3signer import RemoteSigner, Web3Signer
from oracle.settings import KeySettings
from oracle.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class OperatorKeys:
    """The keyring, the sender, and the remote signer if there is one. Close it at the end."""

    keyring: Keyring
    sender: AsyncSigner
    remote: Web3Signer | None

    async def check(self) -> list[str]:
        """Return why this node couldn't sign now, each reason once; none if it could. Raises SigningKeyError if waiting won't help."""
        reasons = []
        for signer in (*map(self.keyring.signer, self.keyring.addresses), self.sender):
            try:
                await signer.check()
            except SignerUnavailableError as error:
                reasons.append(str(error))
                break  # the same signer has the others
        return reasons

    async def problems(self) -> list[str]:
        """Return why this node couldn't sign now, whether waiting helps or not; none if it could. For readiness."""
        try:
            return await self.check()
        except SigningKeyError as error:
            return [str(error)]

    async def aclose(self) -> None:
        """Close the connections to the remote signer."""
        if self.remote is not None:
            await self.remote.aclose()


def open_keys(keys: KeySettings, chain_id: int, metrics: Metrics) -> OperatorKeys:
    """Open the keys; nothing is asked of a remote signer yet.

    Raises SigningKeyError, also for a devnet's key on a chain that is none, wherever the key is.
    """
    remote = Web3Signer(keys.remote, metrics) if keys.remote else None

    def kept(*paths: Path) -> list[AsyncSigner]:
        return [_allowed(read_signer(path, keys.password_file), chain_id) for path in paths]

    def held(*addresses: str) -> list[AsyncSigner]:
        return [_allowed(RemoteSigner(address, remote), chain_id) for address in addresses] if remote else []

    far = keys.remote
    attesters = kept(*keys.attester) + (held(*far.attester) if far else [])
    senders = (kept(keys.sender) if keys.sender else []) + (held(far.sender) if far and far.sender else [])
    seal_keys = [read_seal_key(path, keys.password_file) for path in keys.seal]
    return OperatorKeys(Keyring(attesters, seal_keys), senders[0], remote)


def _allowed(signer: AsyncSigner, chain_id: int) -> AsyncSigner:
    refuse_devnet_key(signer.address, chain_id)
    return signer
