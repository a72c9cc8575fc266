"""How a request's verdict is wanted, beside its deadline: an anchored one may be claimed after that."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column, and fill it from the questions that are kept."""
    op.add_column("requests", sa.Column("delivery", sa.BigInteger(), nullable=False, server_default="0"))
    requests = sa.table(
        "requests", sa.column("id", sa.LargeBinary()), sa.column("question", sa.JSON()), sa.column("delivery")
    )
    connection = op.get_bind()
    for identity, question in connection.execute(sa.select(requests.c.id, requests.c.question)).all():
        if delivery := int(question.get("delivery", 0)):
            chosen = sa.update(requests).where(requests.c.id == identity)
            connection.execute(chosen.values(delivery=delivery))
