"""Which of several copies of Foundry is used. The tools are scripts that say a version."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import foundry
from deploy.foundry import FoundryError, find, pinned_version


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH (but for a shell), and a project without node_modules."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text((foundry.ROOT / "package.json").read_text())
    monkeypatch.setattr(foundry, "ROOT", project)
    return tmp_path


def tool(path: Path, says: str, status: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
    path.chmod(0o755)
    return path


def npm(folder: Path) -> Path:
    path = foundry._from_npm("forge")
    assert path.is_relative_to(folder / "project")
    return tool(path, "forge Version: 0.0.0")


def wanted(offset: int = 0) -> str:
    major, minor, patch = pinned_version("forge")
    return f"{major}.{minor}.{patch + offset}"


@pytest.mark.parametrize("offset", [0, 1])
def test_find__when_the_users_own_is_new_enough__then_it_is_preferred(folder: Path, offset: int) -> None:
    npm(folder)
    own = tool(folder / "bin" / "forge", f"forge Version: {wanted(offset)}-stable\nCommit SHA: 1.0.0")
    assert find("forge") == own


@pytest.mark.parametrize("says", ["forge Version: 0.2.0", "forge 1.0.0", "something else", ""])
def test_find__when_the_users_own_is_older__then_npms(folder: Path, says: str) -> None:
    tool(folder / "bin" / "forge", says)
    path = npm(folder)
    assert find("forge") == path


def test_find__when_the_users_own_is_older_and_there_is_no_other__then_says_what_to_do(folder: Path) -> None:
    own = tool(folder / "bin" / "forge", "forge Version: 0.2.0")
    with pytest.raises(FoundryError) as caught:
        find("forge")
    for part in (str(own), wanted(), "foundryup", "make setup"):
        assert part in str(caught.value)


def test_find__when_the_users_own_does_not_run__then_npms(folder: Path) -> None:
    tool(folder / "bin" / "forge", f"forge Version: {wanted()}", status=1)
    path = npm(folder)
    assert find("forge") == path


def test_find__when_there_is_only_npms__then_that(folder: Path) -> None:
    path = npm(folder)
    assert find("forge") == path


def test_find__when_there_is_none__then_says_what_to_do(folder: Path) -> None:
    with pytest.raises(FoundryError, match=r"not found: run `make setup`"):
        find("forge")
