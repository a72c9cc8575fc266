"""The sender's transactions: each attempt is saved before it is broadcast, so a restart can't forget one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, and_, delete, select
from sqlalchemy.orm import Session

from oracle.database.transactions import Database
from oracle.store.tables import AttemptRow, TransactionRow

#: Not in a block; in one that may still be taken back. Then, for good: ``mined``, ``reverted``, or ``replaced`` by a foreign one.
PENDING, INCLUDED = "pending", "included"
_UNDER_WAY = (PENDING, INCLUDED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction. Fees are in wei for a unit of gas."""

    nonce: int
    kind: str
    request: bytes
    raw: bytes
    hash: bytes
    max_fee_wei: int
    tip_wei: int
    sent_block: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """One nonce of the sender: its act, what became of it, and all that was signed for it, the cheapest first.

    Any of the attempts may be the one that is mined.
    """

    nonce: int
    kind: str
    request: bytes
    state: str
    attempts: tuple[Attempt, ...]

    @property
    def last(self) -> Attempt:
        """The attempt that offers most."""
        return self.attempts[-1]


class TransactionStore(Database):
    """The transactions of one sender."""

    def __init__(self, engine: Engine, sender: str) -> None:
        super().__init__(engine)
        self._sender = sender

    def save(self, attempt: Attempt) -> None:
        """Save an attempt. Its nonce is pending from now on; what another act once signed for the nonce is forgotten."""
        with self._transaction() as session:
            row = session.get(TransactionRow, (self._sender, attempt.nonce))
            if row is None:
                row = TransactionRow(sender=self._sender, nonce=attempt.nonce)
                session.add(row)
            elif (row.kind, row.request) != (attempt.kind, attempt.request):
                session.execute(delete(AttemptRow).where(self._attempts_of(attempt.nonce)))
            row.kind, row.request, row.state = attempt.kind, attempt.request, PENDING
            session.merge(
                AttemptRow(
                    hash=attempt.hash,
                    sender=self._sender,
                    nonce=attempt.nonce,
                    raw=attempt.raw,
                    max_fee_wei=str(attempt.max_fee_wei),
                    tip_wei=str(attempt.tip_wei),
                    sent_block=attempt.sent_block,
                )
            )

    def under_way(self) -> list[Transaction]:
        """Return what isn't final yet, by nonce."""
        query = select(TransactionRow).where(TransactionRow.sender == self._sender)
        query = query.where(TransactionRow.state.in_(_UNDER_WAY)).order_by(TransactionRow.nonce)
        with self._transaction() as session:
            return [self._read(session, row) for row in session.scalars(query).all()]

    def find(self, nonce: int) -> Transaction | None:
        """Return what this sender last did with a nonce, or None."""
        with self._transaction() as session:
            row = session.get(TransactionRow, (self._sender, nonce))
            return self._read(session, row) if row else None

    def settle(self, nonce: int, state: str) -> None:
        """Note what became of a transaction: a state of those above."""
        with self._transaction() as session:
            session.get_one(TransactionRow, (self._sender, nonce)).state = state

    def is_under_way(self, kind: str, request: bytes) -> bool:
        """Tell whether this act is under way."""
        query = select(TransactionRow.nonce).where(
            TransactionRow.sender == self._sender,
            TransactionRow.state.in_(_UNDER_WAY),
            TransactionRow.kind == kind,
            TransactionRow.request == request,
        )
        with self._transaction() as session:
            return session.scalars(query).first() is not None

    def _attempts_of(self, nonce: int) -> ColumnElement[bool]:
        return and_(AttemptRow.sender == self._sender, AttemptRow.nonce == nonce)

    def _read(self, session: Session, row: TransactionRow) -> Transaction:
        attempts = [
            Attempt(
                row.nonce, row.kind, row.request, each.raw, each.hash, int(each.max_fee_wei), int(each.tip_wei),
                each.sent_block,
            )
            for each in session.scalars(select(AttemptRow).where(self._attempts_of(row.nonce)))
        ]  # fmt: skip
        attempts.sort(key=lambda each: each.max_fee_wei)
        return Transaction(row.nonce, row.kind, row.request, row.state, tuple(attempts))
