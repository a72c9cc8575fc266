"""Compile the contracts with py-solc-x, under the settings of ``foundry.toml``, into the artifacts that the package ships.

    python -m deploy.compile            write oracle/chain/artifacts: Assent.json, Committee.json and Records.json, and the examples of a
                                        consumer and of an arbiter, Clinic.json and Board.json
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
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcInstallationError

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "oracle" / "chain" / "artifacts"
#: The contracts that are Assent together, at one address: the first, which delegates to the others.
PARTS = tuple((f"contracts/{name}.sol", name) for name in ("Assent", "AssentRequests", "AssentAgreements"))
RECORDS = ("contracts/Records.sol", "Records")
#: Nothing of it is on the way of a verdict: it is compiled for size.
COMMITTEE = ("contracts/Committee.sol", "Committee")
#: Examples: of a contract that asks for verdicts, and of an arbiter.
EXAMPLES = (("contracts/consumers/Clinic.sol", "Clinic"), ("contracts/consumers/Board.sol", "Board"))
#: What a contract without one has, which no ABI says.
_NO_CONSTRUCTOR = {"type": "constructor", "inputs": [], "stateMutability": "nonpayable"}
#: What of an ABI can be called, read or caught by its name.
_NAMED = ("function", "event", "error")
_OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode"]
_IMPORT = re.compile(r"^\s*import\s[^;]*?\"([^\"]+)\";", re.MULTILINE)


def foundry_profile(compiler_profile: str) -> dict[str, Any]:
    """Return the settings of ``foundry.toml`` for what is shipped: the default profile's, under those of a compiler profile."""
    profile: dict[str, Any] = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    named = {each["name"]: each for each in profile["additional_compiler_profiles"]}
    return {**profile, **named[compiler_profile]}


def _sources(profile: dict[str, Any], entries: Sequence[str]) -> dict[str, dict[str, str]]:
    """Collect sources and everything that they import, by forge's names for them."""
    remappings = [entry.split("=", 1) for entry in profile["remappings"]]
    pending, found = list(entries), {}
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


def standard_input(profile: dict[str, Any], contracts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return solc's standard JSON input for contracts (file and name each), as forge would build it."""
    return {
        "language": "Solidity",
        "sources": _sources(profile, [file for file, _ in contracts]),
        "settings": {
            "remappings": profile["remappings"],
            "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
            "metadata": {"bytecodeHash": profile["bytecode_hash"], "appendCBOR": profile["cbor_metadata"]},
            "viaIR": profile["via_ir"],
            "evmVersion": profile["evm_version"],
            "outputSelection": {file: {name: _OUTPUTS} for file, name in contracts},
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


def solc(contracts: Sequence[tuple[str, str]], compiler_profile: str = "shipped") -> dict[tuple[str, str], Any]:
    """Compile contracts (file and name each) and return solc's output for each."""
    binary, name = compiler()
    print(f"compile: {', '.join(contract for _, contract in contracts)} with {name} …", file=sys.stderr, flush=True)
    request = standard_input(foundry_profile(compiler_profile), contracts)
    output = solcx.compile_standard(request, solc_binary=str(binary), base_path=str(ROOT))
    return {(file, contract): output["contracts"][file][contract] for file, contract in contracts}


def compile_artifacts() -> dict[str, dict[str, Any]]:
    """Compile and return the artifacts by file name.

    Each has its ABI (Assent's is that of all its parts), and under ``contracts`` what is deployed for it: ``constructor`` (the
    constructor's ABI), ``bytecode``, ``runtime`` and the runtime's ``immutables``.
    """
    compiled = {**solc((*PARTS, RECORDS, *EXAMPLES)), **solc((COMMITTEE,), "small")}
    return {
        "Assent.json": _artifact(compiled, PARTS),
        "Committee.json": _artifact(compiled, (COMMITTEE,), "small"),
        "Records.json": _artifact(compiled, (RECORDS,)),
        **{f"{each[1]}.json": _example(compiled[each]) for each in EXAMPLES},
    }


def _example(compiled: dict[str, Any]) -> dict[str, Any]:
    return {"compiler": _settings("shipped"), "abi": compiled["abi"], "bytecode": _part(compiled)["bytecode"]}


def _artifact(
    compiled: dict[tuple[str, str], Any], parts: Sequence[tuple[str, str]], compiler_profile: str = "shipped"
) -> dict[str, Any]:
    return {
        "compiler": _settings(compiler_profile),
        "abi": _distinct(entry for part in parts for entry in compiled[part]["abi"] if entry["type"] in _NAMED),
        "contracts": {part[1]: _part(compiled[part]) for part in parts},
    }


def _settings(compiler_profile: str) -> dict[str, Any]:
    profile = foundry_profile(compiler_profile)
    return {
        "solc": json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"],
        "evmVersion": profile["evm_version"],
        "optimizerRuns": profile["optimizer_runs"],
        "viaIR": profile["via_ir"],
    }


def _part(compiled: dict[str, Any]) -> dict[str, Any]:
    runtime = compiled["evm"]["deployedBytecode"]
    spans = [[span["start"], span["length"]] for each in runtime["immutableReferences"].values() for span in each]
    return {
        "constructor": next((entry for entry in compiled["abi"] if entry["type"] == "constructor"), _NO_CONSTRUCTOR),
        "bytecode": "0x" + compiled["evm"]["bytecode"]["object"],
        "runtime": "0x" + runtime["object"],
        "immutables": sorted(spans),
    }


def _distinct(abi: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave one of each entry: each part declares what it reverts with."""
    named: dict[tuple[str, ...], dict[str, Any]] = {}
    for entry in abi:
        kinds = ",".join(item["type"] for item in entry.get("inputs", ()))
        named.setdefault((entry["type"], entry["name"], kinds), entry)
    return list(named.values())


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check: bool = parser.parse_args().check
    texts = {FOLDER / name: json.dumps(content, indent=1) + "\n" for name, content in compile_artifacts().items()}
    if check:
        stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run `make compile` and commit it", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text)
        print(f"compile: wrote {path.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
