"""The archive: what ended long ago leaves the tables of the day, and is still served."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from store_rows import Asked, asked

from oracle.core.digests import report_leaf
from oracle.core.merkle import MerkleTree
from oracle.core.structs import Leeway, Signers, Verdict, root_pool_id
from oracle.store.archive import _DEEP_BLOCKS
from oracle.store.node_store import Changes, Evidence, NodeStore, Recorded, Report, ReportedVerdict
from oracle.store.tables import (
    AnchorRow,
    Base,
    CaseRow,
    CaseState,
    EvidenceRow,
    ReportRow,
    ReportVerdictRow,
    RequestRow,
    Stage,
    TrailRow,
    TransactionRow,
    open_database,
)
from oracle.store.transactions import Attempt, TransactionStore

HASH = b"h" * 32
PROPOSER = "0x" + "ab" * 20
LATER = (12 + _DEEP_BLOCKS + 1, HASH)


@pytest.fixture
def store(database_url: str) -> Iterator[NodeStore]:
    made = NodeStore(open_database(database_url))
    yield made
    made.close()


def rows(store: NodeStore, kind: type[Base]) -> int:
    with store._reading() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def told(*many: Asked) -> Report:
    """Return a report with all of the requests in it."""
    verdicts = [Verdict(1, 5, secrets.token_bytes(32)) for _ in many]
    leaves = [report_leaf(one.request, verdict) for one, verdict in zip(many, verdicts, strict=True)]
    root = MerkleTree(leaves).root
    pool, parts = root_pool_id(root, 0, 3), zip(many, verdicts, leaves, strict=True)
    return Report(root, 1, PROPOSER, tuple(ReportedVerdict(o.id, v, leaf, pool) for o, v, leaf in parts), 1_000)


def lived(store: NodeStore, *many: Asked, ended: int = 12) -> Report:
    """Have requests reported, anchored, signed, sent, claimed."""
    for one in many:
        store.apply(Changes(one.rows(10)), (10, HASH))
    report = told(*many)
    store.save_report(report)
    pool = report.verdicts[0].pool
    anchor = AnchorRow(pool=pool, block_number=11, root=report.root, count=len(many), transaction=b"t" * 32)
    store.apply(Changes([anchor]), (11, HASH))
    transactions = TransactionStore(store._engine, "0x" + "05" * 20)
    for nonce, each in enumerate(report.verdicts):
        store.save_trail(each.verdict.trail, each.request, b'{"trail": 1}')
        signed = Evidence(each.request, PROPOSER, each.verdict, 1, 2, (), b"s" * 64, 5)
        store.keep_evidence([signed], {each.request: Leeway(10)})
        transactions.save(Attempt(nonce, "claim", each.request, b"raw", bytes([nonce]) * 32, 2**200, 1, 7))
        transactions.settle(nonce, "mined")
    end(store, *many, block=ended)
    return report


def end(store: NodeStore, *many: Asked, block: int = 12) -> None:
    recorded = Recorded(Verdict(1, 5, b"t" * 32), Signers(0b111, 1), b"x" * 32)
    endings, verdicts = {one.id: (Stage.RECORDED, block) for one in many}, {one.id: recorded for one in many}
    store.apply(Changes(endings=endings, verdicts=verdicts), (block, HASH))


def test_archive__when_requests_ended_long_ago__then_all_of_them_moves_and_trails_are_still_served(
    store: NodeStore,
) -> None:
    one, other = asked(deadline=100), asked(deadline=100)
    report = lived(store, one, other)
    store.apply(Changes(), LATER)
    before = store.report(one.id)
    assert store.archive(101, 10) == 2
    assert store.archive(101, 10) == 0
    for kind in (RequestRow, EvidenceRow, TransactionRow, TrailRow, ReportRow, ReportVerdictRow):
        assert rows(store, kind) == 0, kind
    assert store.counts() == {}
    for each in report.verdicts:
        assert store.trail(each.verdict.trail) == b'{"trail": 1}'
        assert store.trails_of(each.request) == [b'{"trail": 1}']
    assert store.report(one.id) == before
    kept = store.archived(one.id)
    assert kept is not None
    assert kept["evidence"][0]["signature"] == (b"s" * 64).hex()
    assert (kept["transactions"][0]["kind"], kept["transactions"][0]["state"]) == ("claim", "mined")
    assert kept["report_verdicts"][0]["root"] == report.root.hex()
    assert kept["requests"]["verdict"]["transaction"] == (b"x" * 32).hex()


def test_archive__when_many_are_old__then_no_more_than_the_limit_at_once(store: NodeStore) -> None:
    many = [asked(deadline=100) for _ in range(3)]
    report = lived(store, *many)
    store.apply(Changes(), LATER)
    assert store.archive(101, 2) == 2
    # The last one's proof is made from all leaves.
    (left,) = [each.request for each in report.verdicts if store.context(each.request)]
    assert store.proven(left, 100) is not None
    assert rows(store, ReportVerdictRow) == 3
    assert store.archive(101, 2) == 1
    assert rows(store, ReportVerdictRow) == 0


def test_archive__when_something_may_still_happen__then_the_request_stays(store: NodeStore) -> None:
    young, open_, shallow, contested = (asked(deadline=deadline) for deadline in (101, 100, 100, 100))
    for one in (young, open_, shallow, contested):
        store.apply(Changes(one.rows(10)), (10, HASH))
    end(store, young, contested)
    challenge = CaseRow(
        request=contested.id, block_number=13, until=50, arbiter="0x0", state=CaseState.OPEN, attempts=0, not_before=0.0
    )
    store.apply(Changes([challenge]), LATER)
    end(store, shallow, block=13)
    store.apply(Changes(), LATER)
    assert store.archive(101, 10) == 0
    store.apply(Changes(cases={contested.id: (CaseState.UPHELD, 14)}), LATER)
    assert store.archive(101, 10) == 1


def test_archive__when_a_transaction_is_pending__then_its_nonce_is_not_forgotten(store: NodeStore) -> None:
    one = asked(deadline=100)
    lived(store, one)
    transactions = TransactionStore(store._engine, "0x" + "05" * 20)
    transactions.save(Attempt(9, "claim", one.id, b"raw", b"hash", 1, 1, 7))
    store.apply(Changes(), LATER)
    assert store.archive(101, 10) == 1
    assert [each.nonce for each in transactions.under_way()] == [9]


def test_archive__when_the_chain_is_read_a_second_time__then_archived_anew(store: NodeStore) -> None:
    one = asked(deadline=100)
    lived(store, one)
    store.apply(Changes(), LATER)
    store.archive(101, 10)
    store.apply(Changes(one.rows(10)), (10, HASH))
    end(store, one)
    store.apply(Changes(), LATER)
    assert store.archive(101, 10) == 1
    assert store.archived(one.id) is not None
