"""The node's settings: one TOML file, overridden by ``ASSENT_NODE_*`` variables. Secrets are named by file, never given by value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from oracle.core.addresses import Addresses
from oracle.setting_files import FileSettings, anchored_database, anchored_paths, load_settings

DEFAULT_DATABASE = "sqlite:///assent-node.db"


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


def _without_password(value: str) -> str:
    server, _, options = value.partition("://")[2].partition("?")
    if not value.startswith("sqlite") and (":" in server.rpartition("@")[0] or "password=" in options):
        raise ValueError(
            "no place for a password: put it into a file of libpq's form, mode 0600; name that with ?passfile="
        )
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
ExistingPath = Annotated[Path, AfterValidator(_existing)]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
#: One file, or a list of them.
KeyFiles = Annotated[tuple[ExistingPath, ...], NoDecode, BeforeValidator(_several)]
#: One address, or a list of them.
AddressList = Annotated[tuple[Address, ...], NoDecode, BeforeValidator(_several)]
#: ``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME?passfile=PATH``.
DatabaseUrl = Annotated[str, AfterValidator(_without_password)]
Finality = Annotated[str, Field(pattern=r"^(finalized|safe|latest|[0-9]{1,4})$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChainSettings(_Section):
    """Which deployment (Assent's own address, its committee's and the records'), and how far its chain is believed: a finality tag, or a
    depth in blocks below the head.

    ``rpc_url`` is the preferred endpoint, ``rpc_urls`` are all or the others, in their order; one of the two settings is enough. A call
    takes ``timeout_s`` at most; after ``patience_s`` another endpoint is asked as well. An endpoint that is behind the best by more than
    ``max_lag_blocks`` isn't asked while another isn't. A range has ``range_blocks`` at most, and fewer where that many have more than
    ``range_logs`` logs. Every block is read a second time when ``reread_blocks`` more are there, for logs that came late; 0 is never.
    """

    rpc_url: HttpUrl
    rpc_urls: tuple[HttpUrl, ...] = ()
    chain_id: Annotated[int, Field(gt=0)]
    contract: Address
    committee: Address
    records: Address
    start_block: Annotated[int, Field(ge=0)] = 0
    finality: Finality = "finalized"
    poll_interval_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    patience_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    max_lag_blocks: Annotated[int, Field(ge=0, le=10_000)] = 2
    range_blocks: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    range_logs: Annotated[int, Field(ge=1, le=1_000_000)] = 5_000
    reread_blocks: Annotated[int, Field(ge=0, le=1_000)] = 10

    @model_validator(mode="before")
    @classmethod
    def _preferred(cls, data: Any) -> Any:
        urls = data.get("rpc_urls") if isinstance(data, dict) else None
        if "rpc_url" not in (data or {}) and isinstance(urls, list | tuple) and urls:
            return {**data, "rpc_url": urls[0]}
        return data

    @property
    def addresses(self) -> Addresses:
        """Where the deployment's contracts are."""
        return Addresses(self.contract, self.committee, self.records)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """All endpoints, the preferred first, each once."""
        return tuple(dict.fromkeys((self.rpc_url, *self.rpc_urls)))


class SendSettings(_Section):
    """How the node's transactions are paid and looked after.

    None offers more than ``max_fee_gwei`` for a unit of gas. One that isn't in a block after ``bump_blocks`` is sent again for
    ``bump_percent`` more, or what the chain wants by then; at the most, it is sent again as it is.
    """

    max_fee_gwei: Annotated[float, Field(gt=0, le=1_000_000)] = 1_000.0
    bump_blocks: Annotated[int, Field(ge=1, le=1_000)] = 5
    bump_percent: Annotated[int, Field(ge=10, le=100)] = 12


class RemoteSignerSettings(_Section):
    """A remote signer that speaks Web3Signer's HTTP API, and the addresses whose keys it has.

    ``ca_file`` (PEM) replaces the system's certificate authorities; ``client_cert_file`` and ``client_key_file`` (PEM) show the signer
    who asks. ``timeout_s`` is for one signature, what is tried again included.
    """

    url: HttpUrl
    attester: AddressList = ()
    sender: Address | None = None
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 3.0
    ca_file: ExistingPath | None = None
    client_cert_file: ExistingPath | None = None
    client_key_file: ExistingPath | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.attester and self.sender is None:
            raise ValueError("signs for nobody: name addresses in attester or sender, or leave the section out")
        if (self.client_cert_file is None) != (self.client_key_file is None):
            raise ValueError("client_cert_file and client_key_file go together: name both or none")
        if not self.url.startswith("https://") and (self.ca_file or self.client_cert_file):
            raise ValueError("certificates are for https: change url, or leave them out")
        return self


class KeySettings(_Section):
    """Keystore files (Web3 Secret Storage): the attester signs reports, the sender pays gas, the seal key opens released fields.

    Attesters and the sender may be with a remote signer instead: see ``remote``. For a change of keys, name the old and the new one of
    ``attester`` or ``seal`` in a list: the epoch decides which is used. With ``post_quantum`` vaults seal fields to a hybrid key
    (ML-KEM-768 with X25519) that the node makes at each start, and then to the seal key; a vault of before that refuses such an ask.
    """

    attester: KeyFiles = ()
    sender: ExistingPath | None = None
    seal: Annotated[KeyFiles, Field(min_length=1)]
    password_file: ExistingPath
    remote: RemoteSignerSettings | None = None
    post_quantum: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        problems = []
        if not self.attester and not (self.remote and self.remote.attester):
            problems.append("there is no attester: name a key file in attester, or an address in remote.attester")
        senders = [self.sender, self.remote and self.remote.sender]
        if all(each is None for each in senders):
            problems.append("there is no sender: name a key file in sender, or an address in remote.sender")
        if all(each is not None for each in senders):
            problems.append("there are two senders: keep either sender or remote.sender")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class HttpSettings(_Section):
    """Where the node listens. A port of 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 9100


class WorkSettings(_Section):
    """Pace of the pipeline, and what the node does for the protocol.

    ``report_max`` verdicts go into one report. A request whose callback names more gas than ``max_callback_gas`` gets no verdict here.
    What is due within ``answer_margin_s`` isn't answered any more: it might be mined too late, and its verdict be had for nothing. An
    anchored verdict that nobody claimed is claimed ``claim_margin_s`` before its deadline. ``arbiters`` are those under whom the node
    signs and judges: a model's arbiter may take from both, and whoever publishes a model names it. ``rotate_epochs`` lets the node start
    epochs that are due; ``renew_lease`` lets it renew its operator's lease, if the operator is its sender.
    ``attest_erasures`` lets it say on chain, and pay for it, that it has nothing left of a record whose agreement asked for that.
    Ended requests go to the archive ``archive_after_days`` after their deadline; 0 is never.
    """

    batch_size: Annotated[int, Field(ge=1, le=4_096)] = 64
    turn_blocks: Annotated[int, Field(ge=1, le=1_000)] = 3
    report_max: Annotated[int, Field(ge=1, le=256)] = 64
    max_callback_gas: Annotated[int, Field(ge=0, le=65_535_000)] = 500_000
    answer_margin_s: Annotated[int, Field(ge=0, le=600)] = 24
    claim_margin_s: Annotated[int, Field(ge=0, le=2**32)] = 600
    attest_erasures: bool = True
    arbiters: AddressList = ()
    rotate_epochs: bool = True
    renew_lease: bool = True
    archive_after_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    cosign_wait_s: Annotated[float, Field(gt=0, le=30)] = 3.0
    peer_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    vault_timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    allow_private_addresses: bool = False


class RuntimeSettings(_Section):
    """Where models run: a worker process beside the node, or a Ray cluster; "auto" computes on CUDA where there is one.

    At most ``max_batch`` rows are evaluated at a time. Rows that take longer than ``timeout_s``, or more than ``memory_mib`` beside
    torch itself, are refused one by one. ``models_folder`` is looked at every ``scan_interval_s``.

    The rest is Ray's: copies of each model, the cluster's address ("local" starts one), and what the deployments' names begin with;
    two nodes on one cluster need two prefixes.
    """

    kind: Literal["worker", "ray"] = "worker"
    device: Literal["cpu", "cuda", "auto"] = "auto"
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    memory_mib: Annotated[int, Field(ge=16, le=1_048_576)] = 2_048
    max_batch: Annotated[int, Field(ge=1, le=256)] = 64
    scan_interval_s: Annotated[float, Field(gt=0, le=3600)] = 10.0
    replicas: Annotated[int, Field(ge=1, le=256)] = 1
    ray_address: str = "local"
    ray_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "assent"


class HealthSettings(_Section):
    """When ``/readyz`` says no: the sender's ether is enough for less than ``min_verdicts`` at the current fee, less than ``min_free_mb``
    of disk are left, or the believed head is older than ``stale_s``; by default as old as the chain's finality explains.
    """

    min_verdicts: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    min_free_mb: Annotated[int, Field(ge=0, le=10**9)] = 512
    stale_s: Annotated[int, Field(ge=1, le=10**6)] | None = None


class NodeSettings(FileSettings):
    """Everything that a node is told.

    ``models`` are packages that must load; in ``models_folder`` they come and go while the node runs.
    """

    model_config = SettingsConfigDict(
        env_prefix="ASSENT_NODE_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    chain: ChainSettings
    keys: KeySettings
    send: SendSettings = SendSettings()
    http: HttpSettings = HttpSettings()
    work: WorkSettings = WorkSettings()
    runtime: RuntimeSettings = RuntimeSettings()
    health: HealthSettings = HealthSettings()
    database: DatabaseUrl = DEFAULT_DATABASE
    models_folder: ExistingPath | None = None
    models: Annotated[tuple[ExistingPath, ...], Field(validate_default=True)] = ()
    log_format: Annotated[str, Field(pattern=r"^(json|console)$")] = "json"
    log_level: Annotated[str, Field(pattern=r"^(debug|info|warning|error)$")] = "info"

    @field_validator("models")
    @classmethod
    def _some_model(cls, value: tuple[Path, ...], info: ValidationInfo) -> tuple[Path, ...]:
        if not value and info.data.get("models_folder") is None:
            raise ValueError("name a package's folder here, or in models_folder a folder where packages come and go")
        return value


def _anchored(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    anchored = dict(content)
    if isinstance(anchored.get("keys"), dict):
        anchored["keys"] = _anchored_keys(anchored["keys"], folder)
    anchored["models"] = anchored_paths(anchored.get("models"), folder)
    if isinstance(anchored.get("models_folder"), str):
        anchored["models_folder"] = folder / anchored["models_folder"]
    anchored["database"] = anchored_database(anchored.get("database", DEFAULT_DATABASE), folder)
    return {name: each for name, each in anchored.items() if each is not None}


def _anchored_keys(keys: dict[str, Any], folder: Path) -> dict[str, Any]:
    anchored = {
        name: folder / each if isinstance(each, str) else anchored_paths(each, folder) for name, each in keys.items()
    }
    if isinstance(keys.get("remote"), dict):
        anchored["remote"] = {
            name: folder / each if name.endswith("_file") and isinstance(each, str) else each
            for name, each in keys["remote"].items()
        }
    return anchored


def load_node_settings(path: Path) -> NodeSettings:
    """Read the node's settings. Raises ConfigurationError with every problem at once."""
    return load_settings(NodeSettings, path, _anchored)
