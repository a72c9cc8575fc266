"""Bundles in the shape in which Synthea exports FHIR R4: a made-up patient, no real one, and no output of Synthea's."""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
Path = tuple[str | int, ...]
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
NOTE = "Chief complaint: none. Abe604 Frami345 lives at 917 Hills Track, Quincy."


def bundle(seed: int = 1, born: str = "1961-04-09", visits: int = 3) -> dict[str, Any]:
    """Return a transaction bundle of one patient with so many visits, one a year."""
    return Maker(seed, born).bundle(visits)


class Maker:
    """Makes one patient's resources; the seed fixes them."""

    def __init__(self, seed: int, born: str) -> None:
        self.chance = random.Random(seed)
        self.born = born
        self.patient, self.doctor, self.clinic = self.urn(), self.urn(), self.urn()
        self.entries: list[dict[str, Any]] = []

    def bundle(self, visits: int) -> dict[str, Any]:
        self.add(self.patient, patient(self.patient, self.born))
        self.add(self.clinic, organization(self.clinic))
        self.add(self.doctor, practitioner(self.doctor))
        for number in range(visits):
            self.visit(datetime(2015 + number, 3, 4, 10, 23, 45))
        return {"resourceType": "Bundle", "type": "transaction", "entry": self.entries}

    def urn(self) -> str:
        return f"urn:uuid:{uuid.UUID(int=self.chance.getrandbits(128), version=4)}"

    def add(self, urn: str, resource: dict[str, Any]) -> str:
        request = {"method": "POST", "url": resource["resourceType"]}
        resource = {"resourceType": resource["resourceType"], "id": urn.removeprefix("urn:uuid:"), **resource}
        self.entries.append({"fullUrl": urn, "resource": resource, "request": request})
        return urn

    def visit(self, at: datetime) -> None:
        start, end = when(at), when(at + timedelta(minutes=30))
        encounter = self.encounter(start, end)
        on = {"subject": {"reference": self.patient}, "encounter": {"reference": encounter}}
        condition = self.add(self.urn(), self.condition(on, start))
        results = [self.add(self.urn(), each) for each in self.observations(on, start)]
        self.add(self.urn(), self.report(on, start, results))
        self.add(self.urn(), self.medication(on, start, condition))
        self.add(self.urn(), self.procedure(on, start, end))
        self.add(self.urn(), self.immunization(encounter, start))
        claim = self.add(self.urn(), self.claim(start, encounter))
        self.add(self.urn(), self.benefit(start, claim))
        self.add(self.urn(), self.document(start))

    def encounter(self, start: str, end: str) -> str:
        # Newer versions write who isn't in the bundle so: an identifier in the reference.
        npi = "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9999927590"
        doctor = {"reference": npi, "display": "Dr. Gregorio366 Auer97"}
        resource = {
            "resourceType": "Encounter",
            "meta": {"profile": [US_CORE + "us-core-encounter"]},
            "identifier": [
                {"use": "official", "system": "https://github.com/synthetichealth/synthea", "value": self.urn()[9:]}
            ],
            "status": "finished",
            "class": {"system": HL7 + "v3-ActCode", "code": "AMB"},
            "type": [concept(SNOMED, "162673000", "General examination of patient (procedure)")],
            "subject": {"reference": self.patient, "display": "Mr. Abe604 Frami345"},
            "participant": [{"individual": doctor, "period": {"start": start, "end": end}}],
            "period": {"start": start, "end": end},
            "location": [{"location": {"reference": self.urn(), "display": "QUINCY MEDICAL CENTER"}}],
            "serviceProvider": {"reference": self.clinic, "display": "QUINCY MEDICAL CENTER"},
        }
        return self.add(self.urn(), resource)

    def condition(self, on: dict[str, Any], start: str) -> dict[str, Any]:
        return {
            "resourceType": "Condition",
            "clinicalStatus": concept(HL7 + "condition-clinical", "active"),
            "verificationStatus": concept(HL7 + "condition-ver-status", "confirmed"),
            "category": [concept(HL7 + "condition-category", "encounter-diagnosis", "Encounter Diagnosis")],
            "code": concept(SNOMED, "44054006", "Diabetes mellitus type 2 (disorder)"),
            **on,
            "onsetDateTime": start,
            "recordedDate": start,
        }

    def observations(self, on: dict[str, Any], start: str) -> list[dict[str, Any]]:
        def measured(code: str, text: str, value: float, unit: str, kind: str = "laboratory") -> dict[str, Any]:
            return {**self.observation(on, start, code, text, kind), "valueQuantity": quantity(value, unit)}

        pressure = self.observation(on, start, "85354-9", "Blood pressure panel", "vital-signs")
        parts = [("8462-4", "Diastolic Blood Pressure", 83.0), ("8480-6", "Systolic Blood Pressure", 121.0)]
        pressure["component"] = [
            {"code": concept(LOINC, code, text), "valueQuantity": quantity(value, "mm[Hg]")}
            for code, text, value in parts
        ]
        smoking = self.observation(on, start, "72166-2", "Tobacco smoking status", "social-history")
        smoking["valueCodeableConcept"] = concept(SNOMED, "266919005", "Never smoked tobacco (finding)")
        address = self.observation(on, start, "56799-0", "Address", "survey")
        address["valueString"] = "917 Hills Track"
        return [
            measured("8302-2", "Body Height", 176.3, "cm", "vital-signs"),
            measured("29463-7", "Body Weight", round(self.chance.uniform(70, 90), 1), "kg", "vital-signs"),
            measured("4548-4", "Hemoglobin A1c", round(self.chance.uniform(5, 9), 2), "%"),
            measured("2339-0", "Glucose", round(self.chance.uniform(70, 180), 2), "mg/dL"),
            measured("33914-3", "Glomerular filtration rate", 71.4, "mL/min/{1.73_m2}"),
            pressure,
            smoking,
            address,
        ]

    def observation(self, on: dict[str, Any], start: str, code: str, text: str, kind: str) -> dict[str, Any]:
        return {
            "resourceType": "Observation",
            "status": "final",
            "category": [concept(HL7 + "observation-category", kind, kind)],
            "code": concept(LOINC, code, text),
            **on,
            "effectiveDateTime": start,
            "issued": start.replace("-05:00", ".123-05:00"),
        }

    def report(self, on: dict[str, Any], start: str, results: list[str]) -> dict[str, Any]:
        return {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "category": [concept(LOINC, "34117-2", "History and physical note")],
            "code": concept(LOINC, "51990-0", "Basic metabolic panel"),
            **on,
            "effectiveDateTime": start,
            "issued": start,
            "performer": [{"reference": self.clinic, "display": "QUINCY MEDICAL CENTER"}],
            "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(NOTE.encode()).decode()}],
            "result": [{"reference": each, "display": "Glucose"} for each in results],
        }

    def medication(self, on: dict[str, Any], start: str, condition: str) -> dict[str, Any]:
        return {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": concept(
                "http://www.nlm.nih.gov/research/umls/rxnorm", "860975", "metformin 500 MG"
            ),
            **on,
            "authoredOn": start,
            "requester": {"reference": self.doctor, "display": "Dr. Gregorio366 Auer97"},
            "reasonReference": [{"reference": condition}],
            "dosageInstruction": [{"sequence": 1, "text": "Take at 917 Hills Track", "asNeededBoolean": False}],
        }

    def procedure(self, on: dict[str, Any], start: str, end: str) -> dict[str, Any]:
        return {
            "resourceType": "Procedure",
            "status": "completed",
            "code": concept(SNOMED, "430193006", "Medication Reconciliation (procedure)"),
            **on,
            "performedPeriod": {"start": start, "end": end},
            "location": {"reference": self.urn(), "display": "QUINCY MEDICAL CENTER"},
        }

    def immunization(self, encounter: str, start: str) -> dict[str, Any]:
        return {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": concept("http://hl7.org/fhir/sid/cvx", "140", "Influenza, seasonal, injectable"),
            "patient": {"reference": self.patient},
            "encounter": {"reference": encounter},
            "occurrenceDateTime": start,
            "primarySource": True,
            "location": {"display": "QUINCY MEDICAL CENTER"},
        }

    def claim(self, start: str, encounter: str) -> dict[str, Any]:
        return {
            "resourceType": "Claim",
            "status": "active",
            "type": concept(HL7 + "claim-type", "institutional"),
            "use": "claim",
            "patient": {"reference": self.patient, "display": "Abe604 Frami345"},
            "billablePeriod": {"start": start, "end": start},
            "created": start,
            "provider": {"reference": self.clinic},
            "priority": concept(HL7 + "processpriority", "normal"),
            "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "Humana"}}],
            "item": [
                {
                    "sequence": 1,
                    "productOrService": concept(SNOMED, "162673000"),
                    "encounter": [{"reference": encounter}],
                }
            ],
            "total": {"value": 129.16, "currency": "USD"},
        }

    def benefit(self, start: str, claim: str) -> dict[str, Any]:
        return {
            "resourceType": "ExplanationOfBenefit",
            "contained": [
                {
                    "resourceType": "Coverage",
                    "id": "coverage",
                    "status": "active",
                    "beneficiary": {"reference": self.patient},
                }
            ],
            "identifier": [
                {"system": "https://bluebutton.cms.gov/resources/variables/clm_id", "value": self.urn()[9:]}
            ],
            "status": "active",
            "type": concept(HL7 + "claim-type", "institutional"),
            "use": "claim",
            "patient": {"reference": self.patient},
            "created": start,
            "insurer": {"display": "Humana"},
            "provider": {"reference": self.doctor},
            "claim": {"reference": claim},
            "outcome": "complete",
            "insurance": [{"focal": True, "coverage": {"reference": "#coverage", "display": "Humana"}}],
        }

    def document(self, start: str) -> dict[str, Any]:
        note = {"contentType": "text/plain", "data": base64.b64encode(NOTE.encode()).decode()}
        return {
            "resourceType": "DocumentReference",
            "status": "superseded",
            "subject": {"reference": self.patient},
            "date": start,
            "content": [{"attachment": note}],
        }


