"""Deploy Assent to a network, and publish its models there.

    python -m deploy.deploy --network deploy/networks/devnet.toml

Idempotent: what is deployed and verified already is left as it is. The deployer's key comes from a keystore that the network's file names.
Writes deploy/deployments/<chain id>.json.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from web3 import Web3

from deploy.deployment import FOLDER, VerificationError, verify, write
from oracle.chain.abi import artifact
from oracle.chain.rpc import endpoint_errors, open_sync, wrong_chain
from oracle.client import AssentClient, Deployment
from oracle.core.errors import AssentError, ConfigurationError
from oracle.core.structs import Model, ModelState
from oracle.keys.keystore import read_signer
from oracle.keys.signer import LocalSigner
from oracle.models.package import ModelPackage
from oracle.settings import problems_of, read_toml

Say = Callable[[str], None]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Policy(_Section):
    """The constructor's terms: stake in wei, times in seconds."""

    min_stake: Annotated[int, Field(ge=0, lt=2**96)]
    min_members: Annotated[int, Field(ge=1, le=64)]
    unbonding_time: Annotated[int, Field(ge=0, lt=2**40)]
    epoch_length: Annotated[int, Field(ge=0, lt=2**40)]

    def by_view(self) -> dict[str, int]:
        """Return the terms by the names of the contract's views, in the constructor's order."""
        return {
            "minStake": self.min_stake,
            "minMembers": self.min_members,
            "unbondingTime": self.unbonding_time,
            "epochLength": self.epoch_length,
        }


class PublishedModel(_Section):
    """A model to publish: its package folder, the terms of a verdict (fee in wei), and where the package can be had."""

    package: Path
    quorum: Annotated[int, Field(ge=2, le=64)]
    fee_wei: Annotated[int, Field(ge=0, lt=2**96)]
    uri: str = ""


class Network(_Section):
    """One network's file."""

    rpc_url: str
    chain_id: Annotated[int, Field(gt=0)]
    keystore: Path | None = None
    password_file: Path | None = None
    policy: Policy
    models: tuple[PublishedModel, ...] = ()


def load_network(path: Path) -> Network:
    """Read a network's file; its relative paths are relative to it. Raises ConfigurationError with every problem."""
    try:
        network = Network(**read_toml(path))
    except ValidationError as error:
        raise ConfigurationError(problems_of(error)) from None
    folder = path.resolve().parent
    anchored: dict[str, Any] = {
        "keystore": folder / network.keystore if network.keystore else None,
        "password_file": folder / network.password_file if network.password_file else None,
        "models": tuple(m.model_copy(update={"package": folder / m.package}) for m in network.models),
    }
    return network.model_copy(update=anchored)


def _existing(web3: Web3, network: Network, path: Path, say: Say) -> Deployment | None:
    if not path.exists():
        return None
    deployment = Deployment.read(path)
    try:
        verify(web3, deployment.contract, network.policy.by_view())
    except VerificationError as error:
        say(f"the deployment in {path.name} doesn't stand ({error}); deploying anew")
        return None
    say(f"contract {deployment.contract} stands and is verified")
    return deployment


def _create(web3: Web3, network: Network, signer: LocalSigner, say: Say) -> Deployment:
    factory: Any = web3.eth.contract(abi=artifact()["abi"], bytecode=artifact()["bytecode"])
    policy = network.policy.by_view()
    with endpoint_errors("deployment"):
        transaction = factory.constructor(tuple(policy.values())).build_transaction(
            {
                "from": signer.address,
                "nonce": web3.eth.get_transaction_count(web3.to_checksum_address(signer.address)),
                "chainId": network.chain_id,
            }
        )
        sent = web3.eth.send_raw_transaction(signer.sign_transaction(transaction))
        receipt = web3.eth.wait_for_transaction_receipt(sent, timeout=300, poll_latency=0.1)
    contract = receipt["contractAddress"]
    if receipt["status"] != 1 or contract is None:
        raise VerificationError("the deployment's transaction reverted")
    verify(web3, contract, policy)
    say(f"contract {contract} deployed in block {receipt['blockNumber']} for {receipt['gasUsed']:,} gas, and verified")
    return Deployment(network.chain_id, contract, receipt["blockNumber"], network.rpc_url)


def model_terms(package: ModelPackage, publisher: str, quorum: int, fee_wei: int) -> Model:
    """Return the struct that publishes a package."""
    return Model(
        publisher=publisher,
        files=package.files_digest,
        inputs=package.input_schema_digest,
        outcomes=package.outcomes_digest,
        outcome_count=len(package.card.outcomes),
        quorum=quorum,
        tolerance=package.card.tolerance_ppm,
        fee=fee_wei,
    )


def _publish(network: Network, deployment: Deployment, signer: LocalSigner, say: Say) -> dict[str, bytes]:
    client = AssentClient(network.rpc_url, deployment.contract, chain_id=network.chain_id, signer=signer)
    models = dict(deployment.models)
    for wanted in network.models:
        package = ModelPackage.load(wanted.package)
        model = model_terms(package, signer.address, wanted.quorum, wanted.fee_wei)
        if client.contract.model_status(model.id).call().state is ModelState.NONE:
            client.publish_model(model, wanted.uri)
            say(f"model {package.card.name} published as 0x{model.id.hex()}")
        else:
            say(f"model {package.card.name} stands as 0x{model.id.hex()}")
        models[package.card.name] = model.id
    return models


def deploy(network: Network, signer: LocalSigner, path: Path, say: Say) -> Deployment:
    """Deploy, verify, publish, and write ``path``; what stands already is left. Raises AssentError."""
    web3 = open_sync(network.rpc_url)
    with endpoint_errors("eth_chainId"):
        found = web3.eth.chain_id
    if found != network.chain_id:
        raise wrong_chain(found, network.chain_id)
    deployment = _existing(web3, network, path, say)
    if deployment is None:
        deployment = _create(web3, network, signer, say)
        write(deployment, path)  # before publishing: a failure there must not forget the contract
    models = _publish(network, deployment, signer, say)
    deployment = replace(deployment, rpc_url=network.rpc_url, models=models)
    write(deployment, path)
    return deployment


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", type=Path, required=True, help="the network's TOML file")
    arguments = parser.parse_args()

    def say(line: str) -> None:
        print(f"deploy: {line}", file=sys.stderr, flush=True)

    try:
        network = load_network(arguments.network)
        if network.keystore is None or network.password_file is None:
            raise ConfigurationError(["keystore, password_file: both are needed: the deployer's key and its password"])
        signer = read_signer(network.keystore, network.password_file)
        path = FOLDER / f"{network.chain_id}.json"
        deploy(network, signer, path, say)
    except AssentError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigurationError) else 1
    say(f"written to {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
