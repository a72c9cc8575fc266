"""The steps by which an operator changes its attester or seal key without missing a report: what comes next, by what the chain says."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.client import AssentClient
    from oracle.settings import NodeSettings

_ZERO = "0x" + "0" * 40
_KEEP, _GO = (
    "keep it",
    "keep it while verdicts that its epochs signed can be challenged: it may have to judge them; then remove it and restart",
)
_GO_SEAL = "then remove it from the settings and restart"
_REGISTER = "send `assent operator keys` with it"


def under_way(settings: NodeSettings, kind: str) -> bool:
    """Tell whether the settings name more than one key of a kind."""
    return len(_named(settings, kind)) > 1


def old_file(settings: NodeSettings, kind: str) -> Path:
    """Return the file of the one key of a kind. Raises ConfigurationError if a remote signer has it."""
    files: tuple[Path, ...] = getattr(settings.keys, kind)
    if not files:
        raise ConfigurationError(
            [
                "keys.remote: the remote signer has the attester. Make the new key with `assent keys new`, register it with "
                "`assent operator keys`, move its file to the signer, and name both in keys.remote.attester; then run this again"
            ]
        )
    return files[0]


def file_beside(old: Path) -> Path:
    """Return a path beside a key file that is free: ``attester-2.json`` beside ``attester.json``."""
    stem, number = old.stem, 2
    base, _, last = stem.rpartition("-")
    if base and last.isdigit():
        stem, number = base, int(last) + 1
    while (path := old.with_name(f"{stem}-{number}{old.suffix}")).exists():
        number += 1
    return path


def next_steps(settings: NodeSettings, kind: str, config: Path, new: Path) -> dict[str, Any]:
    """Return the setting to write, and what to do then, in order."""
    folder = config.resolve().parent
    files = [*getattr(settings.keys, kind), new]
    setting = f"{kind} = [{', '.join(_quoted(path, folder) for path in files)}]"
    given = {"attester": settings.keys.attester[:1], "seal": settings.keys.seal[:1], kind: (new,)}
    options = " ".join(f"--{name} {paths[0] if paths else 'FILE'}" for name, paths in given.items())
    command = f"assent operator keys {options} --endpoint URL --keystore OPERATOR.json --password-file {settings.keys.password_file}"
    return {
        "setting": setting,
        "command": command,
        "next": [
            f"1. back up {new} and its password",
            f"2. write `{setting}` under [keys] of {config}, and restart the node",
            "3. send the command above: URL is the node's endpoint as others reach it, OPERATOR.json the operator's own key file",
            "4. run `assent keys rotate` again: it says when the old key can be removed",
        ],
    }


def states(settings: NodeSettings, kind: str) -> list[dict[str, Any]]:
    """Return, for each key of a kind that the settings name, what the chain says of it and what comes next. Raises ChainError."""
    from oracle.client import AssentClient  # noqa: PLC0415

    chain = settings.chain
    client = AssentClient(chain.rpc_url, chain.contract, chain_id=chain.chain_id, start_block=chain.start_block)
    attesters = _attester_states(client, _named(settings, "attester"))
    return attesters if kind == "attester" else _seal_states(client, settings)


def _attester_states(client: AssentClient, named: list[tuple[str, str]]) -> list[dict[str, Any]]:
    epoch = client.read(client.contract.current_epoch())
    now = {member.attester: member for member in client.roll()}
    grace_end = client.read(client.contract.signs_until(epoch.number - 1)) if epoch.number > 1 else 0
    in_grace = client.block_time() <= grace_end
    before = {member.attester for member in client.members(epoch.number - 1)} if in_grace else set()
    until = datetime.fromtimestamp(grace_end, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

    def state(address: str) -> tuple[str, str]:
        operator = client.read(client.contract.operator_of(address))
        if operator == _ZERO:
            return "not registered", _REGISTER
        registered = client.read(client.contract.operator_info(operator)).attester == address
        if address in now:
            return (
                f"{'signs' if now[address].has_seat else 'is in reserve'} for epoch {epoch.number}",
                _KEEP if registered else f"{_KEEP} until the next rotation and its grace",
            )
        if registered:
            return "signs from the next rotation on", _KEEP
        return (
            (f"signs for epoch {epoch.number - 1} until {until}", _KEEP)
            if address in before
            else ("signs no more", _GO)
        )

    return [_row(address, where, *state(address)) for address, where in named]


def _seal_states(client: AssentClient, settings: NodeSettings) -> list[dict[str, Any]]:
    from eth_utils import to_canonical_address  # noqa: PLC0415

    operators = {client.read(client.contract.operator_of(each)) for each, _ in _named(settings, "attester")} - {_ZERO}
    registered, ever = set(), set()
    for operator in operators:
        registered.add(client.read(client.contract.operator_info(operator)).seal_key)
        for name in ("OperatorJoined", "OperatorChanged"):
            ever |= {bytes(event.arguments["sealKey"]) for event in client.events(name, to_canonical_address(operator))}

    def state(public: bytes) -> tuple[str, str]:
        if public in registered:
            return "vaults seal to it", _KEEP
        return ("is done an hour after the change", _GO_SEAL) if public in ever else ("not registered", _REGISTER)

    return [_row(key, where, *state(bytes.fromhex(key[2:]))) for key, where in _named(settings, "seal")]


def _row(key: str, named: str, state: str, following: str) -> dict[str, Any]:
    return {"key": key, "named": named, "state": state, "next": following}


def _named(settings: NodeSettings, kind: str) -> list[tuple[str, str]]:
    """Return each key of a kind, an address or a public seal key, and where it is. Raises SigningKeyError."""
    from eth_utils import to_checksum_address  # noqa: PLC0415

    from oracle.keys.keystore import read_seal_key, read_signer  # noqa: PLC0415

    keys = settings.keys
    if kind == "seal":
        return [("0x" + read_seal_key(path, keys.password_file).public.hex(), str(path)) for path in keys.seal]
    here = [(read_signer(path, keys.password_file).address, str(path)) for path in keys.attester]
    far = keys.remote.attester if keys.remote else ()
    return here + [(str(to_checksum_address(address)), "keys.remote") for address in far]


def _quoted(path: Path, folder: Path) -> str:
    resolved = path.resolve()
    shown = os.path.relpath(resolved, folder) if resolved.is_relative_to(folder) else str(resolved)
    return f'"{shown}"'
