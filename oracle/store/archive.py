"""Requests that ended long ago leave the tables of the day: what is kept of them is compressed, and never changes again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, inspect, select
from sqlalchemy.orm import Session

from oracle.database.transactions import Database, chunks
from oracle.store.base import Base
from oracle.store.contexts import RequestReport
from oracle.store.tables import (
    ArchivedRow,
    ArchivedTrailRow,
    AttemptRow,
    CaseRow,
    CaseState,
    Cursor,
    EvidenceRow,
    ReportRow,
    ReportVerdictRow,
    RequestRow,
    Stage,
    TrailRow,
    TransactionRow,
)

#: What ended in so many of the last blocks stays: a reorganisation might take its end back.
_DEEP_BLOCKS = 50_000
#: What goes with a request. A report's other verdicts are needed for its proofs until the last of them goes.
_ABOUT: tuple[tuple[type[Base], Any, ColumnElement[bool] | None], ...] = (
    (CaseRow, CaseRow.request, None),
    (EvidenceRow, EvidenceRow.request, None),
    (TransactionRow, TransactionRow.request, TransactionRow.state.not_in(("pending", "included"))),
)


class ArchiveStore(Database):
    """The archive: written once, read by who asks for an old request or trail."""

    def archive(self, deadline_before: int, limit: int) -> int:
        """Move ended requests whose deadline was before a time (Unix seconds) to the archive, at most ``limit``; return how many."""
        ended = RequestRow.stage.in_((Stage.RECORDED, Stage.ENDED))
        last = select(func.max(Cursor.block_number)).scalar_subquery()
        contested = exists().where(CaseRow.request == RequestRow.id, CaseRow.state == CaseState.OPEN)
        old = (RequestRow.deadline < deadline_before, RequestRow.ended_block < last - _DEEP_BLOCKS, ~contested)
        query = select(RequestRow).where(ended, *old).order_by(RequestRow.block_number).limit(limit)
        with self._transaction() as session:
            rows = {row.id: row for row in session.scalars(query)}
            for some in chunks(rows):
                _archive(session, {identity: rows[identity] for identity in some})
            return len(rows)

    def archived(self, request_id: bytes) -> dict[str, Any] | None:
        """Return all that is kept of an archived request: its row, and lists of rows by table. Bytes are hex."""
        with self._reading() as session:
            content = session.scalar(select(ArchivedRow.content).where(ArchivedRow.request == request_id))
        return json.loads(zlib.decompress(content)) if content else None

    def archived_report(self, request_id: bytes) -> RequestReport | None:
        """Return what the node tells about an archived request."""
        kept = self.archived(request_id)
        if kept is None:
            return None
        row = kept[RequestRow.__tablename__]
        return RequestReport(request_id, Stage[row["stage"]], row["block_number"], row["reason"], row["message"])

    def archived_trail(self, digest: bytes) -> bytes | None:
        """Return an archived trail's canonical form by its digest."""
        with self._reading() as session:
            content = session.scalar(select(ArchivedTrailRow.content).where(ArchivedTrailRow.digest == digest))
        return zlib.decompress(content) if content else None

    def archived_trails_of(self, request_id: bytes) -> list[bytes]:
        """Return the canonical form of every archived trail of a request."""
        query = select(ArchivedTrailRow.content).where(ArchivedTrailRow.request == request_id)
        with self._reading() as session:
            return [zlib.decompress(content) for content in session.scalars(query)]


def _archive(session: Session, requests: Mapping[bytes, RequestRow]) -> None:
    kept: dict[bytes, dict[str, Any]] = {
        identity: {RequestRow.__tablename__: _plain(row)} for identity, row in requests.items()
    }
    reports = ReportVerdictRow.request.in_(requests)
    for row in session.scalars(select(ReportVerdictRow).where(reports)):
        kept[row.request].setdefault(ReportVerdictRow.__tablename__, []).append(_plain(row))
    roots = set(session.scalars(select(ReportVerdictRow.root).where(reports)))
    for kind, request, may_go in _ABOUT:
        which = [request.in_(requests), *([] if may_go is None else [may_go])]
        for about in session.scalars(select(kind).where(*which)):
            kept[about.request].setdefault(kind.__tablename__, []).append(_plain(about))  # type: ignore[attr-defined]
        session.execute(delete(kind).where(*which))
    _move_trails(session, requests)
    _forget_attempts(session)
    session.execute(delete(ArchivedRow).where(ArchivedRow.request.in_(requests)))  # of a chain read a second time
    contents = {identity: zlib.compress(json.dumps(content).encode()) for identity, content in kept.items()}
    session.execute(insert(ArchivedRow), [{"request": each, "content": content} for each, content in contents.items()])
    session.execute(delete(RequestRow).where(RequestRow.id.in_(requests)))
    _forget_reports(session, roots)


def _move_trails(session: Session, requests: Collection[bytes]) -> None:
    trails = {row.digest: row for row in session.scalars(select(TrailRow).where(TrailRow.request.in_(requests)))}
    for some in chunks(trails):
        session.execute(delete(ArchivedTrailRow).where(ArchivedTrailRow.digest.in_(some)))
        moved = [(each, trails[each].request, zlib.compress(trails[each].content)) for each in some]
        names = ("digest", "request", "content")
        session.execute(insert(ArchivedTrailRow), [dict(zip(names, each, strict=True)) for each in moved])
        session.execute(delete(TrailRow).where(TrailRow.digest.in_(some)))


def _forget_attempts(session: Session) -> None:
    """Of a transaction that is archived, the act and its end are kept, and not what was signed."""
    same = and_(TransactionRow.sender == AttemptRow.sender, TransactionRow.nonce == AttemptRow.nonce)
    session.execute(delete(AttemptRow).where(~exists().where(same)))


def _forget_reports(session: Session, roots: Collection[bytes]) -> None:
    """Forget reports of which no request is in the tables any more."""
    left = select(ReportVerdictRow.root).join(RequestRow, RequestRow.id == ReportVerdictRow.request)
    for some in chunks(roots):
        living = set(session.scalars(left.where(ReportVerdictRow.root.in_(some))))
        gone = [root for root in some if root not in living]
        for kind in (ReportVerdictRow, ReportRow):
            session.execute(delete(kind).where(kind.root.in_(gone)))


def _plain(row: Base) -> dict[str, Any]:
    """Return a row's columns as JSON values."""
    columns = inspect(type(row)).column_attrs
    return {column.key: _json(getattr(row, column.key)) for column in columns}


def _json(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.name if isinstance(value, Stage | CaseState) else value
