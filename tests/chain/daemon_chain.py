"""Anvil with the contract on it, for the daemon's and the vault's tests: a published model, operators in epoch 1, and their keys."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from anvil_server import anvil
from web3 import HTTPProvider, Web3

from deploy.deployment import create
from oracle.chain.abi import decode_log, event_topic
from oracle.chain.contract import ETHER, AssentContract
from oracle.chain.recordings import told
from oracle.core import digests
from oracle.core.committee import assemble, signers_needed
from oracle.core.merkle import MerkleTree
from oracle.core.structs import (
    Agreement,
    Answer,
    Attestation,
    CommitteeTerms,
    Model,
    Question,
    Quote,
    Record,
    Recording,
    Request,
    Step,
    Verdict,
)
from oracle.keys.devnet import ADDRESSES, DEVNET_CHAIN_ID, devnet_key
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner

PUBLISHER, SUBJECT, CONTROLLER, HOLDER, *OPERATORS, NEWCOMER = ADDRESSES[:10]
STAKE_WEI = 10**18
PURPOSE = 5
TERMS = CommitteeTerms(
    seats=4,
    max_roll=8,
    min_roll=3,
    min_stake=STAKE_WEI,
    penalty=STAKE_WEI // 2,
    bond=10**17,
    window=600,
    judging_time=300,
    ruling_time=200,
    start=0,
    epoch_length=1,
    lease=1_000_000,
    grace=60,
    unbonding=10 * 86_400,
)


@dataclass
class Ground:
    """The contract, operators in epoch 1, one model."""

    url: str
    web3: Web3
    contract: AssentContract
    model: Model
    attesters: list[LocalSigner]
    seal_keys: dict[str, SealKey] = field(default_factory=dict)

    @property
    def places(self) -> dict[str, Any]:
        """The addresses, as settings name them."""
        where = self.contract.addresses
        return {"contract": where.core, "committee": where.committee, "records": where.records}

    # Sending

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

    def quiet(self) -> None:
        """Wait until what was sent is mined: Anvil answers a moment before. Without automine there is nothing to wait for."""
        until = time.monotonic() + 30
        while self.rpc("anvil_getAutomine") and int(self.rpc("txpool_status")["pending"], 16):
            assert time.monotonic() < until, "a transaction stays in the pool"
            time.sleep(0.005)

    def pass_time(self, seconds: int) -> None:
        self.rpc("evm_increaseTime", seconds)
        self.mine(1)

    @property
    def now(self) -> int:
        """The latest block's time, Unix seconds."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    @property
    def head(self) -> int:
        self.quiet()
        return int(self.web3.eth.block_number)

    @property
    def epoch(self) -> int:
        return self.contract.current_epoch().call().number

    # Records, agreements, requests

    def commit(self, vault: str = "http://vault.example", root: bytes | None = None) -> Record:
        root = root or secrets.token_bytes(32)
        self.send(self.contract.commit(root, SUBJECT, vault), HOLDER)
        return Record(root, SUBJECT, HOLDER)

    def terms(self, record: Record, **changes: Any) -> Agreement:
        """Return an agreement about a record, not given yet."""
        agreement = Agreement(
            controller=CONTROLLER, subject=record.subject, holder=record.holder, root=record.root, notice=bytes(32),
            salt=secrets.token_bytes(32), model=self.model.id, purposes=1 << PURPOSE, prohibited=0, steps=0b11,
            modifiers=0, place=0, language=bytes(2), erasure=False, disclosure=3,
            valid_from=0, valid_until=self.now + 100_000, uses=20, price=11,
        )  # fmt: skip
        return replace(agreement, **changes)

    def agree(self, record: Record, **changes: Any) -> Agreement:
        agreement = self.terms(record, **changes)
        self.send(self.contract.give(agreement), agreement.subject)
        return agreement

    def quote(self, agreement: Agreement) -> Quote:
        return self.contract.quote(agreement.terms).call()

    def ask(self, agreement: Agreement, use: int = 0, lasts_s: int = 5_000, **asked: Any) -> Request:
        """Have the controller ask; ``asked`` are parts of the question."""
        question = replace(Question(use, self.now + lasts_s, PURPOSE, Step.INFER), **asked)
        quote = self.quote(agreement)
        function = self.contract.request(agreement.source_id, agreement.terms, question)
        self.send(function, agreement.controller, quote.total)
        return Request(agreement.id, agreement.controller, question, quote)

    def asked(self, **asked: Any) -> Request:
        return self.ask(self.agree(self.commit()), **asked)

    # Verdicts

    def signer_of(self, member: str) -> LocalSigner:
        return next(attester for attester in self.attesters if attester.address == member)

    def attestation(self, digest: bytes, wanted: int) -> Attestation:
        """Have the first ``wanted`` members sign a digest."""
        epoch = self.epoch
        members = self.contract.members_of(epoch).call()[:wanted]
        return assemble(epoch, {index: self.signer_of(each).sign(digest) for index, each in enumerate(members)})

    def reported(self, answers: Sequence[Answer]) -> tuple[MerkleTree, Attestation]:
        """Have a quorum sign a report."""
        tree = MerkleTree([digests.report_leaf(each.request, each.verdict) for each in answers])
        digest = digests.report_digest(self.contract.domain, self.epoch, len(answers), tree.root)
        size = len(self.contract.members_of(self.epoch).call())
        quorum = max(each.request.quorum for each in answers)
        return tree, self.attestation(digest, signers_needed(quorum, size))

    def attested(self, request: Request, score: int = 900_000) -> tuple[Answer, Attestation]:
        """Have a quorum sign a verdict."""
        answer = Answer(request, Verdict(1, score, secrets.token_bytes(32)))
        return answer, self.reported([answer])[1]

    def record_verdict(self, request: Request, score: int = 900_000) -> Answer:
        """Have a quorum sign a verdict, and record it."""
        answer, attestation = self.attested(request, score)
        self.send(self.contract.record(request, answer.verdict, attestation), CONTROLLER)
        return answer

    def recording(self, request: Request) -> Recording:
        """Return a verdict as its event has it."""
        contract = self.web3.to_checksum_address(self.contract.address)
        topics: Any = [event_topic("Recorded"), "0x" + request.id.hex()]
        (entry,) = self.web3.eth.get_logs({"address": contract, "fromBlock": 0, "topics": topics})
        event = decode_log(entry)
        assert event is not None
        return Recording(request, *told(event))

    def challenge(self, agreement: Agreement, request: Request) -> Recording:
        """Have the controller challenge a verdict."""
        contested = self.recording(request)
        self.send(self.contract.challenge(contested, agreement), CONTROLLER, TERMS.bond)
        return contested

    # Operators

    def joining(self, operator: str, attester: LocalSigner, endpoint: str) -> tuple[str, bytes, str, int, bytes]:
        """Return what joining and changing keys take, with a new seal key."""
        key = self.seal_keys[attester.address] = SealKey.generate()
        deadline = self.now + 1_000
        data = digests.joining(self.contract.committee_domain, operator, key.public, endpoint, deadline)
        signature = attester.sign(digests.typed_data_digest(data))
        return attester.address, key.public, endpoint, deadline, signature

    def join(self, operator: str, attester: LocalSigner, endpoint: str = "http://127.0.0.1:1") -> None:
        self.send(self.contract.join(*self.joining(operator, attester, endpoint)), operator, STAKE_WEI)

    def change_key(self, index: int) -> None:
        """Have an operator change its attester's key, from the next epoch on, which begins at once."""
        new = LocalSigner(secrets.token_bytes(32))
        endpoint = f"http://operator{index}.test"
        self.send(self.contract.change_keys(*self.joining(OPERATORS[index], new, endpoint)), OPERATORS[index])
        self.attesters[index] = new
        self.rotate()

    def rotate(self) -> None:
        self.pass_time(2)
        self.send(self.contract.rotate(), PUBLISHER)


