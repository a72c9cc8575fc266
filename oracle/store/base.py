"""What all of the store's modules build on: the tables' base, and one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import JSON, BigInteger, Engine, LargeBinary
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker


class Base(DeclarativeBase):
    """All tables of the node."""

    # Times and uses are wider than 32 bits, and anyone may write the widest.
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy's own form
        dict[str, Any]: JSON,
        list[str]: JSON,
        bytes: LargeBinary,
        int: BigInteger,
    }


class Database:
    """Base of the store's parts. Calls are short and synchronous; each public method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    def close(self) -> None:
        """Close the database's connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with self._sessions.begin() as session:
            yield session
