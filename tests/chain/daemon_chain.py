"""Anvil with the contract on it, for the daemon's tests."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from web3 import HTTPProvider, Web3

from deploy.foundry import find
from oracle.chain.abi import artifact
from oracle.chain.contract import AssentContract
from oracle.core import digests, merkle
from oracle.core.structs import Agreement, Attestation, Model, Record, Request, Verdict
from oracle.keys.devnet import ADDRESSES, DEVNET_CHAIN_ID, devnet_key
from oracle.keys.signer import LocalSigner

PUBLISHER, SUBJECT, CONTROLLER, HOLDER, *OPERATORS = ADDRESSES[:8]
STAKE_WEI = 10**18
POLICY = (STAKE_WEI, 2, 1000, 0)


@contextmanager
def anvil(*arguments: str) -> Iterator[str]:
    """Run Anvil on a free loopback port; yield its URL."""
    command = [str(find("anvil")), "--port", "0", "--accounts", "20", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = next(found for line in process.stdout if (found := re.search(r"Listening on ([\d.]+:\d+)", line)))
        yield f"http://{found[1]}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


@dataclass
class Ground:
    """The contract, three operators in epoch 1, one model."""

    url: str
    web3: Web3
    contract: AssentContract
    model: Model
    attesters: list[LocalSigner]

    def send(self, function: Any, sender: str, value: int = 0) -> Any:
        """Send from one of Anvil's accounts and return the receipt."""
        receipt = self.web3.eth.wait_for_transaction_receipt(function.transact({"from": sender, "value": value}))
        assert receipt["status"] == 1
        return receipt

    def rpc(self, method: str, *arguments: Any) -> Any:
        """Call one of Anvil's own methods."""
        answer = self.web3.provider.make_request(method, list(arguments))  # type: ignore[arg-type]
        assert "error" not in answer, answer
        return answer["result"]

    def mine(self, blocks: int) -> None:
        self.rpc("anvil_mine", hex(blocks))

    @property
    def now(self) -> int:
        return int(self.web3.eth.get_block("latest")["timestamp"])

    @property
    def head(self) -> int:
        return int(self.web3.eth.block_number)

    def commit(self, vault: str = "http://vault.example") -> Record:
        root = secrets.token_bytes(32)
        self.send(self.contract.commit(root, SUBJECT, vault), HOLDER)
        return Record(root, SUBJECT, HOLDER)

    def agree(self, record: Record, lasts_s: int = 10_000) -> Agreement:
        agreement = Agreement(
            SUBJECT, CONTROLLER, record.id, self.model.id, 1 << 5, 0, 1, 0, self.now + lasts_s, 5, bytes(32),
            secrets.token_bytes(32),
        )  # fmt: skip
        self.send(self.contract.give(agreement), SUBJECT)
        return agreement

    def ask(self, agreement: Agreement, use: int = 0, lasts_s: int = 5_000) -> Request:
        deadline = self.now + lasts_s
        self.send(self.contract.request(agreement, 5, 0, use, deadline), CONTROLLER, self.model.fee)
        return Request(agreement.id, use, CONTROLLER, 5, 0, deadline, self.model.fee, self.model.quorum, 2)

    def asked(self) -> Request:
        return self.ask(self.agree(self.commit()))

    def attested(self, request: Request, score: int = 900_000) -> tuple[Verdict, Attestation]:
        """Have all members sign a verdict."""
        verdict = Verdict(1, score, secrets.token_bytes(32))
        leaf = merkle.leaf_hash(digests.LEAF_TYPES, digests.leaf_values(request.id, request.commitment, verdict))
        digest = digests.report_digest(self.contract.domain, 1, 1, leaf)
        by_address = {attester.address: attester for attester in self.attesters}
        members = self.contract.members_of(1).call()
        signatures = b"".join(by_address[member].sign(digest) for member in members)
        return verdict, Attestation(1, (1 << len(members)) - 1, signatures)

    def join(self, operator: str, attester: LocalSigner, endpoint: str) -> None:
        seal_key, deadline = secrets.token_bytes(32), self.now + 1000
        data = digests.joining(self.contract.domain, operator, seal_key, deadline)
        signature = attester.sign(digests.typed_data_digest(data))
        self.send(self.contract.join(attester.address, seal_key, endpoint, deadline, signature), operator, STAKE_WEI)


@contextmanager
def ground() -> Iterator[Ground]:
    """Start a chain with contract, model and committee."""
    with anvil() as url:
        web3 = Web3(HTTPProvider(url))
        factory = web3.eth.contract(abi=artifact()["abi"], bytecode=artifact()["bytecode"])
        receipt = web3.eth.wait_for_transaction_receipt(factory.constructor(POLICY).transact({"from": PUBLISHER}))
        assert receipt["contractAddress"] is not None
        contract = AssentContract(web3, receipt["contractAddress"], DEVNET_CHAIN_ID)
        model = Model(PUBLISHER, secrets.token_bytes(32), bytes(32), bytes(32), 2, 2, 1_000, 1_000)
        made = Ground(url, web3, contract, model, [LocalSigner(devnet_key(10 + index)) for index in range(3)])
        for operator, attester in zip(OPERATORS, made.attesters, strict=False):
            made.join(operator, attester, "http://127.0.0.1:1")
        made.send(contract.rotate(), PUBLISHER)
        made.send(contract.publish(model, "file:package"), PUBLISHER)
        yield made
