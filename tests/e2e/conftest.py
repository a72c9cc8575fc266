"""One devnet of real processes for all end-to-end tests: Anvil, vault, four operators. A test that breaks a part mends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.devnet import Devnet, DevnetOptions


@pytest.fixture(scope="session")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    folder: Path = tmp_path_factory.mktemp("devnet")
    with Devnet(DevnetOptions(folder), print) as running:
        yield running
