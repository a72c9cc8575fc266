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
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from eth_utils import to_checksum_address
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from web3 import Web3

from deploy.deployment import FOLDER, VerificationError, create, sending, verify, write
from oracle.chain.contract import ETHER
from oracle.chain.rpc import endpoint_errors, open_sync, wrong_chain
from oracle.client import AssentClient, Deployment
from oracle.core.errors import AssentError, ConfigurationError
from oracle.core.roll import NOBODY
from oracle.core.structs import CommitteeTerms, Model, ModelState
from oracle.keys.keystore import read_signer
from oracle.keys.signer import LocalSigner
from oracle.models.package import ModelPackage
from oracle.setting_files import problems_of, read_toml

Say = Callable[[str], None]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Seconds = Annotated[int, Field(ge=0, lt=2**40)]
Wei = Annotated[int, Field(ge=0, lt=2**96)]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]


class CommitteeSection(_Section):
    """What the committee goes by, for ever: stakes in wei, times in seconds; see :class:`oracle.core.roll.CommitteeTerms`.

    ``start`` is a point in time, until which founders join; without one the first epoch may be formed at once.
    """

    seats: Annotated[int, Field(ge=1, le=64)]
    max_roll: Annotated[int, Field(ge=1, le=64)]
    min_roll: Annotated[int, Field(ge=1, le=64)]
    min_stake: Wei
    penalty: Wei
    bond: Wei
    window: Annotated[Seconds, Field(ge=1)]
    judging_time: Annotated[Seconds, Field(ge=1)]
    ruling_time: Seconds
    start: datetime | None = None
    epoch_length: Annotated[Seconds, Field(ge=1)]
    lease: Seconds
    grace: Seconds
    unbonding: Seconds
    admission: Address = NOBODY

    def terms(self) -> CommitteeTerms:
        """Return the struct that the contract takes."""
        start = int(self.start.timestamp()) if self.start else 0
        return CommitteeTerms(**self.model_dump() | {"start": start, "admission": to_checksum_address(self.admission)})


class PublishedModel(_Section):
    """A model to publish: its package folder, the terms of a verdict, and where the package can be had.

    ``fee`` is in the smallest unit of ``currency``, a token's address, ether by default; ``royalty`` in basis points of it. ``arbiter``
    rules on challenged verdicts where the committee's bench doesn't; ``cap`` bounds what is in escrow at a time, in the currency's
    smallest unit, 0 for no bound.
    """

    package: Path
    quorum: Annotated[int, Field(ge=2, le=64)]
    fee: Annotated[int, Field(ge=0, lt=2**96)]
    currency: Address = ETHER
    royalty: Annotated[int, Field(ge=0, le=5_000)] = 0
    arbiter: Address = NOBODY
    cap: Wei = 0
    uri: str = ""


class Network(_Section):
    """One network's file."""

    rpc_url: str
    chain_id: Annotated[int, Field(gt=0)]
    keystore: Path | None = None
    password_file: Path | None = None
    committee: CommitteeSection
    models: tuple[PublishedModel, ...] = ()


def load_network(path: Path) -> Network:
    """Read a network's file; its relative paths are relative to it. Raises ConfigurationError with every problem."""
    try:
        network = Network(**read_toml(path))
    except ValidationError as error:
        raise ConfigurationError(problems_of(error)) from None
    if problems := _unsafe(network):
        raise ConfigurationError(problems)
    folder = path.resolve().parent
    anchored: dict[str, Any] = {
        "keystore": folder / network.keystore if network.keystore else None,
        "password_file": folder / network.password_file if network.password_file else None,
        "models": tuple(m.model_copy(update={"package": folder / m.package}) for m in network.models),
    }
    return network.model_copy(update=anchored)


def _unsafe(network: Network) -> list[str]:
    """Say what the contracts would refuse, so that it is known before anything is paid for."""
    problems = [f"committee.{name}: {problem}" for name, problem in network.committee.terms().problems().items()]
    least = network.committee.min_roll
    return problems + [
        f"models.{place}.quorum: must be {least} at most: no fewer seats than committee.min_roll accept reports"
        for place, model in enumerate(network.models)
        if model.quorum > least
    ]


def _existing(web3: Web3, network: Network, path: Path, say: Say) -> Deployment | None:
    if not path.exists():
        return None
    deployment = Deployment.read(path)
    try:
        verify(web3, deployment.addresses, network.committee.terms())
    except VerificationError as error:
        say(f"the deployment in {path.name} doesn't stand ({error}); deploying anew")
        return None
    say(f"contract {deployment.contract} stands and is verified")
    return deployment


def _create(web3: Web3, network: Network, signer: LocalSigner, say: Say) -> Deployment:
    terms = network.committee.terms()
    with endpoint_errors("deployment"):
        made = create(web3, signer.address, terms, sending(web3, signer, network.chain_id))
    verify(web3, made.addresses, terms)
    core, committee, records = made.addresses.all
    say(
        f"contract {core}, its committee {committee} and records {records} deployed from block {made.block}, and verified"
    )
    return Deployment(network.chain_id, core, committee, records, made.block, network.rpc_url)


def model_terms(package: ModelPackage, publisher: str, wanted: PublishedModel) -> Model:
    """Return the struct that publishes a package."""
    return Model(
        publisher=publisher,
        files=package.files_digest,
        inputs=package.input_schema_digest,
        outcomes=package.outcomes_digest,
        outcome_count=len(package.card.outcomes),
        quorum=wanted.quorum,
        tolerance=package.card.tolerance_ppm,
        fee=wanted.fee,
        currency=to_checksum_address(wanted.currency),
        royalty=wanted.royalty,
        arbiter=to_checksum_address(wanted.arbiter),
        cap=wanted.cap,
    )


def _publish(network: Network, deployment: Deployment, signer: LocalSigner, say: Say) -> dict[str, bytes]:
    client = AssentClient(network.rpc_url, deployment.contract, chain_id=network.chain_id, signer=signer)
    models = dict(deployment.models)
    for wanted in network.models:
        package = ModelPackage.load(wanted.package)
        model = model_terms(package, signer.address, wanted)
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
