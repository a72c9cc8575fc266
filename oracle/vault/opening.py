"""Opens what a vault's settings name: its records, its master key, and where its ciphertexts are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from oracle.core.digests import Domain
from oracle.core.errors import ConfigurationError, SigningKeyError
from oracle.keys.keystore import read_password, read_secret
from oracle.vault.blobs import Blobs
from oracle.vault.master_key import LocalKey, MasterKey
from oracle.vault.settings import CiphertextSettings, VaultSettings
from oracle.vault.store import VaultStore
from oracle.vault.vault import Vault


def open_vault(settings: VaultSettings) -> Vault:
    """Open the records of a vault.

    Raises ConfigurationError if its database can't be opened or is another one's, and what :func:`open_master_key` does.
    """
    master_key = open_master_key(settings)
    blobs = None if settings.ciphertexts is None else open_blobs(settings.ciphertexts)
    return Vault(VaultStore(settings.database, Domain(settings.chain_id, settings.contract)), master_key, blobs)


def open_master_key(settings: VaultSettings) -> MasterKey:
    """Open the master key that the settings name. Raises SigningKeyError, or MasterKeyUnavailableError if its token isn't there."""
    token = settings.master_pkcs11
    if token is not None:
        try:
            from oracle.vault.pkcs11_key import Pkcs11Key  # noqa: PLC0415  only for who has one
        except ModuleNotFoundError:
            raise ConfigurationError(["master_pkcs11: needs `pip install 'assent[pkcs11]'`"]) from None
        return Pkcs11Key(token.library, token.token, token.key, read_password(token.pin_file))
    if settings.master_key_file is None or settings.master_password_file is None:
        raise SigningKeyError("the settings name no master key")  # they were checked
    return LocalKey(read_secret(settings.master_key_file, settings.master_password_file))


def open_blobs(settings: CiphertextSettings) -> Blobs:
    """Open where ciphertexts are kept; nothing is sent yet. Raises ConfigurationError, or SigningKeyError for an unreadable token."""
    try:
        return _blobs(settings)
    except ModuleNotFoundError:
        raise ConfigurationError(["ciphertexts: needs `pip install 'assent[ciphertexts]'`"]) from None


def _blobs(settings: CiphertextSettings) -> Blobs:
    from oracle.vault.blobs import FolderBlobs  # noqa: PLC0415  only for who has them outside the database

    place = urlsplit(settings.url)
    if place.scheme == "file":
        folder = Path(unquote(place.path))
        if not folder.is_dir():
            raise ConfigurationError([f"ciphertexts.url: there is no folder {folder}; make it, with mode 0700"])
        return FolderBlobs(folder)
    if place.scheme == "s3":
        from oracle.vault.object_blobs import ObjectBlobs  # noqa: PLC0415

        prefix = place.path.strip("/")
        return ObjectBlobs(place.netloc, prefix, settings.endpoint, settings.region, settings.timeout_s)
    return _web_blobs(settings)


def _web_blobs(settings: CiphertextSettings) -> Blobs:
    from oracle.vault.web_blobs import IpfsBlobs, Web, WebBlobs  # noqa: PLC0415

    token = None if settings.token_file is None else read_password(settings.token_file)
    private, timeout_s = settings.allow_private_addresses, settings.timeout_s
    if not settings.url.startswith("ipfs+"):
        return WebBlobs(Web(allow_private=private, timeout_s=timeout_s, token=token), settings.url)
    gateway = Web(allow_private=private, timeout_s=timeout_s)
    # The holder's own node, which is usually on this machine: no stranger names it.
    node = None if settings.api is None else Web(allow_private=True, timeout_s=timeout_s, token=token)
    return IpfsBlobs(gateway, settings.url.removeprefix("ipfs+"), node, settings.api)
