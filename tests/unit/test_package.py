"""What importing costs."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["oracle", "oracle.client", "oracle.api", "oracle.node", "oracle.vault.serve", "oracle.cli"]
)
def test_import__when_any_but_the_runtime__loads_no_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("heavy", ["torch", "web3", "sqlalchemy"])
def test_import__when_oracle_or_its_cli__is_light(heavy: str) -> None:
    code = f"import sys, oracle, oracle.cli; sys.exit('{heavy}' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0
