"""The few calls of ERC-20 tokens that deposits need."""

from __future__ import annotations

from typing import Any

from eth_utils import to_checksum_address
from web3 import Web3
from web3.exceptions import BadFunctionCallOutput, ContractLogicError

from oracle.chain.abi import revert_of
from oracle.chain.rpc import endpoint_errors
from oracle.client.errors import NotATokenError


def _entry(name: str, inputs: tuple[str, ...], outputs: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "stateMutability": "view" if outputs else "nonpayable",
        "inputs": [{"name": "", "type": kind} for kind in inputs],
        "outputs": [{"name": "", "type": kind} for kind in outputs],
    }


#: Without ``approve``'s result: some tokens return none.
_ABI = [
    _entry("balanceOf", ("address",), ("uint256",)),
    _entry("allowance", ("address", "address"), ("uint256",)),
    _entry("approve", ("address", "uint256")),
]


class Token:
    """A token, by its address. The methods that read raise EndpointError, NotATokenError, or ContractRevertError."""

    def __init__(self, web3: Web3, address: str) -> None:
        self.address = to_checksum_address(address)
        self._functions: Any = web3.eth.contract(address=self.address, abi=_ABI).functions

    def balance_of(self, account: str) -> int:
        """Return an account's balance, in the token's smallest unit."""
        return self._read(self._functions.balanceOf(account))

    def allowance(self, owner: str, spender: str) -> int:
        """Return how much of the owner's the spender may take."""
        return self._read(self._functions.allowance(owner, spender))

    def approve(self, spender: str, amount: int) -> Any:
        """Return web3's prepared function by which the sender lets the spender take so much."""
        return self._functions.approve(spender, amount)

    def _read(self, function: Any) -> int:
        with endpoint_errors("eth_call"):
            try:
                return int(function.call())
            except ContractLogicError as error:
                raise revert_of(error) from error
            except BadFunctionCallOutput as error:
                raise NotATokenError(self.address) from error
