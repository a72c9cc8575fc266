"""What the node remembers: the chain's events, each request's stage, its own evaluations, and trails.

Calls are short and synchronous. Every method is one transaction, and every insert may be repeated without harm.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Engine, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from oracle.core.errors import ConfigurationError, Reason
from oracle.core.structs import Agreement, Model, Record, Request
from oracle.store.tables import (
    AgreementRow,
    Cursor,
    Meta,
    ModelRow,
    RecordRow,
    RequestRow,
    Stage,
    TrailRow,
)

_OPEN = (Stage.SEEN, Stage.EVALUATED, Stage.REFUSED)
_CURSOR = "logs"
#: Refusals by the chain's state: a reorganisation may undo them.
_OF_THE_CHAIN = (Reason.CONSENT, Reason.RECORD_RETIRED)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A request with all that it names."""

    request: Request
    block: int
    agreement: Agreement
    record: Record
    vault: str
    model: Model
    stage: Stage
    attempts: int
    evaluation: dict[str, Any] | None
    withdrawn: bool

    @property
    def id(self) -> bytes:
        """RequestId."""
        return self.request.id


@dataclass(frozen=True, slots=True)
class RequestReport:
    """What the node tells about a request."""

    id: bytes
    stage: Stage
    block: int
    reason: str | None
    message: str | None


