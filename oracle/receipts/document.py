"""The receipt's form: a consent receipt of ISO/IEC TS 27560 in JSON-LD, in the terms of W3C's DPV, as its community's guide lays it out.

Source: https://w3id.org/dpv/guides/consent-27560. All that a person reads in it follows from its evidence: the agreement's terms, whose
hash is the agreement's id, and a proof of how the contract had it at a block. So whatever is changed in it, it no longer fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from oracle.core import canonical
from oracle.core.digests import Digest, Domain
from oracle.core.duo import duo_iri, modifier_codes
from oracle.core.eip712 import struct_hash
from oracle.core.errors import AuditError
from oracle.core.purposes import purpose, terms
from oracle.core.structs import Agreement, AgreementState, Step
from oracle.receipts.proofs import StateProof, mapping_slot

CONFORMS_TO = "https://w3id.org/dpv/schema/dpv-27560#receipt"
_RECORD_CONFORMS_TO = "https://w3id.org/dpv/schema/dpv-27560#record"
CONTEXT = {
    "assent": "urn:assent:",
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
#: DPV's processing for each step, and Assent's own where DPV has none.
_PROCESSING = {
    Step.INFER: "dpv:Infer",
    Step.TRAIN: "assent:Train",
    Step.EVALUATE: "dpv:Assess",
    Step.AGGREGATE: "dpv:Aggregate",
    Step.SHARE: "dpv:Share",
}
_ENDED = {
    AgreementState.WITHDRAWN: "dpv:ConsentWithdrawn",
    AgreementState.REVOKED: "dpv:ConsentRevoked",
    AgreementState.INVALIDATED: "dpv:ConsentInvalidated",
}
#: Where the contract keeps agreements: the first of its state variables (contracts/base/State.sol).
_AGREEMENTS = 0
_RECEIPT_TYPE = "Receipt(bytes32 digest)"


class ReceiptError(AuditError):
    """A receipt that isn't what it says; the text names the part."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an agreement stood at a block. ``since`` (Unix seconds) is when it came to be so.

    ``earning`` verdicts earned something for subject or publisher by then; those of a free model at no price aren't counted on chain.
    """

    state: AgreementState
    since: int
    valid_until: int
    earning: int
    block: int
    timestamp: int
    renewed: bool

    @property
    def status(self) -> str:
        """DPV's word for it."""
        if self.state is not AgreementState.GIVEN:
            return _ENDED[self.state]
        if self.timestamp >= self.valid_until:
            return "dpv:ConsentExpired"
        return "dpv:RenewedConsentGiven" if self.renewed else "dpv:ConsentGiven"

    @property
    def renewed_now(self) -> bool:
        """Whether it stands by a renewal: when that was, the contract's word doesn't tell."""
        return self.status == "dpv:RenewedConsentGiven"

    @property
    def status_since(self) -> int:
        """Since when it is so, in Unix seconds."""
        return self.valid_until if self.status == "dpv:ConsentExpired" else self.since


def slot_of(agreement: Agreement) -> bytes:
    """Return where the contract keeps an agreement's state, 32 bytes."""
    return mapping_slot(_AGREEMENTS, agreement.id)


def standing_of(domain: Domain, agreement: Agreement, proof: StateProof) -> Standing:
    """Return how an agreement stood, as a proof shows. Raises ReceiptError if it was never given, and ProofError."""
    word = proof.word(domain.contract, slot_of(agreement))
    try:
        state = AgreementState(word & 0xFF)
    except ValueError:
        state = AgreementState.NONE
    valid_until = word >> 8 & 0xFFFFFFFFFF
    # Whoever is named as subject can refuse what was never given; only giving writes the end of the validity, which renewals only lengthen.
    if state in (AgreementState.NONE, AgreementState.REFUSED) or valid_until < agreement.valid_until:
        raise ReceiptError("the agreement wasn't given by then, or its terms are others")
    return Standing(
        state=state,
        valid_until=valid_until,
        since=word >> 48 & 0xFFFFFFFFFF,
        earning=word >> 88 & 0xFFFFFFFF,
        block=proof.number,
        timestamp=proof.timestamp,
        renewed=valid_until > agreement.valid_until,
    )


