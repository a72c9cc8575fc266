"""Writing down a deployment, as ``deploy/deployments/<chain id>.json``, and checking that what stands is what was meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from web3 import Web3
from web3.types import Nonce, TxReceipt
from web3.utils import get_create_address

from oracle.chain.abi import creations, factory
from oracle.chain.contract import AssentContract
from oracle.client import Deployment
from oracle.core.addresses import Addresses
from oracle.core.errors import ChainError
from oracle.core.structs import CommitteeTerms
from oracle.keys.signer import LocalSigner

#: Sends a creating transaction (what a factory's ``constructor(...)`` returns) and waits for its receipt.
Send = Callable[[Any], TxReceipt]

FOLDER = Path(__file__).resolve().parent / "deployments"
#: What is deployed, in this order: the committee first, for the address that Assent will have.
_ORDER = ("Committee", "Records", "AssentAgreements", "AssentRequests", "Assent")


class VerificationError(ChainError):
    """What stands at the address isn't what was meant to be deployed."""


def write(deployment: Deployment, path: Path) -> None:
    """Write a deployment's file, whole or not at all; :meth:`Deployment.read` is the inverse."""
    content = {
        "chainId": deployment.chain_id,
        "contract": deployment.contract,
        "committee": deployment.committee,
        "records": deployment.records,
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


@dataclass(frozen=True, slots=True)
class Created:
    """What was deployed, and the first block with a part of it."""

    addresses: Addresses
    block: int


def create(web3: Web3, deployer: str, terms: CommitteeTerms, send: Send) -> Created:
    """Deploy the contracts as an account, by whose next nonces they find each other.

    Raises VerificationError if a transaction reverts, as it does for terms that the committee can't have.
    """
    account = web3.to_checksum_address(deployer)
    nonce = web3.eth.get_transaction_count(account) + _ORDER.index("Assent")
    core = get_create_address(account, Nonce(nonce))
    committee = _create(web3, "Committee", (core, terms.to_abi()), send)
    records = _create(web3, "Records", (core,), send)
    agreements = _create(web3, "AssentAgreements", (committee.address, records.address), send)
    requests = _create(web3, "AssentRequests", (agreements.address, committee.address), send)
    made = _create(web3, "Assent", (requests.address, committee.address), send)
    return Created(Addresses(made.address, committee.address, records.address), committee.block)


@dataclass(frozen=True, slots=True)
class _Made:
    address: str
    block: int


def _create(web3: Web3, name: str, arguments: tuple[Any, ...], send: Send) -> _Made:
    receipt = send(factory(web3, name).constructor(*arguments))
    if receipt["status"] != 1 or receipt["contractAddress"] is None:
        raise VerificationError(f"the transaction that creates {name} reverted; see the network's committee")
    return _Made(str(receipt["contractAddress"]), receipt["blockNumber"])


def verify(web3: Web3, addresses: Addresses, terms: CommitteeTerms) -> None:
    """Compare code and terms on chain with the artifacts and what was meant. Raises VerificationError naming the difference."""
    _same_code(web3, addresses.core, "Assent")
    deployed = AssentContract(web3, addresses, 0)
    _same_code(web3, deployed.requests().call(), "AssentRequests")
    _same_code(web3, deployed.agreements().call(), "AssentAgreements")
    _same_place("committee", addresses.core, deployed.committee().call(), addresses.committee)
    _same_place("records", addresses.core, deployed.records().call(), addresses.records)
    _same_code(web3, addresses.committee, "Committee")
    _same_code(web3, addresses.records, "Records")
    _same_place("core", addresses.committee, deployed.committee_core().call(), addresses.core)
    _same_place("core", addresses.records, deployed.records_core().call(), addresses.core)
    _same_terms(addresses.committee, terms, deployed.committee_terms().call())


def _same_code(web3: Web3, address: str, name: str) -> None:
    part = creations()[name]
    code = bytes(web3.eth.get_code(web3.to_checksum_address(address)))
    if not code:
        raise VerificationError(f"no contract at {address}")
    if _masked(code, part["immutables"]) != _masked(bytes.fromhex(part["runtime"][2:]), part["immutables"]):
        raise VerificationError(
            f"the code at {address} isn't {name} of this version: deploy anew, or use the version that fits it"
        )


def _same_place(what: str, of: str, told: str, wanted: str) -> None:
    if told != wanted:
        raise VerificationError(f"the {what} of {of} is {told}, not {wanted}")


def _masked(code: bytes, spans: list[list[int]]) -> bytes:
    """Return runtime code with the immutables zeroed: they differ by deployment, all else must not."""
    masked = bytearray(code)
    for start, length in spans:
        masked[start : start + length] = bytes(length)
    return bytes(masked)


def _same_terms(address: str, wanted: CommitteeTerms, found: CommitteeTerms) -> None:
    chosen = wanted.to_message()
    for name, value in found.to_message().items():
        if value != chosen[name]:
            raise VerificationError(f"{name} is {value} at {address}, not {chosen[name]} as configured")
