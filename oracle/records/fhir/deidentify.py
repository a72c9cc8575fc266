"""De-identification by HIPAA's safe harbour (45 CFR 164.514(b)(2)), by a list of what may stay; dates are shifted, not reduced to years.

What the list doesn't have is left out and counted. What can't be left out without changing the meaning, or looks like an identifier where a
measurement should be, makes the bundle be refused.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from oracle.core.errors import DocumentError
from oracle.records.fhir.allowed import MODIFYING, REQUIRED, RESOURCES
from oracle.records.fhir.bundle import PATIENT, Bundle
from oracle.records.fhir.dates import OLDEST, DateShift, age_at, day_of
from oracle.records.fhir.values import BeyondOldestError, Pass, table

_MOST_PROBLEMS = 50


@dataclass(frozen=True, repr=False)
class Deidentified:
    """Resources by name, as they may be told; whether the subject is over 89; what was left out, by element or type."""

    resources: Mapping[str, dict[str, Any]]
    over_oldest: bool
    left_out: Counter[str]


def deidentify(bundle: Bundle, shift: DateShift, today: date) -> Deidentified:
    """Return what may be told of a bundle; ``today`` is the day at which a living subject's age counts.

    Raises DocumentError with every resource that can't be de-identified safely.
    """
    patient = bundle.resources[PATIENT]
    reference = _last_day(patient, today)
    over = age_at(_birth(patient, shift), reference) > OLDEST
    # Names that are kept may be linked to; those of resources that turn out to be left out are taken back below.
    under_way = Pass(shift, bundle.names, PATIENT, reference, Counter(bundle.left_out))
    told: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for name, resource in bundle.resources.items():
        source = {key: value for key, value in resource.items() if not (over and key == "birthDate")}
        try:
            if (kept := _told(name, source, under_way)) is not None:
                told[name] = kept
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise DocumentError(problems[:_MOST_PROBLEMS])
    return Deidentified(_closed(told, under_way.left_out), over, under_way.left_out)


def strays(resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what a record's resources have that no de-identified ones may have. What may stay does so unchanged, but for dates."""
    problems: list[str] = []
    for name, resource in resources.items():
        under_way = Pass(DateShift(0), {each: each for each in resources}, PATIENT, date.min)
        try:
            same = _told(name, resource, under_way) == resource
        except DocumentError as error:
            problems += error.problems
            continue
        elements = [f"{name}: may not have {element}" for element in sorted(under_way.left_out)]
        problems += elements or ([] if same else [f"{name}: isn't as de-identification leaves it"])
    return problems


def _told(name: str, resource: Mapping[str, Any], under_way: Pass) -> dict[str, Any] | None:
    kind, _, number = name.partition("/")
    before = under_way.left_out.copy()
    with contextlib.suppress(BeyondOldestError):
        told = table(RESOURCES[kind])(resource, under_way, kind) or {}
        for element in MODIFYING:
            if element in resource and element not in told:
                raise DocumentError([f"{name}.{element}: has a value that isn't known, and can't be left out"])
        kept = {"resourceType": kind, "id": number, **told}
        if _is_whole(kept):
            return kept
    under_way.left_out = before
    under_way.left_out[kind] += 1
    if kind == "Patient":
        raise DocumentError([f"{name}: has a date that can't be told"])
    return None


def _closed(told: Mapping[str, dict[str, Any]], left_out: Counter[str]) -> Mapping[str, dict[str, Any]]:
    """Take back references to resources that were left out, and leave out those that are nothing without, until none is left."""
    while True:
        linked = {name: _without_links(each, told) for name, each in told.items()}
        whole = {name: each for name, each in linked.items() if _is_whole(each)}
        left_out.update(name.partition("/")[0] for name in told.keys() - whole.keys())
        if len(whole) == len(told):
            return whole
        told = whole


def _is_whole(resource: Mapping[str, Any]) -> bool:
    return all(any(element in resource for element in group) for group in REQUIRED[resource["resourceType"]])


def _last_day(patient: Mapping[str, Any], today: date) -> date:
    died = patient.get("deceasedDateTime")
    try:
        return today if died is None else min(today, date.fromisoformat(died[:10]))
    except (ValueError, TypeError):
        raise DocumentError(
            ["Patient/1.deceasedDateTime: lacks the day, so that an age over 89 can't be told"]
        ) from None


def _birth(patient: Mapping[str, Any], shift: DateShift) -> date:
    """The shifted day of birth: it is before the true one, so that who is 90 by the shifted days counts as such."""
    try:
        shifted = shift.shift(patient["birthDate"])
    except (KeyError, TypeError, ValueError):
        shifted = None
    if shifted is None:
        raise DocumentError(["Patient/1.birthDate: is missing or lacks the day, so that an age over 89 can't be told"])
    return day_of(shifted)


def _without_links(value: Any, told: Mapping[str, Any]) -> Any:
    """Take back the references to resources that were left out."""
    if isinstance(value, dict):
        kept = {name: _without_links(part, told) for name, part in value.items()}
        if "reference" in kept and kept["reference"] not in told:
            return None
        return {name: part for name, part in kept.items() if part is not None}
    if isinstance(value, list):
        return [part for part in (_without_links(part, told) for part in value) if part is not None] or None
    return value
