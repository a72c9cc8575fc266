"""What an operator asks of the store, and the request that it has tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from oracle.core.digests import Domain
from oracle.core.errors import DatabaseError, RetryError
from oracle.store.node_store import NodeStore
from oracle.store.tables import RequestRow, Stage, open_database
from oracle.store.transactions import Attempt, TransactionStore

ID = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    made = NodeStore(open_database(f"sqlite:///{tmp_path / 'node.db'}"))
    yield made
    made.close()


def see(store: NodeStore, stage: Stage, identity: bytes = ID, block: int = 7, **more: Any) -> None:
    row = RequestRow(
        id=identity, block_number=block, agreement=bytes(32), question={}, deadline=9, stage=stage,
        **{"attempts": 0, "not_before": 0.0, **more},
    )  # fmt: skip
    with store._transaction() as session:
        session.add(row)


def row_of(store: NodeStore) -> RequestRow:
    with store._transaction() as session:
        return session.get_one(RequestRow, ID)


def test_backlog__when_empty__then_nothing_waits(store: NodeStore) -> None:
    found = store.backlog()
    assert (found.oldest_block, found.vault_waits, found.transactions, found.lowest_nonce) == (None, 0, {}, None)


def test_backlog__when_requests_and_transactions_wait__then_the_oldest_of_each(store: NodeStore) -> None:
    see(store, Stage.RECORDED, b"a" * 32, 1)
    see(store, Stage.REFUSED, b"b" * 32, 2, reason="vault_unreachable")
    see(store, Stage.EVALUATED, b"c" * 32, 5)
    see(store, Stage.SEEN, b"d" * 32, 9, reason="vault_unreachable")
    sent = TransactionStore(store._engine, "0x" + "05" * 20)
    for nonce in (3, 4, 5):
        sent.save(Attempt(nonce, "record", ID, b"", bytes([nonce]) * 32, 1, 1, 1))
    sent.settle(3, "mined")
    found = store.backlog()
    assert (found.oldest_block, found.vault_waits, found.lowest_nonce) == (5, 1, 4)
    assert found.transactions == {"mined": 1, "pending": 2}


def test_waiting__when_tried_in_vain__then_the_oldest_with_their_reasons(store: NodeStore) -> None:
    see(store, Stage.SEEN, b"a" * 32, 3)
    for number in range(12):
        see(
            store,
            Stage.EVALUATED,
            bytes([number]) * 32,
            20 - number,
            attempts=2,
            reason="not_ready",
            message="asked again",
        )
    found = store.waiting()
    assert [each.request[0] for each in found] == list(range(11, 1, -1))
    assert (found[0].attempts, found[0].reason, found[0].message) == (2, "not_ready", "asked again")


def test_touch__when_another_holds_the_database__then_it_says_so(store: NodeStore, tmp_path: Path) -> None:
    store.bind(Domain(7, "0x1"))
    store.touch()
    with store._engine.connect() as quick:
        quick.exec_driver_sql("PRAGMA busy_timeout=10")
    other = create_engine(f"sqlite:///{tmp_path / 'node.db'}")
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError):
            store.touch()
        connection.rollback()
    other.dispose()
    store.touch()
    store.bind(Domain(7, "0x1"))  # it changed nothing


@pytest.mark.parametrize("stage", [Stage.SEEN, Stage.EVALUATED, Stage.ANCHORED])
def test_retry__when_it_waits__then_due_now_at_the_same_stage(store: NodeStore, stage: Stage) -> None:
    see(store, stage, attempts=9, not_before=time.time() + 1_000, reason="not_ready", evaluation={"score": 1})
    before = store.retry(ID)
    assert (before.stage, before.attempts, before.reason) == (stage, 9, "not_ready")
    row = row_of(store)
    assert (row.stage, row.attempts, row.not_before, row.evaluation) == (stage, 0, 0.0, {"score": 1})


def test_retry__when_this_node_refused_it__then_evaluated_anew(store: NodeStore) -> None:
    see(store, Stage.REFUSED, reason="model_unknown", message="no such package")
    assert store.retry(ID).reason == "model_unknown"
    row = row_of(store)
    assert (row.stage, row.evaluation) == (Stage.SEEN, None)
    assert store.retry(ID).stage is Stage.SEEN  # and again, without harm


@pytest.mark.parametrize(
    ("stage", "reason", "says"),
    [
        (Stage.RECORDED, None, "verdict on chain"),
        (Stage.ENDED, None, "ended on chain"),
        (Stage.REFUSED, "request_unknown", "can't help"),
    ],
)
def test_retry__when_it_can_not_help__then_the_reason_and_nothing_changes(
    store: NodeStore, stage: Stage, reason: str | None, says: str
) -> None:
    see(store, stage, reason=reason, attempts=3)
    with pytest.raises(RetryError, match=says):
        store.retry(ID)
    assert (row_of(store).stage, row_of(store).attempts) == (stage, 3)


def test_retry__when_the_id_is_unknown__then_says_so(store: NodeStore) -> None:
    with pytest.raises(RetryError, match="no request of that id"):
        store.retry(ID)
