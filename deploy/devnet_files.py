"""The files of a devnet: keys, passwords and configurations, as a vault's holder and an operator would have their own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from oracle.client import Deployment
from oracle.keys.devnet import devnet_key
from oracle.keys.keystore import write_secret
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner

_PASSWORD = "devnet"  # noqa: S105  guards keys that are worth nothing
_DEPLOYER, _FIRST_OPERATOR, _HOLDER, _SUBJECT, _CONTROLLER, _RELAYER, _CLINIC = 0, 1, 15, 16, 17, 18, 19

#: Those who sit on the board that is the devnet's arbiter, and how many of them must agree.
_BOARD, BOARD_QUORUM = (20, 21, 22), 2

#: More operators than this would need accounts that have another part in the story.
MAX_OPERATORS = _HOLDER - _FIRST_OPERATOR


def _account(index: int) -> LocalSigner:
    return LocalSigner(devnet_key(index))


def operator_owner(index: int) -> LocalSigner:
    """Return the funded account that owns an operator, counted from 0."""
    return _account(_FIRST_OPERATOR + index)


@dataclass(slots=True)
class Accounts:
    """Funded accounts of the well-known test mnemonic, by their part in the story."""

    deployer: LocalSigner = field(default_factory=lambda: _account(_DEPLOYER))
    holder: LocalSigner = field(default_factory=lambda: _account(_HOLDER))
    subject: LocalSigner = field(default_factory=lambda: _account(_SUBJECT))
    controller: LocalSigner = field(default_factory=lambda: _account(_CONTROLLER))
    relayer: LocalSigner = field(default_factory=lambda: _account(_RELAYER))
    #: Owner of the example's contract.
    clinic: LocalSigner = field(default_factory=lambda: _account(_CLINIC))
    #: Members of the board that rules where no bench can.
    board: tuple[LocalSigner, ...] = field(default_factory=lambda: tuple(map(_account, _BOARD)))


@dataclass(frozen=True, slots=True)
class Place:
    """Which deployment the configurations name."""

    rpc_url: str
    deployment: Deployment

    def settings(self) -> dict[str, Any]:
        """Return what vault and node both name."""
        made = self.deployment
        addresses = {"contract": made.contract, "committee": made.committee, "records": made.records}
        return {"rpc_url": self.rpc_url, "chain_id": made.chain_id, **addresses, "start_block": made.block}


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """An operator's keys, and the configuration that names their files."""

    attester: LocalSigner
    sender: LocalSigner
    seal: SealKey
    config: Path


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(_PASSWORD)


def _write_key(folder: Path, name: str) -> bytes:
    secret = secrets.token_bytes(32)
    write_secret(folder / f"{name}.json", secret, _PASSWORD, light=True)
    return secret


def _write_toml(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(tomli_w.dumps(content))
    return path


def write_people(folder: Path) -> Path:
    """Write keystores of subject, holder, controller and relayer, and the file with their password; return the latter."""
    _prepare(folder)
    people = {"subject": _SUBJECT, "holder": _HOLDER, "controller": _CONTROLLER, "relayer": _RELAYER}
    for name, index in people.items():
        write_secret(folder / f"{name}.json", devnet_key(index), _PASSWORD, light=True)
    return folder / "password"


def write_vault(folder: Path, place: Place, port: int, packages: Sequence[Path]) -> Path:
    """Write a vault's master key and ``vault.toml``; return the latter."""
    _prepare(folder)
    _write_key(folder, "master")
    return _write_toml(
        folder / "vault.toml",
        {
            **place.settings(),
            "master_key_file": "master.json",
            "master_password_file": "password",
            "models": [str(package) for package in packages],
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
        },
    )


def write_node(folder: Path, place: Place, port: int, packages: Sequence[Path], work: Mapping[str, object]) -> NodeKeys:
    """Write an operator's keystores and ``node.toml``, with these settings of its work; return the keys, and where the latter is."""
    _prepare(folder)
    attester, sender, seal = (_write_key(folder, name) for name in ("attester", "sender", "seal"))
    config = _write_toml(
        folder / "node.toml",
        {
            "models": [str(package) for package in packages],
            "chain": {**place.settings(), "finality": "latest", "poll_interval_s": 0.1},
            "keys": {
                "attester": "attester.json",
                "sender": "sender.json",
                "seal": "seal.json",
                "password_file": "password",
            },
            "http": {"port": port},
            "work": {"allow_private_addresses": True, **work},
        },
    )
    return NodeKeys(LocalSigner(attester), LocalSigner(sender), SealKey(seal), config)
