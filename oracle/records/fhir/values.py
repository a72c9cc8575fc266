"""What becomes of each kind of FHIR value on its way into a record: it stays, it changes, it's left out, or the bundle is refused.

A rule takes a value, the pass under way and the value's place, and returns what may be told, or None to leave it out. It raises
DocumentError where leaving out would change the meaning, or where something looks like an identifier in a measurement's place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from oracle.core.errors import DocumentError
from oracle.records.fhir.codes import UCUM, is_unit, may_stay
from oracle.records.fhir.dates import OLDEST, DateShift, age_at, day_of

#: Numbers whose whole part has so many significant digits aren't measured; telephone, account and record numbers are.
_IDENTIFIER_DIGITS = 7
#: Beyond this, canonical JSON has no whole numbers.
_INEXACT = 2**53
_YEARS = {
    "a": 1.0,
    "mo": 1 / 12,
    "wk": 7 / 365.25,
    "d": 1 / 365.25,
    "h": 1 / 8766,
    "min": 1 / 525_960,
    "s": 1 / 31_557_600,
}
#: What may not be ignored (https://hl7.org/fhir/R4/extensibility.html#modifierExtension), and so can't be left out.
_MODIFIERS = ("modifierExtension", "implicitRules")
#: Structure, not content.
_STRUCTURE = ("resourceType", "id", "meta", "text")


@dataclass
class Pass:
    """One bundle's way through: how its dates move, what its resources are called now, how far back it may tell, what was left out."""

    shift: DateShift
    #: By full URL or ``Type/id``: the resource's name in the record (``Observation/3``).
    names: Mapping[str, str]
    patient: str
    #: The day at which ages count: the subject's last, or today.
    reference: date
    #: By element (``Observation.valueString``): how often it was left out. Names of FHIR's elements only.
    left_out: Counter[str] = field(default_factory=Counter)


class BeyondOldestError(Exception):
    """A date that would tell of an age over 89; its resource is left out."""


Rule = Callable[[Any, Pass, str], Any]


def table(rules: Mapping[str, Rule]) -> Rule:
    """Return a rule for an element with parts: those with a rule, and no other."""

    def apply(value: Any, under_way: Pass, place: str) -> dict[str, Any] | None:
        if not isinstance(value, Mapping):
            raise DocumentError([f"{place}: isn't an element with parts"])
        kept = {}
        for name, part in value.items():
            if name in _MODIFIERS:
                raise DocumentError([f"{place}.{name}: changes the meaning of the rest, and can't be left out"])
            rule = rules.get(name)
            told = None if rule is None else rule(part, under_way, f"{place}.{name}")
            if told is not None:
                kept[name] = told
            elif name not in _STRUCTURE:
                under_way.left_out[f"{place}.{name}"] += 1
        return kept or None

    return apply


def each(rule: Rule) -> Rule:
    """Return a rule for a list: what is left of each member, if anything is."""

    def apply(value: Any, under_way: Pass, place: str) -> list[Any] | None:
        if not isinstance(value, list):
            raise DocumentError([f"{place}: isn't a list"])
        return [told for told in (rule(part, under_way, place) for part in value) if told is not None] or None

    return apply


def one_of(words: str) -> Rule:
    """Return a rule for a code that is one of these words, parted by spaces."""
    known = frozenset(words.split())
    return lambda value, _, __: value if isinstance(value, str) and value in known else None


def flag(value: Any, _: Pass, __: str) -> bool | None:
    """Keep a boolean."""
    return value if isinstance(value, bool) else None


def coding(value: Any, _: Pass, place: str) -> dict[str, str] | None:
    """Keep system and code of a public terminology, and not the text beside them."""
    if not isinstance(value, Mapping):
        raise DocumentError([f"{place}: isn't a Coding"])
    return public_coding(value)


def public_coding(value: Mapping[str, Any]) -> dict[str, str] | None:
    """Return system and code, if they may stay."""
    system, code = value.get("system"), value.get("code")
    return {"system": str(system), "code": str(code)} if may_stay(system, code) else None


#: Codings only: a concept's text is anybody's.
concept: Rule = table({"coding": each(coding)})


def moment(value: Any, under_way: Pass, place: str) -> str | None:
    """Shift a date or time. Raises BeyondOldestError if it would tell of an age over 89."""
    try:
        shifted = under_way.shift.shift(value)
    except (ValueError, TypeError):
        raise DocumentError([f"{place}: isn't a date of FHIR's form with a year from 2 to 9999"]) from None
    if shifted is not None and age_at(day_of(shifted), under_way.reference) > OLDEST:
        raise BeyondOldestError
    return shifted


period: Rule = table({"start": moment, "end": moment})


def quantity(value: Any, _: Pass, place: str) -> dict[str, Any] | None:
    """Keep number, comparator and unit of UCUM; spans of time over 89 years, ages maybe, become ``>= 90 a``."""
    if not isinstance(value, Mapping):
        raise DocumentError([f"{place}: isn't a Quantity"])
    number, unit, comparator = value.get("value"), value.get("code"), value.get("comparator")
    if isinstance(number, bool) or not isinstance(number, int | float) or value.get("system") != UCUM:
        return None
    if not isinstance(unit, str) or not is_unit(unit):
        return None
    if comparator is not None and comparator not in ("<", "<=", ">=", ">"):
        raise DocumentError([f"{place}.comparator: isn't one of <, <=, >=, >"])
    if not math.isfinite(number) or _looks_like_an_identifier(number):
        raise DocumentError(
            [f"{place}.value: isn't a measurement's: its whole part has {_IDENTIFIER_DIGITS} digits or more"]
        )
    told = {"value": number, "system": UCUM, "code": unit}
    if number * _YEARS.get(unit.partition("{")[0], 0.0) >= OLDEST + 1:
        return {"value": OLDEST + 1, "comparator": ">=", "system": UCUM, "code": "a"}
    return told if comparator is None else {**told, "comparator": comparator}


def link(value: Any, under_way: Pass, _: str) -> dict[str, str] | None:
    """Keep a reference to a resource that is in the record, by its name there."""
    name = under_way.names.get(_target(value))
    return None if name is None else {"reference": name}


def to_patient(value: Any, under_way: Pass, place: str) -> dict[str, str]:
    """Keep the reference to the patient. Raises DocumentError if it's to anybody else."""
    if under_way.names.get(_target(value)) != under_way.patient:
        raise DocumentError([f"{place}: isn't the bundle's patient: a record is about one subject"])
    return {"reference": under_way.patient}


def _target(value: Any) -> str:
    reference = value.get("reference") if isinstance(value, Mapping) else None
    return reference if isinstance(reference, str) else ""


def _looks_like_an_identifier(number: float) -> bool:
    """Whether its whole part has many digits; zeros at the end count only before a fraction."""
    if abs(number) >= _INEXACT:
        return True
    exact = Decimal(str(number))
    whole = exact.normalize() if exact == exact.to_integral_value() else exact.to_integral_value(ROUND_DOWN)
    return len(whole.as_tuple().digits) >= _IDENTIFIER_DIGITS
