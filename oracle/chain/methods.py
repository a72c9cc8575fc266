"""The JSON-RPC methods that a node uses, and what an endpoint's error answers mean. Nothing here needs a client of one kind."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from web3.types import RPCResponse

#: All that a node asks of an endpoint; anything else is refused before it is sent.
METHODS = frozenset(
    {
        "eth_call",
        "eth_chainId",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_getBalance",
        "eth_getBlockByNumber",
        "eth_getCode",
        "eth_getLogs",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_sendRawTransaction",
    }
)
#: Where "null" may only mean that this endpoint hasn't seen it yet.
MAY_BE_BEHIND = frozenset({"eth_getBlockByNumber", "eth_getTransactionReceipt"})

_REVERTED = ("revert", "out of gas", "gas required exceeds", "insufficient funds", "invalid opcode")
_LIMITED = ("rate limit", "too many requests", "limit exceeded", "capacity", "throughput", "quota")
_PASSING = ("internal error", "timeout", "timed out", "try again", "unavailable", "overloaded", "header not found")
_NO_METHOD = ("method not found", "not supported", "unsupported method", "not available", "not whitelisted")
_METHOD_NOT_FOUND, _LIMIT_EXCEEDED, _INTERNAL, _REVERT = -32601, -32005, -32603, 3


class Meaning(StrEnum):
    """What an error answer says about the endpoint that gave it."""

    CALL = "call"  # it is about the call: any endpoint would say so
    METHOD = "method"  # this endpoint hasn't the method
    LIMITED = "limited"  # too many calls, for this endpoint
    PASSING = "passing"  # its own trouble: another time it may answer
    REFUSED = "refused"  # it won't answer this; another endpoint may


class Refusal(StrEnum):
    """Why an endpoint wouldn't take a transaction. The most telling first, where endpoints differ."""

    KNOWN = "already_known"  # it has it: as good as sent
    UNDERPRICED = "underpriced"
    NO_FUNDS = "no_funds"
    NONCE_TOO_LOW = "nonce_too_low"
    OTHER = "other"


# As geth, erigon, nethermind, besu, reth and Anvil word it.
_REFUSALS: Mapping[Refusal, tuple[str, ...]] = {
    Refusal.KNOWN: ("already known", "alreadyknown", "known transaction", "already imported", "already in mempool"),
    Refusal.UNDERPRICED: (
        "underpriced", "replacementnotallowed", "feetoolow", "fee too low", "less than block base fee",
        "gas price below", "price too low",
    ),
    Refusal.NO_FUNDS: ("insufficient funds", "insufficientfunds", "upfront cost exceeds", "insufficient balance"),
    Refusal.NONCE_TOO_LOW: ("nonce too low", "oldnonce", "nonce is too low"),
}  # fmt: skip


def message_of(response: RPCResponse) -> str:
    """Return an error answer's text, in lower case."""
    error: Any = response.get("error")
    return str(error.get("message", "") if isinstance(error, dict) else error).lower()


def meaning_of(response: RPCResponse) -> Meaning:
    """Tell what an error answer to a read says about its endpoint."""
    error: Any = response.get("error")
    code, data = (error.get("code"), error.get("data")) if isinstance(error, dict) else (None, None)
    text = message_of(response)
    reverted = code == _REVERT or (isinstance(data, str) and data.startswith("0x"))
    if reverted or any(each in text for each in _REVERTED):
        return Meaning.CALL
    if code == _METHOD_NOT_FOUND or any(each in text for each in _NO_METHOD):
        return Meaning.METHOD
    if any(each in text for each in _LIMITED) and "range" not in text and "result" not in text:
        return Meaning.LIMITED
    # Providers cap a range's blocks or logs with the code of a limit: less may be asked, not the same again.
    passing = code == _INTERNAL or any(each in text for each in _PASSING)
    return Meaning.PASSING if passing and code != _LIMIT_EXCEEDED else Meaning.REFUSED


def refusal_of(response: RPCResponse) -> Refusal:
    """Tell why an endpoint wouldn't take a transaction."""
    text = message_of(response)
    return next((kind for kind, texts in _REFUSALS.items() if any(each in text for each in texts)), Refusal.OTHER)
