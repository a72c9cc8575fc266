"""Databases for whichever tests need one: SQLite in a file, and PostgreSQL on a server that the tests start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from postgres_server import Server, postgres_server


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Undo what a test sets up of logging: a command that is run in the tests' own process logs to a stream that is closed after it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Return the tests' PostgreSQL server; skip, and say so, where PostgreSQL isn't installed."""
    with postgres_server() as server:
        if server is None:
            pytest.skip(Server.missing)
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an empty database's URL: the same test runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'node.db'}"
    server: Server = request.getfixturevalue("postgres")
    return server.create()
