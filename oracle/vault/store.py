"""The vault's tables. Fields are in them encrypted only; ids, addresses and roots are public on chain anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import JSON, Engine, LargeBinary, String, create_engine, event, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from oracle.core.canonical import canonical
from oracle.core.keccak import keccak
from oracle.core.structs import Record

#: What the log's first entry comes after.
FIRST = bytes(32)
_AT_A_TIME = 1_000


class Table(DeclarativeBase):
    """Base of the tables."""


class RecordRow(Table):
    """A record: what its id is made of, its fields encrypted under a key of its own, and that key wrapped under the master key."""

    __tablename__ = "records"

    record_id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    subject: Mapped[str] = mapped_column(String(42))
    holder: Mapped[str] = mapped_column(String(42))
    ciphertext: Mapped[bytes]
    wrapped_key: Mapped[bytes]


class ReleaseRow(Table):
    """What was released to whom: once for each attester and epoch of a request, however often it asked. Times in Unix seconds."""

    __tablename__ = "releases"

    request_id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    attester: Mapped[str] = mapped_column(String(42), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    fields: Mapped[list[str]] = mapped_column(JSON)
    first_at: Mapped[int]
    last_at: Mapped[int]
    times: Mapped[int]


@dataclass(frozen=True, slots=True)
class Release:
    """One release: which fields (by name) of which record, for which request, to which attester in which epoch, when (Unix seconds)."""

    request_id: bytes
    attester: str
    epoch: int
    record_id: bytes
    fields: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the release log. ``digest`` (32 bytes) fixes it and all before it."""

    number: int
    content: dict[str, Any]
    digest: bytes


@dataclass(frozen=True, slots=True, repr=False)
class EncryptedRecord:
    """A record as stored."""

    record: Record
    ciphertext: bytes
    wrapped_key: bytes


class LogRow(Table):
    """One entry of the release log: never changed, never deleted, each with the digest of the one before in its own."""

    __tablename__ = "release_log"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class VaultStore:
    """Reads and writes the tables. Every method is one transaction and blocks; call it from a thread in async code."""

    def __init__(self, url: str) -> None:
        """Open (and create, if need be) the database at an SQLAlchemy URL."""
        self._engine: Engine = create_engine(url, hide_parameters=True)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
        Table.metadata.create_all(self._engine)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

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
        with Session(self._engine) as session, session.begin():
            if session.get(RecordRow, record.id) is None:
                session.add(row)

    def get(self, record_id: bytes) -> EncryptedRecord | None:
        """Return a record, or None."""
        with Session(self._engine) as session:
            row = session.get(RecordRow, record_id)
            return None if row is None else EncryptedRecord(_record(row), row.ciphertext, row.wrapped_key)

    def records(self) -> list[Record]:
        """Return all records' public parts."""
        with Session(self._engine) as session:
            return [_record(row) for row in session.scalars(select(RecordRow).order_by(RecordRow.record_id))]

    def forget(self, record_id: bytes) -> bool:
        """Delete a record with its key; tell whether it was there. What was released of it stays in the log, by field name."""
        with Session(self._engine) as session, session.begin():
            row = session.get(RecordRow, record_id)
            found = row is not None
            if row is not None:
                session.delete(row)
        self._overwrite()
        return found

    def log(self, releases: Sequence[Release]) -> None:
        """Write releases down. One that is repeated counts in its row, and has its own entry in the log."""
        upsert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        new = upsert(ReleaseRow)
        repeated = {"times": ReleaseRow.times + 1, "last_at": new.excluded.last_at}
        key = [ReleaseRow.request_id, ReleaseRow.attester, ReleaseRow.epoch]
        with self._engine.begin() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=key, set_=repeated), list(map(_row, releases)))
            last = connection.execute(
                select(LogRow.number, LogRow.digest).order_by(LogRow.number.desc()).limit(1)
            ).first()
            entries = list(chained(releases, *((last.number, last.digest) if last else (-1, FIRST))))
            connection.execute(insert(LogRow), [asdict(entry) for entry in entries])

    def log_entries(self) -> Iterator[LogEntry]:
        """Yield the release log, first to last."""
        with Session(self._engine) as session:
            query = select(LogRow).order_by(LogRow.number).execution_options(yield_per=_AT_A_TIME)
            for row in session.scalars(query):
                yield LogEntry(row.number, row.content, row.digest)

    def rewrap(self, change: Callable[[bytes], bytes]) -> int:
        """Replace each record's wrapped key by what ``change`` makes of it: all of them, or none if it raises. Return how many."""
        with Session(self._engine) as session, session.begin():
            rows = session.scalars(select(RecordRow).with_for_update()).all()
            for row in rows:
                row.wrapped_key = change(row.wrapped_key)
            count = len(rows)
        self._overwrite()
        return count

    def _overwrite(self) -> None:
        """Have SQLite overwrite what was deleted now, and not when its log is next folded in. PostgreSQL does so when it vacuums."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def releases(self, request_id: bytes) -> Sequence[Release]:
        """Return what was released for a request, first to last."""
        with Session(self._engine) as session:
            rows = session.scalars(
                select(ReleaseRow).where(ReleaseRow.request_id == request_id).order_by(ReleaseRow.first_at)
            )
            return [
                Release(row.request_id, row.attester, row.epoch, row.record_id, tuple(row.fields), row.first_at)
                for row in rows
            ]


def chained(releases: Iterable[Release], number: int, digest: bytes) -> Iterator[LogEntry]:
    """Yield the log's entries for releases, after the entry with a number and a digest."""
    for release in releases:
        number += 1
        content = {
            "number": number,
            "at": release.at,
            "request": release.request_id.hex(),
            "record": release.record_id.hex(),
            "attester": release.attester,
            "epoch": release.epoch,
            "fields": list(release.fields),
        }
        digest = digest_after(digest, content)
        yield LogEntry(number, content, digest)


def digest_after(digest: bytes, content: Mapping[str, Any]) -> bytes:
    """Return the digest of an entry that comes after one with a digest."""
    return keccak(digest + canonical(dict(content)))


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


def _prepare_sqlite(connection: Any, _: object) -> None:
    for setting in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}").close()
