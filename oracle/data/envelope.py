"""Sealed messages from a vault to one operator: HPKE (RFC 9180), base mode, X25519, HKDF-SHA256, AES-256-GCM.

The context string binds protocol, request and attester: a message opens for the request it was made for, at the operator it was made
for, or not at all. Base mode doesn't say who sealed it; that the fields are the record's, the record's root says.
"""

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from eth_utils import to_canonical_address
from pydantic_core import from_json

from oracle.core.canonical import canonical
from oracle.core.errors import Reason, RecordError, SealError
from oracle.data.record import DisclosedField

PROTOCOL = b"assent-release/1"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def seal(public_key: bytes, request_id: bytes, attester: str, plaintext: bytes) -> bytes:
    """Seal a message to an operator's X25519 key (32 bytes), for one request id (32 bytes) and attester address.

    Returns the encapsulated key (32 bytes), then the ciphertext with its tag. Raises SealError if the key can't be sealed to.
    """
    try:
        recipient = X25519PublicKey.from_public_bytes(public_key)
        return _SUITE.encrypt(plaintext, recipient, _context(request_id, attester))
    except (ValueError, UnsupportedAlgorithm):  # not 32 bytes, or a point of small order
        raise SealError(
            f"the seal key that {attester} registered is no X25519 key; its operator must register another"
        ) from None


def open_sealed(private_key: X25519PrivateKey, request_id: bytes, attester: str, sealed: bytes) -> bytes:
    """Return the plaintext. Raises SealError for another key, request or attester, or when a byte was altered."""
    try:
        return _SUITE.decrypt(sealed, private_key, _context(request_id, attester))
    except (InvalidTag, ValueError):
        raise SealError(
            "the sealed fields don't open: sealed to another key, request or attester, or altered"
        ) from None


def pack_fields(fields: list[DisclosedField]) -> bytes:
    """Return the plaintext in which disclosed fields travel: canonical JSON."""
    return canonical([field.to_json() for field in fields])


def unpack_fields(plaintext: bytes) -> list[DisclosedField]:
    """Inverse of :func:`pack_fields`. Raises RecordError (PROOF_WRONG) if the plaintext has another form."""
    try:
        # Not json.loads: eth-account's libraries raise Python's recursion limit so far that deep nesting would end the process.
        data = from_json(plaintext, allow_inf_nan=False)
    except ValueError:
        data = None
    if not isinstance(data, list):
        raise RecordError(Reason.PROOF_WRONG, "what the vault sealed isn't a list of fields")
    return [DisclosedField.from_json(entry) for entry in data]


def _context(request_id: bytes, attester: str) -> bytes:
    if len(request_id) != 32:
        raise SealError(f"a request id has 32 bytes, this one {len(request_id)}")
    return PROTOCOL + b"\x00" + request_id + to_canonical_address(attester)
