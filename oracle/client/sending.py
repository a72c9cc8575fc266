"""The one path by which the client's transactions leave: simulate, price, sign, broadcast, wait."""

from __future__ import annotations

from threading import Lock
from typing import Any

from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import ContractLogicError, TimeExhausted, Web3Exception
from web3.types import TxReceipt

from oracle.chain.abi import decode_log, revert_of
from oracle.chain.fees import MAX_TRANSACTION_GAS
from oracle.chain.rpc import endpoint_errors
from oracle.client.answers import Sent
from oracle.client.errors import FundsError
from oracle.core.addresses import Addresses
from oracle.core.errors import ContractRevertError, EndpointError
from oracle.keys.signer import Signer

_RECEIPT_TIMEOUT_S = 120
_RECEIPT_POLL_S = 0.1
_DEFAULT_TIP_WEI = 10**9


class Sender:
    """Sends transactions (EIP-1559) and reads the contracts' events from them. Nonces are taken one at a time, under the lock given."""

    def __init__(self, web3: Web3, addresses: Addresses, chain_id: int, nonces: Lock) -> None:
        self._web3 = web3
        self._addresses = addresses
        self._chain_id = chain_id
        self._nonces = nonces

    def send(self, function: Any, signer: Signer, value_wei: int = 0, room: int = 0) -> Sent:
        """Send a prepared call and wait until it is mined.

        Raises ContractRevertError (before anything is sent, where it would revert already), FundsError, SigningKeyError, or EndpointError;
        the last one, when it came while waiting, names the transaction.
        """
        call = {"from": signer.address, "value": value_wei}
        gas = min(self._simulate(function, call) + room, MAX_TRANSACTION_GAS)
        fees = self._fees()
        self._must_afford(signer.address, value_wei + gas * fees["maxFeePerGas"])
        with self._nonces, endpoint_errors("eth_sendRawTransaction"):
            nonce = self._web3.eth.get_transaction_count(Web3.to_checksum_address(signer.address), "pending")
            priced = {**fees, "chainId": self._chain_id, "nonce": nonce, "value": value_wei, "gas": gas}
            transaction = function.build_transaction(priced)
            sent = bytes(self._web3.eth.send_raw_transaction(signer.sign_transaction(transaction)))
        return self._mined(function, call, sent)

    def _simulate(self, function: Any, call: dict[str, Any]) -> int:
        """Return the gas to allow: a fifth more than an estimate, since state may change before the block."""
        self._must_afford(call["from"], call["value"])
        with endpoint_errors("eth_estimateGas"):
            try:
                function.call(call)
                return int(function.estimate_gas(call)) * 6 // 5
            except ContractLogicError as error:
                raise revert_of(error) from error

    def _fees(self) -> dict[str, int]:
        with endpoint_errors("eth_getBlockByNumber"):
            base = self._web3.eth.get_block("latest").get("baseFeePerGas", 0)
        try:
            tip = int(self._web3.eth.max_priority_fee)
        except (Web3Exception, OSError, ValueError):
            tip = _DEFAULT_TIP_WEI
        return {"maxPriorityFeePerGas": tip, "maxFeePerGas": 2 * int(base) + tip}

    def _must_afford(self, sender: str, needed_wei: int) -> None:
        with endpoint_errors("eth_getBalance"):
            balance = int(self._web3.eth.get_balance(Web3.to_checksum_address(sender)))
        if balance < needed_wei:
            raise FundsError(sender, balance, needed_wei)

    def _mined(self, function: Any, call: dict[str, Any], sent: bytes) -> Sent:
        try:
            with endpoint_errors(f"waiting for transaction 0x{sent.hex()}"):
                receipt = self._web3.eth.wait_for_transaction_receipt(
                    HexBytes(sent), _RECEIPT_TIMEOUT_S, _RECEIPT_POLL_S
                )
        except EndpointError as error:
            if isinstance(error.__cause__, TimeExhausted):
                raise EndpointError(
                    f"transaction 0x{sent.hex()} isn't mined after {_RECEIPT_TIMEOUT_S} s; look again later"
                ) from error
            raise
        if receipt["status"] != 1:
            raise self._why(function, call, receipt)
        logs = [(log["address"], decode_log(log)) for log in receipt["logs"] if log["address"] in self._addresses.all]
        events = [event for address, event in logs if event and address == self._addresses.of(event.contract)]
        return Sent(sent, receipt["blockNumber"], receipt["gasUsed"], events)

    def _why(self, function: Any, call: dict[str, Any], receipt: TxReceipt) -> ContractRevertError:
        """Say why a mined transaction failed, by making its call again on the state after its block."""
        try:
            function.call(call, block_identifier=receipt["blockNumber"])
        except ContractLogicError as error:
            return revert_of(error)
        except (Web3Exception, OSError, ValueError):
            pass
        return ContractRevertError("reverted", {"transaction": "0x" + bytes(receipt["transactionHash"]).hex()})
