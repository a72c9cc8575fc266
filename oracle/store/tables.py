"""The node's tables. Ids and digests are stored as bytes; structs as their JSON form."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Engine, Index, LargeBinary, String, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from oracle.core.errors import ConfigurationError


class Base(DeclarativeBase):
    """All tables of the node."""

    # Times and uses are wider than 32 bits, and anyone may write the widest.
    type_annotation_map = {dict[str, Any]: JSON, bytes: LargeBinary, int: BigInteger}  # noqa: RUF012  SQLAlchemy's own form


class Stage(StrEnum):
    """How far a request has come in this node."""

    SEEN = "seen"  # read from the chain
    EVALUATED = "evaluated"  # own verdict stored
    REFUSED = "refused"  # this node can't give a verdict; the reason is stored
    RECORDED = "recorded"  # ended on chain, with a verdict
    ENDED = "ended"  # ended on chain, without one


class Meta(Base):
    """What this database belongs to: one chain, one contract."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(String, primary_key=True)
    value: Mapped[str]


class Cursor(Base):
    """The last block whose logs are in the tables."""

    __tablename__ = "cursor"
    name: Mapped[str] = mapped_column(String, primary_key=True)
    block_number: Mapped[int]
    block_hash: Mapped[bytes]


class AgreementRow(Base):
    """An agreement given on chain."""

    __tablename__ = "agreements"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    terms: Mapped[dict[str, Any]]
    valid_until: Mapped[int]
    withdrawn_block: Mapped[int | None]


class RecordRow(Base):
    """A record committed on chain, and the vault that holds it."""

    __tablename__ = "records"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    terms: Mapped[dict[str, Any]]
    vault: Mapped[str]


class ModelRow(Base):
    """A model published on chain."""

    __tablename__ = "models"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    terms: Mapped[dict[str, Any]]


class RequestRow(Base):
    """A request, what this node made of it, and how it ended."""

    __tablename__ = "requests"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    agreement: Mapped[bytes] = mapped_column(index=True)
    use: Mapped[int]
    purpose: Mapped[int]
    step: Mapped[int]
    deadline: Mapped[int]
    stage: Mapped[Stage]
    ended_block: Mapped[int | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    reason: Mapped[str | None]
    message: Mapped[str | None]
    evaluation: Mapped[dict[str, Any] | None]

    __table_args__ = (Index("requests_by_stage", "stage", "not_before"),)


class TrailRow(Base):
    """A trail that this node proposed or signed."""

    __tablename__ = "trails"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    request: Mapped[bytes] = mapped_column(index=True)
    content: Mapped[bytes]


class TransactionRow(Base):
    """A transaction of the sender key: saved before it is broadcast. One row for each nonce and act."""

    __tablename__ = "transactions"
    nonce: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    request: Mapped[bytes] = mapped_column(index=True)
    raw: Mapped[bytes]
    hash: Mapped[bytes]
    max_fee_wei: Mapped[str]
    sent_block: Mapped[int]
    state: Mapped[str] = mapped_column(default="pending", index=True)


def open_database(url: str) -> Engine:
    """Open the database and make the tables that it lacks. SQLite runs in WAL mode, each commit synced to disk.

    Raises ConfigurationError when it can't be opened; the text never shows the URL, which may hold a password.
    """
    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_pragmas)
        Base.metadata.create_all(engine)
    except (SQLAlchemyError, ModuleNotFoundError, ValueError) as error:
        problem = (
            f"database: can't be opened ({type(error).__name__}); check the URL, its driver, and that it is writable"
        )
        raise ConfigurationError([problem]) from None
    return engine


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
