"""The chain's events in the tables: applied range by range, and taken back when the chain takes them back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Exists, Select, and_, bindparam, delete, exists, func, or_, select, true, update
from sqlalchemy.orm import Session

from oracle.core.digests import Domain
from oracle.core.errors import Reason
from oracle.core.structs import Delivery
from oracle.database.ownership import bind
from oracle.database.transactions import Database, chunks, execute_many
from oracle.store.base import table_of
from oracle.store.contexts import OF_THE_CHAIN, Judged, Recorded
from oracle.store.rows import insert_new, reconsider
from oracle.store.tables import (
    EVENT_ROWS,
    AgreementRow,
    AnchorRow,
    BlockRow,
    CaseRow,
    CaseState,
    Cursor,
    RenewalRow,
    ReportVerdictRow,
    RequestRow,
    Stage,
    StandingRow,
)

_CURSOR = "logs"
#: No row of the session is read again after a change in bulk.
_UNSYNCED = {"synchronize_session": False}
#: So many of the cursor's former places are kept. A chain that forgot them all is read again from its start.
_KEPT_BLOCKS = 1_000
#: Tried anew, and at once: what was put off was put off for the sake of another state.
_DUE = {"attempts": 0, "not_before": 0.0}


@dataclass(frozen=True, slots=True)
class Changes:
    """What a range of blocks did: new rows; and by id, what ended, with the block in which it did."""

    rows: Sequence[object] = ()
    endings: Mapping[bytes, tuple[Stage, int]] = field(default_factory=dict)
    verdicts: Mapping[bytes, Recorded] = field(default_factory=dict)
    withdrawn: Mapping[bytes, int] = field(default_factory=dict)
    judged: Mapping[bytes, tuple[Judged, int]] = field(default_factory=dict)
    cases: Mapping[bytes, tuple[CaseState, int]] = field(default_factory=dict)
    standing_ended: Mapping[bytes, int] = field(default_factory=dict)


class EventStore(Database):
    """What the chain said. Every insert may be repeated without harm."""

    def bind(self, domain: Domain) -> None:
        """Tie an empty database to a deployment. Raises ConfigurationError if it is tied to another one."""
        with self._transaction() as session:
            bind(session.connection(), domain)

    def cursor(self) -> tuple[int, bytes] | None:
        """Return number and hash of the last block read, or None."""
        with self._reading() as session:
            row = session.get(Cursor, _CURSOR)
            return (row.block_number, row.block_hash) if row else None

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """Return number and hash of the blocks at which the cursor stood, the last first."""
        query = select(BlockRow.number, BlockRow.hash).order_by(BlockRow.number.desc())
        with self._transaction() as session:
            return [(number, block_hash) for number, block_hash in session.execute(query)]

    def apply(self, changes: Changes, cursor: tuple[int, bytes]) -> None:
        """Store what a range of blocks did, and the cursor."""
        with self._transaction() as session:
            new = insert_new(session, changes.rows)
            reconsider(session, new)
            pools = [row.pool for row in new if isinstance(row, AnchorRow)]
            for some in chunks(pools):
                mark_anchored(session, RequestRow.id.in_(_reported_in(some)))
            _end_requests(session, changes)
            _end_others(session, changes)
            renewed = {row.agreement for row in new if isinstance(row, RenewalRow)}
            # A list of logs may have been cut off: a renewal can be read before the agreement.
            _renew(session, renewed | {row.id for row in new if isinstance(row, AgreementRow)})
            _reconsider(session, renewed)
            _move_cursor(session, *cursor)

    def rewind(self, block: int, cursor: tuple[int, bytes] | None) -> None:
        """Forget everything after a block, because the chain did."""
        with self._transaction() as session:
            renewed = set(session.scalars(select(RenewalRow.agreement).where(RenewalRow.block_number > block)))
            for table in EVENT_ROWS:
                session.execute(delete(table).where(table.block_number > block))
            session.execute(delete(BlockRow).where(BlockRow.number > block))
            _reopen(session, block)
            _renew(session, renewed)
            session.execute(delete(Cursor))
            mark_anchored(session, true())  # a claim is gone, its root stands
            if cursor is not None:
                session.add(Cursor(name=_CURSOR, block_number=cursor[0], block_hash=cursor[1]))


def _move_cursor(session: Session, number: int, block_hash: bytes) -> None:
    session.merge(Cursor(name=_CURSOR, block_number=number, block_hash=block_hash))
    session.merge(BlockRow(number=number, hash=block_hash))
    session.flush()
    oldest = select(BlockRow.number).order_by(BlockRow.number.desc()).offset(_KEPT_BLOCKS).limit(1)
    session.execute(delete(BlockRow).where(BlockRow.number <= oldest.scalar_subquery()))


def mark_anchored(session: Session, which: ColumnElement[bool]) -> None:
    """Move each of some requests that asked for an anchored report, and whose report's root came on chain in time, to ANCHORED, as far as
    this node has the report. Whatever else somebody anchors can't be claimed.
    """
    waiting = RequestRow.stage.in_((Stage.SEEN, Stage.EVALUATED))
    change = update(RequestRow).where(which, waiting, RequestRow.delivery == Delivery.ANCHORED, _anchored())
    fresh = {**_DUE, "reason": None, "message": None}
    session.execute(change.values(stage=Stage.ANCHORED, **fresh), execution_options=_UNSYNCED)


def _anchored() -> Exists:
    same_pool, in_time = AnchorRow.pool == ReportVerdictRow.pool, AnchorRow.since <= RequestRow.deadline
    return exists().where(ReportVerdictRow.request == RequestRow.id, same_pool, in_time)


def _reported_in(pools: Sequence[bytes]) -> Select[bytes]:
    return select(ReportVerdictRow.request).where(ReportVerdictRow.pool.in_(pools))


def _end_requests(session: Session, changes: Changes) -> None:
    table = table_of(RequestRow)
    ended = update(table).where(table.c.id == bindparam("request"))
    endings = [{"request": each, "was": stage, "at": block} for each, (stage, block) in changes.endings.items()]
    execute_many(session, ended.values(stage=bindparam("was"), ended_block=bindparam("at")), endings)
    found = changes.verdicts
    recorded = [
        {"request": each, "given": found[each].to_json() if each in found else None}
        for each, (stage, _) in changes.endings.items()
        if stage is Stage.RECORDED
    ]
    execute_many(session, ended.values(reason=None, message=None, verdict=bindparam("given")), recorded)


def _end_others(session: Session, changes: Changes) -> None:
    agreements, standing = table_of(AgreementRow), table_of(StandingRow)
    gone = update(agreements).where(agreements.c.id == bindparam("ended")).values(withdrawn_block=bindparam("at"))
    execute_many(session, gone, [{"ended": each, "at": block} for each, block in changes.withdrawn.items()])
    over = update(standing).where(standing.c.id == bindparam("ended")).values(ended_block=bindparam("at"))
    execute_many(session, over, [{"ended": each, "at": block} for each, block in changes.standing_ended.items()])
    for request_id, (found, block) in changes.judged.items():
        judged = update(CaseRow).where(CaseRow.request == request_id)
        session.execute(judged.values(judged=found.to_json(), judged_block=block, **_DUE))
    for request_id, (state, block) in changes.cases.items():
        settled = update(CaseRow).where(CaseRow.request == request_id)
        session.execute(settled.values(state=state, ended_block=block, **_DUE))


def _reconsider(session: Session, agreements: Collection[bytes]) -> None:
    """Look again at requests that this node refused because their agreement had run out: it was renewed."""
    for some in chunks(agreements):
        refused = update(RequestRow).where(
            RequestRow.agreement.in_(some), RequestRow.stage == Stage.REFUSED, RequestRow.reason == Reason.CONSENT.value
        )
        fresh = {**_DUE, "reason": None, "message": None}
        session.execute(refused.values(stage=Stage.SEEN, **fresh), execution_options=_UNSYNCED)


def _renew(session: Session, agreements: Collection[bytes]) -> None:
    """Set the end of agreements to that of their last renewal; of one without any, to its terms'."""
    for some in chunks(agreements):
        query = select(RenewalRow.agreement, func.max(RenewalRow.valid_until)).where(RenewalRow.agreement.in_(some))
        ends = dict(session.execute(query.group_by(RenewalRow.agreement)).all())
        for row in session.scalars(select(AgreementRow).where(AgreementRow.id.in_(some))):
            row.valid_until = ends.get(row.id, row.terms["validUntil"])


