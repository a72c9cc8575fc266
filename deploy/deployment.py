"""Writing down a deployment, as ``deploy/deployments/<chain id>.json``, and checking that what stands is what was meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from web3 import Web3
from web3.types import TxReceipt

from oracle.chain.abi import artifact, event_topic, factory
from oracle.chain.contract import AssentContract
from oracle.client import Deployment
from oracle.core.errors import ChainError
from oracle.core.structs import ChallengeTerms, Policy, Struct
from oracle.keys.signer import LocalSigner

#: Sends a creating transaction (what a factory's ``constructor(...)`` returns) and waits for its receipt.
Send = Callable[[Any], TxReceipt]

FOLDER = Path(__file__).resolve().parent / "deployments"
_MAIN, _REGISTRIES, _DESK, _CONSENTS = "Assent", "AssentRegistries", "AssentDesk", "AssentConsents"


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


def sending(web3: Web3, signer: LocalSigner, chain_id: int) -> Send:
    """Return what sends a creating transaction as a signer, and waits until it is mined."""

    def send(constructor: Any) -> TxReceipt:
        account = web3.to_checksum_address(signer.address)
        terms = {"from": account, "nonce": web3.eth.get_transaction_count(account), "chainId": chain_id}
        sent = web3.eth.send_raw_transaction(signer.sign_transaction(constructor.build_transaction(terms)))
        return web3.eth.wait_for_transaction_receipt(sent, timeout=300, poll_latency=0.1)

    return send


def create(web3: Web3, policy: Policy, challenges: ChallengeTerms, send: Send) -> TxReceipt:
    """Create the four parts, the last of which delegates to the others; return its receipt, which has the address and block.

    Raises VerificationError if a transaction reverts, as it does for terms that the contract can't stand.
    """
    consents = _create(web3, _CONSENTS, (), send)["contractAddress"]
    desk = _create(web3, _DESK, (consents, challenges.to_abi()), send)["contractAddress"]
    registries = _create(web3, _REGISTRIES, (desk,), send)["contractAddress"]
    return _create(web3, _MAIN, (registries, policy.to_abi()), send)


def _create(web3: Web3, name: str, arguments: tuple[Any, ...], send: Send) -> TxReceipt:
    receipt = send(factory(web3, name).constructor(*arguments))
    if receipt["status"] != 1 or receipt["contractAddress"] is None:
        raise VerificationError(
            f"the transaction that creates {name} reverted; see the network's policy and challenges"
        )
    return receipt


def verify(web3: Web3, contract: str, policy: Policy, challenges: ChallengeTerms, first_block: int = 0) -> None:
    """Compare code and terms on chain with the artifact and what was meant. Raises VerificationError naming the difference.

    A policy that the operators changed since ``first_block`` is as it should be.
    """
    address = web3.to_checksum_address(contract)
    _same_code(web3, address, _MAIN)
    deployed = AssentContract(web3, address, 0)
    _same_code(web3, web3.to_checksum_address(deployed.registries().call()), _REGISTRIES)
    _same_code(web3, web3.to_checksum_address(deployed.desk().call()), _DESK)
    _same_code(web3, web3.to_checksum_address(deployed.consents().call()), _CONSENTS)
    _same_terms(address, challenges, deployed.challenge_terms().call())
    changed = [event_topic("PolicyChanged")]
    if not web3.eth.get_logs({"address": address, "fromBlock": first_block, "topics": changed}):
        _same_terms(address, policy, deployed.current_policy().call())


def _same_code(web3: Web3, address: Any, name: str) -> None:
    part = artifact()["contracts"][name]
    code = bytes(web3.eth.get_code(address))
    if not code:
        raise VerificationError(f"no contract at {address}")
    if _masked(code, part["immutables"]) != _masked(bytes.fromhex(part["runtime"][2:]), part["immutables"]):
        raise VerificationError(
            f"the code at {address} isn't {name} of this version: deploy anew, or use the version that fits it"
        )


def _masked(code: bytes, spans: list[list[int]]) -> bytes:
    """Return runtime code with the immutables zeroed: they differ by deployment, all else must not."""
    masked = bytearray(code)
    for start, length in spans:
        masked[start : start + length] = bytes(length)
    return bytes(masked)


def _same_terms(address: str, wanted: Struct, found: Struct) -> None:
    chosen = wanted.to_message()
    for name, value in found.to_message().items():
        if value != chosen[name]:
            raise VerificationError(f"{name} is {value} at {address}, not {chosen[name]} as configured")
