"""Bundles in Synthea's shape become records: what is in them, what isn't, and what makes a bundle be refused."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from synthea_bundle import HL7, SNOMED, Path, at, bundle, changed, concept, once, quantity, resources, slim

from oracle.core.errors import DocumentError
from oracle.data.record import RecordTree, verify_disclosure
from oracle.models.card import Feature
from oracle.models.features import features
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE
from oracle.records.fhir import PROFILE, ingest, problems_of_record
from oracle.records.fhir.codes import is_loinc, is_snomed, is_unit, may_stay
from oracle.records.fhir.dates import DateShift, dates_in
from oracle.records.fhir.geography import state_of, zone_of
from oracle.records.schema import SchemaRegistry

SUBJECT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SECRET = bytes(range(32))
TODAY = date(2026, 11, 26)
SHIFT = DateShift.of(SUBJECT, SECRET)


def fields_of(data: object, subject: str = SUBJECT) -> dict[str, Any]:
    return dict(ingest(data, subject, SECRET, TODAY).fields)


def refused(data: object) -> str:
    with pytest.raises(DocumentError) as caught:
        ingest(data, SUBJECT, SECRET, TODAY)
    return str(caught.value)


# What a record has


def test_bundle__then_each_resource_is_a_field_and_valid_fhir() -> None:
    fields = fields_of(bundle(visits=2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fhir.resources.R4B import get_fhir_model_class

        taken = [value for value in fields.values() if isinstance(value, dict)]
        for resource in taken:
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    kinds = {name.partition("/")[0] for name, value in fields.items() if isinstance(value, dict)}
    assert kinds == {
        "Patient", "Encounter", "Condition", "Observation", "DiagnosticReport", "MedicationRequest", "Procedure", "Immunization",
    }  # fmt: skip
    assert len(taken) == 1 + 2 * 14


def test_bundle__then_its_record_obeys_the_profile() -> None:
    fields = fields_of(bundle())
    SchemaRegistry().named(PROFILE).check(fields)
    assert problems_of_record(fields) == []


def test_bundle__then_what_was_left_out_is_counted_by_element() -> None:
    left_out = ingest(bundle(visits=2), SUBJECT, SECRET, TODAY).left_out
    assert left_out["Claim"] == left_out["ExplanationOfBenefit"] == 2
    assert left_out["Patient.name"] == left_out["Patient.identifier"] == left_out["Practitioner"] == 1
    assert left_out["Observation.valueString"] == 2


def test_resource__then_is_proven_alone() -> None:
    tree = RecordTree.salt(fields_of(bundle()))
    shown = tree.disclose(["Observation/6"])
    assert set(verify_disclosure(tree.root, shown)) == {"Observation/6"}


def test_coded_observations__then_their_latest_values_are_fields_with_their_source() -> None:
    data = bundle(visits=3)
    fields = fields_of(data)
    glucose = [each for each in resources(data, "Observation") if each["code"]["coding"][0]["code"] == "2339-0"]
    assert fields["loinc:2339-0:mg/dL"] == glucose[-1]["valueQuantity"]["value"]
    source = fields[fields["loinc:2339-0:mg/dL:from"]]
    assert source["valueQuantity"]["value"] == glucose[-1]["valueQuantity"]["value"]
    assert fields["loinc:8480-6:mm[Hg]"] == 121.0
    assert fields["loinc:8462-4:mm[Hg]"] == 83.0
    assert fields["patient:gender"] == "male"
    assert fields["patient:age:a"] == 55


def test_coded_observations__then_a_models_input_schema_can_name_them() -> None:
    inputs = tuple(
        Feature(name=name, unit=name.rpartition(":")[2], minimum=0.0, maximum=500.0, description=name)
        for name in ("loinc:4548-4:%", "loinc:33914-3:mL/min/{1.73_m2}", "loinc:8480-6:mm[Hg]", "patient:age:a")
    )
    card = ModelPackage.load(PACKAGE).card.model_copy(update={"inputs": inputs})
    tree = RecordTree.salt(fields_of(bundle()))
    shown = verify_disclosure(tree.root, tree.disclose(feature.name for feature in inputs))
    assert features(card, shown) == tuple(shown.values())
    assert shown["loinc:8480-6:mm[Hg]"] == 121.0


def _observation(data: dict[str, Any], code: str) -> dict[str, Any]:
    return next(each for each in resources(data, "Observation") if each["code"]["coding"][0]["code"] == code)


def test_derived__when_the_bundle_is_in_another_order__then_is_the_same() -> None:
    data = bundle(visits=3)
    turned = changed(data)
    turned["entry"].reverse()
    assert {
        name: value
        for name, value in fields_of(turned).items()
        if name.startswith("loinc:") and not name.endswith(":from")
    } == {
        name: value
        for name, value in fields_of(data).items()
        if name.startswith("loinc:") and not name.endswith(":from")
    }


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "preliminary", "registered", "unknown"])
def test_derived__when_the_observation_is_not_settled__then_is_not_there(status: str) -> None:
    data = bundle(visits=1)
    _observation(data, "2339-0")["status"] = status
    assert "loinc:2339-0:mg/dL" not in fields_of(data)


def test_derived__when_the_value_is_only_a_bound__then_is_not_there() -> None:
    data = bundle(visits=1)
    _observation(data, "2339-0")["valueQuantity"]["comparator"] = "<"
    fields = fields_of(data)
    assert "loinc:2339-0:mg/dL" not in fields
    assert fields["Observation/4"]["valueQuantity"]["comparator"] == "<"


def test_derived__when_two_values_have_the_same_time__then_is_not_there() -> None:
    data = bundle(visits=1)
    _observation(data, "4548-4").update(code=_observation(data, "2339-0")["code"], valueQuantity=quantity(1.5, "mg/dL"))
    assert "loinc:2339-0:mg/dL" not in fields_of(data)


def test_derived__when_altered__then_the_record_breaks_its_profile() -> None:
    fields = fields_of(bundle())
    assert problems_of_record({**fields, "loinc:2339-0:mg/dL": 7.0}) == [
        "loinc:2339-0:mg/dL: isn't what the record's resources give"
    ]
    del fields["loinc:2339-0:mg/dL"]
    assert problems_of_record(fields) == ["loinc:2339-0:mg/dL: isn't what the record's resources give"]


def test_record__when_a_resource_has_an_identifying_element__then_it_breaks_the_profile() -> None:
    fields = fields_of(bundle())
    fields["Patient/1"] = {**fields["Patient/1"], "name": [{"family": "Frami345"}]}
    assert problems_of_record(fields) == ["Patient/1: may not have Patient.name"]
    fields["Patient/1"] = {**fields_of(bundle())["Patient/1"], "address": [{"state": "MA", "postalCode": "02169"}]}
    assert problems_of_record(fields) == ["Patient/1: isn't as de-identification leaves it"]


def test_resource__when_it_is_nothing_without_one_that_is_left_out__then_is_left_out_as_well() -> None:
    data = bundle(visits=1)
    local = {"system": "http://hospital.example/codes", "code": "Frami345"}
    medication = {"resourceType": "Medication", "id": "m", "status": "active", "code": {"coding": [local]}}
    data["entry"].append({"fullUrl": "urn:uuid:m", "resource": medication})
    request = resources(data, "MedicationRequest")[0]
    del request["medicationCodeableConcept"]
    request["medicationReference"] = {"reference": "urn:uuid:m"}
    resources(data, "Observation")[0]["derivedFrom"] = [{"reference": f"MedicationRequest/{request['id']}"}]
    found = ingest(data, SUBJECT, SECRET, TODAY)
    assert not {"Medication/1", "MedicationRequest/1"} & found.fields.keys()
    assert (found.left_out["Medication"], found.left_out["MedicationRequest"]) == (1, 1)
    assert "derivedFrom" not in found.fields["Observation/1"]  # type: ignore[operator]
    medication["code"] = concept("http://www.nlm.nih.gov/research/umls/rxnorm", "860975")
    again = fields_of(data)
    assert again["MedicationRequest/1"]["medicationReference"] == {"reference": "Medication/1"}
    assert again["Observation/1"]["derivedFrom"] == [{"reference": "MedicationRequest/1"}]


# Dates


def moments(value: Any) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in dates_in(value) if "T" in text]


def test_dates__then_all_move_by_the_same_days_and_intervals_stay() -> None:
    data = bundle(visits=3)
    fields = fields_of(data)
    for number, encounter in enumerate(resources(data, "Encounter"), 1):
        for before, after in zip(
            moments(encounter["period"]), moments(fields[f"Encounter/{number}"]["period"]), strict=True
        ):
            assert before - after == timedelta(days=SHIFT.days)
    born = date.fromisoformat(fields["Patient/1"]["birthDate"])
    assert date(1961, 4, 9) - born == timedelta(days=SHIFT.days)


def test_dates__when_another_bundle_of_the_subject__then_move_by_the_same_days() -> None:
    first, second = fields_of(bundle(seed=1)), fields_of(bundle(seed=2))
    assert first["Encounter/1"]["period"] == second["Encounter/1"]["period"]
    assert first["Encounter/1"]["period"] != fields_of(bundle(seed=1), OTHER)["Encounter/1"]["period"]


def test_dates__then_no_time_has_an_offset_that_tells_the_season() -> None:
    summer = changed(bundle(visits=1))
    encounter = resources(summer, "Encounter")[0]
    encounter["period"] = {"start": "2015-07-04T10:00:00-04:00", "end": "2015-07-04T11:00:00-04:00"}
    assert all(text.endswith("Z") for text in dates_in(fields_of(summer)["Encounter/1"]))


def test_date__when_it_has_no_day__then_is_left_out() -> None:
    data = bundle(visits=1)
    resources(data, "Condition")[0]["onsetDateTime"] = "2015-03"
    assert "onsetDateTime" not in fields_of(data)["Condition/1"]


_addresses = some.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
_secrets = some.binary(min_size=32, max_size=32)
_moments = some.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0))


@given(_addresses, _secrets, _moments, _moments)
def test_shift__then_intervals_stay_and_days_move(
    subject: str, secret: bytes, first: datetime, second: datetime
) -> None:
    shift = DateShift.of(subject, secret)
    moved = [
        datetime.fromisoformat(shift.shift(each.isoformat() + "Z") or "").replace(tzinfo=None)
        for each in (first, second)
    ]
    assert moved[1] - moved[0] == second - first
    assert timedelta(days=1) <= first - moved[0] <= timedelta(days=365)
    assert shift == DateShift.of(subject, secret)
    assert repr(shift) == "DateShift()"


def test_shift__then_its_days_are_spread_over_the_whole_range() -> None:
    days = {DateShift.of("0x" + number.to_bytes(20).hex(), SECRET).days for number in range(5000)}
    assert days == set(range(1, 366))


# Ages


@pytest.mark.parametrize(
    ("born", "age"), [("1960-01-01", 55), ("1926-01-01", 90), ("1926-03-03", 90), ("1931-01-01", 90)]
)
def test_age__when_over_89__then_is_90_and_no_birth_date_is_told(born: str, age: int) -> None:
    fields = fields_of(bundle(born=born, visits=1))
    assert fields["patient:age:a"] == age
    assert ("birthDate" in fields["Patient/1"]) == (age < 90)
    assert problems_of_record(fields) == []


def test_age__when_the_subject_died_before_90__then_counts_at_the_death() -> None:
    data = bundle(born="1931-01-01", visits=1)
    resources(data, "Patient")[0]["deceasedDateTime"] = "2016-03-04T10:00:00-05:00"
    assert fields_of(data)["patient:age:a"] == 84


def test_date__when_it_would_tell_of_an_age_over_89__then_its_resource_is_left_out() -> None:
    data = bundle(born="1931-01-01", visits=2)
    resources(data, "Condition")[0]["onsetDateTime"] = "1936-01-01T00:00:00Z"
    found = ingest(data, SUBJECT, SECRET, TODAY)
    assert "Condition/1" not in found.fields
    assert "Condition/2" in found.fields
    assert found.left_out["Condition"] == 1
    assert "reasonReference" not in found.fields["MedicationRequest/1"]  # type: ignore[operator]
    assert "reasonReference" in found.fields["MedicationRequest/2"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "unit"), [(93, "a"), (90, "a"), (1100, "mo"), (35000, "d"), (5000, "wk"), (93, "a{count}")]
)
def test_quantity__when_it_may_be_an_age_over_89__then_is_90_or_more(value: float, unit: str) -> None:
    data = bundle(visits=1)
    _observation(data, "8302-2").update(
        code=concept("http://loinc.org", "30525-0"), valueQuantity=quantity(value, unit)
    )
    told = fields_of(data)["Observation/1"]["valueQuantity"]
    assert (told["value"], told["comparator"], told["code"]) == (90, ">=", "a")


@pytest.mark.parametrize("value", [5.2e12, 250000, 9e15, 0.00012345678, 999999.5, -40])
def test_quantity__when_large_or_small_and_measured__then_stays(value: float) -> None:
    data = bundle(visits=1)
    _observation(data, "2339-0")["valueQuantity"] = quantity(value, "/L")
    assert fields_of(data)["loinc:2339-0:/L"] == value


def test_quantity__when_it_is_an_age_of_89__then_stays() -> None:
    data = bundle(visits=1)
    _observation(data, "8302-2")["valueQuantity"] = quantity(89, "a")
    assert fields_of(data)["Observation/1"]["valueQuantity"]["value"] == 89


# Places


@pytest.mark.parametrize("text", ["03601", "05901", "10203", "20301", "89301-1234", "00000", "96201"])
def test_zip__when_few_live_there__then_000(text: str) -> None:
    assert zone_of(text) == "000"


@pytest.mark.parametrize(
    ("text", "zone"), [("02169", "021"), ("10001-1234", "100"), ("SW1A 1AA", None), ("2169", None), (2169, None)]
)
def test_zip__then_its_zone(text: object, zone: str | None) -> None:
    assert zone_of(text) == zone


def test_state__then_two_letters_or_nothing() -> None:
    assert state_of("Massachusetts") == state_of("MA") == "MA"
    assert state_of("District of Columbia") == "DC"
    assert state_of("Quincy") is state_of("ma") is state_of(None) is None


def test_address__when_abroad__then_is_left_out() -> None:
    data = bundle(visits=1)
    resources(data, "Patient")[0]["address"][0]["country"] = "FR"
    assert "address" not in fields_of(data)["Patient/1"]


# Codes


@pytest.mark.parametrize("code", ["2339-0", "4548-4", "8302-2", "85354-9", "72166-2", "LA6576-8", "QALY"])
def test_loinc__when_right__then_stays(code: str) -> None:
    assert is_loinc(code)


@pytest.mark.parametrize("code", ["2339-1", "999-99-9999", "02339-0", "12345678-1", "Frami", "", "2339-0\n", "٢339-0"])
def test_loinc__when_not__then_is_none(code: str) -> None:
    assert not is_loinc(code)


def test_snomed__then_its_check_digit_and_partition_count() -> None:
    assert all(map(is_snomed, ["44054006", "162673000", "5251000175109", "266919005"]))
    assert not any(map(is_snomed, ["44054007", "123456789", "6175550143", "44054016", "900000000000000000000"]))


@pytest.mark.parametrize(
    "unit", ["mm[Hg]", "mg/dL", "kg/m2", "%", "10*3/uL", "{score}", "mL/min/{1.73_m2}", "m[iU]/L", "/min", "Cel"]
)
def test_unit__when_of_ucum__then_stays(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize("unit", ["{Frami345}", "02169", "6175550143", "10*999", "mmHg of Abe", "", "smith", "mg/dL\n"])
def test_unit__when_not__then_is_none(unit: str) -> None:
    assert not is_unit(unit)


@given(some.text(min_size=1))
def test_code__when_of_a_system_that_is_not_in_the_list__then_may_not_stay(code: str) -> None:
    assert not may_stay("http://hospital.example/codes", code)
    assert not may_stay(None, code)


def test_coding__when_of_another_system__then_the_others_stay() -> None:
    data = bundle(visits=1)
    local = {"system": "http://hospital.example/codes", "code": "Frami345"}
    resources(data, "Condition")[0]["code"]["coding"].insert(0, local)
    assert fields_of(data)["Condition/1"]["code"] == {"coding": [{"system": SNOMED, "code": "44054006"}]}


# What is refused, and how that is said


def _second_patient(data: dict[str, Any]) -> None:
    entry = changed(data["entry"][0])
    entry["fullUrl"], entry["resource"]["id"] = "urn:uuid:other", "other"
    data["entry"].append(entry)


def _no_patient(data: dict[str, Any]) -> None:
    del data["entry"][0]


def _of(kind: str, **parts: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: resources(data, kind)[0].update(parts)


def _drop(kind: str, name: str) -> Callable[[dict[str, Any]], None]:
    return lambda data: resources(data, kind)[0].pop(name)


_X = "Frami345"
_REFUSED: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda data: data.update(resourceType=_X), "document: isn't a FHIR Bundle"),
    (lambda data: data.update(type=_X), "type: isn't one of collection, transaction, batch"),
    (lambda data: data.update(implicitRules=_X), "implicitRules: changes the meaning"),
    (lambda data: data.update(entry=[]), "entry: isn't a list of at least one resource"),
    (lambda data: data.update(entry=_X), "entry: isn't a list of at least one resource"),
    (lambda data: data["entry"].append(_X), "entry.20: has no resource"),
    (lambda data: data["entry"].append({"resource": {"resourceType": _X}}), "entry.20: is a resource of a type that can't be taken"),
    (_second_patient, "entry: has 2 resources of type Patient"),
    (_no_patient, "entry: has 0 resources of type Patient"),
    (lambda data: data["entry"].append(changed(data["entry"][3])), "entry.20: has the address of an entry before it"),
    (_of("Observation", subject={"reference": _X}), "Observation.subject: isn't the bundle's patient"),
    (_of("Condition", subject={"identifier": {"value": _X}}), "Condition.subject: isn't the bundle's patient"),
    (_of("Patient", birthDate=_X), "Patient.birthDate: breaks FHIR R4's structure"),
    (_of("Patient", birthDate="1961-04"), "Patient/1.birthDate: is missing or lacks the day"),
    (_drop("Patient", "birthDate"), "Patient/1.birthDate: is missing or lacks the day"),
    (_of("Patient", deceasedDateTime="2016"), "Patient/1.deceasedDateTime: lacks the day"),
    (_of("Patient", link=[{"other": {"reference": _X}, "type": "replaced-by"}]), "Patient/1.link: has a value that isn't known"),
    (_of("Observation", status=_X), "Observation/1.status: has a value that isn't known"),
    (_of("Observation", valueQuantity={**quantity(1.0, "cm"), "comparator": _X}), "valueQuantity"),
    (_of("Observation", valueQuantity=quantity(6175550143, "cm")), "Observation.valueQuantity.value: isn't a measurement's"),
    (_of("Observation", valueQuantity=quantity(1e23, "/L")), "Observation.valueQuantity.value: isn't a measurement's"),
    (_of("Observation", valueQuantity=quantity(1e400, "cm")), "valueQuantity"),
    (_of("Observation", **{_X: _X}), "Observation.*: breaks FHIR R4's structure (extra_forbidden)"),
    (_of("Observation", modifierExtension=[{"url": "urn:x", "valueString": _X}]), "Observation.modifierExtension: changes the meaning"),
    (_of("Observation", contained=[{"resourceType": _X}]), "Observation: isn't a resource of FHIR R4's structure"),
    (_of("Condition", verificationStatus=concept(HL7 + "condition-ver-status", _X)), "Condition/1.verificationStatus: has a value"),
    (_of("Encounter", period=[_X]), "Encounter.period.root: breaks FHIR R4's structure"),
    (_drop("Immunization", "status"), "Immunization.status: breaks FHIR R4's structure"),
    (_of("Encounter", period={"start": "0001-01-01T00:00:00Z"}), "Encounter.period.start: isn't a date of FHIR's form"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), _REFUSED)
def test_bundle__when_wrong__then_is_refused_by_place_and_rule_without_the_value(
    spoil: Callable[[dict[str, Any]], Any], said: str
) -> None:
    data = changed(bundle(visits=1))
    assert len(data["entry"]) == 20
    spoil(data)
    text = refused(data)
    assert said in text
    assert not any(value in text for value in (_X, "6175550143", "1961", "2016"))


def test_bundle__when_many_things_are_wrong__then_all_are_named() -> None:
    data = changed(bundle(visits=1))
    for each in resources(data, "Observation"):
        each["status"] = _X
    assert len(refused(data).splitlines()) == len(resources(data, "Observation"))


@pytest.mark.parametrize("data", [None, [], "Bundle", 7, {}])
def test_document__when_no_bundle__then_is_refused(data: object) -> None:
    assert refused(data) == "document: isn't a FHIR Bundle"


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(part, (*path, key))


_ODD: list[Any] = [None, True, 10**30, "", [], {}, [None], {"x": {}}, "2015-03-04", float("nan"), "\ud800"]


@pytest.mark.parametrize("odd", _ODD, ids=repr)
def test_bundle__when_any_part_of_it_is_odd__then_it_is_taken_or_refused_and_nothing_else_happens(odd: Any) -> None:
    whole = slim(bundle(visits=1))
    for path in once(_places(whole), whole):
        data = changed(whole)
        at(data, path[:-1])[path[-1]] = odd
        with contextlib.suppress(DocumentError):
            RecordTree.salt(ingest(data, SUBJECT, SECRET, TODAY).fields)
