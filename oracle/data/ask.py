"""What an attester sends to a vault: the request whose fields it wants, signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oracle.core import digests
from oracle.core.digests import Domain

#: An ask may be valid for at most this long: whoever overhears one can repeat it until then (and gets what only the attester opens).
MAX_ASK_S = 300


@dataclass(frozen=True, slots=True)
class Ask:
    """An attester's ask (EIP-712 ``Ask``). ``deadline`` is in Unix seconds; ``signature`` is compact, 64 bytes."""

    request_id: bytes
    epoch: int
    deadline: int
    signature: bytes

    @classmethod
    def signed(
        cls, domain: Domain, request_id: bytes, epoch: int, deadline: int, sign: Callable[[bytes], bytes]
    ) -> Ask:
        """Make an ask; ``sign`` turns a 32-byte digest into a compact signature, as ``Signer.sign`` does."""
        return cls(request_id, epoch, deadline, sign(_digest(domain, request_id, epoch, deadline)))

    def attester(self, domain: Domain) -> str | None:
        """Return the checksummed address that signed, or None if the signature is nobody's."""
        return digests.recover(_digest(domain, self.request_id, self.epoch, self.deadline), self.signature)

    def to_json(self) -> dict[str, Any]:
        """Return the body of ``POST /v1/releases``."""
        return {
            "request": "0x" + self.request_id.hex(),
            "epoch": self.epoch,
            "deadline": self.deadline,
            "signature": "0x" + self.signature.hex(),
        }


def _digest(domain: Domain, request_id: bytes, epoch: int, deadline: int) -> bytes:
    return digests.typed_data_digest(digests.ask(domain, request_id, epoch, deadline))
