"""The purposes of W3C DPV 2.3, one bit each, and the rule that tells whether an agreement permits one.

``vocabulary/dpv_purposes.csv`` is the authority; ``contracts/libraries/Purposes.sol`` is generated from the same table,
and the two answer alike. A mask is an int whose bit ``n`` stands for the purpose with ``bit == n``.
"""

import csv
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from oracle.core.errors import AssentError
from oracle.core.merkle import MerkleTree, leaf_hash

#: The vocabulary whose purposes these are, as the contract names it.
VOCABULARY = "W3C DPV 2.3"
_LEAF_TYPES = ("uint8", "string", "uint256")

_SUGGESTIONS = 3


class UnknownPurposeError(AssentError):
    """No such purpose. ``given`` is what was asked for, ``suggestions`` are terms that look like it, best first."""

    def __init__(self, given: str | int, suggestions: Iterable[str] = ()) -> None:
        self.given = given
        self.suggestions = tuple(suggestions)
        hint = f"; did you mean {' or '.join(self.suggestions)}?" if self.suggestions else ""
        super().__init__(f"unknown purpose {given!r}{hint}")


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose and its place in the hierarchy. ``parents`` are terms; the last two are masks that include itself."""

    bit: int
    term: str
    iri: str
    parents: tuple[str, ...]
    ancestors_or_self: int
    descendants_or_self: int


def purposes() -> tuple[Purpose, ...]:
    """Return all purposes; the one at index ``n`` has bit ``n``."""
    return _table()


def vocabulary_tree(table: Iterable[Purpose] | None = None) -> MerkleTree:
    """Return the Merkle tree over each purpose's bit, term and mask of itself and all broader ones.

    The contract tells its root (``vocabulary``): so anyone can see that it and this table mean the same, and prove a
    purpose's place without the table.
    """
    return MerkleTree([purpose_leaf(entry) for entry in (purposes() if table is None else table)])


def purpose_leaf(entry: Purpose) -> bytes:
    """Return a purpose's leaf (32 bytes) in the vocabulary's tree."""
    return leaf_hash(_LEAF_TYPES, [entry.bit, entry.term, entry.ancestors_or_self])


def purpose(key: str | int) -> Purpose:
    """Return a purpose by term (case matters) or by bit. Raises UnknownPurposeError, with close matches for a term."""
    if isinstance(key, str):
        found = _by_term().get(key)
        if found is None:
            raise UnknownPurposeError(key, _close_matches(key))
        return found
    if not 0 <= key < len(_table()):
        raise UnknownPurposeError(key)
    return _table()[key]


def mask(terms: Iterable[str]) -> int:
    """Return the mask with the bit of each term. Raises UnknownPurposeError."""
    if isinstance(terms, str):  # else it would be taken letter by letter
        terms = (terms,)
    bits = 0
    for term in terms:
        bits |= 1 << purpose(term).bit
    return bits


def terms(mask: int) -> tuple[str, ...]:
    """Return the terms of a mask's bits, lowest bit first. Raises UnknownPurposeError for any other bit."""
    check_mask(mask)
    return tuple(entry.term for entry in _table() if mask >> entry.bit & 1)


def check_mask(mask: int) -> int:
    """Return the mask if each bit is a purpose. Raises UnknownPurposeError naming the highest bit that isn't."""
    if mask < 0:
        raise UnknownPurposeError(mask)
    if mask >> len(_table()):
        raise UnknownPurposeError(mask.bit_length() - 1)
    return mask


def covers(purpose_bit: int, agreed_mask: int) -> bool:
    """Tell whether the purpose or a broader one is agreed to. False for a bit that isn't a purpose."""
    lineage, _ = _relatives(purpose_bit)
    return lineage & agreed_mask != 0


def prohibits(purpose_bit: int, prohibited_mask: int) -> bool:
    """Tell whether the purpose, a broader one, or a narrower one is prohibited. False for a bit that isn't a purpose.

    A narrower one counts since leave for a purpose is leave for all that it contains, so also for the prohibited part.
    """
    lineage, offspring = _relatives(purpose_bit)
    return (lineage | offspring) & prohibited_mask != 0


def permitted(purpose_bit: int, agreed_mask: int, prohibited_mask: int) -> bool:
    """Tell whether an agreement permits a purpose: covered and not prohibited. Prohibition wins.

    Answers as the contract does: an unknown purpose isn't permitted, unknown bits of a mask have no effect.
    """
    return covers(purpose_bit, agreed_mask) and not prohibits(purpose_bit, prohibited_mask)


def _relatives(bit: int) -> tuple[int, int]:
    table = _table()
    if not 0 <= bit < len(table):
        return 0, 0
    return table[bit].ancestors_or_self, table[bit].descendants_or_self


def _close_matches(term: str) -> list[str]:
    by_lower = {known.lower(): known for known in _by_term()}
    close = difflib.get_close_matches(term.lower(), by_lower, n=_SUGGESTIONS)
    return [by_lower[match] for match in close]


@cache
def _by_term() -> Mapping[str, Purpose]:
    return {entry.term: entry for entry in _table()}


@cache
def _table() -> tuple[Purpose, ...]:
    source = resources.files("oracle.core").joinpath("vocabulary", "dpv_purposes.csv")
    rows = list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))
    bits = {row["term"]: int(row["bit"]) for row in rows}
    parents = {row["term"]: tuple(row["parents"].split(";")) if row["parents"] else () for row in rows}

    @cache
    def ancestors_or_self(term: str) -> int:
        above = 1 << bits[term]
        for parent in parents[term]:
            above |= ancestors_or_self(parent)
        return above

    def descendants_or_self(term: str) -> int:
        return sum(1 << bits[other] for other in bits if ancestors_or_self(other) >> bits[term] & 1)

    return tuple(
        Purpose(
            bit=bits[row["term"]],
            term=row["term"],
            iri=row["iri"],
            parents=parents[row["term"]],
            ancestors_or_self=ancestors_or_self(row["term"]),
            descendants_or_self=descendants_or_self(row["term"]),
        )
        for row in rows
    )
