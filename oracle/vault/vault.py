"""Records at rest, and what may be shown of them.

Each record is encrypted with AES-256-GCM under a random key of its own, bound to its id; that key is wrapped under the master key. The
database alone, and the master key alone, are worth nothing.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eth_utils import to_checksum_address

from oracle.core.canonical import canonical
from oracle.core.errors import ConfigurationError, SealError
from oracle.core.structs import Record
from oracle.data.record import RELEASE_VERSION, DisclosedField, RecordTree, SaltedField
from oracle.vault.blobs import Blobs, BlobUnavailableError, fetch, name_of
from oracle.vault.master_key import KEY_BYTES, MasterKey
from oracle.vault.refusals import RecordAbsentError, RequestUnknownError
from oracle.vault.release_log import LogHead, LogWalk, Release
from oracle.vault.store import EncryptedRecord, VaultStore, WrappedKey

_NONCE_BYTES = 12
_AT_REST = b"assent-vault/1\x00"
_NO_BUDGETS: Mapping[str, float] = MappingProxyType({})


class Vault:
    """A holder's records. Methods block (database, hashing); call them from a thread in async code."""

    def __init__(self, store: VaultStore, master_key: MasterKey, blobs: Blobs | None = None) -> None:
        """``blobs`` keeps the ciphertexts of the records that are added; without it the database does."""
        self._blobs = blobs
        self._store = store
        self._master_key = master_key

    def close(self) -> None:
        """Close the database's connections."""
        self._store.close()

    def add(self, fields: Mapping[str, object] | RecordTree, subject: str, holder: str) -> Record:
        """Salt, encrypt and store a record; return what to commit on chain. It is on disk before anyone can ask for it.

        A tree is salted already, and keeps its salts. Raises ValueError naming a field that isn't JSON, MasterKeyUnavailableError,
        BlobUnavailableError.
        """
        tree = fields if isinstance(fields, RecordTree) else RecordTree.salt(fields)
        record = Record(tree.root, to_checksum_address(subject), to_checksum_address(holder))
        self.keep(record, tree)
        return record

    def keep(self, record: Record, tree: RecordTree) -> None:
        """Encrypt and store a record that is salted already. One that is there stays as it is. Raises what :meth:`add` does."""
        key = secrets.token_bytes(KEY_BYTES)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        ciphertext = nonce + AESGCM(key).encrypt(nonce, _pack(tree), _AT_REST + record.id)
        wrapped = _wrapped(self._master_key, key)
        if self._blobs is None:
            self._store.put(EncryptedRecord(record, ciphertext, wrapped))
            return
        name = name_of(ciphertext)
        self._blobs.put(name, ciphertext)
        self._store.put(EncryptedRecord(record, b"", wrapped, name))

    def opened(self, record_id: bytes) -> RecordTree:
        """Return all of a record, with its salts. Raises RecordAbsentError, and what :meth:`disclose` does."""
        return self._open(self._stored(record_id))

    def records(self) -> list[Record]:
        """Return all records' public parts."""
        return self._store.records()

    def holds(self, record_id: bytes) -> bool:
        """Tell whether a record is here."""
        return self._store.record(record_id) is not None

    def record(self, record_id: bytes) -> Record:
        """Return a record's public part. Raises RecordAbsentError."""
        record = self._store.record(record_id)
        if record is None:
            raise _absent(record_id)
        return record

    def forget(self, record_id: bytes) -> str | None:
        """Delete a record and its key for good; retire it on chain as well. Raises RecordAbsentError.

        The key goes first: from then on the ciphertext is worth nothing, wherever it is. Returns None, or the name of a ciphertext that
        whoever keeps it didn't delete.
        """
        stored = self._stored(record_id)
        if not self._store.forget(record_id):
            raise _absent(record_id)
        if stored.blob is None:
            return None
        try:
            self._kept_by().delete(stored.blob)
        except (BlobUnavailableError, ConfigurationError):
            return stored.blob
        return None

    def disclose(self, record_id: bytes, names: Iterable[str]) -> list[DisclosedField]:
        """Return fields of a record with salts and proofs.

        Raises RecordAbsentError, RecordError (FIELD_MISSING), or SealError if the row was altered or belongs to another master key.
        """
        return self.opened(record_id).disclose(names)

    def log(self, releases: Sequence[Release], budgets: Mapping[str, float] = _NO_BUDGETS) -> None:
        """Write releases down, and what is left of operators' budgets; done before the fields leave."""
        self._store.log(releases, budgets)

    def budgets(self) -> dict[str, float]:
        """Return when (Unix seconds) each operator has its whole budget again."""
        return self._store.budgets()

    def walk_log(self, *noted: LogHead) -> LogWalk:
        """Return the release log, to be read once and checked meanwhile; ``noted`` is where it stood at some times."""
        return LogWalk(self._store.log_rows(), noted)

    def release_count(self, record_id: bytes) -> int:
        """Return how often fields of a record were released, repeats included."""
        return self._store.release_count(record_id)

    def rotate(self, new: MasterKey) -> int:
        """Wrap each record's key under another master key, all of them or none; return how many. This vault goes on under the new one.

        Raises SealError if a record's key isn't wrapped under the present one, MasterKeyUnavailableError.
        """

        def change(wrapped: WrappedKey) -> WrappedKey:
            if wrapped.by == new.id:
                return wrapped  # done before: a record was added with the old key after a rotation
            try:
                return _wrapped(new, self._master_key.unwrap(wrapped.content))
            except SealError:
                with contextlib.suppress(SealError):  # likewise, but before ids were written down
                    new.unwrap(wrapped.content)
                    return WrappedKey(wrapped.content, new.id)
                raise SealError(
                    f"a record's key is wrapped under {wrapped.by or 'another master key'}, not under {self._master_key.id}; "
                    "nothing was changed: was it rotated already?"
                ) from None

        count = self._store.rewrap(change)
        self._master_key = new
        return count

    def releases(self, request_id: bytes) -> list[Release]:
        """Return what was released for a request, first to last."""
        return list(self._store.releases(request_id))

    def release_for_audit(self, request_id: bytes) -> dict[str, Any]:
        """Return, as JSON values, the fields that were released for a request: what ``assent audit --release`` takes.

        Raises RequestUnknownError if nothing was released for it, and otherwise as :meth:`disclose` does.
        """
        released = self._store.releases(request_id)
        if not released:
            raise RequestUnknownError(f"nothing was released for request 0x{request_id.hex()}")
        first = released[0]
        return {
            "version": RELEASE_VERSION,
            "request": "0x" + request_id.hex(),
            "record": "0x" + first.record_id.hex(),
            "fields": [field.to_json() for field in self.disclose(first.record_id, first.fields)],
        }

    def _stored(self, record_id: bytes) -> EncryptedRecord:
        stored = self._store.get(record_id)
        if stored is None:
            raise _absent(record_id)
        return stored

    def _kept_by(self) -> Blobs:
        if self._blobs is None:
            raise ConfigurationError(["ciphertexts: a record's is not in the database; name where it is"])
        return self._blobs

    def _open(self, stored: EncryptedRecord) -> RecordTree:
        identifier = stored.record.id
        content = stored.ciphertext if stored.blob is None else fetch(self._kept_by(), stored.blob)
        nonce, ciphertext = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
        try:
            key = self._master_key.unwrap(stored.key.content)
            plaintext = AESGCM(key).decrypt(nonce, ciphertext, _AT_REST + identifier)
        except (SealError, InvalidTag, ValueError):
            other = stored.key.by not in (None, self._master_key.id)
            why = (
                f"it is under another master key, {stored.key.by}"
                if other
                else "another master key, or the database was altered"
            )
            raise SealError(
                f"record 0x{identifier.hex()} doesn't open under {self._master_key.id}: {why}; restore the right one"
            ) from None
        return _unpack(plaintext)


def _wrapped(master_key: MasterKey, key: bytes) -> WrappedKey:
    return WrappedKey(master_key.wrap(key), master_key.id)


def _absent(record_id: bytes) -> RecordAbsentError:
    return RecordAbsentError(f"record 0x{record_id.hex()} isn't in this vault")


def _pack(tree: RecordTree) -> bytes:
    return canonical([[field.name, field.value, field.salt.hex()] for field in tree.fields])


def _unpack(plaintext: bytes) -> RecordTree:
    return RecordTree(SaltedField(name, value, bytes.fromhex(salt)) for name, value, salt in json.loads(plaintext))
