"""Canonical JSON (RFC 8785) and its digest."""

from typing import Any

import rfc8785
from eth_utils import keccak


def canonical(data: Any) -> bytes:
    """Return the one byte string of this JSON value. Raises ValueError for what JSON can't say exactly (NaN, integers beyond 2^53)."""
    try:
        return rfc8785.dumps(data)
    except rfc8785.CanonicalizationError as error:
        # The library's message quotes the value, which may be personal.
        raise ValueError("not representable in canonical JSON: " + type(error).__name__) from None


def digest(data: Any) -> bytes:
    """Return the keccak256 of a JSON value's canonical form, 32 bytes."""
    return keccak(canonical(data))
