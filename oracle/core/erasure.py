"""What is said on chain when data were erased because an agreement that asks for it is over.

The statement has nothing in it that a reader doesn't know, so that its digest, which is all that the chain keeps, can be understood by
whoever knows the agreement.
"""

from __future__ import annotations

from enum import StrEnum

from oracle.core import canonical

#: How long a holder or an operator has for it, in seconds: the month of GDPR Art. 12(3).
ERASURE_TIME_S = 30 * 86_400


class Eraser(StrEnum):
    """Who erases: a vault the record with its key; an operator, which stores no field, what it still had in memory."""

    VAULT = "vault"
    OPERATOR = "operator"


def erasure_evidence(eraser: Eraser, agreement_id: bytes, by: str) -> bytes:
    """Return the digest (32 bytes) of the statement that ``by`` erased what it had under an agreement (ids of 32 bytes)."""
    statement = {
        "version": "assent-erasure/1",
        "eraser": eraser.value,
        "agreement": "0x" + agreement_id.hex(),
        "by": by.lower(),
    }
    return canonical.digest(statement)
