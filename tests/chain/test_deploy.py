"""Deploying to a fresh chain, again to the same, and to one that isn't what it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anvil_server import anvil
from web3 import HTTPProvider, Web3
from web3.types import TxReceipt

from deploy.deploy import Network, deploy, load_network
from deploy.deployment import VerificationError, create, verify
from deploy.devnet import NETWORK
from oracle.chain.contract import AssentContract
from oracle.client import Deployment
from oracle.core.errors import EndpointError, WrongChainError
from oracle.core.structs import ModelState
from oracle.keys.devnet import devnet_key
from oracle.keys.signer import LocalSigner

DEPLOYER = LocalSigner(devnet_key(0))


class Scene:
    """A chain with nothing on it, and where the deployment is written."""

    def __init__(self, url: str, folder: Path) -> None:
        self.web3 = Web3(HTTPProvider(url))
        self.network: Network = load_network(NETWORK).model_copy(update={"rpc_url": url})
        self.path = folder / "deployments" / "31337.json"
        self.said: list[str] = []

    def send(self, constructor: Any) -> TxReceipt:
        sent = constructor.transact({"from": DEPLOYER.address, "gas": 10_000_000})
        return self.web3.eth.wait_for_transaction_receipt(sent)

    def deploy(self) -> Deployment:
        return deploy(self.network, DEPLOYER, self.path, self.said.append)

    def verify(self, made: Deployment) -> None:
        policy, challenges = self.network.policy.terms(), self.network.challenges.terms()
        verify(self.web3, made.contract, policy, challenges, made.block)

    @property
    def sent(self) -> int:
        return self.web3.eth.get_transaction_count(self.web3.to_checksum_address(DEPLOYER.address))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with anvil() as url:
        yield Scene(url, tmp_path)


def test_deploy__when_the_chain_is_fresh__then_contract_and_model_stand_and_are_written_down(scene: Scene) -> None:
    made = scene.deploy()
    assert Deployment.read(scene.path) == made
    written = json.loads(scene.path.read_text())
    assert (written["chainId"], written["contract"], written["block"]) == (31337, made.contract, 4)
    contract = AssentContract(scene.web3, made.contract, 31337)
    (model,) = made.models.values()
    status = contract.model_status(model).call()
    assert (status.state, status.quorum, status.fee) == (ModelState.PUBLISHED, 3, 10**15)
    scene.verify(made)
    assert contract.current_policy().call() == scene.network.policy.terms()
    assert contract.challenge_terms().call() == scene.network.challenges.terms()
    assert not list(scene.path.parent.glob("*.partial"))


def test_deploy__when_run_again__then_nothing_is_sent(scene: Scene) -> None:
    first = scene.deploy()
    sent, text = scene.sent, scene.path.read_text()
    assert sent == 5
    assert scene.deploy() == first
    assert (scene.sent, scene.path.read_text()) == (5, text)


def test_deploy__when_publishing_was_cut_short__then_the_contract_is_kept_and_the_rest_done(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_arguments: object) -> None:
        raise EndpointError("gone")

    with monkeypatch.context() as patch:
        patch.setattr("deploy.deploy._publish", cut)
        with pytest.raises(EndpointError):
            scene.deploy()
    contract = Deployment.read(scene.path).contract
    made = scene.deploy()
    assert made.contract == contract
    assert len(made.models) == 1
    assert scene.sent == 5


@pytest.mark.parametrize("code", ["0x", "0x6001600155"])
def test_deploy__when_the_code_is_not_ours__then_deployed_anew(scene: Scene, code: str) -> None:
    first = scene.deploy()
    scene.web3.provider.make_request("anvil_setCode", [first.contract, code])  # type: ignore[arg-type]
    with pytest.raises(VerificationError, match=first.contract):
        scene.verify(first)
    second = scene.deploy()
    assert second.contract != first.contract
    assert any("anew" in line for line in scene.said)
    assert Deployment.read(scene.path) == second
    scene.verify(second)
    assert (
        AssentContract(scene.web3, second.contract, 31337).model_status(next(iter(second.models.values()))).call().state
        is ModelState.PUBLISHED
    )


def test_deploy__when_one_byte_differs__then_deployed_anew(scene: Scene) -> None:
    first = scene.deploy()
    code = bytearray(scene.web3.eth.get_code(scene.web3.to_checksum_address(first.contract)))
    code[-1] ^= 1
    scene.web3.provider.make_request("anvil_setCode", [first.contract, "0x" + code.hex()])  # type: ignore[arg-type]
    assert scene.deploy().contract != first.contract


@pytest.mark.parametrize("name", ["AssentConsents", "AssentDesk", "AssentRegistries"])
def test_deploy__when_another_part_is_not_ours__then_deployed_anew(scene: Scene, name: str) -> None:
    first = scene.deploy()
    contract = AssentContract(scene.web3, first.contract, 31337)
    parts = {"AssentConsents": contract.consents, "AssentDesk": contract.desk, "AssentRegistries": contract.registries}
    address = parts[name]().call()
    code = bytearray(scene.web3.eth.get_code(scene.web3.to_checksum_address(address)))
    code[-1] ^= 1
    scene.web3.provider.make_request("anvil_setCode", [address, "0x" + code.hex()])  # type: ignore[arg-type]
    with pytest.raises(VerificationError, match=name):
        scene.verify(first)
    assert scene.deploy().contract != first.contract


def test_deploy__when_other_challenges_are_wanted__then_the_difference_is_named(scene: Scene) -> None:
    first = scene.deploy()
    challenges = scene.network.challenges.model_copy(update={"bond": 7})
    scene.network = scene.network.model_copy(update={"challenges": challenges})
    with pytest.raises(VerificationError, match=r"bond is \d+ .* not 7"):
        scene.verify(first)


def test_create__when_the_contract_cant_stand_the_terms__then_it_says_so(scene: Scene) -> None:
    challenges = scene.network.challenges.terms()
    policy = replace(scene.network.policy.terms(), min_members=1)
    with pytest.raises(VerificationError, match="reverted"):
        create(scene.web3, policy, challenges, scene.send)


def test_deploy__when_another_policy_is_wanted__then_deployed_anew_and_the_difference_named(scene: Scene) -> None:
    first = scene.deploy()
    policy = scene.network.policy.model_copy(update={"min_members": 5})
    scene.network = scene.network.model_copy(update={"policy": policy})
    with pytest.raises(VerificationError, match=r"minMembers is 4 .* not 5"):
        scene.verify(first)
    assert scene.deploy().contract != first.contract


def test_deploy__when_the_chain_is_another__then_wrong_chain_and_nothing_sent(scene: Scene) -> None:
    scene.network = scene.network.model_copy(update={"chain_id": 1})
    with pytest.raises(WrongChainError, match="31337"):
        scene.deploy()
    assert scene.sent == 0
    assert not scene.path.exists()


def test_deploy__when_the_endpoint_is_down__then_endpoint_error(scene: Scene) -> None:
    scene.network = scene.network.model_copy(update={"rpc_url": "http://127.0.0.1:1"})
    with pytest.raises(EndpointError):
        scene.deploy()


def test_deploy__when_the_file_is_of_an_older_deployment__then_the_models_stay_named(scene: Scene) -> None:
    first = scene.deploy()
    from deploy.deployment import write

    write(replace(first, models={**first.models, "retired": b"r" * 32}), scene.path)
    assert scene.deploy().models == {**first.models, "retired": b"r" * 32}
