"""What importing the audit costs."""

import subprocess
import sys


def test_import__loads_no_torch() -> None:
    code = "import sys, oracle.audit; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0
