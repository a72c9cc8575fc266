"""Reads and writes the vault's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite

from oracle.core.digests import Domain
from oracle.core.structs import Record
from oracle.database.opening import POSTGRESQL, SQLITE
from oracle.database.ownership import VAULT, bind
from oracle.database.transactions import Database
from oracle.vault.release_log import FIRST, LogEntry, Release, chained
from oracle.vault.schema import SCHEMA
from oracle.vault.tables import LogRow, RecordRow, ReleaseRow

_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True, repr=False)
class EncryptedRecord:
    """A record as stored."""

    record: Record
    ciphertext: bytes
    wrapped_key: bytes


class VaultStore(Database):
    """Reads and writes the tables. Every method is one transaction and blocks; call it from a thread in async code."""

    def __init__(self, url: str, domain: Domain | None = None) -> None:
        """Open the database at a URL, its tables brought up to this program's version, and tie it to a deployment.

        Raises ConfigurationError when it can't be opened, or is another deployment's or program's.
        """
        super().__init__(SCHEMA.open(url, domain, erasing=True))
        if domain is None:
            return
        try:
            with self._transaction() as session:
                bind(session.connection(), domain, VAULT)
        except BaseException:
            self.close()
            raise

    def put(self, stored: EncryptedRecord) -> None:
        """Store a record; one that is there already stays as it is."""
        record = stored.record
        row = RecordRow(
            record_id=record.id,
            root=record.root,
            subject=record.subject,
            holder=record.holder,
            ciphertext=stored.ciphertext,
            wrapped_key=stored.wrapped_key,
        )
        with self._transaction() as session:
            if session.get(RecordRow, record.id) is None:
                session.add(row)

    def get(self, record_id: bytes) -> EncryptedRecord | None:
        """Return a record, or None."""
        with self._reading() as session:
            row = session.get(RecordRow, record_id)
            return None if row is None else EncryptedRecord(_record(row), row.ciphertext, row.wrapped_key)

    def records(self) -> list[Record]:
        """Return all records' public parts."""
        with self._reading() as session:
            return [_record(row) for row in session.scalars(select(RecordRow).order_by(RecordRow.record_id))]

    def forget(self, record_id: bytes) -> bool:
        """Delete a record with its key; tell whether it was there. What was released of it stays in the log, by field name."""
        with self._transaction() as session:
            row = session.get(RecordRow, record_id)
            found = row is not None
            if row is not None:
                session.delete(row)
        self._overwrite()
        return found

    def log(self, releases: Sequence[Release]) -> None:
        """Write releases down. One that is repeated counts in its row, and has its own entry in the log."""
        upsert = postgresql.insert if self._engine.dialect.name == POSTGRESQL else sqlite.insert
        new = upsert(ReleaseRow)
        repeated = {"times": ReleaseRow.times + 1, "last_at": new.excluded.last_at}
        key = [ReleaseRow.request_id, ReleaseRow.attester, ReleaseRow.epoch]
        with self._transaction() as session:
            connection = session.connection()
            connection.execute(new.on_conflict_do_update(index_elements=key, set_=repeated), list(map(_row, releases)))
            last = connection.execute(
                select(LogRow.number, LogRow.digest).order_by(LogRow.number.desc()).limit(1)
            ).first()
            entries = list(chained(releases, *((last.number, last.digest) if last else (-1, FIRST))))
            connection.execute(insert(LogRow), [asdict(entry) for entry in entries])

    def log_entries(self) -> Iterator[LogEntry]:
        """Yield the release log, first to last."""
        with self._reading() as session:
            query = select(LogRow).order_by(LogRow.number).execution_options(yield_per=_AT_A_TIME)
            for row in session.scalars(query):
                yield LogEntry(row.number, row.content, row.digest)

    def rewrap(self, change: Callable[[bytes], bytes]) -> int:
        """Replace each record's wrapped key by what ``change`` makes of it: all of them, or none if it raises. Return how many."""
        with self._transaction() as session:
            rows = session.scalars(select(RecordRow).with_for_update()).all()
            for row in rows:
                row.wrapped_key = change(row.wrapped_key)
            count = len(rows)
        self._overwrite()
        return count

    def _overwrite(self) -> None:
        """Have SQLite overwrite what was deleted now, and not when its log is next folded in. PostgreSQL does so when it vacuums."""
        if self._engine.dialect.name != SQLITE:
            return
        connection = self._engine.raw_connection()  # a transaction, which SQLAlchemy would begin, folds nothing in
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def releases(self, request_id: bytes) -> Sequence[Release]:
        """Return what was released for a request, first to last."""
        with self._reading() as session:
            rows = session.scalars(
                select(ReleaseRow).where(ReleaseRow.request_id == request_id).order_by(ReleaseRow.first_at)
            )
            return [
                Release(row.request_id, row.attester, row.epoch, row.record_id, tuple(row.fields), row.first_at)
                for row in rows
            ]


def _row(release: Release) -> dict[str, Any]:
    return {
        "request_id": release.request_id,
        "attester": release.attester,
        "epoch": release.epoch,
        "record_id": release.record_id,
        "fields": list(release.fields),
        "first_at": release.at,
        "last_at": release.at,
        "times": 1,
    }


def _record(row: RecordRow) -> Record:
    return Record(row.root, row.subject, row.holder)
