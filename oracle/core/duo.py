"""Data use conditions: the GA4GH Data Use Ontology's modifiers as bits, its permissions as purposes, and a ready-made prohibition.

``vocabulary/duo.csv`` and ``vocabulary/ehds_prohibited.csv`` are the authority; ``contracts/types/Scope.sol`` has the same bits.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import TypeVar

from oracle.core import purposes as dpv
from oracle.core.errors import AssentError

T = TypeVar("T")

_VOCABULARY = "oracle.core"
_ALL_PURPOSES = "*"


class UnknownConditionError(AssentError):
    """No such DUO term. ``known`` are those that there are."""

    def __init__(self, given: str, known: Iterable[str]) -> None:
        self.given = given
        self.known = tuple(known)
        super().__init__(f"unknown DUO term {given!r}; there are {', '.join(self.known)}")


@cache
def modifiers() -> dict[str, int]:
    """Return the bit of each modifier, by its DUO shorthand."""
    return {row["code"]: int(row["bit"]) for row in _rows("duo.csv") if row["kind"] == "modifier"}


@cache
def permissions() -> dict[str, int]:
    """Return the mask of purposes for which each permission stands, by its DUO shorthand."""
    found = {row["code"]: row["purposes"] for row in _rows("duo.csv") if row["kind"] == "permission"}
    everything = (1 << len(dpv.purposes())) - 1
    return {code: everything if terms == _ALL_PURPOSES else dpv.mask(terms.split(";")) for code, terms in found.items()}


def modifier_mask(codes: Iterable[str]) -> int:
    """Return the mask of modifiers by DUO shorthand. Raises UnknownConditionError."""
    return sum({1 << _found(code, modifiers()) for code in codes})


def modifier_codes(mask: int) -> tuple[str, ...]:
    """Return the DUO shorthands of a mask's bits, lowest bit first; a bit without a modifier is named by its number."""
    known = {bit: code for code, bit in modifiers().items()}
    return tuple(known.get(bit, f"bit {bit}") for bit in range(mask.bit_length()) if mask >> bit & 1)


@cache
def duo_iri(code: str) -> str:
    """Return where a DUO term is defined, by its shorthand. Raises UnknownConditionError."""
    return _found(code, {row["code"]: row["iri"] for row in _rows("duo.csv")})


def permission_mask(codes: Iterable[str]) -> int:
    """Return the purposes that permissions stand for, by DUO shorthand. Raises UnknownConditionError."""
    mask = 0
    for code in codes:
        mask |= _found(code, permissions())
    return mask


@cache
def ehds_prohibited() -> int:
    """Return the mask of purposes that the European Health Data Space forbids for secondary use (Regulation (EU) 2025/327, Art. 54)."""
    return dpv.mask(row["term"] for row in _rows("ehds_prohibited.csv"))


def _found(code: str, table: dict[str, T]) -> T:
    if code not in table:
        raise UnknownConditionError(code, sorted(table))
    return table[code]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (resources.files(_VOCABULARY) / "vocabulary" / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)
