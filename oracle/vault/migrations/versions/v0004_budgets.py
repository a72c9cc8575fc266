"""What is left of each operator's budget of releases, as the time when it has all of it again."""

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "budgets",
        sa.Column("operator", sa.String(42), nullable=False),
        sa.Column("whole_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("operator"),
    )
