"""Starts the remote signer of these tests as a process, with keys in key files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from oracle.keys.keystore import write_secret

SERVER = Path(__file__).parent / "signer_server.py"
PASSWORD = "of-the-signer"


def write_keys(folder: Path, secrets: Sequence[bytes]) -> Path:
    """Write key files and their password for a signer; return their folder."""
    kept = folder / "keys"
    kept.mkdir(parents=True)
    for index, secret in enumerate(secrets):
        write_secret(kept / f"{index}.json", secret, PASSWORD, light=True)
    password = folder / "signer-password"
    password.touch(mode=0o600)
    password.write_text(PASSWORD)
    return kept


@contextmanager
def signer_process(folder: Path, secrets: Sequence[bytes] = (), port: int = 0, *tls: str) -> Iterator[int]:
    """Run a remote signer with keys (those of the folder if none are given), and give its port."""
    kept = write_keys(folder, secrets) if secrets else folder / "keys"
    command = [sys.executable, str(SERVER), "--keys", str(kept), "--password-file", str(folder / "signer-password")]
    process = subprocess.Popen([*command, "--port", str(port), *tls], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout as printed:
        try:
            line = printed.readline()
            assert line.startswith("listening on "), line
            yield int(line.split()[-1])
        finally:
            process.kill()
