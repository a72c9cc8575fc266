"""Standing requests, cases and misses: what a member owes beyond reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from oracle.database.transactions import Database
from oracle.store.contexts import CaseContext, StandingContext, case_context, standing_context
from oracle.store.tables import CaseRow, CaseState, MissRow, StandingRow


@dataclass(frozen=True, slots=True)
class Misses:
    """How often a member's answer was missing: of all proposals that it was asked about, and without a break till now."""

    attester: str
    asked: int
    missed: int
    in_a_row: int


class StandingStore(Database):
    """Standing requests."""

    def standing(self) -> list[StandingContext]:
        """Return the standing requests that haven't ended, the oldest first."""
        query = select(StandingRow).where(StandingRow.ended_block.is_(None)).order_by(StandingRow.block_number)
        with self._reading() as session:
            found = (standing_context(session, row) for row in session.scalars(query))
            return [each for each in found if each is not None]


class CaseStore(Database):
    """The cases of challenged verdicts."""

    def case(self, request_id: bytes) -> CaseContext | None:
        """Return the case of a request's verdict, or None."""
        with self._reading() as session:
            row = session.get(CaseRow, request_id)
            return case_context(session, row) if row else None

    def cases(
        self,
        state: CaseState,
        wanted: Callable[[bytes, int], bool] = lambda _id, _block: True,
        *,
        evaluated: bool | None = None,
    ) -> list[CaseContext]:
        """Return cases in a state whose time to be tried has come, the oldest first; ``wanted(request id, block)`` chooses."""
        query = select(CaseRow).where(CaseRow.state == state, CaseRow.not_before <= time.time())
        if evaluated is not None:
            has = CaseRow.evaluation.is_not(None)
            query = query.where(has if evaluated else ~has)
        with self._reading() as session:
            rows = session.scalars(query.order_by(CaseRow.block_number)).all()
            found = (case_context(session, row) for row in rows if wanted(row.request, row.block_number))
            return [each for each in found if each is not None]

    def reevaluated(self, request_id: bytes, evaluation: Mapping[str, Any]) -> None:
        """Store what this node found when it evaluated a challenged request anew."""
        with self._transaction() as session:
            change = update(CaseRow).where(CaseRow.request == request_id)
            session.execute(change.values(evaluation=dict(evaluation), attempts=0, not_before=0.0))

    def case_postponed(self, request_id: bytes, delay_s: float) -> None:
        """Try again after a while."""
        with self._transaction() as session:
            change = update(CaseRow).where(CaseRow.request == request_id)
            later = {"attempts": CaseRow.attempts + 1, "not_before": time.time() + delay_s}
            session.execute(change.values(**later))


class MissStore(Database):
    """How well the other members answer."""

    def count_answer(self, attester: str, missing: bool) -> Misses:
        """Count one answer, or one that was missing; return the member's counts."""
        with self._transaction() as session:
            row = session.get(MissRow, attester) or MissRow(attester=attester, asked=0, missed=0, in_a_row=0)
            session.add(row)
            row.asked += 1
            row.missed += int(missing)
            row.in_a_row = row.in_a_row + 1 if missing else 0
            return Misses(attester, row.asked, row.missed, row.in_a_row)

    def misses(self) -> list[Misses]:
        """Return every member's counts, the worst first."""
        query = select(MissRow).order_by(MissRow.in_a_row.desc(), MissRow.attester)
        with self._reading() as session:
            return [Misses(row.attester, row.asked, row.missed, row.in_a_row) for row in session.scalars(query)]
