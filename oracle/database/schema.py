"""The version of a database's tables: told, and brought up to this program's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from oracle.core.digests import Domain
from oracle.core.errors import ConfigurationError, DatabaseError
from oracle.database.opening import POSTGRESQL, SQLITE, connect
from oracle.database.ownership import kept_facts, must_own

VERSION_TABLE = "alembic_version"
#: What Alembic runs, for all programs' migrations.
_SCRIPT = Path(__file__).parent / "alembic"

_Shape = dict[str, list[tuple[str, str, bool]]]


@dataclass(frozen=True)
class Schema:
    """One program's tables. ``migrations`` is its package of migrations; ``adopted`` are the versions, oldest first, whose tables were
    made before there were migrations, on the databases ``adopted_on``; ``foreign`` says what helps if the tables found are none of them.
    """

    program: str
    migrations: ModuleType
    adopted: tuple[str, ...]
    adopted_on: tuple[str, ...]
    foreign: str

    def open(self, url: str, domain: Domain | None = None, *, erasing: bool = False) -> Engine:
        """Open a database, and bring its tables to this program's version; those of another deployment than this stay as they are.

        ``erasing`` has SQLite overwrite what is deleted. Raises ConfigurationError when it can't be opened; the text never shows the URL,
        which may hold a password.
        """
        try:
            engine = connect(url, erasing=erasing)
        except (SQLAlchemyError, ModuleNotFoundError, ValueError) as error:
            raise _unopened(type(error).__name__) from None
        try:
            self.upgrade(engine, domain)
        except BaseException as error:
            engine.dispose()
            if isinstance(error, DatabaseError):
                raise _unopened(error.cause) from None
            if isinstance(error, SQLAlchemyError):
                raise _unopened(type(error).__name__) from None
            raise
        return engine

    def upgrade(self, engine: Engine, domain: Domain | None = None) -> str:
        """Bring the tables to this program's version, in one transaction that no other program's can interrupt; return the version.

        Raises ConfigurationError, and changes nothing, when the tables are of a later program, not this program's, or of another
        deployment.
        """
        with engine.begin() as connection:
            if domain is not None:
                must_own(domain, kept_facts(connection), self.program)
            config = self._config(connection)
            newest = _newest(config)
            found = current(connection)
            if found == newest:
                return newest
            if found is None and inspect(connection).get_table_names():
                self._adopt(connection, config)
            elif found is not None and found not in _known(config):
                raise ConfigurationError(
                    [
                        f"database: its tables are of version {found}, this program's of {newest}: a later program wrote them; "
                        "run that one, or restore a backup from before its first start"
                    ]
                )
            command.upgrade(config, "head")
            return newest

    def newest(self) -> str:
        """Return the version that this program's tables have."""
        return _newest(self._config(None))

    def _adopt(self, connection: Connection, config: Config) -> None:
        """Take tables from before migrations for what they are."""
        if connection.dialect.name in self.adopted_on:
            found = _shape(connection)
            for version in self.adopted:
                if _alike(found, self._shape_of(version), connection.dialect.name):
                    command.stamp(config, version)
                    return
        raise ConfigurationError(
            [
                "database: has tables, but not this program's, nor those of a program that it can follow; name another database: "
                + self.foreign
            ]
        )

    def _shape_of(self, version: str) -> _Shape:
        engine = create_engine("sqlite://", poolclass=StaticPool)
        with engine.begin() as connection:
            command.upgrade(self._config(connection), version)
            shape = _shape(connection)
        engine.dispose()
        return shape

    def _config(self, connection: Connection | None) -> Config:
        config = Config(attributes={"connection": connection})
        versions = Path(str(self.migrations.__file__)).parent / "versions"
        for name, folder in (("script_location", _SCRIPT), ("version_locations", versions)):
            config.set_main_option(name, str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "newline")  # a folder's name may have a colon or a space in it
        return config


def current(connection: Connection) -> str | None:
    """Return the version of a database's tables; None if it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def _unopened(cause: str) -> ConfigurationError:
    remedy = "check the URL, that its server runs and lets this user in, and that it is writable"
    return ConfigurationError([f"database: can't be opened ({cause}); {remedy}"])


def _shape(connection: Connection) -> _Shape:
    """Return name, type and whether it may be null of all columns, by table."""
    inspector = inspect(connection)
    tables = [each for each in inspector.get_table_names() if each != VERSION_TABLE]
    return {
        table: sorted(
            (column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)
        )
        for table in tables
    }


def _alike(found: _Shape, wanted: _Shape, dialect: str) -> bool:
    """Compare tables with SQLite's of a version; another database calls the same types by other names."""
    if dialect == SQLITE:
        return found == wanted
    return _untyped(found) == _untyped(wanted)


def _untyped(shape: _Shape) -> dict[str, list[tuple[str, bool]]]:
    return {table: [(name, nullable) for name, _, nullable in columns] for table, columns in shape.items()}


def _newest(config: Config) -> str:
    (head,) = ScriptDirectory.from_config(config).get_heads()
    return head


def _known(config: Config) -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


__all__ = ["POSTGRESQL", "SQLITE", "VERSION_TABLE", "Schema", "current"]
