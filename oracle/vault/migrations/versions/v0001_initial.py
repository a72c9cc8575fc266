"""The tables as they were before there were migrations: records, and what was released of them."""

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "records",
        sa.Column("record_id", sa.LargeBinary(32), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("subject", sa.String(42), nullable=False),
        sa.Column("holder", sa.String(42), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_table(
        "releases",
        sa.Column("request_id", sa.LargeBinary(32), nullable=False),
        sa.Column("attester", sa.String(42), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.LargeBinary(32), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("first_at", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "attester", "epoch"),
    )
    op.create_index("ix_releases_record_id", "releases", ["record_id"])
