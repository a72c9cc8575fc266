"""Whose a database is: one deployment's, and one kind of program's; and while a node or a vault runs, that one's alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from oracle.core.digests import Domain
from oracle.core.errors import ConfigurationError, DatabaseError
from oracle.database.opening import SQLITE, connect, standing_aside

#: The programs that have databases. What a running one holds in PostgreSQL is its name as a number.
NODE, VAULT = "node", "vault"
#: A server notices this soon that a session's host is gone...
_KEEPALIVES = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
#: ...and a program that starts waits longer than that, for the session of its own that died with its host, and for a server that starts.
_PATIENCE_S = 45.0
_LOOK_AGAIN_S = 0.5
_PROGRAM = "program"


def facts_of(domain: Domain, program: str = NODE) -> dict[str, str]:
    """Return what a database keeps of its deployment, and of whose it is; a node's names no program: there were only nodes once."""
    facts = {"chain_id": str(domain.chain_id), "contract": domain.contract.lower()}
    return facts if program == NODE else {**facts, _PROGRAM: program}


def must_own(domain: Domain, found: Mapping[str, str], program: str = NODE) -> None:
    """Raise ConfigurationError if a database keeps another deployment's facts, or another program's."""
    if not found:
        return
    whose = found.get(_PROGRAM, NODE)
    if whose != program:
        raise ConfigurationError([f"database: is a {whose}'s, not a {program}'s; name another database"])
    if dict(found) != facts_of(domain, program):
        raise ConfigurationError(
            [
                f"database: belongs to contract {found.get('contract')} on chain {found.get('chain_id')}, not to "
                f"{domain.contract.lower()} on chain {domain.chain_id}; name another database"
            ]
        )


def bind(connection: Connection, domain: Domain, program: str = NODE) -> None:
    """Tie a database to a deployment and a program. Raises ConfigurationError if it is tied to another one."""
    found = kept_facts(connection)
    must_own(domain, found, program)
    if not found:
        rows = [{"key": key, "value": value} for key, value in facts_of(domain, program).items()]
        connection.execute(text("INSERT INTO meta (key, value) VALUES (:key, :value)"), rows)


def kept_facts(connection: Connection) -> dict[str, str]:
    """Return what a database keeps of its deployment, whatever the version of its tables; nothing if it has none yet."""
    if not inspect(connection).has_table("meta"):
        return {}
    return {key: value for key, value in connection.execute(text("SELECT key, value FROM meta"))}  # noqa: C416  rows


@contextlib.contextmanager
def held(url: str, patience_s: float = _PATIENCE_S, program: str = NODE) -> Iterator[None]:
    """Have a database for one running program. It is free again when the process ends, however it does.

    Two nodes on one database would send each other's transactions, two vaults would each grant the whole of an operator's budget. Raises
    ConfigurationError when another one runs on it, or it can't be held for another reason. What only looks in, or writes a row, holds
    nothing. A URL that is none is left to be told by who opens it. ``patience_s`` is for PostgreSQL.
    """
    with contextlib.ExitStack() as stack:
        try:
            engine = connect(url)
        except (SQLAlchemyError, ModuleNotFoundError, ValueError):
            engine = None
        if engine is not None:
            stack.callback(engine.dispose)
            if engine.dialect.name == SQLITE:
                _hold_file(engine.url.database, stack, program)
            else:
                _hold_server(engine, stack, time.monotonic() + patience_s, program)
        yield


def _hold_file(database: str | None, stack: contextlib.ExitStack, program: str) -> None:
    if not database or not Path(database).parent.is_dir():
        return
    # A file of its own: SQLite's own locks of the database go when any descriptor of it is closed.
    path = os.path.realpath(database) + ".lock"
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        stack.callback(os.close, file)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _taken(program) from None
    except OSError as error:
        remedy = f"let the {program}'s user write there, on a file system that has locks"
        raise ConfigurationError([f"database: {path} can't be locked ({error.strerror}); {remedy}"]) from None


def _hold_server(engine: Engine, stack: contextlib.ExitStack, give_up: float, program: str) -> None:
    # Of a session, not a transaction. A server that restarts forgets it: what is found out is a mistake at the start.
    while True:
        try:
            connection = standing_aside(engine).connect()
            stack.callback(connection.invalidate)
            connection.exec_driver_sql(_KEEPALIVES)
            if connection.scalar(
                text("SELECT pg_try_advisory_lock(:held)"), {"held": int.from_bytes(program.encode())}
            ):
                return
            connection.invalidate()
            problem = _taken(program)
        except DatabaseError as error:
            remedy = "check the URL, that its server runs and lets this user in"
            problem = ConfigurationError([f"database: can't be opened ({error.cause}); {remedy}"])
        if time.monotonic() >= give_up:
            raise problem
        time.sleep(_LOOK_AGAIN_S)


def _taken(program: str) -> ConfigurationError:
    return ConfigurationError(
        [
            f"database: another {program} runs on it; stop that one first, or name another database: "
            f"each {program} has its own"
        ]
    )


__all__ = ["NODE", "VAULT", "bind", "facts_of", "held", "kept_facts", "must_own"]
