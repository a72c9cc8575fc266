"""Whose a database is: one deployment's, and while a node runs, that node's alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from oracle.core.errors import ConfigurationError, DatabaseError
from oracle.store.opening import SQLITE, connect

#: What a running node holds in PostgreSQL: "node" as a number.
_NODE = int.from_bytes(b"node")


def kept_facts(connection: Connection) -> dict[str, str]:
    """Return what a database keeps of its deployment, whatever the version of its tables; nothing if it has none yet."""
    if not inspect(connection).has_table("meta"):
        return {}
    return {key: value for key, value in connection.execute(text("SELECT key, value FROM meta"))}  # noqa: C416  rows


@contextlib.contextmanager
def held(url: str) -> Iterator[None]:
    """Have a database for one running node. It is free again when the process ends, however it does.

    Two nodes on one database would send each other's transactions. Raises ConfigurationError when another node runs on it. What only
    looks in, or marks a request to be tried again, holds nothing. A database that can't be reached is held by nobody: to open it says why.
    """
    with contextlib.ExitStack() as stack:
        try:
            engine = connect(url)
            stack.callback(engine.dispose)
            (_hold_file if engine.dialect.name == SQLITE else _hold_server)(engine, stack)
        except (SQLAlchemyError, DatabaseError, ModuleNotFoundError, ValueError):
            pass
        yield


def _hold_file(engine: Engine, stack: contextlib.ExitStack) -> None:
    if not engine.url.database or not Path(engine.url.database).parent.is_dir():
        return
    # A file of its own: SQLite's own locks of the database go when any descriptor of it is closed.
    file = os.open(engine.url.database + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    stack.callback(os.close, file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise _taken() from None


def _hold_server(engine: Engine, stack: contextlib.ExitStack) -> None:
    # Of a session, not a transaction. A server that restarts forgets it: what is found out is a mistake at the start.
    connection = engine.execution_options(isolation_level="AUTOCOMMIT").connect()
    stack.callback(connection.invalidate)
    if not connection.scalar(text("SELECT pg_try_advisory_lock(:node)"), {"node": _NODE}):
        raise _taken()


def _taken() -> ConfigurationError:
    return ConfigurationError(
        ["database: another node runs on it; stop that one first, or name another database: each node has its own"]
    )


__all__ = ["held", "kept_facts"]
