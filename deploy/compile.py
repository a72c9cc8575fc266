"""Compile the contracts with py-solc-x, under the settings of ``foundry.toml``, into the artifact that the package ships.

    python -m deploy.compile            write oracle/chain/artifacts/Assent.json
    python -m deploy.compile --check    exit 1 if what is written differs from a fresh compilation

The npm package behind ``tools/solc.js`` compiles, as it does for forge; ``ASSENT_NATIVE_SOLC=1`` has py-solc-x install a native solc of the
same version instead, where the network allows it. Both give the same bytecode.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcInstallationError

ROOT = Path(__file__).resolve().parent.parent
ARTIFACT = ROOT / "oracle" / "chain" / "artifacts" / "Assent.json"
CONTRACT = ("contracts/Assent.sol", "Assent")
_IMPORT = re.compile(r"^\s*import\s[^;]*?\"([^\"]+)\";", re.MULTILINE)


def foundry_profile() -> dict[str, Any]:
    """Return the default profile of ``foundry.toml``: one place for compiler settings."""
    profile: dict[str, Any] = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    return profile


def _sources(profile: dict[str, Any], entry: str) -> dict[str, dict[str, str]]:
    """Collect a source and everything that it imports, by forge's names for them."""
    remappings = [entry.split("=", 1) for entry in profile["remappings"]]
    pending, found = [entry], {}
    while pending:
        name = pending.pop()
        if name in found:
            continue
        text = (ROOT / name).read_text()
        found[name] = {"content": text}
        for target in _IMPORT.findall(text):
            pending.append(_resolve(name, target, remappings))
    return dict(sorted(found.items()))


def _resolve(importer: str, target: str, remappings: list[list[str]]) -> str:
    if target.startswith("."):
        return os.path.normpath(Path(importer).parent / target)
    for prefix, place in remappings:
        if target.startswith(prefix):
            return place + target.removeprefix(prefix)
    return target


def standard_input(profile: dict[str, Any]) -> dict[str, Any]:
    """Return solc's standard JSON input for the contract, as forge would build it."""
    return {
        "language": "Solidity",
        "sources": _sources(profile, CONTRACT[0]),
        "settings": {
            "remappings": profile["remappings"],
            "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
            "metadata": {"bytecodeHash": profile["bytecode_hash"], "appendCBOR": profile["cbor_metadata"]},
            "viaIR": profile["via_ir"],
            "evmVersion": profile["evm_version"],
            "outputSelection": {CONTRACT[0]: {CONTRACT[1]: ["abi", "evm.bytecode.object", "evm.deployedBytecode"]}},
        },
    }


def compiler() -> tuple[Path, str]:
    """Return a solc of the pinned version: its path, and how to name it to a person."""
    version = json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"]
    wrapper = ROOT / "tools" / "solc.js"
    if os.environ.get("ASSENT_NATIVE_SOLC") != "1" and (ROOT / "node_modules" / "solc").is_dir():
        return wrapper, f"npm solc {version}"
    try:
        solcx.install_solc(version, show_progress=False)
    except (SolcInstallationError, OSError, solcx.exceptions.DownloadError) as error:
        raise SystemExit(
            f"no solc {version}: run `make setup` (npm), or give py-solc-x access to the network ({error})"
        ) from error
    return solcx.install.get_executable(version), f"native solc {version}"


def compile_contract() -> dict[str, Any]:
    """Compile and return the artifact: ``abi``, ``bytecode``, ``runtime`` and its ``immutables``, and the compiler's settings."""
    profile = foundry_profile()
    binary, name = compiler()
    print(f"compile: {CONTRACT[1]} with {name} …", file=sys.stderr, flush=True)
    request = standard_input(profile)
    output = solcx.compile_standard(request, solc_binary=str(binary), base_path=str(ROOT))
    compiled = output["contracts"][CONTRACT[0]][CONTRACT[1]]
    runtime = compiled["evm"]["deployedBytecode"]
    spans = sorted(
        ([span["start"], span["length"]] for spans in runtime["immutableReferences"].values() for span in spans),
    )
    return {
        "contract": CONTRACT[1],
        "compiler": {
            "solc": json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"],
            "evmVersion": profile["evm_version"],
            "optimizerRuns": profile["optimizer_runs"],
            "viaIR": profile["via_ir"],
        },
        "abi": compiled["abi"],
        "bytecode": "0x" + compiled["evm"]["bytecode"]["object"],
        "runtime": "0x" + runtime["object"],
        "immutables": spans,
    }


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check: bool = parser.parse_args().check
    text = json.dumps(compile_contract(), indent=1) + "\n"
    if check:
        if not ARTIFACT.exists() or ARTIFACT.read_text() != text:
            print(f"{ARTIFACT.relative_to(ROOT)} is out of date: run `make compile` and commit it", file=sys.stderr)
            return 1
        return 0
    ARTIFACT.parent.mkdir(parents=True, exist_ok=True)
    ARTIFACT.write_text(text)
    print(f"compile: wrote {ARTIFACT.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
