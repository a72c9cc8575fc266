"""The commands that the README names, run as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from deploy.story import BUILD

UP_S, DOWN_S = 90, 40


def processes_of(folder: Path) -> list[str]:
    """Return the command lines, of processes of this machine, that name a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


def start_devnet(folder: Path) -> tuple[subprocess.Popen[str], dict[str, object]]:
    ports = [f"--{name}-port=0" for name in ("anvil", "vault", "node")]
    command = [sys.executable, "-m", "oracle.cli", "devnet", "up", "--json", "--folder", str(folder), *ports]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process.stdout as printed:
        facts: dict[str, object] = json.loads(printed.readline())
    return process, facts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_devnet_up__when_it_is_told_to_end_or_killed__leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "devnet"
    process, facts = start_devnet(folder)
    operators = facts["operators"]
    assert isinstance(operators, list)
    ready = [requests.get(f"{operator['endpoint']}/readyz", timeout=5).json() for operator in operators]
    assert [answer["ready"] for answer in ready] == [True] * 4
    process.send_signal(number)
    status = process.wait(DOWN_S)
    assert status == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    until = time.monotonic() + DOWN_S
    while left := processes_of(folder):
        assert time.monotonic() < until, left
        time.sleep(0.2)
    with pytest.raises(requests.ConnectionError):
        requests.post(str(facts["rpcUrl"]), json={}, timeout=2)


def test_devnet_up__when_the_folder_is_somebody_elses__touches_nothing(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work")
    command = [sys.executable, "-m", "oracle.cli", "devnet", "up", "--folder", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=UP_S, check=False)
    assert ended.returncode == 2
    assert "isn't a devnet's" in " ".join(ended.stderr.split())
    assert precious.read_text() == "years of work"


@pytest.mark.parametrize(("module", "closing"), [("deploy.demo", "demo: ok"), ("deploy.holdout", "holdout: ok")])
def test_story__when_told__ends_well_and_writes_its_figures(module: str, closing: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", module],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    assert ended.stdout.splitlines()[-1] == closing
    figures = json.loads((BUILD / f"{module.removeprefix('deploy.')}.json").read_text())
    assert figures["ok"] is True
    assert module != "deploy.holdout" or figures["equal"] == figures["cases"] == 57
