"""What an attester sends to a vault: the request whose fields it wants, signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oracle.core import digests
from oracle.core.digests import Digest, Domain
from oracle.core.eip712 import struct_hash

#: An ask may be valid for at most this long: whoever overhears one can repeat it until then (and gets what only the attester opens).
MAX_ASK_S = 300
#: So many asks go to a vault together, at most.
MAX_ASKS = 32

_ASK_TYPE = "Ask(bytes32 request,uint32 epoch,uint256 deadline)"
_ASK_KINDS = ["bytes32", "uint32", "uint256"]


@dataclass(frozen=True, slots=True)
class Ask:
    """An attester's ask (EIP-712 ``Ask``). ``deadline`` is in Unix seconds; ``signature`` is compact, 64 bytes."""

    request_id: bytes
    epoch: int
    deadline: int
    signature: bytes

    def attester(self, domain: Domain) -> str | None:
        """Return the checksummed address that signed, or None if the signature is nobody's."""
        return digests.recover(ask_digest(domain, self.request_id, self.epoch, self.deadline), self.signature)

    def to_json(self) -> dict[str, Any]:
        """Return the body of ``POST /v1/releases``."""
        return {
            "request": "0x" + self.request_id.hex(),
            "epoch": self.epoch,
            "deadline": self.deadline,
            "signature": "0x" + self.signature.hex(),
        }


def ask_digest(domain: Domain, request_id: bytes, epoch: int, deadline: int) -> Digest:
    """Return what an attester signs to ask for a request's fields until ``deadline`` (Unix seconds)."""
    return domain.digest(struct_hash(_ASK_TYPE, _ASK_KINDS, (request_id, epoch, deadline)))
