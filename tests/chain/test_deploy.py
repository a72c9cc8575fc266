"""Deploying to a fresh chain, again to the same, and to one that isn't what it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
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
        verify(self.web3, made.addresses, self.network.committee.terms())

    def contract(self, made: Deployment) -> AssentContract:
        return AssentContract(self.web3, made.addresses, 31337)

    def corrupt(self, address: str) -> None:
        """Change the last byte of a contract's code."""
        code = bytearray(self.web3.eth.get_code(self.web3.to_checksum_address(address)))
        code[-1] ^= 1
        self.web3.provider.make_request("anvil_setCode", [address, "0x" + code.hex()])  # type: ignore[arg-type]

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
    assert (written["chainId"], written["contract"], written["block"]) == (31337, made.contract, 1)
    assert (written["committee"], written["records"]) == (made.committee, made.records)
    contract = scene.contract(made)
    (model,) = made.models.values()
    status = contract.model_status(model).call()
    assert (status.state, status.quorum, status.fee) == (ModelState.PUBLISHED, 3, 10**15)
    scene.verify(made)
    assert contract.committee_terms().call() == scene.network.committee.terms()
    assert not list(scene.path.parent.glob("*.partial"))


def test_deploy__when_run_again__then_nothing_is_sent(scene: Scene) -> None:
    first = scene.deploy()
    sent, text = scene.sent, scene.path.read_text()
    assert sent == 6
    assert scene.deploy() == first
    assert (scene.sent, scene.path.read_text()) == (6, text)


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
    assert scene.sent == 6


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
    assert scene.contract(second).model_status(next(iter(second.models.values()))).call().state is ModelState.PUBLISHED


PARTS: dict[str, Callable[[AssentContract], str]] = {
    "Assent": lambda contract: contract.addresses.core,
    "AssentRequests": lambda contract: contract.requests().call(),
    "AssentAgreements": lambda contract: contract.agreements().call(),
    "Committee": lambda contract: contract.addresses.committee,
    "Records": lambda contract: contract.addresses.records,
}


@pytest.mark.parametrize("name", PARTS)
def test_deploy__when_one_byte_of_a_contract_differs__then_deployed_anew(scene: Scene, name: str) -> None:
    first = scene.deploy()
    scene.corrupt(PARTS[name](scene.contract(first)))
    with pytest.raises(VerificationError, match=name):
        scene.verify(first)
    assert scene.deploy().contract != first.contract


@pytest.mark.parametrize("name", ["committee", "records"])
def test_verify__when_a_file_names_anothers_contract__then_the_difference_is_named(scene: Scene, name: str) -> None:
    first = scene.deploy()
    scene.path.unlink()
    second = scene.deploy()
    mixed = replace(first, **{name: getattr(second, name)})
    with pytest.raises(VerificationError, match=f"the {name} of {first.contract} is"):
        scene.verify(mixed)


def test_create__when_the_committee_cant_have_the_terms__then_it_says_so(scene: Scene) -> None:
    terms = replace(scene.network.committee.terms(), min_roll=1)
    with pytest.raises(VerificationError, match="reverted"):
        create(scene.web3, DEPLOYER.address, terms, scene.send)


def test_deploy__when_other_terms_are_wanted__then_deployed_anew_and_the_difference_named(scene: Scene) -> None:
    first = scene.deploy()
    committee = scene.network.committee.model_copy(update={"max_roll": 9})
    scene.network = scene.network.model_copy(update={"committee": committee})
    with pytest.raises(VerificationError, match=r"maxRoll is 14 .* not 9"):
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