def patient(urn: str, born: str) -> dict[str, Any]:
    """A patient as Synthea writes one."""
    omb = "urn:oid:2.16.840.1.113883.6.238"
    race = [
        {"url": "ombCategory", "valueCoding": {"system": omb, "code": "2106-3", "display": "White"}},
        {"url": "text", "valueString": "White"},
    ]
    ethnicity = [
        {"url": "ombCategory", "valueCoding": {"system": omb, "code": "2186-5", "display": "Not Hispanic or Latino"}},
        {"url": "text", "valueString": "Not Hispanic or Latino"},
    ]
    place = [{"url": "latitude", "valueDecimal": 42.2581}, {"url": "longitude", "valueDecimal": -71.0093}]
    return {
        "resourceType": "Patient",
        "meta": {"profile": [US_CORE + "us-core-patient"]},
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">Generated by Synthea. Abe604 Frami345</div>',
        },
        "extension": [
            {"url": US_CORE + "us-core-race", "extension": race},
            {"url": US_CORE + "us-core-ethnicity", "extension": ethnicity},
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
                "valueString": "Dung94 Yost751",
            },
            {"url": US_CORE + "us-core-birthsex", "valueCode": "M"},
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                "valueAddress": {"city": "Boston", "state": "Massachusetts", "country": "US"},
            },
            {"url": "http://synthetichealth.github.io/synthea/quality-adjusted-life-years", "valueDecimal": 53.3},
        ],
        "identifier": [
            {"system": "https://github.com/synthetichealth/synthea", "value": urn[9:]},
            identifier("MR", "Medical Record Number", "http://hospital.smarthealthit.org", urn[9:]),
            identifier("SS", "Social Security Number", "http://hl7.org/fhir/sid/us-ssn", "999-73-2461"),
            identifier("DL", "Driver's license number", "urn:oid:2.16.840.1.113883.4.3.25", "S99971451"),
            identifier(
                "PPN",
                "Passport Number",
                "http://standardhealthrecord.org/fhir/StructureDefinition/passportNumber",
                "X85058581X",
            ),
        ],
        "name": [{"use": "official", "family": "Frami345", "given": ["Abe604"], "prefix": ["Mr."]}],
        "telecom": [{"system": "phone", "value": "555-482-1337", "use": "home"}],
        "gender": "male",
        "birthDate": born,
        "address": [
            {
                "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/geolocation", "extension": place}],
                "line": ["917 Hills Track"],
                "city": "Quincy",
                "state": "MA",
                "postalCode": "02169",
                "country": "US",
            }
        ],
        "maritalStatus": concept(HL7 + "v3-MaritalStatus", "M", "Married"),
        "multipleBirthBoolean": False,
        "communication": [{"language": concept("urn:ietf:bcp:47", "en-US", "English")}],
    }