def _reopen(session: Session, block: int) -> None:
    undone = and_(RequestRow.stage == Stage.REFUSED, RequestRow.reason.in_(OF_THE_CHAIN))
    reopened = update(RequestRow).where(or_(RequestRow.ended_block > block, undone))
    fresh = {"evaluation": None, "verdict": None, "not_before": 0.0}
    session.execute(reopened.values(stage=Stage.SEEN, ended_block=None, **fresh))
    adrift = update(RequestRow).where(RequestRow.stage == Stage.ANCHORED, ~_anchored())
    session.execute(adrift.values(stage=Stage.SEEN, **fresh))
    unwithdrawn = update(AgreementRow).where(AgreementRow.withdrawn_block > block)
    session.execute(unwithdrawn.values(withdrawn_block=None))
    unjudged = update(CaseRow).where(CaseRow.judged_block > block)
    session.execute(unjudged.values(judged=None, judged_block=None, **_DUE))
    unsettled = update(CaseRow).where(CaseRow.ended_block > block)
    session.execute(unsettled.values(state=CaseState.OPEN, ended_block=None, **_DUE))
    # The case of a verdict that is gone is gone with it.
    unverdicted = ~exists().where(RequestRow.id == CaseRow.request, RequestRow.verdict.is_not(None))
    session.execute(delete(CaseRow).where(unverdicted))
    unended = update(StandingRow).where(StandingRow.ended_block > block)
    session.execute(unended.values(ended_block=None))
