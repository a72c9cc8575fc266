"""Numbers of a bundle's coded observations, as fields that a model's input schema can name.

``loinc:4548-4:%`` is the latest value of LOINC 4548-4 in the UCUM unit ``%``: the unit is in the name, so that no model takes one for
another. ``loinc:4548-4:%:from`` names the resource that it comes from (``Observation/3``), whose own leaf has its date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from oracle.records.fhir.codes import LOINC
from oracle.records.fhir.dates import OLDEST, age_at, dates_in, day_of

PREFIX = "loinc:"
AGE, GENDER = "patient:age:a", "patient:gender"
_SETTLED = ("final", "amended", "corrected")
_Found = tuple[str, float, str]


def derived(resources: Mapping[str, Mapping[str, Any]], over_oldest: bool) -> dict[str, object]:
    """Return the fields. ``patient:age:a`` is in completed years at the last date in the bundle, 90 for everyone over 89.

    A value with a comparator isn't a number, and one of two different values of one time isn't the latest: neither is a field.
    """
    fields: dict[str, object] = {}
    by_name: dict[str, list[_Found]] = {}
    for source, resource in resources.items():
        if resource["resourceType"] == "Observation" and resource.get("status") in _SETTLED:
            for name, when, number in _measured(resource):
                by_name.setdefault(name, []).append((when, number, source))
    for name, found in by_name.items():
        last = max(when for when, _, __ in found)
        latest = [each for each in found if each[0] == last]
        if len({number for _, number, __ in latest}) == 1:
            first = min((source for _, __, source in latest), key=_number_of)
            fields |= {name: latest[0][1], f"{name}:from": first}
    return fields | _of_patient(resources, over_oldest)


def _of_patient(resources: Mapping[str, Mapping[str, Any]], over_oldest: bool) -> dict[str, object]:
    patient = next(each for each in resources.values() if each["resourceType"] == "Patient")
    fields: dict[str, object] = {GENDER: patient["gender"]} if "gender" in patient else {}
    days = [day_of(text) for each in resources.values() if each is not patient for text in dates_in(each)]
    if over_oldest:
        fields[AGE] = OLDEST + 1
    elif days and "birthDate" in patient:
        age = age_at(day_of(patient["birthDate"]), max(days))
        if age >= 0:
            fields[AGE] = min(age, OLDEST + 1)
    return fields


def _measured(observation: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    when = next(_when(observation), None)
    if when is None:
        return
    for part in (observation, *observation.get("component", ())):
        quantity = part.get("valueQuantity")
        if quantity is None or "comparator" in quantity:
            continue
        for coding in part.get("code", {}).get("coding", ()):
            if coding["system"] == LOINC:
                yield f"{PREFIX}{coding['code']}:{quantity['code']}", when, quantity["value"]


def _when(observation: Mapping[str, Any]) -> Iterator[str]:
    period = observation.get("effectivePeriod", {})
    for text in (
        observation.get("effectiveDateTime"),
        observation.get("effectiveInstant"),
        period.get("end"),
        period.get("start"),
    ):
        if text is not None:
            yield text


def _number_of(source: str) -> int:
    return int(source.partition("/")[2])


def derived_problems(resources: Mapping[str, Mapping[str, Any]], fields: Mapping[str, object]) -> list[str]:
    """Return which derived fields aren't what the resources give. ``resources`` are a record's, ``fields`` all of its fields."""
    over = not any("birthDate" in each for each in resources.values())
    expected = derived(resources, over)
    given = {name: value for name, value in fields.items() if name not in resources}
    return [
        f"{name}: isn't what the record's resources give"
        for name in sorted(expected.keys() | given.keys())
        if _differ(name, expected, given)
    ]


def _differ(name: str, expected: Mapping[str, object], given: Mapping[str, object]) -> bool:
    return name not in expected or name not in given or expected[name] != given[name]
