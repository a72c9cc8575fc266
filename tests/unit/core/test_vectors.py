"""The vectors that Solidity checks too, and those of OpenZeppelin's Merkle tree."""

import json
from pathlib import Path

import pytest

from oracle.core import digests, merkle
from oracle.core.digests import Domain
from oracle.core.structs import Agreement, Model, Record, Request, Struct

VECTORS = Path(__file__).parents[2] / "vectors"
IDS = json.loads((VECTORS / "ids.json").read_text())
TREES = json.loads((VECTORS / "merkle.json").read_text())
DOMAIN = Domain(IDS["domain"]["chainId"], IDS["domain"]["verifyingContract"])
KINDS: dict[str, type[Struct]] = {"record": Record, "model": Model, "agreement": Agreement, "request": Request}


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _typed(name: str) -> bytes:
    return _bytes(IDS["typed"][name]["digest"])


@pytest.mark.parametrize("name", KINDS)
def test_struct__when_hashed__is_the_vector(name: str) -> None:
    vector = IDS["structs"][name]
    struct = KINDS[name].from_json(vector["values"])
    assert struct.hash() == _bytes(vector["hash"])


@pytest.mark.parametrize("name", KINDS)
def test_struct__when_through_json__is_itself(name: str) -> None:
    struct = KINDS[name].from_json(IDS["structs"][name]["values"])
    assert KINDS[name].from_json(json.loads(json.dumps(struct.to_json()))) == struct


def test_giving__when_signed__has_the_vectors_digest() -> None:
    agreement = Agreement.from_json(IDS["structs"]["agreement"]["values"])
    data = digests.giving(DOMAIN, agreement, IDS["typed"]["giving"]["message"]["deadline"])
    assert digests.typed_data_digest(data) == _typed("giving")


def test_withdrawal__when_signed__has_the_vectors_digest() -> None:
    message = IDS["typed"]["withdrawal"]["message"]
    data = digests.withdrawal(DOMAIN, _bytes(message["agreement"]), message["deadline"])
    assert digests.typed_data_digest(data) == _typed("withdrawal")


def test_joining__when_signed__has_the_vectors_digest() -> None:
    message = IDS["typed"]["joining"]["message"]
    data = digests.joining(DOMAIN, message["operator"], _bytes(message["sealKey"]), message["deadline"])
    assert digests.typed_data_digest(data) == _typed("joining")


def test_report__when_signed__has_the_vectors_digest() -> None:
    root = _bytes(IDS["typed"]["report"]["message"]["root"])
    assert digests.report_digest(DOMAIN, 1, 1, root) == _typed("report")


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
