"""Reads and writes the vault's tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, String, bindparam, cast, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from oracle.core.digests import Domain
from oracle.core.errors import DatabaseError
from oracle.core.structs import Record
from oracle.database.opening import POSTGRESQL, SQLITE
from oracle.database.ownership import VAULT, bind
from oracle.database.transactions import Database, chunks, execute_many
from oracle.vault.release_log import FIRST, Release, chained, is_told
from oracle.vault.schema import SCHEMA
from oracle.vault.tables import BudgetRow, LogRow, RecordRow, ReleaseRow

_AT_A_TIME = 1_000
#: What anyone may know of a record.
_PUBLIC = select(RecordRow.root, RecordRow.subject, RecordRow.holder)
_ONE = _PUBLIC.where(RecordRow.record_id == bindparam("record"))
_WHOLE = _ONE.add_columns(RecordRow.ciphertext, RecordRow.wrapped_key, RecordRow.wrapped_by, RecordRow.blob)
_LAST = select(LogRow.number, LogRow.digest).order_by(LogRow.number.desc()).limit(1)
_RELEASED = select(
    ReleaseRow.request_id,
    ReleaseRow.attester,
    ReleaseRow.epoch,
    ReleaseRow.times,
    ReleaseRow.record_id,
    ReleaseRow.fields,
).where(ReleaseRow.request_id.in_(bindparam("requests", expanding=True)))
_APPEND = insert(LogRow)
_REWRAP = (
    update(RecordRow)
    .where(RecordRow.record_id == bindparam("of"))
    .values(wrapped_key=bindparam("key"), wrapped_by=bindparam("by"))
)
#: Request, attester, epoch: what is released for them again is a repeat.
_Key = tuple[bytes, str, int]


@dataclass(frozen=True, slots=True, repr=False)
class WrappedKey:
    """A record's key, wrapped under the master key with the id ``by``; None if that wasn't written down."""

    content: bytes
    by: str | None


@dataclass(frozen=True, slots=True, repr=False)
class EncryptedRecord:
    """A record as stored. If its ciphertext is elsewhere, ``blob`` is its name there, and ``ciphertext`` is empty."""

    record: Record
    ciphertext: bytes
    key: WrappedKey
    blob: str | None = None


class VaultStore(Database):
    """Reads and writes the tables. Every method is one transaction and blocks; call it from a thread in async code."""

    def __init__(self, url: str, domain: Domain | None = None) -> None:
        """Open the database at a URL, its tables brought up to this program's version, and tie it to a deployment.

        Raises ConfigurationError when it can't be opened, or is another deployment's or program's.
        """
        super().__init__(SCHEMA.open(url, domain, erasing=True))
        upsert = postgresql.insert if self._engine.dialect.name == POSTGRESQL else sqlite.insert
        new = upsert(ReleaseRow)
        self._count = new.on_conflict_do_update(
            index_elements=[ReleaseRow.request_id, ReleaseRow.attester, ReleaseRow.epoch],
            set_={"times": new.excluded.times, "last_at": new.excluded.last_at},
        )
        budget = upsert(BudgetRow)
        self._keep = budget.on_conflict_do_update(
            index_elements=[BudgetRow.operator], set_={"whole_at": budget.excluded.whole_at}
        )
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
            wrapped_key=stored.key.content,
            wrapped_by=stored.key.by,
            blob=stored.blob,
        )
        with self._transaction() as session:
            if session.get(RecordRow, record.id) is None:
                session.add(row)

    def get(self, record_id: bytes) -> EncryptedRecord | None:
        """Return a record, or None."""
        with self._looking() as connection:
            row = connection.execute(_WHOLE, {"record": record_id}).first()
        if row is None:
            return None
        key = WrappedKey(row.wrapped_key, row.wrapped_by)
        return EncryptedRecord(Record(row.root, row.subject, row.holder), row.ciphertext, key, row.blob)

    def record(self, record_id: bytes) -> Record | None:
        """Return a record's public part, or None."""
        with self._looking() as connection:
            row = connection.execute(_ONE, {"record": record_id}).first()
            return None if row is None else Record(*row)

    def records(self) -> list[Record]:
        """Return all records' public parts."""
        with self._reading() as session:
            return [Record(*row) for row in session.execute(_PUBLIC.order_by(RecordRow.record_id))]

    def forget(self, record_id: bytes) -> bool:
        """Delete a record with its key; tell whether it was there. What was released of it stays in the log, by field name."""
        with self._transaction() as session:
            row = session.get(RecordRow, record_id)
            found = row is not None
            if row is not None:
                session.delete(row)
        self._overwrite()
        return found

    def log(self, releases: Sequence[Release], budgets: Mapping[str, float]) -> None:
        """Write releases down, and operators' budgets with them.

        A release that repeats another counts in its row, and has an entry in the log as :mod:`release_log` says.
        """
        kept = [{"operator": each, "whole_at": at} for each, at in budgets.items()]
        with self._engine.begin() as connection:
            rows, told = _counted(releases, _released(connection, {release.request_id for release in releases}))
            last = connection.execute(_LAST).first()
            entries = chained(told, *((last.number, last.digest) if last else (-1, FIRST)))
            new = [{"number": each.number, "content": each.content, "digest": each.digest} for each in entries]
            for statement, some in ((self._count, rows), (self._keep, kept), (_APPEND, new)):
                if some:
                    connection.execute(statement, some)

    def budgets(self) -> dict[str, float]:
        """Return when (Unix seconds) each operator has its whole budget again."""
        with self._reading() as session:
            return {row.operator: row.whole_at for row in session.scalars(select(BudgetRow))}

    def log_rows(self) -> Iterator[tuple[int, str, bytes]]:
        """Yield number, content (as JSON) and digest of the release log's entries, first to last; each thousand is one transaction."""
        query = select(LogRow.number, cast(LogRow.content, String), LogRow.digest).order_by(LogRow.number)
        query, last = query.limit(_AT_A_TIME), None
        while True:
            with self._reading() as session:
                some = session.execute(query if last is None else query.where(LogRow.number > last)).all()
            yield from ((number, content, digest) for number, content, digest in some)
            if len(some) < _AT_A_TIME:
                return
            last = some[-1].number

    def rewrap(self, change: Callable[[WrappedKey], WrappedKey]) -> int:
        """Replace each record's wrapped key by what ``change`` makes of it: all of them, or none if it raises. Return how many."""
        query = select(RecordRow.record_id, RecordRow.wrapped_key, RecordRow.wrapped_by)
        with self._transaction() as session:
            rows = session.execute(query).all()
            changed = [(row.record_id, change(WrappedKey(row.wrapped_key, row.wrapped_by))) for row in rows]
            execute_many(session, _REWRAP, [{"of": of, "key": key.content, "by": key.by} for of, key in changed])
        self._overwrite()
        return len(changed)

    def _overwrite(self) -> None:
        """Have SQLite overwrite what was deleted now, and not when its log is next folded in. PostgreSQL does so when it vacuums."""
        if self._engine.dialect.name != SQLITE:
            return
        connection = self._engine.raw_connection()  # a transaction, which SQLAlchemy would begin, folds nothing in
        try:
            busy, _, _ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
        if busy:
            raise DatabaseError(
                "deleted, but its bytes may still be in the database's file, for another program reads it: end that (a backup, a long "
                "listing) and the vault, which has it overwritten; then say `erase … --gone`, if it was to be said on chain"
            )

    def release_count(self, record_id: bytes) -> int:
        """Return how often fields of a record were released, repeats included."""
        with self._reading() as session:
            return session.scalar(select(func.sum(ReleaseRow.times)).where(ReleaseRow.record_id == record_id)) or 0

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


