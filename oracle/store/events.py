"""The chain's events in the tables: applied range by range, and taken back when the chain takes them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Exists, and_, delete, exists, inspect, or_, select, update
from sqlalchemy.orm import Session

from oracle.core.errors import ConfigurationError, Reason
from oracle.store.base import Database
from oracle.store.contexts import OF_THE_CHAIN, Recorded, request_context
from oracle.store.tables import (
    EVENT_ROWS,
    AgreementRow,
    AnchorRow,
    BlockRow,
    ChallengeRow,
    ChallengeState,
    CurrencyRow,
    Cursor,
    Meta,
    ModelRow,
    ReportVerdictRow,
    RequestRow,
    Stage,
    StandingRow,
)

_CURSOR = "logs"
#: So many of the cursor's former places are kept. A chain that forgot them all is read again from its start.
_KEPT_BLOCKS = 1_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What a range of blocks did: new rows; and by id, what ended, with the block in which it did."""

    rows: Sequence[object] = ()
    endings: Mapping[bytes, tuple[Stage, int]] = field(default_factory=dict)
    verdicts: Mapping[bytes, Recorded] = field(default_factory=dict)
    withdrawn: Mapping[bytes, int] = field(default_factory=dict)
    challenges: Mapping[bytes, tuple[ChallengeState, int]] = field(default_factory=dict)
    standing_ended: Mapping[bytes, int] = field(default_factory=dict)


class EventStore(Database):
    """What the chain said. Every insert may be repeated without harm."""

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

    def cursor(self) -> tuple[int, bytes] | None:
        """Return number and hash of the last block read, or None."""
        with self._transaction() as session:
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
            added = [row for row in changes.rows if _insert(session, row, changes)]
            session.flush()
            _reconsider(session, added)
            session.flush()
            mark_anchored(session)
            _end_requests(session, changes)
            for agreement_id, block in changes.withdrawn.items():
                gone = update(AgreementRow).where(AgreementRow.id == agreement_id)
                session.execute(gone.values(withdrawn_block=block))
            for request_id, (state, block) in changes.challenges.items():
                # Not one that was made after that: a range is read twice.
                named = and_(ChallengeRow.request == request_id, ChallengeRow.block_number <= block)
                settled = update(ChallengeRow).where(named)
                session.execute(settled.values(state=state, ended_block=block))
            for standing_id, block in changes.standing_ended.items():
                over = update(StandingRow).where(StandingRow.id == standing_id)
                session.execute(over.values(ended_block=block))
            _move_cursor(session, *cursor)

    def rewind(self, block: int, cursor: tuple[int, bytes] | None) -> None:
        """Forget everything after a block, because the chain did."""
        with self._transaction() as session:
            for table in EVENT_ROWS:
                session.execute(delete(table).where(table.block_number > block))
            session.execute(delete(BlockRow).where(BlockRow.number > block))
            _reopen(session, block)
            session.execute(delete(Cursor))
            if cursor is not None:
                session.add(Cursor(name=_CURSOR, block_number=cursor[0], block_hash=cursor[1]))


def _move_cursor(session: Session, number: int, block_hash: bytes) -> None:
    session.merge(Cursor(name=_CURSOR, block_number=number, block_hash=block_hash))
    session.merge(BlockRow(number=number, hash=block_hash))
    session.flush()
    oldest = select(BlockRow.number).order_by(BlockRow.number.desc()).offset(_KEPT_BLOCKS).limit(1)
    session.execute(delete(BlockRow).where(BlockRow.number <= oldest.scalar_subquery()))


