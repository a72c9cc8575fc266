"""What checks of signatures have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from oracle.audit.report import CheckFailedError, CheckName, equal, must
from oracle.core.committee import members_of
from oracle.core.digests import recover

C = TypeVar("C")

_SIGNATURE_BYTES = 64


def any_of(candidates: Sequence[C], check: Callable[[C], str]) -> str:
    """Return what the check says of the first candidate that passes it; else raise what it says of the first. There must be one.

    Whoever sends a transaction may write into its input what looks like other calls, and never ran.
    """
    failures = []
    for each in candidates:
        try:
            return check(each)
        except CheckFailedError as failure:
            failures.append(failure)
    raise failures[0]


def must_be_signed(check: CheckName, attesters: Sequence[str], bitmap: int, signatures: bytes, digest: bytes) -> None:
    """Raise CheckFailedError unless all whom a bitmap over the attesters names signed the digest, in compact form and this order."""
    indices = members_of(bitmap)
    equal(check, "bytes of signatures", len(indices) * _SIGNATURE_BYTES, len(signatures))
    for place, index in enumerate(indices):
        signature = signatures[place * _SIGNATURE_BYTES : (place + 1) * _SIGNATURE_BYTES]
        must(index < len(attesters), check, f"one of {len(attesters)} members", f"member {index}")
        equal(check, f"signature {place} of member", attesters[index], recover(digest, signature))
