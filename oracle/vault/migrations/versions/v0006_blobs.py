"""The name of a record's ciphertext, where that isn't in the database but with whoever keeps ciphertexts."""

import sqlalchemy as sa
from alembic import op

revision = "v0006"
down_revision = "v0005"


def upgrade() -> None:
    """Add the column."""
    op.add_column("records", sa.Column("blob", sa.String(), nullable=True))
