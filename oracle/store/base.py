"""What all of the store's modules build on: the tables' base, and one transaction at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import JSON, BigInteger, Dialect, Engine, Executable, LargeBinary, String, Table, TypeDecorator
from sqlalchemy import Enum as Words
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from oracle.store.opening import reading

T = TypeVar("T")

#: So many ids go into one query: databases limit a query's parameters.
_CHUNK = 500


class Text(TypeDecorator[str]):
    """Text that every database takes: PostgreSQL stores no NUL, neither stores a lone surrogate, and strangers write some of it."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Leave out what can't be stored."""
        return None if value is None else value.replace("\0", "").encode(errors="replace").decode()


class Base(DeclarativeBase):
    """All tables of the node."""

    # Times and uses are wider than 32 bits, and anyone may write the widest. None in a JSON column is no value, not JSON's null.
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy's own form
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
        bytes: LargeBinary,
        int: BigInteger,
        str: Text,
        Enum: Words(Enum, native_enum=False),  # a new stage changes no type
    }


class Database:
    """Base of the store's parts. Calls are short and synchronous; each public method is one transaction, or part of :meth:`together`'s.

    Raises DatabaseError when the database is unreachable, full or locked: then nothing of the call is stored, and it may be repeated.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._readers = sessionmaker(reading(engine), expire_on_commit=False)
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
    def _reading(self) -> Iterator[Session]:
        """Read one state of the database, while others may write the next."""
        with self._readers.begin() as session:
            yield session


def chunks(values: Collection[T]) -> Iterator[list[T]]:
    """Cut values into lists that fit a query's parameters."""
    rest = iter(values)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def table_of(kind: type[Base]) -> Table:
    """Return a model's table, for statements that are executed many times."""
    return cast(Table, kind.__table__)


def execute_many(session: Session, statement: Executable, parameters: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement once for each set of parameters, in one go; not at all for none."""
    if parameters:
        session.connection().execute(statement, parameters)
