"""All attempts of a nonce, by sender; the blocks at which the cursor stood. What was sent before keeps its one attempt."""

import sqlalchemy as sa
from alembic import op
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

revision = "0003"
down_revision = "0002"

_FORMER = ("nonce", "kind", "request", "raw", "hash", "max_fee_wei", "sent_block", "state")


def upgrade() -> None:
    """Make the tables anew, and fill them with what was sent."""
    former = sa.table("transactions", *(sa.column(name) for name in _FORMER))
    sent = [row._asdict() for row in op.get_bind().execute(sa.select(former))]
    op.drop_table("transactions")
    transactions = op.create_table(
        "transactions",
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sender", "nonce"),
    )
    for name in ("request", "state"):
        op.create_index(f"ix_transactions_{name}", "transactions", [name])
    attempts = op.create_table(
        "attempts",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("max_fee_wei", sa.String(), nullable=False),
        sa.Column("tip_wei", sa.String(), nullable=False),
        sa.Column("sent_block", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("attempts_by_nonce", "attempts", ["sender", "nonce"])
    op.create_table(
        "blocks",
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    if sent:
        _fill(transactions, attempts, sent)


def _fill(transactions: sa.Table, attempts: sa.Table, sent: list[dict[str, object]]) -> None:
    """The sender and the tip weren't columns: they stand in what was signed."""
    for row in sent:
        raw = HexBytes(bytes(row["raw"]))  # type: ignore[call-overload]
        row["sender"] = Account.recover_transaction(raw)
        row["tip_wei"] = str(TypedTransaction.from_bytes(raw).as_dict()["maxPriorityFeePerGas"])
    op.bulk_insert(transactions, [{column.name: row[column.name] for column in transactions.columns} for row in sent])
    op.bulk_insert(attempts, [{column.name: row[column.name] for column in attempts.columns} for row in sent])
