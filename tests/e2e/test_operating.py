"""What an operator does with a real node: looks at it, checks it, has a request tried again, stops it while it works."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from deploy.devnet import Devnet
from deploy.story import PURPOSE, sign_and_relay
from oracle.client import Asked
from oracle.core.structs import Record
from oracle.models.zoo.screening.data import HeldOutCase, held_out

WAIT_S = 60
#: What a node promises to its supervisor.
STOP_S = 20


@pytest.fixture(scope="module")
def cases() -> list[HeldOutCase]:
    return held_out()


def assent(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "oracle.cli", "node", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)


def ask_many(devnet: Devnet, case: HeldOutCase, count: int) -> list[Asked]:
    return ask_about(devnet, devnet.keep_record(case.fields, devnet.accounts.subject.address), count)


def ask_about(devnet: Devnet, record: Record, count: int) -> list[Asked]:
    agreement, _ = sign_and_relay(devnet, record, uses=count)
    controller = devnet.client(devnet.accounts.controller)
    controller.block_time()
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda use: controller.request(agreement, PURPOSE, use=use), range(count)))


@contextmanager
def frozen(devnet: Devnet, *names: str) -> Iterator[None]:
    """Let processes hang: they take connections and never answer."""
    for name in names:
        os.kill(devnet.processes[name].pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for name in names:
            os.kill(devnet.processes[name].pid, signal.SIGCONT)


def told(devnet: Devnet, name: str, path: str) -> Any:
    return requests.get(devnet.operator(name).endpoint + path, timeout=10).json()


def until(done: Any, wait_s: float = WAIT_S) -> None:
    give_up = time.monotonic() + wait_s
    while not done():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def postponed(devnet: Devnet, name: str, asked: Asked) -> int:
    """Return how often an operator put a request off."""
    lines = (devnet.options.folder / "logs" / f"{name}.log").read_text().splitlines()
    return sum("request_postponed" in line and asked.id.hex() in line for line in lines)


def test_check_and_status__when_all_is_well__then_nothing_to_do(devnet: Devnet) -> None:
    config = str(devnet.operators[0].config)
    until(lambda: told(devnet, "operator0", "/v1/status")["ready"])
    checked = assent("check", "--config", config, "--json")
    found = json.loads(checked.stdout)
    assert (checked.returncode, found["problems"]) == (0, []), checked.stderr
    assert (found["running"], found["place"], len(found["peers"])) == (True, "seat", 3)
    status = json.loads(assent("status", "--config", config, "--json").stdout)
    assert [each["name"] for each in status["conditions"] if not each["met"]] == []
    assert len(status["conditions"]) == 11
    shown = assent("status", "--config", config, "--once")
    assert shown.returncode == 0
    assert "ready" in shown.stdout


def test_retry__when_the_vault_is_back__then_tried_at_once_by_the_running_node(
    devnet: Devnet, cases: list[HeldOutCase]
) -> None:
    config, names = devnet.operators[0].config, [each.name for each in devnet.operators]
    devnet.processes.stop("vault")
    try:
        (asked,) = ask_many(devnet, cases[11], 1)
        path = f"/v1/requests/0x{asked.id.hex()}"
        until(lambda: told(devnet, "operator0", "/v1/status")["vaultWaits"] == 1)
        # From the seventh time on the node waits half a minute, or a whole one, before it tries again by itself.
        until(lambda: postponed(devnet, "operator0", asked) >= 7, 2 * WAIT_S)
    finally:
        devnet.start_vault()
    done = assent("retry", "0x" + asked.id.hex(), "--config", str(config), "--json")
    assert json.loads(done.stdout)["reason"] == "vault_unreachable"
    until(lambda: told(devnet, "operator0", path)["stage"] != "seen")
    assert devnet.client(devnet.accounts.controller).wait(asked.id, WAIT_S).recorded
    until(lambda: all(told(devnet, name, path)["stage"] == "recorded" for name in names))
    refused = assent("retry", "0x" + asked.id.hex(), "--config", str(config))
    assert (refused.returncode, "verdict on chain" in refused.stderr) == (1, True)


def test_stop__when_under_load_with_a_hanging_vault_and_peer__then_exit_0_in_time_and_nothing_is_lost(
    devnet: Devnet, cases: list[HeldOutCase]
) -> None:
    record = devnet.keep_record(cases[12].fields, devnet.accounts.subject.address)
    with frozen(devnet, "operator3"):
        asked = ask_about(devnet, record, 12)  # proposals wait for a peer that hangs
        with frozen(devnet, "vault"):
            asked += ask_about(devnet, record, 12)  # and evaluations for a vault that does
            until(lambda: told(devnet, "operator0", "/v1/status")["requests"].get("seen", 0) >= 1)
            began = time.monotonic()
            status = devnet.processes.stop("operator0")
            took = time.monotonic() - began
        log = (devnet.options.folder / "logs" / "operator0.log").read_text().splitlines()
    assert status == 0, log[-5:]
    assert took < STOP_S
    assert json.loads(log[-1])["event"] in ("node_stopped", "stop_forced")
    devnet.start_node("operator0")
    devnet.wait_ready("operator0")
    controller = devnet.client(devnet.accounts.controller)
    assert all(controller.wait(each.id, WAIT_S).recorded for each in asked)


def test_stop__when_told_twice__then_it_ends_at_once(devnet: Devnet) -> None:
    child = devnet.processes["operator1"]
    host, port = devnet.operator("operator1").endpoint.removeprefix("http://").split(":")
    try:
        with socket.create_connection((host, int(port))) as slow:
            # A proposal that never comes whole holds the first stop for seconds.
            slow.sendall(b"POST /v1/reports HTTP/1.1\r\nhost: node\r\ncontent-length: 1000\r\n\r\n{")
            time.sleep(0.5)
            child.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert child.process.poll() is None
            child.process.send_signal(signal.SIGTERM)
            assert child.process.wait(3) == 128 + signal.SIGTERM
        assert json.loads(child.log.read_text().splitlines()[-1])["event"] == "stop_at_once"
    finally:
        devnet.processes.kill("operator1")
        devnet.start_node("operator1")
        devnet.wait_ready("operator1")


def test_logs__when_all_of_this_happened__then_every_line_is_an_event(devnet: Devnet) -> None:
    for operator in devnet.operators:
        lines = (devnet.options.folder / "logs" / f"{operator.name}.log").read_text().splitlines()
        assert lines
        for line in lines:
            assert {"event", "level", "timestamp"} <= json.loads(line).keys()
