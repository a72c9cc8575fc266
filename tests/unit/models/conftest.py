"""Fixtures: the shipped package as it is, as bytes to alter, and as a folder to alter."""

from collections.abc import Callable
from pathlib import Path

import pytest

from oracle.models.card import ModelCard
from oracle.models.folder import read_files
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime
from oracle.models.zoo.screening import PACKAGE


@pytest.fixture(scope="session")
def package() -> ModelPackage:
    return ModelPackage.load(PACKAGE)


@pytest.fixture(scope="session")
def card(package: ModelPackage) -> ModelCard:
    return package.card


@pytest.fixture(scope="session")
def runtime(package: ModelPackage) -> LocalRuntime:
    return LocalRuntime(package)


@pytest.fixture
def files() -> dict[str, bytes]:
    return read_files(PACKAGE)


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    """Return a function that puts files into a new folder and returns it."""

    def put(files: dict[str, bytes]) -> Path:
        folder = tmp_path / "package"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder

    return put


@pytest.fixture
def middle(card: ModelCard) -> dict[str, object]:
    """Fields in the middle of every range."""
    return {feature.name: (feature.minimum + feature.maximum) / 2 for feature in card.inputs}
