"""The vectors that Solidity checks too, and those of OpenZeppelin's Merkle tree."""

import json
from pathlib import Path
from typing import Any

import pytest

from oracle.core import digests, merkle
from oracle.core.digests import Domain
from oracle.core.keccak import keccak
from oracle.core.structs import (
    CLAIM_TIME_S,
    MAX_OPEN_S,
    MIN_OPEN_S,
    Agreement,
    Model,
    ModelsBy,
    Question,
    Quote,
    Record,
    Request,
    Schedule,
    Source,
    StandingRequest,
    Struct,
    Terms,
    Verdict,
    pool_id,
    root_pool_id,
)

VECTORS = Path(__file__).parents[2] / "vectors"
IDS = json.loads((VECTORS / "ids.json").read_text())
TREES = json.loads((VECTORS / "merkle.json").read_text())
DOMAIN, COMMITTEE, RECORDS = (
    Domain(IDS[name]["chainId"], IDS[name]["verifyingContract"])
    for name in ("domain", "committeeDomain", "recordsDomain")
)
KINDS: dict[str, type[Struct]] = {
    "record": Record, "model": Model, "source": Source, "terms": Terms, "agreement": Agreement, "schedule": Schedule,
}  # fmt: skip


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _hash(name: str) -> bytes:
    return _bytes(IDS["structs"][name]["hash"])


def _values(name: str) -> dict[str, Any]:
    values: dict[str, Any] = IDS["structs"][name]["values"]
    return values


def _message(name: str) -> dict[str, Any]:
    """Return a message's values, bytes as bytes."""
    message = IDS["typed"][name]["message"]
    return {key: _bytes(text) if len(str(text)) == 66 else text for key, text in message.items()}


def _typed(name: str) -> bytes:
    return _bytes(IDS["typed"][name]["digest"])


def _request() -> Request:
    values = _values("request")
    words = int(values["question"]), int(values["quote"])
    return Request.from_abi((_bytes(values["agreement"]), values["controller"], *words))


def _verdict() -> Verdict:
    return Verdict.from_json(IDS["derived"]["verdict"])


@pytest.mark.parametrize("name", KINDS)
def test_struct__when_hashed__is_the_vector(name: str) -> None:
    assert KINDS[name].from_json(_values(name)).hash() == _hash(name)


def test_agreement__when_hashed_in_parts__is_the_vectors() -> None:
    agreement = Agreement.from_json(_values("agreement"))
    assert (agreement.source_id, agreement.terms_id) == (_hash("source"), _hash("terms"))
    assert (agreement.id, agreement.record) == (_hash("agreement"), _hash("record"))
    assert agreement.model == _hash("model")


def test_request__when_committed_to__is_the_vector() -> None:
    assert _request().commitment == _hash("request")
    assert _request().id == _bytes(IDS["derived"]["requestId"])


def test_standing__when_hashed__is_the_vector() -> None:
    values = _values("standing")
    request = _request()
    question = Question.unpack(int(values["question"]))
    schedule = Schedule.from_json(_values("schedule"))
    standing = StandingRequest(request.agreement, request.controller, question, request.quote, schedule)
    assert standing.id == _hash("standing")


@pytest.mark.parametrize("vector", IDS["questions"], ids=lambda vector: vector["packed"])
def test_question__when_packed__is_the_vector(vector: dict[str, Any]) -> None:
    assert Question.from_json(vector).pack() == int(vector["packed"])


@pytest.mark.parametrize("vector", IDS["quotes"], ids=lambda vector: vector["packed"])
def test_quote__when_packed__is_the_vector(vector: dict[str, Any]) -> None:
    quote = Quote.from_json(vector)
    assert quote.pack() == int(vector["packed"])
    assert (quote.total, quote.royalty_amount) == (int(vector["total"]), int(vector["royaltyAmount"]))


def test_leaf__when_of_a_verdict__is_the_vector() -> None:
    assert digests.report_leaf(_request(), _verdict()) == _bytes(IDS["derived"]["leaf"])


def test_pools__when_named__are_the_vectors() -> None:
    pool, rooted = IDS["derived"]["pool"], IDS["derived"]["rootPool"]
    assert pool_id(pool["epoch"], int(pool["signers"]), pool["currency"]) == _bytes(pool["id"])
    assert root_pool_id(_bytes(rooted["root"]), rooted["currency"], rooted["quorum"]) == _bytes(rooted["id"])


