"""Fixtures of the services' tests; databases are closed at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from services_world import World, world


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[World]:
    """Four operators, members of epoch 1."""
    made = world(tmp_path)
    yield made
    for each in made.peers:
        each.store.close()
