"""The contract's ABI, and what follows from it alone: decoding of logs and of reverts."""

from __future__ import annotations

import json
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
from oracle.core.errors import ContractRevertError


@cache
def artifact() -> dict[str, Any]:
    """Return what the package ships of Assent.

    ``abi`` is the interface's, with every error; ``contracts`` has for ``Assent``, ``AssentRegistries`` and ``AssentDesk`` their
    ``constructor``, ``bytecode``, ``runtime`` and ``immutables``; ``compiler`` the settings.
    """
    return _shipped("Assent.json")


@cache
def consumer_artifact() -> dict[str, Any]:
    """Return the compiled Clinic, the example of a contract that asks for verdicts: ``abi``, ``bytecode``, ``compiler``."""
    return _shipped("Clinic.json")


def _shipped(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(resources.files("oracle.chain").joinpath(f"artifacts/{name}").read_text())
    return data


def factory(web3: Web3, name: str) -> Any:
    """Return web3's factory of one of the contracts by name: its ``constructor(...)`` makes the creating transaction."""
    part = artifact()["contracts"][name]
    return web3.eth.contract(abi=[part["constructor"]], bytecode=part["bytecode"])


@cache
def _events() -> dict[bytes, Any]:
    contract = Web3().eth.contract(abi=artifact()["abi"])
    entries = [entry for entry in artifact()["abi"] if entry["type"] == "event"]
    return {bytes(event_abi_to_log_topic(entry)): contract.events[entry["name"]]() for entry in entries}


@cache
def _errors() -> dict[bytes, dict[str, Any]]:
    entries = [entry for entry in artifact()["abi"] if entry["type"] == "error"]
    return {bytes(function_abi_to_4byte_selector(entry)): entry for entry in entries}


@cache
def event_topic(name: str) -> str:
    """Return an event's first topic as 0x-hex."""
    return next("0x" + topic.hex() for topic, event in _events().items() if event.event_name == name)


@dataclass(frozen=True, slots=True)
class Event:
    """One decoded log of the contract. ``arguments`` are by the ABI's names."""

    name: str
    arguments: dict[str, Any]
    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    log_index: int


def decode_log(log: LogReceipt) -> Event | None:
    """Decode a log, or return None if the contract has no such event."""
    event = _events().get(bytes(log["topics"][0])) if log["topics"] else None
    if event is None:
        return None
    data = event.process_log(log)
    return Event(
        name=data["event"],
        arguments=dict(data["args"]),
        block_number=data["blockNumber"],
        block_hash=bytes(data["blockHash"]),
        transaction_hash=bytes(data["transactionHash"]),
        log_index=data["logIndex"],
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
