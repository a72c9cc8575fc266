"""Checking a receipt: offline, from the receipt and the hash of a block that whoever checks knows to be on the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils import is_checksum_address

from oracle.core.digests import Domain, recover
from oracle.core.structs import Agreement
from oracle.receipts.differences import differences
from oracle.receipts.document import ReceiptError, Standing, digest_of, standing_of, unsigned
from oracle.receipts.proofs import StateProof

_SIGNATURE = "assent:signature"
_MOST_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Verified:
    """What a receipt shows, of the contract in ``domain``.

    ``anchored`` tells that block and contract are those that were known; else the issuer alone vouches for one of them.
    """

    domain: Domain
    agreement: Agreement
    standing: Standing
    issuer: str
    block_hash: bytes
    anchored: bool


def verify(receipt: Mapping[str, Any], block_hash: bytes | None = None, known: Domain | None = None) -> Verified:
    """Check everything in a receipt. What is known of the chain is a block's hash (32 bytes), and which contract is Assent's there.

    Raises ReceiptError naming the part that is wrong, or ProofError.
    """
    evidence, signature = _mapping(receipt, "assent:evidence"), _bytes(receipt.get(_SIGNATURE), _SIGNATURE)
    domain, agreement = _domain(evidence), _agreement(evidence)
    proof = StateProof.from_json(evidence)
    issuer, standing = _issuer(receipt, domain), standing_of(domain, agreement, proof)
    expected = unsigned(domain, agreement, proof, standing, issuer)
    given = {name: value for name, value in receipt.items() if name != _SIGNATURE}
    if (part := next(differences(expected, given), None)) is not None:
        raise ReceiptError(f"{part}: isn't what the evidence says")
    canonical = "0x" + signature.hex() == receipt[_SIGNATURE]
    if not canonical or recover(digest_of(domain, expected), signature) != issuer:
        raise ReceiptError(f"{_SIGNATURE}: not the signature of {issuer}, who is named as dct:publisher")
    if block_hash is not None and proof.block_hash != block_hash:
        raise ReceiptError(
            f"assent:evidence.header: is of block 0x{proof.block_hash.hex()}, not of 0x{block_hash.hex()}; is that block of this chain?"
        )
    if known is not None and known != domain:
        raise ReceiptError(
            f"assent:evidence.contract: is {domain.contract} on chain {domain.chain_id}, not {known.contract} on chain {known.chain_id}"
        )
    anchored = block_hash is not None and known is not None
    return Verified(domain, agreement, standing, issuer, proof.block_hash, anchored)


def _mapping(receipt: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = receipt.get(name)
    if not isinstance(found, Mapping):
        raise ReceiptError(
            f"{name}: missing, so that there is nothing to check; is this a receipt of `assent agreement receipt`?"
        )
    return found


def _bytes(text: Any, name: str) -> bytes:
    try:
        if isinstance(text, str) and text.startswith("0x") and len(text) < _MOST_BYTES:
            return bytes.fromhex(text[2:])
    except ValueError:
        pass
    raise ReceiptError(f"{name}: not 0x-hex")


def _domain(evidence: Mapping[str, Any]) -> Domain:
    chain_id, contract = evidence.get("chainId"), evidence.get("contract")
    if type(chain_id) is not int or not 0 < chain_id < 2**53:
        raise ReceiptError("assent:evidence.chainId: not a chain's id")
    if not isinstance(contract, str) or not is_checksum_address(contract):
        raise ReceiptError("assent:evidence.contract: not a checksummed address")
    return Domain(chain_id, contract)


def _agreement(evidence: Mapping[str, Any]) -> Agreement:
    try:
        agreement = Agreement.from_json(evidence["terms"])
        agreement.hash()  # raises for a number or an address that doesn't fit its type
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        raise ReceiptError("assent:evidence.terms: not an agreement's terms") from None
    return agreement


def _issuer(receipt: Mapping[str, Any], domain: Domain) -> str:
    publisher = receipt.get("dct:publisher")
    name = publisher.get("@id") if isinstance(publisher, Mapping) else None
    prefix = f"did:pkh:eip155:{domain.chain_id}:"
    if not isinstance(name, str) or not name.startswith(prefix) or not is_checksum_address(name[len(prefix) :]):
        raise ReceiptError(f"dct:publisher: not an account of chain {domain.chain_id}")
    return name[len(prefix) :]