def deployed(web3: Web3, terms: CommitteeTerms = TERMS) -> AssentContract:
    """Deploy the contracts."""

    def send(constructor: Any) -> Any:
        return web3.eth.wait_for_transaction_receipt(constructor.transact({"from": PUBLISHER}))

    return AssentContract(web3, create(web3, PUBLISHER, terms, send).addresses, DEVNET_CHAIN_ID)


@contextmanager
def ground(
    operators: int = 3,
    model: Model | None = None,
    terms: CommitteeTerms = TERMS,
    endpoint: str = "http://127.0.0.1:1",
) -> Iterator[Ground]:
    """Start a chain with contract, model and committee; each operator's number goes into ``endpoint`` where it has braces."""
    digest = secrets.token_bytes(32)
    model = model or Model(PUBLISHER, digest, bytes(32), bytes(32), 2, 2, 1_000, 1_000, ETHER, 500)
    with anvil() as url:
        web3 = Web3(HTTPProvider(url))
        attesters = [LocalSigner(devnet_key(10 + index)) for index in range(operators)]
        made = Ground(url, web3, deployed(web3, terms), model, attesters)
        for index, (operator, attester) in enumerate(zip(OPERATORS, attesters, strict=False)):
            made.join(operator, attester, endpoint.format(index))
        made.rotate()
        made.send(made.contract.publish(model, "file:package"), PUBLISHER)
        yield made
