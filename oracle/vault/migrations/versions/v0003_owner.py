"""Whose the database is; and numbers that PostgreSQL kept in 32 bits: an epoch has all of them, times run out in 2038."""

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"

_NARROW = (("releases", ("epoch", "first_at", "last_at", "times")), ("release_log", ("number",)))


def upgrade() -> None:
    """Make the table of facts; widen the numbers, which SQLite keeps in 64 bits anyway."""
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, columns in _NARROW:
        for column in columns:
            op.alter_column(table, column, type_=sa.BigInteger(), existing_nullable=False)