def practitioner(urn: str) -> dict[str, Any]:
    """A practitioner as Synthea writes one."""
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "9999927590"}],
        "active": True,
        "name": [{"family": "Auer97", "given": ["Gregorio366"], "prefix": ["Dr."]}],
        "telecom": [{"system": "email", "value": "Gregorio366.Auer97@example.com", "use": "work"}],
        "gender": "male",
    }


def organization(urn: str) -> dict[str, Any]:
    """A hospital as Synthea writes one."""
    return {
        "resourceType": "Organization",
        "identifier": [{"system": "https://github.com/synthetichealth/synthea", "value": urn[9:]}],
        "active": True,
        "name": "QUINCY MEDICAL CENTER",
        "telecom": [{"system": "phone", "value": "6177736100"}],
        "address": [
            {"line": ["114 WHITWELL STREET"], "city": "QUINCY", "state": "MA", "postalCode": "02169", "country": "US"}
        ],
    }


def identifier(code: str, text: str, system: str, value: str) -> dict[str, Any]:
    """An identifier of a kind of HL7 v2's table 0203."""
    kind = {"coding": [{"system": HL7 + "v2-0203", "code": code, "display": text}], "text": text}
    return {"type": kind, "system": system, "value": value}


def concept(system: str, code: str, text: str | None = None) -> dict[str, Any]:
    """A CodeableConcept."""
    if text is None:
        return {"coding": [{"system": system, "code": code}]}
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def quantity(value: float, unit: str) -> dict[str, Any]:
    """A Quantity in UCUM."""
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def when(at: datetime) -> str:
    """A time as Synthea writes it, in Massachusetts."""
    return at.strftime("%Y-%m-%dT%H:%M:%S-05:00")


def resources(data: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The resources of a type in a bundle."""
    return [entry["resource"] for entry in data["entry"] if entry["resource"]["resourceType"] == kind]


def changed(data: dict[str, Any]) -> dict[str, Any]:
    """A copy to change."""
    return dict(json.loads(json.dumps(data)))


def slim(data: dict[str, Any]) -> dict[str, Any]:
    """One observation of each shape, the one by value, by components, by code and by text; what is tried place by place takes its time."""
    seen: set[tuple[str, ...]] = set()
    entries = []
    for entry in data["entry"]:
        shape = tuple(sorted(entry["resource"]))
        if entry["resource"]["resourceType"] != "Observation" or shape not in seen:
            entries.append(entry)
        seen.add(shape)
    return {**data, "entry": entries}


def at(value: Any, path: Path) -> Any:
    """What is at a place."""
    for key in path:
        value = value[key]
    return value


def once(paths: Iterable[Path], data: Any) -> list[Path]:
    """One path for each element of each type of resource."""
    found = {}
    for path in paths:
        kind = at(data, path[:3])["resourceType"] if len(path) > 2 and path[2] == "resource" else ""
        found[kind, tuple("*" if isinstance(key, int) else key for key in path)] = path
    return list(found.values())
