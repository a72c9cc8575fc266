"""Sealed messages from a vault to one operator: HPKE (RFC 9180), base mode, X25519, HKDF-SHA256, AES-256-GCM.

The context string binds protocol, request and attester: a message opens for the request it was made for, at the operator it was made
for, or not at all. Base mode doesn't say who sealed it; that the fields are the record's, the record's root says.

An operator may name a hybrid key as well (ML-KEM-768 with X25519, draft-ietf-hpke-pq): then the message is sealed to that first, and what
comes of it to the X25519 key that is on chain. Who reads it needs both: a stolen attester's key, which signs for the hybrid key, doesn't
help, nor does a quantum computer that kept the traffic.
"""

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from eth_utils import to_canonical_address
from pydantic_core import from_json

from oracle.core.canonical import canonical
from oracle.core.errors import Reason, RecordError, SealError
from oracle.data.record import DisclosedField

PROTOCOL = b"assent-release/1"
#: Layers of a message that is sealed twice: neither can be taken for a message that is sealed once.
_INNER, _OUTER = PROTOCOL + b"+mlkem768-x25519/inner", PROTOCOL + b"+mlkem768-x25519/outer"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_HYBRID = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_MLKEM_BYTES = 1_184
#: A hybrid key: ML-KEM-768's, then X25519's.
HYBRID_KEY_BYTES = _MLKEM_BYTES + 32


def seal(public_key: bytes, request_id: bytes, attester: str, plaintext: bytes, hybrid_key: bytes = b"") -> bytes:
    """Seal a message to an operator's X25519 key (32 bytes), for one request id (32 bytes) and attester address.

    With a hybrid key (1216 bytes), to that first. Returns the encapsulated key (32 bytes), then the ciphertext with its tag. Raises
    SealError if a key can't be sealed to.
    """
    protocol = PROTOCOL
    if hybrid_key:
        plaintext = _HYBRID.encrypt(plaintext, _hybrid(hybrid_key), _context(_INNER, request_id, attester))
        protocol = _OUTER
    try:
        recipient = X25519PublicKey.from_public_bytes(public_key)
        return _SUITE.encrypt(plaintext, recipient, _context(protocol, request_id, attester))
    except (ValueError, UnsupportedAlgorithm):  # not 32 bytes, or a point of small order
        raise SealError(
            f"the seal key that {attester} registered is no X25519 key; its operator must register another"
        ) from None


def open_sealed(
    private_key: X25519PrivateKey,
    request_id: bytes,
    attester: str,
    sealed: bytes,
    hybrid: MLKEM768X25519PrivateKey | None = None,
) -> bytes:
    """Return the plaintext; ``hybrid`` is the key that the message was asked to be sealed to, too: one that isn't doesn't open.

    Raises SealError for another key, request or attester, or when a byte was altered.
    """
    try:
        if hybrid is None:
            return _SUITE.decrypt(sealed, private_key, _context(PROTOCOL, request_id, attester))
        inner = _SUITE.decrypt(sealed, private_key, _context(_OUTER, request_id, attester))
        return _HYBRID.decrypt(inner, hybrid, _context(_INNER, request_id, attester))
    except (InvalidTag, ValueError):
        raise SealError(
            "the sealed fields don't open: sealed to another key, request or attester, or altered"
        ) from None


def check_hybrid(key: bytes) -> None:
    """Raise SealError unless a message can be sealed to a hybrid key."""
    _hybrid(key)


def _hybrid(key: bytes) -> MLKEM768X25519PublicKey:
    try:
        lattice, curve = key[:_MLKEM_BYTES], key[_MLKEM_BYTES:]
        parts = MLKEM768PublicKey.from_public_bytes(lattice), X25519PublicKey.from_public_bytes(curve)
        return MLKEM768X25519PublicKey(*parts)
    except (ValueError, UnsupportedAlgorithm):
        raise SealError(f"no ML-KEM-768 and X25519 public key; one has {HYBRID_KEY_BYTES} bytes") from None


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


def _context(protocol: bytes, request_id: bytes, attester: str) -> bytes:
    if len(request_id) != 32:
        raise SealError(f"a request id has 32 bytes, this one {len(request_id)}")
    return protocol + b"\x00" + request_id + to_canonical_address(attester)
