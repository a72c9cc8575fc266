"""One operator of four keeps neither attester nor sender key: a remote signer, a process of its own, signs for it."""

from __future__ import annotations

import sys
import time
import tomllib
from pathlib import Path

import requests
import tomli_w

from deploy.devnet import Devnet
from deploy.processes import answers, free_port
from deploy.story import PURPOSE, sign_and_relay
from oracle.core.committee import members_of
from oracle.keys.keystore import read_signer
from oracle.models.zoo.screening.data import held_out

SERVER = Path(__file__).resolve().parents[1] / "signer" / "signer_server.py"
WAIT_S = 120


def wait_for_reason(endpoint: str, wanted: str) -> None:
    """The node looks at itself once a second."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        reasons = requests.get(f"{endpoint}/readyz", timeout=30).json()["reasons"]
        if any(reason.startswith(wanted) for reason in reasons):
            return
        time.sleep(0.5)
    raise AssertionError(reasons)


def errors_of(endpoint: str) -> float:
    lines = requests.get(f"{endpoint}/metrics", timeout=5).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("assent_remote_signer_errors_total"))


def start_signer(devnet: Devnet, keys: Path, port: int) -> None:
    command = [sys.executable, str(SERVER), "--keys", str(keys), "--password-file", str(keys.parent / "password")]
    devnet.processes.start("signer", [*command, "--port", str(port)])
    devnet.processes.wait_until("signer", lambda: answers(f"http://127.0.0.1:{port}/upcheck"))


def test_node__when_a_remote_signer_has_its_keys__signs_and_sends_and_outlives_the_signers_absence(
    devnet: Devnet,
) -> None:
    cases = held_out()
    record = devnet.keep_record(cases[10].fields, devnet.accounts.subject.address)
    agreement, _ = sign_and_relay(devnet, record, uses=256)
    operator = devnet.operators[0]
    index, folder, before = 0, operator.config.parent, operator.config.read_text()
    sender = read_signer(folder / "sender.json", folder / "password").address
    keys, port = folder / "held", free_port()
    keys.mkdir()
    settings = tomllib.loads(before)
    for name in ("attester", "sender"):
        (folder / f"{name}.json").rename(keys / f"{name}.json")
        del settings["keys"][name]
    settings["keys"]["remote"] = {"url": f"http://127.0.0.1:{port}", "attester": [operator.attester], "sender": sender}
    controller = devnet.client(devnet.accounts.controller)

    def until(signed: bool, sent: bool) -> None:
        """Ask until this operator signed a verdict or not, and sent a transaction if it should; each request is recorded."""
        before, give_up = controller.web3.eth.get_transaction_count(sender), time.monotonic() + WAIT_S
        while True:
            # It proposes, signs and sends, unless this machine is so busy that another's turn comes first.
            asked = devnet.ask_in_turn_of(operator, lambda: controller.request(agreement, PURPOSE))
            verdict = controller.wait(asked.id, WAIT_S)
            assert verdict.recorded
            has_sent = controller.web3.eth.get_transaction_count(sender) > before
            if signed == (index in members_of(verdict.signers or 0)) and (has_sent or not sent):
                return
            assert time.monotonic() < give_up

    devnet.processes.stop(operator.name)
    operator.config.write_text(tomli_w.dumps(settings))
    try:
        start_signer(devnet, keys, port)
        devnet.start_node(operator.name)
        devnet.wait_ready(operator.name)
        until(signed=True, sent=True)
        assert errors_of(operator.endpoint) == 0

        devnet.processes.kill("signer")
        until(signed=False, sent=False)
        wait_for_reason(operator.endpoint, "keys: the remote signer")
        assert errors_of(operator.endpoint) > 0

        start_signer(devnet, keys, port)
        devnet.wait_ready(operator.name)
        until(signed=True, sent=True)
    finally:
        if "signer" in devnet.processes:
            devnet.processes.kill("signer")
        devnet.processes.stop(operator.name)
        for name in ("attester", "sender"):
            (keys / f"{name}.json").rename(folder / f"{name}.json")
        operator.config.write_text(before)
        devnet.start_node(operator.name)
        devnet.wait_ready(operator.name)
