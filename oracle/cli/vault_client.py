"""The contract as a vault's commands reach it: by the vault's settings, to read, or to sign as its holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.client import AssentClient
    from oracle.vault.release_log import LogHead
    from oracle.vault.settings import VaultSettings


def anchored_heads(client: AssentClient, holder: str) -> list[LogHead]:
    """Return the heads of a holder's release log that were put on chain, the last one last."""
    from oracle.vault.release_log import LogHead  # noqa: PLC0415

    events = client.events("LogAnchored", bytes.fromhex(holder[2:]))
    return [LogHead(event.arguments["number"], bytes(event.arguments["digest"])) for event in events]


def client_of(settings: VaultSettings, keystore: Path | None, password_file: Path | None) -> AssentClient:
    """Return a client that signs as the holder. Raises ConfigurationError or SigningKeyError."""
    from oracle.keys.devnet import refuse_devnet_key  # noqa: PLC0415
    from oracle.keys.keystore import read_signer  # noqa: PLC0415

    if keystore is None:
        raise ConfigurationError(["--keystore: name the holder's key file"])
    if password_file is None:
        raise ConfigurationError(["--password-file: name the file with the keystore's password"])
    signer = read_signer(keystore, password_file)
    refuse_devnet_key(signer.address, settings.chain_id)
    return reader_of(settings).with_signer(signer)


def reader_of(settings: VaultSettings) -> AssentClient:
    """Return a client that only reads, of the contract in a vault's settings."""
    from oracle.client import AssentClient  # noqa: PLC0415

    place = (settings.rpc_url, settings.contract)
    return AssentClient(*place, chain_id=settings.chain_id, start_block=settings.start_block)
