"""A database is one deployment's, and one running node's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres_server import Server

from oracle.core.digests import Domain
from oracle.core.errors import ConfigurationError, DatabaseError
from oracle.database.opening import connect, standing_aside
from oracle.database.ownership import held
from oracle.store.node_store import open_store

OURS, OTHERS = Domain(1, "0x" + "ab" * 20), Domain(2, "0x" + "ab" * 20)
_HOLDS = """
import sys
from oracle.database.ownership import held
with held(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_open_store__when_it_is_anothers_of_an_older_program__then_its_tables_stay_as_they_are(
    database_url: str,
) -> None:
    open_store(database_url, OTHERS).close()
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))  # an upgrade would fail, too
    with pytest.raises(ConfigurationError, match=r"belongs to contract .* on chain 2"):
        open_store(database_url, OURS)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "0001"
    engine.dispose()


def test_held__when_another_node_runs_on_it__then_refused_with_a_remedy_until_that_one_is_dead(
    database_url: str,
) -> None:
    command = [sys.executable, "-c", _HOLDS, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(ConfigurationError, match="another node runs on it; stop that one first"),
            held(database_url),
        ):
            pass
        open_store(database_url, OURS).close()  # who only looks in holds nothing
        other.kill()
    for _ in range(2):
        with held(database_url):
            pass


def test_held__when_a_link_leads_to_it__then_it_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "node.db")
    with (
        held(f"sqlite:///{tmp_path / 'node.db'}"),
        pytest.raises(ConfigurationError, match="another node runs"),
        held(f"sqlite:///{tmp_path / 'link.db'}"),
    ):
        pass


def test_held__when_it_cannot_be_locked__then_refused_naming_the_file(tmp_path: Path) -> None:
    (tmp_path / "node.db.lock").mkdir()
    with (
        pytest.raises(ConfigurationError, match=r"node\.db\.lock can't be locked"),
        held(f"sqlite:///{tmp_path / 'node.db'}"),
    ):
        pass


def test_held__when_the_server_does_not_answer__then_refused_with_a_remedy() -> None:
    with pytest.raises(ConfigurationError, match="check the URL"), held("postgresql://nobody@127.0.0.1:1/none", 0):
        pass


def test_held__when_the_server_is_not_up_yet__then_waited_for(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([DatabaseError("starting"), DatabaseError("starting")])

    def aside(engine: sa.Engine) -> sa.Engine:
        for failure in failures:
            raise failure
        return standing_aside(engine)

    monkeypatch.setattr("oracle.database.ownership.standing_aside", aside)
    with held(postgres.create()):
        assert next(failures, None) is None


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////nowhere/node.db"])
def test_held__when_it_cannot_be_reached__then_left_to_be_told_by_who_opens_it(url: str, tmp_path: Path) -> None:
    with held(url):
        pass
    assert list(tmp_path.iterdir()) == []
