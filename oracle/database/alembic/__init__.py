"""What Alembic runs: the migrations of whichever program's tables it is given."""
