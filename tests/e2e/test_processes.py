"""The whole system as processes: what it answers, and what it does when a part is missing, lies, or comes back."""

from __future__ import annotations

import math
import secrets
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests
import tomli_w
from web3.types import RPCEndpoint

from deploy.devnet import Devnet
from deploy.story import PURPOSE, sign_and_relay
from oracle.client import Asked, AssentClient
from oracle.core.committee import members_of
from oracle.core.digests import report_digest, report_leaf
from oracle.core.errors import ContractRevertError
from oracle.core.structs import MIN_OPEN_S, RequestState
from oracle.core.trail import Trail
from oracle.keys.keystore import read_signer
from oracle.models.features import features
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE
from oracle.models.zoo.screening.data import HeldOutCase, held_out

WAIT_S = 40


@pytest.fixture(scope="module")
def cases() -> list[HeldOutCase]:
    return held_out()


def controller_of(devnet: Devnet) -> AssentClient:
    return devnet.client(devnet.accounts.controller)


def ask(devnet: Devnet, fields: Mapping[str, object], deadline_s: int = 3600) -> Asked:
    record = devnet.keep_record(fields, devnet.accounts.subject.address)
    agreement, _ = sign_and_relay(devnet, record, uses=3)
    return controller_of(devnet).request(agreement, PURPOSE, deadline_s=deadline_s)


def told(devnet: Devnet, name: str, asked: Asked) -> dict[str, object]:
    answer = requests.get(f"{devnet.operator(name).endpoint}/v1/requests/0x{asked.id.hex()}", timeout=5)
    found: dict[str, object] = answer.json() if answer.status_code == requests.codes.ok else {}
    return found


def wait_told(devnet: Devnet, asked: Asked, reason: str) -> None:
    """Wait until every running operator names this reason."""
    until = time.monotonic() + WAIT_S
    names = [operator.name for operator in devnet.operators if operator.name in devnet.processes]
    while not all(told(devnet, name, asked).get("reason") == reason for name in names):
        assert time.monotonic() < until, [told(devnet, name, asked) for name in names]
        time.sleep(0.1)


def run_ahead(devnet: Devnet, seconds: int) -> None:
    """Let the chain's clock run ahead."""
    devnet.client(devnet.accounts.controller).web3.provider.make_request(RPCEndpoint("evm_increaseTime"), [seconds])


def test_verdict__when_all_run__is_the_models_and_three_signed(devnet: Devnet, cases: list[HeldOutCase]) -> None:
    from oracle.models.runtime import LocalRuntime

    asked = ask(devnet, cases[0].fields)
    verdict = controller_of(devnet).wait(asked.id, WAIT_S)
    package = ModelPackage.load(PACKAGE)
    direct = LocalRuntime(package).evaluate([features(package.card, cases[0].fields)])[0]
    assert verdict.recorded
    assert (verdict.outcome, verdict.score_ppm) == (direct.outcome, direct.score_ppm)
    assert len(members_of(verdict.signers or 0)) == asked.request.quorum


def test_trail__when_fetched_from_each_signer__has_the_verdicts_digest(
    devnet: Devnet, cases: list[HeldOutCase]
) -> None:
    asked = ask(devnet, cases[1].fields)
    verdict = controller_of(devnet).wait(asked.id, WAIT_S)
    assert verdict.trail is not None
    for index in members_of(verdict.signers or 0):
        answer = requests.get(f"{devnet.operators[index].endpoint}/v1/trails/0x{verdict.trail.hex()}", timeout=5)
        assert Trail.from_json(answer.json()).digest == verdict.trail


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("mean radius", 1e9, "field_out_of_range"),
        ("mean radius", "17.99", "field_not_a_number"),
        ("mean radius", None, "field_not_a_number"),
    ],
)
def test_request__when_a_field_is_unusable__is_refused_by_name_and_expires(
    devnet: Devnet, cases: list[HeldOutCase], field: str, value: object, reason: str
) -> None:
    asked = ask(devnet, {**cases[2].fields, field: value}, deadline_s=2 * MIN_OPEN_S)
    wait_told(devnet, asked, reason)
    message = str(told(devnet, "operator0", asked)["message"])
    assert field in message
    assert value is None or str(value) not in message
    run_ahead(devnet, 2 * MIN_OPEN_S)
    ended = controller_of(devnet).wait(asked.id, WAIT_S)
    assert ended.state is RequestState.EXPIRED


def test_request__when_the_record_lacks_a_field__is_refused(devnet: Devnet, cases: list[HeldOutCase]) -> None:
    fields = {name: value for name, value in cases[3].fields.items() if name != "mean area"}
    wait_told(devnet, ask(devnet, fields), "vault_refused")


def test_record__when_a_field_is_nan__never_reaches_the_chain(devnet: Devnet, cases: list[HeldOutCase]) -> None:
    with pytest.raises(ValueError, match="mean radius"):
        ask(devnet, {**cases[3].fields, "mean radius": math.nan})


def test_request__when_the_vault_is_down__waits_and_is_recorded_when_it_is_back(
    devnet: Devnet, cases: list[HeldOutCase]
) -> None:
    record = devnet.keep_record(cases[4].fields, devnet.accounts.subject.address)
    agreement, _ = sign_and_relay(devnet, record, uses=1)
    devnet.processes.stop("vault")
    try:
        asked = controller_of(devnet).request(agreement, PURPOSE)
        wait_told(devnet, asked, "vault_unreachable")
    finally:
        devnet.start_vault()
    assert controller_of(devnet).wait(asked.id, WAIT_S).recorded


