"""What an attester sends to a vault: the request whose fields it wants, signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from oracle.core import digests
from oracle.core.digests import Digest, Domain
from oracle.core.eip712 import struct_hash
from oracle.core.keccak import keccak

#: An ask may be valid for at most this long: whoever overhears one can repeat it until then (and gets what only the attester opens).
MAX_ASK_S = 300
#: So many asks go to a vault together, at most.
MAX_ASKS = 32

_ASK_TYPE = "Ask(bytes32 request,uint32 epoch,uint256 deadline)"
_ASK_KINDS = ["bytes32", "uint32", "uint256"]
_HYBRID_TYPE = "HybridAsk(bytes32 request,uint32 epoch,uint256 deadline,bytes32 sealKey)"
_HYBRID_KINDS = [*_ASK_KINDS, "bytes32"]


@dataclass(frozen=True, slots=True)
class Ask:
    """An attester's ask (EIP-712 ``Ask``). ``deadline`` is in Unix seconds; ``signature`` is compact, 64 bytes.

    With a ``seal_key`` (see :mod:`envelope`; empty for none) it is a ``HybridAsk``, which names that key by its keccak256.
    """

    request_id: bytes
    epoch: int
    deadline: int
    signature: bytes
    seal_key: bytes = b""

    def attester(self, domain: Domain) -> str | None:
        """Return the checksummed address that signed, or None if the signature is nobody's."""
        digest = ask_digest(domain, self.request_id, self.epoch, self.deadline, self.seal_key)
        return digests.recover(digest, self.signature)

    def to_json(self) -> dict[str, Any]:
        """Return the body of ``POST /v1/releases``."""
        return {
            "request": "0x" + self.request_id.hex(),
            "epoch": self.epoch,
            "deadline": self.deadline,
            "signature": "0x" + self.signature.hex(),
            **({"sealKey": "0x" + self.seal_key.hex()} if self.seal_key else {}),
        }


def together(asks: Sequence[Ask]) -> dict[str, Any]:
    """Return the body of ``POST /v1/releases/batch``; a seal key that all asks have is in it once."""
    keys = {ask.seal_key for ask in asks}
    common = keys.pop() if len(keys) == 1 else b""
    if not common:
        return {"asks": [ask.to_json() for ask in asks]}
    return {"asks": [replace(ask, seal_key=b"").to_json() for ask in asks], "sealKey": "0x" + common.hex()}


def ask_digest(domain: Domain, request_id: bytes, epoch: int, deadline: int, seal_key: bytes = b"") -> Digest:
    """Return what an attester signs to ask for a request's fields until ``deadline`` (Unix seconds), sealed to ``seal_key``, too."""
    if seal_key:
        values = (request_id, epoch, deadline, keccak(seal_key))
        return domain.digest(struct_hash(_HYBRID_TYPE, _HYBRID_KINDS, values))
    return domain.digest(struct_hash(_ASK_TYPE, _ASK_KINDS, (request_id, epoch, deadline)))
