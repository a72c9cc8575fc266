"""Agreements can be renewed, and data erased after them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables of renewals, of erasures, and of what was asked for."""
    op.create_table(
        "askings",
        sa.Column("agreement", sa.LargeBinary(), nullable=False),
        sa.Column("attester", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "attester"),
    )
    op.create_table(
        "erasures",
        sa.Column("agreement", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "by"),
    )
    op.create_index("ix_erasures_block_number", "erasures", ["block_number"])
    op.create_table(
        "renewals",
        sa.Column("agreement", sa.LargeBinary(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "valid_until"),
    )
    op.create_index("ix_renewals_block_number", "renewals", ["block_number"])
