"""From a FHIR R4 bundle to a record's fields, and the check of a record that claims to come from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from oracle.records.fhir.allowed import RESOURCES
from oracle.records.fhir.bundle import Bundle, structure_problems
from oracle.records.fhir.dates import DateShift
from oracle.records.fhir.deidentify import deidentify, strays
from oracle.records.fhir.derive import derived, derived_problems

#: The name of the built-in schema of records that come from bundles.
PROFILE = "fhir-r4-deidentified"


@dataclass(frozen=True, repr=False)
class Ingested:
    """A record's fields: a resource each, by its name (``Observation/3``), and derived numbers; and how often what was left out."""

    fields: Mapping[str, object]
    left_out: Mapping[str, int]


def ingest(data: object, subject: str, secret: bytes, today: date) -> Ingested:
    """Check, de-identify and take apart a bundle.

    ``secret`` (32 bytes) is the holder's, and the same for all bundles; with the subject's address it fixes how dates move. Raises
    DocumentError, which names places and rules, never a value.
    """
    told = deidentify(Bundle.read(data), DateShift.of(subject, secret), today)
    fields: dict[str, object] = {**told.resources, **derived(told.resources, told.over_oldest)}
    return Ingested(fields, dict(sorted(told.left_out.items())))


def problems_of_record(fields: Mapping[str, object]) -> list[str]:
    """Return what the schema can't see of a record's fields: resources that aren't R4's, or that identify; numbers that
    they don't give."""
    resources: dict[str, Mapping[str, Any]] = {
        name: value
        for name, value in fields.items()
        if isinstance(value, Mapping) and name.partition("/")[0] in RESOURCES
    }
    problems = [each for name, resource in resources.items() for each in structure_problems(resource, name)]
    return problems or [*strays(resources), *derived_problems(resources, fields)]
