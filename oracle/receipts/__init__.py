"""Receipts for agreements: what was agreed to and how it stood at a block, to be checked by anyone, with no chain and no vault at hand."""

from oracle.receipts.document import ReceiptError, Standing
from oracle.receipts.fhir import FhirError, from_fhir, to_fhir
from oracle.receipts.history import Entry, Used, history_of, uses_of
from oracle.receipts.issuing import issue
from oracle.receipts.proofs import StateProof
from oracle.receipts.verifying import Verified, verify

__all__ = [
    "Entry",
    "FhirError",
    "ReceiptError",
    "Standing",
    "StateProof",
    "Used",
    "Verified",
    "from_fhir",
    "history_of",
    "issue",
    "to_fhir",
    "uses_of",
    "verify",
]
