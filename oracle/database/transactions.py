"""One transaction at a time: what every program's tables are read and written through."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.orm import Session, sessionmaker

from oracle.database.opening import reading

T = TypeVar("T")

#: So many ids go into one query: databases limit a query's parameters.
_CHUNK = 500


class Database:
    """Base of a program's tables. Calls are short and synchronous; each public method is one transaction, or part of :meth:`together`'s.

    Raises DatabaseError when the database is unreachable, full or locked: then nothing of the call is stored, and it may be repeated.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._aside = reading(engine)
        self._readers = sessionmaker(self._aside, expire_on_commit=False)
        self._open: ContextVar[Session | None] = ContextVar("open", default=None)

    @property
    def engine(self) -> Engine:
        """The database's connections, for its other tables."""
        return self._engine

    def close(self) -> None:
        """Close the database's connections."""
        self._engine.dispose()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of the changes that the calls inside make: all are stored, or none. Nothing inside may wait."""
        with self._sessions.begin() as session:
            token = self._open.set(session)
            try:
                yield
            finally:
                self._open.reset(token)

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """Read and write, while nobody else writes: what was read is still so when it is written upon."""
        if (outer := self._open.get()) is not None:
            yield outer
            return
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def _looking(self) -> Iterator[Connection]:
        """As :meth:`_reading`, for what is done so often that a session's own work would show."""
        with self._aside.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """Read one state of the database, while others may write the next."""
        with self._readers.begin() as session:
            yield session


def chunks(values: Collection[T]) -> Iterator[list[T]]:
    """Cut values into lists that fit a query's parameters."""
    rest = iter(values)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def execute_many(session: Session, statement: Executable, parameters: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement once for each set of parameters, in one go; not at all for none."""
    if parameters:
        session.connection().execute(statement, parameters)
