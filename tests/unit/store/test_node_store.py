"""The node's tables: every call one transaction, every insert repeatable."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import BigInteger
from store_rows import Asked, asked

from oracle.core.digests import Domain
from oracle.core.errors import ConfigurationError, Reason
from oracle.store.node_store import Changes, NodeStore, RequestContext
from oracle.store.tables import Base, CurrencyRow, ErasureRow, RenewalRow, Stage, open_database
from oracle.store.transactions import Attempt, Transaction, TransactionStore

CONTRACT = "0x" + "c0" * 20
HASH = b"h" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.db"


@pytest.fixture
def store(database_url: str) -> Iterator[NodeStore]:
    made = NodeStore(open_database(database_url))
    yield made
    made.close()


def stage_of(store: NodeStore, one: Asked) -> Stage | None:
    report = store.report(one.id)
    return report.stage if report else None


def put(store: NodeStore, *many: Asked, block: int = 10) -> None:
    for one in many:
        store.apply(Changes(one.rows(block)), (block, HASH))


# Which chain


def test_bind__when_bound_to_another__then_refused_naming_both(store: NodeStore) -> None:
    store.bind(Domain(1, CONTRACT))
    store.bind(Domain(1, CONTRACT.upper().replace("0X", "0x")))
    other = "0x" + "aa" * 20
    for chain, contract in ((2, CONTRACT), (1, other)):
        with pytest.raises(ConfigurationError) as caught:
            store.bind(Domain(chain, contract))
        assert CONTRACT in str(caught.value)
        assert contract in str(caught.value)
        assert f"chain {chain}" in str(caught.value)


# Events


def test_apply__when_repeated__then_what_was_made_of_it_stays(store: NodeStore) -> None:
    one = asked()
    put(store, one)
    store.evaluated({one.id: {"score": 1}})
    put(store, one)
    context = store.context(one.id)
    assert isinstance(context, RequestContext)
    assert (context.stage, context.evaluation) == (Stage.EVALUATED, {"score": 1})
    assert context.request == one.request
    assert store.counts() == {"evaluated": 1}


def test_apply__when_it_fails_midway__then_neither_rows_nor_cursor(store: NodeStore) -> None:
    one, two = asked(), asked()
    put(store, one, block=10)

    def rows() -> Iterator[object]:
        yield from two.rows(11)
        raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        store.apply(Changes(list(rows()), {one.id: (Stage.RECORDED, 11)}), (11, HASH))
    assert stage_of(store, two) is None
    assert stage_of(store, one) is Stage.SEEN
    assert store.cursor() == (10, HASH)


def test_apply__when_a_request_names_what_was_never_read__then_it_alone_is_refused(store: NodeStore) -> None:
    for missing in (1, 2):  # model, agreement
        one, good = asked(), asked()
        rows = one.rows(10)
        del rows[missing]
        store.apply(Changes(rows), (10, HASH))
        put(store, good)
        assert [context.id for context in store.due(Stage.SEEN, 9_000, 64)] == [good.id]
        report = store.report(one.id)
        assert report is not None
        assert (report.stage, report.reason) == (Stage.REFUSED, Reason.REQUEST_UNKNOWN)
        assert "start_block" in (report.message or "")
        assert store.context(one.id) is None
        assert [context.id for context in store.closable(2**39, 64)] == [good.id]
        store.apply(Changes(endings={good.id: (Stage.ENDED, 11)}), (11, HASH))


def test_apply__when_the_record_was_never_committed__then_the_request_has_no_vault_until_it_is(
    store: NodeStore,
) -> None:
    one = asked()
    record, *rows = one.rows(10)
    store.apply(Changes(rows), (10, HASH))
    context = store.context(one.id)
    assert context is not None
    assert (context.vault, context.record) == (None, one.record)
    store.apply(Changes([record]), (11, HASH))
    later = store.context(one.id)
    assert later is not None
    assert later.vault == "http://vault.example"


def test_apply__when_the_models_currency_is_a_token__then_its_index_is_in_the_quote(store: NodeStore) -> None:
    one = asked()
    token = "0x00000000000000000000000000000000000000AA"
    model = replace(one.model, currency=token)
    agreement = replace(one.agreement, model=model.id)
    _, row, given, request = one.rows(10)
    row.id, row.terms = model.id, model.to_json()  # type: ignore[attr-defined]
    given.id, given.terms = agreement.id, agreement.to_json()  # type: ignore[attr-defined]
    request.agreement = agreement.id  # type: ignore[attr-defined]
    listed = CurrencyRow(address=token, index=3, block_number=9)
    store.apply(Changes([listed, row, given, request]), (10, HASH))
    context = store.context(one.id)
    assert context is not None
    assert context.request.quote.currency == 3


def test_apply__when_times_are_the_widest__then_stored(store: NodeStore) -> None:
    one = asked(valid_until=2**40 - 1, deadline=2**40 - 1, use=2**32 - 1)
    put(store, one)
    context = store.context(one.id)
    assert context is not None
    assert context.request == one.request
    # SQLite takes any width; PostgreSQL takes what is declared.
    for table in Base.metadata.tables.values():
        for column in table.columns:
            assert column.type.python_type is not int or isinstance(column.type, BigInteger), column


def test_apply__when_recorded__then_an_earlier_reason_is_gone(store: NodeStore) -> None:
    one = asked()
    put(store, one)
    store.refused(one.id, "vault_refused", "no")
    store.apply(Changes(endings={one.id: (Stage.RECORDED, 12)}), (12, HASH))
    report = store.report(one.id)
    assert report is not None
    assert (report.stage, report.reason, report.message) == (Stage.RECORDED, None, None)


def test_apply__when_the_ending_is_of_an_unknown_request__then_nothing(store: NodeStore) -> None:
    store.apply(Changes(endings={b"u" * 32: (Stage.RECORDED, 12)}, withdrawn={b"u" * 32: 12}), (12, HASH))
    assert store.counts() == {}


# Rewind


def test_rewind__when_the_chain_forgot_blocks__then_so_do_the_tables(store: NodeStore) -> None:
    kept, ended, withdrawn, gone = asked(), asked(), asked(), asked()
    put(store, kept, ended, withdrawn, block=10)
    put(store, gone, block=20)
    for one in (kept, ended):
        store.evaluated({one.id: {"score": 1}})
    store.apply(Changes(endings={ended.id: (Stage.RECORDED, 21)}, withdrawn={withdrawn.agreement.id: 21}), (22, HASH))
    store.rewind(15, (15, b"n" * 32))
    assert store.cursor() == (15, b"n" * 32)
    assert stage_of(store, gone) is None
    assert stage_of(store, kept) is Stage.EVALUATED
    assert stage_of(store, ended) is Stage.SEEN
    context = store.context(withdrawn.id)
    assert context is not None
    assert not context.withdrawn
    store.rewind(-1, None)
    assert store.cursor() is None
    assert store.counts() == {}


def test_rewind__when_an_end_was_before_it__then_it_stays(store: NodeStore) -> None:
    one = asked()
    put(store, one)
    store.apply(Changes(endings={one.id: (Stage.RECORDED, 12)}), (12, HASH))
    store.rewind(12, (12, HASH))
    assert stage_of(store, one) is Stage.RECORDED


@pytest.mark.parametrize(
    ("reason", "stage"),
    [(Reason.CONSENT, Stage.SEEN), (Reason.RECORD_RETIRED, Stage.SEEN), (Reason.PROOF_WRONG, Stage.REFUSED)],
)
def test_rewind__when_a_request_was_refused_for_the_chains_state__then_it_is_looked_at_again(
    store: NodeStore, reason: Reason, stage: Stage
) -> None:
    one = asked()
    put(store, one)
    store.refused(one.id, reason, "then")
    store.rewind(15, (15, HASH))
    assert stage_of(store, one) is stage


def test_due__when_the_backlog_is_longer_than_what_is_fetched_at_once__then_all_are_found(store: NodeStore) -> None:
    one = asked()
    rows = one.rows(10)[:3]
    for index in range(1_300):
        rows.append(one.rows(10)[3])
        rows[-1].id = index.to_bytes(32, "big")  # type: ignore[attr-defined]
    store.apply(Changes(rows), (10, HASH))
    wanted = {index.to_bytes(32, "big") for index in (3, 1_299)}
    assert len(store.due(Stage.SEEN, 9_000, 9, lambda identity, _: identity in wanted)) == 2
    assert len(store.due(Stage.SEEN, 9_000, 1_100)) == 1_100
    ids = [index.to_bytes(32, "big") for index in range(1_300)]
    store.all_postponed(ids, 60, "sent", "later")
    assert store.due(Stage.SEEN, 9_000, 9) == []


# Requests


def test_due__when_postponed__then_only_after_the_delay(store: NodeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    one = asked()
    put(store, one)
    store.postponed(one.id, 30, "vault_unreachable", "no")
    assert store.due(Stage.SEEN, 9_000, 9) == []
    later = time.time() + 31
    monkeypatch.setattr("oracle.store.requests.time.time", lambda: later)
    (context,) = store.due(Stage.SEEN, 9_000, 9)
    assert context.attempts == 1


def test_due__when_there_are_many__then_the_oldest_first_and_no_more_than_the_limit(store: NodeStore) -> None:
    new, old = asked(), asked()
    put(store, new, block=12)
    put(store, old, block=11)
    assert [context.id for context in store.due(Stage.SEEN, 9_000, 1)] == [old.id]
    assert [context.id for context in store.due(Stage.SEEN, 9_000, 9)] == [old.id, new.id]
    assert [context.id for context in store.due(Stage.SEEN, 9_000, 1, lambda identity, _: identity == new.id)] == [
        new.id
    ]


def test_due__when_the_deadline_has_passed__then_left_to_be_closed(store: NodeStore) -> None:
    one = asked(deadline=500, delivery=1)
    put(store, one)
    assert [context.id for context in store.due(Stage.SEEN, 500, 9)] == [one.id]
    assert store.due(Stage.SEEN, 501, 9) == []


def test_evaluated__when_the_request_ended_meanwhile__then_the_end_stands(store: NodeStore) -> None:
    one = asked()
    put(store, one)
    store.apply(Changes(endings={one.id: (Stage.ENDED, 11)}), (11, HASH))
    store.evaluated({one.id: {"score": 1}})
    store.refused(one.id, "consent", "late")
    store.postponed(one.id, 1, "sent", "late")
    report = store.report(one.id)
    assert report is not None
    assert (report.stage, report.reason) == (Stage.ENDED, None)


def test_closable__when_withdrawn_or_late__then_named_until_ended(store: NodeStore) -> None:
    open_, withdrawn, run_out, late, ended = (
        asked(valid_until=2_000, deadline=1_900), asked(), asked(valid_until=1_000, deadline=1_001), asked(deadline=999), asked(deadline=9),
    )  # fmt: skip
    put(store, open_, withdrawn, run_out, late, ended)
    store.apply(Changes(endings={ended.id: (Stage.ENDED, 11)}, withdrawn={withdrawn.agreement.id: 11}), (11, HASH))
    store.refused(late.id, "proof_wrong", "no")
    found = {context.id for context in store.closable(1_000, 64)}
    assert found == {withdrawn.id, late.id}
    assert len(store.closable(1_000, 1)) == 1


def test_closable__when_it_asked_for_an_anchored_report__then_a_day_after_its_deadline(store: NodeStore) -> None:
    one = asked(deadline=1_000, delivery=1)
    put(store, one)
    assert store.closable(1_000 + 86_400, 64) == []
    assert [context.id for context in store.closable(1_001 + 86_400, 64)] == [one.id]


def test_context__when_the_agreement_was_renewed__then_has_the_new_end(store: NodeStore) -> None:
    one = asked(valid_until=1_000)
    put(store, one)

    def end() -> int:
        context = store.context(one.id)
        assert context is not None
        return context.valid_until

    renewed = RenewalRow(agreement=one.agreement.id, valid_until=2_000, block_number=20)
    store.apply(Changes([renewed]), (20, HASH))
    again = RenewalRow(agreement=one.agreement.id, valid_until=3_000, block_number=21)
    store.apply(Changes([again]), (21, HASH))
    assert end() == 3_000
    store.rewind(20, (20, HASH))  # a reorganisation took the second
    assert end() == 2_000
    store.rewind(19, (19, HASH))
    assert end() == 1_000


def test_erasable__when_an_agreement_that_asks_for_it_is_over__then_until_this_node_said_so(store: NodeStore) -> None:
    wanted, never_had, asks_not, in_force = asked(erasure=True), asked(erasure=True), asked(), asked(erasure=True)
    put(store, wanted, never_had, asks_not, in_force)
    for one in (wanted, in_force):
        store.note_asking(one.agreement.id, "0xme")
        store.note_asking(one.agreement.id, "0xme")
    over = {one.agreement.id: 12 for one in (wanted, never_had, asks_not)}
    store.apply(Changes(withdrawn=over), (12, HASH))
    assert store.erasable(1_000, 10) == [(wanted.agreement.id, "0xme")]
    assert store.erasable(1_000, 0) == []
    others = ErasureRow(agreement=wanted.agreement.id, by="0xanother", block_number=13)
    store.apply(Changes([others]), (13, HASH))
    assert store.erasable(1_000, 10) == [(wanted.agreement.id, "0xme")]
    own = ErasureRow(agreement=wanted.agreement.id, by="0xme", block_number=14)
    store.apply(Changes([own]), (14, HASH))
    assert store.erasable(1_000, 10) == []
    store.rewind(13, (13, HASH))
    assert store.erasable(1_000, 10) == [(wanted.agreement.id, "0xme")]
    both = {each for each, _ in store.erasable(in_force.agreement.valid_until, 10)}
    assert both == {wanted.agreement.id, in_force.agreement.id}, "one that has run out is over, too"
    store.rewind(-1, None)
    put(store, wanted)
    store.apply(Changes(withdrawn={wanted.agreement.id: 11}), (11, HASH))
    assert store.erasable(1_000, 10) == [(wanted.agreement.id, "0xme")], "no reorganisation takes back that it asked"


def test_apply__when_a_renewal_is_read_before_its_agreement__then_the_later_end_counts(store: NodeStore) -> None:
    one = asked(valid_until=1_000)
    store.apply(Changes([RenewalRow(agreement=one.agreement.id, valid_until=5_000, block_number=11)]), (11, HASH))
    store.apply(Changes(one.rows(10)), (11, HASH))
    context = store.context(one.id)
    assert context is not None
    assert context.valid_until == 5_000


def test_apply__when_an_agreement_is_renewed__then_what_was_refused_for_its_end_is_looked_at_again(
    store: NodeStore,
) -> None:
    ran_out, altered = asked(valid_until=1_000), asked(valid_until=1_000)
    put(store, ran_out, altered)
    store.refused(ran_out.id, Reason.CONSENT, "over")
    store.refused(altered.id, Reason.PROOF_WRONG, "no")
    renewals = [
        RenewalRow(agreement=each.agreement.id, valid_until=5_000, block_number=12) for each in (ran_out, altered)
    ]
    store.apply(Changes(renewals), (12, HASH))
    assert stage_of(store, ran_out) is Stage.SEEN
    assert stage_of(store, altered) is Stage.REFUSED


def test_closable__when_the_model_is_not_run_here__then_left_to_its_asker(store: NodeStore) -> None:
    stranger, late = asked(deadline=998), asked(deadline=999)
    put(store, stranger, late)
    store.refused(stranger.id, Reason.MODEL_UNKNOWN, "no such package")
    assert [context.id for context in store.closable(1_000, 1)] == [late.id]


def test_trail__when_saved_twice__then_kept_once(store: NodeStore) -> None:
    for _ in range(2):
        store.save_trail(b"d" * 32, b"r" * 32, b"{}")
    assert store.trail(b"d" * 32) == b"{}"
    assert store.trail(b"e" * 32) is None


# Opening


def test_open_database__when_sqlite__then_every_commit_is_synced(path: Path) -> None:
    engine = open_database(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense:secret",
        "oracle+nothing://user:secret@host/db",
        "sqlite:////nowhere/secret/x.db",
        "",
        "postgresql+nope://u:secret@h/d",
    ],
)
def test_open_database__when_it_can_not_be_opened__then_configuration_error_without_the_url(url: str) -> None:
    with pytest.raises(ConfigurationError, match="database") as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


def test_open_database__when_the_file_is_no_database__then_configuration_error(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(ConfigurationError, match="database"):
        open_database(f"sqlite:///{path}")


# Transactions


SENDER = "0x" + "5e" * 20


def attempt(nonce: int, kind: str = "record", request: bytes = b"r" * 32, fee: int = 2**200) -> Attempt:
    return Attempt(nonce, kind, request, b"raw", secrets.token_bytes(32), fee, 10**7, 7)


@pytest.fixture
def transactions(path: Path) -> Iterator[TransactionStore]:
    made = TransactionStore(open_database(f"sqlite:///{path}"), SENDER)
    yield made
    made.close()


def test_transactions__when_opened_again__then_what_was_under_way_is(
    path: Path, transactions: TransactionStore
) -> None:
    saved = attempt(5)
    transactions.save(saved)
    again = TransactionStore(open_database(f"sqlite:///{path}"), SENDER)
    assert again.under_way() == [Transaction(5, "record", b"r" * 32, "pending", (saved,))]
    assert again.is_under_way("record", b"r" * 32)
    assert not again.is_under_way("expire", b"r" * 32)
    again.settle(5, "included")
    assert again.is_under_way("record", b"r" * 32)
    again.settle(5, "mined")
    assert again.under_way() == []
    assert not again.is_under_way("record", b"r" * 32)
    again.close()


def test_transactions__when_a_nonce_has_several_attempts__then_all_are_kept_the_dearest_last(
    transactions: TransactionStore,
) -> None:
    low, high, middle = attempt(5, fee=9), attempt(5, fee=110), attempt(5, fee=20)
    for each in (low, high, middle):
        transactions.save(each)
    (found,) = transactions.under_way()
    assert found.attempts == (low, middle, high)
    assert found.last == high


def test_transactions__when_a_nonce_is_used_for_another_act__then_the_former_is_forgotten(
    transactions: TransactionStore,
) -> None:
    transactions.save(attempt(5))
    transactions.settle(5, "mined")
    other = attempt(5, "claim", fee=9)
    transactions.save(other)
    assert transactions.find(5) == Transaction(5, "claim", b"r" * 32, "pending", (other,))


def test_transactions__when_another_key_sends__then_its_nonces_are_its_own(
    path: Path, transactions: TransactionStore
) -> None:
    transactions.save(attempt(5))
    other = TransactionStore(open_database(f"sqlite:///{path}"), "0x" + "07" * 20)
    assert other.find(5) is None
    assert other.under_way() == []
    assert not other.is_under_way("record", b"r" * 32)
    other.close()
