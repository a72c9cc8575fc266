"""The commands that the README names, run as a user runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.deployment import FOLDER
from deploy.story import BUILD
from oracle.cli.devnet import _next_steps

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
    published = FOLDER / "31337.json"
    if number != signal.SIGKILL and published.exists():
        assert json.loads(published.read_text())["rpc_url"] != facts["rpcUrl"], (
            "commands would take a chain that is gone"
        )
    with pytest.raises(requests.ConnectionError):
        requests.post(str(facts["rpcUrl"]), json={}, timeout=2)


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("home") / ".devnet"
    process, facts = start_devnet(folder)
    yield {**facts, "folder": folder}
    process.send_signal(signal.SIGINT)
    process.wait(DOWN_S)


def test_readmes_python__beside_a_devnet__gets_a_verdict(devnet: dict[str, Any]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    home = devnet["folder"].parent
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=home, capture_output=True, text=True, timeout=UP_S, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert "'state': 'recorded'" in ended.stdout.splitlines()[-1]


def test_next_steps__as_the_devnet_prints_them__lead_to_an_audited_verdict(devnet: dict[str, Any]) -> None:
    home, ids = devnet["folder"].parent, {}
    for line in _next_steps(devnet):
        command = line.replace("assent", f"{sys.executable} -m oracle.cli", 1)
        for name, value in ids.items():
            command = command.replace(name, value)
        if "draft" not in command:
            command += " --json"
        ended = subprocess.run(
            ["bash", "-c", f"{command}"],
            cwd=home,
            capture_output=True,
            text=True,
            timeout=UP_S,
            check=False,
            env={**os.environ, "ASSENT_DEPLOYMENT": devnet["deployment"]},
        )
        assert ended.returncode == 0, (command, ended.stderr[-2000:])
        if ended.stdout:
            answer = json.loads(ended.stdout)
            ids.setdefault("AGREEMENT", str(answer.get("agreement")))
            ids |= {"REQUEST": answer["request"]} if isinstance(answer.get("request"), str) else {}
    assert answer["passed"] is True


def test_devnet_up__when_another_runs_in_the_folder__then_refused_and_that_one_is_whole(devnet: dict[str, Any]) -> None:
    before = sorted(path for path in devnet["folder"].rglob("*") if "-wal" not in path.name and "-shm" not in path.name)
    ports = [f"--{name}-port=0" for name in ("anvil", "vault", "node")]
    command = [sys.executable, "-m", "oracle.cli", "devnet", "up", "--folder", str(devnet["folder"]), *ports]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=UP_S, check=False)
    assert ended.returncode == 2
    assert "a devnet runs in" in " ".join(ended.stderr.split())
    assert all(path.exists() for path in before)


def test_devnet_up__when_a_port_is_taken__then_named_and_nothing_is_touched(tmp_path: Path) -> None:
    kept = tmp_path / ".assent-devnet"
    kept.touch()
    (tmp_path / "operator0").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "oracle.cli", "devnet", "up", "--folder", str(tmp_path)]
        command += [f"--anvil-port={taken.getsockname()[1]}", "--vault-port=0", "--node-port=0"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=UP_S, check=False)
    assert ended.returncode == 1
    assert "ports in use (anvil" in ended.stderr
    assert (tmp_path / "operator0").is_dir()


def test_devnet_up__when_the_folder_is_somebody_elses__touches_nothing(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work")
    (tmp_path / "logs").mkdir()  # as many a project has
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
