"""When a root was anchored: of a request whose deadline had passed by then, nothing can be claimed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; roots that are known already count as anchored in time."""
    op.add_column("anchors", sa.Column("since", sa.BigInteger(), nullable=False, server_default="0"))
