"""One bytecode, whoever compiles: py-solc-x, what the package ships, and forge."""

import json
import subprocess
from pathlib import Path

import pytest

from deploy import compile as compiling
from deploy.compile import ARTIFACT, ROOT, compile_contract
from deploy.foundry import find
from oracle.chain.abi import artifact


@pytest.fixture(scope="module")
def compiled() -> dict[str, object]:
    return compile_contract()


def ordered(abi: list[dict[str, object]]) -> list[str]:
    return sorted(json.dumps(entry, sort_keys=True) for entry in abi)


def test_compile_contract__when_run__then_equals_what_the_package_ships(compiled: dict[str, object]) -> None:
    assert compiled == json.loads(ARTIFACT.read_text()) == artifact()


def test_compile_contract__when_forge_compiles_too__then_the_same_bytecode(
    compiled: dict[str, object], tmp_path: Path
) -> None:
    command = [
        str(find("forge")),
        "build",
        "contracts",
        "--out",
        str(tmp_path / "out"),
        "--cache-path",
        str(tmp_path / "cache"),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=280)
    built = json.loads((tmp_path / "out" / "Assent.sol" / "Assent.json").read_text())
    assert built["bytecode"]["object"] == compiled["bytecode"]
    assert built["deployedBytecode"]["object"] == compiled["runtime"]
    # Each orders the entries in its own way.
    assert ordered(built["abi"]) == ordered(artifact()["abi"])


def test_main__when_the_artifact_is_out_of_date__then_check_says_so(
    compiled: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiling, "compile_contract", lambda: compiled)
    monkeypatch.setattr(compiling, "ROOT", tmp_path)
    monkeypatch.setattr(compiling, "ARTIFACT", tmp_path / "artifacts" / "Assent.json")
    monkeypatch.setattr("sys.argv", ["compile", "--check"])
    assert compiling.main() == 1
    assert "make compile" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["compile"])
    assert compiling.main() == 0
    monkeypatch.setattr("sys.argv", ["compile", "--check"])
    assert compiling.main() == 0
