"""What an operator asks of the store: how much waits where and since when, why, and to try one request again now."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, select, update

from oracle.core.errors import Reason, RetryError
from oracle.core.structs import Model
from oracle.database.transactions import Database
from oracle.store.tables import Meta, ModelRow, RequestRow, Stage, TransactionRow

#: A verdict is on its way, or should be.
WORKING = (Stage.SEEN, Stage.EVALUATED)
_PENDING = "pending"
_ERRORS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that was tried in vain, and why."""

    request: bytes
    stage: Stage
    attempts: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits. ``oldest_block`` is that of the oldest request in work, ``lowest_nonce`` that of the first pending transaction."""

    oldest_block: int | None = None
    vault_waits: int = 0
    transactions: dict[str, int] = field(default_factory=dict)
    lowest_nonce: int | None = None


class SurveyStore(Database):
    """Counts for people and metrics, and the operator's own hand."""

    def backlog(self) -> Backlog:
        """Return what waits, from indexes alone."""
        oldest = select(func.min(RequestRow.block_number)).where(RequestRow.stage.in_(WORKING))
        vaults = select(func.count()).where(
            RequestRow.stage == Stage.SEEN, RequestRow.reason == Reason.VAULT_UNREACHABLE.value
        )
        sent = select(TransactionRow.state, func.count()).group_by(TransactionRow.state)
        lowest = select(func.min(TransactionRow.nonce)).where(TransactionRow.state == _PENDING)
        with self._reading() as session:
            return Backlog(
                oldest_block=session.scalar(oldest),
                vault_waits=session.scalar(vaults) or 0,
                transactions={row[0]: row[1] for row in session.execute(sent)},
                lowest_nonce=session.scalar(lowest),
            )

    def waiting(self) -> list[Waiting]:
        """Return the oldest requests in work that were tried in vain, with the reasons."""
        query = (
            select(RequestRow)
            .where(RequestRow.stage.in_(WORKING), RequestRow.attempts > 0)
            .order_by(RequestRow.block_number)
            .limit(_ERRORS_SHOWN)
        )
        with self._reading() as session:
            return [
                Waiting(row.id, row.stage, row.attempts, row.reason or "", row.message or "")
                for row in session.scalars(query)
            ]

    def models(self) -> list[Model]:
        """Return the models that the chain published."""
        with self._reading() as session:
            return [Model.from_json(row.terms) for row in session.scalars(select(ModelRow))]

    def touch(self) -> None:
        """Write, and change nothing. Raises DatabaseError if the database can't be written."""
        with self._transaction() as session:
            session.execute(update(Meta).values(value=Meta.value))

    def retry(self, request_id: bytes) -> Waiting:
        """Make a request due now, whatever it waited for; one that this node refused is evaluated anew. Return what it was.

        Safe while a node runs on the database. Raises RetryError, with the reason, for a request that has ended or isn't known.
        """
        with self._transaction() as session:
            row = session.get(RequestRow, request_id, with_for_update=True)
            if row is None:
                raise RetryError("this node has seen no request of that id; check the id, the chain and the contract")
            before = Waiting(row.id, row.stage, row.attempts, row.reason or "", row.message or "")
            _must_be_open(before)
            row.attempts, row.not_before = 0, 0.0
            if row.stage is Stage.REFUSED:
                row.stage, row.evaluation = Stage.SEEN, None
            return before


def _must_be_open(waiting: Waiting) -> None:
    if waiting.stage is Stage.RECORDED:
        raise RetryError("the request has its verdict on chain; a verdict that is doubted is challenged")
    if waiting.stage is Stage.ENDED:
        raise RetryError("the request ended on chain without a verdict, refused or expired; its use is spent")
    if waiting.stage is Stage.REFUSED and waiting.reason == Reason.REQUEST_UNKNOWN.value:
        raise RetryError(f"{waiting.message or 'what it names was never read'}; another try can't help")
