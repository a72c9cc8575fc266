"""The tables as they were before there were migrations."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BYTES, INTEGER, TEXT, JSON, STATE = sa.LargeBinary(), sa.BigInteger(), sa.String(), sa.JSON(), sa.String(9)
NUMBER: sa.Double[float] = sa.Double()

#: Name, columns, key, columns with an index of their own, columns that may be null.
TABLES: tuple[tuple[str, dict[str, Any], list[str], list[str], list[str]], ...] = (
    ("meta", {"key": TEXT, "value": TEXT}, ["key"], [], []),
    ("cursor", {"name": TEXT, "block_number": INTEGER, "block_hash": BYTES}, ["name"], [], []),
    (
        "agreements",
        {"id": BYTES, "block_number": INTEGER, "terms": JSON, "valid_until": INTEGER, "withdrawn_block": INTEGER},
        ["id"],
        ["block_number"],
        ["withdrawn_block"],
    ),
    ("records", {"id": BYTES, "block_number": INTEGER, "terms": JSON, "vault": TEXT}, ["id"], ["block_number"], []),
    ("models", {"id": BYTES, "block_number": INTEGER, "terms": JSON}, ["id"], ["block_number"], []),
    ("currencies", {"address": TEXT, "block_number": INTEGER, "index": INTEGER}, ["address"], ["block_number"], []),
    (
        "requests",
        {
            "id": BYTES,
            "block_number": INTEGER,
            "agreement": BYTES,
            "question": JSON,
            "deadline": INTEGER,
            "stage": STATE,
            "ended_block": INTEGER,
            "attempts": INTEGER,
            "not_before": NUMBER,
            "reason": TEXT,
            "message": TEXT,
            "evaluation": JSON,
            "verdict": JSON,
        },
        ["id"],
        ["agreement", "block_number", "ended_block"],
        ["ended_block", "reason", "message", "evaluation", "verdict"],
    ),
    (
        "anchors",
        {"pool": BYTES, "block_number": INTEGER, "root": BYTES, "count": INTEGER, "transaction": BYTES},
        ["pool"],
        ["block_number"],
        [],
    ),
    (
        "standing",
        {
            "id": BYTES,
            "block_number": INTEGER,
            "agreement": BYTES,
            "question": JSON,
            "schedule": JSON,
            "ended_block": INTEGER,
        },
        ["id"],
        ["agreement", "block_number", "ended_block"],
        ["ended_block"],
    ),
    (
        "rounds",
        {"standing": BYTES, "round": INTEGER, "block_number": INTEGER, "request": BYTES},
        ["standing", "round"],
        ["block_number"],
        [],
    ),
    (
        "challenges",
        {
            "request": BYTES,
            "block_number": INTEGER,
            "until": INTEGER,
            "state": STATE,
            "ended_block": INTEGER,
            "attempts": INTEGER,
            "not_before": NUMBER,
            "evaluation": JSON,
        },
        ["request"],
        ["block_number", "ended_block", "state"],
        ["ended_block", "evaluation"],
    ),
    ("trails", {"digest": BYTES, "request": BYTES, "content": BYTES}, ["digest"], ["request"], []),
    (
        "transactions",
        {
            "nonce": INTEGER,
            "kind": TEXT,
            "request": BYTES,
            "raw": BYTES,
            "hash": BYTES,
            "max_fee_wei": TEXT,
            "sent_block": INTEGER,
            "state": TEXT,
        },
        ["nonce"],
        ["request", "state"],
        [],
    ),
    (
        "reports",
        {"root": BYTES, "epoch": INTEGER, "count": INTEGER, "proposer": TEXT, "at": INTEGER},
        ["root"],
        ["at"],
        [],
    ),
    (
        "report_verdicts",
        {
            "root": BYTES,
            "request": BYTES,
            "outcome": INTEGER,
            "score": INTEGER,
            "trail": BYTES,
            "leaf": BYTES,
            "pool": BYTES,
            "epoch": INTEGER,
            "proof": JSON,
        },
        ["root", "request"],
        ["pool", "request"],
        ["proof"],
    ),
    (
        "evidence",
        {
            "request": BYTES,
            "attester": TEXT,
            "outcome": INTEGER,
            "score": INTEGER,
            "trail": BYTES,
            "epoch": INTEGER,
            "count": INTEGER,
            "proof": JSON,
            "signature": BYTES,
            "at": INTEGER,
        },
        ["request", "attester", "outcome", "score"],
        ["at"],
        [],
    ),
    ("misses", {"attester": TEXT, "asked": INTEGER, "missed": INTEGER, "in_a_row": INTEGER}, ["attester"], [], []),
)


def upgrade() -> None:
    """Make all tables."""
    for name, columns, key, indexed, optional in TABLES:
        made: list[sa.Column[Any]] = [
            sa.Column(each, kind, nullable=each in optional, autoincrement=False) for each, kind in columns.items()
        ]
        op.create_table(name, *made, sa.PrimaryKeyConstraint(*key))
        for each in indexed:
            op.create_index(f"ix_{name}_{each}", name, [each])
    op.create_index("requests_by_stage", "requests", ["stage", "not_before"])
