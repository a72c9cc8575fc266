"""A deployment of the contract, as ``deploy/deployments/<chain id>.json`` records it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_utils import is_address, to_checksum_address

from oracle.core.addresses import Addresses
from oracle.core.errors import ConfigurationError

_ADDRESSES = ("contract", "committee", "records")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the contracts are: Assent itself, its committee, and the registry of records.

    ``block`` is the first one in which one of them was deployed; ``models`` maps names to model ids (32 bytes).
    """

    chain_id: int
    contract: str
    committee: str
    records: str
    block: int
    rpc_url: str | None = None
    models: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Deployment:
        """Read a deployment's file; keys it doesn't know are left alone. Raises ConfigurationError with all problems."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(
                [f"{path}: can't be read: {error.strerror}; deploy first, or name another file"]
            ) from None
        except (ValueError, RecursionError):
            raise ConfigurationError([f"{path}: isn't UTF-8 JSON; deploy again"]) from None
        problems = _problems(data)
        if problems:
            raise ConfigurationError([f"{path}: {problem}" for problem in problems])
        models = {name: bytes.fromhex(model[2:]) for name, model in data.get("models", {}).items()}
        core, committee, records = (to_checksum_address(data[name]) for name in _ADDRESSES)
        return cls(data["chainId"], core, committee, records, data["block"], data.get("rpcUrl"), models)

    @property
    def addresses(self) -> Addresses:
        """Where the contracts are."""
        return Addresses(self.contract, self.committee, self.records)


def _problems(data: Any) -> list[str]:
    if not isinstance(data, dict):
        return ["isn't a JSON object"]
    problems = []
    if not _natural(data.get("chainId")):
        problems.append("chainId: must be a number")
    if not _natural(data.get("block")):
        problems.append("block: must be the number of the deployment's block")
    for name in _ADDRESSES:
        if not isinstance(data.get(name), str) or not is_address(data[name]):
            problems.append(f"{name}: must be an address, 0x and 40 hexadecimal digits")
    if not isinstance(data.get("rpcUrl"), str | None):
        problems.append("rpcUrl: must be a URL")
    models = data.get("models", {})
    if not isinstance(models, dict) or not all(_is_id(model) for model in models.values()):
        problems.append("models: must map names to ids, 0x and 64 hexadecimal digits")
    return problems


def _natural(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"0x[0-9a-fA-F]{64}", value) is not None
