"""Sends this node's transactions: one key, one at a time through one lock, each saved before it is broadcast."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import structlog
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from web3 import AsyncWeb3
from web3.exceptions import ContractLogicError, TransactionNotFound
from web3.types import RPCEndpoint, TxReceipt

from oracle.chain.abi import revert_of
from oracle.chain.contract import AssentContract
from oracle.chain.fees import MAX_TRANSACTION_GAS, Fees, Market, read_market
from oracle.chain.methods import Refusal, refusal_of
from oracle.chain.pool import EndpointPool
from oracle.chain.rpc import endpoint_errors
from oracle.core.errors import EndpointError
from oracle.keys.signer import AsyncSigner
from oracle.settings import SendSettings
from oracle.store.transactions import INCLUDED, PENDING, Attempt, Transaction, TransactionStore
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

_GAS_MARGIN_PERCENT = 120
#: The contract wants 64/63 of a callback's gas (EIP-150), and this for what it does around it.
_CALLBACK_OVERHEAD = 10_000
#: What is in a block that isn't final yet is looked at again after so many blocks.
_CHECK_BLOCKS = 4
_FIRST_REST_S, _LAST_REST_S = 2.0, 60.0
_SIGNED = ("chainId", "nonce", "to", "value", "data", "gas")


class Transactor:
    """The sender key's transactions."""

    def __init__(
        self,
        web3: AsyncWeb3[EndpointPool],
        contract: AssentContract,
        store: TransactionStore,
        signer: AsyncSigner,
        metrics: Metrics,
        settings: SendSettings | None = None,
    ) -> None:
        self._web3 = web3
        self._contract = contract
        self._store = store
        self._signer = signer
        self._metrics = metrics
        self._settings = settings or SendSettings()
        self._cap_wei = int(self._settings.max_fee_gwei * 10**9)
        self._lock = asyncio.Lock()
        #: In which block an endpoint last took an attempt, by hash. After a restart nothing is known, and all is sent again.
        self._taken: dict[bytes, int] = {}
        #: By nonce: in which block one that is included was last looked at, and in which one was first seen to be used elsewhere.
        self._looked: dict[int, int] = {}
        self._used: dict[int, int] = {}
        self._unfunded = 0
        self._rests_till = 0.0

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

    # Sending

    async def send(self, kind: str, about: bytes, function: Any, callback_gas: Sequence[int] = ()) -> None:
        """Send an act, unless the same is under way. Raises ContractRevertError if the contract won't have it now.

        ``about`` (32 bytes) tells acts of one kind apart. ``callback_gas`` is what each callback that it makes may use: an estimate holds
        for what receivers do now, but a receiver may do more later, and then the next one's gas must still be there.
        """
        async with self._lock:
            if self._store.is_under_way(kind, about):
                return
            with endpoint_errors(kind):
                try:
                    gas = await function.estimate_gas({"from": self._signer.address})
                except ContractLogicError as error:
                    raise revert_of(error) from error
                nonce, market = await asyncio.gather(self._next_nonce(), read_market(self._web3))
                transaction = {
                    "chainId": self._contract.domain.chain_id,
                    "nonce": nonce,
                    "to": function.address,
                    "value": 0,
                    "data": function._encode_transaction_data(),
                    "gas": _allowed(gas, callback_gas),
                }
            attempt = await self._sign(kind, about, transaction, market.offer(self._cap_wei), market.head)
            self._store.save(attempt)
            # From here on it is under way, whatever the endpoints say.
            await self._broadcast(attempt, market)

    async def _next_nonce(self) -> int:
        """Return the first nonce that no transaction has, on chain or here.

        A gap (a mined transaction whose block is gone) is filled first: nothing behind it could be mined before. An endpoint that
        doesn't count the newest block yet isn't taken for one: the transaction's receipt is there.
        """
        nonce = await self._count()
        while (own := self._store.find(nonce)) is not None:
            if own.state not in (PENDING, INCLUDED) and await self._receipt(own) is None:
                break
            nonce += 1
        return nonce

    async def _count(self) -> int:
        return await self._web3.eth.get_transaction_count(self._web3.to_checksum_address(self._signer.address))

    async def _sign(self, kind: str, about: bytes, transaction: dict[str, Any], fees: Fees, head: int) -> Attempt:
        offer = {"maxFeePerGas": fees.max_fee_wei, "maxPriorityFeePerGas": fees.tip_wei}
        raw = await self._signer.asign_transaction({"type": 2, **transaction, **offer})
        digest = bytes(self._web3.keccak(raw))
        return Attempt(transaction["nonce"], kind, about, raw, digest, fees.max_fee_wei, fees.tip_wei, head)

    async def _broadcast(self, attempt: Attempt, market: Market) -> None:
        """Give an attempt to the endpoints; if they want more for it, a dearer one."""
        refusal = await self._offer(attempt, market)
        if refusal is Refusal.UNDERPRICED:
            dearer = await self._dearer(attempt, market)
            if dearer is not None:
                await self._offer(dearer, market)

    async def _offer(self, attempt: Attempt, market: Market) -> Refusal | None:
        shown = {"kind": attempt.kind, "nonce": attempt.nonce, "hash": attempt.hash.hex()}
        try:
            response = await self._web3.provider.make_request(
                RPCEndpoint("eth_sendRawTransaction"), ["0x" + attempt.raw.hex()]
            )
        except EndpointError as error:
            log.warning("broadcast_failed", **shown, error=str(error))
            return None
        refusal = refusal_of(response) if response.get("error") else None
        if refusal is None or refusal is Refusal.KNOWN:
            self._taken[attempt.hash] = market.head
            self._unfunded = 0
            log.info("transaction_sent", **shown)
            return None
        self._metrics.broadcasts_refused.labels(refusal.value).inc()
        if refusal is Refusal.NO_FUNDS:
            self._note_unfunded()
        else:
            log.info("broadcast_refused", **shown, reason=refusal.value)
        return refusal

    def _note_unfunded(self) -> None:
        """What is saved waits: each time twice as long, till somebody sends ether."""
        if self._unfunded == 0:
            log.error(
                "sender_unfunded", sender=self.address, remedy="send ether to the sender; what waits is sent then"
            )
        self._rests_till = time.monotonic() + min(_FIRST_REST_S * 2 ** min(self._unfunded, 16), _LAST_REST_S)
        self._unfunded += 1

    async def _dearer(self, attempt: Attempt, market: Market) -> Attempt | None:
        """Return the same act with the same nonce for higher fees, saved; None where the cap is reached."""
        before = Fees(attempt.max_fee_wei, attempt.tip_wei)
        fees = market.raised(before, self._settings.bump_percent, self._cap_wei)
        if fees is None:
            return None
        signed = TypedTransaction.from_bytes(HexBytes(attempt.raw)).as_dict()
        kept = {name: signed[name] for name in _SIGNED}
        dearer = await self._sign(attempt.kind, attempt.request, kept, fees, market.head)
        self._store.save(dearer)
        self._metrics.fees_raised.labels(attempt.kind).inc()
        log.info("fee_raised", kind=attempt.kind, nonce=attempt.nonce, max_fee_wei=fees.max_fee_wei)
        return dearer

    # Looking after what was sent

    async def settle(self, believed: int) -> None:
        """Look after what was sent, given the newest block that is believed: note receipts, and send again what isn't in a block.

        Raises EndpointError.
        """
        under_way = self._store.under_way()
        self._metrics.transactions_open.set(len(under_way))
        if not under_way:
            return
        with endpoint_errors("receipts"):
            count, market = await asyncio.gather(self._count(), read_market(self._web3))
            due = [each for each in under_way if self._is_due(each, market.head)]
            receipts = await asyncio.gather(*(self._receipt(each) for each in due))
        for transaction, receipt in zip(due, receipts, strict=True):
            if receipt is not None:
                self._included(transaction, receipt, believed, market.head)
            else:
                await self._missing(transaction, count, market)

    def _is_due(self, transaction: Transaction, head: int) -> bool:
        looked = self._looked.get(transaction.nonce)
        return transaction.state == PENDING or looked is None or head - looked >= _CHECK_BLOCKS

    async def _receipt(self, transaction: Transaction) -> TxReceipt | None:
        """Return the receipt of whichever attempt was mined."""
        for attempt in reversed(transaction.attempts):
            try:
                return await self._web3.eth.get_transaction_receipt(self._web3.to_hex(attempt.hash))
            except TransactionNotFound:
                continue
        return None

    def _included(self, transaction: Transaction, receipt: TxReceipt, believed: int, head: int) -> None:
        self._used.pop(transaction.nonce, None)
        if receipt["blockNumber"] <= believed:
            state = "mined" if receipt["status"] else "reverted"
            self._finish(transaction, state, receipt["gasUsed"], receipt["effectiveGasPrice"])
            return
        self._looked[transaction.nonce] = head
        if transaction.state == PENDING:
            self._store.settle(transaction.nonce, INCLUDED)

    async def _missing(self, transaction: Transaction, count: int, market: Market) -> None:
        nonce, last = transaction.nonce, transaction.last
        if transaction.state == INCLUDED:
            self._store.settle(nonce, PENDING)
            self._looked.pop(nonce, None)
            self._taken.pop(last.hash, None)
            self._metrics.receipts_vanished.labels(transaction.kind).inc()
            log.warning("receipt_vanished", kind=transaction.kind, nonce=nonce)
        if count > nonce:
            # Receipts may come later than counts: only what is so in a later block too is believed.
            if market.head > self._used.setdefault(nonce, market.head):
                log.warning("nonce_used_elsewhere", nonce=nonce, remedy="let nothing else send with the sender's key")
                self._finish(transaction, "replaced")
            return
        self._used.pop(nonce, None)
        if time.monotonic() >= self._rests_till:
            async with self._lock:
                await self._again(last, nonce == count, market)

    async def _again(self, last: Attempt, is_next: bool, market: Market) -> None:
        """Send again what no endpoint took, or what waits too long: for more if it is the next to be mined, and the cap allows."""
        taken = self._taken.get(last.hash)
        if taken is None:
            await self._broadcast(last, market)
        elif market.head - taken >= self._settings.bump_blocks:
            dearer = await self._dearer(last, market) if is_next else None
            await self._broadcast(dearer or last, market)

    def _finish(self, transaction: Transaction, state: str, gas_used: int = 0, price_wei: int = 0) -> None:
        self._store.settle(transaction.nonce, state)
        for attempt in transaction.attempts:
            self._taken.pop(attempt.hash, None)
        self._looked.pop(transaction.nonce, None)
        self._used.pop(transaction.nonce, None)
        self._metrics.transactions.labels(transaction.kind, state).inc()
        self._metrics.gas_used.labels(transaction.kind).inc(gas_used)
        self._metrics.gas_spent_wei.labels(transaction.kind).inc(gas_used * price_wei)
        log.info("transaction_settled", kind=transaction.kind, nonce=transaction.nonce, state=state, gas=gas_used)


def _allowed(estimate: int, callback_gas: Sequence[int]) -> int:
    """Return the gas to send with, for an estimate and the callbacks that the act makes."""
    return min(estimate * _GAS_MARGIN_PERCENT // 100 + sum(map(_room_for, callback_gas)), MAX_TRANSACTION_GAS)


def _room_for(callback_gas: int) -> int:
    return callback_gas * 64 // 63 + _CALLBACK_OVERHEAD if callback_gas else 0
