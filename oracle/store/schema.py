"""The version of a database's tables: told, and brought up to this program's."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect
from sqlalchemy.pool import StaticPool

from oracle.core.digests import Domain
from oracle.core.errors import ConfigurationError
from oracle.store import migrations
from oracle.store.opening import SQLITE
from oracle.store.ownership import kept_facts, must_own

#: The version of the tables that were made before there were migrations.
_FIRST = "0001"
_VERSION_TABLE = "alembic_version"


def upgrade(engine: Engine, domain: Domain | None = None) -> str:
    """Bring the tables to this program's version, in one transaction that no other program's can interrupt; return the version.

    Raises ConfigurationError, and changes nothing, when the tables are of a later program, not this program's, or of another deployment.
    """
    with engine.begin() as connection:
        if domain is not None:
            must_own(domain, kept_facts(connection))
        config = _config(connection)
        newest = _newest(config)
        found = current(connection)
        if found == newest:
            return newest
        if found is None and inspect(connection).get_table_names():
            _adopt(connection, config)
        elif found is not None and found not in _known(config):
            raise ConfigurationError(
                [
                    f"database: its tables are of version {found}, this program's of {newest}: a later program wrote them; "
                    "run that one, or restore a backup from before its first start"
                ]
            )
        command.upgrade(config, "head")
        return newest


def current(connection: Connection) -> str | None:
    """Return the version of a database's tables; None if it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the version that this program's tables have."""
    return _newest(_config(None))


def _adopt(connection: Connection, config: Config) -> None:
    """Take tables from before migrations for what they are. Only SQLite's were made then."""
    if connection.dialect.name != SQLITE or _shape(connection) != _first_shape():
        raise ConfigurationError(
            [
                "database: has tables, but not this program's, nor those of a program that it can follow; name another database: "
                "the node reads the chain anew from chain.start_block, and serves the trails that it makes from then on"
            ]
        )
    command.stamp(config, _FIRST)


def _first_shape() -> dict[str, list[tuple[str, str, bool]]]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        command.upgrade(_config(connection), _FIRST)
        shape = _shape(connection)
    engine.dispose()
    return shape


def _shape(connection: Connection) -> dict[str, list[tuple[str, str, bool]]]:
    """Return name, type and whether it may be null of all columns, by table."""
    inspector = inspect(connection)
    tables = [each for each in inspector.get_table_names() if each != _VERSION_TABLE]
    return {
        table: sorted(
            (column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)
        )
        for table in tables
    }


def _config(connection: Connection | None) -> Config:
    config = Config(attributes={"connection": connection})
    folder = Path(migrations.__file__).parent
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _newest(config: Config) -> str:
    (head,) = ScriptDirectory.from_config(config).get_heads()
    return head


def _known(config: Config) -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