def _reconsider(session: Session, added: Sequence[object]) -> None:
    """Refuse new requests of which nothing else is known; take up those that were refused so, now that more is."""
    requests = [row for row in added if isinstance(row, RequestRow)]
    given = [row.id for row in added if isinstance(row, AgreementRow)]
    lost = and_(RequestRow.stage == Stage.REFUSED, RequestRow.reason == Reason.REQUEST_UNKNOWN)
    if any(isinstance(row, ModelRow | CurrencyRow) for row in added):
        requests += session.scalars(select(RequestRow).where(lost))
    elif given:
        requests += session.scalars(select(RequestRow).where(lost, RequestRow.agreement.in_(given)))
    for row in requests:
        if request_context(session, row) is None:
            row.stage, row.reason = Stage.REFUSED, Reason.REQUEST_UNKNOWN
            row.message = "what it names is older than what this node read; lower chain.start_block"
        elif row.stage is Stage.REFUSED:
            row.stage, row.reason, row.message = Stage.SEEN, None, None


def mark_anchored(session: Session) -> None:
    """Move each evaluated request whose report's root is on chain to ANCHORED, as far as this node has the report."""
    waiting = RequestRow.stage.in_((Stage.SEEN, Stage.EVALUATED))
    change = update(RequestRow).where(waiting, _anchored())
    session.execute(change.values(stage=Stage.ANCHORED, attempts=0, not_before=0.0, reason=None, message=None))


def _anchored() -> Exists:
    same_pool = AnchorRow.pool == ReportVerdictRow.pool
    return exists().where(ReportVerdictRow.request == RequestRow.id, same_pool)


def _insert(session: Session, row: object, changes: Changes) -> bool:
    # A range read again brings the same events: what is there stays, with the work done on it.
    identity: Any = inspect(type(row)).primary_key_from_instance(row)
    found = session.get(type(row), tuple(identity))
    if found is not None and not _is_next_challenge(found, row, changes):
        return False
    if found is not None:
        session.delete(found)
        session.flush()
    session.add(row)
    return True


def _is_next_challenge(found: object, row: object, changes: Changes) -> bool:
    """A verdict whose challenge lapsed, maybe in this very range, may be challenged again."""
    if not isinstance(found, ChallengeRow) or not isinstance(row, ChallengeRow):
        return False
    state, ended = changes.challenges.get(row.request, (found.state, found.ended_block or 0))
    if found.state is not ChallengeState.OPEN:
        state, ended = found.state, found.ended_block or 0
    return state is ChallengeState.LAPSED and found.block_number <= ended <= row.block_number != found.block_number


def _end_requests(session: Session, changes: Changes) -> None:
    for request_id, (stage, block) in changes.endings.items():
        ended = update(RequestRow).where(RequestRow.id == request_id)
        session.execute(ended.values(stage=stage, ended_block=block))
        if stage is Stage.RECORDED:
            recorded = changes.verdicts.get(request_id)
            verdict = recorded.to_json() if recorded else None
            session.execute(ended.values(reason=None, message=None, verdict=verdict))


def _reopen(session: Session, block: int) -> None:
    undone = and_(RequestRow.stage == Stage.REFUSED, RequestRow.reason.in_(OF_THE_CHAIN))
    reopened = update(RequestRow).where(or_(RequestRow.ended_block > block, undone))
    fresh = {"evaluation": None, "verdict": None, "not_before": 0.0}
    session.execute(reopened.values(stage=Stage.SEEN, ended_block=None, **fresh))
    adrift = update(RequestRow).where(RequestRow.stage == Stage.ANCHORED, ~_anchored())
    session.execute(adrift.values(stage=Stage.SEEN, **fresh))
    unwithdrawn = update(AgreementRow).where(AgreementRow.withdrawn_block > block)
    session.execute(unwithdrawn.values(withdrawn_block=None))
    unsettled = update(ChallengeRow).where(ChallengeRow.ended_block > block)
    session.execute(unsettled.values(state=ChallengeState.OPEN, ended_block=None))
    # A challenge of a verdict that is gone is gone with it.
    unverdicted = ~exists().where(RequestRow.id == ChallengeRow.request, RequestRow.verdict.is_not(None))
    session.execute(delete(ChallengeRow).where(unverdicted))
    unended = update(StandingRow).where(StandingRow.ended_block > block)
    session.execute(unended.values(ended_block=None))
