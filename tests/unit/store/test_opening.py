"""Both databases behave alike: who writes is alone, who reads sees one state, and what the outside world does is a DatabaseError."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from postgres_server import Server
from sqlalchemy import text
from store_rows import asked

from oracle.core.errors import ConfigurationError, DatabaseError
from oracle.core.structs import Leeway, Verdict
from oracle.database.opening import connect
from oracle.store.node_store import Changes, Evidence, NodeStore
from oracle.store.tables import Meta, open_database

HASH = b"h" * 32
PASSWORD = "hunter2"


@pytest.fixture
def store(database_url: str) -> Iterator[NodeStore]:
    made = NodeStore(open_database(database_url))
    yield made
    made.close()


# One writes at a time


def test_write__when_several_threads_count_at_once__then_none_is_lost(store: NodeStore) -> None:
    def count(_: int) -> None:
        store.count_answer("0x1", missing=True)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, range(24)))
    (found,) = store.misses()
    assert (found.asked, found.missed, found.in_a_row) == (24, 24, 24)


def test_together__when_one_call_fails__then_nothing_of_any_is_kept(store: NodeStore) -> None:
    with pytest.raises(ZeroDivisionError), store.together():
        store.count_answer("0x1", missing=True)
        store.save_trail(b"d" * 32, b"r" * 32, b"{}")
        raise ZeroDivisionError
    assert store.misses() == []
    assert store.trail(b"d" * 32) is None


def test_together__when_it_is_over__then_all_is_kept_and_the_next_call_is_by_itself(store: NodeStore) -> None:
    with store.together():
        store.count_answer("0x1", missing=True)
        store.save_trail(b"d" * 32, b"r" * 32, b"{}")
        assert store.misses() == []  # whoever reads sees what is committed
    store.count_answer("0x1", missing=True)
    assert [each.asked for each in store.misses()] == [2]
    assert store.trail(b"d" * 32) == b"{}"


def test_write__when_several_threads_bring_the_same__then_kept_once(store: NodeStore) -> None:
    one = asked()
    evidence = Evidence(one.id, "0x1", Verdict(0, 5, b"t" * 32), 1, 2, (), b"s" * 64, 5)

    def bring(_: int) -> None:
        store.apply(Changes(one.rows(10)), (10, HASH))
        store.keep_evidence([evidence], {one.id: Leeway(10)})
        store.save_trail(b"d" * 32, one.id, b"{}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(bring, range(6)))
    assert store.counts() == {"seen": 1}
    assert store.evidence(one.id) == [evidence]
    assert store.trails_of(one.id) == [b"{}"]


def test_read__when_another_writes_meanwhile__then_it_sees_one_state(store: NodeStore) -> None:
    store.apply(Changes(), (10, HASH))
    with store._reading() as session:
        query = text("SELECT block_number FROM cursor")
        assert session.scalar(query) == 10
        store.apply(Changes(), (11, HASH))
        assert session.scalar(query) == 10
    assert store.cursor() == (11, HASH)


# All or nothing

_KILLED = """
import os, sys
from sqlalchemy import event
sys.path.insert(0, sys.argv[2])
from store_rows import asked
from oracle.store.node_store import Changes, NodeStore
from oracle.store.tables import Stage, open_database

def apply(left):
    engine = open_database(sys.argv[1])
    store = NodeStore(engine)
    one, two = asked(), asked()
    store.apply(Changes(one.rows(10)), (10, b"h" * 32))
    @event.listens_for(engine, "after_cursor_execute")
    def kill(*_):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
    endings = {one.id: (Stage.ENDED, 11)}
    store.apply(Changes(two.rows(11), endings, withdrawn={one.agreement.id: 11}), (11, b"h" * 32))

for left in range(1, 100):
    child = os.fork()
    if child == 0:
        apply(left)
        os._exit(0)
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    store = NodeStore(open_database(sys.argv[1]))
    print(killed, store.cursor()[0], sorted(store.counts().items()))
    store.rewind(-1, None)
    store.close()
    if not killed:
        break
"""


def test_apply__when_the_process_is_killed_after_any_statement__then_all_or_nothing(database_url: str) -> None:
    command = [sys.executable, "-c", _KILLED, database_url, str(Path(__file__).parent)]
    *killed, finished = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(killed) > 10
    assert set(killed) == {"True 10 [('seen', 1)]"}
    assert finished == "False 11 [('ended', 1), ('seen', 1)]"


# The outside world


def test_write__when_another_program_holds_the_database__then_database_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.database.opening._SQLITE_PRAGMAS", ("busy_timeout=50", "journal_mode=WAL"))
    store = NodeStore(open_database(f"sqlite:///{tmp_path / 'node.db'}"))
    with store._transaction() as other:
        other.execute(text("SELECT 1"))  # begins
        with pytest.raises(DatabaseError, match="locked"):
            store.apply(Changes(), (10, HASH))
    store.apply(Changes(), (11, HASH))
    assert store.cursor() == (11, HASH)
    store.close()


def test_postgresql__when_the_server_restarts__then_the_node_goes_on_and_nothing_is_lost(postgres: Server) -> None:
    store = NodeStore(open_database(postgres.create()))
    store.apply(Changes(asked().rows(10)), (10, HASH))
    try:
        with pytest.raises(DatabaseError), store._transaction() as session:
            session.add(Meta(key="half", value="done"))
            session.flush()
            postgres.stop()
            session.execute(text("SELECT 1"))
        for _ in range(2):
            with pytest.raises(DatabaseError):
                store.apply(Changes(asked().rows(11)), (11, HASH))
    finally:
        postgres.start()
    assert store.cursor() == (10, HASH)
    store.apply(Changes(asked().rows(11)), (11, HASH))
    assert store.counts() == {"seen": 2}
    assert store._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    store.close()


def test_postgresql__when_the_password_is_wrong__then_no_error_shows_it(postgres: Server, tmp_path: Path) -> None:
    rules = postgres.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    url = postgres.create(user="guarded")
    postgres.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'")
    postgres.execute(f"ALTER DATABASE {postgres.name(url)} OWNER TO guarded")
    rules.write_text("local all guarded scram-sha-256\n" + before)
    postgres.execute("SELECT pg_reload_conf()")
    try:
        passfile = tmp_path / "pgpass"
        passfile.write_text(f"*:*:*:guarded:{PASSWORD}wrong\n")
        passfile.chmod(0o600)
        with pytest.raises(ConfigurationError, match="can't be opened") as caught:
            open_database(f"{url}&passfile={passfile}")
        assert PASSWORD not in str(caught.value)
        with pytest.raises(ConfigurationError, match="can't be opened") as caught:
            open_database(url.replace("guarded@", f"guarded:{PASSWORD}wrong@"))
        assert PASSWORD not in str(caught.value)
        passfile.write_text(f"*:*:*:guarded:{PASSWORD}\n")
        open_database(f"{url}&passfile={passfile}").dispose()
    finally:
        rules.write_text(before)
        postgres.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_connect__when_the_url_is_postgresqls__then_by_psycopg(postgres: Server, scheme: str) -> None:
    engine = connect(postgres.create().replace("postgresql", scheme, 1))
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "10s"
        assert connection.scalar(text("SHOW application_name")) == "assent"
    engine.dispose()


def test_write__when_a_stranger_wrote_what_is_no_text__then_the_rest_is_stored(store: NodeStore) -> None:
    one = asked()
    store.apply(Changes(one.rows(10)), (10, HASH))
    store.refused(one.id, "vault_refused", "a\0b\ud800c")
    report = store.report(one.id)
    assert report is not None
    assert report.message == "ab?c"
