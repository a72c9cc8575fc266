"""The tables of this node's own work: what it proposed, signed, received and sent. No reorganisation takes these back."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from oracle.store.base import Base


class TrailRow(Base):
    """A trail that this node proposed or signed."""

    __tablename__ = "trails"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    request: Mapped[bytes] = mapped_column(index=True)
    content: Mapped[bytes]


class AskingRow(Base):
    """An agreement that asks for erasure, and the attester as which this node asked for fields of its record."""

    __tablename__ = "askings"
    agreement: Mapped[bytes] = mapped_column(primary_key=True)
    attester: Mapped[str] = mapped_column(primary_key=True)


class TransactionRow(Base):
    """A nonce of a sender key, the act that it is for, and what became of it.

    ``request`` is what the act is about: a request's id, a report's root, or another hash.
    """

    __tablename__ = "transactions"
    sender: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    request: Mapped[bytes] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)


class AttemptRow(Base):
    """A transaction as it was signed, saved before it is broadcast. A nonce has several when its fee was raised."""

    __tablename__ = "attempts"
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    sender: Mapped[str]
    nonce: Mapped[int]
    raw: Mapped[bytes]
    max_fee_wei: Mapped[str]
    tip_wei: Mapped[str]
    sent_block: Mapped[int]

    __table_args__ = (Index("attempts_by_nonce", "sender", "nonce"),)


class ReportRow(Base):
    """A report of several verdicts, or one to be anchored, that this node proposed or signed: what proofs are made from."""

    __tablename__ = "reports"
    root: Mapped[bytes] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    count: Mapped[int]
    proposer: Mapped[str]
    at: Mapped[int] = mapped_column(index=True)


class ReportVerdictRow(Base):
    """One verdict of a report, and its leaf. If the report is anchored for requests such as this, the pool is on chain.

    ``proof`` is there where this node has that one verdict of the report only.
    """

    __tablename__ = "report_verdicts"
    root: Mapped[bytes] = mapped_column(primary_key=True)
    request: Mapped[bytes] = mapped_column(primary_key=True, index=True)
    outcome: Mapped[int]
    score: Mapped[int]
    trail: Mapped[bytes]
    leaf: Mapped[bytes]
    pool: Mapped[bytes] = mapped_column(index=True)
    epoch: Mapped[int]
    proof: Mapped[list[str] | None]


class EvidenceRow(Base):
    """One operator's signature over a report with a verdict in it: a testimony, once the request is added."""

    __tablename__ = "evidence"
    request: Mapped[bytes] = mapped_column(primary_key=True)
    attester: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[int] = mapped_column(primary_key=True)
    score: Mapped[int] = mapped_column(primary_key=True)
    trail: Mapped[bytes]
    epoch: Mapped[int]
    count: Mapped[int]
    proof: Mapped[list[str]]
    signature: Mapped[bytes]
    at: Mapped[int] = mapped_column(index=True)


class MissRow(Base):
    """How often a member's answer to this node's proposals was missing, in all and without a break till now."""

    __tablename__ = "misses"
    attester: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[int]
    missed: Mapped[int]
    in_a_row: Mapped[int]


class ArchivedRow(Base):
    """A request that ended long ago, with everything about it: compressed JSON."""

    __tablename__ = "archived"
    request: Mapped[bytes] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class ArchivedTrailRow(Base):
    """A trail of such a request, compressed."""

    __tablename__ = "archived_trails"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    request: Mapped[bytes] = mapped_column(index=True)
    content: Mapped[bytes]
