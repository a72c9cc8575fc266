"""The sender's transactions: each is saved before it is broadcast, so a restart can't forget one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from sqlalchemy import Engine, select
from sqlalchemy.orm import sessionmaker

from oracle.store.tables import TransactionRow


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction. ``max_fee_wei`` is per gas."""

    nonce: int
    kind: str
    request: bytes
    raw: bytes
    hash: bytes
    max_fee_wei: int
    sent_block: int


class TransactionStore:
    """The table of transactions."""

    def __init__(self, engine: Engine) -> None:
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    def save(self, attempt: Attempt) -> None:
        """Save an attempt; one with the same nonce replaces the earlier (a higher fee for the same act)."""
        with self._sessions.begin() as session:
            session.merge(
                TransactionRow(
                    nonce=attempt.nonce,
                    kind=attempt.kind,
                    request=attempt.request,
                    raw=attempt.raw,
                    hash=attempt.hash,
                    max_fee_wei=str(attempt.max_fee_wei),
                    sent_block=attempt.sent_block,
                    state="pending",
                )
            )

    def pending(self) -> list[Attempt]:
        """Return what isn't mined yet, by nonce."""
        query = select(TransactionRow).where(TransactionRow.state == "pending").order_by(TransactionRow.nonce)
        with self._sessions.begin() as session:
            return [
                Attempt(r.nonce, r.kind, r.request, r.raw, r.hash, int(r.max_fee_wei), r.sent_block)
                for r in session.scalars(query)
            ]

    def settle(self, nonce: int, state: str) -> None:
        """Mark a transaction ``mined``, ``reverted`` or ``replaced``."""
        with self._sessions.begin() as session:
            session.get_one(TransactionRow, nonce).state = state

    def next_nonce(self, chain_nonce: int) -> int:
        """Return the nonce for a new transaction, given the account's count on chain: the first that nothing pending has.

        A gap (a mined transaction whose block is gone) is filled first: nothing behind it could be mined before.
        """
        query = select(TransactionRow.nonce).where(TransactionRow.state == "pending")
        with self._sessions.begin() as session:
            taken = set(session.scalars(query))
        return next(nonce for nonce in count(chain_nonce) if nonce not in taken)

    def is_pending(self, kind: str, request: bytes) -> bool:
        """Tell whether this act is under way."""
        query = select(TransactionRow.nonce).where(
            TransactionRow.state == "pending", TransactionRow.kind == kind, TransactionRow.request == request
        )
        with self._sessions.begin() as session:
            return session.scalars(query).first() is not None
