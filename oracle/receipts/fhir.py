"""Agreements as FHIR R4 ``Consent`` resources, and back: what a hospital's system keeps of them.

Source: https://hl7.org/fhir/R4/consent.html. A resource that says more, or less, than an agreement can is refused: to leave a condition
out would be to break it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from eth_utils import is_checksum_address

from oracle.core.eip712 import bytes_of, hex_of
from oracle.core.errors import AssentError
from oracle.core.purposes import UnknownPurposeError, mask, terms
from oracle.core.structs import Agreement, AgreementState, Disclosure, Step
from oracle.receipts.differences import differences

_DPV = "https://w3id.org/dpv#"
_STEP = "urn:assent:step"
_AGREEMENT = "urn:assent:agreement"
_TERMS = "urn:assent:terms"
_CONDITIONS_URL = "urn:assent:conditions"
_URI = "urn:ietf:rfc:3986"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
#: What an agreement has that FHIR has no element for, in an extension.
_EXTRA = ("root", "notice", "salt", "model", "uses", "price", "language", "erasure", "disclosure", "validUntil")
#: What restricts: a reader that doesn't know a modifier extension must not go by the resource.
_CONDITIONS = ("modifiers", "place")
#: Elements that say nothing of what is agreed to: a server fills them in. Some of what they may hold would; see `_must_be_free`.
_FREE = ("id", "meta", "identifier", "status", "text", "language")
_FREE_META = {"versionId", "lastUpdated", "source", "profile"}
_OPEN_STATUS = ("draft", "proposed", "active")
_STATUS = {
    AgreementState.NONE: "proposed",
    AgreementState.GIVEN: "active",
    AgreementState.WITHDRAWN: "inactive",
    AgreementState.REVOKED: "inactive",
    AgreementState.REFUSED: "rejected",
    AgreementState.INVALIDATED: "entered-in-error",
}
_LAST_DATE = 253_402_300_799


class FhirError(AssentError):
    """A resource that isn't an agreement, or an agreement that no resource can carry; the text names the element."""


def to_fhir(
    agreement: Agreement,
    chain_id: int,
    state: AgreementState = AgreementState.NONE,
    *,
    valid_until: int | None = None,
    expired: bool = False,
) -> dict[str, Any]:
    """Return the ``Consent`` of an agreement, as JSON values. Raises FhirError for a time beyond the year 9999.

    ``valid_until`` is the end that it was renewed to (Unix seconds, exclusive); one that has ``expired`` is inactive.
    """
    ends = agreement.valid_until if valid_until is None else valid_until
    if ends > _LAST_DATE:
        raise FhirError("provision.period: no date is beyond the year 9999")
    subject, controller, holder = (
        _account(chain_id, each) for each in (agreement.subject, agreement.controller, agreement.holder)
    )
    values = agreement.to_json()
    provision: dict[str, Any] = {
        "type": "permit",
        # FHIR's end is the last moment inside, an agreement's the first one outside.
        "period": {"start": _time(agreement.valid_from), "end": _time(ends - 1)},
        "actor": [{"role": _concept(f"{_HL7}/v3-ParticipationType", "IRCP"), "reference": controller}],
        "action": [_concept(_STEP, step.name.lower()) for step in Step if agreement.steps >> step & 1],
        "purpose": _purposes(agreement.purposes),
    }
    if agreement.prohibited:
        provision["provision"] = [{"type": "deny", "purpose": _purposes(agreement.prohibited)}]
    resource = {
        "resourceType": "Consent",
        "id": agreement.id.hex(),
        "identifier": [{"system": _AGREEMENT, "value": hex_of(agreement.id)}],
        "status": "inactive" if expired and state is AgreementState.GIVEN else _STATUS[state],
        "scope": _concept(f"{_HL7}/consentscope", "patient-privacy"),
        "category": [_concept("http://loinc.org", "59284-0")],
        "patient": subject,
        "performer": [subject],
        "organization": [holder],
        "policyRule": _concept(f"{_HL7}/v3-ActCode", "OPTIN"),
        "provision": provision,
        "extension": [
            {"url": _TERMS, "extension": [{"url": name, "valueString": str(values[name])} for name in _EXTRA]}
        ],
    }
    if agreement.modifiers or agreement.place:
        conditions = [{"url": name, "valueString": str(values[name])} for name in _CONDITIONS]
        resource["modifierExtension"] = [{"url": _CONDITIONS_URL, "extension": conditions}]
    return resource


