"""Write what is generated of the npm package ``npm/assent-abi``: the ABIs, from the artifacts, and the deployments on public networks.

python tools/npm_package.py            write src/abi.ts, committee.ts, records.ts, receiver.ts and addresses.ts, and package.json's version
python tools/npm_package.py --check    exit 1 if they are out of date
python tools/npm_package.py --build    compile into build/npm/assent-abi, a folder for ``npm publish``
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "npm" / "assent-abi"
BUILT = ROOT / "build" / "npm" / "assent-abi"
ARTIFACTS = ROOT / "oracle" / "chain" / "artifacts"
DEPLOYMENTS = ROOT / "deploy" / "deployments"
#: Anvil's and Hardhat's chain: what is deployed there is nobody else's.
LOCAL_CHAIN = 31337

Abi = list[dict[str, Any]]
_REVERTS = "and what it reverts with."
#: Each contract's file, constant, and what that says.
_ABIS = {
    "abi.ts": ("assentAbi", f"All that Assent itself does, at `contract` of a deployment, {_REVERTS}", "Assent"),
    "committee.ts": (
        "committeeAbi",
        f"Operators, their roll, and cases of challenged verdicts, at `committee` of a deployment, {_REVERTS}",
        "Committee",
    ),
    "records.ts": (
        "recordsAbi",
        f"Commitments to records, and what is said of erasures, at `records` of a deployment, {_REVERTS}",
        "Records",
    ),
}
_HEADER = "// Written by tools/npm_package.py: don't edit.\n"


def abi(name: str) -> Abi:
    """Return the ABI of an artifact."""
    found: Abi = json.loads((ARTIFACTS / f"{name}.json").read_text())["abi"]
    return found


def _lean(value: Any) -> Any:
    """Return an ABI without Solidity's own types, which viem has no use for."""
    if isinstance(value, list):
        return [_lean(item) for item in value]
    if isinstance(value, dict):
        return {key: _lean(item) for key, item in value.items() if key != "internalType"}
    return value


def _constant(name: str, says: str, entries: Abi) -> str:
    ordered = sorted(entries, key=lambda entry: (entry["type"], entry["name"]))
    lines = "".join(f"  {json.dumps(_lean(entry))},\n" for entry in ordered)
    return f"{_HEADER}\n/** {says} */\nexport const {name} = [\n{lines}] as const;\n"


def _addresses() -> str:
    read = [json.loads(path.read_text()) for path in DEPLOYMENTS.glob("*.json")]
    public = sorted((each for each in read if each["chainId"] != LOCAL_CHAIN), key=lambda each: int(each["chainId"]))
    lines = "".join(
        f"  {each['chainId']}: {{ chainId: {each['chainId']}, contract: {json.dumps(each['contract'])}, "
        f"committee: {json.dumps(each['committee'])}, records: {json.dumps(each['records'])}, "
        f"block: {each['block']}n, models: {json.dumps(each.get('models', {}))} }},\n"
        for each in public
    )
    table = f"{{\n{lines}}}" if lines else "{}"
    return (
        f'{_HEADER}import type {{ Deployment }} from "./deployment.js";\n\n'
        "/** Deployments on public networks, by chain id. Any other's file is read with `parseDeployment`. */\n"
        f"export const deployments: Readonly<Record<number, Deployment>> = {table};\n"
    )


def _manifest() -> str:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return re.sub(r'("version": )"[^"]*"', rf'\1"{version}"', (PACKAGE / "package.json").read_text(), count=1)


def generated() -> dict[Path, str]:
    """Return the content of each file that isn't written by hand, or not all of it."""
    receiver = [entry for entry in abi("Clinic") if entry.get("name") in ("onVerdict", "onSealed")]
    contracts = {
        PACKAGE / "src" / file: _constant(name, says, abi(contract)) for file, (name, says, contract) in _ABIS.items()
    }
    return {
        **contracts,
        PACKAGE / "src" / "receiver.ts": _constant(
            "verdictReceiverAbi", "What a contract has that is called with its verdicts.", receiver
        ),
        PACKAGE / "src" / "addresses.ts": _addresses(),
        PACKAGE / "package.json": _manifest(),
    }


def build() -> None:
    """Compile the package, and lay what npm publishes beside it. Raises SystemExit if it doesn't compile."""
    compiler = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.exists():
        raise SystemExit("no TypeScript: run `make setup`")
    shutil.rmtree(BUILT, ignore_errors=True)
    if subprocess.run(["node", str(compiler), "--project", str(PACKAGE)], check=False).returncode:
        raise SystemExit("npm/assent-abi doesn't compile")
    for source in (PACKAGE / "package.json", PACKAGE / "README.md", ROOT / "LICENSE"):
        shutil.copy(source, BUILT)


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--build", action="store_true", help="compile what is written")
    arguments = parser.parse_args()
    if arguments.build:
        build()
        return 0
    files = generated()
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if arguments.check:
            print(f"{path.relative_to(ROOT)} is out of date: run tools/npm_package.py and commit it", file=sys.stderr)
        else:
            path.write_text(files[path])
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
