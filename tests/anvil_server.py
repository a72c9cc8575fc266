"""An Anvil of a test's own, on a free loopback port."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.foundry import anvil_command


@contextmanager
def anvil(*arguments: str) -> Iterator[str]:
    """Run Anvil under the rules that mainnet has; yield its URL."""
    process = subprocess.Popen(anvil_command(0, *arguments), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    drain = threading.Thread(target=process.stdout.read)  # a full pipe would stop Anvil
    try:
        found = next(found for line in process.stdout if (found := re.search(r"Listening on ([\d.]+:\d+)", line)))
        drain.start()
        yield f"http://{found[1]}"
    finally:
        process.terminate()
        process.wait(timeout=10)
        drain.join()
        process.stdout.close()
