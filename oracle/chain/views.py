"""Calls of a contract's views: what web3's contract functions do for a view, without looking its ABI up anew at every call.

A node and a vault make a few of them for each request, and that took most of the time that they spent on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils import function_abi_to_4byte_selector
from eth_utils.abi import collapse_if_tuple
from web3 import AsyncWeb3, Web3
from web3.exceptions import BadFunctionCallOutput
from web3.types import RPCEndpoint, RPCResponse

from oracle.chain.abi import artifact, checksummed

_METHOD = RPCEndpoint("eth_call")


def _result(answer: RPCResponse) -> bytes | None:
    """Return what a view gave, or None: whatever else an endpoint says, web3 finds the right exception for, asking again."""
    result = answer.get("result")
    return bytes.fromhex(result[2:]) if isinstance(result, str) and len(result) > len("0x") else None


@dataclass(frozen=True, slots=True)
class _Layout:
    """A view's selector, and the types of what it takes and gives."""

    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    entries: tuple[dict[str, Any], ...]


@cache
def _layouts(contract: str) -> dict[str, _Layout]:
    views = [entry for entry in artifact(contract)["abi"] if entry.get("stateMutability") in ("view", "pure")]
    return {entry["name"]: _layout(entry) for entry in views}


def _layout(entry: dict[str, Any]) -> _Layout:
    inputs, outputs = (tuple(map(collapse_if_tuple, entry[side])) for side in ("inputs", "outputs"))
    selector = bytes(function_abi_to_4byte_selector(entry))  # type: ignore[arg-type]
    return _Layout(selector, inputs, outputs, tuple(entry["outputs"]))


class Views:
    """The views of a contract (by its name) at an address: ``views.verdictOf(request_id).call(block)``, awaited with an AsyncWeb3."""

    def __init__(self, web3: Web3 | AsyncWeb3[Any], contract: str, address: str) -> None:
        self._web3 = web3
        self._contract = contract
        self._address = address

    def __getattr__(self, name: str) -> _View:
        layout = _layouts(self._contract).get(name)
        if layout is None:
            raise AttributeError(f"{self._contract} has no view {name}")
        return _View(self._web3, self._address, layout)


@dataclass(frozen=True, slots=True)
class _View:
    web3: Any
    address: str
    layout: _Layout

    def __call__(self, *arguments: Any) -> _Call:
        return _Call(self, arguments)


@dataclass(frozen=True, slots=True)
class _Call:
    view: _View
    arguments: Sequence[Any]

    def call(self, block_identifier: Any = "latest") -> Any:
        """Return what the view gives, alone or in a tuple: with an AsyncWeb3, an awaitable of it. Raises as web3 does."""
        web3, data = self.view.web3, self._data()
        if isinstance(web3, AsyncWeb3):
            return self._acall(data, block_identifier)
        answer = web3.provider.make_request(_METHOD, self._params(data, block_identifier))
        return self._decoded(_result(answer) or web3.eth.call(self._transaction(data), block_identifier))

    async def _acall(self, data: bytes, block_identifier: Any) -> Any:
        web3 = self.view.web3
        answer = await web3.provider.make_request(_METHOD, self._params(data, block_identifier))
        return self._decoded(_result(answer) or await web3.eth.call(self._transaction(data), block_identifier))

    def _transaction(self, data: bytes) -> dict[str, Any]:
        return {"to": self.view.address, "data": "0x" + data.hex()}

    def _params(self, data: bytes, block_identifier: Any) -> list[Any]:
        block = hex(block_identifier) if isinstance(block_identifier, int) else block_identifier
        return [self._transaction(data), block]

    def _data(self) -> bytes:
        layout = self.view.layout
        try:
            return layout.selector + bytes(self.view.web3.codec.encode(layout.inputs, self.arguments))
        except EncodingError as error:
            raise ValueError(f"no such call: {error}") from error

    def _decoded(self, answer: bytes) -> Any:
        layout = self.view.layout
        try:
            values = self.view.web3.codec.decode(layout.outputs, answer)
        except DecodingError as error:
            raise BadFunctionCallOutput("the contract's answer isn't what its view gives") from error
        found = [checksummed(*each) for each in zip(layout.entries, values, strict=True)]
        return found[0] if len(found) == 1 else tuple(found)