def _released(connection: Connection, request_ids: Collection[bytes]) -> dict[_Key, tuple[int, bytes, tuple[str, ...]]]:
    """Return how often what of which record was released for requests, by request, attester and epoch."""
    found = {}
    for some in chunks(request_ids):
        for request, attester, epoch, times, record, fields in connection.execute(_RELEASED, {"requests": some}):
            found[request, attester, epoch] = (times, record, tuple(fields))
    return found


def _counted(
    releases: Sequence[Release], before: dict[_Key, tuple[int, bytes, tuple[str, ...]]]
) -> tuple[list[dict[str, Any]], list[tuple[Release, int]]]:
    """Return the rows of releases, one for each request, attester and epoch, and which releases the log tells of, each with its number."""
    rows: dict[_Key, dict[str, Any]] = {}
    told = []
    for release in releases:
        key, what = (release.request_id, release.attester, release.epoch), (release.record_id, release.fields)
        times, *known = before.get(key, (0, *what))
        before[key] = (times + 1, *what)
        first_at = rows[key]["first_at"] if key in rows else release.at
        rows[key] = {
            "request_id": release.request_id,
            "attester": release.attester,
            "epoch": release.epoch,
            "record_id": release.record_id,
            "fields": list(release.fields),
            "first_at": first_at,
            "last_at": release.at,
            "times": times + 1,
        }
        if is_told(times + 1) or tuple(known) != what:
            told.append((release, times + 1))
    return list(rows.values()), told
