"""One bytecode, whoever compiles: py-solc-x, what the package ships, and forge."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from eth_utils.abi import collapse_if_tuple

from deploy import compile as compiling
from deploy.compile import FOLDER, ROOT, compile_artifacts
from deploy.foundry import find
from oracle.chain.abi import CONTRACTS, artifact, example_artifact
from oracle.chain.remedies import REMEDIES

#: Forge may be compiling all of the contracts' tests beside this.
_LONGEST_S = 900
pytestmark = pytest.mark.timeout(2 * _LONGEST_S)


@pytest.fixture(scope="module")
def compiled() -> dict[str, dict[str, Any]]:
    return compile_artifacts()


def ordered(abi: list[dict[str, object]]) -> list[str]:
    return sorted(json.dumps(entry, sort_keys=True) for entry in abi)


def unnamed(abi: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    """Return what can be called, read or caught, by its types: an interface doesn't name what is returned."""

    def kinds(entry: dict[str, Any], side: str) -> str:
        return ",".join(map(collapse_if_tuple, entry.get(side, ())))

    return {
        (each["type"], each["name"], kinds(each, "inputs"), kinds(each, "outputs"), each.get("stateMutability", ""))
        for each in abi
    }


def test_compile__when_run__then_equals_what_the_package_ships(compiled: dict[str, dict[str, Any]]) -> None:
    shipped = {f"{name}.json": artifact(name) for name in CONTRACTS}
    examples = {f"{name}.json": example_artifact(name) for name in ("Clinic", "Board")}
    assert compiled == {**shipped, **examples}
    assert compiled == {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}


def test_compile__when_forge_compiles_too__then_the_same_bytecode(
    compiled: dict[str, dict[str, Any]], tmp_path: Path
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
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=_LONGEST_S)
    for contract in CONTRACTS:
        abi = set(ordered(artifact(contract)["abi"]))
        for name, part in compiled[f"{contract}.json"]["contracts"].items():
            built = json.loads((tmp_path / "out" / f"{name}.sol" / f"{name}.json").read_text())
            assert built["bytecode"]["object"] == part["bytecode"]
            assert built["deployedBytecode"]["object"] == part["runtime"]
            # All that any part can revert with is in the one ABI.
            errors = [entry for entry in built["abi"] if entry["type"] == "error"]
            assert set(ordered(errors)) <= abi
    interface = json.loads((tmp_path / "out" / "IAssent.sol" / "IAssent.json").read_text())
    promised = unnamed(interface["abi"]) - {("event", "EIP712DomainChanged", "", "", "")}  # its domain never does
    assert promised <= unnamed(artifact()["abi"])
    for name in ("Clinic", "Board"):
        example = json.loads((tmp_path / "out" / f"{name}.sol" / f"{name}.json").read_text())
        assert example["bytecode"]["object"] == example_artifact(name)["bytecode"]


def test_runtime__when_compiled__then_each_part_fits_a_contract(compiled: dict[str, dict[str, Any]]) -> None:
    sizes = {
        name: len(part["runtime"]) // 2 - 1
        for contract in CONTRACTS
        for name, part in compiled[f"{contract}.json"]["contracts"].items()
    }
    assert max(sizes.values()) <= 24_576, sizes


def test_remedies__when_an_error_is_in_the_abi__then_it_has_one() -> None:
    errors = {entry["name"] for name in CONTRACTS for entry in artifact(name)["abi"] if entry["type"] == "error"}
    assert set(REMEDIES) == errors


def test_main__when_an_artifact_is_out_of_date__then_check_says_so(
    compiled: dict[str, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(compiling, "compile_artifacts", lambda: compiled)
    monkeypatch.setattr(compiling, "ROOT", tmp_path)
    monkeypatch.setattr(compiling, "FOLDER", tmp_path / "artifacts")
    monkeypatch.setattr("sys.argv", ["compile", "--check"])
    assert compiling.main() == 1
    assert "make compile" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["compile"])
    assert compiling.main() == 0
    monkeypatch.setattr("sys.argv", ["compile", "--check"])
    assert compiling.main() == 0
