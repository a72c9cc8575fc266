"""Requests: which are due, how far each has come, this node's evaluations, and trails."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from oracle.core.errors import Reason
from oracle.store.base import Database
from oracle.store.contexts import RequestContext, RequestReport, request_context
from oracle.store.events import mark_anchored
from oracle.store.tables import AgreementRow, RequestRow, Stage, TrailRow

_OPEN = (Stage.SEEN, Stage.EVALUATED, Stage.REFUSED, Stage.ANCHORED)


def _any(_id: bytes, _block: int) -> bool:
    return True


class RequestStore(Database):
    """Requests and what this node made of them."""

    # Which

    def due(self, stage: Stage, limit: int, wanted: Callable[[bytes, int], bool] = _any) -> list[RequestContext]:
        """Return requests at a stage whose time to be tried has come, the oldest first.

        ``wanted(id, block)`` chooses before ``limit`` counts: those that wait for another's turn hold up none of one's own.
        """
        query = (
            select(RequestRow.id, RequestRow.block_number)
            .where(RequestRow.stage == stage, RequestRow.not_before <= time.time())
            .order_by(RequestRow.block_number)
        )
        return self._chosen(query, limit, wanted)

    def closable(self, timestamp: int, limit: int, wanted: Callable[[bytes, int], bool] = _any) -> list[RequestContext]:
        """Return open requests that can only end without a verdict now: agreement withdrawn or over, or deadline passed.

        Not those of models that this node doesn't run: their askers close them themselves. ``wanted`` chooses before ``limit``
        counts, as in :meth:`due`.
        """
        query = (
            select(RequestRow.id, RequestRow.block_number)
            .join(AgreementRow, AgreementRow.id == RequestRow.agreement)
            .where(
                RequestRow.stage.in_(_OPEN),
                RequestRow.reason.is_distinct_from(Reason.MODEL_UNKNOWN.value),
                or_(
                    AgreementRow.withdrawn_block.is_not(None),
                    AgreementRow.valid_until <= timestamp,
                    RequestRow.deadline < timestamp,
                ),
            )
            .order_by(RequestRow.block_number)
        )
        return self._chosen(query, limit, wanted)

    def claimable(self, before: int, limit: int, wanted: Callable[[bytes, int], bool] = _any) -> list[RequestContext]:
        """Return anchored requests that nobody has claimed and whose deadline is before a time (Unix seconds)."""
        query = (
            select(RequestRow.id, RequestRow.block_number)
            .where(RequestRow.stage == Stage.ANCHORED, RequestRow.deadline < before)
            .where(RequestRow.not_before <= time.time())
            .order_by(RequestRow.deadline)
        )
        return self._chosen(query, limit, wanted)

    def _chosen(
        self, query: Select[bytes, int], limit: int, wanted: Callable[[bytes, int], bool]
    ) -> list[RequestContext]:
        with self._transaction() as session:
            found = (identity for identity, block in session.execute(query).all() if wanted(identity, block))
            return _contexts(session, (session.get_one(RequestRow, each) for each in islice(found, limit)))

    def context(self, request_id: bytes) -> RequestContext | None:
        """Return a request with all that it names, or None if no such request was seen."""
        with self._transaction() as session:
            row = session.get(RequestRow, request_id)
            return request_context(session, row) if row else None

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

    # Progress

    def evaluated(self, evaluations: Mapping[bytes, dict[str, Any]]) -> None:
        """Store own evaluations; each request moves to EVALUATED unless it ended meanwhile."""
        with self._transaction() as session:
            for request_id, evaluation in evaluations.items():
                change = update(RequestRow).where(RequestRow.id == request_id, RequestRow.stage == Stage.SEEN)
                session.execute(
                    change.values(stage=Stage.EVALUATED, evaluation=evaluation, attempts=0, not_before=0.0, reason=None)
                )
            mark_anchored(session)

    def refused(self, request_id: bytes, reason: str, message: str) -> None:
        """Store why this node can't give a verdict."""
        with self._transaction() as session:
            change = update(RequestRow).where(RequestRow.id == request_id, RequestRow.stage == Stage.SEEN)
            session.execute(change.values(stage=Stage.REFUSED, reason=reason, message=message))

    def due_again(self, reason: str) -> None:
        """Let the requests that were refused for a reason be tried again: it may be gone."""
        with self._transaction() as session:
            change = update(RequestRow).where(RequestRow.stage == Stage.REFUSED, RequestRow.reason == reason)
            session.execute(change.values(stage=Stage.SEEN, attempts=0, not_before=0.0, reason=None, message=None))

    def postponed(self, request_id: bytes, delay_s: float, reason: str, message: str) -> None:
        """Store a passing failure and when to try again."""
        self.all_postponed([request_id], delay_s, reason, message)

    def all_postponed(self, ids: Collection[bytes], delay_s: float, reason: str, message: str) -> None:
        """Do to several requests what :meth:`postponed` does to one."""
        with self._transaction() as session:
            change = update(RequestRow).where(RequestRow.id.in_(ids), RequestRow.stage.in_(_OPEN))
            session.execute(
                change.values(
                    attempts=RequestRow.attempts + 1, not_before=time.time() + delay_s, reason=reason, message=message
                )
            )

    # Trails

    def save_trail(self, digest: bytes, request_id: bytes, content: bytes) -> None:
        """Keep a trail's canonical form."""
        self.save_trails([(digest, request_id, content)])

    def save_trails(self, many: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        """Keep trails: digest, request's id, and canonical form of each."""
        with self._transaction() as session:
            for digest, request_id, content in many:
                session.merge(TrailRow(digest=digest, request=request_id, content=content))

    def trail(self, digest: bytes) -> bytes | None:
        """Return a trail's canonical form by its digest."""
        with self._transaction() as session:
            row = session.get(TrailRow, digest)
            return row.content if row else None

    def trails_of(self, request_id: bytes) -> list[bytes]:
        """Return the canonical form of every trail of a request that this node keeps."""
        query = select(TrailRow.content).where(TrailRow.request == request_id)
        with self._transaction() as session:
            return list(session.scalars(query))


def _contexts(session: Session, rows: Iterable[RequestRow]) -> list[RequestContext]:
    contexts = (request_context(session, row) for row in rows)
    return [context for context in contexts if context is not None]
