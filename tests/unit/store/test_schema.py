"""Migrations: they lead to the models, on both databases; what isn't this program's is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from oracle.core.errors import ConfigurationError
from oracle.database.opening import connect
from oracle.database.schema import VERSION_TABLE
from oracle.store.migrations.versions import m0001_initial as first
from oracle.store.schema import SCHEMA
from oracle.store.tables import Base, open_database

VERSION = "SELECT version_num FROM alembic_version"


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    engine = connect(url)
    with engine.begin() as connection:
        results = [connection.exec_driver_sql(statement) for statement in statements]
        rows = [tuple(row) for row in results[-1]] if results[-1].returns_rows else []
    engine.dispose()
    return rows


def make_first_tables(url: str, lacking: str = "") -> None:
    """Make the tables as programs did before there were migrations."""
    metadata = sa.MetaData()
    for name, columns, key, indexed, optional in first.TABLES:
        for each, kind in columns.items():
            facts = {"primary_key": each in key, "index": each in indexed, "nullable": each in optional}
            if each != lacking:
                sa.Table(name, metadata, sa.Column(each, kind, **facts), extend_existing=True)
    requests = metadata.tables["requests"]
    sa.Index("requests_by_stage", requests.c.stage, requests.c.not_before)
    engine = connect(url)
    metadata.create_all(engine)
    engine.dispose()


def differences(url: str) -> list[object]:
    engine = open_database(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    return found


def test_upgrade__when_the_database_is_empty__then_the_tables_are_the_models(database_url: str) -> None:
    assert differences(database_url) == []
    assert execute(database_url, VERSION) == [(SCHEMA.newest(),)]


def test_upgrade__when_done_already__then_nothing_is_lost(database_url: str) -> None:
    open_database(database_url).dispose()
    execute(database_url, "INSERT INTO meta VALUES ('chain_id', '1')")
    open_database(database_url).dispose()
    assert execute(database_url, "SELECT value FROM meta") == [("1",)]


def test_upgrade__when_it_fails_midway__then_nothing_of_it_is_there(database_url: str) -> None:
    engine = connect(database_url)

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "CREATE TABLE misses" in statement:
            raise RuntimeError("the power is out")

    with pytest.raises(RuntimeError, match="power"):
        SCHEMA.upgrade(engine)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_upgrade__when_the_tables_are_from_before_migrations__then_kept_and_brought_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'node.db'}"
    make_first_tables(url)
    execute(url, "INSERT INTO meta VALUES ('chain_id', '1')")
    assert differences(url) == []
    assert execute(url, "SELECT value FROM meta") == [("1",)]
    assert execute(url, VERSION) == [(SCHEMA.newest(),)]


def test_upgrade__when_the_tables_are_some_others__then_refused_with_a_remedy_and_untouched(database_url: str) -> None:
    make_first_tables(database_url, lacking="verdict")
    with pytest.raises(ConfigurationError, match="name another database"):
        open_database(database_url)
    engine = connect(database_url)
    assert VERSION_TABLE not in sa.inspect(engine).get_table_names()
    engine.dispose()


def test_upgrade__when_a_later_program_wrote_it__then_refused_naming_both_versions(database_url: str) -> None:
    open_database(database_url).dispose()
    execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match=r"9999.*later program.*restore a backup") as caught:
        open_database(database_url)
    assert SCHEMA.newest() in str(caught.value)
    assert execute(database_url, VERSION) == [("9999",)]


_OPEN = "import sys; from oracle.store.tables import open_database; open_database(sys.argv[1])"


def test_upgrade__when_several_nodes_start_at_once__then_all_find_the_tables(database_url: str) -> None:
    command = [sys.executable, "-c", _OPEN, database_url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0] * 4, said
    assert differences(database_url) == []
