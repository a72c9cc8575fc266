"""``assent node``: what it shows, checks and retries, without a node."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
from rich.console import Console
from typer.testing import CliRunner

from oracle.cli.app import app
from oracle.cli.node_http import own_url
from oracle.cli.node_status import render
from oracle.core.digests import Domain
from oracle.keys.keystore import write_secret
from oracle.models.zoo.screening import PACKAGE
from oracle.settings import HttpSettings
from oracle.store.node_store import NodeStore
from oracle.store.tables import RequestRow, Stage, open_database

ID = bytes(range(32))
CONTRACT = "0x" + "ab" * 20
runner = CliRunner()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("pw")
    for number, name in enumerate(("attester", "sender", "seal")):
        write_secret(tmp_path / f"{name}.json", bytes([number + 1]) * 32, "pw", light=True)
    path = tmp_path / "node.toml"
    path.write_text(
        f"""models = ["{PACKAGE}"]
[chain]
rpc_url = "http://127.0.0.1:9"
chain_id = 31337
contract = "{CONTRACT}"
committee = "{CONTRACT}"
records = "{CONTRACT}"
[keys]
attester = "attester.json"
sender = "sender.json"
seal = "seal.json"
password_file = "password"
[http]
port = 0
"""
    )
    return path


@pytest.fixture
def sockets() -> None:
    """Let a test use sockets: nothing listens where it knocks."""
    pytest_socket.enable_socket()


def stored(config: Path, stage: Stage, chain_id: int = 31337) -> None:
    store = NodeStore(open_database(f"sqlite:///{config.parent / 'assent-node.db'}"))
    store.bind(Domain(chain_id, CONTRACT))
    row = RequestRow(
        id=ID, block_number=7, agreement=bytes(32), question={}, deadline=9, stage=stage, attempts=4,
        not_before=time.time() + 999, reason="not_ready", message="asked again",
    )  # fmt: skip
    with store._transaction() as session:
        session.add(row)
    store.close()


def run(*words: str) -> Any:
    return runner.invoke(app, ["node", *words])


def test_retry__when_it_waits__then_due_now_and_says_what_it_was(config: Path) -> None:
    stored(config, Stage.EVALUATED)
    found = run("retry", "0x" + ID.hex(), "--config", str(config), "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout) == {
        "request": "0x" + ID.hex(), "done": "due now", "was": "evaluated", "attempts": 4, "reason": "not_ready",
        "message": "asked again",
    }  # fmt: skip


def test_retry__when_it_has_ended__then_status_1_and_the_reason(config: Path) -> None:
    stored(config, Stage.RECORDED)
    found = run("retry", "0x" + ID.hex(), "--config", str(config))
    assert found.exit_code == 1
    assert "verdict on chain" in found.stderr


def test_retry__when_the_node_never_ran_or_the_database_is_anothers__then_status_2_and_nothing_is_made(
    config: Path,
) -> None:
    words = ("retry", "0x" + ID.hex(), "--config", str(config))
    found = run(*words)
    assert found.exit_code == 2
    assert not (config.parent / "assent-node.db").exists()
    stored(config, Stage.SEEN, chain_id=5)
    found = run(*words)
    assert (found.exit_code, "chain 5" in found.stderr) == (2, True)


@pytest.mark.usefixtures("sockets")
def test_check__when_several_things_are_wrong__then_all_are_told_with_status_1(config: Path) -> None:
    (config.parent / "sender.json").chmod(0o644)
    (config.parent / "attester.json").write_text("{}")
    stored(config, Stage.SEEN, chain_id=5)
    config.write_text(config.read_text() + "[health]\nmin_free_mb = 1000000000\n")
    found = run("check", "--config", str(config), "--json")
    assert found.exit_code == 1, found.output
    problems = json.loads(found.stdout)["problems"]
    for wanted in ("keys.attester: ", "keys.sender: ", "database: ", "health.min_free_mb: ", "chain.rpc_url: "):
        assert any(problem.startswith(wanted) for problem in problems), (wanted, problems)
    assert any("chmod 600" in problem for problem in problems)
    shown = run("check", "--config", str(config))
    assert shown.stderr.count("problem: ") == len(problems)


def test_check__when_the_settings_are_unreadable__then_status_2(tmp_path: Path) -> None:
    assert run("check", "--config", str(tmp_path / "none.toml")).exit_code == 2


@pytest.mark.usefixtures("sockets")
def test_status__when_no_node_answers__then_status_1_and_says_where(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        found = run("status", "--url", url, "--once")
    assert found.exit_code == 1
    assert f"{url}: no node answers" in found.stderr
    assert run("status").exit_code == 2


STATUS: dict[str, Any] = {
    "version": "1", "attesters": ["0x1"], "chainId": 7, "contract": CONTRACT, "startedAt": 0.0, "surveyAgeSeconds": 0.5,
    "ready": False, "conditions": [{"name": "disk", "met": False, "reason": "disk: 3 MB [bold]are left[/bold]"}],
    "head": {"block": 812, "ageSeconds": None, "readSecondsAgo": 3.0, "finality": "safe"}, "requests": {"seen": 4},
    "oldest": {"block": 8, "ageBlocks": 804, "ageSeconds": 7_400.0}, "vaultWaits": 1, "transactions": {},
    "sender": {"address": "0x2", "balanceWei": "1500000000000000000", "verdictCostWei": None, "verdicts": None},
    "epoch": None, "models": {"published": 2, "runnable": 1},
    "peers": [{"attester": "0x3", "endpoint": "http://p\x1b[2J", "asked": 9, "missed": 1, "missedInARow": 0, "lastSeen": None,
               "answerSeconds": 0.25}],
    "waiting": [{"request": "0x9", "stage": "seen", "attempts": 2, "reason": "vault_unreachable", "message": "silent"}],
    "errors": [{"at": 0.0, "service": "watcher", "error": "eth_call: TimeoutError"}], "diskFreeBytes": 3 * 2**30,
}  # fmt: skip


def test_status__when_shown__then_all_of_it_and_no_strangers_markup() -> None:
    console = Console(width=200, record=True, force_terminal=False)
    console.print(render(STATUS))
    text = console.export_text()
    for wanted in ("NOT READY", "[bold]are left[/bold]", "812", "804 blocks, 2 h", "1.5000 ETH", "250 ms", "vault_unreachable",
                   "eth_call: TimeoutError", "3.0 GiB", "not known yet"):  # fmt: skip
        assert wanted in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),  # noqa: S104
        ("::", "http://[::1]:1"),
        ("::1", "http://[::1]:1"),
    ],
)
def test_own_url__when_the_node_listens_somewhere__then_reached_from_this_machine(host: str, url: str) -> None:
    assert own_url(HttpSettings(host=host, port=1)) == url