def test_request__when_its_proposer_is_dead__is_recorded_by_the_next(devnet: Devnet, cases: list[HeldOutCase]) -> None:
    record = devnet.keep_record(cases[5].fields, devnet.accounts.subject.address)
    agreement, _ = sign_and_relay(devnet, record, uses=9)
    victim = devnet.operators[1]
    devnet.processes.kill(victim.name)
    try:
        asked = devnet.ask_in_turn_of(victim, lambda: controller_of(devnet).request(agreement, PURPOSE))
        verdict = controller_of(devnet).wait(asked.id, WAIT_S)
        assert verdict.recorded
        assert devnet.operators.index(victim) not in members_of(verdict.signers or 0)
    finally:
        devnet.start_node(victim.name)
        devnet.wait_ready(victim.name)


def test_request__when_all_nodes_restart_with_it_open__is_recorded(devnet: Devnet, cases: list[HeldOutCase]) -> None:
    names = [operator.name for operator in devnet.operators]
    statuses = [devnet.processes.stop(name) for name in names]
    asked = ask(devnet, cases[6].fields)
    for name in names:
        devnet.start_node(name)
    assert statuses == [0] * len(names)
    assert controller_of(devnet).wait(asked.id, WAIT_S).recorded
    for name in names:
        devnet.wait_ready(name)


def test_withdrawal__when_a_request_is_open__refuses_it_and_refunds(devnet: Devnet, cases: list[HeldOutCase]) -> None:
    record = devnet.keep_record(cases[7].fields, devnet.accounts.subject.address)
    agreement, _ = sign_and_relay(devnet, record, uses=3)
    controller = controller_of(devnet)
    before = controller.balance()
    devnet.processes.stop("vault")  # so that the request stays open
    try:
        asked = controller.request(agreement, PURPOSE)
        devnet.client(devnet.accounts.subject).withdraw(agreement)
        assert controller.wait(asked.id, WAIT_S).state is RequestState.REFUSED
        with pytest.raises(ContractRevertError, match="AgreementNotGiven"):
            controller.request(agreement, PURPOSE)
    finally:
        devnet.start_vault()
    assert controller.balance() - before == asked.request.quote.total


def propose(
    devnet: Devnet, asked: Asked, trail: Trail, proposer: int, target: int, outcome: int, score: int
) -> requests.Response:
    """Send a peer a proposal signed with a member's real attester key."""
    folder = devnet.operators[proposer].config.parent
    signer = read_signer(folder / "attester.json", folder / "password")
    client = controller_of(devnet)
    epoch = client.read(client.contract.current_epoch()).number
    from oracle.core.structs import Verdict

    verdict = Verdict(outcome, score, trail.digest)
    digest = report_digest(client.domain, epoch, 1, report_leaf(asked.request, verdict))
    body = {
        "epoch": epoch,
        "verdicts": [{"request": "0x" + asked.id.hex(), "outcome": outcome, "score": score, "trail": trail.to_json()}],
        "proposer": signer.address,
        "signature": "0x" + signer.sign(digest).hex(),
    }
    return requests.post(f"{devnet.operators[target].endpoint}/v1/reports", json=body, timeout=10)


def test_proposal__when_a_member_lies_about_the_score__is_declined(devnet: Devnet, cases: list[HeldOutCase]) -> None:
    # The vault answers, but two operators are down: no quorum, so that the request stays open while a third one lies.
    for name in ("operator2", "operator3"):
        devnet.processes.kill(name)
    try:
        asked = ask(devnet, cases[8].fields)
        until = time.monotonic() + WAIT_S
        while any(told(devnet, name, asked).get("stage") != "evaluated" for name in ("operator0", "operator1")):
            assert time.monotonic() < until
            time.sleep(0.1)
        trail = devnet.own_trail("operator0", asked.id)
        lie = trail.model_copy(
            update={
                "output": trail.output.model_copy(
                    update={"score_ppm": 1_000_000 - trail.output.score_ppm, "outcome": 1 - trail.output.outcome}
                )
            }
        )
        answer = propose(devnet, asked, lie, 0, 1, lie.output.outcome, lie.output.score_ppm).json()
        assert answer["signature"] is None
        assert [item["reason"] for item in answer["declined"]] == ["score_mismatch"]
        honest = propose(devnet, asked, trail, 0, 1, trail.output.outcome, trail.output.score_ppm).json()
        assert honest["signature"] is not None
    finally:
        for name in ("operator2", "operator3"):
            devnet.start_node(name)
            devnet.wait_ready(name)
    assert controller_of(devnet).wait(asked.id, WAIT_S).recorded


def test_logs_and_databases__when_marked_values_went_through__hold_none_of_them(
    devnet: Devnet, cases: list[HeldOutCase]
) -> None:
    marked = 17.0 + secrets.randbelow(10**9) / 10**10
    asked = ask(devnet, {**cases[9].fields, "mean radius": marked})
    assert controller_of(devnet).wait(asked.id, WAIT_S).recorded
    needle = repr(marked).encode()
    places = [path for path in devnet.options.folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in places)
    assert [path.name for path in places if needle in path.read_bytes()] == []


def test_node__when_a_model_file_is_altered__does_not_start(devnet: Devnet, tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(PACKAGE, package)
    weights = package / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 0x80  # the sign of the last weight
    weights.write_bytes(bytes(content))
    settings = tomllib.loads(devnet.operators[0].config.read_text())
    folder = devnet.operators[0].config.parent
    keys = {name: str(folder / file) for name, file in settings["keys"].items()}
    altered = {**settings, "models": [str(package)], "keys": keys, "http": {"port": 0}}
    config = tmp_path / "node.toml"
    config.write_text(tomli_w.dumps(altered))
    command = [sys.executable, "-m", "oracle.cli", "node", "run", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "self-test" in ended.stderr
    assert "Traceback" not in ended.stderr