def unsigned(
    domain: Domain, agreement: Agreement, proof: StateProof, standing: Standing, issuer: str
) -> dict[str, Any]:
    """Return a receipt without its signature, all of it from evidence; ``standing`` is what the proof shows."""
    name = f"urn:assent:{domain.chain_id}:{domain.contract.lower()}:agreement:0x{agreement.id.hex()}"
    return {
        "@context": CONTEXT,
        "@id": f"{name}:block:{standing.block}",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": CONFORMS_TO,
        "dct:created": _time(standing.timestamp),
        "dct:publisher": _party(domain, issuer),
        "dpv:hasRecordOfActivity": _record(domain, agreement, standing, name),
        "assent:evidence": {
            "chainId": domain.chain_id,
            "contract": domain.contract,
            "blockHash": "0x" + proof.block_hash.hex(),
            "terms": agreement.to_json(),
            **proof.to_json(),
        },
    }


def digest_of(domain: Domain, receipt: dict[str, Any]) -> Digest:
    """Return what an issuer signs: EIP-712 ``Receipt(bytes32 digest)``, over the canonical JSON of a receipt without its signature."""
    return domain.digest(struct_hash(_RECEIPT_TYPE, ["bytes32"], (canonical.digest(receipt),)))


def _record(domain: Domain, agreement: Agreement, standing: Standing, name: str) -> dict[str, Any]:
    subject = _party(domain, agreement.subject)
    return {
        "@id": name,
        "@type": "dpv:ConsentRecord",
        "dct:identifier": "0x" + agreement.id.hex(),
        "dct:conformsTo": _RECORD_CONFORMS_TO,
        "dpv:hasDataSubject": subject,
        "dpv:hasDataController": _party(domain, agreement.controller),
        "assent:hasHolder": _party(domain, agreement.holder),
        "dpv:hasLegalBasis": "dpv:Consent",
        "dpv:hasNotice": _notice(agreement),
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "dpv:hasPurpose": _iris(agreement.purposes),
            "assent:prohibitsPurpose": _iris(agreement.prohibited),
            "dpv:hasProcessing": [_PROCESSING[step] for step in Step if agreement.steps >> step & 1],
            **_models(domain, agreement),
            "assent:hasRecordRoot": "0x" + agreement.root.hex(),
            "assent:uses": agreement.uses,
            "assent:price": str(agreement.price),
            "assent:hasModifier": [duo_iri(code) for code in modifier_codes(agreement.modifiers)],
            **({"assent:place": f"{agreement.place:03}"} if agreement.place else {}),
        },
        "assent:erasure": agreement.erasure,
        "assent:disclosure": int(agreement.disclosure),
        "assent:validFrom": _time(agreement.valid_from),
        "assent:validUntil": _time(standing.valid_until),
        "dpv:hasConsentStatus": {
            "@type": standing.status,
            **_indicated(domain, agreement, standing),
            "assent:verdictsEarning": standing.earning,
        },
    }


def _models(domain: Domain, agreement: Agreement) -> dict[str, Any]:
    by = agreement.models_by
    if by is None:
        return {"assent:hasModel": "0x" + agreement.model.hex()}
    return {"assent:hasModelsBy": _party(domain, by.publisher), "assent:currency": by.currency}


def _notice(agreement: Agreement) -> dict[str, str]:
    notice = {"@type": "dpv:ConsentNotice", "assent:digest": "0x" + agreement.notice.hex()}
    language = agreement.language.rstrip(b"\0").decode("ascii", errors="replace")
    return {**notice, "dct:language": language} if language else notice


def _indicated(domain: Domain, agreement: Agreement, standing: Standing) -> dict[str, Any]:
    """Who brought it about and when, as far as the contract's word tells; the events, and so the history, tell the rest.

    A representative may have given, renewed or revoked it, and of a renewal the word hasn't the time.
    """
    by = {AgreementState.WITHDRAWN: agreement.subject, AgreementState.INVALIDATED: agreement.holder}.get(standing.state)
    found: dict[str, Any] = {} if by is None else {"dpv:isIndicatedBy": _party(domain, by)}
    if not standing.renewed_now:
        found["dpv:isIndicatedAtTime"] = _time(standing.status_since)
    return found


def _iris(mask: int) -> list[str]:
    return [purpose(term).iri for term in terms(mask)]


def _party(domain: Domain, address: str) -> dict[str, str]:
    # did:pkh, https://github.com/w3c-ccg/did-pkh: an account of a chain.
    return {"@id": f"did:pkh:eip155:{domain.chain_id}:{address}"}


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)  # beyond the year 9999: no date has it
