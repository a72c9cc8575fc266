"""Decoding of logs, against web3's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from eth_abi import encode
from eth_abi.tools import get_abi_strategy
from eth_utils import event_abi_to_log_topic
from eth_utils.abi import collapse_if_tuple
from hexbytes import HexBytes
from hypothesis import given, settings
from hypothesis.strategies import DataObject, data
from web3 import Web3

from oracle.chain.abi import CONTRACTS, artifact, contract_of, decode_log

EVENTS = {
    entry["name"]: (name, entry) for name in CONTRACTS for entry in artifact(name)["abi"] if entry["type"] == "event"
}
WEB3 = {name: Web3().eth.contract(abi=artifact(name)["abi"]) for name in CONTRACTS}


def log(topics: list[bytes], content: bytes) -> Any:
    return {
        "address": "0x" + "c0" * 20,
        "topics": [HexBytes(topic) for topic in topics],
        "data": HexBytes(content),
        "blockNumber": 5,
        "blockHash": HexBytes(b"\5" * 32),
        "transactionHash": HexBytes(b"\6" * 32),
        "transactionIndex": 0,
        "logIndex": 7,
    }


def flat(value: Any) -> Any:
    """Leave out what only web3 has: a tuple's names, and lists of its own kind."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    return [flat(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", sorted(EVENTS))
@settings(max_examples=20)
@given(drawn=data())
def test_decode_log__when_anything_is_logged__then_as_web3_has_it(name: str, drawn: DataObject) -> None:
    contract, entry = EVENTS[name]
    topics, kinds, values = [bytes(event_abi_to_log_topic(entry))], [], []
    for each in entry["inputs"]:
        kind = collapse_if_tuple(each)
        value = drawn.draw(get_abi_strategy(kind))
        if each["indexed"]:
            topics.append(encode([kind], [value]))
        else:
            kinds.append(kind)
            values.append(value)
    made = log(topics, encode(kinds, values))
    event, wanted = decode_log(made), WEB3[contract].events[name]().process_log(made)
    assert event is not None
    assert (event.name, event.contract) == (name, contract) == (name, contract_of(name))
    assert event.arguments.keys() == wanted["args"].keys()
    for argument, value in wanted["args"].items():
        assert flat(event.arguments[argument]) == flat(value)
    assert (event.block_number, event.block_hash, event.log_index) == (5, b"\5" * 32, 7)


def test_decode_log__when_it_is_no_event_of_the_contract__then_none() -> None:
    assert decode_log(log([], b"")) is None
    assert decode_log(log([bytes(32)], b"")) is None


@pytest.mark.parametrize(
    ("topics", "content"), [(0, b""), (3, b""), (0, bytes(96))], ids=["too few topics", "no data", "data for topics"]
)
def test_decode_log__when_its_contents_are_anothers__then_say_so(topics: int, content: bytes) -> None:
    made = log([bytes(event_abi_to_log_topic(EVENTS["RecordCommitted"][1])), *[bytes(32)] * topics], content)
    with pytest.raises(ValueError, match="contents"):
        decode_log(made)
