"""A world on Anvil for the client's and the audit's tests: contracts, a model, operators, a record, and whoever signs for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from web3 import HTTPProvider, Web3

from deploy.compile import solc
from deploy.deployment import Created, create
from oracle.chain.abi import example_artifact
from oracle.chain.contract import ETHER
from oracle.client import Asked, AssentClient, Deployment, Sent, draft_agreement
from oracle.core import canonical, digests
from oracle.core.committee import assemble, majority, signers_needed
from oracle.core.merkle import MerkleTree
from oracle.core.purposes import purpose
from oracle.core.roll import NOBODY
from oracle.core.structs import (
    Agreement,
    Answer,
    Attestation,
    CommitteeTerms,
    Model,
    Record,
    Verdict,
)
from oracle.core.trail import grain
from oracle.data.record import RecordTree, leaf_of
from oracle.keys.devnet import ADDRESSES, devnet_key
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner
from oracle.models.evaluation import Evaluation
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE

SUBJECT, CONTROLLER, HOLDER, PUBLISHER, RELAYER, *OPERATORS = [LocalSigner(devnet_key(index)) for index in range(9)]
#: An operator more, and an arbiter.
FIFTH, ARBITER = LocalSigner(devnet_key(9)), LocalSigner(devnet_key(16))
STAKE_WEI, FEE_WEI, QUORUM = 10**18, 10**15, 3
PURPOSE = "AcademicResearch"
TERMS = CommitteeTerms(
    seats=4,
    max_roll=8,
    min_roll=3,
    min_stake=STAKE_WEI,
    penalty=STAKE_WEI // 2,
    bond=STAKE_WEI // 10,
    window=600,
    judging_time=300,
    ruling_time=400,
    start=0,
    epoch_length=10,
    lease=700_000,
    grace=60,
    unbonding=800_000,
)
#: The package's publisher has a tenth of the fee.
ROYALTY = 1_000


@dataclass(frozen=True)
class Shape:
    """How many are on the roll, how many of them have seats, the model's quorum, and its arbiter."""

    roll: int = 4
    seats: int = 4
    quorum: int = QUORUM
    arbiter: str = NOBODY


#: Two of three sign, the other three of the five judge.
BENCH = Shape(roll=5, seats=3, quorum=2)
#: The same, and an arbiter may overrule them.
OVERRULED = replace(BENCH, arbiter=ARBITER.address)
#: Three of four sign, so only the arbiter can decide.
RULED = Shape(arbiter=ARBITER.address)


def deploy(url: str, terms: CommitteeTerms = TERMS) -> Created:
    """Deploy the contracts; return where, and their first block."""
    web3 = Web3(HTTPProvider(url))

    def send(constructor: Any) -> Any:
        return web3.eth.wait_for_transaction_receipt(constructor.transact({"from": ADDRESSES[0]}))

    return create(web3, ADDRESSES[0], terms, send)


@cache
def _coin() -> dict[str, Any]:
    contract = ("tests/chain/Coin.sol", "Coin")
    return solc([contract])[contract]


def deploy_coin(url: str, owner: str, supply: int) -> str:
    """Deploy a token, all of it the owner's; return its address."""
    web3, compiled = Web3(HTTPProvider(url)), _coin()
    factory = web3.eth.contract(abi=compiled["abi"], bytecode=compiled["evm"]["bytecode"]["object"])
    sent = factory.constructor(owner, supply).transact({"from": ADDRESSES[0]})
    return str(web3.eth.wait_for_transaction_receipt(sent)["contractAddress"])


def deploy_clinic(url: str, oracle: str) -> Any:
    """Deploy the example of a consumer, owned by the controller; return web3's contract."""
    web3, built = Web3(HTTPProvider(url)), example_artifact("Clinic")
    factory = web3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
    sent = factory.constructor(oracle, purpose(PURPOSE).bit, 1).transact({"from": CONTROLLER.address})
    address = web3.eth.wait_for_transaction_receipt(sent)["contractAddress"]
    assert address is not None
    return web3.eth.contract(address=address, abi=built["abi"])


