"""What all of the store's modules build on: the tables' base."""

from __future__ import annotations

from enum import Enum
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, Dialect, LargeBinary, String, Table, TypeDecorator
from sqlalchemy import Enum as Words
from sqlalchemy.orm import DeclarativeBase


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


def table_of(kind: type[Base]) -> Table:
    """Return a model's table, for statements that are executed many times."""
    return cast(Table, kind.__table__)
