"""The vault's tables. Fields are in them encrypted only; ids, addresses and roots are public on chain anyway."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Double, Integer, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    """Base of the tables."""

    type_annotation_map = {int: BigInteger().with_variant(Integer, "sqlite"), float: Double}  # noqa: RUF012  SQLAlchemy's own form


class MetaRow(Table):
    """Whose this database is: a chain's, a contract's, a vault's."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class RecordRow(Table):
    """A record: what its id is made of, its fields encrypted under a key of its own, and that key wrapped under a master key,
    by its id; None if it was wrapped before ids were written down. ``blob`` is the ciphertext's name if it is elsewhere: then
    it is empty here.
    """

    __tablename__ = "records"

    record_id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    subject: Mapped[str] = mapped_column(String(42))
    holder: Mapped[str] = mapped_column(String(42))
    ciphertext: Mapped[bytes]
    wrapped_key: Mapped[bytes]
    wrapped_by: Mapped[str | None]
    blob: Mapped[str | None]


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


class LogRow(Table):
    """One entry of the release log: never changed, never deleted, each with the digest of the one before in its own."""

    __tablename__ = "release_log"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class BudgetRow(Table):
    """An operator's budget of releases: when (Unix seconds) it has all of it again."""

    __tablename__ = "budgets"

    operator: Mapped[str] = mapped_column(String(42), primary_key=True)
    whole_at: Mapped[float]