class TrailServer:
    """A node's ``/v1/trails`` and ``/v1/proofs``, over HTTP, that serves what it's told to."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = outer.answers.get(self.path, (404, b"{}"))
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def serve(self, digest: bytes, body: bytes, status: int = 200) -> None:
        """Answer requests for a digest with this."""
        self.answers[f"/v1/trails/0x{digest.hex()}"] = (status, body)

    def serve_proof(self, request_id: bytes, content: Any, status: int = 200) -> None:
        """Answer requests for a verdict's proof with this."""
        self.answers[f"/v1/proofs/{_hex(request_id)}"] = (status, json.dumps(content).encode())

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class World:
    """The chain and everyone on it."""

    client: AssentClient
    url: str
    block: int
    tree: RecordTree
    shape: Shape = Shape()
    attesters: list[LocalSigner] = field(default_factory=list)

    @cached_property
    def package(self) -> ModelPackage:
        """The screening model's package."""
        return ModelPackage.load(PACKAGE)

    @cached_property
    def model(self) -> Model:
        """The model as published."""
        package = self.package
        card = package.card
        digests_ = (package.files_digest, package.input_schema_digest, package.outcomes_digest)
        terms = (len(card.outcomes), self.shape.quorum, card.tolerance_ppm, FEE_WEI, ETHER, ROYALTY)
        return Model(PUBLISHER.address, *digests_, *terms, self.shape.arbiter)

    @cached_property
    def record(self) -> Record:
        """The record as committed."""
        return Record(self.tree.root, SUBJECT.address, HOLDER.address)

    @property
    def deployment(self) -> Deployment:
        """What the deployment's file says."""
        addresses = self.client.contract.addresses
        where = (addresses.core, addresses.committee, addresses.records)
        return Deployment(31337, *where, self.block, self.url, {"screening": self.model.id})

    def as_(self, signer: LocalSigner) -> AssentClient:
        """Return the client of a party."""
        return self.client.with_signer(signer)

    def rpc(self, method: str, *arguments: Any) -> Any:
        """Call one of Anvil's own methods."""
        return self.client.web3.provider.make_request(method, list(arguments))["result"]  # type: ignore[arg-type]

    def pass_time(self, seconds: int) -> None:
        """Let the chain's clock run ahead."""
        self.rpc("evm_increaseTime", seconds)
        self.rpc("evm_mine")

    def draft(self, **changes: Any) -> Agreement:
        """Draft an agreement about the record."""
        terms: dict[str, Any] = {"purposes": [PURPOSE], "uses": 3, "valid_for_s": 10**8, **changes}
        named = {"controller": CONTROLLER.address, "model_id": self.model.id}
        return draft_agreement(self.record, **{**named, **terms})

    def give(self, **changes: Any) -> Agreement:
        """Have the subject give an agreement about the record."""
        agreement = self.draft(**changes)
        self.as_(SUBJECT).give(agreement)
        return agreement

    def ask(self, agreement: Agreement | None = None, **changes: Any) -> Asked:
        """Have the controller ask for a verdict."""
        return self.as_(CONTROLLER).request(agreement or self.give(), PURPOSE, **changes)

    def sign(self, digest: bytes) -> Attestation:
        """Have the first members of the current epoch sign a digest, as many as it takes."""
        epoch = self.client.contract.current_epoch().call().number
        members = self.client.contract.members_of(epoch).call()
        size = signers_needed(self.shape.quorum, len(members))
        return assemble(epoch, {index: self._keys[members[index]].sign(digest) for index in range(size)})

    @property
    def _keys(self) -> dict[str, LocalSigner]:
        return {attester.address: attester for attester in self.attesters}

    def bench(self, asked: Asked) -> list[LocalSigner]:
        """Return the attesters of those who decide on a verdict: the first on the roll who didn't sign it."""
        by = self.client.recording(asked.id).by
        roll = self.client.contract.roll_of(by.epoch).call().attesters
        judges = [self._keys[each] for index, each in enumerate(roll) if not by.bitmap >> index & 1]
        return judges[: majority(len(roll))]

    def attest(self, count: int, root: bytes) -> Attestation:
        """Have a quorum sign a report."""
        epoch = self.client.contract.current_epoch().call().number
        return self.sign(digests.report_digest(self.client.domain, epoch, count, root))

    def record_verdict(self, asked: Asked, verdict: Verdict) -> Sent:
        """Have a quorum sign a verdict, and record it."""
        attestation = self.attest(1, digests.report_leaf(asked.request, verdict))
        sent = self.as_(RELAYER).send(self.client.contract.record(asked.request, verdict, attestation))
        assert self.client.verdict(asked.id).recorded
        return sent

    def record_many(self, answers: list[tuple[Asked, Verdict]]) -> Sent:
        """Have a quorum sign one report of several verdicts, and record them."""
        pairs, tree = self._tree(answers)
        ordered = [Answer(pairs[leaf][0].request, pairs[leaf][1]) for leaf in tree.leaves]
        return self.as_(RELAYER).send(
            self.client.contract.record_many(ordered, self.attest(len(tree.leaves), tree.root))
        )

    def anchor(self, answers: list[tuple[Asked, Verdict]], server: TrailServer | None = None) -> MerkleTree:
        """Have a quorum sign one report of several verdicts, and anchor it; serve the proofs."""
        pairs, tree = self._tree(answers)
        quote = answers[0][0].request.quote
        currency = self.client._currency(quote)
        attestation = self.attest(len(tree.leaves), tree.root)
        named = (tree.root, len(tree.leaves), currency, quote.quorum)
        self.as_(RELAYER).send(self.client.contract.anchor(*named, attestation))
        for leaf, (asked, verdict) in pairs.items():
            if server is not None:
                proof = [_hex(each) for each in tree.proof(leaf)]
                content = {"root": _hex(tree.root), "verdict": verdict.to_json(), "proof": proof}
                server.serve_proof(asked.id, content)
        return tree

    def _tree(self, answers: list[tuple[Asked, Verdict]]) -> tuple[dict[bytes, tuple[Asked, Verdict]], MerkleTree]:
        pairs = {digests.report_leaf(asked.request, verdict): (asked, verdict) for asked, verdict in answers}
        return pairs, MerkleTree(list(pairs))

    def judge(self, asked: Asked, verdict: Verdict, *, stands: bool) -> Sent:
        """Have the bench judge a challenged verdict, and bring it on chain."""
        signatures = [self.client.sign_ruling(asked.id, verdict, stands, attester) for attester in self.bench(asked)]
        return self.as_(RELAYER).judge(asked.id, verdict, stands, signatures)

    def trail(self, asked: Asked, evaluation: Evaluation) -> dict[str, Any]:
        """Return the trail of a request, as JSON values, as an honest node builds it."""
        card, terms = self.package.card, self.client.request_terms(asked.id)
        names = [feature.name for feature in card.inputs]
        leaves = {each.name: "0x" + leaf_of(each).hex() for each in self.tree.fields if each.name in names}
        shares = zip(names, evaluation.attributions_ppm, strict=True)
        return {
            "version": "assent-trail/2",
            "chainId": self.client.domain.chain_id,
            "contract": self.client.address,
            "request": {
                "id": _hex(asked.id),
                "commitment": _hex(asked.request.commitment),
                "block": asked.sent.block,
                "terms": asked.request.to_json(),
            },
            "agreement": {
                "id": _hex(terms.agreement.id),
                "state": "given",
                "since": self.client.contract.agreement_status(terms.agreement.id).call().since,
                "terms": terms.agreement.to_json(),
            },
            "record": {
                "id": _hex(self.record.id),
                "root": _hex(self.record.root),
                "subject": self.record.subject,
                "holder": self.record.holder,
                "fields": [{"name": name, "leaf": leaf} for name, leaf in sorted(leaves.items())],
            },
            "model": {
                "id": _hex(self.model.id),
                "name": card.name,
                "version": card.version,
                "terms": self.model.to_json(),
                "files": dict(self.package.file_digests),
            },
            "software": "a test",
            "output": {
                "outcome": evaluation.outcome,
                "label": card.outcomes[evaluation.outcome],
                "scorePpm": evaluation.score_ppm,
                "thresholdPpm": card.threshold_ppm,
            },
            "attribution": {
                "method": "integrated-gradients",
                "baselinePpm": evaluation.baseline_ppm,
                "completenessPpm": evaluation.completeness_ppm,
                "grainPpm": 10_000,
                "values": {name: grain(value) for name, value in shares},
            },
            "proposer": self.client.members()[0].attester,
        }

    def release(self, asked: Asked) -> dict[str, Any]:
        """Return what the vault releases to an auditor."""
        fields = self.tree.disclose(feature.name for feature in self.package.card.inputs)
        return {
            "version": "assent-release/2",
            "request": _hex(asked.id),
            "record": _hex(self.record.id),
            "fields": [each.to_json() for each in fields],
        }

    def conclude(self, asked: Asked, trail: Mapping[str, Any], server: TrailServer) -> bytes:
        """Record the verdict that a trail leads to, and serve the trail; return its digest."""
        content = canonical.canonical(trail)
        digest = canonical.digest(trail)
        verdict = Verdict(trail["output"]["outcome"], trail["output"]["scorePpm"], digest)
        self.record_verdict(asked, verdict)
        server.serve(digest, content)
        return digest


def _fields(package: ModelPackage) -> dict[str, object]:
    """A record like a real one: the model's inputs, of the package's own first vector, and more."""
    return {**package.self_test.vectors[0].fields, "name": "Nobody", "born": 1970}


def build(url: str, shape: Shape = Shape()) -> World:
    """Deploy, publish, commit, join, rotate."""
    created = deploy(url, replace(TERMS, seats=shape.seats))
    package = ModelPackage.load(PACKAGE)
    client = AssentClient(url, created.addresses.core, start_block=created.block)
    world = World(client, url, created.block, RecordTree.salt(_fields(package)), shape)
    world.as_(PUBLISHER).publish_model(world.model, "https://models.example/screening")
    world.as_(HOLDER).commit_record(world.record.root, SUBJECT.address, "https://vault.example")
    for operator in [*OPERATORS, FIFTH][: shape.roll]:
        attester = LocalSigner(devnet_key(10 + len(world.attesters)))
        world.as_(operator).join(attester, SealKey.generate().public, "https://node.example", STAKE_WEI)
        world.attesters.append(attester)
    world.as_(RELAYER).rotate()
    return world


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
