"""Where Foundry's tools are: the user's own on PATH if new enough, else the ones that ``npm ci`` installed.

python -m deploy.foundry forge      print the path of forge
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PLATFORMS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class FoundryError(Exception):
    """A tool of Foundry can't be found, or is too old."""


def pinned_version(tool: str) -> tuple[int, ...]:
    """Return the version of a tool that ``package.json`` pins."""
    pins = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    return _parse(pins[f"@foundry-rs/{tool}"])


def _parse(text: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else (0, 0, 0)


def _version_of(path: str) -> tuple[int, ...]:
    try:
        printed = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return (0, 0, 0)
    return _parse(printed)


def _from_npm(tool: str) -> Path:
    system = platform.system().lower()
    name = f"{tool}-{'win32' if system == 'windows' else system}-{_PLATFORMS.get(platform.machine().lower(), 'amd64')}"
    return ROOT / "node_modules" / "@foundry-rs" / name / "bin" / (f"{tool}.exe" if system == "windows" else tool)


def find(tool: str) -> Path:
    """Return the path of ``forge``, ``anvil`` or ``cast``. Raises FoundryError that says what to do."""
    wanted = pinned_version(tool)
    shown = ".".join(map(str, wanted))
    own, npm = shutil.which(tool), _from_npm(tool)
    if own is not None and _version_of(own) >= wanted:
        return Path(own)
    if npm.exists():
        return npm
    if own is not None:
        raise FoundryError(
            f"{own} is older than {shown}: run `foundryup`, or `make setup` for a copy of the project's own"
        )
    raise FoundryError(f"{tool} {shown} not found: run `make setup`, or install Foundry")


def anvil_command(port: int, *arguments: str) -> list[str]:
    """Return the command of an Anvil on a loopback port (0: any that is free), under the rules that mainnet has: Osaka's, with its limit of
    2^24 gas a transaction (EIP-7825). Raises FoundryError.
    """
    rules = ("--hardfork", "osaka", "--enable-tx-gas-limit")
    return [str(find("anvil")), "--host", "127.0.0.1", "--port", str(port), *rules, "--accounts", "23", *arguments]


if __name__ == "__main__":
    try:
        print(find(sys.argv[1]))
    except FoundryError as error:
        sys.exit(str(error))
