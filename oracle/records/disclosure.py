"""Fields of a record shown to somebody, each with its proof: by itself, without the rest of the record and without a chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils import is_checksum_address

from oracle.core.eip712 import hex_of
from oracle.core.errors import DocumentError, Reason, RecordError
from oracle.core.structs import Record
from oracle.data.record import DisclosedField, verify_disclosure
from oracle.records.opened import OpenedRecord, bytes32_of

VERSION = "assent-disclosure/2"
_FORM = {"version", "root", "subject", "holder", "fields"}


@dataclass(frozen=True, repr=False)
class Disclosure:
    """Proven fields of a record, by name, and the record that they are proven of."""

    record: Record
    values: Mapping[str, object]


def disclose(opened: OpenedRecord, names: Iterable[str]) -> dict[str, Any]:
    """Return these fields with salts and proofs, as JSON values. Raises RecordError (FIELD_MISSING) naming the first one it lacks."""
    fields = [each.to_json() for each in opened.tree.disclose(names)]
    record = opened.record
    return {
        "version": VERSION,
        "root": hex_of(record.root),
        "subject": record.subject,
        "holder": record.holder,
        "fields": fields,
    }


def verify(data: object) -> Disclosure:
    """Check what :func:`disclose` returned. That its record is the one committed, its id has to show: compare it.

    Raises DocumentError for another form; RecordError (PROOF_WRONG) naming the field that isn't the record's.
    """
    if not isinstance(data, Mapping) or data.keys() != _FORM or data["version"] != VERSION:
        raise DocumentError([f"not a disclosure of version {VERSION}"])
    parties = (data["subject"], data["holder"])
    if not all(isinstance(each, str) and is_checksum_address(each) for each in parties):
        raise DocumentError(["subject, holder: not addresses with the right checksum"])
    if not isinstance(data["fields"], list) or not data["fields"]:
        raise RecordError(Reason.PROOF_WRONG, "fields: not a list of at least one disclosed field")
    root = bytes32_of(data["root"], "root")
    values = verify_disclosure(root, [DisclosedField.from_json(each) for each in data["fields"]])
    return Disclosure(Record(root, *parties), values)
