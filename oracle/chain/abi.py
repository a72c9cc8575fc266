"""The contracts' ABIs, and what follows from them alone: decoding of logs and of reverts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils import event_abi_to_log_topic, function_abi_to_4byte_selector
from eth_utils.abi import collapse_if_tuple
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError
from web3.types import LogReceipt

from oracle.chain.remedies import REMEDIES
from oracle.core.addresses import checksum
from oracle.core.errors import ContractRevertError

#: The contracts of a deployment, each at an address of its own.
CONTRACTS = ("Assent", "Committee", "Records")


@cache
def artifact(name: str = "Assent") -> dict[str, Any]:
    """Return what the package ships of one of the contracts.

    ``abi`` has all that it does; ``contracts`` has what is deployed for it, by name (Assent is three at one address):
    ``constructor``, ``bytecode``, ``runtime`` and ``immutables``; ``compiler`` the settings.
    """
    return _shipped(f"{name}.json")


@cache
def example_artifact(name: str) -> dict[str, Any]:
    """Return a compiled example: the Clinic, which asks for verdicts, or the Board, an arbiter: ``abi``, ``bytecode``, ``compiler``."""
    return _shipped(f"{name}.json")


def _shipped(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(resources.files("oracle.chain").joinpath(f"artifacts/{name}").read_text())
    return data


@cache
def creations() -> dict[str, dict[str, Any]]:
    """Return what is deployed, by name: see :func:`artifact`."""
    return {part: made for name in CONTRACTS for part, made in artifact(name)["contracts"].items()}


def factory(web3: Web3, name: str) -> Any:
    """Return web3's factory of what is deployed by a name: its ``constructor(...)`` makes the creating transaction."""
    part = creations()[name]
    return web3.eth.contract(abi=[part["constructor"]], bytecode=part["bytecode"])


def _entries(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return all entries of a kind, each with the contract whose it is."""
    return [(name, entry) for name in CONTRACTS for entry in artifact(name)["abi"] if entry["type"] == kind]


@dataclass(frozen=True, slots=True)
class _Layout:
    """An event's arguments as the ABI has them: those in a log's topics, and those in its data."""

    name: str
    contract: str
    indexed: tuple[dict[str, Any], ...]
    plain: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, contract: str, entry: dict[str, Any]) -> _Layout:
        parts: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
        for each in entry["inputs"]:
            parts[not each["indexed"]].append({**each, "kind": collapse_if_tuple(each)})
        return cls(entry["name"], contract, tuple(parts[0]), tuple(parts[1]))

    def arguments(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Decode a log. Indexed arguments fill a word each: none of the contract's is of a type that only its hash is there of."""
        return _named(self.indexed, b"".join(topics)) | _named(self.plain, data)


def _named(parts: Sequence[dict[str, Any]], data: bytes) -> dict[str, Any]:
    try:
        values = decode([each["kind"] for each in parts], data)
    except DecodingError as error:
        raise ValueError("a log of other contents than its event has") from error
    return {each["name"]: checksummed(each, value, named=True) for each, value in zip(parts, values, strict=True)}


def checksummed(entry: dict[str, Any], value: Any, *, named: bool = False) -> Any:
    """Return a decoded value with its addresses as everything here has them, a struct as a tuple, or ``named`` as a mapping.

    ``entry`` is its type in the ABI.
    """
    kind = entry["type"]
    if kind == "tuple":
        parts = [checksummed(*each, named=named) for each in zip(entry["components"], value, strict=True)]
        names = (each["name"] for each in entry["components"])
        return dict(zip(names, parts, strict=True)) if named else tuple(parts)
    if kind == "address[]":
        return [checksum(each) for each in value]
    return checksum(value) if kind == "address" else value


@cache
def _events() -> dict[bytes, _Layout]:
    # An event of several (EIP-5267's) is of the first.
    entries = reversed(_entries("event"))
    return {bytes(event_abi_to_log_topic(entry)): _Layout.of(contract, entry) for contract, entry in entries}


@cache
def _errors() -> dict[bytes, dict[str, Any]]:
    return {bytes(function_abi_to_4byte_selector(entry)): entry for _, entry in _entries("error")}  # type: ignore[arg-type]


@cache
def contract_of(event_name: str) -> str:
    """Return which contract has an event, one of :data:`CONTRACTS`."""
    return next(layout.contract for layout in _events().values() if layout.name == event_name)


@cache
def event_topic(name: str) -> str:
    """Return an event's first topic as 0x-hex."""
    return next("0x" + topic.hex() for topic, layout in _events().items() if layout.name == name)


@dataclass(frozen=True, slots=True)
class Event:
    """One decoded log. ``arguments`` are by the ABI's names; ``contract`` is whose event it is, one of :data:`CONTRACTS`."""

    name: str
    arguments: dict[str, Any]
    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    log_index: int
    contract: str = "Assent"


def decode_log(log: LogReceipt) -> Event | None:
    """Decode a log, or return None if no contract has such an event. Raises ValueError if it isn't what its event's are.

    By eth_abi at once: web3's way takes ten times as long, and a node does this to each of the contract's logs.
    """
    topics = [bytes(topic) for topic in log["topics"]]
    layout = _events().get(topics[0]) if topics else None
    if layout is None:
        return None
    return Event(
        name=layout.name,
        arguments=layout.arguments(topics[1:], bytes(log["data"])),
        block_number=log["blockNumber"],
        block_hash=bytes(log["blockHash"]),
        transaction_hash=bytes(log["transactionHash"]),
        log_index=log["logIndex"],
        contract=layout.contract,
    )


def decode_revert(data: bytes) -> ContractRevertError:
    """Turn a revert's return data into a typed error; an unknown selector is named by its hex."""
    entry = _errors().get(data[:4])
    if entry is None:
        return ContractRevertError("0x" + data[:4].hex() if data else "reverted without a reason")
    name, remedy = entry["name"], REMEDIES.get(entry["name"])
    try:
        values = decode([collapse_if_tuple(item) for item in entry["inputs"]], data[4:])
    except DecodingError:
        return ContractRevertError(name, remedy=remedy)
    names = [item["name"] for item in entry["inputs"]]
    shown = [f"0x{value.hex()}" if isinstance(value, bytes) else value for value in values]
    return ContractRevertError(name, dict(zip(names, shown, strict=True)), remedy)


def revert_of(error: ContractLogicError) -> ContractRevertError:
    """Turn web3's exception for a reverted call into a typed error."""
    data = error.data if isinstance(error.data, str) else ""
    if isinstance(error, ContractCustomError) or data:
        return decode_revert(bytes.fromhex(data.removeprefix("0x")))
    return ContractRevertError(error.message or "reverted without a reason")
