"""Identifiers of each of the 18 kinds of 45 CFR 164.514(b)(2)(i), planted in every place of a bundle: none comes out.

A plant may make the bundle be refused: then it's not in the message either.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from synthea_bundle import Path, at, bundle, changed, concept, once, resources, slim

from oracle.core.errors import DocumentError
from oracle.records.fhir import ingest

SUBJECT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SECRET = bytes(range(32))
#: What a plant is searched for, case by case: the whole, or its digits alone.
KINDS = {
    "A names": "Zebulon Quagmire",
    "B places": "417 Larkspur Lane",
    "B places, ZIP": "02171",
    "C dates": "1987-10-26",
    "C dates, moments": "1987-10-26T08:31:07-04:00",
    "D telephone": "617-555-0143",
    "D telephone, digits": "6175550143",
    "E fax": "+1 (617) 555-0199",
    "F e-mail": "zebulon@quagmire.example",
    "G social security": "987-65-4320",
    "G social security, digits": "987654320",
    "H medical record": "MRN00482913",
    "I health plan": "1EG4-TE5-MK73",
    "J account": "ACCT-7741-0093-1",
    "K licence": "S99988821",
    "L vehicle": "1HGCM82633A004352",
    "M device": "(01)00844588003288(21)A1B2C3",
    "N web address": "https://quagmire.example/zebulon",
    "O network address": "203.0.113.77",
    "O network address, version 6": "2001:db8::8a2e:370:7334",
    "P biometric": "fingerprint:QmFzZTY0RmluZ2VycHJpbnQ",
    "Q photograph": "iVBORw0KGgoAAAANSUhEUgAAAAUA",
    "R any other": "0b9c7a52-1a5e-4c0f-9d3c-6b1f5a7e2d41",
}
NUMBERS = [6175550143, 987654320, 4829137, 99988821.0, 1.2345678e15, 6175550143.5]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The places of all texts, numbers and booleans."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(part, (*path, key))
    else:
        yield path


def objects(value: Any, path: Path = ()) -> Iterator[Path]:
    """The places of all objects."""
    if isinstance(value, dict):
        yield path
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from objects(part, (*path, key))


def outcome(data: Any) -> tuple[bool, str]:
    """Whether the bundle was taken, and all that comes out of it: what would be salted, reported, or said in an error with its trace."""
    try:
        found = ingest(data, SUBJECT, SECRET, date(2026, 11, 26))
    except DocumentError as error:
        # Without the lines of source, which know nothing of the data.
        return False, "".join(traceback.format_exception_only(error)) + repr(error.args) + repr(error.__cause__)
    return True, json.dumps([dict(found.fields), dict(found.left_out)], ensure_ascii=False)


ONE_VISIT = slim(bundle(visits=1))
TEXTS = once((path for path in places(ONE_VISIT) if isinstance(at(ONE_VISIT, path), str)), ONE_VISIT)
OTHERS = once((path for path in places(ONE_VISIT) if not isinstance(at(ONE_VISIT, path), str)), ONE_VISIT)


def test_places__then_there_are_enough_to_mean_something() -> None:
    assert len(TEXTS) > 200
    assert any(path[-1] == "postalCode" for path in TEXTS)


@pytest.mark.parametrize("kind", KINDS)
def test_identifier__when_in_place_of_any_text__then_does_not_come_out(kind: str) -> None:
    plant, taken = KINDS[kind], 0
    for path in TEXTS:
        data = changed(ONE_VISIT)
        at(data, path[:-1])[path[-1]] = plant
        was_taken, told = outcome(data)
        taken += was_taken
        assert plant not in told, path
    assert taken > 100  # most places are left out, and nothing of them is guessed


@pytest.mark.parametrize("kind", ["A names", "B places, ZIP", "C dates", "G social security, digits"])
def test_identifier__when_within_any_text__then_does_not_come_out(kind: str) -> None:
    for path in TEXTS:
        data = changed(ONE_VISIT)
        at(data, path[:-1])[path[-1]] = f"{at(data, path)} {KINDS[kind]}"
        assert KINDS[kind] not in outcome(data)[1], path


@pytest.mark.parametrize("number", NUMBERS)
def test_number__when_in_place_of_any_number__then_does_not_come_out(number: float) -> None:
    for path in OTHERS:
        data = changed(ONE_VISIT)
        at(data, path[:-1])[path[-1]] = number
        told = outcome(data)[1]
        assert str(number) not in told, path
        assert str(int(number)) not in told, path


@pytest.mark.parametrize("kind", ["A names", "G social security", "N web address"])
def test_identifier__when_it_is_the_name_of_an_element__then_does_not_come_out(kind: str) -> None:
    for path in once(objects(ONE_VISIT), ONE_VISIT):
        data = changed(ONE_VISIT)
        at(data, path)[KINDS[kind]] = "x"
        assert KINDS[kind] not in outcome(data)[1], path


def _everywhere(plant: str) -> list[dict[str, Any]]:
    """Elements that FHIR lets any resource have, and Synthea writes none of."""
    return [
        {"text": {"status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{plant}</div>'}},
        {
            "language": "en",
            "meta": {"source": f"urn:x:{plant}", "tag": [{"system": "urn:x", "code": "x", "display": plant}]},
        },
        {"extension": [{"url": "urn:x", "valueString": plant}]},
        {"extension": [{"url": f"urn:x:{plant}", "valueBoolean": True}]},
        {"identifier": [{"system": "urn:x", "value": plant, "assigner": {"display": plant}}]},
        {"contained": [{"resourceType": "Patient", "id": "x", "name": [{"text": plant}]}]},
    ]


#: Elements of one resource that are for the kind, or are free text.
ELSEWHERE: list[tuple[str, Any]] = [
    ("Patient", lambda plant: {"photo": [{"contentType": "image/png", "data": "aGVsbG8=", "title": plant}]}),
    ("Patient", lambda plant: {"contact": [{"name": {"text": plant}, "telecom": [{"system": "fax", "value": plant}]}]}),
    ("Patient", lambda plant: {"generalPractitioner": [{"display": plant}], "managingOrganization": {"display": plant}}),
    ("Patient", lambda plant: {"_birthDate": {"extension": [{"url": "urn:x", "valueString": plant}]}}),
    ("Patient", lambda plant: {"address": [{"text": plant, "district": plant, "state": plant, "postalCode": plant, "country": "US"}]}),
    ("Observation", lambda plant: {"note": [{"text": plant, "authorString": plant}]}),
    ("Observation", lambda plant: {"device": {"display": plant}, "performer": [{"display": plant}], "specimen": {"display": plant}}),
    ("Observation", lambda plant: {"referenceRange": [{"text": plant}], "bodySite": {"text": plant}, "method": {"text": plant}}),
    ("Observation", lambda plant: {"code": {"text": plant}}),
    ("Observation", lambda plant: {"focus": [{"reference": f"Patient/{plant}", "display": plant}]}),
    ("Observation", lambda plant: {"basedOn": [{"identifier": {"value": plant}}], "encounter": {"identifier": {"value": plant}}}),
    ("Procedure", lambda plant: {"usedReference": [{"display": plant}], "outcome": {"text": plant}, "complication": [{"text": plant}]}),
    ("Procedure", lambda plant: {"focalDevice": [{"manipulated": {"display": plant}}], "usedCode": [{"text": plant}]}),
    ("Immunization", lambda plant: {"lotNumber": plant, "manufacturer": {"display": plant}, "note": [{"text": plant}]}),
    ("DiagnosticReport", lambda plant: {"conclusion": plant, "media": [{"comment": plant, "link": {"display": plant}}]}),
    ("DiagnosticReport", lambda plant: {"resultsInterpreter": [{"display": plant}], "conclusionCode": [{"text": plant}]}),
    ("Condition", lambda plant: {"onsetString": plant, "abatementString": plant, "note": [{"text": plant}]}),
    ("MedicationRequest", lambda plant: {"note": [{"text": plant}], "recorder": {"display": plant}, "groupIdentifier": {"value": plant}}),
    ("MedicationRequest", lambda plant: {"instantiatesUri": [f"urn:x:{plant.replace(' ', '')}"], "insurance": [{"display": plant}]}),
    ("Encounter", lambda plant: {"hospitalization": {"preAdmissionIdentifier": {"value": plant}}, "account": [{"display": plant}]}),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_identifier__when_in_an_element_that_fhir_has_for_such__then_does_not_come_out(kind: str) -> None:
    plant, taken = KINDS[kind], 0
    additions = [
        (each, parts) for each in ("Patient", "Encounter", "Condition", "Observation") for parts in _everywhere(plant)
    ]
    additions += [(each, parts(plant)) for each, parts in ELSEWHERE]
    for resource, parts in additions:
        data = changed(ONE_VISIT)
        target = resources(data, resource)[0]
        if "onsetString" in parts:
            del target["onsetDateTime"]
        target.update(parts)
        was_taken, told = outcome(data)
        taken += was_taken
        assert plant.replace(" ", "") not in told.replace(" ", ""), parts.keys()
    assert taken > len(additions) // 2


def test_names_of_the_bundle_itself__then_none_comes_out() -> None:
    """What Synthea writes of a person, and of those around, by its own marks."""
    told = outcome(bundle(visits=3))[1]
    marks = "Frami345 Abe604 Auer97 QUINCY Quincy Hills 555- 999-73-2461 S99971451 X85058581X Yost 02169 42.25 1961-04-09 2015-03-04"
    for mark in (*marks.split(), "Humana", "display", "urn:uuid", "metformin", "Boston", "99999275"):
        assert mark not in told


def test_code__when_a_short_number_in_rxnorm__then_cannot_be_told_from_one() -> None:
    """A known limit, written down in docs/records.md: RxNorm has no check digit."""
    data = changed(ONE_VISIT)
    system = "http://www.nlm.nih.gov/research/umls/rxnorm"
    resources(data, "MedicationRequest")[0]["medicationCodeableConcept"] = concept(system, "482913")
    assert "482913" in outcome(data)[1]
