"""Transactions (EIP-1559): what is signed of one, and what it is with its signature."""

from __future__ import annotations

from typing import Any

import rlp
from eth_account import Account
from eth_account.typed_transactions.dynamic_fee_transaction import DynamicFeeTransaction
from rlp.sedes import List

from oracle.core.digests import Digest
from oracle.core.errors import SigningKeyError

_TYPE = 2
_FIELDS = DynamicFeeTransaction.unsigned_transaction_fields
_SEDES = List([sedes for _, sedes in _FIELDS])


class UnsignedTransaction:
    """A transaction of one sender, ready to be signed. ``digest`` is what its sender signs."""

    def __init__(self, transaction: dict[str, Any], sender: str) -> None:
        """Take the fields as JSON-RPC has them. Raises TypeError if one is missing or wrong, SigningKeyError for another's transaction."""
        fields = {name: value for name, value in transaction.items() if name != "from"}
        if transaction.get("from", sender) != sender:
            raise SigningKeyError(
                f"a transaction of {transaction['from']} isn't {sender}'s to sign; name its sender's key"
            )
        if missing := {"chainId", "nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas"} - fields.keys():
            raise TypeError(f"a transaction needs {', '.join(sorted(missing))}")
        self._sender = sender
        self._fields = DynamicFeeTransaction.from_dict({**fields, "type": _TYPE}).dictionary
        values = [self._fields[name] for name, _ in _FIELDS]
        self.digest = Digest(bytes([_TYPE]) + rlp.encode(values, _SEDES))

    def signed(self, signature: bytes) -> bytes:
        """Return the raw transaction, given its sender's compact signature. Raises SigningKeyError if it recovers to another."""
        vs = int.from_bytes(signature[32:], "big")
        parts = {"v": vs >> 255, "r": int.from_bytes(signature[:32], "big"), "s": vs & ((1 << 255) - 1)}
        raw = bytes([_TYPE]) + DynamicFeeTransaction.from_dict({**self._fields, **parts, "type": _TYPE}).payload()
        must_be(self._sender, Account.recover_transaction(raw))
        return raw


def must_be(sender: str, recovered: str | None) -> None:
    """Raise SigningKeyError unless what a signature recovers to is the address that should have signed."""
    if recovered != sender:
        raise SigningKeyError(
            f"a signature for {sender} recovers to {recovered}; it was not used: check this machine's memory and libraries"
        )
