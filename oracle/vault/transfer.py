"""Records out of a vault into a bundle, and back in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eth_utils import to_checksum_address
from pydantic_core import from_json

from oracle.core.canonical import canonical
from oracle.core.errors import SealError
from oracle.core.structs import Record
from oracle.data.record import RecordTree, SaltedField
from oracle.vault.bundle import Lock, read_bundle, write_bundle
from oracle.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a bundle's records: those put into the vault, and how many were there already."""

    added: tuple[Record, ...]
    known: int


def export_records(vault: Vault, path: Path, lock: Lock, record_ids: Sequence[bytes] = ()) -> int:
    """Write records (all, if none is named) into a new bundle, with their salts; return how many.

    Raises RecordAbsentError for one that isn't there, SealError for one that doesn't open, ConfigurationError.
    """
    wanted = [vault.record(each) for each in record_ids] if record_ids else vault.records()
    write_bundle(path, lock, len(wanted), (_packed(record, vault.opened(record.id)) for record in wanted))
    return len(wanted)


def import_records(vault: Vault, path: Path, lock: Lock, holder: str | None = None) -> Imported:
    """Put a bundle's records into a vault, each under a new key of its own; as ``holder``'s, if one is named: then they have other ids.

    All of the bundle is checked before anything is stored. Raises SealError if it was altered or holds what is no record,
    ConfigurationError, and what :meth:`Vault.add` does.
    """
    for _ in _read(path, lock, holder):
        pass
    present = {record.id for record in vault.records()}
    added, known = [], 0
    for record, tree in _read(path, lock, holder):
        if record.id in present:
            known += 1
            continue
        vault.keep(record, tree)
        added.append(record)
    return Imported(tuple(added), known)


def _packed(record: Record, tree: RecordTree) -> bytes:
    fields = [[field.name, field.value, field.salt.hex()] for field in tree.fields]
    return canonical({"subject": record.subject, "holder": record.holder, "fields": fields})


def _read(path: Path, lock: Lock, holder: str | None) -> Iterator[tuple[Record, RecordTree]]:
    for place, content in enumerate(read_bundle(path, lock)):
        try:
            parsed = from_json(content, allow_inf_nan=False)
            tree = RecordTree(SaltedField(name, value, bytes.fromhex(salt)) for name, value, salt in parsed["fields"])
            record = Record(tree.root, *map(to_checksum_address, (parsed["subject"], holder or parsed["holder"])))
        except (ValueError, KeyError, TypeError, RecursionError):  # their texts may quote the record
            raise SealError(f"{path}: what is at its record {place} is none") from None
        yield record, tree
