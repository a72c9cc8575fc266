"""Connections to SQLite or PostgreSQL that behave alike: one transaction writes at a time, one that only reads sees one state."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from oracle.core.errors import DatabaseError

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_ONLY_READS = "assent_only_reads"

#: What writers of one database hold in PostgreSQL, each for its transaction, as SQLite's do by themselves: "assent" as a number.
_WRITERS = int.from_bytes(b"assent")

#: No call may hang: another writer, a server that is gone, a client that died in a transaction.
_POSTGRESQL = {"connect_timeout": "5", "tcp_user_timeout": "10000", "application_name": "assent"}
_POSTGRESQL_SET = "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'"
_SQLITE_PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL")


def connect(url: str, *, erasing: bool = False) -> Engine:
    """Return an engine for ``sqlite:///PATH`` or ``postgresql://…``. SQLite runs in WAL mode, each commit synced to disk.

    ``erasing`` has SQLite overwrite what is deleted; PostgreSQL does so when it vacuums. Its transactions raise DatabaseError when the
    database is unreachable, full or locked. No error shows a statement's values. Raises SQLAlchemyError or ModuleNotFoundError for a URL
    of another kind.
    """
    parsed = make_url(url)
    if parsed.drivername in ("postgres", POSTGRESQL):
        parsed = parsed.set(drivername="postgresql+psycopg")
    options = {name: value for name, value in _POSTGRESQL.items() if name not in parsed.query}
    arguments = options if parsed.get_backend_name() == POSTGRESQL else {}
    engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True, connect_args=arguments)
    event.listen(engine, "connect", _set_sqlite if _is_sqlite(parsed) else _set_postgresql)
    if erasing and _is_sqlite(parsed):
        event.listen(engine, "connect", _set_erasing)
    event.listen(engine, "begin", _begin_sqlite if _is_sqlite(parsed) else _begin_postgresql)
    event.listen(engine, "handle_error", _translate)
    return engine


def reading(engine: Engine) -> Engine:
    """Return the same database for transactions that only read, on one state of it."""
    if engine.dialect.name == SQLITE:
        return engine.execution_options(**{_ONLY_READS: True})
    alone = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return engine.execution_options(**{_ONLY_READS: True}, **alone)


def standing_aside(engine: Engine) -> Engine:
    """Return the same database for statements by themselves, which wait for no writer."""
    return engine.execution_options(**{_ONLY_READS: True}, isolation_level="AUTOCOMMIT")


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == SQLITE


def _set_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Python's driver would begin a transaction at the first write only: what was read before it could have changed.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _set_erasing(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _set_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(_POSTGRESQL_SET)
    cursor.close()
    connection.autocommit = False


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if _only_reads(connection) else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if not _only_reads(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")


def _only_reads(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get(_ONLY_READS))


def _translate(context: ExceptionContext) -> None:
    """Tell what the outside world did from what is a fault here."""
    error = context.sqlalchemy_exception
    outside = context.is_disconnect or isinstance(error, OperationalError | InterfaceError)
    if outside and not context.is_pre_ping:
        cause = (str(context.original_exception).strip().splitlines() or [type(error).__name__])[0]
        raise DatabaseError(cause)
