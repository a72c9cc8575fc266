"""The record of a deployment: what was deployed where, as ``deploy/deployments/<chain id>.json`` keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from web3 import Web3

from oracle.chain.abi import artifact
from oracle.core.errors import ChainError

FOLDER = Path(__file__).resolve().parent / "deployments"


class VerificationError(ChainError):
    """What stands at the address isn't what was meant to be deployed."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployed contract. ``block`` is the one it came in; ``models`` are ids by name; ``policy`` the constructor's."""

    chain_id: int
    contract: str
    block: int
    rpc_url: str
    policy: dict[str, int]
    models: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the file's content."""
        data = asdict(self)
        return {
            "chainId": data["chain_id"],
            "contract": data["contract"],
            "block": data["block"],
            "rpcUrl": data["rpc_url"],
            "policy": data["policy"],
            "models": data["models"],
        }

    @classmethod
    def read(cls, path: Path) -> Deployment:
        """Read a file that :meth:`write` wrote."""
        data = json.loads(path.read_text())
        return cls(data["chainId"], data["contract"], data["block"], data["rpcUrl"], data["policy"], data["models"])

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(self.to_json(), indent=2) + "\n")
        partial.replace(path)


def _masked(code: bytes) -> bytes:
    """Return runtime code with the immutables zeroed: they differ by deployment, all else must not."""
    masked = bytearray(code)
    for start, length in artifact()["immutables"]:
        masked[start : start + length] = bytes(length)
    return bytes(masked)


def verify(web3: Web3, contract: str, policy: dict[str, int]) -> None:
    """Compare code and policy on chain with the artifact and what was meant. Raises VerificationError naming the difference."""
    code = bytes(web3.eth.get_code(web3.to_checksum_address(contract)))
    if not code:
        raise VerificationError(f"no contract at {contract}")
    if _masked(code) != _masked(bytes.fromhex(artifact()["runtime"][2:])):
        raise VerificationError(
            f"the code at {contract} isn't this version's: deploy anew, or use the version that fits it"
        )
    functions = web3.eth.contract(address=web3.to_checksum_address(contract), abi=artifact()["abi"]).functions
    for name, wanted in policy.items():
        found = getattr(functions, name)().call()
        if found != wanted:
            raise VerificationError(f"{name} is {found} at {contract}, not {wanted} as configured")
