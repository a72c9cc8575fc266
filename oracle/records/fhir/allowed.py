"""Which resources and elements of FHIR R4 may go into a record. What isn't here is left out; a resource of no known kind is refused.

The identifiers of 45 CFR 164.514(b)(2)(i), and where bundles have them: names, telecom, fax and e-mail, identifiers (of records, plans,
accounts, licences, vehicles, devices), web and network addresses, photographs, biometrics, and texts that may hold any of them have no
rule, so none passes. Dates are shifted, places told by state and ZIP zone, ages over 89 as 90.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oracle.records.fhir.codes import OMB_RACE
from oracle.records.fhir.geography import state_of, zone_of
from oracle.records.fhir.values import (
    Pass,
    Rule,
    coding,
    concept,
    each,
    flag,
    link,
    moment,
    one_of,
    period,
    public_coding,
    quantity,
    table,
    to_patient,
)

_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_BIRTH_SEX = _US_CORE + "birthsex"
_RACE = (_US_CORE + "race", _US_CORE + "ethnicity")


def _extension(value: Any, _: Pass, __: str) -> dict[str, Any] | None:
    """Keep US Core's race and ethnicity, in the categories of the census, and sex at birth."""
    url = value.get("url") if isinstance(value, Mapping) else None
    if url == _BIRTH_SEX and value.get("valueCode") in ("F", "M", "ASKU", "OTH", "UNK"):
        return {"url": url, "valueCode": value["valueCode"]}
    parts = value.get("extension") if url in _RACE else None
    kept = [told for told in map(_category, parts if isinstance(parts, list) else ()) if told is not None]
    return {"url": url, "extension": kept} if kept else None


def _category(part: Any) -> dict[str, Any] | None:
    value = part.get("valueCoding") if isinstance(part, Mapping) and part.get("url") == "ombCategory" else None
    if not isinstance(value, Mapping) or value.get("system") != OMB_RACE:
        return None
    told = public_coding(value)
    return None if told is None else {"url": "ombCategory", "valueCoding": told}


def _address(value: Any, _: Pass, __: str) -> dict[str, str] | None:
    """Keep state and ZIP zone of an address in the United States."""
    if not isinstance(value, Mapping) or value.get("country", "US") not in ("US", "USA"):
        return None
    parts = {"state": state_of(value.get("state")), "postalCode": zone_of(value.get("postalCode"))}
    return {name: part for name, part in parts.items() if part is not None} or None


_MEASURED: dict[str, Rule] = {
    "code": concept,
    "valueQuantity": quantity,
    "valueCodeableConcept": concept,
    "valueBoolean": flag,
    "valueDateTime": moment,
    "dataAbsentReason": concept,
    "interpretation": each(concept),
}
_EVENT = "preparation in-progress not-done on-hold stopped completed entered-in-error unknown"
_REPORT = "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown"
_WHO: dict[str, Rule] = {"subject": to_patient, "encounter": link}
_WHY: dict[str, Rule] = {"reasonCode": each(concept), "reasonReference": each(link)}
_ONSET: dict[str, Rule] = {"onsetDateTime": moment, "onsetPeriod": period, "onsetAge": quantity}
_WHEN: dict[str, Rule] = {
    "effectiveDateTime": moment,
    "effectivePeriod": period,
    "effectiveInstant": moment,
    "issued": moment,
}
_CERTAIN: dict[str, Rule] = {"clinicalStatus": concept, "verificationStatus": concept, "code": concept}

#: By type of resource, the rule for each element that may stay.
RESOURCES: Mapping[str, Mapping[str, Rule]] = {
    "Patient": {
        "extension": each(_extension),
        "active": flag,
        "gender": one_of("male female other unknown"),
        "birthDate": moment,
        "deceasedBoolean": flag,
        "deceasedDateTime": moment,
        "address": each(_address),
        "maritalStatus": concept,
    },
    "Encounter": {
        "status": one_of("planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"),
        "class": coding,
        "type": each(concept),
        "subject": to_patient,
        "period": period,
        **_WHY,
    },
    "Condition": {
        **_CERTAIN,
        "category": each(concept),
        "severity": concept,
        **_WHO,
        **_ONSET,
        "abatementDateTime": moment,
        "abatementAge": quantity,
        "recordedDate": moment,
    },
    "AllergyIntolerance": {
        **_CERTAIN,
        "type": one_of("allergy intolerance"),
        "category": each(one_of("food medication environment biologic")),
        "criticality": one_of("low high unable-to-assess"),
        "patient": to_patient,
        "encounter": link,
        "onsetDateTime": moment,
        "recordedDate": moment,
        "reaction": each(table({"manifestation": each(concept), "severity": one_of("mild moderate severe")})),
    },
    "Observation": {
        "status": one_of(_REPORT),
        "category": each(concept),
        **_WHO,
        **_WHEN,
        **_MEASURED,
        "component": each(table(_MEASURED)),
        "hasMember": each(link),
        "derivedFrom": each(link),
    },
    "DiagnosticReport": {
        "status": one_of(_REPORT),
        "category": each(concept),
        "code": concept,
        **_WHO,
        **_WHEN,
        "result": each(link),
    },
    "Procedure": {
        "status": one_of(_EVENT),
        "category": concept,
        "code": concept,
        **_WHO,
        "performedDateTime": moment,
        "performedPeriod": period,
        **_WHY,
        "bodySite": each(concept),
    },
    "Medication": {"status": one_of("active inactive entered-in-error"), "code": concept},
    "MedicationRequest": {
        "status": one_of("active on-hold cancelled completed entered-in-error stopped draft unknown"),
        "intent": one_of("proposal plan order original-order reflex-order filler-order instance-order option"),
        "category": each(concept),
        "doNotPerform": flag,
        "medicationCodeableConcept": concept,
        "medicationReference": link,
        **_WHO,
        "authoredOn": moment,
        **_WHY,
    },
    "Immunization": {
        "status": one_of("completed entered-in-error not-done"),
        "vaccineCode": concept,
        "patient": to_patient,
        "encounter": link,
        "occurrenceDateTime": moment,
        "primarySource": flag,
        "isSubpotent": flag,
    },
}

#: What a resource can't be without: one of each group. It's left out if they are.
REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Patient": (),
    "Encounter": (("status",), ("class",), ("subject",)),
    "Condition": (("subject",), ("code",)),
    "AllergyIntolerance": (("patient",), ("code",)),
    "Observation": (("status",), ("code",), ("subject",)),
    "DiagnosticReport": (("status",), ("code",), ("subject",)),
    "Procedure": (("status",), ("code",), ("subject",)),
    "Medication": (("code",),),
    "MedicationRequest": (("status",), ("intent",), ("medicationCodeableConcept", "medicationReference"), ("subject",)),
    "Immunization": (("status",), ("vaccineCode",), ("patient",), ("occurrenceDateTime",)),
}

#: Elements that turn a resource's meaning round, by their values or by their presence: never left out alone.
MODIFYING = ("status", "doNotPerform", "clinicalStatus", "verificationStatus", "isSubpotent", "active", "link")

#: Known, and left out whole: about others than the subject, or made of what may not be told.
LEFT_OUT = frozenset(
    """Account Appointment Basic Binary CarePlan CareTeam Claim ClaimResponse Communication Composition Consent
    Coverage Device DeviceRequest DocumentReference EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory Goal ImagingStudy Location Media
    MedicationAdministration MedicationDispense Organization Practitioner PractitionerRole Provenance Questionnaire QuestionnaireResponse
    RelatedPerson ServiceRequest Specimen SupplyDelivery""".split()  # noqa: SIM905  a line for each would be a page
)
