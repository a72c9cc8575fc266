"""Cases of challenged verdicts, in the place of challenges: those were of contracts that this program doesn't speak to any more."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Drop the one table, and make the other."""
    op.drop_table("challenges")
    op.create_table(
        "cases",
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("arbiter", sa.String(), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("judged", sa.JSON(), nullable=True),
        sa.Column("judged_block", sa.BigInteger(), nullable=True),
        sa.Column("ended_block", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("evaluation", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("request"),
    )
    for name in ("block_number", "state", "judged_block", "ended_block"):
        op.create_index(f"ix_cases_{name}", "cases", [name])
