"""Writing down a deployment, as ``deploy/deployments/<chain id>.json``, and checking that what stands is what was meant."""

from __future__ import annotations

import json
from pathlib import Path

from web3 import Web3

from oracle.chain.abi import artifact
from oracle.client import Deployment
from oracle.core.errors import ChainError

FOLDER = Path(__file__).resolve().parent / "deployments"


class VerificationError(ChainError):
    """What stands at the address isn't what was meant to be deployed."""


def write(deployment: Deployment, path: Path) -> None:
    """Write a deployment's file, whole or not at all; :meth:`Deployment.read` is the inverse."""
    content = {
        "chainId": deployment.chain_id,
        "contract": deployment.contract,
        "block": deployment.block,
        "rpcUrl": deployment.rpc_url,
        "models": {name: "0x" + model.hex() for name, model in deployment.models.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=2) + "\n")
    partial.replace(path)


def _masked(code: bytes) -> bytes:
    """Return runtime code with the immutables zeroed: they differ by deployment, all else must not."""
    masked = bytearray(code)
    for start, length in artifact()["immutables"]:
        masked[start : start + length] = bytes(length)
    return bytes(masked)


def verify(web3: Web3, contract: str, policy: dict[str, int]) -> None:
    """Compare code and policy on chain with the artifact and what was meant. Raises VerificationError naming the difference."""
    address = web3.to_checksum_address(contract)
    code = bytes(web3.eth.get_code(address))
    if not code:
        raise VerificationError(f"no contract at {address}")
    if _masked(code) != _masked(bytes.fromhex(artifact()["runtime"][2:])):
        raise VerificationError(
            f"the code at {address} isn't this version's: deploy anew, or use the version that fits it"
        )
    functions = web3.eth.contract(address=address, abi=artifact()["abi"]).functions
    for name, wanted in policy.items():
        found = getattr(functions, name)().call()
        if found != wanted:
            raise VerificationError(f"{name} is {found} at {address}, not {wanted} as configured")
