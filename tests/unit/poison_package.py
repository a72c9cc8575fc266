"""A package of the poison architecture, and how a worker comes to know that architecture."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.models.folder import CARD, read_files
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE


def poison_package() -> ModelPackage:
    """The screening package under the poison architecture: the same answers, until a value makes it misbehave."""
    files = read_files(PACKAGE)
    card = ModelPackage.load(PACKAGE).card.model_copy(update={"architecture": "poison"})
    return ModelPackage.from_files({**files, CARD: card.to_toml()})


def altered(package: ModelPackage) -> ModelPackage:
    """The package with one bit of a weight flipped after it was digested."""
    files = dict(package.files)
    files["model.safetensors"] = package.weights[:-1] + bytes([package.weights[-1] ^ 1])
    return replace(package, files=files)


def install_poison(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the architecture, as a distribution with an entry point, for processes started from now on."""
    metadata = folder / "poison-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: poison\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[assent.models]\npoison = poison_network:build\n")
    paths = [str(folder), str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
