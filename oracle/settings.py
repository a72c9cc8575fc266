"""The node's settings: one TOML file, overridden by ``ASSENT_NODE_*`` variables. Secrets are named by file, never given by value."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from oracle.core.errors import ConfigurationError

S = TypeVar("S", bound="FileSettings")

_SQLITE = "sqlite:///"
DEFAULT_DATABASE = _SQLITE + "assent-node.db"


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


def _existing(value: Path) -> Path:
    if not value.exists():
        raise ValueError(f"{value} does not exist")
    return value


def _several(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("["):  # a list in the environment
        return json.loads(value)
    return (value,) if isinstance(value, str | Path) else value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
ExistingPath = Annotated[Path, AfterValidator(_existing)]
#: One file, or a list of them.
KeyFiles = Annotated[tuple[ExistingPath, ...], NoDecode, BeforeValidator(_several), Field(min_length=1)]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
Finality = Annotated[str, Field(pattern=r"^(finalized|safe|latest|[0-9]{1,4})$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChainSettings(_Section):
    """Which deployment, and how far its chain is believed: a finality tag, or a depth in blocks below the head."""

    rpc_url: HttpUrl
    chain_id: Annotated[int, Field(gt=0)]
    contract: Address
    start_block: Annotated[int, Field(ge=0)] = 0
    finality: Finality = "finalized"
    poll_interval_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    range_blocks: Annotated[int, Field(ge=1, le=100_000)] = 2_000


class KeySettings(_Section):
    """Keystore files (Web3 Secret Storage): the attester signs reports, the sender pays gas, the seal key opens released fields.

    For a change of keys, name the old and the new one of ``attester`` or ``seal`` in a list: the epoch decides which is used.
    """

    attester: KeyFiles
    sender: ExistingPath
    seal: KeyFiles
    password_file: ExistingPath


class HttpSettings(_Section):
    """Where the node listens. A port of 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 9100


class WorkSettings(_Section):
    """Pace of the pipeline, and what the node does for the protocol.

    ``report_max`` verdicts go into one report. A request whose callback names more gas than ``max_callback_gas`` gets no verdict here.
    An anchored verdict that nobody claimed is claimed ``claim_margin_s`` before its deadline. A member that missed more than
    ``jail_after`` proposals without a break is put out; 0 is never. ``rotate_epochs`` lets the node start epochs that are due.
    """

    batch_size: Annotated[int, Field(ge=1, le=4_096)] = 64
    turn_blocks: Annotated[int, Field(ge=1, le=1_000)] = 3
    report_max: Annotated[int, Field(ge=1, le=256)] = 64
    max_callback_gas: Annotated[int, Field(ge=0, le=65_535_000)] = 500_000
    claim_margin_s: Annotated[int, Field(ge=0, le=2**32)] = 600
    jail_after: Annotated[int, Field(ge=0, le=2**31)] = 0
    rotate_epochs: bool = True
    cosign_wait_s: Annotated[float, Field(gt=0, le=30)] = 3.0
    peer_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    vault_timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    allow_private_addresses: bool = False


class HealthSettings(_Section):
    """When ``/readyz`` says no: the sender's ether is enough for less than ``min_verdicts`` at the current fee, less than ``min_free_mb``
    of disk are left, or the believed head is older than ``stale_s``; by default as old as the chain's finality explains.
    """

    min_verdicts: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    min_free_mb: Annotated[int, Field(ge=0, le=10**9)] = 512
    stale_s: Annotated[int, Field(ge=1, le=10**6)] | None = None


class FileSettings(BaseSettings):
    """Settings of one process: a TOML file's content, overridden by the environment."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the file (which arrives as init values)."""
        return env_settings, init_settings


class NodeSettings(FileSettings):
    """Everything that a node is told."""

    model_config = SettingsConfigDict(
        env_prefix="ASSENT_NODE_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    chain: ChainSettings
    keys: KeySettings
    http: HttpSettings = HttpSettings()
    work: WorkSettings = WorkSettings()
    health: HealthSettings = HealthSettings()
    database: str = DEFAULT_DATABASE
    models: Annotated[tuple[ExistingPath, ...], Field(min_length=1)]
    log_format: Annotated[str, Field(pattern=r"^(json|console)$")] = "json"
    log_level: Annotated[str, Field(pattern=r"^(debug|info|warning|error)$")] = "info"


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises ConfigurationError when it can't be read or isn't TOML."""
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigurationError(
            [f"{path}: can't be read ({error.strerror}); name another file with --config"]
        ) from error
    except UnicodeDecodeError:
        raise ConfigurationError([f"{path}: not TOML: it isn't UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{path}: not TOML: {error}"]) from error


def problems_of(error: ValidationError) -> list[str]:
    """Say each of a validation's problems in one line that begins with the setting's name, and never shows a value."""
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        lines.append(f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg'].removeprefix('Value error, ')}")
    return lines


def anchored_database(url: Any, folder: Path) -> Any:
    """Make a relative SQLite path relative to a folder; what else a database may be is left alone."""
    if isinstance(url, str) and url.startswith(_SQLITE) and not url.endswith(":memory:"):
        return _SQLITE + str(folder / url.removeprefix(_SQLITE))
    return url


def anchored_paths(paths: Any, folder: Path) -> Any:
    """Make a list's relative paths relative to a folder; what isn't a list of paths is left to validation."""
    return [folder / each if isinstance(each, str) else each for each in paths] if isinstance(paths, list) else paths


def load_settings(kind: type[S], path: Path, anchor: Callable[[dict[str, Any], Path], dict[str, Any]]) -> S:
    """Read one process's settings from a file; ``anchor`` makes its relative paths relative to the file's folder.

    Raises ConfigurationError with every problem at once, each naming its setting.
    """
    try:
        return kind(**anchor(read_toml(path), path.resolve().parent))
    except ValidationError as error:
        raise ConfigurationError(problems_of(error)) from None
    except SettingsError as error:
        raise ConfigurationError([f"environment: {error}; lists and tables are given there as JSON"]) from None


def _anchored(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    anchored = dict(content)
    keys = anchored.get("keys")
    if isinstance(keys, dict):
        anchored["keys"] = {
            name: folder / each if isinstance(each, str) else anchored_paths(each, folder)
            for name, each in keys.items()
        }
    anchored["models"] = anchored_paths(anchored.get("models"), folder)
    anchored["database"] = anchored_database(anchored.get("database", DEFAULT_DATABASE), folder)
    return {name: each for name, each in anchored.items() if each is not None}


def load_node_settings(path: Path) -> NodeSettings:
    """Read the node's settings. Raises ConfigurationError with every problem at once."""
    return load_settings(NodeSettings, path, _anchored)
