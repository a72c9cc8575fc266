"""The vault's settings: one TOML file, each overridden by ``ASSENT_VAULT_<NAME>`` in the environment; secrets by file."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import httpx
from eth_utils import is_address, to_checksum_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from oracle.core.addresses import Addresses
from oracle.setting_files import FileSettings, anchored_database, anchored_paths, load_settings
from oracle.vault.budgets import DEFAULT_PER_DAY

DEFAULT_DATABASE = "sqlite:///vault.sqlite"


def _http(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("must be an http or https URL")
    return url


def _contract(address: str) -> str:
    if not is_address(address):
        raise ValueError("must be the contract's address: 0x and 40 hexadecimal digits")
    return to_checksum_address(address)


ContractAddress = Annotated[str, AfterValidator(_contract)]


def _database(url: str) -> str:
    try:
        make_url(url)
    except ArgumentError:
        raise ValueError("must be an SQLAlchemy URL, for example sqlite:///vault.sqlite") from None
    return url


def _file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"there is no folder {path}")
    return path


Url = Annotated[str, AfterValidator(_http)]
File = Annotated[Path, AfterValidator(_file)]
Folder = Annotated[Path, AfterValidator(_folder)]


class Pkcs11Settings(BaseModel):
    """A master key on a PKCS#11 token: the token's library, the labels of token and key, and a file (0600) with the user's PIN."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    library: File
    token: Annotated[str, Field(min_length=1)]
    key: Annotated[str, Field(min_length=1)]
    pin_file: File


class CiphertextSettings(BaseModel):
    """Where ciphertexts are kept, if not in the database.

    ``url`` is ``file:///FOLDER``, ``s3://BUCKET/PREFIX`` (with ``endpoint`` and ``region``), ``https://…`` (PUT, GET, DELETE), or
    ``ipfs+https://GATEWAY`` (with ``api``, an IPFS node's RPC, to add). ``token_file`` (0600) has a bearer's token for the server or the
    node. ``timeout_s`` is for one call.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, Field(pattern=r"^(file:///|s3://[^/@?#]+|(ipfs\+)?https?://[^/@?#]+)[^@?#]*$")]
    endpoint: Url | None = None
    region: str | None = None
    api: Url | None = None
    token_file: File | None = None
    allow_private_addresses: bool = False
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0


class VaultSettings(FileSettings):
    """What a vault needs to know. Paths in the file are relative to its folder, those in the environment to the working directory.

    The master key is in ``master_key_file`` (with ``master_password_file``) or on a token (``master_pkcs11``).
    ``rpc_url`` is the preferred endpoint, ``rpc_urls`` are others, asked in their order when one fails or is slow.
    ``contract`` is Assent's own address, ``committee`` and ``records`` are those of its other contracts.
    ``public_url`` is what ``commit`` writes on chain; ``start_block`` the block of the contract's deployment; ``models`` are package
    folders, from which the vault learns which fields an input schema stands for; ``freshness_s`` is how old (in seconds) the latest
    block that it goes by may be; ``operator_releases_per_day`` is what one operator may have, at once and then spread over each day;
    ``notices`` is a folder with notices that name who may process: `assent vault notice` puts them there.
    """

    model_config = SettingsConfigDict(env_prefix="ASSENT_VAULT_", extra="forbid", frozen=True)

    rpc_url: Url
    rpc_urls: tuple[Url, ...] = ()
    chain_id: Annotated[int, Field(gt=0)]
    contract: ContractAddress
    committee: ContractAddress
    records: ContractAddress
    start_block: Annotated[int, Field(ge=0)] = 0
    database: Annotated[str, AfterValidator(_database)] = DEFAULT_DATABASE
    master_key_file: File | None = None
    master_password_file: File | None = None
    master_pkcs11: Pkcs11Settings | None = None
    ciphertexts: CiphertextSettings | None = None
    models: Annotated[tuple[Folder, ...], Field(min_length=1)]
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8650
    public_url: Url
    freshness_s: Annotated[float, Field(ge=0, le=60)] = 0.2
    operator_releases_per_day: Annotated[int, Field(gt=0)] = DEFAULT_PER_DAY
    notices: Folder | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def addresses(self) -> Addresses:
        """Where the deployment's contracts are."""
        return Addresses(self.contract, self.committee, self.records)

    @model_validator(mode="after")
    def _one_master_key(self) -> Self:
        in_file, on_token = (self.master_key_file, self.master_password_file), self.master_pkcs11 is not None
        if on_token == any(in_file) or any(in_file) != all(in_file):
            raise ValueError("name one master key: master_key_file with master_password_file, or master_pkcs11")
        return self

    @property
    def endpoints(self) -> tuple[str, ...]:
        """All endpoints, the preferred first, each once."""
        return tuple(dict.fromkeys((self.rpc_url, *self.rpc_urls)))


def load_vault_settings(path: Path) -> VaultSettings:
    """Read and check the settings. Raises ConfigurationError with all problems, each naming its setting."""
    return load_settings(VaultSettings, path, _anchored)


def _anchored(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    anchored = dict(content)
    for name in ("master_key_file", "master_password_file"):
        if isinstance(anchored.get(name), str):
            anchored[name] = folder / anchored[name]
    if isinstance(token := anchored.get("master_pkcs11"), dict):
        files = {name: folder / token[name] for name in ("library", "pin_file") if isinstance(token.get(name), str)}
        anchored["master_pkcs11"] = {**token, **files}
    if isinstance(kept := anchored.get("ciphertexts"), dict) and isinstance(kept.get("token_file"), str):
        anchored["ciphertexts"] = {**kept, "token_file": folder / kept["token_file"]}
    anchored["models"] = anchored_paths(anchored.get("models"), folder)
    anchored["database"] = anchored_database(anchored.get("database", DEFAULT_DATABASE), folder)
    return {name: each for name, each in anchored.items() if each is not None}
