"""A record in the clear, with its salts: what a holder makes before it goes into the vault, and what makes up a dataset.

Two leaves are reserved. ``$schema`` names the schema that the fields obey, by name and digest; ``$previous`` the record that this one
corrects, by id. So the root fixes both. A record without them is one, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eth_utils import is_checksum_address

from oracle.core.eip712 import bytes_of, hex_of
from oracle.core.errors import DocumentError
from oracle.core.structs import Record
from oracle.data.record import RecordTree, SaltedField
from oracle.records.schema import Schema

VERSION = "assent-record/1"
SCHEMA, PREVIOUS = "$schema", "$previous"
_RESERVED = "$"
_BYTES32 = re.compile(r"0x[0-9a-fA-F]{64}")
_FORM = {"version", "record", "subject", "holder", "fields"}


@dataclass(frozen=True)
class OpenedRecord:
    """A record's tree, whose it is, and who holds it. Personal: it never goes into a log."""

    tree: RecordTree
    subject: str
    holder: str

    @classmethod
    def make(
        cls,
        fields: Mapping[str, object],
        subject: str,
        holder: str,
        schema: Schema | None = None,
        previous: bytes | None = None,
    ) -> OpenedRecord:
        """Check fields against their schema, and salt them.

        Raises DocumentError naming what breaks the schema, has a reserved name ($…), or isn't JSON; never its value.
        """
        if any(name.startswith(_RESERVED) for name in fields):
            raise DocumentError([f"a field's name begins with {_RESERVED}: such names are reserved"])
        if schema is not None:
            schema.check(fields)
        own: dict[str, object] = {}
        if schema is not None:
            own[SCHEMA] = {"name": schema.name, "digest": hex_of(schema.digest)}
        if previous is not None:
            own[PREVIOUS] = hex_of(previous)
        try:
            return cls(RecordTree.salt({**own, **fields}), subject, holder)
        except ValueError as error:  # its text names a field, never a value
            raise DocumentError([str(error)]) from None

    @cached_property
    def record(self) -> Record:
        """What is public of it."""
        return Record(self.tree.root, self.subject, self.holder)

    @property
    def id(self) -> bytes:
        """RecordId, 32 bytes."""
        return self.record.id

    @property
    def fields(self) -> dict[str, object]:
        """The fields by name, without the reserved ones."""
        return {each.name: each.value for each in self.tree.fields if not each.name.startswith(_RESERVED)}

    @property
    def schema_digest(self) -> bytes | None:
        """The digest (32 bytes) of the schema that it names, or None. Raises DocumentError if the leaf has another form."""
        named = self._reserved(SCHEMA)
        if named is None:
            return None
        if not isinstance(named, Mapping) or named.keys() != {"name", "digest"}:
            raise DocumentError([f"{SCHEMA}: not a name and a digest"])
        return bytes32_of(named["digest"], SCHEMA)

    @property
    def previous(self) -> bytes | None:
        """The id (32 bytes) of the record that it corrects, or None. Raises DocumentError if the leaf has another form."""
        named = self._reserved(PREVIOUS)
        return None if named is None else bytes32_of(named, PREVIOUS)

    def _reserved(self, name: str) -> object:
        return next((each.value for each in self.tree.fields if each.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: fields in the clear with their salts."""
        fields = [{"name": each.name, "value": each.value, "salt": hex_of(each.salt)} for each in self.tree.fields]
        parts = {"record": hex_of(self.id), "subject": self.subject, "holder": self.holder}
        return {"version": VERSION, **parts, "fields": fields}

    @classmethod
    def from_json(cls, data: object) -> OpenedRecord:
        """Inverse of :meth:`to_json`. Raises DocumentError for another form; AlteredError if it isn't what its id stands for."""
        if not isinstance(data, Mapping) or data.keys() != _FORM or data["version"] != VERSION:
            raise DocumentError([f"not a record file of version {VERSION}"])
        claimed = bytes32_of(data["record"], "record")
        parties = (data["subject"], data["holder"])
        if not all(isinstance(each, str) and is_checksum_address(each) for each in parties):
            raise AlteredError(claimed)
        try:
            tree = RecordTree(_salted(each) for each in data["fields"])
        except (ValueError, TypeError, KeyError, AttributeError, DocumentError):  # their texts may quote the record
            raise AlteredError(claimed) from None
        found = cls(tree, *parties)
        if found.id != claimed:
            raise AlteredError(claimed)
        return found


class AlteredError(DocumentError):
    """A record file whose content isn't what its id (``record``, 32 bytes) stands for."""

    def __init__(self, record: bytes) -> None:
        self.record = record
        super().__init__([f"record {hex_of(record)}: altered: its fields, subject and holder don't make up this id"])


def _salted(item: Mapping[str, Any]) -> SaltedField:
    if item.keys() != {"name", "value", "salt"} or not isinstance(item["name"], str):
        raise ValueError("not a salted field")
    return SaltedField(item["name"], item["value"], bytes32_of(item["salt"], "salt"))


def bytes32_of(text: object, place: str) -> bytes:
    """Return the 32 bytes of 0x-hex. Raises DocumentError naming the place."""
    if not isinstance(text, str) or _BYTES32.fullmatch(text) is None:
        raise DocumentError([f"{place}: isn't 0x and 64 hexadecimal digits"])
    return bytes_of(text)
