"""A small world on Anvil for the vault's tests: a contract, a published model, three operators in epoch 1, and their keys."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from web3 import HTTPProvider, Web3

from deploy.foundry import find
from oracle.chain.abi import artifact
from oracle.chain.contract import AssentContract
from oracle.core import digests, merkle
from oracle.core.structs import Agreement, Attestation, Model, Record, Request, Step, Verdict
from oracle.keys.devnet import ADDRESSES, DEVNET_CHAIN_ID, devnet_key
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE

PUBLISHER, SUBJECT, CONTROLLER, HOLDER, *OPERATORS = ADDRESSES[:8]
STAKE_WEI = 10**18
PURPOSE = 5
ZERO32 = bytes(32)


@contextmanager
def anvil() -> Iterator[str]:
    """Run Anvil on a free loopback port; yield its URL."""
    process = subprocess.Popen(
        [str(find("anvil")), "--port", "0", "--accounts", "20"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = next(found for line in process.stdout if (found := re.search(r"Listening on ([\d.]+:\d+)", line)))
        yield f"http://{found[1]}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


@dataclass
class World:
    """The chain and everyone on it."""

    url: str
    web3: Web3
    contract: AssentContract
    model: Model
    attesters: list[LocalSigner] = field(default_factory=list)
    seal_keys: dict[str, SealKey] = field(default_factory=dict)

    def send(self, function: Any, sender: str, value: int = 0) -> None:
        """Send a transaction from one of Anvil's accounts and see it mined."""
        receipt = self.web3.eth.wait_for_transaction_receipt(function.transact({"from": sender, "value": value}))
        assert receipt["status"] == 1

    def rpc(self, method: str, *arguments: Any) -> Any:
        """Call one of Anvil's own methods."""
        return self.web3.provider.make_request(method, list(arguments))["result"]  # type: ignore[arg-type]

    @property
    def now(self) -> int:
        """The latest block's time, Unix seconds."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def join(self, operator: str, attester: LocalSigner) -> None:
        """Make an operator join with a new seal key."""
        key = self.seal_keys[attester.address] = SealKey.generate()
        deadline = self.now + 1000
        data = digests.joining(self.contract.domain, operator, key.public, deadline)
        signature = attester.sign(digests.typed_data_digest(data))
        # The contract takes 65-byte signatures as well as compact ones from accounts.
        self.send(
            self.contract.join(attester.address, key.public, "http://127.0.0.1:1", deadline, signature),
            operator,
            STAKE_WEI,
        )

    def agree(self, record: Record, **changes: Any) -> Agreement:
        """Have the subject give an agreement about a record."""
        terms = Agreement(
            subject=SUBJECT, controller=CONTROLLER, record=record.id, model=self.model.id, purposes=1 << PURPOSE,
            prohibited=0, steps=0b11, valid_from=0, valid_until=self.now + 10_000, uses=5, notice=ZERO32,
            salt=secrets.token_bytes(32),
        )  # fmt: skip
        agreement = replace(terms, **changes)
        self.send(self.contract.give(agreement), SUBJECT)
        return agreement

    def ask_verdict(self, agreement: Agreement, use: int = 0, step: int = Step.INFER, lasts_s: int = 600) -> Request:
        """Have the controller request a verdict."""
        deadline = self.now + lasts_s
        self.send(self.contract.request(agreement, PURPOSE, step, use, deadline), CONTROLLER, self.model.fee)
        terms = (self.model.fee, self.model.quorum, self.model.outcome_count)
        return Request(agreement.id, use, CONTROLLER, PURPOSE, step, deadline, *terms)

    def record_verdict(self, request: Request) -> None:
        """Have all attesters sign a verdict and record it."""
        epoch = self.contract.current_epoch().call().number
        verdict = Verdict(1, 900_000, secrets.token_bytes(32))
        leaf = merkle.leaf_hash(digests.LEAF_TYPES, digests.leaf_values(request.id, request.commitment, verdict))
        digest = digests.report_digest(self.contract.domain, epoch, 1, leaf)
        by_address = {attester.address: attester for attester in self.attesters}
        members = self.contract.members_of(epoch).call()
        signatures = b"".join(by_address[member].sign(digest) for member in members)
        self.send(
            self.contract.record(request, verdict, Attestation(epoch, (1 << len(members)) - 1, signatures)), CONTROLLER
        )


@contextmanager
def world() -> Iterator[World]:
    """Start a chain with everything on it but records, agreements and requests."""
    with anvil() as url:
        web3 = Web3(HTTPProvider(url))
        made = _deployed(url, web3)
        for index, operator in enumerate(OPERATORS[:3]):
            attester = LocalSigner(devnet_key(10 + index))
            made.attesters.append(attester)
            made.join(operator, attester)
        made.send(made.contract.rotate(), PUBLISHER)
        made.send(made.contract.publish(made.model, "file:package"), PUBLISHER)
        yield made


def _deployed(url: str, web3: Web3) -> World:
    factory = web3.eth.contract(abi=artifact()["abi"], bytecode=artifact()["bytecode"])
    sent = factory.constructor((STAKE_WEI, 2, 1000, 0)).transact({"from": PUBLISHER})
    address = web3.eth.wait_for_transaction_receipt(sent)["contractAddress"]
    assert address is not None
    package = ModelPackage.load(PACKAGE)
    model = Model(
        publisher=PUBLISHER, files=package.files_digest, inputs=package.input_schema_digest,
        outcomes=package.outcomes_digest, outcome_count=2, quorum=2, tolerance=package.card.tolerance_ppm, fee=1000,
    )  # fmt: skip
    return World(url, web3, AssentContract(web3, address, DEVNET_CHAIN_ID), model)