def test_times__are_the_vectors() -> None:
    assert IDS["times"] == {"minOpen": MIN_OPEN_S, "maxOpen": MAX_OPEN_S, "claimTime": CLAIM_TIME_S}


def test_models_by__when_packed__is_the_vectors_word() -> None:
    by = IDS["derived"]["modelsBy"]
    packed = ModelsBy(by["publisher"], by["currency"]).pack()
    assert packed == _bytes(by["word"])
    assert ModelsBy.unpack(packed) == ModelsBy(by["publisher"], by["currency"])
    assert ModelsBy.unpack(_bytes(IDS["structs"]["model"]["hash"])) is None
    with pytest.raises(ValueError, match="32 bits"):
        ModelsBy(by["publisher"], 1 << 32).pack()


def test_giving__when_signed__has_the_vectors_digest() -> None:
    data = digests.giving(DOMAIN, Agreement.from_json(_values("agreement")), _message("giving")["deadline"])
    assert digests.typed_data_digest(data) == _typed("giving")


def test_withdrawal__when_signed__has_the_vectors_digest() -> None:
    data = digests.withdrawal(DOMAIN, *_message("withdrawal").values())
    assert digests.typed_data_digest(data) == _typed("withdrawal")


def test_giving_many__when_signed__has_the_vectors_digest() -> None:
    agreements = [Agreement.from_json(_values("agreement"))] * 2
    data = digests.giving_many(DOMAIN, agreements, _message("givingMany")["deadline"])
    assert digests.typed_data_digest(data) == _typed("givingMany")


def test_withdrawal_of_many__when_signed__has_the_vectors_digest() -> None:
    ids = [_hash("agreement"), keccak(b"another agreement")]
    data = digests.withdrawal_of_many(DOMAIN, ids, _message("withdrawalOfMany")["deadline"])
    assert digests.typed_data_digest(data) == _typed("withdrawalOfMany")


def test_erasure__when_signed__has_the_vectors_digest() -> None:
    data = digests.erasure(RECORDS, *_message("erasure").values())
    assert digests.typed_data_digest(data) == _typed("erasure")


def test_renewal__when_signed__has_the_vectors_digest() -> None:
    data = digests.renewal(DOMAIN, *_message("renewal").values())
    assert digests.typed_data_digest(data) == _typed("renewal")


def test_asking__when_signed__has_the_vectors_digest() -> None:
    message = _message("asking")
    data = digests.asking(DOMAIN, message["agreement"], Question.from_json(message), int(message["tip"]))
    assert digests.typed_data_digest(data) == _typed("asking")


def test_joining__when_signed__has_the_vectors_digest() -> None:
    data = digests.joining(COMMITTEE, *_message("joining").values())
    assert digests.typed_data_digest(data) == _typed("joining")


def test_report__when_signed__has_the_vectors_digest() -> None:
    assert digests.report_digest(DOMAIN, *_message("report").values()) == _typed("report")


def test_ruling__when_signed__has_the_vectors_digest() -> None:
    message = _message("ruling")
    assert (message["outcome"], message["score"], message["trail"]) == _verdict().to_abi()
    named = (message["epoch"], message["request"], message["stands"])
    assert digests.ruling_digest(COMMITTEE, *named, _verdict()) == _typed("ruling")


@pytest.mark.parametrize("tree", TREES["trees"], ids=lambda tree: str(len(tree["leaves"])))
def test_merkle_tree__when_built__has_openzeppelins_root_and_proofs(tree: dict[str, list[list[object]]]) -> None:
    def hashed(leaf: list[object]) -> bytes:
        return merkle.leaf_hash(TREES["types"], [_bytes(v) if isinstance(v, str) else v for v in leaf])

    leaves = [hashed(leaf) for leaf in tree["leaves"]]
    built = merkle.MerkleTree(leaves)
    assert "0x" + built.root.hex() == tree["root"]
    for leaf, proof in zip(leaves, tree["proofs"], strict=True):
        assert ["0x" + sibling.hex() for sibling in built.proof(leaf)] == proof
        assert merkle.verify(built.root, leaf, built.proof(leaf))


def test_merkle_proof__when_leaf_altered__fails() -> None:
    leaves = [merkle.leaf_hash(["uint256"], [n]) for n in range(5)]
    built = merkle.MerkleTree(leaves)
    assert not merkle.verify(built.root, leaves[1], built.proof(leaves[0]))


def test_merkle_tree__when_empty__is_refused() -> None:
    with pytest.raises(ValueError, match="needs a leaf"):
        merkle.MerkleTree([])
