"""An archive for requests that ended long ago; requests are found by their block, anchored roots by the root."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the archive's tables and the indexes."""
    for name, key, others in (("archived", "request", []), ("archived_trails", "digest", ["request"])):
        columns: list[sa.Column[bytes]] = [
            sa.Column(each, sa.LargeBinary(), nullable=False) for each in (key, *others, "content")
        ]
        op.create_table(name, *columns, sa.PrimaryKeyConstraint(key))
    op.create_index("ix_archived_trails_request", "archived_trails", ["request"])
    op.create_index("ix_anchors_root", "anchors", ["root"])
    op.drop_index("requests_by_stage", "requests")
    op.create_index("requests_by_stage", "requests", ["stage", "block_number"])
