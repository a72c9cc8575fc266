"""The example of an arbiter, deployed and used: ``contracts/consumers/Board.sol``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from web3 import Web3

from deploy.deployment import Send
from oracle.chain.abi import example_artifact
from oracle.client import AssentClient, Sent
from oracle.core.errors import ChainError
from oracle.keys.signer import LocalSigner


def create_board(web3: Web3, members: Sequence[str], quorum: int, send: Send) -> str:
    """Deploy a board of which so many members must agree; return its address. Raises ChainError if the transaction reverts."""
    built = example_artifact("Board")
    factory = web3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
    receipt = send(factory.constructor([web3.to_checksum_address(each) for each in members], quorum))
    if receipt["status"] != 1 or receipt["contractAddress"] is None:
        raise ChainError("the transaction that creates the board reverted; see its members and quorum")
    return str(receipt["contractAddress"])


class Board:
    """A board that acts through its members."""

    def __init__(self, client: AssentClient, address: str, members: Sequence[LocalSigner], quorum: int) -> None:
        self._client = client
        self._members = tuple(members[:quorum])
        where = client.web3.to_checksum_address(address)
        self._functions: Any = client.web3.eth.contract(address=where, abi=example_artifact("Board")["abi"]).functions

    def do(self, function: Any) -> Sent:
        """Have as many members as it takes agree to a call (web3's prepared function); return the transaction that made it."""
        data = function._encode_transaction_data()
        sent = [
            self._client.with_signer(each).send(self._functions.agree(function.address, data)) for each in self._members
        ]
        return sent[-1]
