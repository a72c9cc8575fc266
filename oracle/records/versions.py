"""Corrections of a record, and their history. A correction is a record of its own that names the one before; nothing is overwritten.

The one before stays where it is. Whoever is entitled to retires it on chain, once its correction is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from oracle.core.canonical import canonical
from oracle.core.eip712 import hex_of
from oracle.core.errors import DocumentError
from oracle.records.opened import OpenedRecord
from oracle.records.schema import Schema


@dataclass(frozen=True)
class Version:
    """One version: its id (32 bytes), the digest of its schema, and which fields it added, removed and changed, by name."""

    id: bytes
    schema_digest: bytes | None
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


def correct(previous: OpenedRecord, fields: Mapping[str, object], schema: Schema | None) -> OpenedRecord:
    """Return a record with these fields in place of another's: of the same subject and holder, and naming it.

    Raises DocumentError if the fields break the schema, or if nothing is corrected.
    """
    found = OpenedRecord.make(fields, previous.subject, previous.holder, schema, previous.id)
    if canonical(found.fields) == canonical(previous.fields) and found.schema_digest == previous.schema_digest:
        raise DocumentError([f"record {hex_of(previous.id)}: has these very fields; there is nothing to correct"])
    return found


def history(last: OpenedRecord, find: Callable[[bytes], OpenedRecord | None]) -> list[Version]:
    """Return a record's versions, newest first, back to the first one. ``find`` returns a record that is opened by its id.

    Raises DocumentError if one is missing, isn't what its id stands for, or is another subject's or holder's. There can't be a circle:
    an id fixes what it names.
    """
    versions: list[Version] = []
    current = last
    while (previous_id := current.previous) is not None:
        before = find(previous_id)
        if before is None:
            raise DocumentError([f"record {hex_of(previous_id)}: is missing; {hex_of(current.id)} corrects it"])
        if before.id != previous_id:
            raise DocumentError([f"record {hex_of(previous_id)}: altered: it isn't what its id stands for"])
        if (before.subject, before.holder) != (current.subject, current.holder):
            raise DocumentError(
                [f"record {hex_of(previous_id)}: is another subject's or holder's than {hex_of(current.id)}"]
            )
        versions.append(_version(current, before.fields))
        current = before
    return [*versions, _version(current, {})]


def _version(record: OpenedRecord, before: Mapping[str, object]) -> Version:
    now = record.fields
    changed = (name for name in now.keys() & before.keys() if canonical(now[name]) != canonical(before[name]))
    parts = (now.keys() - before.keys(), before.keys() - now.keys(), changed)
    return Version(record.id, record.schema_digest, *(tuple(sorted(each)) for each in parts))
