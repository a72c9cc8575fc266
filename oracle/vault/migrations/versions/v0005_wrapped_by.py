"""Which master key a record's key is wrapped under. Of what was wrapped before it isn't known; the next rotation finds out."""

import sqlalchemy as sa
from alembic import op

revision = "v0005"
down_revision = "v0004"


def upgrade() -> None:
    """Add the column."""
    op.add_column("records", sa.Column("wrapped_by", sa.String(), nullable=True))
