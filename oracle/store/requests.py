"""Requests: which are due, how far each has come, and this node's evaluations."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, exists, func, or_, select, update

from oracle.core.errors import Reason
from oracle.core.structs import CLAIM_TIME_S, Delivery
from oracle.database.transactions import chunks, execute_many
from oracle.store.archive import ArchiveStore
from oracle.store.base import table_of
from oracle.store.contexts import RequestContext, RequestReport, request_context, request_contexts
from oracle.store.events import mark_anchored
from oracle.store.tables import AgreementRow, ErasureRow, RequestRow, Stage
from oracle.store.work import AskingRow

#: So many rows are fetched at once of a query whose end is seldom needed.
_AT_A_TIME = 256
_OPEN = (Stage.SEEN, Stage.EVALUATED, Stage.REFUSED, Stage.ANCHORED)


def _any(_id: bytes, _block: int) -> bool:
    return True


def _last_second() -> ColumnElement[int]:
    """Return what :attr:`Question.last_second` is, in SQL."""
    return RequestRow.deadline + case((RequestRow.delivery == Delivery.ANCHORED, CLAIM_TIME_S), else_=0)


class RequestStore(ArchiveStore):
    """Requests and what this node made of them."""

    # Which

    def due(
        self, stage: Stage, timestamp: int, limit: int, wanted: Callable[[bytes, int], bool] = _any
    ) -> list[RequestContext]:
        """Return requests at a stage that are to be tried now and aren't due before a time (Unix seconds), the oldest first.

        ``wanted(id, block)`` chooses before ``limit`` counts: those that wait for another's turn hold up none of one's own.
        """
        query = (
            select(RequestRow.id, RequestRow.block_number)
            .where(RequestRow.stage == stage, RequestRow.not_before <= time.time(), RequestRow.deadline >= timestamp)
            .order_by(RequestRow.block_number, RequestRow.id)
        )
        return self._chosen(query, limit, wanted)

    def closable(self, timestamp: int, limit: int, wanted: Callable[[bytes, int], bool] = _any) -> list[RequestContext]:
        """Return open requests that can only end without a verdict now: agreement ended, or deadline passed, with the time for claims.

        Not those of models that this node doesn't run: their askers close them themselves. ``wanted`` chooses before ``limit``
        counts, as in :meth:`due`.
        """
        query = (
            select(RequestRow.id, RequestRow.block_number)
            .join(AgreementRow, AgreementRow.id == RequestRow.agreement)
            .where(
                RequestRow.stage.in_(_OPEN),
                RequestRow.reason.is_distinct_from(Reason.MODEL_UNKNOWN.value),
                or_(AgreementRow.withdrawn_block.is_not(None), _last_second() < timestamp),
            )
            .order_by(RequestRow.block_number, RequestRow.id)
        )
        return self._chosen(query, limit, wanted)

    def note_asking(self, agreement_id: bytes, attester: str) -> None:
        """Store that this node asks for fields under an agreement, as an attester. It may be repeated."""
        with self._transaction() as session:
            if session.get(AskingRow, (agreement_id, attester)) is None:
                session.add(AskingRow(agreement=agreement_id, attester=attester))

    def erasable(self, timestamp: int, limit: int) -> list[tuple[bytes, str]]:
        """Return agreements (ids) that are over, of whose record this node asked for fields that are to be erased, each with the attester
        as which it did, as long as that hasn't said on chain that they are gone. ``timestamp`` is in Unix seconds.
        """
        said = exists().where(ErasureRow.agreement == AskingRow.agreement, ErasureRow.by == AskingRow.attester)
        over = or_(AgreementRow.withdrawn_block.is_not(None), AgreementRow.valid_until <= timestamp)
        query = select(AskingRow.agreement, AskingRow.attester).join(
            AgreementRow, AgreementRow.id == AskingRow.agreement
        )
        with self._reading() as session:
            found = session.execute(query.where(over, ~said).order_by(AskingRow.agreement).limit(limit))
            return [(agreement, attester) for agreement, attester in found]

    def claimable(
        self, timestamp: int, before: int, limit: int, wanted: Callable[[bytes, int], bool] = _any
    ) -> list[RequestContext]:
        """Return anchored requests that nobody has claimed, can be at a time, and whose deadline is before another (both Unix seconds),
        the nearest first.
        """
        query = (
            select(RequestRow.id, RequestRow.block_number)
            .where(RequestRow.stage == Stage.ANCHORED, RequestRow.deadline < before, _last_second() >= timestamp)
            .where(RequestRow.not_before <= time.time())
            .order_by(RequestRow.deadline)
        )
        return self._chosen(query, limit, wanted)

    def _chosen(
        self, query: Select[bytes, int], limit: int, wanted: Callable[[bytes, int], bool]
    ) -> list[RequestContext]:
        with self._reading() as session:
            found = session.execute(query.execution_options(yield_per=_AT_A_TIME))
            chosen = list(islice((identity for identity, block in found if wanted(identity, block)), limit))
            found.close()
            whole = (select(RequestRow).where(RequestRow.id.in_(some)) for some in chunks(chosen))
            rows = {row.id: row for each in whole for row in session.scalars(each)}
            return request_contexts(session, [rows[identity] for identity in chosen])

    def context(self, request_id: bytes) -> RequestContext | None:
        """Return a request with all that it names, or None if no such request was seen."""
        with self._reading() as session:
            row = session.get(RequestRow, request_id)
            return request_context(session, row) if row else None

    def worked_on(self, ids: Collection[bytes]) -> set[bytes]:
        """Return those of some requests that this node has evaluated, refused or seen end."""
        query = select(RequestRow.id).where(RequestRow.stage != Stage.SEEN)
        with self._reading() as session:
            return {each for some in chunks(ids) for each in session.scalars(query.where(RequestRow.id.in_(some)))}

    def contexts(self, ids: Collection[bytes]) -> dict[bytes, RequestContext]:
        """Return by id what :meth:`context` returns for each; those never seen are left out."""
        with self._reading() as session:
            queries = (select(RequestRow).where(RequestRow.id.in_(some)) for some in chunks(ids))
            rows = [row for query in queries for row in session.scalars(query)]
            return {context.id: context for context in request_contexts(session, rows)}

    def report(self, request_id: bytes) -> RequestReport | None:
        """Return what the node tells about a request."""
        with self._reading() as session:
            row = session.get(RequestRow, request_id)
            found = RequestReport(row.id, row.stage, row.block_number, row.reason, row.message) if row else None
        return found or self.archived_report(request_id)

    def blocks_of(self, ids: Collection[bytes]) -> dict[bytes, int]:
        """Return the blocks in which requests were made, by id; those that this node never saw, or archived, are left out."""
        query = select(RequestRow.id, RequestRow.block_number)
        with self._reading() as session:
            found = (session.execute(query.where(RequestRow.id.in_(some))) for some in chunks(ids))
            return {identity: block for rows in found for identity, block in rows}

    def counts(self) -> dict[str, int]:
        """Return how many requests are at each stage."""
        query = select(RequestRow.stage, func.count()).group_by(RequestRow.stage)
        with self._reading() as session:
            return {stage.value: count for stage, count in session.execute(query)}

    # Progress

    def evaluated(self, evaluations: Mapping[bytes, dict[str, Any]]) -> None:
        """Store own evaluations; each request moves to EVALUATED unless it ended meanwhile."""
        table = table_of(RequestRow)
        seen = update(table).where(table.c.id == bindparam("request"), table.c.stage == Stage.SEEN)
        fresh = {"attempts": 0, "not_before": 0.0, "reason": None}
        change = seen.values(stage=Stage.EVALUATED, evaluation=bindparam("found"), **fresh)
        with self._transaction() as session:
            execute_many(session, change, [{"request": each, "found": found} for each, found in evaluations.items()])
            for some in chunks(evaluations):
                mark_anchored(session, RequestRow.id.in_(some))

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
        later = {"not_before": time.time() + delay_s, "reason": reason, "message": message}
        with self._transaction() as session:
            for some in chunks(ids):
                change = update(RequestRow).where(RequestRow.id.in_(some), RequestRow.stage.in_(_OPEN))
                session.execute(change.values(attempts=RequestRow.attempts + 1, **later))
