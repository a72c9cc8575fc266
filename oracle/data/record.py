"""A record as a salted tree of its fields: the root can be public, and one field be shown without the others.

A leaf hashes name, 32 random bytes and the value's canonical JSON, so that a value of low entropy (a blood group, a yes or no) can't be
guessed from chain data, nor from the proofs of other fields. Its place in the tree is by the hash of its name
(:mod:`oracle.core.radix`): nobody can show one value of a field to some, and another to others.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from oracle.core import merkle, radix
from oracle.core.canonical import canonical
from oracle.core.errors import Reason, RecordError
from oracle.core.keccak import keccak

#: Version of the JSON in which a vault hands disclosed fields to an auditor.
RELEASE_VERSION = "assent-release/2"
LEAF_TYPES = ("string", "bytes32", "bytes")
SALT_BYTES = 32
MAX_PROOF = radix.MAX_DEPTH
MAX_NAME_CHARACTERS = 80


@dataclass(frozen=True, slots=True, repr=False)
class SaltedField:
    """One field with its salt (32 bytes). The value is anything JSON can say exactly."""

    name: str
    value: object
    salt: bytes

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


@dataclass(frozen=True, slots=True, repr=False)
class DisclosedField(SaltedField):
    """A field with its proof: siblings (32 bytes each) from its leaf up to the record's root."""

    proof: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: bytes as 0x-hex."""
        proof = ["0x" + sibling.hex() for sibling in self.proof]
        return {"name": self.name, "value": self.value, "salt": "0x" + self.salt.hex(), "proof": proof}

    @classmethod
    def from_json(cls, data: object) -> DisclosedField:
        """Inverse of :meth:`to_json`. Raises RecordError (PROOF_WRONG) if the data has another form; the text never quotes it."""
        if not isinstance(data, Mapping) or data.keys() != {"name", "value", "salt", "proof"}:
            raise RecordError(
                Reason.PROOF_WRONG, "a disclosed field has a name, a value, a salt and a proof, and nothing else"
            )
        name, proof = data["name"], data["proof"]
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARACTERS:
            raise RecordError(Reason.PROOF_WRONG, "a disclosed field's name isn't a text of 1 to 80 characters")
        if not isinstance(proof, list) or len(proof) > MAX_PROOF:
            raise RecordError(
                Reason.PROOF_WRONG, f"the proof of field {name!r} isn't a list of at most {MAX_PROOF} hashes"
            )
        siblings = tuple(_bytes32(sibling, name) for sibling in proof)
        return cls(name, data["value"], _bytes32(data["salt"], name), siblings)


class RecordTree:
    """All fields of a record, and the tree over them."""

    def __init__(self, fields: Iterable[SaltedField]) -> None:
        """Build from salted fields. Raises ValueError if there are none, two of one name, or a value is not JSON."""
        self.fields = tuple(sorted(fields, key=lambda field: field.name))
        self._leaves = {field.name: leaf_of(field) for field in self.fields}
        if len(self._leaves) != len(self.fields):
            raise ValueError("two fields of the record have the same name")
        self._tree = radix.RadixTree({key_of(name): leaf for name, leaf in self._leaves.items()})

    @classmethod
    def salt(cls, fields: Mapping[str, object]) -> RecordTree:
        """Give each field a random salt. Raises ValueError as the constructor does, and for a value that JSON would change on its way."""
        for name, value in fields.items():
            _must_travel(name, value)
        return cls(SaltedField(name, value, secrets.token_bytes(SALT_BYTES)) for name, value in fields.items())

    def __repr__(self) -> str:
        return f"RecordTree({len(self.fields)} fields, root=0x{self.root.hex()})"

    @property
    def root(self) -> bytes:
        """The commitment, 32 bytes."""
        return self._tree.root

    def disclose(self, names: Iterable[str]) -> list[DisclosedField]:
        """Return these fields with their proofs, in this order. Raises RecordError (FIELD_MISSING) naming the first one it lacks."""
        by_name = {field.name: field for field in self.fields}
        return [self._disclosed(by_name.get(name), name) for name in names]

    def _disclosed(self, field: SaltedField | None, name: str) -> DisclosedField:
        if field is None:
            raise RecordError(Reason.FIELD_MISSING, f"the record has no field {name!r}")
        return DisclosedField(name, field.value, field.salt, tuple(self._tree.proof(key_of(name))))


def key_of(name: str) -> bytes:
    """Return what places a field in its record's tree, 32 bytes. Raises ValueError for a name that UTF-8 can't say."""
    return keccak(name.encode())


def leaf_of(field: SaltedField) -> bytes:
    """Return a field's leaf, 32 bytes. Raises ValueError naming the field if name, value or salt can't be one."""
    if not 0 < len(field.name) <= MAX_NAME_CHARACTERS:
        raise ValueError(f"a field's name has 1 to {MAX_NAME_CHARACTERS} characters")
    if len(field.salt) != SALT_BYTES:
        raise ValueError(f"the salt of field {field.name!r} hasn't {SALT_BYTES} bytes")
    try:
        return merkle.leaf_hash(LEAF_TYPES, (field.name, field.salt, canonical(field.value)))
    except (ValueError, TypeError, RecursionError):  # their texts may quote the value
        raise ValueError(
            f"field {field.name!r} can't be written as canonical JSON; use text, numbers, booleans, lists"
        ) from None


def verify_disclosure(root: bytes, disclosed: Sequence[DisclosedField]) -> dict[str, object]:
    """Return the fields' values by name, each proven to be in the record with this root.

    Raises RecordError (PROOF_WRONG) naming the field that is altered, of another record, or given twice; never its value.
    """
    verify_leaves(root, disclosed)
    return {field.name: field.value for field in disclosed}


def verify_leaves(root: bytes, disclosed: Sequence[DisclosedField]) -> dict[str, bytes]:
    """Return the fields' leaves (32 bytes each) by name, each proven to be in the record with this root.

    Raises what :func:`verify_disclosure` does.
    """
    leaves: dict[str, bytes] = {}
    for field in disclosed:
        if field.name in leaves:
            raise RecordError(Reason.PROOF_WRONG, f"field {field.name!r} was given twice")
        leaf = _proven_leaf(root, field)
        if leaf is None:
            raise RecordError(
                Reason.PROOF_WRONG,
                f"field {field.name!r} isn't the committed record's: its proof doesn't lead to the root",
            )
        leaves[field.name] = leaf
    return leaves


def _must_travel(name: str, value: object) -> None:
    """Whole floats beyond 2^53 become integers that canonical JSON can't hold; nesting beyond 200 doesn't parse."""
    try:
        same = canonical(from_json(canonical(value), allow_inf_nan=False)) == canonical(value)
    except (ValueError, TypeError, RecursionError):  # their texts may quote the value
        same = False
    if not same:
        raise ValueError(
            f"field {name[:MAX_NAME_CHARACTERS]!r} can't be written as canonical JSON; use text, numbers, booleans, lists"
        )


def _proven_leaf(root: bytes, field: DisclosedField) -> bytes | None:
    if len(field.proof) > MAX_PROOF or any(len(sibling) != 32 for sibling in field.proof):
        return None
    try:
        leaf = leaf_of(field)
    except ValueError:
        return None
    return leaf if radix.verify(root, key_of(field.name), leaf, field.proof) else None


def _bytes32(text: object, name: str) -> bytes:
    if isinstance(text, str) and len(text) == 66 and text.startswith("0x"):
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            pass
    raise RecordError(Reason.PROOF_WRONG, f"salt or proof of field {name!r} isn't 0x and 64 hexadecimal digits")
