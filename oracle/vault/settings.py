"""The vault's settings: one TOML file, each overridden by ``ASSENT_VAULT_<NAME>`` in the environment; secrets by file."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
from eth_utils import is_address, to_checksum_address
from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from oracle.core.errors import ConfigurationError

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


class VaultSettings(BaseSettings):
    """What a vault needs to know. Paths in the file are relative to its folder, those in the environment to the working directory.

    ``public_url`` is what ``commit`` writes on chain; ``start_block`` the block of the contract's deployment; ``models`` are package
    folders, from which the vault learns which fields an input schema stands for; ``freshness_s`` is how old (in seconds) the latest
    block that it goes by may be.
    """

    model_config = SettingsConfigDict(env_prefix="ASSENT_VAULT_", extra="forbid", frozen=True)

    rpc_url: Url
    chain_id: Annotated[int, Field(gt=0)]
    contract: Annotated[str, AfterValidator(_contract)]
    start_block: Annotated[int, Field(ge=0)] = 0
    database: Annotated[str, AfterValidator(_database)] = DEFAULT_DATABASE
    master_key_file: File
    master_password_file: File
    models: Annotated[tuple[Folder, ...], Field(min_length=1)]
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8650
    public_url: Url
    freshness_s: Annotated[float, Field(ge=0, le=60)] = 0.2
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before what was passed (the file's content); no .env file, no secrets folder."""
        return env_settings, init_settings


def load_vault_settings(path: Path) -> VaultSettings:
    """Read and check the settings. Raises ConfigurationError with all problems, each naming its setting."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError([f"{path}: can't be read: {error.strerror}; check the path"]) from None
    except ValueError as error:
        raise ConfigurationError([f"{path}: isn't UTF-8 TOML: {error}"]) from None
    try:
        return VaultSettings(**_anchored(content, path.parent))
    except SettingsError as error:  # an environment variable that isn't the JSON it must be
        raise ConfigurationError([f"ASSENT_VAULT_*: {error}"]) from None
    except ValidationError as error:
        raise ConfigurationError([_problem(item) for item in error.errors(include_input=False)]) from None


def _problem(item: ErrorDetails) -> str:
    return f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}"


def _anchored(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make the file's relative paths relative to its folder; leave what isn't a path to validation."""
    anchored = dict(content)
    for name in ("master_key_file", "master_password_file"):
        if isinstance(anchored.get(name), str):
            anchored[name] = folder / anchored[name]
    if isinstance(anchored.get("models"), list):
        anchored["models"] = [folder / each if isinstance(each, str) else each for each in anchored["models"]]
    anchored["database"] = _anchored_database(anchored.get("database", DEFAULT_DATABASE), folder)
    return anchored


def _anchored_database(url: Any, folder: Path) -> Any:
    try:
        parsed = make_url(url)
    except ArgumentError:
        return url
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return url
    return parsed.set(database=str(folder / parsed.database)).render_as_string(hide_password=False)
