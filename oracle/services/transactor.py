"""Sends this node's transactions: one key, one at a time through one lock, each saved before it is broadcast."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from web3 import AsyncWeb3
from web3.exceptions import ContractLogicError, TransactionNotFound, Web3RPCError

from oracle.chain.abi import revert_of
from oracle.chain.contract import AssentContract
from oracle.chain.rpc import endpoint_errors
from oracle.keys.signer import Signer
from oracle.store.transactions import Attempt, TransactionStore
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

_GAS_MARGIN_PERCENT = 120
#: After this many blocks without a receipt, a transaction is broadcast again, for more.
_RESEND_BLOCKS = 5
#: A replacement must offer 10 % more, or the pools refuse it; never more than the cap.
_BUMP_PERCENT = 110
_MOST_FEE_WEI = 1_000 * 10**9
#: The contract wants 64/63 of a callback's gas (EIP-150), and this for what it does around it.
_CALLBACK_OVERHEAD = 10_000
_SIGNED = ("chainId", "nonce", "to", "value", "data", "gas")


class Transactor:
    """The sender key's transactions."""

    def __init__(
        self, web3: AsyncWeb3[Any], contract: AssentContract, store: TransactionStore, signer: Signer, metrics: Metrics
    ) -> None:
        self._web3 = web3
        self._contract = contract
        self._store = store
        self._signer = signer
        self._metrics = metrics
        self._lock = asyncio.Lock()

    @property
    def address(self) -> str:
        """The account that pays."""
        return self._signer.address

    async def balance_wei(self) -> int:
        """Return the sender's ether, in wei."""
        with endpoint_errors("eth_getBalance"):
            balance = await self._web3.eth.get_balance(self._web3.to_checksum_address(self._signer.address))
        self._metrics.balance_wei.set(balance)
        return balance

    async def send(self, kind: str, about: bytes, function: Any, callback_gas: Sequence[int] = ()) -> None:
        """Send an act, unless the same is under way. Raises ContractRevertError if the contract won't have it now.

        ``about`` (32 bytes) tells acts of one kind apart. ``callback_gas`` is what each callback that it makes may use: an estimate holds
        for what receivers do now, but a receiver may do more later, and then the next one's gas must still be there.
        """
        async with self._lock:
            if self._store.is_pending(kind, about):
                return
            with endpoint_errors(kind):
                try:
                    gas = await function.estimate_gas({"from": self._signer.address})
                except ContractLogicError as error:
                    raise revert_of(error) from error
                gas = gas * _GAS_MARGIN_PERCENT // 100 + sum(map(_room_for, callback_gas))
                attempt = await self._sign(kind, about, function, gas)
                self._store.save(attempt)
                await self._broadcast(attempt)

    async def _sign(self, kind: str, about: bytes, function: Any, gas: int) -> Attempt:
        eth = self._web3.eth
        count, head, tip = await asyncio.gather(
            eth.get_transaction_count(self._web3.to_checksum_address(self._signer.address)),
            eth.get_block("latest"),
            eth.max_priority_fee,
        )
        fee = 2 * head["baseFeePerGas"] + tip
        transaction = {
            "type": 2,
            "chainId": self._contract.domain.chain_id,
            "nonce": self._store.next_nonce(count),
            "to": self._contract.address,
            "value": 0,
            "data": function._encode_transaction_data(),
            "gas": gas,
            "maxFeePerGas": fee,
            "maxPriorityFeePerGas": tip,
        }
        raw = self._signer.sign_transaction(transaction)
        return Attempt(
            nonce=transaction["nonce"],
            kind=kind,
            request=about,
            raw=raw,
            hash=bytes(self._web3.keccak(raw)),
            max_fee_wei=fee,
            sent_block=head["number"],
        )

    async def _broadcast(self, attempt: Attempt) -> None:
        try:
            await self._web3.eth.send_raw_transaction(attempt.raw)
        except Web3RPCError as error:
            # "already known" is success; "nonce too low" shows in the receipt, or that the nonce was used elsewhere.
            log.info("broadcast_refused", kind=attempt.kind, nonce=attempt.nonce, error=str(error)[:200])
            return
        log.info("transaction_sent", kind=attempt.kind, nonce=attempt.nonce, hash=attempt.hash.hex())

    async def settle(self, head: int) -> None:
        """Look after what was sent: note receipts, send again what vanished, notice nonces that were used elsewhere."""
        pending = self._store.pending()
        if not pending:
            return
        with endpoint_errors("receipts"):
            count = await self._web3.eth.get_transaction_count(self._web3.to_checksum_address(self._signer.address))
            for attempt in pending:
                await self._settle_one(attempt, head, count)

    async def _settle_one(self, attempt: Attempt, head: int, count: int) -> None:
        try:
            receipt = await self._web3.eth.get_transaction_receipt(self._web3.to_hex(attempt.hash))
        except TransactionNotFound:
            if count > attempt.nonce:
                self._finish(attempt, "replaced")
            elif head - attempt.sent_block >= _RESEND_BLOCKS:
                await self._broadcast(await self._dearer(attempt, head))
            return
        state = "mined" if receipt["status"] else "reverted"
        self._finish(attempt, state, receipt["gasUsed"], receipt["effectiveGasPrice"])

    async def _dearer(self, attempt: Attempt, head: int) -> Attempt:
        """Return the same act with the same nonce for a higher fee, saved; the attempt itself where the cap is reached."""
        signed = TypedTransaction.from_bytes(HexBytes(attempt.raw)).as_dict()
        block, tip = await asyncio.gather(self._web3.eth.get_block("latest"), self._web3.eth.max_priority_fee)
        tip = max(tip, -(-signed["maxPriorityFeePerGas"] * _BUMP_PERCENT // 100))
        fee = max(2 * block["baseFeePerGas"] + tip, -(-attempt.max_fee_wei * _BUMP_PERCENT // 100))
        if fee > _MOST_FEE_WEI:
            return attempt
        kept = {name: signed[name] for name in _SIGNED}
        raw = self._signer.sign_transaction({"type": 2, **kept, "maxFeePerGas": fee, "maxPriorityFeePerGas": tip})
        dearer = replace(attempt, raw=raw, hash=bytes(self._web3.keccak(raw)), max_fee_wei=fee, sent_block=head)
        self._store.save(dearer)
        log.info("fee_raised", kind=attempt.kind, nonce=attempt.nonce, max_fee_wei=fee)
        return dearer

    def _finish(self, attempt: Attempt, state: str, gas_used: int = 0, price_wei: int = 0) -> None:
        self._store.settle(attempt.nonce, state)
        self._metrics.transactions.labels(attempt.kind, state).inc()
        self._metrics.gas_used.labels(attempt.kind).inc(gas_used)
        self._metrics.gas_spent_wei.labels(attempt.kind).inc(gas_used * price_wei)
        log.info("transaction_settled", kind=attempt.kind, nonce=attempt.nonce, state=state, gas=gas_used)


def _room_for(callback_gas: int) -> int:
    return callback_gas * 64 // 63 + _CALLBACK_OVERHEAD if callback_gas else 0
