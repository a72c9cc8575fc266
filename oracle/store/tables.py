"""The tables of what the chain said. Ids and digests are stored as bytes; structs as their JSON form. Own work is in ``work``."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, Index
from sqlalchemy.orm import Mapped, mapped_column

from oracle.core.digests import Domain
from oracle.core.structs import Delivery
from oracle.store.base import Base
from oracle.store.schema import SCHEMA
from oracle.store.work import (
    ArchivedRow,
    ArchivedTrailRow,
    AttemptRow,
    EvidenceRow,
    MissRow,
    ReportRow,
    ReportVerdictRow,
    TrailRow,
    TransactionRow,
)


class Stage(StrEnum):
    """How far a request has come in this node."""

    SEEN = "seen"  # read from the chain
    EVALUATED = "evaluated"  # own verdict stored
    REFUSED = "refused"  # this node can't give a verdict; the reason is stored
    ANCHORED = "anchored"  # its report's root is on chain; nobody claimed it yet
    RECORDED = "recorded"  # ended on chain, with a verdict
    ENDED = "ended"  # ended on chain, without one


class CaseState(StrEnum):
    """What became of the case of a challenged verdict."""

    OPEN = "open"
    UPHELD = "upheld"
    CORRECTED = "corrected"
    UNJUDGED = "unjudged"


class Meta(Base):
    """What this database belongs to: one chain, one contract."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Cursor(Base):
    """The last block whose logs are in the tables."""

    __tablename__ = "cursor"
    name: Mapped[str] = mapped_column(primary_key=True)
    block_number: Mapped[int]
    block_hash: Mapped[bytes]


class BlockRow(Base):
    """A block at which the cursor stood: where to go back to when the chain reorganised."""

    __tablename__ = "blocks"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class AgreementRow(Base):
    """An agreement given on chain. It ends at ``valid_until``, renewals counted, or when somebody ends it, in ``withdrawn_block``."""

    __tablename__ = "agreements"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    terms: Mapped[dict[str, Any]]
    valid_until: Mapped[int]
    withdrawn_block: Mapped[int | None]


class RenewalRow(Base):
    """A renewal of an agreement: each ends later than the one before."""

    __tablename__ = "renewals"
    agreement: Mapped[bytes] = mapped_column(primary_key=True)
    valid_until: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    block_number: Mapped[int] = mapped_column(index=True)


class ErasureRow(Base):
    """Who said that it erased what it had under an agreement."""

    __tablename__ = "erasures"
    agreement: Mapped[bytes] = mapped_column(primary_key=True)
    by: Mapped[str] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)


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


class CurrencyRow(Base):
    """A token that has an index in quotes. Ether has index 0 and no row."""

    __tablename__ = "currencies"
    address: Mapped[str] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    index: Mapped[int]


class RequestRow(Base):
    """A request, what this node made of it, and how it ended. ``verdict`` is the one first recorded, with its transaction."""

    __tablename__ = "requests"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    agreement: Mapped[bytes] = mapped_column(index=True)
    question: Mapped[dict[str, Any]]
    deadline: Mapped[int]
    delivery: Mapped[int] = mapped_column(default=int(Delivery.RECORDED), server_default="0")
    stage: Mapped[Stage]
    ended_block: Mapped[int | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    reason: Mapped[str | None]
    message: Mapped[str | None]
    evaluation: Mapped[dict[str, Any] | None]
    verdict: Mapped[dict[str, Any] | None]

    __table_args__ = (Index("requests_by_stage", "stage", "block_number"),)


class AnchorRow(Base):
    """A report's root that a quorum put on chain, for requests of one currency and quorum: the pool's. ``transaction`` did.

    ``since`` is when (Unix seconds): of a request whose deadline had passed by then, nothing can be claimed.
    """

    __tablename__ = "anchors"
    pool: Mapped[bytes] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    root: Mapped[bytes] = mapped_column(index=True)
    count: Mapped[int]
    since: Mapped[int] = mapped_column(default=0, server_default="0")
    transaction: Mapped[bytes]


class StandingRow(Base):
    """A standing request made on chain. ``question`` has its parts; a round's request takes another use and deadline."""

    __tablename__ = "standing"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    agreement: Mapped[bytes] = mapped_column(index=True)
    question: Mapped[dict[str, Any]]
    schedule: Mapped[dict[str, Any]]
    ended_block: Mapped[int | None] = mapped_column(index=True)


class RoundRow(Base):
    """A round of a standing request that was opened."""

    __tablename__ = "rounds"
    standing: Mapped[bytes] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    request: Mapped[bytes]


class CaseRow(Base):
    """The case of a request's challenged verdict, and what this node found when it evaluated anew.

    ``until`` is the last second (Unix time) for the bench; ``arbiter`` is who may rule, the zero address for nobody. ``judged`` is what the
    bench found while the arbiter may still rule otherwise.
    """

    __tablename__ = "cases"
    request: Mapped[bytes] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(index=True)
    until: Mapped[int]
    arbiter: Mapped[str]
    state: Mapped[CaseState] = mapped_column(default=CaseState.OPEN, index=True)
    judged: Mapped[dict[str, Any] | None]
    judged_block: Mapped[int | None] = mapped_column(index=True)
    ended_block: Mapped[int | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    evaluation: Mapped[dict[str, Any] | None]


#: The tables whose rows are events: a reorganisation takes them back.
EVENT_ROWS = (
    AgreementRow,
    RenewalRow,
    ErasureRow,
    RecordRow,
    ModelRow,
    CurrencyRow,
    RequestRow,
    AnchorRow,
    StandingRow,
    RoundRow,
    CaseRow,
)


def open_database(url: str, domain: Domain | None = None) -> Engine:
    """Open the database, and bring its tables to this program's version. Raises ConfigurationError as :meth:`Schema.open` does."""
    return SCHEMA.open(url, domain)


__all__ = [
    "EVENT_ROWS",
    "AgreementRow",
    "AnchorRow",
    "ArchivedRow",
    "ArchivedTrailRow",
    "AttemptRow",
    "Base",
    "BlockRow",
    "CaseRow",
    "CaseState",
    "CurrencyRow",
    "Cursor",
    "EvidenceRow",
    "Meta",
    "MissRow",
    "ModelRow",
    "RecordRow",
    "ReportRow",
    "ReportVerdictRow",
    "RequestRow",
    "RoundRow",
    "Stage",
    "StandingRow",
    "TrailRow",
    "TransactionRow",
    "open_database",
]
