"""A FHIR R4 bundle about one patient: its form, its resources' structure, and how they are called in a record.

Source: https://hl7.org/fhir/R4/bundle.html. Structure is what fhir.resources has for R4B, which for the resources that are taken is that
of R4. Messages name places and rules only; fhir.resources' own quote values.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from oracle.core.errors import DocumentError
from oracle.records.fhir.allowed import LEFT_OUT, RESOURCES

_TYPES = ("collection", "transaction", "batch")
_MOST_PROBLEMS = 50


PATIENT = "Patient/1"


@dataclass(repr=False)
class Bundle:
    """The resources that may go into a record by their names there (``Observation/3``), and what else there was, by type.

    ``names`` has them by what references call them: full URL, or ``Type/id``.
    """

    resources: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, data: object) -> Bundle:
        """Check a bundle. Raises DocumentError with what breaks the profile."""
        bundle = cls()
        problems: list[str] = []
        for number, entry in enumerate(_entries(data)):
            try:
                bundle._add(entry, f"entry.{number}")
            except DocumentError as error:
                problems += error.problems
        if (count := bundle._counts["Patient"]) != 1:
            problems.append(f"entry: has {count} resources of type Patient; a record is about one subject")
        if problems:
            raise DocumentError(problems[:_MOST_PROBLEMS])
        return bundle

    def _add(self, entry: Any, place: str) -> None:
        kind, resource = _resource(entry, place)
        if kind in LEFT_OUT:
            self.left_out[kind] += 1
            return
        self._counts[kind] += 1
        name = f"{kind}/{self._counts[kind]}"
        for address in _addresses(entry, resource):
            if self.names.setdefault(address, name) != name:
                raise DocumentError([f"{place}: has the address of an entry before it"])
        if problems := structure_problems(resource, f"{place}.{kind}"):
            raise DocumentError(problems)
        self.resources[name] = resource


def structure_problems(resource: Mapping[str, Any], place: str) -> list[str]:
    """Return where a resource breaks FHIR R4's structure. Its type is one of ``RESOURCES``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fhir.resources warns of its own use of pydantic
        from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415  takes its time

        try:
            get_fhir_model_class(str(resource["resourceType"])).model_validate(resource)
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False, include_context=False)
            return [
                f"{_place(place, each['loc'], each['type'])}: breaks FHIR R4's structure ({each['type']})"
                for each in found
            ]
        except Exception as error:  # of what isn't foreseen; its text may quote the resource
            return [f"{place}: isn't a resource of FHIR R4's structure ({type(error).__name__})"]
    return []


def _entries(data: object) -> list[Any]:
    if not isinstance(data, Mapping) or data.get("resourceType") != "Bundle":
        raise DocumentError(["document: isn't a FHIR Bundle"])
    if data.get("type") not in _TYPES:
        raise DocumentError([f"type: isn't one of {', '.join(_TYPES)}"])
    if "implicitRules" in data:
        raise DocumentError(["implicitRules: changes the meaning of the rest, and can't be left out"])
    if not isinstance(data.get("entry"), list) or not data["entry"]:
        raise DocumentError(["entry: isn't a list of at least one resource"])
    return list(data["entry"])


def _resource(entry: Any, place: str) -> tuple[str, Mapping[str, Any]]:
    resource = entry.get("resource") if isinstance(entry, Mapping) else None
    kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if not isinstance(resource, Mapping) or not isinstance(kind, str):
        raise DocumentError([f"{place}: has no resource"])
    if kind in LEFT_OUT:
        return kind, resource
    if kind not in RESOURCES:
        raise DocumentError(
            [f"{place}: is a resource of a type that can't be taken, and isn't known to be safe to leave out"]
        )
    return kind, resource


def _addresses(entry: Mapping[str, Any], resource: Mapping[str, Any]) -> set[str]:
    """Under which references may name the resource (https://hl7.org/fhir/R4/bundle.html#references)."""
    found = set()
    if isinstance(entry.get("fullUrl"), str):
        found.add(entry["fullUrl"])
    if isinstance(resource.get("id"), str):
        found.add(f"{resource['resourceType']}/{resource['id']}")
    return found


def _place(place: str, location: tuple[int | str, ...], kind: str) -> str:
    # A name that FHIR doesn't know is the document's own: it may be personal.
    known = location[:-1] if kind == "extra_forbidden" else location
    return ".".join([place, *map(str, known)]) + (".*" if kind == "extra_forbidden" else "")