class NodeStore:
    """The node's tables, by what is done with them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    def close(self) -> None:
        """Close the database's connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with self._sessions.begin() as session:
            yield session

    # Which chain

    def bind(self, chain_id: int, contract: str) -> None:
        """Tie an empty database to a deployment. Raises ConfigurationError if it is tied to another one."""
        wanted = {"chain_id": str(chain_id), "contract": contract.lower()}
        with self._transaction() as session:
            found = {row.key: row.value for row in session.scalars(select(Meta))}
            if found and found != wanted:
                raise ConfigurationError(
                    [
                        f"database: belongs to contract {found.get('contract')} on chain {found.get('chain_id')}, not to "
                        f"{wanted['contract']} on chain {chain_id}; name another database"
                    ]
                )
            if not found:
                session.add_all(Meta(key=key, value=value) for key, value in wanted.items())

    # Events

    def cursor(self) -> tuple[int, bytes] | None:
        """Return number and hash of the last block read, or None."""
        with self._transaction() as session:
            row = session.get(Cursor, _CURSOR)
            return (row.block_number, row.block_hash) if row else None

    def apply(
        self,
        rows: Iterable[object],
        endings: Mapping[bytes, tuple[Stage, int]],
        withdrawn: Mapping[bytes, int],
        cursor: tuple[int, bytes],
    ) -> None:
        """Store a range of blocks: new rows, requests that ended (stage, block), agreements withdrawn (block), and the cursor."""
        with self._transaction() as session:
            added = [row for row in rows if self._insert(session, row)]
            session.flush()
            for row in added:
                if isinstance(row, RequestRow) and self._context(session, row) is None:
                    row.stage, row.reason = Stage.REFUSED, Reason.REQUEST_UNKNOWN
                    row.message = "what it names is older than what this node read; lower chain.start_block"
            for request_id, (stage, block) in endings.items():
                ended = update(RequestRow).where(RequestRow.id == request_id)
                session.execute(ended.values(stage=stage, ended_block=block))
                if stage is Stage.RECORDED:
                    session.execute(ended.values(reason=None, message=None))
            for agreement_id, block in withdrawn.items():
                gone = update(AgreementRow).where(AgreementRow.id == agreement_id)
                session.execute(gone.values(withdrawn_block=block))
            session.merge(Cursor(name=_CURSOR, block_number=cursor[0], block_hash=cursor[1]))

    @staticmethod
    def _insert(session: Session, row: object) -> bool:
        # A range read again brings the same events: what is there stays, with the work done on it.
        identity = row.id  # type: ignore[attr-defined]
        if session.get(type(row), identity) is not None:
            return False
        session.add(row)
        return True

    def rewind(self, block: int, cursor: tuple[int, bytes] | None) -> None:
        """Forget everything after a block, because the chain did."""
        with self._transaction() as session:
            for table in (AgreementRow, RecordRow, ModelRow, RequestRow):
                session.execute(delete(table).where(table.block_number > block))
            undone = and_(RequestRow.stage == Stage.REFUSED, RequestRow.reason.in_(_OF_THE_CHAIN))
            reopened = update(RequestRow).where(or_(RequestRow.ended_block > block, undone))
            session.execute(reopened.values(stage=Stage.SEEN, ended_block=None, evaluation=None, not_before=0.0))
            unwithdrawn = update(AgreementRow).where(AgreementRow.withdrawn_block > block)
            session.execute(unwithdrawn.values(withdrawn_block=None))
            session.execute(delete(Cursor))
            if cursor is not None:
                session.add(Cursor(name=_CURSOR, block_number=cursor[0], block_hash=cursor[1]))

    # Requests

    def due(
        self, stage: Stage, limit: int, wanted: Callable[[bytes, int], bool] = lambda _id, _block: True
    ) -> list[RequestContext]:
        """Return requests at a stage whose time to be tried has come, the oldest first.

        ``wanted(id, block)`` chooses before ``limit`` counts: those that wait for another's turn hold up none of one's own.
        """
        query = (
            select(RequestRow.id, RequestRow.block_number)
            .where(RequestRow.stage == stage, RequestRow.not_before <= time.time())
            .order_by(RequestRow.block_number)
        )
        with self._transaction() as session:
            found = (identity for identity, block in session.execute(query).all() if wanted(identity, block))
            return self._contexts(session, (session.get_one(RequestRow, each) for each in islice(found, limit)))

    def closable(self, timestamp: int, limit: int) -> list[RequestContext]:
        """Return open requests that can only end without a verdict now: agreement withdrawn or over, or deadline passed."""
        query = (
            select(RequestRow)
            .join(AgreementRow, AgreementRow.id == RequestRow.agreement)
            .where(
                RequestRow.stage.in_(_OPEN),
                or_(
                    AgreementRow.withdrawn_block.is_not(None),
                    AgreementRow.valid_until <= timestamp,
                    RequestRow.deadline < timestamp,
                ),
            )
            .order_by(RequestRow.block_number)
            .limit(limit)
        )
        with self._transaction() as session:
            return self._contexts(session, session.scalars(query).all())

    def context(self, request_id: bytes) -> RequestContext | None:
        """Return a request with all that it names, or None if no such request was seen."""
        with self._transaction() as session:
            row = session.get(RequestRow, request_id)
            return self._context(session, row) if row else None

    def report(self, request_id: bytes) -> RequestReport | None:
        """Return what the node tells about a request."""
        with self._transaction() as session:
            row = session.get(RequestRow, request_id)
            return RequestReport(row.id, row.stage, row.block_number, row.reason, row.message) if row else None

    def counts(self) -> dict[str, int]:
        """Return how many requests are at each stage."""
        query = select(RequestRow.stage, func.count()).group_by(RequestRow.stage)
        with self._transaction() as session:
            return {stage.value: count for stage, count in session.execute(query)}

    def _contexts(self, session: Session, rows: Iterable[RequestRow]) -> list[RequestContext]:
        contexts = (self._context(session, row) for row in rows)
        return [context for context in contexts if context is not None]

    @staticmethod
    def _context(session: Session, row: RequestRow) -> RequestContext | None:
        agreement_row = session.get(AgreementRow, row.agreement)
        if agreement_row is None:
            return None
        agreement = Agreement.from_json(agreement_row.terms)
        record_row, model_row = session.get(RecordRow, agreement.record), session.get(ModelRow, agreement.model)
        if record_row is None or model_row is None:
            return None
        model = Model.from_json(model_row.terms)
        terms = (row.agreement, row.use, agreement.controller, row.purpose, row.step, row.deadline)
        request = Request(*terms, model.fee, model.quorum, model.outcome_count)
        return RequestContext(
            request=request,
            block=row.block_number,
            agreement=agreement,
            record=Record.from_json(record_row.terms),
            vault=record_row.vault,
            model=model,
            stage=row.stage,
            attempts=row.attempts,
            evaluation=row.evaluation,
            withdrawn=agreement_row.withdrawn_block is not None,
        )

    # Progress

    def evaluated(self, evaluations: Mapping[bytes, dict[str, Any]]) -> None:
        """Store own evaluations; each request moves to EVALUATED unless it ended meanwhile."""
        with self._transaction() as session:
            for request_id, evaluation in evaluations.items():
                change = update(RequestRow).where(RequestRow.id == request_id, RequestRow.stage == Stage.SEEN)
                session.execute(
                    change.values(stage=Stage.EVALUATED, evaluation=evaluation, attempts=0, not_before=0.0, reason=None)
                )

    def refused(self, request_id: bytes, reason: str, message: str) -> None:
        """Store why this node can't give a verdict."""
        with self._transaction() as session:
            change = update(RequestRow).where(RequestRow.id == request_id, RequestRow.stage == Stage.SEEN)
            session.execute(change.values(stage=Stage.REFUSED, reason=reason, message=message))

    def postponed(self, request_id: bytes, delay_s: float, reason: str, message: str) -> None:
        """Store a passing failure and when to try again."""
        with self._transaction() as session:
            change = update(RequestRow).where(RequestRow.id == request_id, RequestRow.stage.in_(_OPEN))
            session.execute(
                change.values(
                    attempts=RequestRow.attempts + 1, not_before=time.time() + delay_s, reason=reason, message=message
                )
            )

    # Trails

    def save_trail(self, digest: bytes, request_id: bytes, content: bytes) -> None:
        """Keep a trail's canonical form."""
        with self._transaction() as session:
            session.merge(TrailRow(digest=digest, request=request_id, content=content))

    def trail(self, digest: bytes) -> bytes | None:
        """Return a trail's canonical form by its digest."""
        with self._transaction() as session:
            row = session.get(TrailRow, digest)
            return row.content if row else None