def from_fhir(resource: Mapping[str, Any], chain_id: int) -> Agreement:
    """Return the agreement that a ``Consent`` stands for. Raises FhirError naming what isn't an agreement's."""
    try:
        agreement = _agreement(resource, chain_id)
        agreement.hash()  # raises for a number that doesn't fit its type
        ends = max(_end_of(resource), agreement.valid_until)
    except UnknownPurposeError as error:
        raise FhirError(f"provision.purpose: {error}") from None
    except FhirError:
        raise
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise FhirError(f"not a Consent as `assent agreement fhir` writes one: {type(error).__name__}") from None
    expected = to_fhir(agreement, chain_id, valid_until=ends)
    for name in _FREE:
        expected.pop(name, None)
    given = {name: value for name, value in resource.items() if name not in _FREE}
    if (element := next(differences(expected, given), None)) is not None:
        raise FhirError(f"{element}: says what an agreement can't, or doesn't say what it must")
    _must_be_free(resource, agreement)
    return agreement


def _must_be_free(resource: Mapping[str, Any], agreement: Agreement) -> None:
    """Refuse what a server's own elements may hold that bears upon the consent."""
    if resource.get("status") not in _OPEN_STATUS:
        raise FhirError(
            f"status: is none of {', '.join(_OPEN_STATUS)}; a consent that was refused or is over can't be given"
        )
    meta, text, identifiers = resource.get("meta", {}), resource.get("text", {}), resource.get("identifier", [])
    if not isinstance(meta, Mapping) or not meta.keys() <= _FREE_META:
        raise FhirError(f"meta: has more than {', '.join(sorted(_FREE_META))}; a label there may be a condition")
    if not isinstance(text, Mapping) or (text and text.get("status") not in ("generated", "empty")):
        raise FhirError("text: may say more than the resource's elements do, unless its status is generated or empty")
    if not isinstance(identifiers, list) or not all(isinstance(each, Mapping) for each in identifiers):
        raise FhirError("identifier: not a list of identifiers")
    if any(each.get("system") == _AGREEMENT and each.get("value") != hex_of(agreement.id) for each in identifiers):
        raise FhirError("identifier: is another agreement's")


def _agreement(resource: Mapping[str, Any], chain_id: int) -> Agreement:
    provision = resource["provision"]
    extra = {each["url"]: each["valueString"] for each in resource["extension"][0]["extension"]}
    restricting = [each for each in resource.get("modifierExtension", []) if each["url"] == _CONDITIONS_URL]
    conditions = {each["url"]: each["valueString"] for found in restricting for each in found["extension"]}
    denied = provision.get("provision", [])
    steps = [Step[each["coding"][0]["code"].upper()] for each in provision["action"]]
    return Agreement(
        controller=_address(provision["actor"][0]["reference"], chain_id, "provision.actor"),
        subject=_address(resource["patient"], chain_id, "patient"),
        holder=_address(resource["organization"][0], chain_id, "organization"),
        root=bytes_of(extra["root"]),
        notice=bytes_of(extra["notice"]),
        salt=bytes_of(extra["salt"]),
        model=bytes_of(extra["model"]),
        purposes=_mask(provision["purpose"]),
        prohibited=_mask(denied[0]["purpose"]) if denied else 0,
        steps=sum({1 << step for step in steps}),
        modifiers=int(conditions.get("modifiers", 0)),
        place=int(conditions.get("place", 0)),
        language=bytes_of(extra["language"]),
        erasure={"True": True, "False": False}[extra["erasure"]],
        disclosure=Disclosure(int(extra["disclosure"])),
        valid_from=_seconds(provision["period"]["start"]),
        valid_until=int(extra["validUntil"]),
        uses=int(extra["uses"]),
        price=int(extra["price"]),
    )


def _end_of(resource: Mapping[str, Any]) -> int:
    """When the resource says that it ends: as renewed last, which is no term of the agreement's."""
    return _seconds(resource["provision"]["period"]["end"]) + 1


def _account(chain_id: int, address: str) -> dict[str, Any]:
    return {"identifier": {"system": _URI, "value": f"did:pkh:eip155:{chain_id}:{address}"}}


def _address(reference: Mapping[str, Any], chain_id: int, element: str) -> str:
    prefix, value = f"did:pkh:eip155:{chain_id}:", str(reference["identifier"]["value"])
    address = value.removeprefix(prefix)
    if address == value or not is_checksum_address(address):
        raise FhirError(f"{element}: not an account of chain {chain_id} (did:pkh:eip155:{chain_id}:0x…)")
    return address


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _purposes(bits: int) -> list[dict[str, str]]:
    return [{"system": _DPV, "code": term} for term in terms(bits)]


def _mask(codings: list[Mapping[str, str]]) -> int:
    return mask([each["code"] for each in codings])


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(_TIME)


def _seconds(text: str) -> int:
    return int(datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp())
